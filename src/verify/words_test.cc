// What a verdict says claims no more than was seen, and names the class to look at first.
#include "verify/words.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>

namespace handlens::verify {
namespace {

using testing::HasSubstr;
using testing::SizeIs;

Verdict MadeVerdict() {
  Verdict v;
  v.labels = {"ash", "beech", "elm"};
  v.rules = {{"accuracy", true, "", ""}, {"kernels", true, "", ""}};
  Route route;
  route.name = "quantized";
  route.truth = {0, 0, 0, 0, 1, 1, 1, 1, 2, 2};
  const std::vector<int> called = {0, 0, 0, 1, 1, 2, 2, 0, 2, 2};
  for (size_t i = 0; i < called.size(); ++i) {
    route.pictures.push_back(static_cast<int>(i));
    route.scores.emplace_back(3, 0.0f);
    route.scores.back()[static_cast<size_t>(called[i])] = 1;
  }
  Score(route, 3);
  v.routes = {route};
  return v;
}

TEST(Headline, CountsTheChecksAndSaysThatNoPhoneWasTried) {
  EXPECT_EQ(Headline(MadeVerdict()), "Passed 2 of 2 checks on pictures like yours; not tried on a phone");
}

TEST(ResamplingSentences, AreTextsOrNone) {
  const Json good = {{"repeats", {{"sentence", "a"}}}, {"nested", {{"sentence", "b"}}}};
  EXPECT_THAT(ResamplingSentences(good), testing::ElementsAre("a", "b"));
  for (const Json& other :
       {Json(), Json(1), Json::array(), Json{{"sentence", 1}}, Json{{"sentence", nullptr}}}) {
    EXPECT_THAT(ResamplingSentences({{"repeats", other}, {"nested", other}}), testing::IsEmpty()) << other;
    EXPECT_THAT(ResamplingSentences(other), testing::IsEmpty()) << other;
  }
}

TEST(Headline, SaysWhatAPhoneDid) {
  Verdict v = MadeVerdict();
  v.routes.push_back(v.routes[0]);
  v.routes.back().name = "phone-self-check";
  EXPECT_THAT(Headline(v), HasSubstr("nobody photographed with it"));
  v.routes.back().name = "phone-field-test-2";
  EXPECT_EQ(Headline(v), "Passed 2 of 2 checks on pictures like yours, and tried on a phone");
}

TEST(Headline, NamesTheChecksThatFailed) {
  Verdict v = MadeVerdict();
  v.rules[0].passed = false;
  v.rules.push_back({"a-new-rule", false, "", ""});
  EXPECT_EQ(Headline(v), "Failed 2 of 3 checks: Right often enough; a-new-rule");
  v.rules = {{"size", false, "", ""}};
  EXPECT_EQ(Headline(v), "Failed 1 of 1 check: Small enough");
}

TEST(Weakest, IsTheClassThatIsRecognisedLeastAndWhatItIsTakenFor) {
  const auto weakest = Weakest(MadeVerdict());
  ASSERT_TRUE(weakest);
  EXPECT_EQ(weakest->label, "beech");
  EXPECT_EQ(weakest->n, 4u);
  EXPECT_EQ(weakest->correct, 1u);
  EXPECT_EQ(weakest->taken_for, "elm");
  EXPECT_FALSE(Weakest(Verdict{}));
}

TEST(Caveats, AreThreeTheGravestFirst) {
  Verdict v = MadeVerdict();
  v.groups = "It is not known which pictures belong together.";
  const std::vector<std::string> caveats = Caveats(v);
  ASSERT_THAT(caveats, SizeIs(3));
  EXPECT_THAT(caveats[0], HasSubstr("the accuracy is too high"));
  EXPECT_THAT(caveats[1], HasSubstr("10 in all, 4 of class beech"));
  EXPECT_THAT(caveats[2], HasSubstr("one of its 3 classes"));
  EXPECT_THAT(Caveats(Verdict{}), SizeIs(3));
}

TEST(GuideOf, NamesWhatUsersCanMend) {
  CameraFindings camera;
  camera.worst_axis = "defocus";
  EXPECT_EQ(GuideOf(camera).name, "") << "no fault takes ten points";
  camera.advised = {{"defocus", 4.2}, {"tilt", 22.4}};
  EXPECT_EQ(GuideOf(camera).name, "still");
  EXPECT_EQ(GuideOf(camera).number, 0) << "pixels that users cannot see";
  camera.advised = {{"gamma", 0.3}, {"tilt", 22.4}};
  EXPECT_EQ(GuideOf(camera).name, "tilt");
  EXPECT_EQ(GuideOf(camera).number, 22);
  camera.advised = {{"distance", 0.616}};
  EXPECT_EQ(GuideOf(camera).name, "distance");
  EXPECT_EQ(GuideOf(camera).number, 62);
  camera.advised = {{"gamma", 0.3}};
  EXPECT_EQ(GuideOf(camera).name, "");
}

// Whoever reads verdict.json reads it here; nobody else knows its keys.
TEST(VerdictRecord, KeepsTheWeakestClassAndTheAdvice) {
  const std::filesystem::path run = std::filesystem::path(testing::TempDir()) / "handlens-verdict-record";
  std::filesystem::create_directories(run);
  Verdict v = MadeVerdict();
  v.routes[0].status = "done";
  v.camera = CameraFindings();
  v.camera->advice = {"hold the phone parallel to the subject"};
  v.camera->advised = {{"tilt", 22.4}};
  ASSERT_TRUE(WriteVerdict(run / "verdict.json", v, {}));
  const auto record = ReadVerdict(run);
  ASSERT_TRUE(record) << record.error().message;
  EXPECT_EQ(record->guide, "tilt");
  EXPECT_EQ(record->guide_number, 22);
  ASSERT_TRUE(record->weakest);
  EXPECT_EQ(record->weakest->label, "beech");
  EXPECT_EQ(record->weakest->taken_for, "elm");
  EXPECT_EQ(record->weakest->n, 4u);
  EXPECT_EQ(record->weakest->correct, 1u);
  std::filesystem::remove_all(run);
}

TEST(RuleTitle, HasWordsForEveryRule) {
  Verdict v = MadeVerdict();
  Decide({}, v);
  for (const RuleResult& rule : v.rules) EXPECT_NE(RuleTitle(rule.rule), rule.rule);
}

}  // namespace
}  // namespace handlens::verify
