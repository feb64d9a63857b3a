#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <bit>
#include <cmath>
#include <cstring>
#include <limits>

#include "nn/nn.h"

namespace handlens::nn {
namespace {

// Every number of half precision from zero up, by its definition (IEEE 754): 2^-24 apart up to 2^-14, then
// 1024 an octave.
std::vector<float> Halves() {
  std::vector<float> halves;
  for (int i = 0; i < 1024; ++i) halves.push_back(std::ldexp(static_cast<float>(i), -24));
  for (int exponent = -14; exponent <= 15; ++exponent) {
    for (int i = 0; i < 1024; ++i)
      halves.push_back(std::ldexp(1024.0f + static_cast<float>(i), exponent - 10));
  }
  return halves;
}

TEST(Half, RoundsToTheNearestAndHalfToEven) {
  const std::vector<float> halves = Halves();
  for (size_t i = 0; i + 1 < halves.size(); ++i) {
    const float low = halves[i], high = halves[i + 1], middle = (low + high) / 2;  // exact in float
    ASSERT_EQ(RoundToHalf(low), low);
    ASSERT_EQ(RoundToHalf(-high), -high);
    ASSERT_EQ(RoundToHalf(middle), i % 2 == 0 ? low : high) << middle;
    ASSERT_EQ(RoundToHalf(std::nextafter(middle, 0.0f)), low) << middle;
    ASSERT_EQ(RoundToHalf(std::nextafter(middle, 1e9f)), high) << middle;
  }
  EXPECT_EQ(RoundToHalf(65519.0f), 65504.0f);
  EXPECT_EQ(RoundToHalf(-65520.0f), -std::numeric_limits<float>::infinity());
  EXPECT_TRUE(std::isnan(RoundToHalf(std::numeric_limits<float>::quiet_NaN())));
  EXPECT_TRUE(std::signbit(RoundToHalf(-0.0f)));
}

TEST(Safetensors, HalvesTheBytesOfTensorsThatAreExactInHalfPrecisionAndKeepsEveryNumber) {
  const std::vector<float> exact = Halves();
  const std::vector<float> fine = {0.1f, 1e-30f, 70000.0f, -0.0f};
  const WeightsFile file{
      {{"0.kernel", {static_cast<int>(exact.size())}, exact}, {"0.bias", {4}, fine}, {"1.bias", {0}, {}}},
      {{"spec", "{\"a\": \"b\"}"}, {"notice", "words"}}};
  const Bytes bytes = EncodeWeightsFile(file);
  EXPECT_LT(bytes.size(), exact.size() * 2 + 16 + 400);
  const auto read = DecodeWeightsFile(bytes);
  ASSERT_TRUE(read) << read.error().message;
  EXPECT_EQ(read->metadata, file.metadata);
  ASSERT_EQ(read->weights.size(), 3u);
  EXPECT_EQ(read->weights[0].values, exact);
  EXPECT_EQ(read->weights[1].values, fine);
  EXPECT_TRUE(std::signbit(read->weights[1].values[3]));
  EXPECT_EQ(EncodeWeights(*DecodeWeights(bytes)), EncodeWeights(file.weights));
}

TEST(Safetensors, RefusesWhatIsTruncatedOrOfAnotherType) {
  const Bytes bytes =
      EncodeWeightsFile({{{"0.bias", {3}, {1.0f, 2.0f, 0.1f}}, {"1.bias", {2}, {0.5f, 2.0f}}}, {}});
  for (size_t length = 0; length < bytes.size(); ++length) {
    const auto read = DecodeWeights(std::span(bytes).first(length));
    ASSERT_FALSE(read) << length;
    EXPECT_EQ(read.error().kind, ErrorKind::kBadInput);
  }
  const auto with_header = [](std::string text) {
    Bytes file(8 + text.size() + 16);
    const uint64_t length = text.size();
    std::memcpy(file.data(), &length, 8);
    std::memcpy(file.data() + 8, text.data(), text.size());
    return DecodeWeights(file);
  };
  const auto other = with_header(R"({"0.bias": {"dtype": "BF16", "shape": [1], "data_offsets": [0, 2]}})");
  EXPECT_EQ(other.error().message, "weights: tensor 0.bias is of type BF16; F32 and F16 are read here");
  EXPECT_FALSE(with_header(R"({"0.bias": {"dtype": "F16", "shape": [2], "data_offsets": [0, 8]}})"));
  EXPECT_FALSE(with_header(R"({"__metadata__": {"a": 1}})"));
  EXPECT_TRUE(with_header(R"({"0.bias": {"dtype": "F16", "shape": [2], "data_offsets": [0, 4]}})"));
}

}  // namespace
}  // namespace handlens::nn
