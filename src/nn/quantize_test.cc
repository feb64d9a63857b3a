// Training as int8 will compute: what a fake quantization gives and passes back, what a rounded kernel
// computes with and what its float numbers learn.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <hwy/targets.h>
#include <algorithm>
#include <cmath>
#include <limits>

#include "base/rng.h"
#include "nn/kernels/kernels.h"
#include "nn/nn.h"
#include "nn/reference/layers.h"
#include "nn/test_layers.h"

namespace handlens::nn {
namespace {

LayerSpec Fake(float step, int zero) {
  return {.kind = LayerKind::kFakeQuantize, .step = step, .zero = zero};
}

TEST(FakeQuantize, RoundsHalfToEvenWithinTheRangeOfInt8) {
  const std::vector<float> x = {0, 0.2f, 0.25f, 0.75f, 1.25f, -0.25f, -0.75f, 70, -70, 0.3f};
  std::vector<float> y(x.size());
  reference::FakeQuantizeForward(x.size(), x.data(), {0.5f, 0}, y.data());
  EXPECT_EQ(y, (std::vector<float>{0, 0, 0, 1, 1, 0, -1, 63.5f, -64, 0.5f}));
  reference::FakeQuantizeForward(x.size(), x.data(), {0.5f, -128}, y.data());  // what stands behind a ReLU
  EXPECT_EQ(y, (std::vector<float>{0, 0, 0, 1, 1, 0, 0, 70, 0, 0.5f}));
  const float nan = std::numeric_limits<float>::quiet_NaN();
  reference::FakeQuantizeForward(1, &nan, {0.5f, 0}, y.data());
  EXPECT_TRUE(std::isnan(y[0]));  // a training that broke must look broken
}

TEST(FakeQuantize, PassesTheGradientInsideTheRangeAlone) {
  const std::vector<float> x = {-0.1f, 0, 0.3f, 127.4f, 127.5f, 127.6f, 1000}, dy = {1, 2, 3, 4, 5, 6, 7};
  std::vector<float> dx(x.size(), 10.0f);
  reference::FakeQuantizeBackward(x.size(), x.data(), {0.5f, -128}, dy.data(), dx.data());
  EXPECT_EQ(dx, (std::vector<float>{10, 12, 13, 14, 15, 10, 10}));
}

TEST(FakeQuantize, KernelsEqualTheReferenceOnEveryInstructionSet) {
  for (int64_t rest = hwy::SupportedTargets(); rest != 0; rest &= rest - 1) {
    hwy::SetSupportedTargetsForTest(rest & -rest);
    hwy::GetChosenTarget().Update(hwy::SupportedTargets());
    for (const size_t floats : {8u, 24u, 136u}) {
      Rng rng(2, "round");
      std::vector<float> x(2 * floats), dy(2 * floats), y(2 * floats), dx(2 * floats), expected(2 * floats),
          expected_dx(2 * floats, 0.0f);
      for (size_t i = 0; i < x.size(); ++i) {
        x[i] = i % 3 == 0 ? 0.25f * static_cast<float>(static_cast<int>(rng.Below(1200)) - 600)
                          : rng.Uniform(-150, 150);  // ties too
        dy[i] = rng.Uniform(1, 2);
      }
      x[5] = std::numeric_limits<float>::quiet_NaN();
      const kernels::RoundArgs args{{x.data(), floats, 8}, {y.data(), floats, 8}, 2, floats, 0.5f, -138, 117};
      kernels::Round(args);
      kernels::RoundBackward({args, {dy.data(), floats, 8}, {dx.data(), floats, 8}});
      reference::FakeQuantizeForward(x.size(), x.data(), {0.5f, 10}, expected.data());
      reference::FakeQuantizeBackward(x.size(), x.data(), {0.5f, 10}, dy.data(), expected_dx.data());
      EXPECT_TRUE(std::isnan(y[5]) && std::isnan(expected[5])) << hwy::TargetName(rest & -rest);
      y[5] = expected[5] = 0;
      EXPECT_EQ(y, expected) << hwy::TargetName(rest & -rest);
      EXPECT_EQ(dx, expected_dx) << hwy::TargetName(rest & -rest);
    }
    hwy::SetSupportedTargetsForTest(0);
  }
  hwy::GetChosenTarget().DeInit();
}

struct Problem {
  ModelSpec spec;
  std::vector<float> inputs;
  std::vector<int> labels{0, 1, 2, 1};

