// Claims about converted models: every kind of layer and variant computes in the official runtime what the
// plain evaluator computes, with both sets of kernels; the engine's own scores come out of the float file.
#include "convert/convert.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>

#include "base/rng.h"
#include "convert/build_graph.h"
#include "convert/evaluate.h"
#include "convert/folded.h"
#include "convert/quantize.h"
#include "convert/sample_models.h"
#include "nn/zoo.h"

namespace handlens::convert {
namespace {

using namespace sample;
using tflite::Judge;
using tflite::Kernels;

#define SKIP_WITHOUT_RUNTIME() \
  if (const auto version = tflite::RuntimeVersion(); !version) GTEST_SKIP() << version.error().message

std::vector<float> Softmax(const std::vector<float>& logits) {
  const float most = *std::max_element(logits.begin(), logits.end());
  double sum = 0;
  std::vector<float> scores;
  for (const float logit : logits) sum += std::exp(static_cast<double>(logit - most));
  for (const float logit : logits)
    scores.push_back(static_cast<float>(std::exp(static_cast<double>(logit - most)) / sum));
  return scores;
}

TEST(FloatModel, ComputesWhatTheEvaluatorDoes) {
  SKIP_WITHOUT_RUNTIME();
  for (const Case& c : Cases()) {
    const nn::Weights weights = RandomWeights(c.spec, 3);
    const auto folded = Fold(c.spec, weights);
    ASSERT_TRUE(folded.has_value()) << c.name << folded.error().message;
    const Evaluator evaluator(*folded);
    const auto model = Convert(c.spec, weights, Variant::kFloat32, Io::kUint8, nullptr);
    for (const Kernels kernels : {Kernels::kBuiltin, Kernels::kXnnpack}) {
      auto judge = Judge::Load(*model, kernels);
      ASSERT_TRUE(judge.has_value()) << c.name << ": " << judge.error().message;
      for (const auto& picture : Pictures(c.spec.size_px, 4)) {
        const auto expected = Softmax(evaluator.Run(picture).back());
        const auto scores = *(*judge)->Classify(picture);
        ASSERT_EQ(scores.size(), expected.size());
        for (size_t k = 0; k < scores.size(); ++k) EXPECT_NEAR(scores[k], expected[k], 1e-5) << c.name;
      }
    }
  }
}

TEST(FloatModel, ComputesWhatTheEngineDoes) {
  SKIP_WITHOUT_RUNTIME();
  for (const Case& c : Cases()) {
    const nn::Weights weights = RandomWeights(c.spec, 4);
    auto engine = nn::Network::Create(c.spec, 4, {}, nn::Backend::kReference);
    ASSERT_TRUE(engine.has_value() && (*engine)->LoadWeights(weights).has_value()) << c.name;
    auto judge =
        Judge::Load(*Convert(c.spec, weights, Variant::kFloat32, Io::kUint8, nullptr), Kernels::kXnnpack);
    ASSERT_TRUE(judge.has_value()) << c.name;
    for (const auto& picture : Pictures(c.spec.size_px, 4)) {
      std::vector<float> input, expected(3);
      for (const uint8_t pixel : picture) input.push_back(static_cast<float>(pixel) / 255.0f);
      (*engine)->Predict(input, 1, expected);
      const auto scores = *(*judge)->Classify(picture);
      for (size_t k = 0; k < 3; ++k) EXPECT_NEAR(scores[k], expected[k], 1e-5) << c.name;
    }
  }
}

// Largest difference of the scores from the evaluator's over all cases, by variant and kernels.
double WorstError(Variant variant, Io io, Kernels kernels) {
  double worst = 0;
  for (const Case& c : Cases()) {
    const nn::Weights weights = RandomWeights(c.spec, 5);
    const auto pictures = Pictures(c.spec.size_px, 12);
    const auto calibration = Calibrate(c.spec, weights, Spans(pictures), 2, SilentProgress());
    EXPECT_TRUE(calibration.has_value());
    const FoldedModel folded = *Fold(c.spec, weights);
    const Evaluator evaluator(folded);
    auto judge = Judge::Load(*Convert(c.spec, weights, variant, io, &*calibration), kernels);
    EXPECT_TRUE(judge.has_value()) << c.name << ": " << judge.error().message;
    if (!judge) continue;
    double here = 0;
    for (const auto& picture : pictures) {
      const auto expected = Softmax(evaluator.Run(picture).back());
      const auto scores = *(*judge)->Classify(picture);
      for (size_t k = 0; k < 3; ++k)
        here = std::max(here, static_cast<double>(std::abs(scores[k] - expected[k])));
    }
    if (here > 0.03) ADD_FAILURE() << c.name << ": " << here;
    worst = std::max(worst, here);
  }
  return worst;
}

TEST(Float16Model, IsWithinAThousandth) {
  SKIP_WITHOUT_RUNTIME();
  for (const Kernels kernels : {Kernels::kBuiltin, Kernels::kXnnpack}) {
    EXPECT_LT(WorstError(Variant::kFloat16, Io::kUint8, kernels), 2e-3);
  }
}

TEST(DynamicModel, IsWithinThreePerCent) {
  SKIP_WITHOUT_RUNTIME();
  for (const Kernels kernels : {Kernels::kBuiltin, Kernels::kXnnpack}) {
    EXPECT_LT(WorstError(Variant::kDynamic, Io::kUint8, kernels), 0.03);
  }
}

TEST(Int8Model, IsWithinThreePerCentWithEveryInputAndOutput) {
  SKIP_WITHOUT_RUNTIME();
  for (const Io io : {Io::kUint8, Io::kInt8, Io::kFloat32}) {
    for (const Kernels kernels : {Kernels::kBuiltin, Kernels::kXnnpack}) {
      EXPECT_LT(WorstError(Variant::kInt8, io, kernels), 0.03) << IoName(io);
    }
  }
}

TEST(Int8Model, GivesTheSameStepsThroughUint8AndInt8) {
  SKIP_WITHOUT_RUNTIME();
  for (const Case& c : Cases()) {
    const nn::Weights weights = RandomWeights(c.spec, 6);
    const auto pictures = Pictures(c.spec.size_px, 6);
    const auto calibration = *Calibrate(c.spec, weights, Spans(pictures), 1, SilentProgress());
    auto a =
        Judge::Load(*Convert(c.spec, weights, Variant::kInt8, Io::kUint8, &calibration), Kernels::kBuiltin);
    auto b =
        Judge::Load(*Convert(c.spec, weights, Variant::kInt8, Io::kInt8, &calibration), Kernels::kBuiltin);
    ASSERT_TRUE(a && b) << c.name;
    for (const auto& picture : pictures)
      EXPECT_EQ(*(*a)->Classify(picture), *(*b)->Classify(picture)) << c.name;
  }
}

TEST(Int8Model, EachLayerIsWithinTwoStepsOfFloat) {
  SKIP_WITHOUT_RUNTIME();
  for (const Case& c : Cases()) {
    const nn::Weights weights = RandomWeights(c.spec, 8);
    const auto pictures = Pictures(c.spec.size_px, 8);
    const auto calibration = *Calibrate(c.spec, weights, Spans(pictures), 1, SilentProgress());
    const auto errors = MeasureLayers(c.spec, weights, calibration, Spans(pictures));
    ASSERT_TRUE(errors.has_value()) << c.name << ": " << errors.error().message;
    for (const LayerError& error : *errors) EXPECT_GT(error.sqnr_db, 22) << c.name << " " << error.name;
  }
}

TEST(Int8Model, SurvivesAChannelThatFoldingSilenced) {
  SKIP_WITHOUT_RUNTIME();
  const nn::ModelSpec spec =
      Spec(9, {Conv(4, 3, 1, Padding::kValid), Plain(LayerKind::kBatchNorm), Plain(LayerKind::kRelu)});
  nn::Weights weights = RandomWeights(spec, 9);
  for (nn::Tensor& tensor : weights) {
    if (tensor.name == "1.gamma") tensor.values[2] = 1e-12f;
    if (tensor.name == "1.beta")
      tensor.values[2] = 0.8f;  // 0.8 / (1/255 * 1e-14) steps would be far over 2^31
  }
  const auto pictures = Pictures(9, 8);
  const auto calibration = *Calibrate(spec, weights, Spans(pictures), 1, SilentProgress());
  const auto errors = MeasureLayers(spec, weights, calibration, Spans(pictures));
  ASSERT_TRUE(errors.has_value());
  for (const LayerError& error : *errors) EXPECT_GT(error.sqnr_db, 25) << error.name;
}

// The model whose weights are what int8 keeps of them.
FoldedModel WithRoundedWeights(FoldedModel model) {
  for (FoldedLayer& layer : model.layers) {
    if (layer.weights.empty()) continue;
    const QuantizedWeights rounded = QuantizeWeights(layer, 0);
    const size_t outs = layer.bias.size(), each = layer.weights.size() / outs;
    for (size_t k = 0; k < layer.weights.size(); ++k) {
      const size_t out = layer.kind == FoldedKind::kDepthwise ? k % outs : k / each;
      const auto& scales = rounded.quantization.scales;
      layer.weights[k] =
          static_cast<float>(static_cast<int8_t>(rounded.data[k])) * scales[scales.size() == 1 ? 0 : out];
    }
  }
  return model;
}

TEST(Int8Model, CorrectedBiasesKeepTheMeanOfEveryChannelThatTheirWeightsMoved) {
  const nn::ModelSpec spec = Spec(9, {Conv(8, 3, 1, Padding::kValid), Conv(6, 1, 1, Padding::kValid)});
  const FoldedModel exact = *Fold(spec, RandomWeights(spec, 11));
  const auto pictures = Pictures(9, 20);
  const Calibration calibration = *Calibrate(exact, Spans(pictures), 1, SilentProgress());
  // No ReLU and no border: the mean of every output is linear in the weights.
  const auto largest_shift = [&](const FoldedModel& model) {
    const Calibration means = *Calibrate(WithRoundedWeights(model), Spans(pictures), 1, SilentProgress());
    double largest = 0;
    for (size_t i = 0; i < means.means.size(); ++i) {
      for (size_t c = 0; c < means.means[i].size(); ++c) {
        largest = std::max(largest, std::abs(means.means[i][c] - calibration.means[i][c]));
      }
    }
    return largest;
  };
  // What is left: the taps of a 3 x 3 window see other border pixels than the mean over the picture does.
  EXPECT_GT(largest_shift(exact), 1e-3);
  EXPECT_LT(largest_shift(CorrectBiases(exact, calibration)), 0.1 * largest_shift(exact));
}

// What a probe makes of a feature that hardly ever varies: without a limit all other weights would be rounded
// to nothing.
TEST(Int8Model, OneUselessLargeWeightDoesNotDrownADenseLayer) {
  const nn::ModelSpec spec =
      Spec(9, {Conv(12, 3, 1, Padding::kValid), Plain(LayerKind::kRelu), Plain(LayerKind::kGlobalAvgPool)});
  FoldedModel exact = *Fold(spec, RandomWeights(spec, 11));
  const auto pictures = Pictures(9, 20);
  FoldedLayer& dense = exact.layers.back();
  const size_t ins = dense.weights.size() / dense.bias.size();
  FoldedLayer& conv = exact.layers.front();
  for (size_t k = 0; k < conv.weights.size() / conv.bias.size(); ++k)
    conv.weights[k] = 0;  // channel 0 is all but dead
  conv.bias[0] = 1e-4f;
  for (size_t o = 0; o < dense.bias.size(); ++o) dense.weights[o * ins] = o % 2 == 0 ? 60.0f : -60.0f;
  const Calibration calibration = *Calibrate(exact, Spans(pictures), 1, SilentProgress());
  const FoldedModel clipped = ClipDense(exact, calibration);
  const auto largest = [](const FoldedModel& model) {
    float value = 0;
    for (const float weight : model.layers.back().weights) value = std::max(value, std::abs(weight));
    return value;
  };
  ASSERT_EQ(largest(exact), 60);
  EXPECT_LT(largest(clipped), 6);
  const size_t last = exact.layers.size() - 1;
  const Calibration means = *Calibrate(clipped, Spans(pictures), 1, SilentProgress());
  const Calibration rounded =
      *Calibrate(WithRoundedWeights(CorrectBiases(exact, calibration)), Spans(pictures), 1, SilentProgress());
  for (size_t c = 0; c < dense.bias.size(); ++c) {
    EXPECT_NEAR(means.means[last + 1][c], calibration.means[last + 1][c], 1e-5);
    EXPECT_NEAR(rounded.low[last], calibration.low[last], 0.1);
    EXPECT_NEAR(rounded.high[last], calibration.high[last], 0.1);
  }
  // A layer whose weights are of one kind is left alone.
  const FoldedModel usual = *Fold(spec, RandomWeights(spec, 11));
  const Calibration seen = *Calibrate(usual, Spans(pictures), 1, SilentProgress());
  EXPECT_EQ(ClipDense(usual, seen).layers.back().weights, usual.layers.back().weights);
}

TEST(Folding, LeavesNoNormalisationWhereItIsExact) {
  const auto kinds = [](const nn::ModelSpec& spec) {
    std::vector<FoldedKind> result;
    const FoldedModel folded = *Fold(spec, RandomWeights(spec, 1));
    for (const FoldedLayer& layer : folded.layers) result.push_back(layer.kind);
    return result;
  };
  using enum FoldedKind;
  const auto normalize = Plain(LayerKind::kNormalize);
  EXPECT_EQ(kinds(Spec(9, {normalize, Conv(4, 3, 1, Padding::kValid)})), (std::vector{kConv, kDense}));
  EXPECT_EQ(kinds(Spec(9, {normalize, Conv(4, 3, 1, Padding::kSame)})),
            (std::vector{kDepthwise, kConv, kDense}));
  EXPECT_EQ(
      kinds(Spec(9, {Conv(4, 3, 1, Padding::kSame), Plain(LayerKind::kBatchNorm), Plain(LayerKind::kRelu)})),
      (std::vector{kConv, kDense}));
}

TEST(Folding, NamesAWeightThatIsMissing) {
  const nn::ModelSpec spec = Spec(9, {Conv(4, 3, 1, Padding::kValid)});
  nn::Weights weights = RandomWeights(spec, 1);
  weights.erase(weights.begin());
  const auto folded = Fold(spec, weights);
  ASSERT_FALSE(folded.has_value());
  EXPECT_NE(folded.error().message.find("0.kernel is missing"), std::string::npos) << folded.error().message;
}

TEST(Calibration, DoesNotDependOnTheNumberOfThreads) {
  const nn::ModelSpec spec = Cases()[9].spec;
  const nn::Weights weights = RandomWeights(spec, 2);
  const auto pictures = Pictures(spec.size_px, 9);
  const auto one = *Calibrate(spec, weights, Spans(pictures), 1, SilentProgress());
  const auto three = *Calibrate(spec, weights, Spans(pictures), 3, SilentProgress());
  EXPECT_EQ(one.low, three.low);
  EXPECT_EQ(one.high, three.high);
  EXPECT_EQ(one.means, three.means);
  EXPECT_EQ(*Convert(spec, weights, Variant::kInt8, Io::kUint8, &one),
            *Convert(spec, weights, Variant::kInt8, Io::kUint8, &three));
}

TEST(Quantize, CoversZeroAndTheRange) {
  for (const auto& [low, high] :
       {std::pair{0.0f, 6.0f}, {-3.0f, 1.0f}, {1.0f, 2.0f}, {-5.0f, -4.0f}, {0.0f, 0.0f}}) {
    const auto q = ActivationScale(low, high);
    const double bottom = q.scales[0] * static_cast<double>(-128 - q.zero_points[0]);
    const double top = q.scales[0] * static_cast<double>(127 - q.zero_points[0]);
    EXPECT_LE(bottom, std::min(low, 0.0f) + q.scales[0] * 0.51);
    EXPECT_GE(top, std::max(high, 0.0f) - q.scales[0] * 0.51);
  }
}

TEST(Quantize, RoundsToHalfPrecisionAsIeee754) {
  // Values and their binary16 patterns: 1, -2, 65504 (largest), 1e6 (clamped), 2^-24 (smallest), 1/3, 1 +
  // 2^-11 and 1 + 3 2^-11 (ties, to even), and just above the first of them.
  const std::vector<float> values = {1.0f,     -2.0f,          65504.0f,       1e6f,       5.9604645e-8f,
                                     1.0f / 3, 1.00048828125f, 1.00146484375f, 1.0004884f, 0.0f};
  const std::vector<uint16_t> halves = {0x3c00, 0xc000, 0x7bff, 0x7bff, 0x0001,
                                        0x3555, 0x3c00, 0x3c02, 0x3c01, 0x0000};
  const Bytes bytes = ToFloat16(values);
  for (size_t i = 0; i < values.size(); ++i) {
    EXPECT_EQ(bytes[2 * i] | bytes[2 * i + 1] << 8, halves[i]) << values[i];
  }
}

}  // namespace
}  // namespace handlens::convert
