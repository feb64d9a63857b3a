#include "base/text.h"

#include <fmt/core.h>

namespace handlens {

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

}  // namespace handlens
