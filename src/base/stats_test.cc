// Oracle values: SciPy and statsmodels (tools/oracles/base_stats.py).
#include "base/stats.h"

#include <gtest/gtest.h>

#include <cmath>

namespace handlens {
namespace {

TEST(Stats, WilsonIntervalEqualsStatsmodels) {
  const Interval some = Wilson95(8, 10);
  EXPECT_NEAR(some.low, 0.4901624715, 1e-9);
  EXPECT_NEAR(some.high, 0.9433178485, 1e-9);
  const Interval all = Wilson95(20, 20);
  EXPECT_NEAR(all.low, 0.8388748419, 1e-9);
  EXPECT_DOUBLE_EQ(all.high, 1.0);
}

TEST(Stats, NoPicturesMeanNoKnowledge) {
  EXPECT_DOUBLE_EQ(Wilson95(0, 0).low, 0);
  EXPECT_DOUBLE_EQ(Wilson95(0, 0).high, 1);
}

TEST(Stats, SampleDeviationDividesByNMinusOne) {
  const std::vector<double> values{2, 4, 4, 4, 5, 5, 7, 9};
  EXPECT_DOUBLE_EQ(Summarize(values).mean, 5);
  EXPECT_NEAR(Summarize(values).std, 2.1380899353, 1e-9);
  EXPECT_DOUBLE_EQ(Summarize(std::vector<double>{3}).std, 0);
}

// Values of SciPy 1.x, binom.cdf.
TEST(Stats, BinomialTailIsTheDistributionFunction) {
  EXPECT_NEAR(BinomialTail(2, 10, 0.3), 0.3827827864, 1e-10);
  EXPECT_NEAR(BinomialTail(4, 220, 0.05), 0.013360587470185838, 1e-12);
  EXPECT_NEAR(BinomialTail(0, 80, 0.05), 0.016515374385013635, 1e-12);
  EXPECT_NEAR(BinomialTail(40, 1000, 0.05), 0.080636573256691, 1e-11);
  EXPECT_EQ(BinomialTail(5, 5, 0.1), 1);
  EXPECT_EQ(BinomialTail(0, 5, 1), 0);
}

TEST(Stats, McNemarIsTheExactBinomialTest) {
  EXPECT_DOUBLE_EQ(McNemarExact(0, 0), 1);
  EXPECT_NEAR(McNemarExact(0, 5), 0.0625, 1e-12);
  EXPECT_NEAR(McNemarExact(10, 25), 0.0166738478, 1e-9);
  EXPECT_NEAR(McNemarExact(25, 10), McNemarExact(10, 25), 1e-15);
  EXPECT_DOUBLE_EQ(McNemarExact(7, 7), 1);
}

TEST(Stats, FewerRightByChanceEqualsFishersTestOfSciPy) {
  EXPECT_NEAR(FisherFewer(10, 20, 20, 20), 0.0002179598954, 1e-12);
  EXPECT_NEAR(FisherFewer(14, 20, 20, 20), 0.0100980100980, 1e-12);
  EXPECT_NEAR(FisherFewer(17, 20, 19, 20), 0.3024948024948, 1e-12);
  EXPECT_NEAR(FisherFewer(5, 24, 6, 12), 0.0811472274372, 1e-12);
  EXPECT_NEAR(FisherFewer(3, 10, 3, 10), 0.6857585139319, 1e-12);
  EXPECT_NEAR(FisherFewer(0, 20, 20, 20), 7.2544445519e-12, 1e-20);
  EXPECT_DOUBLE_EQ(FisherFewer(0, 0, 5, 5), 1);
}

TEST(Stats, AucCountsTiesHalf) {
  const std::vector<double> positives{0.9, 0.8, 0.5}, negatives{0.5, 0.1};
  EXPECT_NEAR(Auc(positives, negatives), 5.5 / 6, 1e-12);
  EXPECT_TRUE(std::isnan(Auc({}, negatives)));
}

TEST(Stats, ScoresPerClassFollowFromTheConfusion) {
  const std::vector<int> truth{0, 0, 0, 1, 1, 2}, predicted{0, 0, 1, 1, 1, 0};
  const auto scores = PerClass(Confuse(truth, predicted, 3));
  EXPECT_NEAR(scores[0].precision, 2.0 / 3, 1e-12);
  EXPECT_NEAR(scores[0].recall, 2.0 / 3, 1e-12);
  EXPECT_NEAR(scores[1].f1, 0.8, 1e-12);
  EXPECT_DOUBLE_EQ(scores[2].recall, 0);
  EXPECT_DOUBLE_EQ(scores[2].precision, 0);
  EXPECT_EQ(scores[2].support, 1u);
}

TEST(Stats, CalibrationErrorIsTheWeightedGap) {
  const std::vector<double> scores{0.95, 0.95, 0.65, 1.0};
  const Reliability r = Calibration(scores, {true, false, true, true}, 10);
  EXPECT_EQ(r.bins[9].n, 3u);
  EXPECT_NEAR(r.error, 0.75 * std::abs((0.95 + 0.95 + 1.0) / 3 - 2.0 / 3) + 0.25 * 0.35, 1e-12);
}

}  // namespace
}  // namespace handlens
