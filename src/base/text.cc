#include "base/text.h"

#include <fmt/core.h>

#include <charconv>
#include <cmath>

namespace handlens {
namespace {

// The code point at the front of `text` and its bytes; 0 bytes where it is not UTF-8.
struct Letter {
  char32_t point = 0;
  size_t bytes = 0;
};

// Of the character that begins with this byte; 0 for none.
size_t BytesOfLetter(unsigned char first) {
  if (first < 0x80) return 1;
  if (first >= 0xc2 && first < 0xe0) return 2;
  if (first >= 0xe0 && first < 0xf0) return 3;
  return first >= 0xf0 && first < 0xf5 ? 4 : 0;
}

Letter FrontLetter(std::string_view text) {
  const auto byte = [&](size_t i) { return static_cast<unsigned char>(text[i]); };
  const unsigned char first = byte(0);
  const size_t bytes = BytesOfLetter(first);
  if (bytes == 1) return {first, 1};
  if (bytes == 0 || bytes > text.size()) return {};
  char32_t point = first & (0x7fu >> bytes);
  for (size_t i = 1; i < bytes; ++i) {
    if ((byte(i) & 0xc0) != 0x80) return {};
    point = point << 6 | (byte(i) & 0x3fu);
  }
  constexpr char32_t kLeast[] = {0, 0, 0x80, 0x800, 0x10000};
  const bool surrogate = point >= 0xd800 && point < 0xe000;
  return point < kLeast[bytes] || surrogate || point > 0x10ffff ? Letter{} : Letter{point, bytes};
}

// C1 controls; marks that turn writing around or hide in it; separators that some terminals take for line
// ends.
bool Misleads(char32_t c) {
  return (c >= 0x80 && c < 0xa0) || c == 0x61c || c == 0x200e || c == 0x200f ||
         (c >= 0x2028 && c <= 0x202e) || (c >= 0x2066 && c <= 0x206f) || (c >= 0xfff9 && c <= 0xfffb) ||
         c == 0xfeff || (c >= 0xe0000 && c <= 0xe007f);
}

enum class Keep { kNothing, kLines, kJson };

std::string Escaped(char32_t point, Keep keep) {
  const auto c = static_cast<uint32_t>(point);
  if (keep != Keep::kJson) return fmt::format("\\u{{{:04X}}}", c);
  if (c < 0x10000) return fmt::format("\\u{:04x}", c);
  return fmt::format("\\u{:04x}\\u{:04x}", 0xd800 + ((c - 0x10000) >> 10), 0xdc00 + ((c - 0x10000) & 0x3ff));
}

std::string Shown(std::string_view text, Keep keep) {
  std::string out;
  out.reserve(text.size());
  while (!text.empty()) {
    const Letter letter = FrontLetter(text);
    const size_t bytes = letter.bytes == 0 ? 1 : letter.bytes;
    const bool control = letter.bytes == 0 || letter.point < 0x20 || letter.point == 0x7f;
    const bool line = keep != Keep::kNothing && (text[0] == '\n' || text[0] == '\t');
    if (control && !line)
      out += keep == Keep::kJson ? Escaped(static_cast<unsigned char>(text[0]), keep)
                                 : fmt::format("\\x{:02X}", static_cast<unsigned char>(text[0]));
    else if (Misleads(letter.point)) out += Escaped(letter.point, keep);
    else out += text.substr(0, bytes);
    text.remove_prefix(bytes);
  }
  return out;
}

}  // namespace

std::string Visible(std::string_view text) { return Shown(text, Keep::kNothing); }
std::string VisibleLines(std::string_view text) { return Shown(text, Keep::kLines); }
std::string VisibleJson(std::string_view json) { return Shown(json, Keep::kJson); }

std::string CsvCell(std::string_view text) {
  double number = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  const bool is_number = error == std::errc() && end == text.data() + text.size();
  const bool formula =
      !text.empty() && std::string_view("=+-@\t\r").find(text[0]) != std::string_view::npos && !is_number;
  const std::string guarded = (formula ? "'" : "") + std::string(text);
  if (guarded.find_first_of(",\"\r\n") == std::string::npos) return guarded;
  std::string quoted = "\"";
  for (const char c : guarded) {
    if (c == '"') quoted += '"';
    quoted += c;
  }
  return quoted + '"';
}

std::string_view WithoutCsvGuard(std::string_view cell) {
  const bool guarded = cell.size() > 1 && cell[0] == '\'' &&
                       std::string_view("=+-@\t\r").find(cell[1]) != std::string_view::npos;
  return guarded ? cell.substr(1) : cell;
}

std::string Thousands(int64_t n) {
  const std::string digits = fmt::format("{}", n < 0 ? -n : n);
  std::string out = n < 0 ? "-" : "";
  for (size_t i = 0; i < digits.size(); ++i) {
    if (i > 0 && (digits.size() - i) % 3 == 0) out += ',';
    out += digits[i];
  }
  return out;
}

std::string Plural(size_t n, std::string_view one, std::string_view many) {
  return fmt::format("{} {}", Thousands(static_cast<int64_t>(n)), n == 1 ? one : many);
}

std::string Duration(double seconds) {
  if (!std::isfinite(seconds) || seconds < 0) return "?";
  if (seconds < 10) return fmt::format("{:.1f} s", seconds);
  const auto whole = static_cast<int64_t>(std::llround(seconds));
  if (whole < 60) return fmt::format("{} s", whole);
  if (whole < 3600) return fmt::format("{} min {} s", whole / 60, whole % 60);
  return fmt::format("{} h {} min", whole / 3600, whole % 3600 / 60);
}

std::string Percent(double share) { return fmt::format("{:.1f} %", 100 * share); }

std::string ByteCount(double bytes) {
  if (bytes < 1000) return fmt::format("{:.0f} bytes", bytes);
  if (bytes < 1e6) return fmt::format("{:.1f} KB", bytes / 1e3);
  if (bytes < 1e9) return fmt::format("{:.1f} MB", bytes / 1e6);
  return fmt::format("{:.1f} GB", bytes / 1e9);
}

std::string Count(int64_t number, std::string_view noun) {
  return Plural(static_cast<size_t>(number), noun, fmt::format("{}s", noun));
}

}  // namespace handlens
