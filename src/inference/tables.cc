#include "inference/tables.h"

#include <fmt/format.h>

#include <iterator>

#include "inference/lower.h"

namespace handlens::inference {
namespace {

constexpr size_t kLine = 110;

template <class T>
std::string TableOf(std::string_view type, std::string_view name, std::span<const T> values) {
  std::string text = fmt::format("HL_ALIGNED static const {} {}{}[{}] = {{\n", type, kPrefix, name, values.size());
  text.reserve(text.size() + 5 * values.size());
  std::string line;
  for (const T value : values) {
    fmt::format_to(std::back_inserter(line), "{},", static_cast<int32_t>(value));
    if (line.size() < kLine) continue;
    text += line + "\n";
    line.clear();
  }
  return text + line + "};\n";
}

}  // namespace

std::string Int8Table(std::string_view name, std::span<const int8_t> values) { return TableOf("int8_t", name, values); }
std::string Uint8Table(std::string_view name, std::span<const uint8_t> values) { return TableOf("uint8_t", name, values); }
std::string Int32Table(std::string_view name, std::span<const int32_t> values) { return TableOf("int32_t", name, values); }

std::string Literal(std::string_view text) {
  std::string out = "\"";
  for (const char c : text) {
    const bool plain = c >= 0x20 && c < 0x7f && c != '"' && c != '\\' && c != '?';   // "??" may begin a trigraph
    if (plain) out += c;
    else out += fmt::format("\\{:03o}", static_cast<unsigned char>(c));
  }
  return out + "\"";
}

std::string CommentText(std::string_view text) {
  std::string out;
  for (const char c : text) {
    const bool plain = c >= 0x20 && c != 0x7f && c != '*' && c != '/' && c != '\\';
    out += plain || static_cast<unsigned char>(c) >= 0x80 ? c : ' ';
  }
  return out;
}

}  // namespace handlens::inference
