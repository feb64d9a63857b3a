// Claims about the doctor: it finds every planted defect, alone and in pairs, repairs it where a file can say
// it, and finds nothing in healthy models.
#include "doctor/doctor.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <functional>
#include <set>

#include "doctor/planted.h"

namespace handlens::doctor {
namespace {

using planted::Case;
using testing::HasSubstr;

#define SKIP_WITHOUT_RUNTIME() \
  if (const auto version = tflite::RuntimeVersion(); !version) GTEST_SKIP() << version.error().message

struct Defect {
  const char* what;  // the finding that it must give
  std::function<void(Case&)> plant;
};
const std::vector<Defect>& Defects() {
  static const std::vector<Defect> defects = {
      {"scale", [](Case& c) { c.learnt.scale = Scale::kSymmetric; }},
      {"channels", [](Case& c) { c.learnt.channels = Channels::kBgr; }},
      {"exif", [](Case& c) { c.learnt.exif = Exif::kIgnored; }},
      {"fit", [](Case& c) { c.learnt.fit = image::Fit::kStretch; }},
      {"resize", [](Case& c) { c.learnt.resize = Resize::kNearest; }},
      {"saved", [](Case& c) { c.learnt.saved = Saved::kSmallJpeg; }},
      {"type", [](Case& c) { c.name = "planted-int8.tflite"; }},
      {"metadata", [](Case& c) { c.says_size = false; }},
      {"label-order", [](Case& c) { c.swapped_pairs = 3; }},
      {"labels", [](Case& c) { c.no_labels = true; }},
  };
  return defects;
}

std::filesystem::path Folder(const std::string& name) {
  return std::filesystem::path(testing::TempDir()) / ("handlens-doctor-" + name);
}

Result<Diagnosis> ExamineCase(const planted::Planted& planted, const Case& c = {}) {
  return Examine({.model = planted.model, .name = c.name, .pictures = planted.pictures, .jobs = 2},
                 SilentProgress());
}

std::set<std::string> Found(const Diagnosis& diagnosis) {
  std::set<std::string> what;
  for (const Finding& finding : diagnosis.findings) what.insert(finding.what);
  return what;
}

std::string Texts(const Diagnosis& diagnosis) {
  std::string text = Words(diagnosis.repaired);
  for (const Finding& finding : diagnosis.findings) text += "\n" + finding.what + ": " + finding.text;
  return text;
}

// Labels that are not there are in no wrong order.
void ExpectFound(const Diagnosis& diagnosis, std::set<std::string> expected, const std::string& name) {
  if (expected.contains("labels")) expected.erase("label-order");
  const std::set<std::string> found = Found(diagnosis);
  EXPECT_EQ(found, expected) << name << "\n" << Texts(diagnosis);
  EXPECT_GE(diagnosis.right_repaired, diagnosis.pictures * 9 / 10) << name << "\n" << Texts(diagnosis);
}

TEST(Doctor, FindsEveryDefectAlone) {
  SKIP_WITHOUT_RUNTIME();
  for (const Defect& defect : Defects()) {
    Case c;
    defect.plant(c);
    const auto diagnosis = ExamineCase(planted::Make(c, Folder("alone")), c);
    ASSERT_TRUE(diagnosis) << diagnosis.error().message;
    ExpectFound(*diagnosis, {defect.what}, defect.what);
  }
}

TEST(Doctor, FindsEveryScale) {
  SKIP_WITHOUT_RUNTIME();
  for (const Scale scale : {Scale::kSymmetric, Scale::kBytes, Scale::kImageNet, Scale::kCaffe}) {
    Case c;
    c.learnt.scale = scale;
    const auto diagnosis = ExamineCase(planted::Make(c, Folder("scales")), c);
    ASSERT_TRUE(diagnosis) << diagnosis.error().message;
    ExpectFound(*diagnosis, {"scale"}, Words(c.learnt));
    EXPECT_EQ(diagnosis->repaired, c.learnt) << Texts(*diagnosis);
  }
}

TEST(Doctor, FindsEveryPairOfDefects) {
  SKIP_WITHOUT_RUNTIME();
  for (size_t a = 0; a < Defects().size(); ++a) {
    for (size_t b = a + 1; b < Defects().size(); ++b) {
      Case c;
      c.seed = 10 * a + b;
      Defects()[a].plant(c);
      Defects()[b].plant(c);
      // Blurred as a JPEG's colours are, clean ones do no harm when they are exchanged.
      if (c.learnt.channels == Channels::kBgr && c.learnt.saved == Saved::kSmallJpeg) c.noise = 24;
      const auto diagnosis = ExamineCase(planted::Make(c, Folder("pairs")), c);
      ASSERT_TRUE(diagnosis) << diagnosis.error().message;
      ExpectFound(*diagnosis, {Defects()[a].what, Defects()[b].what},
                  fmt::format("{} and {}", Defects()[a].what, Defects()[b].what));
    }
  }
}

// What was wrong between the paper's notebooks and its apps, by the numbers of its checklist. X5, folds that
// are not stratified, leaves no trace in a file: split's tests have it.
TEST(Doctor, FindsThePapersDefects) {
  SKIP_WITHOUT_RUNTIME();
  const std::vector<std::pair<Defect, const char*>> defects = {
      {{"channels", [](Case& c) { c.learnt.channels = Channels::kBgr; }}, "X1: OpenCV's blue first"},
      {{"saved", [](Case& c) { c.learnt.saved = Saved::kSmallJpeg; }}, "X6: saved again at the small size"},
      {{"resize", [](Case& c) { c.learnt.resize = Resize::kNearest; }}, "X7: the nearest pixel"},
      {{"exif", [](Case& c) { c.learnt.exif = Exif::kIgnored; }}, "X7: EXIF ignored"},
      {{"metadata",
        [](Case& c) {
          c.takes_bytes = true;
          c.learnt.scale = Scale::kUnit;
          c.says = Scale::kSymmetric;
        }},
       "X7: mean and deviation beside a quantized input"},
      {{"type", [](Case& c) { c.plays_8_bits = true; }}, "X8: trained for 8 bits, converted without"},
      {{"metadata", [](Case& c) { c.says_size = false; }}, "X9: another size in the metadata"},
      {{"type", [](Case& c) { c.name = "efficientnet-lite0-int8.tflite"; }}, "X10: floats called int8"},
  };
  for (const auto& [defect, paper] : defects) {
    Case c;
    defect.plant(c);
    const auto diagnosis = ExamineCase(planted::Make(c, Folder("paper")), c);
    ASSERT_TRUE(diagnosis) << diagnosis.error().message;
    ExpectFound(*diagnosis, {defect.what}, paper);
  }
}

// A channel swap that costs one answer in twelve is lost among the chances of a few pictures.
TEST(Doctor, FindsOnManyPicturesWhatIsLostOnFew) {
  SKIP_WITHOUT_RUNTIME();
  Case c;
  c.swapped_pairs = 1;
  const planted::Planted sick = planted::Make(c, Folder("many"), 20);
  const auto examine = [&](size_t most) {
    return Examine({.model = sick.model,
                    .name = c.name,
                    .pictures = sick.pictures,
                    .most_screened = 60,
                    .most_pictures = most,
                    .jobs = 2},
                   SilentProgress());
  };
  const auto few = examine(60), many = examine(600);
  ASSERT_TRUE(few && many);
  EXPECT_EQ(Found(*few), std::set<std::string>()) << "the plant is no test if few pictures show it";
  EXPECT_EQ(Found(*many), std::set<std::string>{"label-order"}) << Texts(*many);
  EXPECT_GT(many->pictures, few->pictures);
}

TEST(Doctor, FindsNothingInTwentyHealthyModels) {
  SKIP_WITHOUT_RUNTIME();
  size_t right = 0, pictures = 0;
  for (uint64_t i = 0; i < 20; ++i) {
    Case c;
    c.seed = 100 + i;
    c.noise = 10 + 35 * static_cast<float>(i % 5);  // from easy to hard
    c.learnt.scale = i % 2 == 0 ? Scale::kUnit : Scale::kImageNet;
    c.says = c.learnt.scale;
    c.turned = i % 3 == 0;
    const auto diagnosis = ExamineCase(planted::Make(c, Folder("healthy")), c);
    ASSERT_TRUE(diagnosis) << diagnosis.error().message;
    EXPECT_EQ(Found(*diagnosis), std::set<std::string>()) << i << "\n" << Texts(*diagnosis);
    EXPECT_FALSE(diagnosis->what_if.empty());
    right += diagnosis->right_repaired;
    pictures += diagnosis->pictures;
  }
  EXPECT_LT(right, pictures) << "the hard ones are no test if every picture is right";
  EXPECT_GT(right, pictures / 2);
}

TEST(Doctor, FixesWhatAFileCanSay) {
  SKIP_WITHOUT_RUNTIME();
  Case c;
  c.learnt.scale = Scale::kSymmetric;
  c.swapped_pairs = 3;
  const planted::Planted sick = planted::Make(c, Folder("fix"));
  const auto diagnosis = ExamineCase(sick);
  ASSERT_TRUE(diagnosis) << diagnosis.error().message;
  EXPECT_LT(diagnosis->right_declared, diagnosis->right_repaired);
  const auto fixed = Fix(sick.model, *diagnosis);
  ASSERT_TRUE(fixed) << fixed.error().message;
  const auto again = Examine({.model = *fixed, .name = "fixed.tflite", .pictures = sick.pictures, .jobs = 2},
                             SilentProgress());
  ASSERT_TRUE(again) << again.error().message;
  EXPECT_EQ(Found(*again), std::set<std::string>()) << Texts(*again);
  EXPECT_EQ(again->right_declared, diagnosis->right_repaired);
  EXPECT_EQ(again->declared_labels, sick.pictures.labels);
}

TEST(Doctor, FixesTheFitWhereAllElseIsPlain) {
  SKIP_WITHOUT_RUNTIME();
  Case c;
  c.learnt.fit = image::Fit::kStretch;
  const planted::Planted sick = planted::Make(c, Folder("fix-fit"));
  const auto diagnosis = ExamineCase(sick);
  ASSERT_TRUE(diagnosis) << diagnosis.error().message;
  const auto fixed = Fix(sick.model, *diagnosis);
  ASSERT_TRUE(fixed) << fixed.error().message;
  const auto again = Examine({.model = *fixed, .name = "fixed.tflite", .pictures = sick.pictures, .jobs = 2},
                             SilentProgress());
  ASSERT_TRUE(again) << again.error().message;
  EXPECT_EQ(Found(*again), std::set<std::string>()) << Texts(*again);
  EXPECT_EQ(again->declared.fit, image::Fit::kStretch);
}

TEST(Doctor, WritesNothingWhereAFileCannotSayIt) {
  SKIP_WITHOUT_RUNTIME();
  Case c;
  c.learnt.channels = Channels::kBgr;
  const planted::Planted sick = planted::Make(c, Folder("fix-not"));
  const auto diagnosis = ExamineCase(sick);
  ASSERT_TRUE(diagnosis) << diagnosis.error().message;
  const auto fixed = Fix(sick.model, *diagnosis);
  ASSERT_FALSE(fixed);
  EXPECT_THAT(fixed.error().message, HasSubstr("nothing was found that the file itself can say"));
}

TEST(Doctor, GivesTheSameForAnyNumberOfThreads) {
  SKIP_WITHOUT_RUNTIME();
  Case c;
  c.learnt.scale = Scale::kBytes;
  c.noise = 20;
  const planted::Planted sick = planted::Make(c, Folder("jobs"));
  const auto one =
      Examine({.model = sick.model, .name = "m", .pictures = sick.pictures, .jobs = 1}, SilentProgress());
  const auto five =
      Examine({.model = sick.model, .name = "m", .pictures = sick.pictures, .jobs = 5}, SilentProgress());
  ASSERT_TRUE(one && five);
  EXPECT_EQ(Texts(*one), Texts(*five));
}

TEST(Doctor, RefusesWhatIsNoClassifierOfPictures) {
  const planted::Planted good = planted::Make({}, Folder("refuses"), 1);
  const Bytes text = {'n', 'o'};
  const auto refused =
      Examine({.model = text, .name = "no.tflite", .pictures = good.pictures}, SilentProgress());
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().kind, ErrorKind::kBadInput);
  EXPECT_THAT(refused.error().message, HasSubstr("no.tflite"));
}

}  // namespace
}  // namespace handlens::doctor
