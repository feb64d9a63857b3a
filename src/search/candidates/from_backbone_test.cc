#include "search/from_backbone.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>

#include "backbone/sample_backbone.h"
#include "search/presets.h"

namespace handlens::search {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using Training = BackboneModel::Training;

class BackboneModelTest : public testing::Test {
 protected:
  BackboneModelTest() {
    for (nn::LayerSpec& layer : backbone_.spec.layers)
      layer.fixed_statistics = layer.kind == nn::LayerKind::kBatchNorm;
    backbone_.hash = backbone::HashOf(backbone_);
  }
  std::vector<std::string> Names(std::string_view name) const {
    std::vector<std::string> names;
    const auto models = BackboneModels(name, {&backbone_});
    if (!models) return {models.error().message};
    for (const BackboneModel& model : *models) names.push_back(NameOf(model));
    return names;
  }
  Candidate Make(Training training, int cut = 2) const {
    BackboneTraining how{.pictures = 300, .unbalanced = true, .classes = 3};
    how.own = *PresetRecipe("quick", {}, how.pictures, how.unbalanced);
    return *BackboneCandidate({&backbone_, cut, training}, 16, {}, how);
  }
  static size_t FixedNorms(const Candidate& candidate) {
    return static_cast<size_t>(
        std::ranges::count_if(candidate.architecture.layers, [](const nn::LayerSpec& layer) {
          return layer.kind == nn::LayerKind::kBatchNorm && (layer.fixed_statistics || layer.frozen);
        }));
  }
  backbone::Backbone backbone_ = backbone::SampleBackbone();
};

TEST_F(BackboneModelTest, NamesSayTheCutAndTheTraining) {
  EXPECT_THAT(Names("tiny"), ElementsAre("tiny-probe", "tiny-tune"));
  EXPECT_THAT(Names("tiny-cut1-train"), ElementsAre("tiny-cut1-train"));
  EXPECT_THAT(Names("tiny-cut2-probe"), ElementsAre("tiny-probe"));  // the last cut is the whole
  EXPECT_THAT(Names("nano24"), ElementsAre());
  EXPECT_THAT(Names("tiny-teach"), ElementsAre(HasSubstr("tiny-probe, tiny-tail, tiny-tune and tiny-train")));
  EXPECT_THAT(Names("tiny-cut3-probe"), ElementsAre(HasSubstr("tiny-cut0-probe to tiny-cut2-train")));
}

// Whose weights are not installed is no misspelt network of ours.
TEST_F(BackboneModelTest, ABackboneThatIsNotThereIsSaidToBeMissing) {
  EXPECT_EQ(BackboneNamedBy("lite0"), "lite0");
  EXPECT_EQ(BackboneNamedBy("lite0-probe"), "lite0");
  EXPECT_EQ(BackboneNamedBy("lite0-thin75-cut3-train"), "lite0-thin75");
  EXPECT_EQ(BackboneNamedBy("leaves-cut4"), "leaves");
  for (const char* other : {"nano24", "m1-dropout", "lite0-cut", "short-cuts", "mobilenetv2-0.35"})
    EXPECT_EQ(BackboneNamedBy(other), "") << other;

  dataset::Dataset dataset;
  dataset.labels = {"a", "b"};
  GridChoice choice;
  choice.models = {"lite0-probe"};
  EXPECT_THAT(PresetCandidates("quick", dataset, choice).error().message,
              testing::AllOf(HasSubstr("the backbone lite0, which is not installed"),
                             HasSubstr("handlens backbone list")));
  choice.from_scratch = true;
  EXPECT_THAT(PresetCandidates("quick", dataset, choice).error().message, HasSubstr("--from-scratch"));
  choice.models = {"m1-dropuot"};
  EXPECT_THAT(PresetCandidates("quick", dataset, choice).error().message, HasSubstr("m1-dropout"));
}

// Beside their pixels, pictures take their features and those of their views.
TEST_F(BackboneModelTest, ThePlanCountsTheMemoryOfFeatures) {
  const std::vector<Candidate> probe = {Make(Training::kProbe)};
  const auto memory = [&](size_t pictures) {
    dataset::Dataset dataset;
    dataset.labels = {"a", "b", "c"};
    dataset.pictures.resize(pictures);
    return Estimate(probe, dataset, {.folds = 5, .jobs = 1}, SilentProgress())->memory_bytes;
  };
  const auto shapes = *nn::InferShapes(probe[0].architecture);
  const int64_t pixels = int64_t{900} * 16 * 16 * 3, features = int64_t{900} * (1 + probe[0].start->views) *
                                                                shapes[shapes.size() - 2].channels * 4;
  EXPECT_GE(memory(1000) - memory(100), pixels + features);
}

TEST_F(BackboneModelTest, TuningKeepsTheNormsStatisticsAndTrainingLearnsThem) {
  EXPECT_EQ(FixedNorms(Make(Training::kTune)), 4u);
  EXPECT_EQ(FixedNorms(Make(Training::kTrain)), 0u);
  const Candidate probe = Make(Training::kProbe);
  EXPECT_TRUE(std::ranges::all_of(probe.architecture.layers, [](const nn::LayerSpec& layer) {
    return layer.frozen || (layer.kind != nn::LayerKind::kConv && layer.kind != nn::LayerKind::kBatchNorm);
  }));
}

TEST_F(BackboneModelTest, TrainingFollowsThePresetHalfAsLongAtASmallerRate) {
  const Candidate train = Make(Training::kTrain, 1), tune = Make(Training::kTune, 1);
  train::Recipe expected = *PresetRecipe("quick", {}, 300, true);
  EXPECT_EQ(expected.epochs, 143);  // 2,000 steps of 14
  EXPECT_EQ(expected.learning_rate, 0.1f);
  expected.learning_rate = 0.02f;
  expected.epochs = 72;
  EXPECT_EQ(ToJson(train.recipe), ToJson(expected));
  EXPECT_EQ(tune.recipe.learning_rate, 0.002f);
  EXPECT_EQ(train.start->method, train::Method::kTune);  // both begin with the probe's classifier
  EXPECT_EQ(PresetRecipe("fast", {}, 300, true).error().kind, ErrorKind::kUsage);
}

}  // namespace
}  // namespace handlens::search
