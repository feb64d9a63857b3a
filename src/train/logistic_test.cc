// The fit against scikit-learn's (tools/oracles/logistic_sklearn.py) and against what a minimum must be.
#include "train/logistic.h"

#include <gtest/gtest.h>

#include <cmath>
#include <limits>
#include <numeric>

#include "base/disk.h"
#include "base/json.h"

namespace handlens::train {
namespace {

// The oracle's samples.
float Value(int i, int f) {
  return static_cast<float>((i * 7919 + f * 104729 + i * f % 101 * 31) % 1000) / 500 - 1;
}

int Label(int i) {
  return (Value(i, 0) + Value(i, 1) * Value(i, 2) > 0 ? 1 : 0) + (Value(i, 3) > 0.3f ? 1 : 0);
}

enum class Weighing { kAlike, kByThree };

LogisticSamples OracleSamples(int count, int features, Weighing weighing) {
  LogisticSamples samples(static_cast<size_t>(features), 3);
  std::vector<float> values(static_cast<size_t>(features));
  for (int i = 0; i < count; ++i) {
    for (int f = 0; f < features; ++f) values[static_cast<size_t>(f)] = Value(i, f);
    samples.Add(values, Label(i), weighing == Weighing::kByThree ? 1.0 + i % 3 : 1.0);
  }
  return samples;
}

TEST(Logistic, FindsTheOptimumOfScikitLearn) {
  const auto text =
      ReadText(std::filesystem::path(HANDLENS_SOURCE_DIR) / "src/train/testdata/logistic_sklearn.json");
  ASSERT_TRUE(text) << text.error().message;
  const auto oracle = ParseJson(*text, "oracle");
  ASSERT_TRUE(oracle);
  int compared = 0;
  for (const Json& row : (*oracle)["rows"]) {
    const LogisticSamples samples = OracleSamples((*oracle)["samples"], (*oracle)["features"],
                                                  row["weighted"] ? Weighing::kByThree : Weighing::kAlike);
    auto fit = LogisticFit::Create(samples);
    ASSERT_TRUE(fit);
    const LinearHead head = fit->Solve(row["strength"]);
    EXPECT_LE(fit->Gradient(), 1e-6);
    const double mean = std::accumulate(head.bias.begin(), head.bias.end(), 0.0) / 3;
    for (size_t i = 0; i < head.kernel.size(); ++i, ++compared)
      EXPECT_NEAR(head.kernel[i], row["kernel"][i].get<double>(), 1e-4);
    for (size_t c = 0; c < 3; ++c) EXPECT_NEAR(head.bias[c] - mean, row["bias"][c].get<double>(), 1e-4);
  }
  EXPECT_EQ(compared, 6 * 12 * 3);
}

TEST(Logistic, GoesOnFromAStrongerPenaltyToTheSamePlace) {
  const LogisticSamples samples = OracleSamples(150, 12, Weighing::kAlike);
  auto at_once = LogisticFit::Create(samples), by_steps = LogisticFit::Create(samples);
  const LinearHead a = at_once->Solve(0.01);
  for (const double strength : {1.0, 0.1}) by_steps->Solve(strength);
  const LinearHead b = by_steps->Solve(0.01);
  for (size_t i = 0; i < a.kernel.size(); ++i) EXPECT_NEAR(a.kernel[i], b.kernel[i], 1e-4);
}

TEST(Logistic, LeavesOutAFeatureThatNeverVaries) {
  LogisticSamples samples(2, 2);
  for (int i = 0; i < 40; ++i)
    samples.Add(std::vector<float>{3.7f, Value(i, 0) + (i % 2 == 0 ? 0.5f : -0.5f)}, i % 2, 1);
  auto fit = LogisticFit::Create(samples);
  ASSERT_TRUE(fit);
  const LinearHead head = fit->Solve(0.05);
  EXPECT_EQ(head.kernel[0], 0);
  EXPECT_EQ(head.kernel[1], 0);
  EXPECT_GT(head.kernel[2], head.kernel[3]);  // the second feature speaks for class 0
}

TEST(Logistic, RefusesFeaturesThatAreNotNumbers) {
  LogisticSamples samples(2, 2);
  samples.Add(std::vector<float>{1, 2}, 0, 1);
  samples.Add(std::vector<float>{1, std::numeric_limits<float>::quiet_NaN()}, 1, 1);
  const auto fit = LogisticFit::Create(samples);
  ASSERT_FALSE(fit);
  EXPECT_EQ(fit.error().kind, ErrorKind::kBadInput);
  EXPECT_FALSE(LogisticFit::Create(LogisticSamples(2, 2)));
}

TEST(Logistic, ScoresAreTheSoftmaxOfTheHead) {
  const LinearHead head{{1, 0, 0, 2}, {0.5f, -0.5f}};
  std::vector<float> scores(2);
  Score(head, std::vector<float>{2, 1}, scores);  // logits 2.5 and 1.5
  EXPECT_NEAR(scores[0], 1 / (1 + std::exp(-1.0)), 1e-6);
  EXPECT_NEAR(scores[0] + scores[1], 1, 1e-6);
}

}  // namespace
}  // namespace handlens::train
