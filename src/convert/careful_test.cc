// Claims about careful models: the temperature changes how sure, never what; the guard multiplies scores by
// one factor a picture, low for strangers; what the files compute is what the engine's scores say.
#include "convert/careful.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <filesystem>

#include "base/rng.h"
#include "convert/evaluate.h"
#include "convert/quantize.h"
#include "convert/sample_models.h"
#include "convert/temperature.h"
#include "nn/zoo.h"
#include "train/synthetic.h"

namespace handlens::convert {
namespace {

namespace fs = std::filesystem;
using namespace sample;
using tflite::Judge;
using tflite::Kernels;

#define SKIP_WITHOUT_RUNTIME() \
  if (const auto version = tflite::RuntimeVersion(); !version) GTEST_SKIP() << version.error().message

std::vector<float> SoftmaxOf(std::vector<double> logits, double temperature) {
  double sum = 0;
  for (double& logit : logits) sum += logit = std::exp(logit / temperature);
  std::vector<float> scores;
  for (const double value : logits) scores.push_back(static_cast<float>(value / sum));
  return scores;
}

size_t TopOf(std::span<const float> scores) {
  return static_cast<size_t>(std::max_element(scores.begin(), scores.end()) - scores.begin());
}

// Labels drawn by softmax of the logits over `truth`, and the scores as of temperature 1.
struct Drawn {
  std::vector<std::vector<float>> scores;
  std::vector<int> labels;

