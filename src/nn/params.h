// What a network learns: where each tensor lies, how a step changes it, how it is saved, restored and begun.
#pragma once

#include <cmath>
#include <vector>

#include "nn/arena.h"
#include "nn/nn.h"
#include "nn/spec.h"

namespace handlens::nn {

// How the numbers of a parameter lie in memory.
enum class Layout {
  kRows,    // as in Tensor
  kBlocks,  // dense kernels of the fast backend: BlockIndex
};

// Blocks of 512 inputs, in each block neuron after neuron: [inputs / 512][neuron][input % 512]. A neuron that
// a pass leaves out then leaves out a whole piece of memory, and pieces are read from end to end. Behind each
// piece a spare cache line keeps strides from multiples of 2048 bytes. Inputs beyond the last are zero and
// stay zero.
constexpr size_t kLanes = 16;
constexpr size_t kBlockInputs = 512, kNeuronStride = kBlockInputs + kLanes;
constexpr size_t WholeLanes(size_t n) { return (n + kLanes - 1) / kLanes * kLanes; }
constexpr size_t BlockStride(size_t neurons) { return neurons * kNeuronStride; }
constexpr size_t BlocksFloats(size_t inputs, size_t neurons) {
  return (inputs + kBlockInputs - 1) / kBlockInputs * BlockStride(neurons);
}
constexpr size_t BlockIndex(size_t input, size_t neuron, size_t neurons) {
  return input / kBlockInputs * BlockStride(neurons) + neuron * kNeuronStride + input % kBlockInputs;
}

struct Param {
  ParamSpec spec;
  Layout layout = Layout::kRows;
  bool updated_in_backward = false;  // the graph updates it itself and leaves no gradient
  size_t channels = 1,
         pixel = 1;   // blocks: every `channels` inputs take `pixel` places, the rest of them zeros
  size_t stored = 0;  // floats in memory
  size_t value = 0, gradient = 0, moment1 = 0, moment2 = 0;  // offsets in the arena; moments only where used
  size_t start = 0;  // where decay goes towards it: the loaded numbers
  size_t master = 0,
         steps = 0;  // rounded ones: the float numbers that `value` is rounded from, and its steps
  bool Rounded() const { return spec.int8_steps > 0; }
};

// One step of the optimiser, with what does not depend on the parameter worked out before.
struct Update {
  Optimizer optimizer;
  float rate = 0;  // SGD and momentum: the learning rate; Adam: rate sqrt(1 - beta2^t) / (1 - beta1^t)
};

// One number that learns, and the optimiser's moments of it; those that the optimiser does not keep are left
// alone.
struct Learnt {
  float& w;
  float& m1;
  float& m2;
};

// Keras' formulas (keras.optimizers SGD and Adam), in this order of operations and without fused
// multiply-adds. g is the gradient of the loss, decay the weight decay.
inline void UpdateOne(const Update& u, float decay, float g, Learnt learnt) {
  auto& [w, m1, m2] = learnt;
  g = g + decay * w;
  switch (u.optimizer.kind) {
    case OptimizerKind::kSgd: w = w - u.rate * g; break;
    case OptimizerKind::kMomentum:
      m1 = u.optimizer.momentum * m1 - u.rate * g;
      w = u.optimizer.nesterov ? w + (u.optimizer.momentum * m1 - u.rate * g) : w + m1;
      break;
    case OptimizerKind::kAdam:
      m1 = m1 + (g - m1) * (1 - u.optimizer.beta1);
      m2 = m2 + (g * g - m2) * (1 - u.optimizer.beta2);
      w = w - m1 * u.rate / (std::sqrt(m2) + u.optimizer.epsilon);
      break;
  }
}

class Params {
 public:
  Params(const GraphSpec& graph, const Optimizer& optimizer);

  // The graph may change layouts before Reserve.
  Param* Find(int layer, std::string_view what);  // null when the layer has none
  void Reserve(Arena& arena);
  void Bind(const Arena& arena) { arena_ = &arena; }
  float* Value(const Param& p) const { return arena_->At(p.value); }
  float* Gradient(const Param& p) const { return arena_->At(p.gradient); }
  float* Moment1(const Param& p) const { return arena_->At(p.moment1); }
  float* Moment2(const Param& p) const { return arena_->At(p.moment2); }
  int MomentsOf(const Param& p) const;  // how many the optimiser keeps
  float Decay(const Param& p) const {
    return p.spec.role == ParamRole::kKernel ? optimizer_.weight_decay : 0;
  }
  // Whether a step needs all gradients before it changes a number.
  bool NeedsAllGradients() const { return optimizer_.clip_norm > 0 || optimizer_.start_decay > 0; }

  void Initialize(const GraphSpec& graph, uint64_t seed);
  // Another number whenever numbers may have changed: those that do not learn change by loading alone.
  uint64_t Version(bool learns) const { return (loads_ << 40) + (learns ? static_cast<uint64_t>(step_) : 0); }
  Update NextUpdate(float learning_rate);  // counts the step
  void Apply(const Update& update);        // to all that backward has not updated itself
  Weights Save() const;
  Weights SaveState() const;
  Result<void> Load(const Weights& weights);
  Result<void> LoadState(const Weights& state);

 private:
  // What is saved and loaded.
  static size_t Kept(const Param& p) { return p.Rounded() ? p.master : p.value; }
  void FindSteps(const Param& p) const;
  void Round(const Param& p) const;  // value from master
  void Follow(
      const Param& p) const;  // after a step: what changed in value changes master, and is rounded again
  bool Trained(const Param& p) const { return p.spec.Trained(); }
  bool KeepsStart(const Param& p) const {
    return optimizer_.start_decay > 0 && p.spec.role == ParamRole::kKernel;
  }
  void KeepStarts() const;
  float ClipScale() const;  // the factor of all gradients
  static size_t Place(const Param& p, size_t input, size_t neuron);
  std::vector<float> Read(const Param& p, size_t offset) const;
  void Write(const Param& p, size_t offset, const std::vector<float>& values);
  struct Slot;
  std::vector<Slot> Slots(int moments) const;
  Result<void> LoadSlots(const Weights& weights, const std::vector<Slot>& slots);

  std::vector<Param> params_;
  Optimizer optimizer_;
  const Arena* arena_ = nullptr;
  int64_t step_ = 0;
  uint64_t loads_ = 0;
  double beta1_power_ = 1, beta2_power_ = 1;
};

}  // namespace handlens::nn
