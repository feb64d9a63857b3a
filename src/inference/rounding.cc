#include "inference/rounding.h"

#include <algorithm>
#include <bit>
#include <cmath>
#include <limits>

namespace handlens::inference {
namespace {

constexpr int32_t kMost = std::numeric_limits<int32_t>::max();

// The runtime's TfLiteRound: half away from zero.
int32_t Rounded(float value) { return static_cast<int32_t>(std::round(value)); }

uint8_t Kept(int32_t value, tflite::Type type) {
  const int32_t shifted = type == tflite::Type::kInt8 ? value + 128 : value;
  return static_cast<uint8_t>(std::clamp(shifted, 0, 255));
}

}  // namespace

Factor FactorOf(double real) {
  if (real == 0) return {};
  Factor factor;
  const double fraction = std::frexp(real, &factor.shift);
  auto fixed = static_cast<int64_t>(std::round(fraction * static_cast<double>(int64_t{1} << 31)));
  if (fixed == int64_t{1} << 31) {
    fixed /= 2;
    ++factor.shift;
  }
  if (factor.shift < -31) return {};
  factor.multiplier = static_cast<int32_t>(fixed);
  return factor;
}

int32_t Scaled(int32_t sum, const Factor& factor) {
  const int left = std::max(factor.shift, 0), right = std::max(-factor.shift, 0);
  const int64_t product =
      static_cast<int64_t>(static_cast<int32_t>(static_cast<uint32_t>(sum) << left)) * factor.multiplier;
  const auto high = static_cast<int32_t>((product + (int64_t{1} << 30)) >> 31);
  const auto mask = static_cast<int32_t>((uint32_t{1} << right) - 1);
  return (high >> right) + ((high & mask) > (mask >> 1) + (high < 0 ? 1 : 0) ? 1 : 0);
}

std::vector<Factor> ConvolutionFactors(const Scale& in, const std::vector<float>& filters, const Scale& out) {
  std::vector<Factor> factors;
  for (const float filter : filters) {
    factors.push_back(FactorOf(static_cast<double>(in.scale) * static_cast<double>(filter) /
                               static_cast<double>(out.scale)));
  }
  return factors;
}

Limits LimitsOf(tflite::Activation activation, const Scale& out) {
  Limits limits;
  if (activation == tflite::Activation::kNone) return limits;
  limits.low = std::max(limits.low, out.zero + Rounded(0.0f / out.scale));
  if (activation == tflite::Activation::kRelu6)
    limits.high = std::min(limits.high, out.zero + Rounded(6.0f / out.scale));
  return limits;
}

MapTable QuantizeTable(const Number& in, const Number& out) {
  const Factor factor = FactorOf(static_cast<double>(in.scale.scale) / static_cast<double>(out.scale.scale));
  MapTable table{};
  for (int i = 0; i < 256; ++i) {
    const int32_t value = in.type == tflite::Type::kInt8 ? i - 128 : i;
    table[static_cast<size_t>(i)] = Kept(Scaled(value - in.scale.zero, factor) + out.scale.zero, out.type);
  }
  return table;
}

MapTable ReluTable(tflite::Activation activation, const Scale& in, const Scale& out) {
  const Factor factor = FactorOf(static_cast<double>(in.scale) / static_cast<double>(out.scale));
  const Limits limits = LimitsOf(activation, out);
  MapTable table{};
  for (int i = 0; i < 256; ++i) {
    const int32_t value = out.zero + Scaled(i - 128 - in.zero, factor);
    table[static_cast<size_t>(i)] =
        Kept(std::min(std::max(value, limits.low), limits.high), tflite::Type::kInt8);
  }
  return table;
}

MapTable PictureTable(const Number& out) {
  MapTable table{};
  for (int i = 0; i < 256; ++i) {
    const float value = static_cast<float>(i) / 255.0f;
    table[static_cast<size_t>(i)] = Kept(Rounded(value / out.scale.scale) + out.scale.zero, out.type);
  }
  return table;
}

// The division is folded into the multiplier, and the multiplier kept as long as 31 bits allow.
Factor MeanFactor(int pixels, const Scale& in, const Scale& out) {
  Factor factor = FactorOf(static_cast<double>(in.scale) / static_cast<double>(out.scale));
  const int bits =
      std::min({static_cast<int>(std::bit_width(static_cast<uint32_t>(pixels))) - 1, 32, 31 + factor.shift});
  factor.multiplier = static_cast<int32_t>((static_cast<int64_t>(factor.multiplier) << bits) / pixels);
  factor.shift -= bits;
  return factor;
}

namespace {

// Fixed-point arithmetic of the reference softmax (gemmlowp's): fractions of 2^31, products rounded half up.
int32_t Times(int32_t a, int32_t b) {
  return static_cast<int32_t>((static_cast<int64_t>(a) * b + (int64_t{1} << 30)) >> 31);
}

int32_t RoundedShift(int32_t x, int bits) {
  const auto mask = static_cast<int32_t>((uint32_t{1} << bits) - 1);
  return (x >> bits) + ((x & mask) > (mask >> 1) + (x < 0 ? 1 : 0) ? 1 : 0);
}

// exp(a) for a in [-1/4, 0): a Taylor series around -1/8.
int32_t ExpOfSmall(int32_t a) {
  constexpr int32_t kExpOfEighth = 1895147668, kThird = 715827883;
  const int32_t x = a + (1 << 28), x2 = Times(x, x), x3 = Times(x2, x), x4 = Times(x2, x2);
  const int32_t rest = RoundedShift(Times(RoundedShift(x4, 2) + x3, kThird) + x2, 1);
  return kExpOfEighth + Times(kExpOfEighth, x + rest);
}

// exp(x / 2^26) for x <= 0: by quarters, whose exponentials are multiplied in bit by bit.
int32_t ExpOfNegative(int32_t x) {
  constexpr int32_t kQuarter = 1 << 24;
  constexpr std::array<int32_t, 7> kExps = {1672461947, 1302514674, 790015084, 290630308,
                                            39332535,   720401,     242};
  if (x == 0) return kMost;
  const int32_t small = (x & (kQuarter - 1)) - kQuarter;
  const auto quarters = static_cast<uint32_t>(small - x);
  int32_t result = ExpOfSmall(small * 32);
  for (size_t bit = 0; bit < kExps.size(); ++bit) {
    if ((quarters >> (24 + bit)) & 1) result = Times(result, kExps[bit]);
  }
  return result;
}

}  // namespace

std::array<int32_t, 256> SoftmaxExps(float scale) {
  const double real = std::min(static_cast<double>(scale) * (1 << 26), static_cast<double>(kMost));
  const Factor factor = FactorOf(real);
  // Smaller differences would overflow; their exponentials are nothing.
  const double radius = 31.0 * (1 << 26) / static_cast<double>(int64_t{1} << factor.shift);
  std::array<int32_t, 256> exps{};
  for (int d = 0; d < 256; ++d) {
    if (d > std::floor(radius)) break;
    exps[static_cast<size_t>(d)] = ExpOfNegative(Times(
        static_cast<int32_t>(-static_cast<int64_t>(d) * (int64_t{1} << factor.shift)), factor.multiplier));
  }
  return exps;
}

}  // namespace handlens::inference
