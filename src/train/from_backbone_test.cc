// Trials that begin with a backbone: features, the probe, tuning, resuming, and what their files hold.
#include <gtest/gtest.h>

#include <filesystem>

#include "base/disk.h"
#include "train/camera_check.h"
#include "train/features.h"
#include "train/probe.h"
#include "train/synthetic_backbone.h"
#include "train/synthetic_files.h"

namespace handlens::train {
namespace {
namespace fs = std::filesystem;

class FromBackbone : public testing::Test {
 protected:
  FromBackbone()
      : made_(MakeSynthetic({14, 14, 14}, 16, 3)),
        backbone_(TinyBackbone(16, 7)),
        features_(made_.dataset, folder_ / "cache") {}
  ~FromBackbone() override { fs::remove_all(folder_); }

  TrialData Data() {
    TrialData data = made_.Data();
    data.backbones = {&backbone_};
    data.features = &features_;
    return data;
  }
  Result<TrialResult> Train(const TrialSpec& spec, const std::string& name,
                            Progress& progress = SilentProgress()) {
    return RunTrial(spec, Data(), folder_ / "trials" / name, progress);
  }
  Result<std::shared_ptr<const FeatureSet>> Features(FeatureStore& store, int views,
                                                     Progress& progress = SilentProgress()) {
    image::GeneratorSpec generator;
    generator.flip_horizontal = true;
    generator.brightness_low = 0.7f;
    generator.brightness_high = 1.3f;
    return store.Get({&backbone_, generator, views, 5, true}, made_.pixels, progress);
  }

  // result.camera is what the trial's network says of each validation picture's photographs.
  void ExpectWhatTheNetworkSays(const TrialResult& result, const fs::path& trial,
                                const image::Backdrops* backdrops) {
    ASSERT_EQ(result.camera.pictures.size(), result.validation.pictures.size() * kCameraShots);
    auto network = *nn::Network::Create(result.trained, 1, {});
    ASSERT_TRUE(network->LoadWeights(*ReadTrialWeights(trial)));
    std::vector<float> input(16 * 16 * 3), scores(3);
    for (size_t i = 0; i < result.camera.pictures.size(); ++i) {
      const auto picture = static_cast<size_t>(result.camera.pictures[i]);
      EXPECT_EQ(result.camera.pictures[i], result.validation.pictures[i / kCameraShots]);
      const auto bytes = CameraShotOf(made_.pixels, picture, static_cast<int>(i % kCameraShots),
                                      result.spec.seed, backdrops);
      for (size_t k = 0; k < input.size(); ++k) input[k] = static_cast<float>(bytes[k]) / 255;
      network->Predict(input, 1, scores);
      for (size_t c = 0; c < 3; ++c) EXPECT_NEAR(scores[c], result.camera.scores[i * 3 + c], 1e-4);
    }
  }

