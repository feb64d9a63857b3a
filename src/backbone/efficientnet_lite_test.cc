// Lite0's file against PyTorch, where the weights were fetched (./dev weights).
#include "backbone/efficientnet_lite.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <filesystem>

#include "base/disk.h"

namespace handlens::backbone {
namespace {

constexpr int kSize = 224;

// The formula of tools/oracles/lite_torch.py.
std::vector<float> MadePicture(int seed) {
  std::vector<float> picture;
  for (int y = 0; y < kSize; ++y) {
    for (int x = 0; x < kSize; ++x) {
      for (int c = 0; c < 3; ++c) {
        const int level = (x * (3 + seed) + y * (5 + 2 * c) + (x * y >> (3 + c)) + 40 * c * seed) % 256;
        picture.push_back(static_cast<float>(level) / 255.0f);
      }
    }
  }
  return picture;
}

class LiteFile : public testing::Test {
 protected:
  void SetUp() override {
    const std::filesystem::path path = "assets/lite0.safetensors";  // tests run in the build folder
    if (!std::filesystem::exists(path)) GTEST_SKIP() << "no pre-trained weights; ./dev weights fetches them";
    auto read = Read(path);
    ASSERT_TRUE(read) << read.error().message;
    backbone_ = std::move(*read);
  }
  Backbone backbone_;
};

TEST_F(LiteFile, IsTheArchitectureOfThisRoom) {
  const Backbone expected = LiteBackbone(Lite::kLite0);
  EXPECT_EQ(backbone_.spec, expected.spec);
  EXPECT_EQ(backbone_.cuts, expected.cuts);
  EXPECT_EQ(backbone_.notice, expected.notice);
  EXPECT_THAT(backbone_.notice,
              testing::AllOf(testing::HasSubstr("ML Illustrated"), testing::HasSubstr("ImageNet")));
}

TEST_F(LiteFile, GivesPyTorchsFeaturesBehindEveryBlock) {
  const nn::Weights oracle = *nn::DecodeWeights(*ReadFile(
      std::filesystem::path(HANDLENS_SOURCE_DIR) / "src/backbone/testdata/lite0_features.safetensors"));
  const int last = static_cast<int>(backbone_.cuts.size()) - 1;
  auto network = *nn::Network::Create(*Classifier(backbone_, last, kSize, 2), 1, {});
  nn::Weights weights = WeightsOf(backbone_, last);
  for (const nn::Tensor& tensor : network->SaveWeights()) {
    if (tensor.name.starts_with(std::to_string(backbone_.spec.layers.size() + 1))) weights.push_back(tensor);
  }
  ASSERT_TRUE(network->LoadWeights(weights));
  const auto count = static_cast<size_t>(oracle[0].shape[1]);
  for (int seed = 0; seed < 2; ++seed) {
    std::vector<float> means(count);
    network->Features(MadePicture(seed), 1, backbone_.cuts, means);
    double worst = 0;
    for (size_t k = 0; k < count; ++k) {
      worst = std::max(worst, std::abs(static_cast<double>(means[k]) -
                                       oracle[0].values[static_cast<size_t>(seed) * count + k]));
    }
    EXPECT_LT(worst, 1e-4) << seed;
  }
}

}  // namespace
}  // namespace handlens::backbone
