// Every layer's gradients against finite differences of its own forward pass: both the slope along random
// directions and the slope of single numbers. One step of plain SGD at rate 1 shows the whole gradient as the
// change of weights.
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>

#include "base/rng.h"
#include "nn/nn.h"
#include "nn/test_layers.h"

namespace handlens::nn {
namespace {

struct SlopeProblem {
  ModelSpec spec;
  std::vector<float> inputs;
  std::vector<int> labels{0, 1, 1};
  std::vector<float> weights{1, 2, 0.5f};
  std::vector<float> taught = {};
  Weights start;
};

SlopeProblem Make(std::vector<LayerSpec> layers, int size_px) {
  SlopeProblem p;
  p.spec = {"t", size_px, 2, std::move(layers)};
  Rng rng(7, "test");
  p.inputs.resize(p.labels.size() * static_cast<size_t>(size_px * size_px * 3));
  for (float& v : p.inputs) v = rng.Uniform();
  auto net = Network::Create(p.spec, 3, {}, Backend::kReference);
  EXPECT_TRUE(net) << net.error().message;
  (*net)->Initialize(5);
  p.start = (*net)->SaveWeights();
  for (Tensor& t : p.start) {  // away from symmetric values
    for (float& v : t.values) v += 0.1f * (rng.Uniform() + 0.1f);
  }
  return p;
}

// Loss of `weights`, and the weights after one step at `rate`.
float Loss(const SlopeProblem& p, Backend backend, float rate, Weights& weights) {
  auto net = *Network::Create(p.spec, 3, {}, backend);
  EXPECT_TRUE(net->LoadWeights(weights));
  const StepResult r = net->TrainStep({p.inputs, p.labels, p.weights, 0.1f, p.taught, 0.7f}, rate, {3, 4});
  weights = net->SaveWeights();
  return r.mean_loss;
}

bool Trained(const SlopeProblem& p, const Tensor& t) {
  const auto what = t.name.substr(t.name.find('.') + 1);
  if (what == "mean" || what == "variance" || what == "std") return false;
  return !p.spec.layers.empty();
}

void ExpectSlopesMatch(const SlopeProblem& p, Backend backend) {
  Weights after = p.start;
  Loss(p, backend, 1, after);
  for (size_t t = 0; t < p.start.size(); ++t) {
    if (!Trained(p, p.start[t])) continue;
    Rng rng(11, "direction", {t});
    for (int trial = 0; trial < 6; ++trial) {
      std::vector<float> direction(p.start[t].values.size(), 0.0f);
      if (trial < 2) {
        for (float& d : direction) d = rng.Normal() / std::sqrt(static_cast<float>(direction.size()));
      } else {
        direction[rng.Below(static_cast<uint32_t>(direction.size()))] = 1;
      }
      double slope = 0;
      for (size_t i = 0; i < direction.size(); ++i) {
        slope += static_cast<double>(p.start[t].values[i] - after[t].values[i]) *
                 static_cast<double>(direction[i]);
      }
      // Large steps cross kinks of ReLU and max pool, small ones drown in float32: the best of four counts.
      double best = 1e9;
      for (const float h : {1e-2f, 3e-3f, 1e-3f, 5e-4f}) {
        Weights up = p.start, down = p.start;
        for (size_t i = 0; i < direction.size(); ++i) {
          up[t].values[i] += h * direction[i];
          down[t].values[i] -= h * direction[i];
        }
        const double measured = static_cast<double>(Loss(p, backend, 0, up) - Loss(p, backend, 0, down)) /
                                (2 * static_cast<double>(h));
        best = std::min(best, std::abs(slope - measured) / (0.02 + std::abs(measured)));
      }
      EXPECT_LT(best, 0.03) << p.start[t].name << " trial " << trial << " slope " << slope;
    }
  }
}

class Gradient : public testing::TestWithParam<Backend> {};

TEST_P(Gradient, OfConvolutionPoolAndDense) {
  ExpectSlopesMatch(Make({Conv(5, 3, 1, Padding::kValid),
                          {.kind = LayerKind::kRelu},
                          {.kind = LayerKind::kMaxPool, .kernel = 2, .stride = 2},
                          Conv(4, 3, 1, Padding::kSame),
                          {.kind = LayerKind::kRelu6},
                          {.kind = LayerKind::kDense, .units = 6},
                          {.kind = LayerKind::kRelu},
                          {.kind = LayerKind::kDense, .units = 2}},
                         9),
                    GetParam());
}

TEST_P(Gradient, OfATeachersScores) {
  SlopeProblem p = Make({Conv(4, 3, 1, Padding::kValid), {.kind = LayerKind::kDense, .units = 2}}, 6);
  p.taught = {0.9f, 0.1f, 0.3f, 0.7f, 0.5f, 0.5f};
  ExpectSlopesMatch(p, GetParam());
  // A teacher that says the smoothed labels changes nothing.
  Weights by_labels = p.start, by_teacher = p.start;
  p.taught.clear();
  const float loss = Loss(p, GetParam(), 1, by_labels);
  p.taught = {0.95f, 0.05f, 0.05f, 0.95f, 0.05f, 0.95f};
  EXPECT_NEAR(Loss(p, GetParam(), 1, by_teacher), loss, 1e-6);
  for (size_t t = 0; t < by_labels.size(); ++t) {
    for (size_t i = 0; i < by_labels[t].values.size(); ++i)
      EXPECT_NEAR(by_labels[t].values[i], by_teacher[t].values[i], 1e-5);
  }
}

TEST_P(Gradient, OfTwoFusedConvolutionsWithPools) {
  ExpectSlopesMatch(Make({Conv(5, 3, 1, Padding::kValid),
                          {.kind = LayerKind::kRelu},
                          {.kind = LayerKind::kMaxPool, .kernel = 2, .stride = 2},
                          Conv(4, 3, 1, Padding::kValid),
                          {.kind = LayerKind::kRelu},
                          {.kind = LayerKind::kMaxPool, .kernel = 2, .stride = 2},
                          {.kind = LayerKind::kDense, .units = 2}},
                         13),
                    GetParam());
}

TEST_P(Gradient, OfDepthwiseBatchNormAndGlobalPool) {
  LayerSpec first = Conv(4, 3, 2, Padding::kSame), point = Conv(6, 1, 1, Padding::kValid);
  first.bias = point.bias = false;
  ExpectSlopesMatch(Make({first,
                          {.kind = LayerKind::kBatchNorm},
                          {.kind = LayerKind::kRelu},
                          {.kind = LayerKind::kDepthwise,
                           .kernel = 3,
                           .stride = 2,
                           .padding = Padding::kSame,
                           .bias = false},
                          {.kind = LayerKind::kBatchNorm},
                          {.kind = LayerKind::kRelu6},
                          point,
                          {.kind = LayerKind::kBatchNorm},
                          {.kind = LayerKind::kGlobalAvgPool},
                          {.kind = LayerKind::kDropout, .rate = 0.3f},
                          {.kind = LayerKind::kDense, .units = 2}},
                         11),
                    GetParam());
}

TEST_P(Gradient, OfAddAveragePoolAndNormalize) {
  ExpectSlopesMatch(Make({{.kind = LayerKind::kNormalize},
                          Conv(4, 3, 1, Padding::kSame),
                          {.kind = LayerKind::kDepthwise, .kernel = 3, .padding = Padding::kSame},
                          {.kind = LayerKind::kAdd, .inputs = {1, 2}},
                          {.kind = LayerKind::kAvgPool, .kernel = 3, .stride = 2, .padding = Padding::kSame},
                          Conv(3, 2, 1, Padding::kValid),
                          {.kind = LayerKind::kBatchNorm},
                          {.kind = LayerKind::kDropout, .rate = 0.2f},
                          {.kind = LayerKind::kMaxPool, .kernel = 3, .stride = 1, .padding = Padding::kSame},
                          {.kind = LayerKind::kDense, .units = 2}},
                         8),
                    GetParam());
}

INSTANTIATE_TEST_SUITE_P(Backends, Gradient, testing::Values(Backend::kReference, Backend::kFast),
                         [](const auto& backend) {
                           return backend.param == Backend::kFast ? "Fast" : "Reference";
                         });

}  // namespace
}  // namespace handlens::nn
