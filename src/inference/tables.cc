#include "inference/tables.h"

#include <fmt/format.h>

#include <cstring>
#include <iterator>

namespace handlens::inference {
namespace {

constexpr size_t kLine = 110;

template <class T>
std::string TableOf(std::string_view type, const Table& table) {
  std::vector<T> values(table.bytes.size() / sizeof(T));
  std::memcpy(values.data(), table.bytes.data(), table.bytes.size());
  std::string text =
      fmt::format("HL_ALIGNED static const {} {}{}[{}] = {{\n", type, kPrefix, table.name, values.size());
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

std::string TableText(const Table& table) {
  switch (table.type) {
    case Table::Type::kInt8: return TableOf<int8_t>("int8_t", table);
    case Table::Type::kUint8: return TableOf<uint8_t>("uint8_t", table);
    case Table::Type::kInt32: return TableOf<int32_t>("int32_t", table);
  }
  return {};
}

std::string Literal(std::string_view text) {
  std::string out = "\"";
  for (const char c : text) {
    const bool plain =
        c >= 0x20 && c < 0x7f && c != '"' && c != '\\' && c != '?';  // "??" may begin a trigraph
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
