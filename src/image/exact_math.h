// Sine, cosine, exponential and logarithm from +, -, * and / alone, in a fixed order: the same bits on every
// machine, which the C library's do not promise. For angles and tone curves of pictures; absolute errors
// below are over the stated range, found against 60-digit arithmetic's worst case of the truncated series
// plus rounding. What does not live here: the networks' mathematics (nn has its own, in float).
#pragma once

#include <bit>
#include <cstdint>

namespace handlens::image {

// Taylor series about 0 up to x^15 and x^16, for |x| <= pi/4: truncation below 1e-16.
inline double SmallSin(double x) {
  const double s = x * x;
  double sum = -1.0 / 1307674368000.0;
  for (const double c :
       {1.0 / 6227020800.0, -1.0 / 39916800.0, 1.0 / 362880.0, -1.0 / 5040.0, 1.0 / 120.0, -1.0 / 6.0, 1.0}) {
    sum = sum * s + c;
  }
  return sum * x;
}

// The same for the cosine.
inline double SmallCos(double x) {
  const double s = x * x;
  double sum = 1.0 / 20922789888000.0;
  for (const double c : {-1.0 / 87178291200.0, 1.0 / 479001600.0, -1.0 / 3628800.0, 1.0 / 40320.0,
                         -1.0 / 720.0, 1.0 / 24.0, -0.5, 1.0}) {
    sum = sum * s + c;
  }
  return sum;
}

// Sine of an angle in degrees, |angle| <= 1e6; exact at multiples of 90. Error below 4e-16 for |angle| <=
// 360.
inline double SinDeg(double angle_deg) {
  constexpr double kRadians = 3.14159265358979323846 / 180.0;
  const auto quarter = static_cast<int64_t>(angle_deg / 90.0 + (angle_deg < 0.0 ? -0.5 : 0.5));
  const double rest = (angle_deg - 90.0 * static_cast<double>(quarter)) * kRadians;
  switch (quarter & 3) {  // in twos complement also right below zero
    case 0: return SmallSin(rest);
    case 1: return SmallCos(rest);
    case 2: return -SmallSin(rest);
    default: return -SmallCos(rest);
  }
}

// Cosine of an angle in degrees, with the same range and error.
inline double CosDeg(double angle_deg) { return SinDeg(angle_deg + 90.0); }

// exp(x), |x| <= 700. Relative error below 1e-15.
inline double Exp(double x) {
  // ln 2 in two parts (Cody and Waite 1980): power * kLn2High has no rounding, so the rest keeps its digits.
  constexpr double kLn2High = 6.93147180369123816490e-01, kLn2Low = 1.90821492927058770002e-10;
  const auto power = static_cast<int64_t>(x / 0.69314718055994530942 + (x < 0.0 ? -0.5 : 0.5));
  const double rest = (x - static_cast<double>(power) * kLn2High) - static_cast<double>(power) * kLn2Low;
  double sum = 1.0;
  for (int i = 14; i >= 1; --i) sum = sum * rest / i + 1.0;
  return sum * std::bit_cast<double>(static_cast<uint64_t>(power + 1023) << 52);
}

// Natural logarithm of a normal x > 0. Absolute error below 1e-15 + 1e-16 |log x|.
inline double Log(double x) {
  const auto bits = std::bit_cast<uint64_t>(x);
  auto power = static_cast<int64_t>(bits >> 52) - 1023;
  double mantissa = std::bit_cast<double>((bits & 0x000fffffffffffffu) | 0x3ff0000000000000u);
  if (mantissa > 1.41421356237309504880) {
    mantissa *= 0.5;
    ++power;
  }
  const double t = (mantissa - 1.0) / (mantissa + 1.0);  // log m = 2 artanh t, |t| <= 0.1716
  double sum = 0.0;
  for (int i = 21; i >= 1; i -= 2) sum = sum * t * t + 1.0 / i;
  return static_cast<double>(power) * 0.69314718055994530942 + 2.0 * t * sum;
}

}  // namespace handlens::image
