#include <gtest/gtest.h>

#include <cmath>

#include "nn/math.h"

namespace handlens::nn {
namespace {

TEST(Math, ExpIsWithinItsStatedError) {
  for (int i = -870000; i <= 880000; i += 7) {
    const float x = static_cast<float>(i) * 1e-4f;
    const double exact = std::exp(static_cast<double>(x));
    ASSERT_NEAR(static_cast<double>(Exp(x)) / exact, 1.0, 2e-7) << x;
  }
  EXPECT_EQ(Exp(0), 1.0f);
  EXPECT_EQ(Exp(-1000), 0.0f);
  EXPECT_EQ(Exp(std::nanf("")), 0.0f);
}

TEST(Math, LogIsWithinItsStatedError) {
  for (float x = 1e-37f; x < 1e37f; x *= 1.0007f) {
    const double exact = std::log(static_cast<double>(x));
    ASSERT_NEAR(static_cast<double>(Log(x)), exact, 1e-7 + 1e-7 * std::abs(exact)) << x;
  }
  EXPECT_EQ(Log(1), 0.0f);
  EXPECT_LT(Log(0), -87.0f);
}

}  // namespace
}  // namespace handlens::nn
