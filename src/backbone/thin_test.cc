#include "backbone/thin.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "backbone/check.h"
#include "backbone/sample_backbone.h"

namespace handlens::backbone {
namespace {

using nn::LayerKind;

// A block of 16 channels around a depthwise convolution, with a skip over it; its convolutions are layers 1
// and 7.
Backbone Block() {
  const auto conv = [](int units) {
    return nn::LayerSpec{.kind = LayerKind::kConv, .units = units, .kernel = 1, .bias = false};
  };
  Backbone made = SampleBackbone();
  made.spec.layers = {
      {.kind = LayerKind::kNormalize},
      conv(16),
      {.kind = LayerKind::kBatchNorm},
      {.kind = LayerKind::kRelu6},
      {.kind = LayerKind::kDepthwise, .kernel = 3, .padding = nn::Padding::kSame, .bias = false},
      {.kind = LayerKind::kBatchNorm},
      {.kind = LayerKind::kRelu6},
      conv(3),
      {.kind = LayerKind::kBatchNorm},
      {.kind = LayerKind::kAdd, .inputs = {0, 8}}};
  made.cuts = {9};
  made.weights.clear();
  FillWeights(made);
  return made;
}

template <class AnyBackbone>
auto& TensorOf(AnyBackbone& backbone, std::string_view name) {
  return *std::find_if(backbone.weights.begin(), backbone.weights.end(),
                       [&](const nn::Tensor& t) { return t.name == name; });
}

// Scores of a classifier whose dense layer is the same for both.
std::vector<float> Scores(const Backbone& backbone) {
  const nn::ModelSpec spec = *Classifier(backbone, 0, 16, 3);
  nn::Weights weights = WeightsOf(backbone, 0);
  weights.push_back({"11.kernel", {3, 3}, {1, -2, 3, 4, 5, -6, 0.5f, 1, 2}});
  weights.push_back({"11.bias", {3}, {0, 0.25f, -0.25f}});
  auto network = *nn::Network::Create(spec, 1, {});
  EXPECT_TRUE(network->LoadWeights(weights));
  std::vector<float> scores(3), picture(16 * 16 * 3);
  for (size_t i = 0; i < picture.size(); ++i) picture[i] = static_cast<float>(i % 97) / 97;
  network->Predict(picture, 1, scores);
  return scores;
}

TEST(Thin, TakesOutChannelsThatSayNothingWithoutATrace) {
  Backbone backbone = Block();
  // Eight channels end as zero behind the depthwise batch norm and are scored lowest, whatever reads them.
  for (const size_t c : {0u, 2u, 3u, 7u, 8u, 11u, 12u, 15u}) {
    TensorOf(backbone, "5.gamma").values[c] = 0;
    TensorOf(backbone, "5.beta").values[c] = 0;
  }
  const auto thin = Thin(backbone, 50);
  ASSERT_TRUE(thin) << thin.error().message;
  EXPECT_TRUE(Check(*thin));
  EXPECT_EQ(thin->name, "tiny-thin50");
  EXPECT_NE(thin->hash, backbone.hash);
  EXPECT_EQ(thin->hash, HashOf(*thin));
  EXPECT_EQ(thin->spec.layers[1].units, 8);
  EXPECT_EQ(thin->spec.layers[7].units, 3);
  EXPECT_EQ(TensorOf(*thin, "7.kernel").shape, (std::vector<int>{1, 1, 8, 3}));
  EXPECT_EQ(thin->cuts, backbone.cuts);
  const std::vector<float> before = Scores(backbone), after = Scores(*thin);
  for (size_t k = 0; k < 3; ++k) EXPECT_NEAR(after[k], before[k], 1e-6);
}

TEST(Thin, KeepsTheChannelsThatAreReadMost) {
  Backbone backbone = Block();
  nn::Tensor &gamma = TensorOf(backbone, "5.gamma"), &reader = TensorOf(backbone, "7.kernel");
  std::fill(gamma.values.begin(), gamma.values.end(), 1.0f);
  // Channel c is read with weights of c + 1: the upper half stays.
  for (size_t i = 0; i < reader.values.size(); ++i) reader.values[i] = static_cast<float>(i / 3 + 1);
  const Backbone thin = *Thin(backbone, 50);
  EXPECT_EQ(TensorOf(thin, "7.kernel").values,
            std::vector<float>(reader.values.begin() + 24, reader.values.end()));
  const nn::Tensor& before = TensorOf(backbone, "4.kernel");
  for (size_t i = 0; i < 9; ++i)
    EXPECT_EQ(TensorOf(thin, "4.kernel").values[8 * i], before.values[16 * i + 8]);
}

TEST(Thin, LeavesAloneWhatOthersRead) {
  Backbone backbone = Block();
  // The skip begins behind the first convolution: it needs all 16 channels.
  backbone.spec.layers[7].units = 16;
  backbone.spec.layers[9].inputs = {3, 8};
  backbone.weights.clear();
  FillWeights(backbone);
  const auto thin = Thin(backbone, 50);
  ASSERT_FALSE(thin);
  EXPECT_EQ(thin.error().kind, ErrorKind::kUsage);
  EXPECT_THAT(thin.error().message, testing::HasSubstr("tiny has no channels inside"));
}

TEST(Thin, SharesOutsideTheRangeAreRefused) {
  for (const int percent : {0, 100, -5}) EXPECT_EQ(Thin(Block(), percent).error().kind, ErrorKind::kUsage);
}

TEST(Thin, ItsNameSaysHowThin) {
  EXPECT_EQ(ThinPercent("lite0-thin75", "lite0"), 75);
  EXPECT_EQ(ThinPercent("lite0-thin75-cut3-train", "lite0"), 75);
  for (const char* name :
       {"lite0", "lite0-thin", "lite0-thin7x", "lite0-cut3", "lite1-thin75", "lite0-thin-5"})
    EXPECT_EQ(ThinPercent(name, "lite0"), 0) << name;
}

}  // namespace
}  // namespace handlens::backbone
