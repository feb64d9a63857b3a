#include "backbone/backbone.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <functional>
#include <limits>
#include <numeric>

#include "backbone/efficientnet_lite.h"
#include "backbone/sample_backbone.h"
#include "base/disk.h"

namespace handlens::backbone {
namespace {

namespace fs = std::filesystem;
using testing::HasSubstr;

class Folder : public testing::Test {
 protected:
  void SetUp() override {
    folder_ = fs::path(testing::TempDir()) /
              ("backbone_" + std::string(testing::UnitTest::GetInstance()->current_test_info()->name()));
    fs::remove_all(folder_);
    ASSERT_TRUE(MakeFolder(folder_));
  }
  void TearDown() override { fs::remove_all(folder_); }
  std::string ErrorOf(const fs::path& path) {
    const auto read = Read(path);
    return read ? "" : read.error().message;
  }
  fs::path folder_;
};
using BackboneFile = Folder;
using BackboneFolder = Folder;

TEST_F(BackboneFile, KeepsEverythingAndHalvesTheKernels) {
  const Backbone backbone = SampleBackbone();
  const fs::path path = folder_ / "tiny.safetensors";
  ASSERT_TRUE(Write(path, backbone));
  const auto read = Read(path);
  ASSERT_TRUE(read) << read.error().message;
  EXPECT_EQ(read->name, "tiny");
  EXPECT_EQ(read->notice, backbone.notice);
  EXPECT_EQ(read->hash, backbone.hash);
  EXPECT_EQ(read->spec, backbone.spec);
  EXPECT_EQ(read->cuts, backbone.cuts);
  EXPECT_EQ(nn::EncodeWeights(read->weights), nn::EncodeWeights(backbone.weights));
  const nn::WeightsFile file{backbone.weights, {}};
  EXPECT_LT(nn::EncodeWeightsFile(file).size(), nn::EncodeWeights(backbone.weights).size());
}

TEST_F(BackboneFile, RefusesTruncatedFiles) {
  const fs::path path = folder_ / "tiny.safetensors", cut = folder_ / "cut.safetensors";
  ASSERT_TRUE(Write(path, SampleBackbone()));
  const Bytes bytes = *ReadFile(path);
  for (size_t length = 0; length < bytes.size(); length += 61) {
    ASSERT_TRUE(WriteFileAtomic(cut, std::span(bytes).first(length)));
    ASSERT_THAT(ErrorOf(cut), HasSubstr("cut.safetensors: this backbone cannot be used")) << length;
  }
}

TEST_F(BackboneFile, RefusesNumbersThatAreNotThoseThatWereWritten) {
  const fs::path path = folder_ / "tiny.safetensors";
  ASSERT_TRUE(Write(path, SampleBackbone()));
  Bytes bytes = *ReadFile(path);
  bytes.back() ^= 1;
  ASSERT_TRUE(WriteFileAtomic(path, bytes));
  EXPECT_THAT(ErrorOf(path), HasSubstr("its numbers are not those that were written"));
}

TEST_F(BackboneFile, RefusesOtherFilesAndNewerVersions) {
  EXPECT_THAT(ErrorOf(folder_ / "none.safetensors"), HasSubstr("none.safetensors"));
  const fs::path path = folder_ / "weights.safetensors";
  ASSERT_TRUE(WriteFileAtomic(path, nn::EncodeWeights(SampleBackbone().weights)));
  EXPECT_THAT(ErrorOf(path), HasSubstr("no backbone of handlens"));
  ASSERT_TRUE(WriteFileAtomic(
      path, nn::EncodeWeightsFile({{}, {{"format", "handlens backbone"}, {"version", "2"}}})));
  EXPECT_THAT(ErrorOf(path), HasSubstr("use a newer handlens"));
}

TEST_F(BackboneFile, WritesNothingThatItWouldNotRead) {
  const auto refused = [&](void (*spoil)(Backbone&)) {
    Backbone backbone = SampleBackbone();
    spoil(backbone);
    backbone.hash = HashOf(backbone);
    const auto written = Write(folder_ / "bad.safetensors", backbone);
    return written ? std::string() : written.error().message;
  };
  EXPECT_THAT(refused([](Backbone& b) { b.name = "../tiny"; }), HasSubstr("no name"));
  EXPECT_THAT(refused([](Backbone& b) { b.cuts = {9, 3, 12}; }), HasSubstr("cuts"));
  EXPECT_THAT(refused([](Backbone& b) { b.cuts = {3, 9}; }), HasSubstr("cuts"));
  EXPECT_THAT(refused([](Backbone& b) { b.spec.classes = 5; }), HasSubstr("5 classes"));
  EXPECT_THAT(refused([](Backbone& b) { b.weights.pop_back(); }), HasSubstr("weights"));
  EXPECT_THAT(refused([](Backbone& b) { b.weights[2].values[0] = std::numeric_limits<float>::quiet_NaN(); }),
              HasSubstr("nan"));
  EXPECT_THAT(refused([](Backbone& b) { b.weights[6].values[3] = -1; }), HasSubstr("2.variance holds -1"));
  EXPECT_THAT(refused([](Backbone& b) { b.spec.layers[9].inputs = {3, 40}; }), HasSubstr("layer 9, add"));
}

TEST_F(BackboneFolder, ListsByNameAndTheEarlierFolderFirst) {
  const fs::path own = folder_ / "own", product = folder_ / "product";
  Backbone backbone = SampleBackbone();
  ASSERT_TRUE(Write(product / "tiny.safetensors", backbone));
  ASSERT_TRUE(Write(product / "other.safetensors", backbone));
  backbone.notice = "mine";
  ASSERT_TRUE(Write(own / "tiny.safetensors", backbone));
  ASSERT_TRUE(WriteFileAtomic(own / "notes.txt", "not one"));
  const std::vector<fs::path> folders = {own, product, folder_ / "missing"};
  const auto entries = List(folders);
  ASSERT_TRUE(entries);
  ASSERT_EQ(entries->size(), 2u);
  EXPECT_EQ((*entries)[0].name, "other");
  EXPECT_EQ((*entries)[1].path, own / "tiny.safetensors");
  EXPECT_EQ(Read((*entries)[1].path)->notice, "mine");
}

TEST(Backbone, ItsHashIsOfTheNetworkAndNotOfItsName) {
  const Backbone backbone = SampleBackbone();
  EXPECT_EQ(backbone.hash.size(), 16u);
  Backbone named = backbone, changed = backbone, cut = backbone;
  named.name = named.spec.name = "another";
  changed.weights[0].values[0] += 1;
  cut.cuts = {9, 12};
  EXPECT_EQ(HashOf(named), backbone.hash);
  EXPECT_NE(HashOf(changed), backbone.hash);
  EXPECT_NE(HashOf(cut), backbone.hash);
}

TEST(Backbone, ACutClassifierKeepsLayersAndWeightNames) {
  const Backbone backbone = SampleBackbone();
  const auto whole = Classifier(backbone, 2, 32, 5), cut = Classifier(backbone, 1, 16, 3);
  ASSERT_TRUE(whole && cut);
  EXPECT_EQ(whole->name, "tiny");
  EXPECT_EQ(cut->name, "tiny-cut1");
  EXPECT_EQ(whole->size_px, 32);
  EXPECT_EQ(whole->layers.size(), 15u);
  EXPECT_EQ(cut->layers.size(), 12u);
  for (size_t i = 0; i < 10; ++i) EXPECT_EQ(cut->layers[i], backbone.spec.layers[i]);
  EXPECT_EQ(WeightsOf(backbone, 1).back().name, "8.variance");
  EXPECT_EQ(WeightsOf(backbone, 2).size(), backbone.weights.size());
}

// The channels are the published architecture's: six times what the next block reads, but for the last two
// cuts.
TEST(Backbone, ACutKeepsTheConvolutionThatWidensWhatABlockGives) {
  Backbone lite = LiteBackbone(Lite::kLite0);
  const std::vector<nn::WeightShape> weights = FeatureShapes(lite.spec).value();
  for (const nn::WeightShape& shape : weights) {
    const int count = std::accumulate(shape.shape.begin(), shape.shape.end(), 1, std::multiplies<>());
    lite.weights.push_back({shape.name, shape.shape, std::vector<float>(static_cast<size_t>(count))});
  }
  nn::ModelSpec spec = lite.spec;
  spec.classes = 2;
  spec.layers.push_back({.kind = nn::LayerKind::kGlobalAvgPool});
  spec.layers.push_back({.kind = nn::LayerKind::kDense, .units = 2});
  const std::vector<nn::Shape> shapes = nn::InferShapes(spec).value();
  std::vector<int> channels;
  for (const int layer : FeatureLayers(lite)) channels.push_back(shapes[static_cast<size_t>(layer)].channels);
  EXPECT_EQ(channels, (std::vector<int>{96, 144, 144, 240, 240, 480, 480, 480, 672, 672, 672, 1152, 1152,
                                        1152, 1152, 320, 1280}));
  for (size_t cut = 0; cut < lite.cuts.size(); ++cut) {
    const bool widened = cut < 15;  // behind a block, a convolution, its batch norm and its activation
    EXPECT_EQ(FeatureLayer(lite, static_cast<int>(cut)), lite.cuts[cut] + (widened ? 3 : 0)) << cut;
  }
  const auto cut = Classifier(lite, 4, 96, 5);
  ASSERT_TRUE(cut) << cut.error().message;
  EXPECT_EQ(cut->layers.size(), static_cast<size_t>(lite.cuts[4]) + 3 + 1 + 2);
  EXPECT_EQ(WeightsOf(lite, 4).back().name, fmt::format("{}.variance", lite.cuts[4] + 2));
}

TEST(Backbone, ACutClassifierComputesTheFeaturesOfThatLayer) {
  // The dense layer hands on the means: logit k is the mean of channel k of layer 3.
  const Backbone backbone = SampleBackbone();
  const nn::ModelSpec spec = *Classifier(backbone, 0, 16, 8);
  nn::Weights weights = WeightsOf(backbone, 0);
  nn::Tensor kernel{"5.kernel", {8, 8}, std::vector<float>(64)}, bias{"5.bias", {8}, std::vector<float>(8)};
  for (size_t i = 0; i < 8; ++i) kernel.values[i * 9] = 1;
  weights.push_back(kernel);
  weights.push_back(bias);
  auto network = *nn::Network::Create(spec, 1, {});
  ASSERT_TRUE(network->LoadWeights(weights));
  std::vector<float> scores(8), picture(16 * 16 * 3, 0.5f);
  network->Predict(picture, 1, scores);
  // By hand: 0.5 normalised, a 3 x 3 window at stride 2 on 16 px lacks its last row and column at the far
  // edge alone.
  const auto& w = backbone.weights;
  std::vector<double> means(8);
  for (size_t c = 0; c < 8; ++c) {
    for (size_t y = 0; y < 8; ++y) {
      for (size_t x = 0; x < 8; ++x) {
        double sum = 0;
        for (size_t k = 0; k < 27; ++k) {
          const size_t row = k / 9, column = k / 3 % 3, channel = k % 3;
          if (y * 2 + row < 16 && x * 2 + column < 16) {
            sum += (0.5 - w[0].values[channel]) / w[1].values[channel] * w[2].values[k * 8 + c];
          }
        }
        const double normed =
            (sum - w[5].values[c]) / std::sqrt(w[6].values[c] + 1e-3) * w[3].values[c] + w[4].values[c];
        means[c] += std::clamp(normed, 0.0, 6.0) / 64;
      }
    }
  }
  double total = 0;
  for (const double mean : means) total += std::exp(mean);
  for (size_t c = 0; c < 8; ++c) EXPECT_NEAR(scores[c], std::exp(means[c]) / total, 1e-6) << c;
}

TEST(Backbone, RefusesCutsAndSizesThatDoNotFit) {
  const Backbone backbone = SampleBackbone();
  EXPECT_EQ(Classifier(backbone, 3, 16, 2).error().message, "backbone tiny has cuts 0 to 2, not 3");
  EXPECT_EQ(Classifier(backbone, -1, 16, 2).error().kind, ErrorKind::kUsage);
  EXPECT_EQ(Classifier(backbone, 0, 16, 1).error().kind, ErrorKind::kUsage);
  EXPECT_EQ(Classifier(backbone, 0, 0, 2).error().kind, ErrorKind::kUsage);
  Backbone fixed = backbone;
  fixed.spec.layers.push_back({.kind = nn::LayerKind::kDense, .units = 4});
  fixed.cuts.back() = 13;
  fixed.weights.push_back({"13.kernel", {768, 4}, std::vector<float>(3072)});
  fixed.weights.push_back({"13.bias", {4}, std::vector<float>(4)});
  fixed.hash = HashOf(fixed);
  EXPECT_TRUE(Classifier(fixed, 2, 16, 2)) << Classifier(fixed, 2, 16, 2).error().message;
  EXPECT_THAT(Classifier(fixed, 2, 32, 2).error().message,
              HasSubstr("fit pictures of 16 px alone, not 32 px"));
  EXPECT_TRUE(Classifier(fixed, 1, 32, 2));
}

}  // namespace
}  // namespace handlens::backbone
