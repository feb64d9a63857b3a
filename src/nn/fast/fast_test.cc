// The fast backend against the reference on odd shapes, and against itself on every instruction set.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <hwy/targets.h>
#include <algorithm>
#include <cmath>

#include "base/hash.h"
#include "base/rng.h"
#include "nn/nn.h"
#include "nn/test_layers.h"
#include "nn/zoo.h"

namespace handlens::nn {
namespace {

struct Trained {
  std::vector<float> losses, scores;
  Weights weights;
};

Trained Train(const ModelSpec& spec, const Optimizer& optimizer, int steps, Backend backend, int batch = 5) {
  const auto pixels = static_cast<size_t>(spec.size_px) * static_cast<size_t>(spec.size_px) * 3;
  auto made = Network::Create(spec, batch, optimizer, backend);
  EXPECT_TRUE(made) << made.error().message;
  Network& net = **made;
  net.Initialize(9);
  Trained result;
  for (int step = 0; step < steps; ++step) {
    const int count = step % 3 == 2 ? std::min(3, batch) : batch;  // a short last batch too
    Rng rng(1, "batch", {static_cast<uint64_t>(step)});
    std::vector<float> inputs(static_cast<size_t>(count) * pixels);
    std::vector<int> labels;
    for (int b = 0; b < count; ++b)
      labels.push_back(static_cast<int>(rng.Below(static_cast<uint32_t>(spec.classes))));
    for (size_t i = 0; i < inputs.size(); ++i)
      inputs[i] = 0.7f * rng.Uniform() + 0.1f * static_cast<float>(labels[i / pixels]);
    result.losses.push_back(
        net.TrainStep({inputs, labels, {}, 0.1f}, 0.02f, {2, static_cast<uint64_t>(step)}).mean_loss);
    result.scores.resize(static_cast<size_t>(count * spec.classes));
    net.Predict(inputs, count, result.scores);
  }
  result.weights = net.SaveWeights();
  return result;
}

// Largest difference of any tensor, as a share of that tensor's largest number (at least 0.01).
float Difference(const Weights& a, const Weights& b) {
  float worst = 0;
  EXPECT_EQ(a.size(), b.size());
  for (size_t t = 0; t < a.size(); ++t) {
    EXPECT_EQ(a[t].name, b[t].name);
    float scale = 0.01f, off = 0;
    for (size_t i = 0; i < a[t].values.size(); ++i) {
      scale = std::max(scale, std::abs(a[t].values[i]));
      off = std::max(off, std::abs(a[t].values[i] - b[t].values[i]));
    }
    EXPECT_TRUE(std::isfinite(off)) << a[t].name;
    worst = std::max(worst, off / scale);
  }
  return worst;
}

void ExpectBackendsAgree(const ModelSpec& spec, const Optimizer& optimizer, int batch = 5) {
  const Trained plain = Train(spec, optimizer, 3, Backend::kReference, batch),
                fast = Train(spec, optimizer, 3, Backend::kFast, batch);
  for (size_t i = 0; i < plain.losses.size(); ++i)
    EXPECT_NEAR(plain.losses[i], fast.losses[i], 2e-4) << spec.name << " step " << i;
  for (size_t i = 0; i < plain.scores.size(); ++i)
    EXPECT_NEAR(plain.scores[i], fast.scores[i], 3e-4) << spec.name;
  EXPECT_LT(Difference(plain.weights, fast.weights), 1e-3f) << spec.name;
}

constexpr Optimizer kNesterov{.kind = OptimizerKind::kMomentum, .nesterov = true, .weight_decay = 1e-3f};

TEST(Fast, EqualsReferenceOnConvolutionsWithPools) {
  for (const auto& [size, filters, more] : {std::tuple{13, 1, 3}, {17, 7, 16}, {29, 16, 9}, {18, 33, 70}}) {
    ModelSpec spec{"pools", size, 3, {}};
    spec.layers = {Conv(filters, 3, 1, Padding::kValid),
                   {.kind = LayerKind::kRelu},
                   {.kind = LayerKind::kMaxPool, .kernel = 2, .stride = 2},
                   Conv(more, 3, 1, Padding::kValid),
                   {.kind = LayerKind::kRelu},
                   {.kind = LayerKind::kMaxPool, .kernel = 2, .stride = 2},
                   {.kind = LayerKind::kDense, .units = 13},
                   {.kind = LayerKind::kRelu},
                   {.kind = LayerKind::kDense, .units = 3}};
    ExpectBackendsAgree(spec, {});
  }
}

TEST(Fast, EqualsReferenceOnSeparableBlocks) {
  for (const auto& [size, width, stride] : {std::tuple{13, 1, 1}, {17, 12, 2}, {29, 24, 2}, {12, 70, 1}}) {
    ModelSpec spec{"blocks", size, 2, {}};
    LayerSpec first = Conv(width, 3, 2, Padding::kSame), point = Conv(width + 5, 1, 1, Padding::kValid);
    first.bias = false;
    spec.layers = {{.kind = LayerKind::kNormalize},
                   first,
                   {.kind = LayerKind::kBatchNorm},
                   {.kind = LayerKind::kRelu},
                   {.kind = LayerKind::kDepthwise, .kernel = 3, .stride = stride, .padding = Padding::kSame},
                   {.kind = LayerKind::kBatchNorm},
                   {.kind = LayerKind::kRelu6},
                   point,
                   {.kind = LayerKind::kBatchNorm},
                   {.kind = LayerKind::kGlobalAvgPool},
                   {.kind = LayerKind::kDropout, .rate = 0.2f},
                   {.kind = LayerKind::kDense, .units = 2}};
    ExpectBackendsAgree(spec, kNesterov);
  }
}

// One step: running = momentum * fresh + (1 - momentum) * batch, where momentum 0 shows the batch itself.
TEST(Fast, RunningStatisticsForgetByTheLayersOwnMomentum) {
  for (const Backend backend : {Backend::kReference, Backend::kFast}) {
    const auto statistics = [&](float momentum) {
      ModelSpec spec{"momentum", 9, 2, {}};
      spec.layers = {Conv(5, 3, 1, Padding::kValid),
                     {.kind = LayerKind::kBatchNorm, .momentum = momentum},
                     {.kind = LayerKind::kRelu},
                     {.kind = LayerKind::kDense, .units = 2}};
      const Weights weights = Train(spec, kNesterov, 1, backend).weights;
      std::vector<float> values = weights[4].values;  // 1.mean, then 1.variance
      EXPECT_EQ(weights[4].name, "1.mean");
      values.insert(values.end(), weights[5].values.begin(), weights[5].values.end());
      return values;
    };
    const std::vector<float> batch = statistics(0), slow = statistics(0.99f), quick = statistics(0.9f);
    for (size_t i = 0; i < batch.size(); ++i) {
      const float fresh = i < batch.size() / 2 ? 0.0f : 1.0f;
      EXPECT_GT(std::abs(batch[i] - fresh), 1e-3f);
      EXPECT_NEAR(slow[i], 0.99f * fresh + 0.01f * batch[i], 1e-6f) << i;
      EXPECT_NEAR(quick[i], 0.9f * fresh + 0.1f * batch[i], 1e-6f) << i;
    }
  }
}

TEST(Fast, EqualsReferenceOnUncommonLayers) {
  ModelSpec spec{"uncommon", 13, 2, {}};
  spec.layers = {Conv(9, 5, 2, Padding::kSame),
                 {.kind = LayerKind::kRelu},
                 {.kind = LayerKind::kDepthwise, .kernel = 5, .padding = Padding::kSame},
                 {.kind = LayerKind::kAdd, .inputs = {1, 2}},
                 Conv(11, 3, 1, Padding::kSame),
                 {.kind = LayerKind::kRelu},
                 {.kind = LayerKind::kAdd, .inputs = {4, 5}},
                 {.kind = LayerKind::kMaxPool, .kernel = 3, .stride = 2, .padding = Padding::kSame},
                 Conv(6, 2, 1, Padding::kValid),
                 {.kind = LayerKind::kDepthwise, .kernel = 2, .stride = 1},
                 {.kind = LayerKind::kAvgPool, .kernel = 2, .stride = 1, .padding = Padding::kSame},
                 {.kind = LayerKind::kDense, .units = 2}};
  ExpectBackendsAgree(spec, {.kind = OptimizerKind::kMomentum});
}

TEST(Fast, EqualsReferenceOnTheZoo) {
  for (const char* name : {"m1", "f3n5", "m2-dropout", "nano8", "nano24"})
    ExpectBackendsAgree(*NamedModel(name, 32, 4), kNesterov);
}

// Neurons behind a ReLU that is shut for a whole batch have no gradient, and the dense kernel leaves them
// out.
TEST(Fast, EqualsReferenceWhereNeuronsAreShut) {
  ModelSpec spec{"shut", 6, 3, {}};
  spec.layers = {{.kind = LayerKind::kDense, .units = 40},
                 {.kind = LayerKind::kRelu},
                 {.kind = LayerKind::kDense, .units = 3}};
  for (const OptimizerKind kind : {OptimizerKind::kSgd, OptimizerKind::kMomentum, OptimizerKind::kAdam}) {
    for (const float decay : {0.0f, 0.01f}) ExpectBackendsAgree(spec, {.kind = kind, .weight_decay = decay});
  }
  const auto shut = [&](const Optimizer& optimizer) {
    const std::vector<float> before = Train(spec, optimizer, 0, Backend::kFast).weights[0].values;
    const std::vector<float> after = Train(spec, optimizer, 3, Backend::kFast).weights[0].values;
    int unmoved = 0;
    for (size_t o = 0; o < 40; ++o) {
      bool moved = false;
      for (size_t i = o; i < before.size(); i += 40) moved = moved || before[i] != after[i];
      if (!moved) ++unmoved;
    }
    return unmoved;
  };
  EXPECT_GT(shut({}), 2);
  EXPECT_LT(shut({}), 38);
  EXPECT_EQ(shut({.weight_decay = 0.01f}), 0);
}

// 1,323 inputs: two whole blocks of weights and a part of one, ending within a vector. More than sixteen
// pictures go over two blocks at once.
TEST(Fast, EqualsReferenceOnDenseLayersOfSeveralBlocks) {
  for (const int units : {1, 6, 23}) {
    ModelSpec spec{"blocks", 21, 3, {}};
    spec.layers = {{.kind = LayerKind::kDense, .units = units},
                   {.kind = LayerKind::kRelu},
                   {.kind = LayerKind::kDense, .units = 41},
                   {.kind = LayerKind::kRelu},
                   {.kind = LayerKind::kDense, .units = 3}};
    for (const int batch : {1, 7, 16, 17, 40}) {
      for (const OptimizerKind kind : {OptimizerKind::kSgd, OptimizerKind::kMomentum, OptimizerKind::kAdam}) {
        ExpectBackendsAgree(spec, {.kind = kind}, batch);
      }
    }
  }
}

// The last two are so wide that the kernels of most convolutions outweigh a picture.
TEST(Fast, EqualsReferenceWithFixedStatisticsAndFrozenLayers) {
  for (const auto& [size, width, kernel, stride] : {std::tuple{11, 1, 3, 1},
                                                    {18, 7, 5, 2},
                                                    {21, 16, 3, 2},
                                                    {9, 23, 5, 1},
                                                    {31, 5, 5, 2},
                                                    {8, 57, 3, 1},
                                                    {11, 61, 5, 2}}) {
    for (const size_t frozen : {0, 3, 8, 12, 26}) {
      const ModelSpec spec = Tuned(size, width, kernel, stride, frozen);
      ExpectBackendsAgree(spec, kNesterov);
      ExpectBackendsAgree(spec, {.kind = OptimizerKind::kAdam, .start_decay = 0.1f, .clip_norm = 0.5f}, 1);
    }
  }
}

// Large enough that sums go some rows at a time, and that an output is worked out again in the backward pass.
TEST(Fast, EqualsReferenceOnLargePictures) {
  for (const int kernel : {3, 5}) {
    ModelSpec spec{"large", 97, 3, {}};
    using enum LayerKind;
    LayerSpec first = Conv(16, 3, 2, Padding::kSame), up = Conv(96, 1, 1, Padding::kSame),
              down = Conv(24, 1, 1, Padding::kSame);
    LayerSpec deep{
        .kind = kDepthwise, .kernel = kernel, .stride = 2, .padding = Padding::kSame, .bias = false},
        flat = deep;
    first.bias = up.bias = down.bias = false;
    flat.stride = 1;
    const LayerSpec norm{.kind = kBatchNorm, .fixed_statistics = true}, act{.kind = kRelu6};
    spec.layers = {{.kind = kNormalize},
                   first,
                   norm,
                   act,
                   flat,
                   norm,
                   act,
                   up,
                   norm,
                   act,
                   deep,
                   norm,
                   act,
                   down,
                   norm,
                   flat,
                   norm,
                   act,
                   {.kind = kGlobalAvgPool},
                   {.kind = kDense, .units = 3}};
    ExpectBackendsAgree(spec, kNesterov, 2);
  }
}

TEST(Fast, EqualsReferenceWithFrozenConvolutionsWithPools) {
  for (const size_t frozen : {0, 3}) {
    ModelSpec spec{"pools", 29, 3, {}};
    spec.layers = {Conv(16, 3, 1, Padding::kValid),
                   {.kind = LayerKind::kRelu},
                   {.kind = LayerKind::kMaxPool, .kernel = 2, .stride = 2},
                   Conv(9, 3, 1, Padding::kValid),
                   {.kind = LayerKind::kRelu},
                   {.kind = LayerKind::kMaxPool, .kernel = 2, .stride = 2},
                   {.kind = LayerKind::kDense, .units = 3}};
    spec.layers[frozen].frozen = true;
    ExpectBackendsAgree(spec, kNesterov);
  }
}

TEST(Fast, GivesTheFeaturesThatAPoolThereGives) {
  ModelSpec spec = Tuned(21, 12, 5, 2, 20);
  const std::vector<int> layers = {3, 11, 20, 25};
  constexpr size_t kBatch = 3, kWidth = 12;
  std::vector<float> inputs(kBatch * 21 * 21 * 3);
  Rng rng(8, "test");
  for (float& v : inputs) v = rng.Uniform();
  std::vector<float> means[2];
  for (const Backend backend : {Backend::kReference, Backend::kFast}) {
    auto net = *Network::Create(spec, kBatch, {}, backend);
    net->Initialize(3);
    std::vector<float>& to = means[backend == Backend::kFast ? 1 : 0];
    to.resize(kBatch * (3 * kWidth + 3 * kWidth));
    net->Features(inputs, kBatch, layers, to);
  }
  for (size_t i = 0; i < means[0].size(); ++i)
    EXPECT_NEAR(means[0][i], means[1][i], 1e-5f * (1 + std::abs(means[0][i]))) << i;
  EXPECT_GT(*std::max_element(means[1].begin(), means[1].end()), 0.1f);
}

// Plain SGD: what a step changes is rate x gradient, so its length is that of the gradient.
TEST(Network, ClipsTheGradientsOfAllTrainedNumbersTogether) {
  for (const Backend backend : {Backend::kReference, Backend::kFast}) {
    const ModelSpec spec = Tuned(13, 6, 3, 2, 4);
    const auto step = [&](float clip) {
      const Weights before = Train(spec, {.clip_norm = clip}, 0, backend).weights;
      Weights change = Train(spec, {.clip_norm = clip}, 1, backend).weights;
      for (size_t t = 0; t < change.size(); ++t) {
        for (size_t i = 0; i < change[t].values.size(); ++i)
          change[t].values[i] = (before[t].values[i] - change[t].values[i]) / 0.02f;
      }
      return change;
    };
    const auto norm = [](const Weights& w) {
      double sum = 0;
      for (const Tensor& t : w) {
        for (const float v : t.values) sum += static_cast<double>(v) * static_cast<double>(v);
      }
      return std::sqrt(sum);
    };
    const Weights whole = step(0), large = step(1e6f), clipped = step(0.25f);
    EXPECT_GT(norm(whole), 0.5);
    EXPECT_NEAR(norm(clipped), 0.25, 1e-3);
    for (size_t t = 0; t < whole.size(); ++t) {
      for (size_t i = 0; i < whole[t].values.size(); ++i) {
        EXPECT_EQ(whole[t].values[i], large[t].values[i]) << whole[t].name;
        EXPECT_NEAR(clipped[t].values[i], static_cast<double>(whole[t].values[i]) * 0.25 / norm(whole), 2e-4)
            << whole[t].name;
      }
    }
  }
}

std::string Digest(const Trained& t) { return Sha256(EncodeWeights(t.weights)); }

TEST(Fast, GivesTheSameBitsOnEveryInstructionSet) {
  const std::vector<std::pair<const char*, Optimizer>> cases = {
      {"m2", {}},
      {"f3n5", {.kind = OptimizerKind::kAdam}},
      {"nano8", kNesterov},
      {"tuned", {.kind = OptimizerKind::kMomentum, .start_decay = 1e-2f, .clip_norm = 0.5f}}};
  for (const auto& [name, optimizer] : cases) {
    const ModelSpec spec = name == std::string("tuned") ? Tuned(23, 13, 5, 2, 4) : *NamedModel(name, 32, 3);
    const std::string best = Digest(Train(spec, optimizer, 3, Backend::kFast));
    int64_t rest = hwy::SupportedTargets();
    int targets = 0;
    for (; rest != 0; rest &= rest - 1) {
      hwy::SetSupportedTargetsForTest(rest & -rest);
      hwy::GetChosenTarget().Update(hwy::SupportedTargets());
      EXPECT_EQ(Digest(Train(spec, optimizer, 3, Backend::kFast)), best)
          << name << " on " << hwy::TargetName(rest & -rest);
      ++targets;
      hwy::SetSupportedTargetsForTest(0);
    }
    hwy::GetChosenTarget().DeInit();
    EXPECT_GE(targets, 1);
    RecordProperty(name, targets);
  }
}

TEST(Network, ResumesBitForBit) {
  for (const OptimizerKind kind : {OptimizerKind::kSgd, OptimizerKind::kMomentum, OptimizerKind::kAdam}) {
    const ModelSpec spec = *NamedModel("nano8", 16, 2);
    const Optimizer optimizer{.kind = kind};
    auto one = *Network::Create(spec, 2, optimizer), two = *Network::Create(spec, 2, optimizer);
    one->Initialize(4);
    std::vector<float> inputs(2 * 16 * 16 * 3);
    Rng rng(3, "test");
    for (float& v : inputs) v = rng.Uniform();
    const std::vector<int> labels = {0, 1};
    for (uint64_t s = 0; s < 4; ++s) {
      if (s == 2) {
        ASSERT_TRUE(two->LoadState(one->SaveState()));
      }
      one->TrainStep({inputs, labels, {}, 0}, 0.01f, {1, s});
      if (s >= 2) two->TrainStep({inputs, labels, {}, 0}, 0.01f, {1, s});
    }
    EXPECT_EQ(EncodeWeights(one->SaveState()), EncodeWeights(two->SaveState()));
  }
}

TEST(Network, ResumesBitForBitWithFrozenLayersAndDecayTowardsTheStart) {
  const ModelSpec spec = Tuned(12, 5, 3, 1, 4);
  const Optimizer optimizer{
      .kind = OptimizerKind::kMomentum, .weight_decay = 0.01f, .start_decay = 0.1f, .clip_norm = 0.5f};
  auto one = *Network::Create(spec, 2, optimizer), two = *Network::Create(spec, 2, optimizer);
  one->Initialize(4);
  Weights start = one->SaveWeights();
  for (Tensor& t : start) {
    for (float& v : t.values) v *= 1.1f;
  }
  ASSERT_TRUE(one->LoadWeights(start));
  std::vector<float> inputs(2 * 12 * 12 * 3, 0.5f);
  const std::vector<int> labels = {0, 1};
  for (uint64_t s = 0; s < 4; ++s) {
    if (s == 2) {
      ASSERT_TRUE(two->LoadState(one->SaveState()));
    }
    one->TrainStep({inputs, labels, {}, 0}, 0.05f, {1, s});
    if (s >= 2) two->TrainStep({inputs, labels, {}, 0}, 0.05f, {1, s});
  }
  EXPECT_EQ(EncodeWeights(one->SaveState()), EncodeWeights(two->SaveState()));
}

TEST(Network, TrainsNothingWhereEverythingIsFrozen) {
  for (const Backend backend : {Backend::kReference, Backend::kFast}) {
    ModelSpec spec = Tuned(12, 5, 3, 1, 26);
    for (LayerSpec& layer : spec.layers) layer.frozen = true;
    EXPECT_EQ(
        Difference(Train(spec, kNesterov, 0, backend).weights, Train(spec, kNesterov, 2, backend).weights),
        0);
  }
}

TEST(Network, RefusesAnotherModelsWeights) {
  auto a = *Network::Create(*NamedModel("m1", 16, 2), 1, {}),
       b = *Network::Create(*NamedModel("m1", 16, 3), 1, {});
  const auto loaded = a->LoadWeights(b->SaveWeights());
  ASSERT_FALSE(loaded);
  EXPECT_EQ(loaded.error().kind, ErrorKind::kBadInput);
  EXPECT_FALSE(a->LoadState(a->SaveWeights()));
  EXPECT_TRUE(a->LoadWeights(a->SaveWeights()));
}

}  // namespace
}  // namespace handlens::nn
