// Claims about prediction: the model's own fit and scale are used, foreign models' too, and one bad picture
// does not stop the others.
#include "verify/predict.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "verify/sample_run.h"

namespace handlens::verify {
namespace {

namespace fs = std::filesystem;
using testing::HasSubstr;

#define SKIP_WITHOUT_RUNTIME() \
  if (const auto version = tflite::RuntimeVersion(); !version) GTEST_SKIP() << version.error().message

fs::path FreshFolder(const std::string& name) {
  const fs::path folder = fs::path(testing::TempDir()) / ("handlens-predict-" + name);
  fs::remove_all(folder);
  return folder;
}

fs::path WritePicture(const fs::path& folder, const char* name, std::vector<uint8_t> colour) {
  const auto rgb = describe::sample::Flat(colour[0], colour[1], colour[2], 8);
  EXPECT_TRUE(WriteFileAtomic(folder / name, image::EncodePng(rgb, 8, 8)));
  return folder / name;
}

Bytes Foreign(std::vector<float> mean, std::vector<float> std,
              std::vector<std::string> labels = {"r", "g", "b"}) {
  tflite::Metadata m;
  m.mean = std::move(mean);
  m.std = std::move(std);
  m.min = {0};
  m.max = {1};
  m.labels = std::move(labels);
  return *tflite::AddMetadata(describe::sample::FloatModel(), m);
}

TEST(Predict, FeedsAForeignModelByItsOwnMetadata) {
  SKIP_WITHOUT_RUNTIME();
  const fs::path folder = FreshFolder("foreign");
  PredictOptions options;
  options.pictures = {WritePicture(folder, "a.png", {255, 51, 0})};
  auto made = Predict(Foreign({127.5f}, {127.5f}), "m", options, SilentProgress());
  ASSERT_TRUE(made) << made.error().message;
  EXPECT_EQ(made->pictures[0].label, "r");
  EXPECT_NEAR(made->pictures[0].scores[1], 51 / 127.5 - 1, 1e-6);
  EXPECT_NEAR(made->pictures[0].scores[2], -1, 1e-6);
  made = Predict(Foreign({0, 51, 0}, {255, 102, 51}), "m", options, SilentProgress());
  ASSERT_TRUE(made) << made.error().message;
  EXPECT_NEAR(made->pictures[0].scores[0], 1, 1e-6);
  EXPECT_NEAR(made->pictures[0].scores[1], 0, 1e-6);
  EXPECT_FALSE(made->warnings.empty());
}

// The model's description tells the evil runtime what to do. One clear error that names the model, however
// many pictures.
TEST(Predict, SurvivesAModelThatKillsTheRuntime) {
  const fs::path folder = FreshFolder("evil");
  Bytes model = Foreign({0}, {255});
  const std::string_view told = "mean colour", evil = "evil:crash";
  const auto at = std::search(model.begin(), model.end(), told.begin(), told.end());
  ASSERT_NE(at, model.end());
  std::copy(evil.begin(), evil.end(), at);
  at[static_cast<std::ptrdiff_t>(evil.size())] = 0;
  PredictOptions options;
  options.jobs = 3;
  for (const char* name : {"a.png", "b.png", "c.png", "d.png"})
    options.pictures.push_back(WritePicture(folder, name, {1, 2, 3}));
  tflite::SetRuntimeLibrary(EVIL_RUNTIME);
  const auto made = Predict(model, "stranger.tflite", options, SilentProgress());
  tflite::SetRuntimeLibrary({});
  ASSERT_FALSE(made);
  EXPECT_EQ(made.error().kind, ErrorKind::kBadInput);
  EXPECT_THAT(made.error().message,
              testing::StartsWith("stranger.tflite: the TensorFlow Lite runtime died of this model"));
}

TEST(Predict, CollectsThePicturesThatCannotBeRead) {
  SKIP_WITHOUT_RUNTIME();
  const fs::path folder = FreshFolder("broken");
  ASSERT_TRUE(WriteFileAtomic(folder / "b.png", "nothing of the kind"));
  PredictOptions options;
  options.jobs = 3;
  options.pictures = {WritePicture(folder, "a.png", {9, 200, 9}), folder / "b.png", folder / "none.png",
                      WritePicture(folder, "c.png", {9, 9, 200})};
  const auto made = Predict(Foreign({0}, {255}), "m", options, SilentProgress());
  ASSERT_TRUE(made) << made.error().message;
  ASSERT_EQ(made->pictures.size(), 4u);
  EXPECT_EQ(made->pictures[0].label, "g");
  EXPECT_THAT(made->pictures[1].error, HasSubstr("b.png"));
  EXPECT_THAT(made->pictures[2].error, HasSubstr("none.png"));
  EXPECT_EQ(made->pictures[3].label, "b");
  EXPECT_EQ(made->pictures[3].error, "");
}

TEST(Predict, SavesExactlyWhatTheModelSaw) {
  SKIP_WITHOUT_RUNTIME();
  const fs::path folder = FreshFolder("saved");
  const image::Image wide{9, 7, sample::PictureRgb(5)};
  ASSERT_TRUE(WriteFileAtomic(folder / "x" / "a.png", image::EncodePng(wide.rgb, 9, 7)));
  PredictOptions options;
  options.pictures = {folder / "x" / "a.png", WritePicture(folder, "a.png", {1, 2, 3})};
  options.save_input = folder / "out";
  const auto made = Predict(Foreign({0}, {255}), "m", options, SilentProgress());
  ASSERT_TRUE(made) << made.error().message;
  const auto saved = image::DecodeFile(folder / "out" / "a.png");
  ASSERT_TRUE(saved);
  EXPECT_EQ(saved->image.width, 5);
  EXPECT_EQ(saved->image.rgb, image::ModelInput(wide, 5, image::Fit::kCrop));
  EXPECT_EQ(made->pictures[1].saved_input, (folder / "out" / "a-2.png").string());
}

TEST(Predict, UsesTheModelsOwnThresholdAndFit) {
  SKIP_WITHOUT_RUNTIME();
  const fs::path folder = FreshFolder("own");
  describe::Description d;
  d.size_px = describe::sample::kSizePx;
  d.fit = "letterbox";
  d.labels = {"r", "g", "b"};
  d.not_sure_below = 0.5;
  d.referral.emplace();
  d.referral->wanted = {"r", 0.9};
  d.referral->from = 0.6;
  tflite::Metadata m;
  m.mean = {0};
  m.std = {255};
  m.labels = d.labels;
  m.preprocess_json = describe::PreprocessJson(d);
  PredictOptions options;
  options.pictures = {WritePicture(folder, "dim.png", {100, 0, 0}),
                      WritePicture(folder, "bright.png", {200, 0, 0})};
  const auto made =
      Predict(*tflite::AddMetadata(describe::sample::FloatModel(), m), "m", options, SilentProgress());
  ASSERT_TRUE(made) << made.error().message;
  EXPECT_EQ(made->fit, "letterbox");
  EXPECT_TRUE(made->pictures[0].not_sure);
  EXPECT_FALSE(made->pictures[1].not_sure);
  EXPECT_FALSE(made->pictures[0].referred.has_value());  // 100 / 255
  EXPECT_NEAR(made->pictures[1].referred.value_or(0), 200.0 / 255, 0.01);
}

TEST(FeedingOf, RefusesModelsThatCannotBeReadRightly) {
  const auto message = [](const Bytes& model) {
    const auto feeding = FeedingOf(*tflite::ReadModelInfo(model), "m.tflite");
    return feeding ? "" : feeding.error().message;
  };
  EXPECT_THAT(message(describe::sample::FloatModel()), HasSubstr("no labels"));
  EXPECT_THAT(message(Foreign({0}, {255}, {"r", "g"})), HasSubstr("3 outputs for 2 labels"));
  EXPECT_THAT(message(Foreign({0}, {0})), HasSubstr("normalisation"));
  EXPECT_EQ(message(Foreign({0}, {255})), "");
}

}  // namespace
}  // namespace handlens::verify
