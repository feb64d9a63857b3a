// Claims about the threshold of "not sure" in the verdict: what it does on a route is counted, and a file whose statement is not that
// of its pictures fails.
#include "verify/answering.h"

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
  EXPECT_NEAR(answered.risk[0].second, 0, 1e-9);         // the surest is right
  EXPECT_NEAR(answered.risk[1].second, 0.5, 1e-9);
  EXPECT_NEAR(answered.risk[2].first, 1, 1e-9);
  EXPECT_NEAR(answered.risk[2].second, 1.0 / 3, 1e-9);
  EXPECT_NEAR(answered.reliability.error, (0.1 + 0.6 + 0.45) / 3, 1e-6);
}

TEST(AnsweringRule, FailsWhereThePicturesSayOtherwise) {
  Verdict verdict;
  EXPECT_FALSE(AnsweringRule(verdict).has_value());      // older files say nothing
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

}  // namespace
}  // namespace handlens::verify
