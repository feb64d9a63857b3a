// float32 numbers in JSON: the shortest digits that read back to the same float, so that 0.1f is written 0.1
// and equal records are equal bytes; JSON has no NaN or infinity, which become null and come back as NaN.
#pragma once

#include <fmt/format.h>

#include <cmath>
#include <cstdlib>
#include <limits>
#include <span>
#include <string>
#include <vector>

#include "base/json.h"

namespace handlens::train {

inline Json ShortNumber(float value) {
  if (!std::isfinite(value)) return nullptr;
  return std::strtod(fmt::format("{}", value).c_str(), nullptr);
}

inline Json DoubleOrNull(double value) { return std::isfinite(value) ? Json(value) : Json(nullptr); }

template <class Number>
Number NumberOrNan(const Json& json) {
  return json.is_null() ? std::numeric_limits<Number>::quiet_NaN() : json.get<Number>();
}

}  // namespace handlens::train
