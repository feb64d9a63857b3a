#include "package/words.h"

#include <algorithm>
#include <array>
#include <charconv>

namespace handlens::package {
namespace {

bool IsLetter(char c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z'); }
bool IsDigit(char c) { return c >= '0' && c <= '9'; }

bool IsIdPart(std::string_view part) {
  return !part.empty() && IsLetter(part[0]) &&
         std::all_of(part.begin(), part.end(), [](char c) { return IsLetter(c) || IsDigit(c) || c == '_'; });
}

// Two or more parts of letters, digits and underscores, each beginning with a letter
// (developer.android.com/build/configure-app-module).
bool IsApplicationId(std::string_view id) {
  size_t parts = 0;
  while (true) {
    const size_t dot = id.find('.');
    if (!IsIdPart(id.substr(0, dot))) return false;
    ++parts;
    if (dot == std::string_view::npos) return parts >= 2;
    id.remove_prefix(dot + 1);
  }
}

bool IsControl(char c) { return static_cast<unsigned char>(c) < 0x20 || c == 0x7f; }

}  // namespace

Result<void> CheckApplicationId(std::string_view id) {
  if (IsApplicationId(id)) return {};
  return Fail(
      ErrorKind::kUsage,
      "application id '{}': needs two or more parts of letters, digits and _, such as org.example.leaves",
      id);
}

Result<void> CheckAppName(std::string_view name) {
  if (!name.empty() && name.size() <= 200) return {};
  return Fail(ErrorKind::kUsage, "app name '{}': needs 1 to 50 characters", name);
}

std::string DartPackage(std::string_view id) {
  // Words of Dart, and packages that the project itself uses.
  static constexpr std::string_view kKept[] = {
      "assert",  "break",   "case",    "catch",  "class",        "const",  "continue", "crypto",
      "default", "do",      "else",    "enum",   "extends",      "false",  "ffi",      "final",
      "finally", "flutter", "for",     "if",     "image_picker", "in",     "is",       "native_model",
      "new",     "null",    "rethrow", "return", "super",        "switch", "test",     "this",
      "throw",   "true",    "try",     "var",    "void",         "while",  "with"};
  std::string name(id.substr(id.rfind('.') + 1));
  std::transform(name.begin(), name.end(), name.begin(),
                 [](char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c; });
  return std::find(std::begin(kKept), std::end(kKept), name) == std::end(kKept) ? name : "app_" + name;
}

std::string ProgramName(std::string_view id) {
  constexpr std::string_view kBegin = "handlens-";
  std::string name(id.substr(id.rfind('.') + 1));
  for (char& c : name) c = c == '_' ? '-' : c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
  while (name.ends_with('-')) name.pop_back();
  return name.starts_with(kBegin) ? name : std::string(kBegin) + name;
}

std::string AppleId(std::string_view id) {
  std::string apple(id);
  std::replace(apple.begin(), apple.end(), '_', '-');
  return apple;
}

Result<std::string> NumericVersion(std::string_view version_name) {
  std::array<int, 3> parts = {};
  size_t count = 0;
  std::string_view rest = version_name;
  bool right = true;
  while (right && count < parts.size()) {
    const auto read = std::from_chars(rest.data(), rest.data() + rest.size(), parts[count]);
    right = read.ec == std::errc() && !rest.empty() && IsDigit(rest[0]);
    ++count;
    rest.remove_prefix(static_cast<size_t>(read.ptr - rest.data()));
    if (rest.empty() || rest[0] != '.') break;
    rest.remove_prefix(1);
  }
  if (right && rest.empty() && !version_name.ends_with('.'))
    return fmt::format("{}.{}.{}", parts[0], parts[1], parts[2]);
  return Fail(ErrorKind::kUsage, "version name '{}': this target takes one to three numbers, such as 1.2.3",
              version_name);
}

std::string PlistEscaped(std::string_view text) {
  std::string out;
  for (size_t i = 0; i < text.size(); ++i) {
    const char c = text[i];
    const bool setting = c == '$' && i + 1 < text.size() && (text[i + 1] == '(' || text[i + 1] == '{');
    if (setting) out += "\xEF\xBC\x84";
    else if (c == '&') out += "&amp;";
    else if (c == '<') out += "&lt;";
    else if (c == '>') out += "&gt;";
    else if (!IsControl(c)) out += c;
  }
  return out;
}

std::string AndroidEscaped(std::string_view text) {
  std::string out;
  for (const char c : text) {
    switch (c) {
      case '&': out += "&amp;"; break;
      case '<': out += "&lt;"; break;
      case '"': out += "&quot;"; break;
      // A label that begins with @ or ? would be a reference; a backslash begins an escape.
      case '@': out += out.empty() ? "\\@" : "@"; break;
      case '?': out += out.empty() ? "\\?" : "?"; break;
      case '\\': out += "\\\\"; break;
      default: out += c;
    }
  }
  return out;
}

std::string YamlQuoted(std::string_view text) {
  std::string out = "\"";
  for (const char c : text) {
    if (c == '"' || c == '\\') out += '\\';
    if (IsControl(c)) out += fmt::format("\\x{:02x}", static_cast<unsigned>(static_cast<unsigned char>(c)));
    else out += c;
  }
  return out + "\"";
}

void ReplaceAll(std::string& text, std::string_view from, std::string_view to) {
  for (size_t at = text.find(from); at != std::string::npos; at = text.find(from, at + to.size()))
    text.replace(at, from.size(), to);
}

}  // namespace handlens::package
