// Scores, every gradient and ten steps of each optimiser against PyTorch's, recorded by
// tools/oracles/nn_torch.py.
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <map>

#include "base/disk.h"
#include "nn/nn.h"

namespace handlens::nn {
namespace {

struct Recorded {
  ModelSpec spec;
  std::map<std::string, std::vector<float>> tensors;
  Weights start;
  std::vector<int> labels;
  const std::vector<float>& operator[](const std::string& name) const { return tensors.at(name); }
};

Recorded Read(const std::string& name) {
  const std::string path = std::string(HANDLENS_SOURCE_DIR) + "/src/nn/testdata/" + name;
  Recorded r;
  r.spec = *ModelFromJson(*ParseJson(*ReadText(path + ".json"), name));
  const Weights all = *DecodeWeights(*ReadFile(path + ".safetensors"));
  for (const Tensor& t : all) {
    r.tensors[t.name] = t.values;
    if (t.name.starts_with("start.")) r.start.push_back({t.name.substr(6), t.shape, t.values});
  }
  for (const float label : r["labels"]) r.labels.push_back(static_cast<int>(label));
  return r;
}

using Case = std::tuple<const char*, Backend>;
class PyTorch : public testing::TestWithParam<Case> {
 protected:
  Recorded recorded_ = Read(std::get<0>(GetParam()));
  std::unique_ptr<Network> Begin(const Optimizer& optimizer) const {
    auto net = *Network::Create(recorded_.spec, 4, optimizer, std::get<1>(GetParam()));
    const auto loaded = net->LoadWeights(recorded_.start);
    EXPECT_TRUE(loaded) << loaded.error().message;
    return net;
  }
  StepResult Step(Network& net, float rate) const {
    return net.TrainStep({recorded_["inputs"], recorded_.labels, recorded_["weights"], 0.1f}, rate, {});
  }
};

TEST_P(PyTorch, GivesTheSameScores) {
  std::vector<float> scores(recorded_["scores"].size());
  Begin({})->Predict(recorded_["inputs"], 4, scores);
  for (size_t i = 0; i < scores.size(); ++i) EXPECT_NEAR(scores[i], recorded_["scores"][i], 2e-6) << i;
}

TEST_P(PyTorch, GivesTheSameGradients) {
  const auto net = Begin({});
  Step(*net, 1);  // plain SGD at rate 1: the gradient is what the weights lost
  size_t compared = 0;
  const Weights after = net->SaveWeights();
  for (size_t t = 0; t < after.size(); ++t) {
    const auto found = recorded_.tensors.find("gradient." + after[t].name);
    if (found == recorded_.tensors.end()) continue;
    ++compared;
    float scale = 1e-2f;
    for (const float g : found->second) scale = std::max(scale, std::abs(g));
    for (size_t i = 0; i < found->second.size(); ++i) {
      const auto start = std::find_if(recorded_.start.begin(), recorded_.start.end(),
                                      [&](const Tensor& s) { return s.name == after[t].name; });
      EXPECT_NEAR(start->values[i] - after[t].values[i], found->second[i], 2e-5f * scale + 2e-7f)
          << after[t].name << " " << i;
    }
  }
  EXPECT_GE(compared, 8u);
}

TEST_P(PyTorch, TrainsToTheSameLosses) {
  const std::map<std::string, std::pair<Optimizer, float>> optimizers = {
      {"sgd", {{.weight_decay = 1e-3f}, 0.05f}},
      {"momentum", {{.kind = OptimizerKind::kMomentum, .weight_decay = 1e-3f}, 0.05f}},
      {"nesterov", {{.kind = OptimizerKind::kMomentum, .nesterov = true, .weight_decay = 1e-3f}, 0.05f}},
      {"adam", {{.kind = OptimizerKind::kAdam, .weight_decay = 1e-3f}, 0.01f}},
      {"clipped",
       {{.kind = OptimizerKind::kMomentum, .weight_decay = 1e-3f, .start_decay = 0.1f, .clip_norm = 0.3f},
        0.05f}}};
  size_t compared = 0;
  for (const auto& [name, optimizer] : optimizers) {
    if (!recorded_.tensors.contains("losses." + name)) continue;
    ++compared;
    const auto net = Begin(optimizer.first);
    for (size_t step = 0; step < 10; ++step) {
      const float expected = recorded_["losses." + name][step];
      EXPECT_NEAR(Step(*net, optimizer.second).mean_loss, expected, 5e-5f * (1 + expected))
          << name << " step " << step;
    }
  }
  EXPECT_GE(compared, 4u);
}

TEST_P(PyTorch, KeepsTheSameRunningStatistics) {
  const auto net = Begin({.weight_decay = 1e-3f});
  for (int step = 0; step < 10; ++step) Step(*net, 0.05f);
  for (const Tensor& t : net->SaveWeights()) {
    const auto found = recorded_.tensors.find("after." + t.name);
    const bool fitted = t.name.ends_with(".mean") || t.name.ends_with(".variance");
    ASSERT_EQ(fitted && found == recorded_.tensors.end(), false) << t.name;
    if (!fitted) continue;
    for (size_t i = 0; i < t.values.size(); ++i) {
      EXPECT_NEAR(t.values[i], found->second[i], 2e-5f * (1 + std::abs(found->second[i])))
          << t.name << " " << i;
    }
  }
}

TEST(PyTorchFeatures, AreTheSame) {
  const Recorded recorded = Read("tuned");
  const std::vector<int> layers = {3, 8, 17, 24};  // FEATURES of the script
  for (const Backend backend : {Backend::kReference, Backend::kFast}) {
    const auto net = *Network::Create(recorded.spec, 4, {}, backend);
    ASSERT_TRUE(net->LoadWeights(recorded.start));
    std::vector<float> means(recorded["features"].size());
    net->Features(recorded["inputs"], 4, layers, means);
    for (size_t i = 0; i < means.size(); ++i) EXPECT_NEAR(means[i], recorded["features"][i], 5e-6) << i;
  }
}

TEST_P(PyTorch, LeavesFrozenNumbersAlone) {
  const auto net = Begin({.kind = OptimizerKind::kMomentum, .weight_decay = 0.1f});
  for (int step = 0; step < 3; ++step) Step(*net, 0.05f);
  for (const Tensor& t : net->SaveWeights()) {
    const auto layer = static_cast<size_t>(std::stoi(t.name));
    const auto start = std::find_if(recorded_.start.begin(), recorded_.start.end(),
                                    [&](const Tensor& s) { return s.name == t.name; });
    const LayerSpec& spec = recorded_.spec.layers[layer];
    const bool statistic =
        t.name.ends_with(".mean") || t.name.ends_with(".variance") || t.name.ends_with(".std");
    const bool kept =
        spec.frozen || (statistic && (spec.fixed_statistics || spec.kind == LayerKind::kNormalize));
    const auto gradient = recorded_.tensors.find("gradient." + t.name);
    const auto moves = [](float g) { return std::abs(g) > 1e-6f; };
    // A batch norm behind takes every shift away again.
    if (gradient != recorded_.tensors.end() &&
        std::none_of(gradient->second.begin(), gradient->second.end(), moves))
      continue;
    EXPECT_EQ(start->values == t.values, kept) << t.name;
  }
}

INSTANTIATE_TEST_SUITE_P(Recorded, PyTorch,
                         testing::Combine(testing::Values("pools", "fused", "blocks", "tuned"),
                                          testing::Values(Backend::kReference, Backend::kFast)),
                         [](const auto& one) {
                           return std::string(std::get<0>(one.param)) +
                                  (std::get<1>(one.param) == Backend::kFast ? "Fast" : "Reference");
                         });

}  // namespace
}  // namespace handlens::nn