  const fs::path folder_ =
      fs::temp_directory_path() / fmt::format("from_backbone_{}_{}", ::getpid(),
                                              testing::UnitTest::GetInstance()->current_test_info()->name());
  Synthetic made_;
  backbone::Backbone backbone_;
  FeatureStore features_;
};

TEST_F(FromBackbone, FeaturesAreWhatThePooledNetworkComputes) {
  const auto set = Features(features_, 1);
  ASSERT_TRUE(set) << set.error().message;
  EXPECT_EQ((*set)->widths, (std::vector<int>{8, 8, 16}));
  // An identity under the second cut: its logits are the features.
  auto spec = *backbone::Classifier(backbone_, 1, 16, 8);
  auto network = *nn::Network::Create(spec, 1, {}, nn::Backend::kReference);
  nn::Weights weights = network->SaveWeights();
  ASSERT_TRUE(Overlay(weights, backbone::WeightsOf(backbone_, 1)));
  LinearHead identity{std::vector<float>(64, 0.0f), std::vector<float>(8, 0.0f)};
  for (size_t i = 0; i < 8; ++i) identity.kernel[i * 8 + i] = 1;
  ASSERT_TRUE(Overlay(weights, HeadWeights(spec, identity)));
  ASSERT_TRUE(network->LoadWeights(weights));
  std::vector<float> input(16 * 16 * 3), scores(8), expected(8);
  for (const size_t picture : {size_t{0}, size_t{20}, size_t{41}}) {
    const auto bytes = made_.pixels.Picture(picture);
    for (size_t i = 0; i < input.size(); ++i) input[i] = static_cast<float>(bytes[i]) / 255;
    network->Predict(input, 1, scores);
    Score(identity, (*set)->Of(picture, 0, 1), expected);
    for (size_t c = 0; c < 8; ++c) EXPECT_NEAR(scores[c], expected[c], 1e-5);
  }
  EXPECT_NE((*set)->Of(3, 0, 2)[0], (*set)->Of(3, 1, 2)[0]);
}

TEST_F(FromBackbone, TheLastCutAloneHasTheSameFeatures) {
  FeatureKey key{.backbone = &backbone_, .generator = {}, .views = 1, .seed = 5};
  const auto last = features_.Get(key, made_.pixels, SilentProgress());
  key.all_cuts = true;
  const auto all = features_.Get(key, made_.pixels, SilentProgress());
  ASSERT_TRUE(last && all);
  EXPECT_EQ((*last)->widths, (std::vector<int>{0, 0, 16}));
  EXPECT_EQ((*last)->values.size(), made_.dataset.pictures.size() * 2 * 16);
  for (const size_t picture : {size_t{0}, size_t{41}}) {
    EXPECT_TRUE(std::ranges::equal((*last)->Of(picture, 1, 2), (*all)->Of(picture, 1, 2)));
  }
}

TEST_F(FromBackbone, FeaturesAreReadBackAndMendedWhereAFileIsDamaged) {
  const auto first = Features(features_, 2);
  ASSERT_TRUE(first);
  const fs::path cache = folder_ / "cache" / "features";
  std::vector<fs::path> files;
  for (const auto& entry : fs::recursive_directory_iterator(cache)) {
    if (entry.is_regular_file()) files.push_back(entry.path());
  }
  ASSERT_EQ(files.size(), 2u);  // 42 pictures
  const auto before = *ReadFile(files[0]);
  ASSERT_TRUE(WriteFileAtomic(files[0], std::string_view("damaged")));
  FeatureStore again(made_.dataset, folder_ / "cache");
  const auto second = Features(again, 2);
  ASSERT_TRUE(second);
  EXPECT_EQ((*first)->values, (*second)->values);
  EXPECT_EQ(*ReadFile(files[0]), before);
}

TEST_F(FromBackbone, ThreadsComputeTheSameFeaturesTogether) {
  FeatureStore other(made_.dataset, folder_ / "other");
  const auto alone = Features(other, 2);
  ASSERT_TRUE(alone);
  std::vector<std::shared_ptr<const FeatureSet>> sets(3);
  ParallelFor(3, 3, [&](size_t i) {
    if (const auto set = Features(features_, 2)) sets[i] = *set;
  });
  for (const auto& set : sets) {
    ASSERT_TRUE(set);
    EXPECT_EQ(set->values, (*alone)->values);
  }
}

TEST_F(FromBackbone, AStoppedExtractionSaysSoAndGoesOnLater) {
  StopAfter soon(3);
  const auto stopped = Features(features_, 2, soon);
  ASSERT_FALSE(stopped);
  EXPECT_EQ(stopped.error().kind, ErrorKind::kInterrupted);
  FeatureStore other(made_.dataset, folder_ / "other");
  const auto whole = Features(other, 2), continued = Features(features_, 2);
  ASSERT_TRUE(whole && continued);
  EXPECT_EQ((*whole)->values, (*continued)->values);
}

// The files of a probe hold its classifier alone; read back with the backbone's weights, the network gives
// its scores.
TEST_F(FromBackbone, AProbesNetworkGivesItsScores) {
  const TrialSpec spec = TrialFrom(backbone_, made_, Method::kProbe);
  ASSERT_TRUE(KeepBackbone(folder_ / "trials", backbone_));
  const auto result = Train(spec, "probe");
  ASSERT_TRUE(result) << result.error().message;
  EXPECT_GT(result->strength, 0);
  EXPECT_GT(result->test_accuracy, 0.5);  // three classes
  const auto weights = ReadTrialWeights(folder_ / "trials" / "probe");
  ASSERT_TRUE(weights) << weights.error().message;
  EXPECT_LT(fs::file_size(folder_ / "trials" / "probe" / "weights.safetensors"), 700u);  // 16 x 3 + 3 numbers
  auto network = *nn::Network::Create(result->trained, 1, {});
  ASSERT_TRUE(network->LoadWeights(*weights));
  std::vector<float> input(16 * 16 * 3), scores(3);
  for (size_t i = 0; i < result->test.pictures.size(); ++i) {
    const auto bytes = made_.pixels.Picture(static_cast<size_t>(result->test.pictures[i]));
    for (size_t k = 0; k < input.size(); ++k) input[k] = static_cast<float>(bytes[k]) / 255;
    network->Predict(input, 1, scores);
    for (size_t c = 0; c < 3; ++c) EXPECT_NEAR(scores[c], result->test.scores[i * 3 + c], 1e-4);
  }
  const auto read = ReadTrial(folder_ / "trials" / "probe");
  ASSERT_TRUE(read);
  EXPECT_EQ(read->spec.start, spec.start);
  EXPECT_EQ(read->strength, result->strength);
}

// By features that all folds share; the network on each photograph says the same.
TEST_F(FromBackbone, TheCameraCheckOfAProbeIsWhatItsNetworkSaysOfThePhotographs) {
  const TrialSpec spec = TrialFrom(backbone_, made_, Method::kProbe);
  ASSERT_TRUE(KeepBackbone(folder_ / "trials", backbone_));
  TrialData data = Data();
  data.camera_check = true;
  const fs::path trial = folder_ / "trials" / "probe";
  const auto result = RunTrial(spec, data, trial, SilentProgress());
  ASSERT_TRUE(result) << result.error().message;
  ExpectWhatTheNetworkSays(*result, trial, nullptr);
  // Made once, read back, and made again in the same bytes where it is gone or damaged; the trial itself
  // stays as it is.
  const Bytes check = *ReadFile(trial / "camera.json"), record = *ReadFile(trial / "trial.json");
  EXPECT_EQ(ReadTrial(trial)->camera.scores, result->camera.scores);
  ASSERT_TRUE(WriteFileAtomic(trial / "camera.json", std::string_view("{}")));
  EXPECT_TRUE(ReadTrial(trial)->camera.pictures.empty());
  const auto again = RunTrial(spec, data, trial, SilentProgress());
  ASSERT_TRUE(again) << again.error().message;
  EXPECT_EQ(*ReadFile(trial / "camera.json"), check);
  EXPECT_EQ(*ReadFile(trial / "trial.json"), record);
}

TEST_F(FromBackbone, TheCameraCheckIsMadeAgainBeforeOtherBackgrounds) {
  const TrialSpec spec = TrialFrom(backbone_, made_, Method::kProbe);
  ASSERT_TRUE(KeepBackbone(folder_ / "trials", backbone_));
  std::vector<uint8_t> stripes(64 * 64 * 3);
  for (size_t i = 0; i < stripes.size(); ++i) stripes[i] = i / 48 % 2 == 0 ? 255 : 0;
  fs::create_directories(folder_ / "places");
  ASSERT_TRUE(WriteFileAtomic(folder_ / "places" / "one.png", image::EncodePng(stripes, 64, 64)));
  const auto own = image::Backdrops::FromFolder(folder_ / "places");
  ASSERT_TRUE(own) << own.error().message;
  EXPECT_EQ(own->id().size(), 16u);
  EXPECT_EQ(image::Backdrops::BuiltIn().id(), "");
  TrialData data = Data();
  data.camera_check = true;
  const fs::path trial = folder_ / "trials" / "probe";
  const TrialResult built_in = *RunTrial(spec, data, trial, SilentProgress());
  const Bytes check = *ReadFile(trial / "camera.json"), record = *ReadFile(trial / "trial.json");
  EXPECT_FALSE(HasCameraCheck(built_in, &*own));
  data.backdrops = &*own;
  const TrialResult before_own = *RunTrial(spec, data, trial, SilentProgress());
  EXPECT_TRUE(HasCameraCheck(before_own, &*own));
  EXPECT_FALSE(HasCameraCheck(before_own, nullptr));
  EXPECT_NE(before_own.camera.scores, built_in.camera.scores);
  ExpectWhatTheNetworkSays(before_own, trial, &*own);
  EXPECT_EQ(ReadTrial(trial)->camera_backdrops, own->id());
  data.backdrops = nullptr;
  ASSERT_TRUE(RunTrial(spec, data, trial, SilentProgress()));
  EXPECT_EQ(*ReadFile(trial / "camera.json"), check);
  EXPECT_EQ(*ReadFile(trial / "trial.json"), record);
}

TEST_F(FromBackbone, FeaturesOfPhotographsAreNotThoseOfThePictures) {
  FeatureKey key{.backbone = &backbone_, .generator = {}, .views = 1, .seed = 5};
  const auto plain = features_.Get(key, made_.pixels, SilentProgress());
  key.shots = 2;
  key.of = {3, 7};
  const auto photographs = features_.Get(key, made_.pixels, SilentProgress());
  ASSERT_TRUE(plain && photographs);
  EXPECT_EQ((*photographs)->rows, 2);
  const auto differs = [](std::span<const float> a, std::span<const float> b) {
    return !std::equal(a.begin(), a.end(), b.begin());
  };
  EXPECT_TRUE(differs((*plain)->Of(3, 0, 2), (*photographs)->Of(3, 0, 2)));
  EXPECT_TRUE(differs((*photographs)->Of(3, 0, 2), (*photographs)->Of(3, 1, 2)));  // another shot
  for (const float value : (*photographs)->Of(4, 0, 2)) EXPECT_EQ(value, 0);       // not asked for
}

TEST_F(FromBackbone, TheFinalProbeChoosesItsStrengthByTheFoldsValidationPictures) {
  TrialSpec spec = TrialFrom(backbone_, made_, Method::kProbe);
  spec.fold = kAllFolds;
  const auto result = Train(spec, "final");
  ASSERT_TRUE(result) << result.error().message;
  EXPECT_GT(result->strength, 0);
  EXPECT_EQ(result->train.pictures.size(), made_.dataset.pictures.size() - made_.split.holdout.size());
  EXPECT_TRUE(result->test.pictures.empty());
}

TEST_F(FromBackbone, TuningBeginsWithTheProbeAndLowersTheLoss) {
  const auto probe = Train(TrialFrom(backbone_, made_, Method::kProbe), "probe");
  TrialSpec spec = TrialFrom(backbone_, made_, Method::kTune);
  spec.recipe.learning_rate = 0;
  const auto nothing = Train(spec, "nothing");
  ASSERT_TRUE(probe && nothing) << nothing.error().message;
  EXPECT_NEAR(nothing->train_loss, probe->train_loss, 1e-4);
  spec.recipe.learning_rate = 0.01f;
  spec.recipe.epochs = 10;
  spec.generator = {};
  const auto tuned = Train(spec, "tuned");
  ASSERT_TRUE(tuned);
  EXPECT_LT(tuned->train_loss, probe->train_loss);
}

TEST_F(FromBackbone, ATailKeepsTheFrozenWeightsAndLeavesThemOutOfItsFile) {
  TrialSpec spec = TrialFrom(backbone_, made_, Method::kTune);
  FreezeUpTo(spec.architecture, 6);
  ASSERT_TRUE(KeepBackbone(folder_ / "trials", backbone_));
  ASSERT_TRUE(Train(spec, "tail"));
  const auto bytes = ReadFile(folder_ / "trials" / "tail" / "weights.safetensors");
  const auto own = nn::DecodeWeights(*bytes);
  ASSERT_TRUE(own);
  for (const nn::Tensor& tensor : *own) EXPECT_GE(std::stoi(tensor.name), 6);
  const auto all = ReadTrialWeights(folder_ / "trials" / "tail");
  ASSERT_TRUE(all);
  for (const nn::Tensor& given : backbone_.weights) {
    const auto found =
        std::find_if(all->begin(), all->end(), [&](const nn::Tensor& t) { return t.name == given.name; });
    ASSERT_NE(found, all->end());
    if (std::stoi(given.name) < 6) {
      EXPECT_EQ(found->values, given.values) << given.name;
    } else if (given.name == "6.kernel") {
      EXPECT_NE(found->values, given.values);
    }
  }
}

TEST_F(FromBackbone, AStoppedTuningEndsInTheSameBytes) {
  const TrialSpec spec = TrialFrom(backbone_, made_, Method::kTune);
  ASSERT_TRUE(Train(spec, "whole"));
  const Bytes whole = *ReadFile(folder_ / "trials" / "whole" / "weights.safetensors");
  int stops = 0;
  for (int questions = 4; stops < 50; questions += 20) {
    StopAfter progress(questions);
    const auto part = Train(spec, "parts", progress);
    if (part) break;
    ASSERT_EQ(part.error().kind, ErrorKind::kInterrupted) << part.error().message;
    ++stops;
  }
  EXPECT_GT(stops, 1);
  EXPECT_EQ(*ReadFile(folder_ / "trials" / "parts" / "weights.safetensors"), whole);
}

TEST_F(FromBackbone, AnotherBackboneIsAnotherTrial) {
  const TrialSpec spec = TrialFrom(backbone_, made_, Method::kProbe);
  TrialSpec other = spec;
  other.start->hash = TinyBackbone(16, 8).hash;
  EXPECT_NE(TrialId(spec, "data"), TrialId(other, "data"));
  const auto missing = Train(other, "other");
  ASSERT_FALSE(missing);
  EXPECT_EQ(missing.error().kind, ErrorKind::kBadInput);
  EXPECT_NE(missing.error().message.find("tiny"), std::string::npos);
}

TEST_F(FromBackbone, WeightsWithoutTheirBackboneAreAnErrorThatNamesTheFile) {
  ASSERT_TRUE(Train(TrialFrom(backbone_, made_, Method::kProbe), "probe"));
  const auto weights = ReadTrialWeights(folder_ / "trials" / "probe");
  ASSERT_FALSE(weights);
  EXPECT_NE(weights.error().message.find(backbone_.hash), std::string::npos);
}

}  // namespace
}  // namespace handlens::train
