// Claims about the threshold of "not sure" in the verdict: what it does on a route is counted, and a file
// whose statement is not that of its pictures fails.
#include "verify/routes/answering.h"

#include <gtest/gtest.h>

namespace handlens::verify {
namespace {

Route ThreeAnswers() {
  Route route;
  route.name = "quantized";
  route.truth = {0, 1, 1};
  route.scores = {{0.9f, 0.1f}, {0.6f, 0.4f}, {0.45f, 0.55f}};
  Score(route, 2);
  return route;
}

TEST(AnsweredAt, CountsWhatAnAppWouldAnswer) {
  const Answered answered = AnsweredAt(0.6 - 1e-6, ThreeAnswers());
  EXPECT_EQ(answered.answered, 2u);
  EXPECT_EQ(answered.wrong, 1u);
  ASSERT_EQ(answered.risk.size(), 3u);
  EXPECT_NEAR(answered.risk[0].second, 0, 1e-9);  // the surest is right
  EXPECT_NEAR(answered.risk[1].second, 0.5, 1e-9);
  EXPECT_NEAR(answered.risk[2].first, 1, 1e-9);
  EXPECT_NEAR(answered.risk[2].second, 1.0 / 3, 1e-9);
  EXPECT_NEAR(answered.reliability.error, (0.1 + 0.6 + 0.45) / 3, 1e-6);
}

TEST(AnsweringRule, FailsWhereThePicturesSayOtherwise) {
  Verdict verdict;
  EXPECT_FALSE(AnsweringRule(verdict).has_value());  // older files say nothing
  verdict.answering.emplace();
  verdict.answering->not_sure_below = 0.4;
  verdict.answering->sentence = "A statement.";
  const auto holds = AnsweringRule(verdict);
  ASSERT_TRUE(holds.has_value());
  EXPECT_TRUE(holds->passed);
  EXPECT_NE(holds->text.find("A statement."), std::string::npos);
  verdict.answering_problems = {"the file says one thing, its pictures say another"};
  EXPECT_FALSE(AnsweringRule(verdict)->passed);
}

TEST(AnsweringNotes, SayWhatBecomesOfPicturesOfNothing) {
  Verdict verdict;
  verdict.strangers.assign(100, 0.3);
  EXPECT_TRUE(AnsweringNotes(verdict).empty());  // older files have no threshold
  verdict.answering.emplace();
  verdict.answering->not_sure_below = 0.5;
  EXPECT_EQ(AnsweringNotes(verdict)[0],
            "\"not sure\" for 100.0 % (100 of 100; 96.3 to 100.0) of photographs of a background alone");
  std::fill_n(verdict.strangers.begin(), 40, 0.5);
  EXPECT_EQ(AnsweringNotes(verdict)[0],
            "\"not sure\" for 60.0 % (60 of 100; 50.2 to 69.1) of photographs of a background alone: the app "
            "often names a class where there is none; its users should know");
}

// Class 1 must not be missed; scores of it rise with the picture's number.
Route Ten() {
  Route route;
  route.name = "quantized";
  for (int i = 0; i < 10; ++i) {
    route.truth.push_back(i % 2);
    route.scores.push_back({1 - 0.1f * static_cast<float>(i), 0.1f * static_cast<float>(i)});
  }
  Score(route, 2);
  return route;
}

TEST(RefersAt, CountsWhatAnAppWouldRefer) {
  const Refers refers = RefersAt(0.25, 1, Ten());  // 3, 5, 7, 9 of 1, 3, 5, 7, 9; 4, 6, 8 of 0, 2, 4, 6, 8
  EXPECT_EQ(refers.counts.pictures, 5u);
  EXPECT_EQ(refers.counts.referred, 4u);
  EXPECT_EQ(refers.counts.others, 5u);
  EXPECT_EQ(refers.counts.others_referred, 3u);
}

TEST(RefersAt, DrawsTheCurveWhoseAreaIsTheAuc) {
  const Route route = Ten();
  const Refers refers = RefersAt(0.25, 1, route);
  EXPECT_EQ(refers.roc.front(), std::pair(1.0, 1.0));
  EXPECT_EQ(refers.roc.back(), std::pair(0.0, 0.0));
  double area = 0;
  for (size_t i = 1; i < refers.roc.size(); ++i) {
    area += (refers.roc[i - 1].first - refers.roc[i].first) *
            (refers.roc[i - 1].second + refers.roc[i].second) / 2;
  }
  const double positives[] = {0.1, 0.3, 0.5, 0.7, 0.9}, negatives[] = {0, 0.2, 0.4, 0.6, 0.8};
  EXPECT_NEAR(area, Auc(positives, negatives), 1e-9);
}

TEST(ReferralRule, FailsWhereItMissesMoreThanItMay) {
  Verdict verdict;
  EXPECT_FALSE(ReferralRule(verdict).has_value());
  verdict.referral.emplace();
  verdict.referral->wanted = {"melanoma", 0.95};
  verdict.referral->shown = true;
  verdict.referral->elsewhere = {
      .pictures = 100, .referred = 91, .others = 100, .others_referred = 10};  // Wilson: 83.8 to 95.2
  EXPECT_TRUE(ReferralRule(verdict)->passed);
  verdict.referral->elsewhere.referred = 89;  // 81.4 to 93.7
  EXPECT_FALSE(ReferralRule(verdict)->passed);
  verdict.referral->elsewhere.referred = 100;
  verdict.referral_problems = {"the file says one thing, its pictures say another"};
  EXPECT_FALSE(ReferralRule(verdict)->passed);
}

// What was asked for is not granted because too few pictures could contradict it.
TEST(ReferralRule, FailsWhereItCannotBeShown) {
  Verdict verdict;
  verdict.referral.emplace();
  verdict.referral->wanted = {"melanoma", 0.95};
  verdict.referral->sentence = "It is not shown.";
  verdict.referral->elsewhere = {.pictures = 20, .referred = 20, .others = 20, .others_referred = 0};
  for (const auto& [pictures, advice] :
       {std::pair{20u,
                  "more pictures of melanoma; --sensitivity melanoma=0.86 is the most that 20 pictures "
                  "can show"},
        std::pair{58u,
                  "more pictures of melanoma; --sensitivity melanoma=0.94 is the most that 58 pictures "
                  "can show"},
        std::pair{4u, "more pictures of melanoma"}}) {
    verdict.referral->counted = {.pictures = pictures, .referred = pictures};
    const auto rule = ReferralRule(verdict);
    EXPECT_FALSE(rule->passed);
    EXPECT_EQ(rule->text, "It is not shown.");
    EXPECT_EQ(rule->advice, advice);
  }
}

}  // namespace
}  // namespace handlens::verify
