// The numbers of rounding.h on their own; that they are the runtime's is shown on whole graphs
// (inference_test.cc).
#include "inference/rounding.h"

#include <gtest/gtest.h>

#include <cmath>

namespace handlens::inference {
namespace {

TEST(Rounding, AFactorIsItsNumberTo31Bits) {
  for (const double real : {1.0, 0.5, 0.75, 0.0001234, 3.9999999999, 1e-9, 17.25}) {
    const Factor factor = FactorOf(real);
    EXPECT_GE(factor.multiplier, 1 << 30);
    EXPECT_NEAR(std::ldexp(static_cast<double>(factor.multiplier), factor.shift - 31) / real, 1, 1e-9)
        << real;
  }
  EXPECT_EQ(FactorOf(1e-12).multiplier, 0);
  EXPECT_EQ(FactorOf(1 - 1e-12).shift, 1);  // rounds up to 1
}

// A quarter is half of a half: 2.5 goes up to 3, and 1.5 away from zero to 2.
TEST(Rounding, RoundsTwice) {
  EXPECT_EQ(Scaled(5, FactorOf(0.25)), 2);
  EXPECT_EQ(Scaled(-5, FactorOf(0.25)), -1);
  EXPECT_EQ(Scaled(-6, FactorOf(0.25)), -2);
  EXPECT_EQ(Scaled(4, FactorOf(0.25)), 1);
}

TEST(Rounding, ExponentialsAreRightToSixDigits) {
  const float scale = 0.0625f;
  const auto exps = SoftmaxExps(scale);
  for (int d = 0; d < 200; ++d) {
    const double exact = std::exp(-static_cast<double>(scale) * d);
    EXPECT_NEAR(exps[static_cast<size_t>(d)] / 2147483648.0, exact, 1e-6 + 1e-6 * exact) << d;
  }
}

TEST(Rounding, AMeansFactorDividesByThePixels) {
  const Factor factor = MeanFactor(49, {0.1f, -20}, {0.05f, 3});
  EXPECT_NEAR(std::ldexp(static_cast<double>(factor.multiplier), factor.shift - 31), 2.0 / 49, 1e-9);
}

}  // namespace
}  // namespace handlens::inference
