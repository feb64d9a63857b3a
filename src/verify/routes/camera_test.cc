// Claims about the camera route: what curves say, when the verdict fails for the camera, and a whole run
// before the simulator.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/json.h"
#include "verify/routes/camera_curve.h"
#include "verify/routes/camera_route.h"
#include "verify/sample_run.h"

namespace handlens::verify {
namespace {

using testing::Contains;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

#define SKIP_WITHOUT_RUNTIME() \
  if (const auto version = tflite::RuntimeVersion(); !version) GTEST_SKIP() << version.error().message

CameraCurve CurveOf(const std::string& axis, const std::vector<size_t>& correct, size_t n = 20) {
  CameraCurve curve{axis, "unit", "what", {}};
  for (size_t s = 0; s < correct.size(); ++s)
    curve.points.push_back({static_cast<double>(s), 0, n, correct[s], Wilson95(correct[s], n), 0});
  Smooth(curve);
  return curve;
}

TEST(CameraCurve, NeverRisesAndKeepsTheCounts) {
  const CameraCurve curve = CurveOf("tilt", {18, 20, 12, 14, 4, 4});
  const double expected[] = {0.95, 0.95, 0.65, 0.65, 0.2, 0.2};
  for (size_t i = 0; i < 6; ++i) EXPECT_DOUBLE_EQ(curve.points[i].smoothed, expected[i]) << i;
}

TEST(CameraCurve, SaysWhereTheAccuracyFalls) {
  const CameraCurve curve = CurveOf("tilt", {20, 20, 16, 10, 10, 10});
  EXPECT_DOUBLE_EQ(AccuracyAt(curve, 1.5), 0.9);
  EXPECT_DOUBLE_EQ(AccuracyAskedFor(curve), 0.9);
  EXPECT_NEAR(FallsBelow(curve, 0.9).value(), 1.5, 1e-12);
  EXPECT_FALSE(FallsBelow(curve, 0.5));
  EXPECT_EQ(FallsBelow(curve, 1.01).value(), 0);
}

TEST(CameraCurve, AdvisesWhatDoesHarmEarliestFirstAndNamesTheWorst) {
  CameraFindings findings;
  findings.curves = {CurveOf("tilt", {20, 20, 20, 10, 10, 0}), CurveOf("distance", {20, 20, 14, 10, 2, 0}),
                     CurveOf("glare", {20, 20, 20, 20, 20, 19})};
  Advise(findings);
  EXPECT_EQ(findings.worst_axis, "distance");  // at severity 4, which a hard photograph has
  EXPECT_DOUBLE_EQ(findings.worst_value, 0.5);
  EXPECT_DOUBLE_EQ(findings.worst_accuracy, 0.1);
  EXPECT_THAT(findings.advice,
              ElementsAre("hold the phone so that the subject fills the box: under 0.80 of "
                          "its side the accuracy falls below 90 % (14 of 20 right at 0.7; 48 "
                          "to 85 %)",
                          "hold the phone parallel to the subject: tilted by 22 degrees the "
                          "accuracy falls below 90 % (10 of 20 right at 30; 30 to 70 %)"));
}

TEST(CameraCurve, SaysNothingOfWhatHardPhotographsDoNotHaveNorOfChance) {
  CameraFindings findings;
  findings.curves = {CurveOf("moire", {20, 20, 20, 8, 6, 4}),      // hard photographs have up to strength 2
                     CurveOf("tilt", {20, 20, 20, 20, 10, 0}),     // up to 3
                     CurveOf("glare", {20, 20, 17, 17, 17, 17})};  // 64 to 95 %
  findings.curves[2].points[0].correct = 19;
  findings.curves[2].points[1].correct = 19;
  Smooth(findings.curves[2]);
  Advise(findings);
  EXPECT_THAT(findings.advice, IsEmpty());
  EXPECT_EQ(findings.worst_axis, "glare");
}

// 20 and 14 of 20: p = 0.01. That is shown where nothing else was asked, and nothing among eighteen axes.
TEST(CameraCurve, CorrectsForTheNumberOfAxes) {
  CameraFindings findings;
  findings.curves = {CurveOf("tilt", {20, 18, 16, 14, 14, 14})};
  Advise(findings);
  EXPECT_THAT(findings.advice, testing::SizeIs(1));
  EXPECT_EQ(findings.advised[0].axis, "tilt");
  for (const image::CameraAxis& axis : image::CameraAxes()) {
    if (axis.name != "tilt")
      findings.curves.push_back(CurveOf(std::string(axis.name), std::vector<size_t>(6, 20)));
  }
  Advise(findings);
  EXPECT_THAT(findings.advice, IsEmpty());
  EXPECT_EQ(findings.worst_axis, "tilt");
}

TEST(CameraCurve, EveryAxisHasItsAdvice) {
  for (const image::CameraAxis& axis : image::CameraAxes()) {
    CameraFindings findings;
    findings.curves = {CurveOf(std::string(axis.name), {20, 0, 0, 0, 0, 0})};
    Advise(findings);
    EXPECT_EQ(findings.advice.size(), 1u) << axis.name;
  }
}

// Two classes; the first `correct` of n answers are right.
Route MadeRoute(const std::string& name, const std::string& model, size_t n, size_t correct) {
  Route route;
  route.name = name;
  route.model = model;
  for (size_t i = 0; i < n; ++i) {
    route.pictures.push_back(static_cast<int>(i));
    route.truth.push_back(static_cast<int>(i % 2));
    const bool first = (i % 2 == 0) == (i < correct);
    route.scores.push_back(first ? std::vector<float>{0.9f, 0.1f} : std::vector<float>{0.1f, 0.9f});
  }
  Score(route, 2);
  return route;
}

std::vector<std::string> Failed(const Rules& rules, size_t without, size_t with, size_t n = 100) {
  Verdict verdict;
  verdict.labels = {"a", "b"};
  verdict.routes = {MadeRoute("computer", "float", n, without), MadeRoute("quantized", "int8", n, without),
                    MadeRoute("camera", "int8", n, with)};
  std::vector<std::string> failed;
  for (const RuleResult& rule : CameraRules(rules, verdict)) {
    EXPECT_EQ(rule.advice.empty(), rule.passed);
    if (!rule.passed) failed.push_back(rule.rule);
  }
  return failed;
}

TEST(CameraRules, AskThatTheWholeIntervalIsAboveTheMinimumAndGuessing) {
  EXPECT_THAT(Failed({}, 90, 85), IsEmpty());
  EXPECT_THAT(Failed({}, 90, 76), ElementsAre("camera"));  // 67 to 83 %: 70 % is not shown
  Rules lax;
  lax.min_accuracy = 0;
  EXPECT_THAT(Failed(lax, 60, 62), IsEmpty());
  EXPECT_THAT(Failed(lax, 60, 56), ElementsAre("camera"));  // 46 to 65 %: guessing gives 50
}

// verdict.json keeps counts, not every answer; a gate of a later call is decided from it.
TEST(CameraRules, AreDecidedAnewFromARecordWithoutAnswers) {
  Verdict verdict;
  verdict.labels = {"a", "b"};
  verdict.routes = {MadeRoute("computer", "float", 100, 90), MadeRoute("quantized", "int8", 100, 90),
                    MadeRoute("camera", "int8", 100, 85)};
  for (Route& route : verdict.routes) {
    route.pictures.clear();
    route.truth.clear();
    route.predicted.clear();
    route.scores.clear();
  }
  verdict.rules = {{"camera-loss", true, "", ""}, {"camera", true, "", ""}};
  Rules strict;
  strict.max_camera_loss = 0.02;
  DecideGates(strict, verdict);
  EXPECT_FALSE(verdict.rules[0].passed);
  EXPECT_THAT(verdict.rules[0].text, HasSubstr("5.0 points lost; at most 2.0 points are allowed (n=100)"));
  EXPECT_TRUE(verdict.rules[1].passed);
}

TEST(CameraRules, AskThatTheCameraTakesNoMoreThanIsAllowed) {
  EXPECT_THAT(Failed({}, 99, 84), IsEmpty());
  EXPECT_THAT(Failed({}, 99, 83), ElementsAre("camera-loss"));
  Rules lax;
  lax.max_camera_loss = 0.2;
  EXPECT_THAT(Failed(lax, 99, 83), IsEmpty());
}

TEST(CameraRules, AdviseTheGeneratorOnlyToThoseWhoHaveNotUsedIt) {
  Verdict verdict;
  verdict.labels = {"a", "b"};
  verdict.routes = {MadeRoute("quantized", "int8", 100, 99), MadeRoute("camera", "int8", 100, 60)};
  for (const bool taught : {false, true}) {
    verdict.camera_taught = taught;
    const std::vector<RuleResult> rules = CameraRules({}, verdict);
    ASSERT_EQ(rules.size(), 2u);
    for (const RuleResult& rule : rules) {
      EXPECT_THAT(rule.advice, HasSubstr("train with pictures taken by the phone"));
      EXPECT_EQ(rule.advice.find("--generators camera") == std::string::npos, taught) << rule.advice;
    }
  }
}

TEST(CameraRules, AreNotAskedForTheGallery) {
  Rules rules;
  rules.purpose = Purpose::kGallery;
  EXPECT_THAT(Failed(rules, 99, 10), IsEmpty());
  EXPECT_EQ(*ParsePurpose("gallery"), Purpose::kGallery);
  EXPECT_EQ(ParsePurpose("galery").error().kind, ErrorKind::kUsage);
}

TEST(CameraRoute, JudgesEveryPictureOutOfFoldAndEveryFault) {
  SKIP_WITHOUT_RUNTIME();
  const sample::Run run = sample::MakeRun("camera");
  const auto verdict = VerifyRun({run.folder, {}, 2}, SilentProgress());
  ASSERT_TRUE(verdict) << verdict.error().message;
  for (const auto& [name, n] : {std::pair{"camera", 24u},
                                {"camera-hard", 24u},
                                {"camera-holdout", 6u},
                                {"camera-hard-holdout", 6u}}) {
    const Route* route = FindRoute(*verdict, name);
    ASSERT_NE(route, nullptr) << name;
    EXPECT_EQ(route->n, n) << name;
    EXPECT_GT(route->accuracy, 0.6) << name;
  }
  EXPECT_TRUE(verdict->camera_taught);
  EXPECT_EQ(FindRoute(*verdict, "camera")->model, FindRoute(*verdict, "quantized")->model);
  ASSERT_TRUE(verdict->camera);
  EXPECT_EQ(verdict->camera->pictures, 24u);
  EXPECT_EQ(verdict->camera->backgrounds, "built in");
  EXPECT_EQ(verdict->camera->curves.size(), image::CameraAxes().size());
  for (const CameraCurve& curve : verdict->camera->curves) {
    ASSERT_EQ(curve.points.size(), 6u);
    EXPECT_EQ(curve.points[0].n, 24u);
    EXPECT_GE(curve.points[0].correct, 22u) << curve.axis;
  }
  const Json record = *ReadRecord(run.folder / "verdict.json", "handlens-verdict", 1);
  EXPECT_EQ(record.at("thresholds").at("for"), "both");
  EXPECT_EQ(record.at("camera").at("axes").size(), image::CameraAxes().size());
  EXPECT_EQ(record.at("camera").at("axes").at(3).at("axis"), "tilt");
}

// The mean colour of a picture says nothing in light of another colour: the verdict must fail for it, and say
// so.
TEST(CameraRoute, UsesTheUsersOwnBackgroundsAndNamesAFolderThatIsNotThere) {
  SKIP_WITHOUT_RUNTIME();
  const sample::Run run = sample::MakeRun("camera-fails");
  const auto backgrounds = run.folder.parent_path() / "green";
  ASSERT_TRUE(WriteFileAtomic(backgrounds / "wall.png", image::EncodePng(sample::PictureRgb(28), 9, 7)));
  Rules strict;
  strict.max_camera_loss = 0;
  const auto verdict = VerifyRun({run.folder, strict, 2, backgrounds}, SilentProgress());
  ASSERT_TRUE(verdict) << verdict.error().message;
  EXPECT_EQ(verdict->camera->backgrounds, "green (1 of 1 pictures)");
  const auto missing = VerifyRun({run.folder, {}, 2, run.folder / "nothing"}, SilentProgress());
  ASSERT_FALSE(missing);
  EXPECT_EQ(missing.error().kind, ErrorKind::kBadInput);
}

}  // namespace
}  // namespace handlens::verify
