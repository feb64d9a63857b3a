// Claims about label sets: what sets them, what they hold, and that the right class is among them as often as
// stated.
#include "describe/answering.h"

#include <gmock/gmock.h>

#include <cmath>

#include "base/rng.h"

namespace handlens::describe {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

JudgedPicture Scored(int number, int truth, std::vector<float> scores) {
  return {.top = 0,
          .right = false,
          .cluster = number,
          .fold = number % 5,
          .truth = truth,
          .scores = std::move(scores)};
}

// Scores of the right class 1/128, 2/128, ... in two classes.
std::vector<JudgedPicture> RisingScoresOfRight(int count) {
  std::vector<JudgedPicture> pictures;
  for (int i = 0; i < count; ++i) {
    const float right = static_cast<float>(i + 1) / 128;
    pictures.push_back(
        Scored(i, i % 2, i % 2 == 0 ? std::vector{right, 1 - right} : std::vector{1 - right, right}));
  }
  return pictures;
}

TEST(LabelSets, TakesTheScoreThatFewRightClassesAreBelow) {
  EXPECT_FALSE(ChooseLabelSets(RisingScoresOfRight(18)));
  EXPECT_DOUBLE_EQ(ChooseLabelSets(RisingScoresOfRight(19))->from, 0.007);  // k = 1, rounded down
  EXPECT_DOUBLE_EQ(ChooseLabelSets(RisingScoresOfRight(38))->from, 0.007);
  EXPECT_DOUBLE_EQ(ChooseLabelSets(RisingScoresOfRight(39))->from, 0.015);  // k = 2
  EXPECT_DOUBLE_EQ(ChooseLabelSets(RisingScoresOfRight(79))->from, 0.031);
}

TEST(LabelSets, SayNothingWhereEveryClassIsAlwaysPossible) {
  std::vector<JudgedPicture> pictures = RisingScoresOfRight(100);
  for (int i = 0; i < 5; ++i) pictures[static_cast<size_t>(i)].scores = {1, 1};  // above the others
  EXPECT_TRUE(ChooseLabelSets(pictures));
  for (JudgedPicture& p : pictures) {
    if (p.cluster < 6) p.scores = {p.truth == 0 ? 0.0004f : 1.0f, p.truth == 1 ? 0.0004f : 1.0f};
  }
  EXPECT_FALSE(ChooseLabelSets(pictures));
}

TEST(LabelSets, HoldsWhatScoresEnoughTheHighestFirst) {
  const std::vector<float> scores = {0.2f, 0.5f, 0.05f, 0.25f};
  EXPECT_THAT(LabelsFrom(0.2, scores), ElementsAre(1, 3, 0));
  EXPECT_THAT(LabelsFrom(0.6, scores), IsEmpty());
  EXPECT_THAT(LabelsFrom(0, scores), ElementsAre(1, 3, 0, 2));
}

TEST(LabelSets, CountsOnePictureOfACluster) {
  std::vector<JudgedPicture> pictures = RisingScoresOfRight(60);
  for (JudgedPicture& p : pictures) p.cluster /= 4;  // 15 clusters: too few
  EXPECT_FALSE(ChooseLabelSets(pictures));
}

TEST(LabelSets, ReadsWhatItWrote) {
  const LabelSets sets = *ChooseLabelSets(RisingScoresOfRight(80));
  EXPECT_EQ(sets.cross_pictures, 80u);
  EXPECT_THAT(sets.sentence, testing::HasSubstr("at least 95 % of pictures like these"));
  EXPECT_EQ(ToJson(LabelSetsFrom(ToJson(sets))), ToJson(sets));
}

// Pictures of three classes whose scores overlap: of those that set nothing, 95 % are covered on average, in
// 200 drawings of 60 pictures each. The probability lies between 0.95 and 0.95 + 1 / 61.
TEST(LabelSets, CoversAsManyAsItSaysIn200Drawings) {
  Rng rng(1, "label sets");
  const auto draw = [&](int number) {
    const int truth = static_cast<int>(rng.Below(3));
    std::vector<float> scores(3);
    float sum = 0;
    for (int c = 0; c < 3; ++c)
      sum += scores[static_cast<size_t>(c)] = std::exp(1.5f * rng.Normal() + (c == truth ? 2.0f : 0));
    for (float& score : scores) score /= sum;
    return Scored(number, truth, scores);
  };
  size_t covered = 0, n = 0, labels = 0;
  for (int drawing = 0; drawing < 200; ++drawing) {
    std::vector<JudgedPicture> pictures;
    for (int i = 0; i < 60; ++i) pictures.push_back(draw(i));
    const double from = ChooseLabelSets(pictures)->from;
    for (int i = 0; i < 100; ++i) {
      const JudgedPicture one = draw(i);
      ++n;
      covered += static_cast<double>(one.scores[static_cast<size_t>(one.truth)]) >= from ? 1 : 0;
      labels += LabelsFrom(from, one.scores).size();
    }
  }
  const double share = static_cast<double>(covered) / static_cast<double>(n);
  EXPECT_GT(share, 0.945);
  EXPECT_LT(share, 0.975);
  EXPECT_LT(labels, 3 * n);  // and says something
}

}  // namespace
}  // namespace handlens::describe
