// Claims about "not sure": the promise is broken no more often than it says, whatever the pictures that set
// it; groups count once.
#include "describe/answering.h"

#include <gtest/gtest.h>

#include <algorithm>

#include "base/rng.h"
#include "describe/describe.h"

namespace handlens::describe {
namespace {

// Scores are spread evenly over 0..1; of pictures with a score below 0.15 41 % are answered wrongly, of the
// others 1 %: above 0.05 that is 5.2 %, above 0.1 3.2 %. `copies` pictures of a cluster are the same picture.
constexpr double kUnsure = 0.15, kOften = 0.41, kSeldom = 0.01;
std::vector<JudgedPicture> Draw(uint64_t key, int clusters, int copies) {
  std::vector<JudgedPicture> pictures;
  Rng rng(11, "judged", {key});
  for (int cluster = 0; cluster < clusters; ++cluster) {
    const auto score = static_cast<double>(rng.Uniform());
    const bool right = static_cast<double>(rng.Uniform()) >= (score < kUnsure ? kOften : kSeldom);
    for (int i = 0; i < copies; ++i) pictures.push_back({score, right, cluster, cluster % 5});
  }
  return pictures;
}
double TrueRisk(double threshold) {
  return (kOften * std::max(0.0, kUnsure - threshold) + kSeldom * (1 - std::max(kUnsure, threshold))) /
         (1 - threshold);
}

struct Outcome {
  int given = 0, broken = 0;
};
Outcome Many(int runs, int clusters, int copies, bool clusters_known) {
  Outcome outcome;
  for (int run = 0; run < runs; ++run) {
    std::vector<JudgedPicture> pictures = Draw(static_cast<uint64_t>(run), clusters, copies);
    for (size_t i = 0; !clusters_known && i < pictures.size(); ++i) pictures[i].cluster = static_cast<int>(i);
    const Answering answering = ChooseAnswering(pictures, 0.05);
    if (!answering.promise.given) continue;
    ++outcome.given;
    if (TrueRisk(answering.not_sure_below) > 0.05) ++outcome.broken;
  }
  return outcome;
}

// 95 % confidence: of 1000 sets of pictures at most 50 lead to a promise that does not hold; 65 leaves two
// deviations for chance.
TEST(Promise, IsBrokenNoMoreOftenThanItSays) {
  const Outcome outcome = Many(1000, 400, 1, true);
  EXPECT_GT(outcome.given, 800);
  EXPECT_LE(outcome.broken, 65);
}

TEST(Promise, CountsAGroupOnceAndWouldBeBrokenOtherwise) {
  const Outcome known = Many(200, 100, 12, true), unknown = Many(200, 100, 12, false);
  EXPECT_LE(known.broken, 10);    // 5 %
  EXPECT_GT(unknown.broken, 14);  // twelve copies of a picture pass for twelve witnesses
}

TEST(Promise, NeedsNinetyFourRightAnswersAtLeast) {
  EXPECT_EQ(FewestForPromise(0.05, 0.95), 94u);  // 0.95^94 is 0.0081, below a sixth of 0.05
  std::vector<JudgedPicture> pictures;
  for (int i = 0; i < 98; ++i) pictures.push_back({0.2 + 0.005 * i, true, i, i % 5});
  const Answering too_few = ChooseAnswering(pictures, 0.05);  // 93 of them lie above the threshold
  EXPECT_FALSE(too_few.promise.given);
  EXPECT_NE(too_few.sentence.find("at least 94 answers"), std::string::npos) << too_few.sentence;
  for (int i = 98; i < 110; ++i) pictures.push_back({0.2 + 0.005 * i, true, i, i % 5});
  const Answering enough = ChooseAnswering(pictures, 0.05);
  EXPECT_TRUE(enough.promise.given);
  EXPECT_GE(enough.promise.answered, 94u);
  EXPECT_LE(enough.promise.answered, 104u);  // 95 %
  EXPECT_NE(enough.sentence.find("at most 5 % are wrong, with 95 % confidence"), std::string::npos)
      << enough.sentence;
}

TEST(Promise, GoesWithScoresThatAreNearlyAllTheSame) {
  std::vector<JudgedPicture> pictures;
  for (int i = 0; i < 300; ++i) pictures.push_back({i < 2 ? 0.3 : 254 / 256.0, i >= 2, i, i % 5});
  const Answering answering = ChooseAnswering(pictures, 0.05);
  EXPECT_TRUE(answering.promise.given);
  EXPECT_EQ(answering.not_sure_below, 0.95);
  EXPECT_EQ(answering.promise.answered, 298u);
}

TEST(Answering, LeavesNineteenOfTwentyPicturesAnsweredWhereMostAreRight) {
  std::vector<JudgedPicture> pictures;
  for (int i = 0; i < 400; ++i) pictures.push_back({0.2 + 0.002 * i, i > 2, i, i % 5});  // 0.2 .. 0.998
  const Answering answering = ChooseAnswering(pictures, 0.05);
  EXPECT_TRUE(answering.promise.given);
  EXPECT_NEAR(answering.familiar_from, 0.24, 0.011);  // the 20 lowest are below 0.24
  EXPECT_NEAR(answering.not_sure_below, 0.25, 0.011);
  EXPECT_NEAR(static_cast<double>(answering.promise.answered), 375, 6);
}

TEST(Answering, KeepsTheOldRuleWhereNothingCanBePromised) {
  std::vector<JudgedPicture> pictures;
  for (int i = 0; i < 60; ++i) pictures.push_back({0.5 + 0.005 * i, i >= 20, i, i % 5});
  const Answering answering = ChooseAnswering(pictures, 0.05);
  EXPECT_FALSE(answering.promise.given);
  std::vector<ScoredPicture> scored;
  for (const JudgedPicture& p : pictures)
    scored.push_back({{static_cast<float>(p.top), static_cast<float>(1 - p.top)}, p.right ? 0 : 1});
  EXPECT_DOUBLE_EQ(answering.not_sure_below, ChooseNotSureBelow(scored).threshold);
  EXPECT_EQ(ChooseAnswering({}, 0.05).not_sure_below, 0);
}

TEST(Answering, IsReadBackAsItWasWritten) {
  const Answering answering = ChooseAnswering(Draw(3, 300, 1), 0.1);
  const auto read = AnsweringFromJson(ToJson(answering), "here");
  ASSERT_TRUE(read.has_value());
  EXPECT_EQ(ToJson(*read), ToJson(answering));
  EXPECT_FALSE(AnsweringFromJson(Json::object(), "here").has_value());
}

}  // namespace
}  // namespace handlens::describe