  Drawn(double truth, uint64_t n, float widest) {
    for (uint64_t i = 0; i < n; ++i) {
      Rng rng(3, "temperature", {i});
      std::vector<double> logits;
      for (int c = 0; c < 4; ++c) logits.push_back(static_cast<double>(widest * rng.Uniform()));
      scores.push_back(SoftmaxOf(logits, 1));
      const std::vector<float> drawn_by = SoftmaxOf(logits, truth);
      double left = static_cast<double>(rng.Uniform());
      int label = 0;
      while (label < 3 && (left -= static_cast<double>(drawn_by[static_cast<size_t>(label)])) > 0) ++label;
      labels.push_back(label);
    }
  }
  std::vector<ScoredTruth> Pictures() const {
    std::vector<ScoredTruth> pictures;
    for (size_t i = 0; i < scores.size(); ++i)
      pictures.push_back({scores[i], labels[i], static_cast<int>(i)});
    return pictures;
  }
};

TEST(Temperature, FindsTheOneThatTheLabelsWereDrawnBy) {
  for (const double truth : {0.5, 1.0, 2.5})
    EXPECT_NEAR(FitTemperature(Drawn(truth, 4000, 4).Pictures()) / truth, 1, 0.12) << truth;
}

TEST(Temperature, FewPicturesThatAreAllRightAreNoCertainty) {
  const std::vector<float> scores = {0.9f, 0.06f, 0.04f};
  const std::vector<ScoredTruth> pictures(20, ScoredTruth{scores, 0, 0});
  const double temperature = FitTemperature(pictures);
  EXPECT_LT(temperature, 1);  // they were underrated
  EXPECT_LT(SoftmaxOf({std::log(0.9), std::log(0.06), std::log(0.04)}, temperature)[0],
            0.97f);  // 21 / 22 at most
  EXPECT_EQ(FitTemperature({}), 1);
}

TEST(Temperature, IsKeptWhereItHelpsPicturesThatDidNotSetIt) {
  const Drawn shouted(3, 300, 8), said(1, 300, 8);
  const Temperature loud = ChooseTemperature(shouted.Pictures()), honest = ChooseTemperature(said.Pictures());
  EXPECT_NEAR(loud.kept, 3, 1);
  EXPECT_EQ(loud.kept, loud.fitted);
  EXPECT_NE(honest.fitted, 1);  // chance moves it a little
  EXPECT_EQ(honest.kept, 1);
}

// As of a probe of leaves: 200 pictures, all right and nearly sure. Platt's targets alone made it less sure.
TEST(Temperature, DoesNotHarmAModelThatIsRightlySure) {
  const std::vector<float> scores = {0.999f, 0.001f - 2e-7f, 1e-7f, 1e-7f};
  std::vector<ScoredTruth> pictures;
  for (int i = 0; i < 200; ++i) pictures.push_back({scores, 0, i});
  const Temperature temperature = ChooseTemperature(pictures);
  EXPECT_GT(temperature.fitted, 1.3);
  EXPECT_EQ(temperature.kept, 1);
  EXPECT_EQ(ChooseTemperature(std::span(pictures).first(5)).kept, 1);
}

// conv - ReLU - global average pool - dense: what a guard goes with.
nn::ModelSpec Pooled() {
  return Spec(9,
              {Conv(12, 3, 1, Padding::kValid), Plain(LayerKind::kRelu), Plain(LayerKind::kGlobalAvgPool)});
}

TEST(Cooled, FilesSayTheSameLessLoudly) {
  SKIP_WITHOUT_RUNTIME();
  const nn::ModelSpec spec = Pooled();
  const nn::Weights weights = RandomWeights(spec, 21);
  const FoldedModel plain = *Fold(spec, weights);
  const auto pictures = Pictures(9, 12);
  const Calibration calibration = *Calibrate(plain, Spans(pictures), 1, SilentProgress());
  FoldedModel cooled = plain;
  Calibration cool_ranges = calibration;
  ASSERT_TRUE(CanCool(cooled));
  Cool(3.0, cooled);
  Cool(3.0, cool_ranges);
  nn::Weights cool_weights = weights;
  Cool(3.0, spec, cool_weights);
  EXPECT_EQ(Fold(spec, cool_weights)->layers.back().weights, cooled.layers.back().weights);
  const Evaluator evaluator(plain);
  auto floats = Judge::Load(*Convert(cooled, Variant::kFloat32, Io::kUint8, nullptr), Kernels::kBuiltin);
  auto before = Judge::Load(*Convert(plain, Variant::kInt8, Io::kUint8, &calibration), Kernels::kBuiltin);
  auto after = Judge::Load(*Convert(cooled, Variant::kInt8, Io::kUint8, &cool_ranges), Kernels::kBuiltin);
  ASSERT_TRUE(floats && before && after);
  for (const auto& picture : pictures) {
    const std::vector<float> logits = evaluator.Run(picture).back();
    const std::vector<float> expected = SoftmaxOf({logits.begin(), logits.end()}, 3.0),
                             scores = *(*floats)->Classify(picture);
    for (size_t c = 0; c < 3; ++c) EXPECT_NEAR(scores[c], expected[c], 1e-5);
    const auto hot = *(*before)->Classify(picture), cool = *(*after)->Classify(picture);
    EXPECT_EQ(cool[TopOf(hot)], cool[TopOf(cool)]);  // softer scores may share a step of int8
    EXPECT_GE(hot[TopOf(hot)], cool[TopOf(cool)]);
  }
}

Seen SeenBy(const FoldedModel& model, const std::vector<std::vector<uint8_t>>& pictures) {
  const Evaluator evaluator(model);
  Seen seen;
  for (size_t i = 0; i < pictures.size(); ++i) {
    seen.features.push_back(evaluator.Run(pictures[i])[model.layers.size() - 2]);
    seen.labels.push_back(static_cast<int>(i % 3));
  }
  return seen;
}

TEST(Guard, MultipliesEveryFilesScoresByOneFactorAPicture) {
  SKIP_WITHOUT_RUNTIME();
  const nn::ModelSpec spec = Pooled();
  ASSERT_EQ(FeatureLayer(spec), 1);
  const FoldedModel plain = *Fold(spec, RandomWeights(spec, 22));
  const auto pictures = Pictures(9, 24);
  const Seen seen = SeenBy(plain, pictures);
  const std::vector<float> log_means = LogMeans(seen, 3);
  const auto bounds = FitBounds(Familiarities(log_means, seen));
  ASSERT_TRUE(bounds.has_value());
  const Guard guard = MakeGuard(log_means, *bounds, seen);
  Calibration calibration = *Calibrate(plain, Spans(pictures), 1, SilentProgress());
  FoldedModel guarded = plain;
  AddGuard(guard, guarded);
  AddGuard(guard, calibration);
  const Evaluator evaluator(plain);
  double lowest = 1, highest = 0;
  for (const auto& [variant, tolerance] : {std::pair{Variant::kFloat32, 1e-5},
                                           {Variant::kFloat16, 3e-3},
                                           {Variant::kDynamic, 0.05},
                                           {Variant::kInt8, 0.05}}) {
    for (const Kernels kernels : {Kernels::kBuiltin, Kernels::kXnnpack}) {
      auto judge = Judge::Load(*Convert(guarded, variant, Io::kUint8, &calibration), kernels);
      ASSERT_TRUE(judge.has_value()) << VariantName(variant) << ": " << judge.error().message;
      EXPECT_EQ((*judge)->classes(), 3);
      for (size_t i = 0; i < pictures.size(); ++i) {
        const std::vector<float> logits = evaluator.Run(pictures[i]).back();
        const std::vector<float> expected = SoftmaxOf({logits.begin(), logits.end()}, 1),
                                 scores = *(*judge)->Classify(pictures[i]);
        const double factor = FactorOf(guard, seen.features[i]);
        lowest = std::min(lowest, factor);
        highest = std::max(highest, factor);
        for (size_t c = 0; c < 3; ++c)
          EXPECT_NEAR(scores[c], factor * static_cast<double>(expected[c]), tolerance)
              << VariantName(variant);
      }
    }
  }
  EXPECT_LT(lowest, 0.9);  // the sample has both kinds
  EXPECT_GT(highest, 0.99);
}

// Steps of the logits decide how often rounding turns an answer.
TEST(Guard, MakesTheStepsOfWideLogitsNoCoarser) {
  const Guard guard{2, std::vector<float>(2 * 4, 0.0f), 1};
  const auto ranges = [&](float low, float high, float least_top) {
    Calibration calibration{{0, low}, {6, high}, {{0}, {0}, {0, 0}}, least_top, 10};
    AddGuard(guard, calibration);
    return calibration;
  };
  const Calibration wide = ranges(-20, 16, 3);
  EXPECT_EQ(wide.low[1], -9);      // 3 - 7 - 5
  EXPECT_EQ(wide.high[1], 18.5f);  // 16 + 2.5
  EXPECT_LT(wide.high[1] - wide.low[1], 16 + 20);
  EXPECT_EQ(ranges(-2, 16, 8).low[1], -4);  // 8 - 7 - 5
  EXPECT_EQ(ranges(-2, 16, 3).low[1], -7);  // -2 - 5: all of it
  for (const Calibration& calibration :
       {wide, ranges(-2, 16, 3)}) {  // one range before and after the addition: one rounding
    EXPECT_EQ(calibration.low.back(), calibration.low[1]);
    EXPECT_EQ(calibration.high.back(), calibration.high[1]);
  }
}

// The mean distance of an int8 file's scores from the float file's, with a guard and without.
TEST(Guard, CostsTheInt8FileNoPrecision) {
  SKIP_WITHOUT_RUNTIME();
  FoldedModel plain = *Fold(Pooled(), RandomWeights(Pooled(), 23));
  const auto pictures = Pictures(9, 200);
  Calibration calibration = *Calibrate(plain, Spans(pictures), 1, SilentProgress());
  const double cool = static_cast<double>(calibration.high.back() - calibration.low.back()) /
                      60;  // as wide as a probe's logits
  Cool(cool, plain);
  Cool(cool, calibration);
  const Seen seen = SeenBy(plain, pictures);
  const std::vector<float> log_means = LogMeans(seen, 3);
  const Guard guard = MakeGuard(log_means, *FitBounds(Familiarities(log_means, seen)), seen);
  const auto distance = [&](const FoldedModel& model, const Calibration& ranges) {
    auto exact = *Judge::Load(*Convert(model, Variant::kFloat32, Io::kUint8, nullptr), Kernels::kXnnpack);
    auto rounded = *Judge::Load(*Convert(model, Variant::kInt8, Io::kUint8, &ranges), Kernels::kXnnpack);
    double sum = 0;
    for (const auto& picture : pictures) {
      const std::vector<float> a = *exact->Classify(picture), b = *rounded->Classify(picture);
      for (size_t c = 0; c < a.size(); ++c)
        sum += std::abs(static_cast<double>(a[c]) - static_cast<double>(b[c]));
    }
    return sum / static_cast<double>(pictures.size());
  };
  FoldedModel guarded = plain;
  Calibration wider = calibration;
  AddGuard(guard, guarded);
  AddGuard(guard, wider);
  const double without = distance(plain, calibration), with = distance(guarded, wider);
  EXPECT_LT(with, 1.3 * without);  // 1.14; 1.65 with the logits of both halves in one range to the lowest
}

// What lights up: class c the channels c, c + 3, ...; strangers those that no class lights.
std::vector<float> Lit(int first, uint64_t key, float size) {
  Rng rng(5, "features", {key});
  std::vector<float> features(24);
  for (size_t i = 0; i < features.size(); ++i) features[i] = size * 0.02f * rng.Uniform();
  for (int i = first; i < first + 4; ++i) features[static_cast<size_t>(i)] = size * (1 + rng.Uniform());
  return features;
}

TEST(Guard, KnowsStrangersHoweverLoudTheyAre) {
  Seen trained, others;
  for (uint64_t i = 0; i < 90; ++i) {
    const int label = static_cast<int>(i % 3);
    (i < 60 ? trained : others).features.push_back(Lit(4 * label, i, 1));
    (i < 60 ? trained : others).labels.push_back(label);
  }
  const std::vector<float> log_means = LogMeans(trained, 3);
  const Guard guard = MakeGuard(log_means, *FitBounds(Familiarities(log_means, others)), trained);
  size_t untouched = 0;  // nine in ten, give or take what 30 pictures know of 100
  for (uint64_t i = 200; i < 300; ++i) {
    untouched += FactorOf(guard, Lit(4 * static_cast<int>(i % 3), i, 1)) > 0.993 ? 1 : 0;
    for (const float size : {0.1f, 1.0f, 30.0f})
      EXPECT_LT(FactorOf(guard, Lit(16, i, size)), 0.08);  // 1 / (1 + e^2.5) is 0.076
  }
  EXPECT_GE(untouched, 78u);
  others.features.resize(9);
  EXPECT_FALSE(FitBounds(Familiarities(log_means, others)).has_value());
}

TEST(Guard, GoesOnlyWithADenseLayerOnPooledChannels) {
  EXPECT_TRUE(FeatureLayer(*nn::NamedModel("nano8", 32, 3)).has_value());
  EXPECT_FALSE(FeatureLayer(*nn::NamedModel("m1", 32, 3)).has_value());
  EXPECT_FALSE(FeatureLayer(Spec(9, {Conv(4, 3, 1, Padding::kValid), Plain(LayerKind::kGlobalAvgPool)}))
                   .has_value());  // may be negative
}

// The whole step, with enough validation pictures for a guard.
class CarefulRun : public testing::Test {
 protected:
  void SetUp() override {
    if (const auto version = tflite::RuntimeVersion(); !version) GTEST_SKIP() << version.error().message;
    fs::remove_all(folder_);
    for (const int fold : {train::kAllFolds, 0, 1}) {
      train::TrialSpec spec = train::TinyTrial(made_, 4);
      spec.architecture = *nn::NamedModel("nano8", 32, 3);
      spec.fold = fold;
      ASSERT_TRUE(train::RunTrial(spec, made_.Data(), Trial(fold), SilentProgress()));
    }
  }
  fs::path Trial(int fold) const { return folder_ / "trials" / std::to_string(fold); }
  Json Do(const std::string& name, Strangers strangers, int jobs = 1) {
    Request request;
    request.data = made_.Data();
    request.final_trial = Trial(train::kAllFolds);
    request.fold_trials = {Trial(0), Trial(1)};
    request.strangers = strangers;
    request.jobs = jobs;
    request.out = folder_ / name;
    const auto done = ConvertRun(request, SilentProgress());
    EXPECT_TRUE(done.has_value()) << (done ? "" : done.error().message);
    return *ReadRecord(folder_ / name / "conversion.json", "handlens-conversion", 1);
  }
  std::vector<std::vector<float>> Scores(const std::string& file) {
    auto judge = *Judge::Load(*ReadFile(folder_ / file), Kernels::kXnnpack);
    std::vector<std::vector<float>> scores;
    for (const int picture : made_.split.folds[0].test)
      scores.push_back(*judge->Classify(made_.pixels.Picture(static_cast<size_t>(picture))));
    return scores;
  }

