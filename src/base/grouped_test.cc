// Claims about intervals and tests for what is not independent. Values of SciPy and statsmodels:
// tools/oracles/grouped_scipy.py.
#include "base/grouped.h"

#include <gtest/gtest.h>

#include "base/rng.h"

namespace handlens {
namespace {

TEST(GroupedInterval, IsScipysClusterBootstrap) {
  const size_t correct[] = {10, 2, 5, 8, 0, 9, 4, 10, 3, 7, 6, 10, 1, 9, 10, 5, 8, 2, 10, 7};
  const size_t n[] = {10, 10, 6, 9, 4, 10, 10, 10, 8, 7, 10, 10, 5, 10, 10, 9, 8, 10, 10, 7};
  std::vector<GroupCount> groups;
  size_t right = 0, all = 0;
  for (size_t i = 0; i < std::size(n); ++i) {
    groups.push_back({correct[i], n[i]});
    right += correct[i];
    all += n[i];
  }
  const Interval interval = GroupedInterval95(groups), pictures = Wilson95(right, all);
  EXPECT_NEAR(interval.low, 0.5819, 0.006);  // 200000 draws there, 10000 here
  EXPECT_NEAR(interval.high, 0.8605, 0.006);
  EXPECT_LT(interval.low, pictures.low - 0.05);
  EXPECT_GT(interval.high, pictures.high + 0.03);
}

// Of each patient all pictures are right with a probability of its own, drawn around 0.8: half of the
// patients 0.95, half 0.65.
int Covered(int runs, int patients, int pictures, bool grouped) {
  int covered = 0;
  for (int run = 0; run < runs; ++run) {
    Rng rng(4, "patients", {static_cast<uint64_t>(run)});
    std::vector<GroupCount> groups;
    size_t correct = 0;
    for (int i = 0; i < patients; ++i) {
      const float share = rng.Chance(0.5f) ? 0.95f : 0.65f;
      GroupCount group{0, static_cast<size_t>(pictures)};
      for (int k = 0; k < pictures; ++k) group.correct += rng.Chance(share) ? 1 : 0;
      correct += group.correct;
      groups.push_back(group);
    }
    const Interval interval =
        grouped ? GroupedInterval95(groups) : Wilson95(correct, static_cast<size_t>(patients * pictures));
    covered += interval.low <= 0.8 && 0.8 <= interval.high ? 1 : 0;
  }
  return covered;
}

TEST(GroupedInterval, CoversTheTruthWherePatientsDifferAndWilsonDoesNot) {
  EXPECT_GE(Covered(300, 40, 20, true),
            270);  // 90 %: 95 less what chance and a percentile bootstrap of 40 take
  EXPECT_LT(Covered(300, 40, 20, false), 240);  // 80 %
}

TEST(GroupedInterval, IsNeverNarrowerThanThePictures) {
  std::vector<GroupCount> single;
  for (size_t i = 0; i < 50; ++i) single.push_back({i < 40 ? 1u : 0u, 1});
  const Interval interval = GroupedInterval95(single), pictures = Wilson95(40, 50);
  EXPECT_LE(interval.low, pictures.low);
  EXPECT_GE(interval.high, pictures.high);
  const GroupCount right[] = {{30, 30}, {30, 30}, {40, 40}};
  EXPECT_EQ(GroupedInterval95(right).low, Wilson95(3, 3).low);  // three patients, however many pictures
  EXPECT_EQ(GroupedInterval95({}).high, 1);
}

TEST(StudentT, IsScipys) {
  EXPECT_NEAR(StudentT(0.5, 1), 0.6475836176504333, 1e-13);
  EXPECT_NEAR(StudentT(-2.1, 4), 0.05182664315880109, 1e-13);
  EXPECT_NEAR(StudentT(2.776445105, 4), 0.9749999999949402, 1e-13);
  EXPECT_NEAR(StudentT(-12, 2), 0.00343646683857923, 1e-13);
  EXPECT_NEAR(StudentT(1e-3, 30), 0.5003956321167575, 1e-13);
  EXPECT_NEAR(StudentT(4, 9), 0.9984447858448071, 1e-13);
  EXPECT_NEAR(StudentTQuantile(0.975, 1), 12.706204736174694, 1e-9);
  EXPECT_NEAR(StudentTQuantile(0.975, 4), 2.7764451051977934, 1e-10);
  EXPECT_NEAR(StudentTQuantile(0.01, 9), -2.8214379250258093, 1e-10);
  EXPECT_NEAR(StudentTQuantile(0.5, 3), 0, 1e-7);
}

TEST(CorrectedResampledT, CountsSharedTrainingPictures) {
  const double differences[] = {0.02, 0.05, -0.01, 0.03, 0.04};
  const PairedFolds paired = CorrectedResampledT(differences, 20, 80);
  EXPECT_NEAR(paired.mean, 0.026, 1e-12);
  EXPECT_NEAR(paired.ci95.low, -0.016877877864805345, 1e-10);
  EXPECT_NEAR(paired.ci95.high, 0.06887787786480534, 1e-10);
  EXPECT_NEAR(paired.p, 0.16755322147892313, 1e-10);
  EXPECT_EQ(CorrectedResampledT(std::vector<double>{0.1}, 20, 80).p, 1);
  EXPECT_EQ(CorrectedResampledT(std::vector<double>{0, 0, 0}, 20, 80).p, 1);
}

TEST(Holm, IsStatsmodels) {
  const double p[] = {0.01, 0.04, 0.03, 0.005, 0.5}, expected[] = {0.04, 0.09, 0.09, 0.025, 0.5};
  const std::vector<double> adjusted = Holm(p);
  for (size_t i = 0; i < 5; ++i) EXPECT_NEAR(adjusted[i], expected[i], 1e-12);
}

}  // namespace
}  // namespace handlens