  explicit Problem(std::vector<LayerSpec> layers, int size_px = 9)
      : spec{"t", size_px, 3, std::move(layers)} {
    Rng rng(3, "test");
    inputs.resize(labels.size() * static_cast<size_t>(size_px * size_px * 3));
    for (float& v : inputs) v = rng.Uniform();
  }
  TrainBatch Batch() const { return {inputs, labels, {}, 0.1f}; }
  std::unique_ptr<Network> Make(Backend backend, const Optimizer& optimizer = {}) const {
    auto network = Network::Create(spec, 4, optimizer, backend);
    EXPECT_TRUE(network) << network.error().message;
    (*network)->Initialize(8);
    return std::move(*network);
  }
  std::vector<float> Scores(Network& network) const {
    std::vector<float> scores(labels.size() * 3);
    network.Predict(inputs, 4, scores);
    return scores;
  }
};

class Quantized : public testing::TestWithParam<Backend> {};

// A clipped ReLU is the same function but for the rounding, so its gradient is nearly the same.
TEST_P(Quantized, GradientsAreThoseOfTheClippedFunction) {
  const auto gradients = [](const LayerSpec& middle) {
    const Problem p({Conv(6, 3, 1, Padding::kSame),
                     middle,
                     Conv(5, 3, 2, Padding::kSame),
                     middle,
                     {.kind = LayerKind::kDense, .units = 3}});
    auto network = p.Make(GetParam());
    Weights start = network->SaveWeights();
    for (Tensor& t : start) {
      for (float& v : t.values) v *= t.name == "0.kernel" ? 6.0f : 1.0f;  // far enough to be clipped at times
    }
    EXPECT_TRUE(network->LoadWeights(start));
    network->TrainStep(p.Batch(), 1, {1, 1});
    std::vector<std::vector<float>> changes;
    const Weights after = network->SaveWeights();
    for (size_t t = 0; t < start.size(); ++t) {
      changes.emplace_back();
      for (size_t i = 0; i < start[t].values.size(); ++i)
        changes.back().push_back(after[t].values[i] - start[t].values[i]);
    }
    return changes;
  };
  const auto smooth = gradients({.kind = LayerKind::kRelu6}), rounded = gradients(Fake(6.0f / 255, -128));
  for (size_t t = 0; t < smooth.size(); ++t) {
    double off = 0, size = 0;
    for (size_t i = 0; i < smooth[t].size(); ++i) {
      off += std::pow(static_cast<double>(smooth[t][i] - rounded[t][i]), 2);
      size += std::pow(static_cast<double>(smooth[t][i]), 2);
    }
    EXPECT_GT(off, 0) << t;
    EXPECT_LT(std::sqrt(off / size), 0.05) << t;
  }
}

std::vector<LayerSpec> ThreeKernels() {
  return {Conv(6, 3, 1, Padding::kSame),
          {.kind = LayerKind::kDepthwise, .kernel = 3, .padding = Padding::kSame},
          Conv(9, 2, 2, Padding::kValid),
          {.kind = LayerKind::kRelu},
          {.kind = LayerKind::kDense, .units = 7},
          {.kind = LayerKind::kDense, .units = 3}};
}
std::vector<LayerSpec> WithInt8(std::vector<LayerSpec> layers) {
  for (LayerSpec& l : layers) {
    l.int8_kernel = l.kind != LayerKind::kRelu;
    l.input_step = l.units == 7 ? 0 : 2;  // coarse, so that it shows; one layer's bias stays as it is
  }
  return layers;
}

// -127..127 steps of largest / 127, by the last dimension or, for dense kernels, one for all; biases to twice
// those.
Weights RoundedByHand(Weights weights) {
  std::vector<float> steps;
  for (Tensor& t : weights) {
    if (t.name.ends_with("bias") && t.shape[0] != 7) {
      for (size_t o = 0; o < t.values.size(); ++o) {
        const float step = 2 * steps[steps.size() == 1 ? 0 : o];
        t.values[o] = std::nearbyint(t.values[o] / step) * step;
      }
    }
    if (!t.name.ends_with("kernel")) continue;
    steps.clear();
    const size_t channels = t.shape.size() == 2 ? 1 : static_cast<size_t>(t.shape.back());
    for (size_t c = 0; c < channels; ++c) {
      float most = 0;
      for (size_t i = c; i < t.values.size(); i += channels) most = std::max(most, std::abs(t.values[i]));
      const float step = most / 127;
      steps.push_back(step);
      for (size_t i = c; i < t.values.size(); i += channels)
        t.values[i] = std::nearbyint(t.values[i] / step) * step;
    }
  }
  return weights;
}

Weights WithBiases(Weights weights) {
  Rng rng(6, "biases");
  for (Tensor& t : weights) {
    for (float& v : t.values) v = t.name.ends_with("bias") ? rng.Uniform(-0.2f, 0.2f) : v;
  }
  return weights;
}

TEST_P(Quantized, KernelsComputeRoundedAndAreKeptInFloat) {
  const Problem p(WithInt8(ThreeKernels())), plain(ThreeKernels());
  auto rounded = p.Make(GetParam()), by_hand = plain.Make(GetParam());
  EXPECT_EQ(EncodeWeights(rounded->SaveWeights()), EncodeWeights(by_hand->SaveWeights()));
  const Weights start = WithBiases(rounded->SaveWeights());
  ASSERT_TRUE(rounded->LoadWeights(start));
  EXPECT_EQ(EncodeWeights(rounded->SaveWeights()), EncodeWeights(start));
  ASSERT_TRUE(by_hand->LoadWeights(RoundedByHand(start)));
  EXPECT_THAT(p.Scores(*rounded), testing::Pointwise(testing::FloatNear(1e-6f), plain.Scores(*by_hand)));
  EXPECT_NE(EncodeWeights(RoundedByHand(start)), EncodeWeights(start));
}

TEST_P(Quantized, AStepChangesTheFloatNumbersAsItWouldTheRoundedOnes) {
  for (const OptimizerKind kind : {OptimizerKind::kSgd, OptimizerKind::kMomentum, OptimizerKind::kAdam}) {
    const Problem p(WithInt8(ThreeKernels())), plain(ThreeKernels());
    auto rounded = p.Make(GetParam(), {.kind = kind}), by_hand = plain.Make(GetParam(), {.kind = kind});
    const Weights start = WithBiases(rounded->SaveWeights()), hand = RoundedByHand(start);
    ASSERT_TRUE(rounded->LoadWeights(start) && by_hand->LoadWeights(hand));
    rounded->TrainStep(p.Batch(), 1e-3f, {1, 1});
    by_hand->TrainStep(plain.Batch(), 1e-3f, {1, 1});
    const Weights after = rounded->SaveWeights(), hand_after = by_hand->SaveWeights();
    float moved = 0;
    for (size_t t = 0; t < start.size(); ++t) {
      for (size_t i = 0; i < start[t].values.size(); ++i) {
        const float change = after[t].values[i] - start[t].values[i];
        moved = std::max(moved, std::abs(change));
        EXPECT_NEAR(change, hand_after[t].values[i] - hand[t].values[i], 2e-6f) << start[t].name << " " << i;
      }
    }
    EXPECT_GT(moved, 1e-5f);
    EXPECT_NE(p.Scores(*rounded), plain.Scores(*by_hand));  // rounded again after the step
  }
}

TEST_P(Quantized, ResumesBitForBit) {
  std::vector<LayerSpec> layers = WithInt8(ThreeKernels());
  layers[3] = Fake(0.02f, -128);
  const Problem p(layers);
  const Optimizer optimizer{.kind = OptimizerKind::kMomentum, .nesterov = true, .weight_decay = 1e-3f};
  auto one = p.Make(GetParam(), optimizer), two = p.Make(GetParam(), optimizer);
  for (uint64_t s = 0; s < 3; ++s) one->TrainStep(p.Batch(), 0.01f, {1, s});
  ASSERT_TRUE(two->LoadState(one->SaveState()));
  one->TrainStep(p.Batch(), 0.01f, {1, 3});
  two->TrainStep(p.Batch(), 0.01f, {1, 3});
  EXPECT_EQ(EncodeWeights(one->SaveState()), EncodeWeights(two->SaveState()));
  EXPECT_EQ(p.Scores(*one), p.Scores(*two));
}

INSTANTIATE_TEST_SUITE_P(Backends, Quantized, testing::Values(Backend::kReference, Backend::kFast),
                         [](const auto& backend) {
                           return backend.param == Backend::kFast ? "Fast" : "Reference";
                         });

// A rounding that falls the other way in the other order of summing is one step of 1/127: the bounds are
// wide.
TEST(Quantized, FastEqualsReference) {
  std::vector<LayerSpec> layers = {Conv(9, 3, 2, Padding::kSame),
                                   Fake(0.01f, -128),
                                   {.kind = LayerKind::kDepthwise, .kernel = 3, .padding = Padding::kSame},
                                   Fake(0.01f, 20),
                                   {.kind = LayerKind::kAdd, .inputs = {1, 3}},
                                   Fake(0.02f, -10),
                                   Conv(5, 3, 1, Padding::kValid),
                                   {.kind = LayerKind::kRelu},
                                   {.kind = LayerKind::kMaxPool, .kernel = 2, .stride = 2},
                                   Fake(0.01f, -128),
                                   {.kind = LayerKind::kGlobalAvgPool},
                                   Fake(0.005f, -128),
                                   {.kind = LayerKind::kDense, .units = 3},
                                   Fake(0.01f, 0)};
  const Problem p(WithInt8(layers), 17);
  auto plain = p.Make(Backend::kReference), fast = p.Make(Backend::kFast);
  for (uint64_t s = 0; s < 3; ++s) {
    const float a = plain->TrainStep(p.Batch(), 0.01f, {1, s}).mean_loss,
                b = fast->TrainStep(p.Batch(), 0.01f, {1, s}).mean_loss;
    EXPECT_NEAR(a, b, 0.01f);
  }
  EXPECT_THAT(p.Scores(*fast), testing::Pointwise(testing::FloatNear(0.01f), p.Scores(*plain)));
  const Weights a = plain->SaveWeights(), b = fast->SaveWeights();
  for (size_t t = 0; t < a.size(); ++t)
    EXPECT_THAT(a[t].values, testing::Pointwise(testing::FloatNear(1e-3f), b[t].values)) << a[t].name;
}

TEST(Quantized, IsRefusedWithoutAStep) {
  ModelSpec spec{"t", 4, 2, {{.kind = LayerKind::kDense, .units = 2}, Fake(0, 0)}};
  EXPECT_EQ(InferShapes(spec).error().message, "layer 1, fake quantize: step 0 is not above zero");
  spec.layers[1] = Fake(std::numeric_limits<float>::quiet_NaN(), 0);
  EXPECT_FALSE(InferShapes(spec));
  spec.layers[1] = Fake(1, 128);
  EXPECT_EQ(InferShapes(spec).error().message, "layer 1, fake quantize: zero 128 is not in -128..127");
}

TEST(Quantized, SurvivesJson) {
  const ModelSpec spec{"t", 9, 3,
                       WithInt8({Conv(4, 3, 1, Padding::kSame), {.kind = LayerKind::kDense, .units = 3}})};
  EXPECT_EQ(*ModelFromJson(ToJson(spec)), spec);
  ModelSpec fake = spec;
  fake.layers.push_back(Fake(0.0123f, -7));
  EXPECT_EQ(*ModelFromJson(ToJson(fake)), fake);
  ModelSpec plain = spec;
  for (LayerSpec& l : plain.layers) l.int8_kernel = false;
  EXPECT_THAT(ToJson(plain).dump(),
              testing::Not(testing::HasSubstr("int8")));  // records of before stay as they are
}

}  // namespace
}  // namespace handlens::nn
