// Wrapper code: the embedded templates with a description's values, quoted for each language.
#include <array>
#include <map>

#include "describe/describe.h"
#include "describe/templates.h"

namespace handlens::describe {
namespace {

// How a language writes a character that must not stand in a string literal as it is. All six use "..." and
// take plain ASCII; everything else becomes an escape, so that a label can neither end the literal nor start
// an interpolation, and the file's encoding does not matter.
enum class Escape {
  kUtf16,   // \uXXXX, surrogate pairs: Java, Kotlin
  kBraces,  // \u{X}: Dart, Swift, TypeScript
  kOctal    // \ooo a byte of UTF-8: C++; exactly three digits, so that a digit after it is not swallowed
};

// A slash is escaped, too, because editors that look for comments first take "//" and "/*" in a literal for
// one.
bool IsPlain(char32_t c) {
  return c >= 0x20 && c < 0x7f && c != '"' && c != '\\' && c != '$' && c != '?' && c != '/';
}

std::string Escaped(char32_t c, Escape how) {
  if (how == Escape::kBraces) return fmt::format("\\u{{{:x}}}", static_cast<uint32_t>(c));
  // Java reads \u0022 before it looks for the literal's end: quotes and backslashes need their own escapes.
  if (c == '"' || c == '\\') return fmt::format("\\{}", static_cast<char>(c));
  if (c == '\n') return "\\n";
  if (c == '\r') return "\\r";
  if (c < 0x10000) return fmt::format("\\u{:04x}", static_cast<uint32_t>(c));
  const auto offset = static_cast<uint32_t>(c) - 0x10000;
  return fmt::format("\\u{:04x}\\u{:04x}", 0xd800 + (offset >> 10), 0xdc00 + (offset & 0x3ff));
}

// The next code point of UTF-8 at `at`, which moves on; bytes that are not UTF-8 become U+FFFD.
char32_t NextCodePoint(std::string_view text, size_t& at) {
  const auto byte = [&](size_t i) { return static_cast<uint8_t>(text[i]); };
  const uint8_t first = byte(at++);
  if (first < 0x80) return first;
  const int more = first >= 0xf0 && first < 0xf5   ? 3
                   : first >= 0xe0 && first < 0xf0 ? 2
                   : first >= 0xc2 && first < 0xe0 ? 1
                                                   : 0;
  if (more == 0 || at + static_cast<size_t>(more) > text.size()) return 0xfffd;
  auto c = static_cast<char32_t>(first & (0x3f >> more));
  for (int i = 0; i < more; ++i) {
    const uint8_t next = byte(at + static_cast<size_t>(i));
    if ((next & 0xc0) != 0x80) return 0xfffd;
    c = (c << 6) | (next & 0x3f);
  }
  at += static_cast<size_t>(more);
  return c;
}

std::string Literal(std::string_view text, Escape how) {
  std::string out = "\"";
  for (size_t at = 0; at < text.size();) {
    const size_t start = at;
    const char32_t c = NextCodePoint(text, at);
    if (IsPlain(c)) {
      out += static_cast<char>(c);
    } else if (how == Escape::kOctal) {
      for (size_t i = start; i < at; ++i) out += fmt::format("\\{:03o}", static_cast<uint8_t>(text[i]));
    } else {
      out += Escaped(c, how);
    }
  }
  return out + "\"";
}

int FitCode(std::string_view fit) {
  return fit == "stretch" ? 1 : fit == "letterbox" ? 2 : 0;
}  // HL_FIT_* of pixels.h

std::map<std::string, std::string, std::less<>> ValuesFor(const Description& d, Escape how) {
  std::string labels;
  for (const std::string& label : d.labels) labels += (labels.empty() ? "" : ", ") + Literal(label, how);
  return {{"NAME", Literal(d.name, how)},
          {"VERSION", Literal(d.version, how)},
          {"NOTICE", Literal(d.notice, how)},
          {"LABELS", labels},
          {"CLASSES", fmt::format("{}", d.labels.size())},
          {"SIZE_PX", fmt::format("{}", d.size_px)},
          {"FIT", fmt::format("{}", FitCode(d.fit))},
          {"FIT_NAME", d.fit},
          {"NOT_SURE_BELOW", fmt::format("{:.4f}", d.not_sure_below)},
          {"POSSIBLE_FROM", fmt::format("{:.4f}", PossibleFrom(d))},
          {"REFER_CLASS", d.referral ? fmt::format("{}", d.referral->label) : "-1"},
          {"REFER_FROM", fmt::format("{:.4f}", d.referral ? d.referral->from : 1)}};
}

// Replaces each @KEY@ in one pass, so that a value that looks like a key is left alone. An unknown key is a
// defect of the template.
std::string Fill(std::string_view text, const std::map<std::string, std::string, std::less<>>& values) {
  std::string out;
  for (size_t at = 0; at < text.size();) {
    const size_t open = text.find('@', at);
    if (open == std::string_view::npos) return out + std::string(text.substr(at));
    out += text.substr(at, open - at);
    const size_t close = text.find('@', open + 1);
    const auto value =
        close == std::string_view::npos ? values.end() : values.find(text.substr(open + 1, close - open - 1));
    if (value == values.end()) {  // an annotation such as @Override
      out += '@';
      at = open + 1;
    } else {
      out += value->second;
      at = close + 1;
    }
  }
  return out;
}

Escape EscapeOf(std::string_view file_name) {
  const std::string_view extension = file_name.substr(file_name.rfind('.'));
  if (extension == ".java" || extension == ".kt") return Escape::kUtf16;
  return extension == ".h" ? Escape::kOctal : Escape::kBraces;
}

}  // namespace

std::vector<Wrapper> Wrappers(const Description& description) {
  std::vector<Wrapper> wrappers;
  for (const EmbeddedFile& source : Templates()) {
    const std::string name(source.name.substr(0, source.name.size() - 3));  // less ".in"
    wrappers.push_back({name, Fill(source.text, ValuesFor(description, EscapeOf(name)))});
  }
  return wrappers;
}

}  // namespace handlens::describe
