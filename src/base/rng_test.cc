#include "base/rng.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <numeric>
#include <vector>

namespace handlens {
namespace {

TEST(Rng, TheSameKeyDrawsTheSameNumbers) {
  Rng a(7, "split", {1, 2}), b(7, "split", {1, 2});
  for (int i = 0; i < 100; ++i) ASSERT_EQ(a.Next(), b.Next());
}

TEST(Rng, SeedPurposeAndIdsAllMatter) {
  const uint64_t base = Rng(7, "split", {1, 2}).Next();
  EXPECT_NE(Rng(8, "split", {1, 2}).Next(), base);
  EXPECT_NE(Rng(7, "splis", {1, 2}).Next(), base);
  EXPECT_NE(Rng(7, "split", {2, 1}).Next(), base);
  EXPECT_NE(Rng(7, "split", {1}).Next(), base);
}

// Run folders name trials and folds by these numbers: they may never change.
TEST(Rng, TheNumbersAreFixedForEver) {
  Rng rng(1, "golden", {3});
  EXPECT_EQ(rng.Next(), UINT64_C(516192114408818883));
  EXPECT_EQ(rng.Next(), UINT64_C(7193884184689441803));
}

TEST(Rng, UniformCoversTheUnitIntervalEvenly) {
  Rng rng(1, "uniform");
  std::array<int, 10> bins{};
  for (int i = 0; i < 100000; ++i) {
    const float u = rng.Uniform();
    ASSERT_GE(u, 0.0f);
    ASSERT_LT(u, 1.0f);
    ++bins[static_cast<size_t>(u * 10)];
  }
  for (const int n : bins) EXPECT_NEAR(n, 10000, 500);
}

TEST(Rng, BelowIsUnbiasedForAwkwardBounds) {
  Rng rng(1, "below");
  std::array<int, 7> counts{};
  for (int i = 0; i < 70000; ++i) ++counts[rng.Below(7)];
  for (const int n : counts) EXPECT_NEAR(n, 10000, 500);
  EXPECT_EQ(rng.Below(1), 0u);
}

TEST(Rng, NormalHasMeanZeroAndUnitVariance) {
  Rng rng(1, "normal");
  double sum = 0, squares = 0;
  for (int i = 0; i < 100000; ++i) {
    const double v = static_cast<double>(rng.Normal());
    sum += v;
    squares += v * v;
  }
  EXPECT_NEAR(sum / 100000, 0, 0.02);
  EXPECT_NEAR(squares / 100000, 1, 0.02);
}

TEST(Rng, ShuffleKeepsEveryElement) {
  std::vector<int> values(100);
  std::iota(values.begin(), values.end(), 0);
  Rng(3, "shuffle").Shuffle(std::span(values));
  EXPECT_FALSE(std::is_sorted(values.begin(), values.end()));
  std::sort(values.begin(), values.end());
  for (int i = 0; i < 100; ++i) EXPECT_EQ(values[static_cast<size_t>(i)], i);
}

}  // namespace
}  // namespace handlens
