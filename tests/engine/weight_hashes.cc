// Prints what networks weigh after three training steps, as a hash a network and instruction set: one line
// "NAME TARGET HASH". Built for this machine (every instruction set that it has) and for aarch64 (NEON),
// where an emulator runs it; tests/engine/same_bits.sh compares.
#include <hwy/targets.h>
#include <cstdio>
#include <string>
#include <vector>

#include "base/rng.h"
#include "nn/zoo.h"

namespace handlens::nn {
namespace {

struct Case {
  const char* name;
  Optimizer optimizer;
};

uint64_t Fnv1a(const Weights& weights) {
  uint64_t hash = 14695981039346656037u;
  for (const Tensor& tensor : weights) {
    const auto* bytes = reinterpret_cast<const unsigned char*>(tensor.values.data());
    for (size_t i = 0; i < tensor.values.size() * sizeof(float); ++i)
      hash = (hash ^ bytes[i]) * 1099511628211u;
  }
  return hash;
}

// As a pre-trained network is tuned: batch norms with fixed statistics, the first layers frozen.
ModelSpec Tuned(ModelSpec spec) {
  for (size_t i = 0; i < spec.layers.size(); ++i) {
    spec.layers[i].fixed_statistics = spec.layers[i].kind == LayerKind::kBatchNorm;
    spec.layers[i].frozen = i < 10;
  }
  return spec;
}

uint64_t HashAfterSteps(const Case& which) {
  constexpr int kSize = 32, kBatch = 5;
  const ModelSpec spec = *NamedModel(which.name, kSize, 3);
  auto network =
      *Network::Create(which.optimizer.clip_norm > 0 ? Tuned(spec) : spec, kBatch, which.optimizer);
  network->Initialize(9);
  Rng rng(1, "weight hashes");
  std::vector<float> inputs(size_t{kBatch} * kSize * kSize * 3);
  for (float& value : inputs) value = rng.Uniform();
  const std::vector<int> labels = {0, 1, 2, 1, 0};
  for (uint64_t step = 0; step < 3; ++step) {
    const size_t count = step == 2 ? 3 : kBatch;  // a short last batch too
    network->TrainStep({inputs, std::span(labels).first(count), {}, 0.1f}, 0.02f, {2, step});
  }
  return Fnv1a(network->SaveWeights());
}

void Print(const char* target) {
  const Optimizer adam{.kind = OptimizerKind::kAdam};
  const Optimizer nesterov{.kind = OptimizerKind::kMomentum, .nesterov = true, .weight_decay = 1e-3f};
  const Optimizer tuning{.kind = OptimizerKind::kMomentum, .start_decay = 1e-2f, .clip_norm = 0.5f};
  for (const Case& which : {Case{"m1", {}},
                            {"m2", {}},
                            {"f3n5", adam},
                            {"nano8", nesterov},
                            {"mobilenetv2-0.35", nesterov},
                            {"mobilenetv2-0.35", tuning}}) {
    std::printf("%s%s %s %016llx\n", which.name, which.optimizer.clip_norm > 0 ? "-tuned" : "", target,
                static_cast<unsigned long long>(HashAfterSteps(which)));
  }
}

}  // namespace
}  // namespace handlens::nn

int main() {
#ifdef HWY_COMPILE_ONLY_STATIC
  handlens::nn::Print("NEON");
#else
  for (int64_t rest = hwy::SupportedTargets(); rest != 0; rest &= rest - 1) {
    hwy::SetSupportedTargetsForTest(rest & -rest);
    hwy::GetChosenTarget().Update(hwy::SupportedTargets());
    handlens::nn::Print(hwy::TargetName(rest & -rest));
    hwy::SetSupportedTargetsForTest(0);
  }
#endif
}