  const train::Synthetic made_ = train::MakeSynthetic({40, 40, 40}, 32, 9);
  const fs::path folder_ =
      fs::path(testing::TempDir()) /
      fmt::format("handlens-careful-{}", testing::UnitTest::GetInstance()->current_test_info()->name());
};

TEST_F(CarefulRun, TheGuardChangesScoresAndNoAnswer) {
  const Json with = Do("with", Strangers::kNotSure), without = Do("without", Strangers::kAnswer);
  ASSERT_EQ(with["care"].size(), 3u);
  for (size_t i = 0; i < 3; ++i) {
    EXPECT_TRUE(with["care"][i]["guard"]);
    EXPECT_FALSE(without["care"][i]["guard"]);
    EXPECT_EQ(with["care"][i]["temperature"], without["care"][i]["temperature"]);
  }
  const auto guarded = Scores("with/folds/fold0.tflite"), plain = Scores("without/folds/fold0.tflite");
  for (size_t i = 0; i < guarded.size(); ++i) {
    const double factor = guarded[i][TopOf(guarded[i])] / plain[i][TopOf(guarded[i])];
    EXPECT_EQ(TopOf(guarded[i]), TopOf(plain[i]));
    EXPECT_GT(factor, 0.07);
    EXPECT_LT(factor, 0.994);
    for (size_t c = 0; c < 3; ++c)
      EXPECT_NEAR(guarded[i][c], factor * static_cast<double>(plain[i][c]), 1e-5);
  }
}

TEST_F(CarefulRun, RecordsWhatTheFilesSay) {
  Do("one", Strangers::kNotSure);
  Do("three", Strangers::kNotSure, 3);
  for (const char* file : {"quantizedmodel.tflite", "folds/fold1_quantized.tflite", "engine_scores.json",
                           "answers.json", "conversion.json"}) {
    EXPECT_EQ(*ReadFile(folder_ / "one" / file), *ReadFile(folder_ / "three" / file)) << file;
  }
  const Json engine = *ReadRecord(folder_ / "one" / "engine_scores.json", "handlens-scores", 1);
  const Json answers = *ReadRecord(folder_ / "one" / "answers.json", "handlens-answers", 1);
  const auto floats = Scores("one/folds/fold0.tflite"),
             quantized = Scores("one/folds/fold0_quantized.tflite");
  const Json& rows = answers["folds"][0]["pictures"];
  ASSERT_EQ(rows.size(), quantized.size());
  for (size_t i = 0; i < floats.size(); ++i) {
    const std::string id = made_.dataset.pictures[static_cast<size_t>(made_.split.folds[0].test[i])].id;
    EXPECT_EQ(rows[i]["picture"], id);
    EXPECT_EQ(rows[i]["scores"].get<std::vector<float>>(), quantized[i]);
    const auto expected = engine["models"]["folds/fold0.tflite"][id].get<std::vector<float>>();
    for (size_t c = 0; c < 3; ++c) EXPECT_NEAR(floats[i][c], expected[c], 1e-4);
  }
}

}  // namespace
}  // namespace handlens::convert
