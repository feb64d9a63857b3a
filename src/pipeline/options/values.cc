// What a user wrote for an option, checked against its kind and range.
#include <algorithm>
#include <charconv>
#include <cmath>

#include "base/suggest.h"
#include "base/text.h"
#include "dataset/scan.h"
#include "pipeline/options/options.h"

namespace handlens::pipeline {
namespace {

tl::unexpected<Error> Bad(std::string_view where, std::string_view text, std::string_view want) {
  return Fail(ErrorKind::kUsage, "{}: '{}' is not {}", where, text, want);
}

std::string RangeWords(const Option& option) {
  return fmt::format("{:.15g} to {:.15g}", option.low, option.high);
}

template <class Number>
bool ReadNumber(std::string_view text, Number& value) {
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  return error == std::errc() && end == text.data() + text.size() && !text.empty();
}

Result<std::string> CheckInteger(const Option& option, std::string_view text, std::string_view where) {
  int64_t value = 0;
  if (!ReadNumber(text, value))
    return Bad(where, text, fmt::format("a whole number from {}", RangeWords(option)));
  if (static_cast<double>(value) < option.low || static_cast<double>(value) > option.high) {
    return Fail(ErrorKind::kUsage, "{}: {} is out of range; it takes {}", where, text, RangeWords(option));
  }
  return std::to_string(value);
}

Result<std::string> CheckNumber(const Option& option, std::string_view text, std::string_view where) {
  double value = 0;
  if (!ReadNumber(text, value) || !std::isfinite(value))
    return Bad(where, text, fmt::format("a number from {}", RangeWords(option)));
  if (value < option.low || value > option.high) {
    return Fail(ErrorKind::kUsage, "{}: {} is out of range; it takes {}", where, text, RangeWords(option));
  }
  return fmt::format("{}", value);
}

// What a unit's letter multiplies with; 0 = no such unit.
double UnitFactor(Kind kind, char unit) {
  if (kind == Kind::kDuration) return unit == 's' ? 1 : unit == 'm' ? 60 : unit == 'h' ? 3600 : 0;
  return unit == 'K' || unit == 'k' ? 1024 : unit == 'M' ? 1024 * 1024 : 0;
}

// A number with a unit of one letter: "30m", "64K".
Result<std::string> CheckUnits(const Option& option, std::string_view text, std::string_view where,
                               std::string_view want) {
  std::string_view digits = text;
  double factor = 1;
  if (!digits.empty() && std::isalpha(static_cast<unsigned char>(digits.back())) != 0) {
    factor = UnitFactor(option.kind, digits.back());
    digits.remove_suffix(1);
  }
  double value = 0;
  if (factor == 0 || !ReadNumber(digits, value) || !std::isfinite(value)) return Bad(where, text, want);
  value *= factor;
  if (value < option.low || value > option.high) {
    return Fail(ErrorKind::kUsage, "{}: {} is out of range; it takes {} {}", where, text, RangeWords(option),
                option.kind == Kind::kDuration ? "seconds" : "bytes");
  }
  return fmt::format("{}",
                     std::floor(value) == value ? fmt::format("{:.0f}", value) : fmt::format("{}", value));
}

Result<std::string> CheckFlag(std::string_view text, std::string_view where) {
  for (std::string_view yes : {"true", "1", "yes", "on"})
    if (text == yes) return std::string("true");
  for (std::string_view no : {"false", "0", "no", "off"})
    if (text == no) return std::string("false");
  return Bad(where, text, "true or false");
}

Result<std::string> CheckChoice(const Option& option, std::string_view text, std::string_view where) {
  const std::vector<std::string> choices = SplitList(option.choices, '|');
  if (std::find(choices.begin(), choices.end(), text) != choices.end()) return std::string(text);
  return Fail(ErrorKind::kUsage, "{}: '{}' is not one of {}{}", where, text, fmt::join(choices, ", "),
              DidYouMean(text, choices));
}

Result<std::string> CheckList(const Option& option, std::string_view text, std::string_view where) {
  std::vector<std::string> items = SplitList(text);
  if (items.empty()) return Bad(where, text, "a list separated by commas");
  if (option.kind == Kind::kIntegers) {
    for (std::string& item : items) {
      HL_ASSIGN(item, CheckInteger(option, item, where));
    }
  }
  for (size_t i = 0; i < items.size(); ++i) {
    if (std::find(items.begin(), items.begin() + static_cast<std::ptrdiff_t>(i), items[i]) !=
        items.begin() + static_cast<std::ptrdiff_t>(i)) {
      return Fail(ErrorKind::kUsage, "{}: '{}' is named twice", where, items[i]);
    }
  }
  return fmt::format("{}", fmt::join(items, ","));
}

}  // namespace

Result<std::string> CheckValue(const Option& option, std::string_view text, std::string_view where) {
  if (option.scope == Scope::kEverywhere && !dataset::IsUtf8(text)) return Bad(where, Visible(text), "UTF-8");
  switch (option.kind) {
    case Kind::kFlag: return CheckFlag(text, where);
    case Kind::kText: return std::string(text);
    case Kind::kPath:
    case Kind::kPaths:
      if (text.empty()) return Fail(ErrorKind::kUsage, "{}: the path is empty", where);
      // What a run keeps means the same from whatever folder it is called next.
      return option.scope == Scope::kEverywhere ? std::filesystem::absolute(text).string()
                                                : std::string(text);
    case Kind::kInteger: return CheckInteger(option, text, where);
    case Kind::kNumber: return CheckNumber(option, text, where);
    case Kind::kDuration: return CheckUnits(option, text, where, "a time such as 90s, 30m or 2h");
    case Kind::kBytes: return CheckUnits(option, text, where, "a size such as 90000, 64K or 2M");
    case Kind::kChoice: return CheckChoice(option, text, where);
    case Kind::kIntegers:
    case Kind::kWords: return CheckList(option, text, where);
  }
  return Fail(ErrorKind::kInternal, "{}: an option of no kind", where);
}

std::vector<std::string> SplitList(std::string_view text, char separator) {
  std::vector<std::string> items;
  while (!text.empty()) {
    const size_t end = std::min(text.find(separator), text.size());
    std::string_view item = text.substr(0, end);
    while (!item.empty() && item.front() == ' ') item.remove_prefix(1);
    while (!item.empty() && item.back() == ' ') item.remove_suffix(1);
    if (!item.empty()) items.emplace_back(item);
    text.remove_prefix(std::min(end + 1, text.size()));
  }
  return items;
}

}  // namespace handlens::pipeline
