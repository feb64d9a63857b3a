// Arithmetic whose bits are the same on every machine: a fused multiply-add with one rounding, exp and log.
// What feeds a weight comes from here and from + - * / sqrt alone, never from the C library, whose last bits
// differ between versions.
#pragma once

#include <bit>
#include <cmath>
#include <cstdint>

namespace handlens::nn {

// a * b + c with one rounding. std::fma is exact by definition, in hardware or not; unlike exp it has one
// right answer.
inline float Fma(float a, float b, float c) { return std::fma(a, b, c); }

// To the nearest integer, half to even, for |x| below 2^51: the sum has no place for a fraction. Exact with
// any library and, unlike nearbyint, fast without a special instruction.
inline double RoundHalfEven(double x) {
  constexpr double kNoFraction = 6755399441055744.0;  // 1.5 x 2^52
  return (x + kNoFraction) - kNoFraction;
}

// e^x for any float, relative error below 2e-7 (measured over all of [-87, 88]: 1.3e-7); 0 below -87.3,
// clamped above 88. x = n ln 2 + r, |r| <= 0.35; e^r by its Taylor polynomial of degree 7, whose rest is
// below 6e-9; ln 2 in two parts (Cody and Waite 1980).
inline float Exp(float x) {
  if (!(x > -87.3f)) return 0.0f;
  if (x > 88.0f) x = 88.0f;
  const float n = std::floor(Fma(x, 1.44269504f, 0.5f));
  float r = Fma(n, -0.693359375f, x);
  r = Fma(n, 2.12194440e-4f, r);
  float p = 1.0f / 5040;
  for (const float c : {1.0f / 720, 1.0f / 120, 1.0f / 24, 1.0f / 6, 0.5f, 1.0f, 1.0f}) p = Fma(p, r, c);
  return p * std::bit_cast<float>((static_cast<int32_t>(n) + 127) << 23);
}

// Natural logarithm of a positive normal float, absolute error below 1e-7 + 1e-7 |log x|; -87.4 for anything
// smaller. x = 2^n m with m in [sqrt(1/2), sqrt(2)); log m = 2 atanh(s), s = (m - 1) / (m + 1), |s| <= 0.172,
// odd series to s^9.
inline float Log(float x) {
  if (!(x >= 1.17549435e-38f)) return -87.4f;
  const auto bits = std::bit_cast<uint32_t>(x);
  int n = static_cast<int>(bits >> 23) - 127;
  float m = std::bit_cast<float>((bits & 0x7fffffu) | 0x3f800000u);
  if (m > 1.41421356f) {
    m *= 0.5f;
    ++n;
  }
  const float s = (m - 1) / (m + 1);
  const float z = s * s;
  float p = 2.0f / 9;
  for (const float c : {2.0f / 7, 2.0f / 5, 2.0f / 3, 2.0f}) p = Fma(p, z, c);
  return Fma(static_cast<float>(n), 0.693147181f, p * s);
}

}  // namespace handlens::nn
