#include "nn/params.h"

#include <algorithm>
#include <map>
#include <numeric>

#include "base/rng.h"
#include "nn/math.h"

namespace handlens::nn {
namespace {

constexpr const char* kStepName = "optimizer.step";

bool FeedsRelu(const GraphSpec& graph, int layer) {
  const auto only_reader = [&](int i) {
    return graph.readers[Size(i)].size() == 1 ? graph.readers[Size(i)][0] : -1;
  };
  const auto kind = [&](int i) { return graph.nodes[Size(i)].layer.kind; };
  const int norm = only_reader(layer);
  if (norm < 0 || kind(norm) != LayerKind::kBatchNorm) return false;
  const int act = only_reader(norm);
  return act >= 0 && (kind(act) == LayerKind::kRelu || kind(act) == LayerKind::kRelu6);
}

// Glorot and Bengio 2010, uniform, with Keras' fans; He et al. 2015, normal, where a ReLU follows through a
// batch norm.
std::vector<float> FreshKernel(const ParamSpec& p, const GraphSpec& graph, uint64_t seed) {
  Rng rng(seed, "weights", {static_cast<uint64_t>(p.layer)});
  const LayerKind kind = graph.nodes[Size(p.layer)].layer.kind;
  float window = 1, in = 1, out = 1;
  if (kind == LayerKind::kDense) {
    in = static_cast<float>(p.shape[0]);
    out = static_cast<float>(p.shape[1]);
  } else {
    window = static_cast<float>(p.shape[0] * p.shape[1]);
    in = static_cast<float>(p.shape[2]);
    out = kind == LayerKind::kConv ? static_cast<float>(p.shape[3]) : 1;
  }
  std::vector<float> values(p.Count());
  if (kind != LayerKind::kDense && FeedsRelu(graph, p.layer)) {
    const float std = std::sqrt(2 / (kind == LayerKind::kConv ? window * in : window));
    for (float& v : values) v = std * rng.Normal();
  } else {
    const float limit = std::sqrt(6 / (window * in + window * out));
    for (float& v : values) v = rng.Uniform(-limit, limit);
  }
  return values;
}

// A quotient's double is exact enough to tell halves apart as convert does when it writes the same number as
// int8.
float OnSteps(float x, float step) {
  return static_cast<float>(RoundHalfEven(static_cast<double>(x) / static_cast<double>(step))) * step;
}

}  // namespace

struct Params::Slot {
  std::string name;
  const Param* param;
  size_t offset;
};

Params::Params(const GraphSpec& graph, const Optimizer& optimizer) : optimizer_(optimizer) {
  for (const ParamSpec& spec : graph.params) params_.push_back({.spec = spec});
}

Param* Params::Find(int layer, std::string_view what) {
  for (Param& p : params_) {
    if (p.spec.layer == layer && p.spec.what == what) return &p;
  }
  return nullptr;
}

int Params::MomentsOf(const Param& p) const {
  if (!Trained(p)) return 0;
  return optimizer_.kind == OptimizerKind::kSgd ? 0 : optimizer_.kind == OptimizerKind::kMomentum ? 1 : 2;
}

void Params::Reserve(Arena& arena) {
  for (Param& p : params_) {
    p.stored = p.spec.Count();
    if (p.layout == Layout::kBlocks)
      p.stored = BlocksFloats(Size(p.spec.shape[0]) / p.channels * p.pixel, Size(p.spec.shape[1]));
    p.value = arena.Reserve(p.stored);
    if (p.Rounded()) {
      p.master = arena.Reserve(p.stored);
      p.steps = arena.Reserve(Size(p.spec.int8_steps));
    }
    if (Trained(p) && !p.updated_in_backward) p.gradient = arena.Reserve(p.stored);
    if (MomentsOf(p) > 0) p.moment1 = arena.Reserve(p.stored);
    if (MomentsOf(p) > 1) p.moment2 = arena.Reserve(p.stored);
    if (KeepsStart(p)) p.start = arena.Reserve(p.stored);
  }
}

size_t Params::Place(const Param& p, size_t input, size_t neuron) {
  return BlockIndex(input / p.channels * p.pixel + input % p.channels, neuron, Size(p.spec.shape[1]));
}

std::vector<float> Params::Read(const Param& p, size_t offset) const {
  const float* from = arena_->At(offset);
  if (p.layout == Layout::kRows) return {from, from + p.stored};
  const size_t inputs = Size(p.spec.shape[0]), neurons = Size(p.spec.shape[1]);
  std::vector<float> values(inputs * neurons);
  for (size_t k = 0; k < inputs; ++k) {
    for (size_t o = 0; o < neurons; ++o) values[k * neurons + o] = from[Place(p, k, o)];
  }
  return values;
}

void Params::Write(const Param& p, size_t offset, const std::vector<float>& values) {
  float* to = arena_->At(offset);
  if (p.layout == Layout::kRows) {
    std::copy(values.begin(), values.end(), to);
    return;
  }
  const size_t inputs = Size(p.spec.shape[0]), neurons = Size(p.spec.shape[1]);
  std::fill(to, to + p.stored, 0.0f);
  for (size_t k = 0; k < inputs; ++k) {
    for (size_t o = 0; o < neurons; ++o) to[Place(p, k, o)] = values[k * neurons + o];
  }
}

void Params::Initialize(const GraphSpec& graph, uint64_t seed) {
  ++loads_;
  step_ = 0;
  beta1_power_ = beta2_power_ = 1;
  for (const Param& p : params_) {
    const bool one = p.spec.what == "gamma" || p.spec.what == "variance" || p.spec.what == "std";
    // One copy at a time: the largest kernel is most of a network's memory.
    std::vector<float> values = p.spec.what == "kernel"
                                    ? FreshKernel(p.spec, graph, seed)
                                    : std::vector<float>(p.spec.Count(), one ? 1.0f : 0.0f);
    Write(p, Kept(p), values);
    if (p.Rounded()) Round(p);
    std::fill(values.begin(), values.end(), 0.0f);
    if (MomentsOf(p) > 0) Write(p, p.moment1, values);
    if (MomentsOf(p) > 1) Write(p, p.moment2, values);
  }
  KeepStarts();
}

void Params::KeepStarts() const {
  for (const Param& p : params_) {
    if (KeepsStart(p)) std::copy_n(arena_->At(Kept(p)), p.stored, arena_->At(p.start));
  }
}

// Sums of squares in double, number i of a tensor in chain i mod 8: fast and the same everywhere.
float Params::ClipScale() const {
  if (!(optimizer_.clip_norm > 0)) return 1;
  double chains[8] = {};
  for (const Param& p : params_) {
    if (!Trained(p)) continue;
    const float* g = Gradient(p);
    for (size_t i = 0; i < p.stored; ++i)
      chains[i % 8] += static_cast<double>(g[i]) * static_cast<double>(g[i]);
  }
  const double norm = std::sqrt(std::accumulate(chains, chains + 8, 0.0)),
               limit = static_cast<double>(optimizer_.clip_norm);
  return norm > limit ? static_cast<float>(limit / norm) : 1.0f;
}

Update Params::NextUpdate(float learning_rate) {
  ++step_;
  Update update{optimizer_, learning_rate};
  if (optimizer_.kind == OptimizerKind::kAdam) {
    beta1_power_ *= static_cast<double>(optimizer_.beta1);
    beta2_power_ *= static_cast<double>(optimizer_.beta2);
    update.rate = static_cast<float>(static_cast<double>(learning_rate) * std::sqrt(1 - beta2_power_) /
                                     (1 - beta1_power_));
  }
  return update;
}

// A bias lies behind its kernel, whose steps are known by then.
void Params::FindSteps(const Param& p) const {
  const auto channels = Size(p.spec.int8_steps);
  const float* master = arena_->At(p.master);
  float* steps = arena_->At(p.steps);
  if (p.spec.what == "bias") {
    const Param& kernel = *(&p - 1);
    HL_CHECK(kernel.spec.layer == p.spec.layer && kernel.spec.int8_steps == p.spec.int8_steps);
    for (size_t c = 0; c < channels; ++c) steps[c] = p.spec.input_step * arena_->At(kernel.steps)[c];
    return;
  }
  std::fill_n(steps, channels, 0.0f);
  for (size_t i = 0; i < p.stored; i += channels) {
    for (size_t c = 0; c < channels; ++c) steps[c] = std::max(steps[c], std::abs(master[i + c]));
  }
  for (size_t c = 0; c < channels; ++c)
    steps[c] = steps[c] > 0 ? static_cast<float>(static_cast<double>(steps[c]) / 127) : 1.0f;
}

void Params::Round(const Param& p) const {
  FindSteps(p);
  const auto channels = Size(p.spec.int8_steps);
  const float *master = arena_->At(p.master), *steps = arena_->At(p.steps);
  float* value = Value(p);
  for (size_t i = 0; i < p.stored; i += channels) {
    for (size_t c = 0; c < channels; ++c) value[i + c] = OnSteps(master[i + c], steps[c]);
  }
}

void Params::Follow(const Param& p) const {
  const auto channels = Size(p.spec.int8_steps);
  const float *value = Value(p), *steps = arena_->At(p.steps);
  float* master = arena_->At(p.master);
  for (size_t i = 0; i < p.stored; i += channels) {
    for (size_t c = 0; c < channels; ++c) master[i + c] += value[i + c] - OnSteps(master[i + c], steps[c]);
  }
  Round(p);
}

void Params::Apply(const Update& update) {
  const float scale = ClipScale();
  for (const Param& p : params_) {
    if (!Trained(p) || p.updated_in_backward) continue;
    float *w = Value(p), *g = Gradient(p);
    float unused1 = 0, unused2 = 0;
    const int moments = MomentsOf(p);
    float *m1 = moments > 0 ? Moment1(p) : &unused1, *m2 = moments > 1 ? Moment2(p) : &unused2;
    const float decay = Decay(p), start_decay = KeepsStart(p) ? optimizer_.start_decay : 0;
    const float* start = start_decay > 0 ? arena_->At(p.start) : nullptr;
    const auto all = [&](OptimizerKind kind) {  // of a kind that the compiler knows
      Update u = update;
      u.optimizer.kind = kind;
      for (size_t i = 0; i < p.stored; ++i) {
        float gradient = g[i] * scale;
        if (start) gradient += start_decay * (w[i] - start[i]);
        UpdateOne(u, decay, gradient, {w[i], m1[moments > 0 ? i : 0], m2[moments > 1 ? i : 0]});
      }
    };
    switch (optimizer_.kind) {
      case OptimizerKind::kSgd: all(OptimizerKind::kSgd); break;
      case OptimizerKind::kMomentum: all(OptimizerKind::kMomentum); break;
      case OptimizerKind::kAdam: all(OptimizerKind::kAdam); break;
    }
  }
  for (const Param& p : params_) {
    if (p.Rounded()) Follow(p);
  }
}

std::vector<Params::Slot> Params::Slots(int moments) const {
  std::vector<Slot> slots;
  for (const Param& p : params_) {
    slots.push_back({p.spec.Name(), &p, Kept(p)});
    if (std::min(moments, MomentsOf(p)) > 0) slots.push_back({p.spec.Name() + ".moment1", &p, p.moment1});
    if (std::min(moments, MomentsOf(p)) > 1) slots.push_back({p.spec.Name() + ".moment2", &p, p.moment2});
    if (moments > 0 && KeepsStart(p)) slots.push_back({p.spec.Name() + ".start", &p, p.start});
  }
  return slots;
}

Weights Params::Save() const {
  Weights weights;
  for (const Slot& s : Slots(0)) weights.push_back({s.name, s.param->spec.shape, Read(*s.param, s.offset)});
  return weights;
}

Weights Params::SaveState() const {
  Weights state;
  for (const Slot& s : Slots(2)) state.push_back({s.name, s.param->spec.shape, Read(*s.param, s.offset)});
  // Two floats hold any count below 2^40 exactly.
  state.push_back({kStepName, {2}, {static_cast<float>(step_ >> 16), static_cast<float>(step_ & 0xffff)}});
  return state;
}

Result<void> Params::LoadSlots(const Weights& weights, const std::vector<Slot>& slots) {
  std::map<std::string_view, const Tensor*> by_name;
  for (const Tensor& t : weights) by_name[t.name] = &t;
  for (const Slot& s : slots) {
    const auto found = by_name.find(s.name);
    if (found == by_name.end())
      return Fail(ErrorKind::kBadInput, "weights: {} is missing; these are another model's", s.name);
    if (found->second->shape != s.param->spec.shape ||
        found->second->values.size() != s.param->spec.Count()) {
      return Fail(ErrorKind::kBadInput, "weights: {} has another shape; these are another model's", s.name);
    }
  }
  if (by_name.size() != slots.size()) {
    return Fail(ErrorKind::kBadInput, "weights: {} tensors, not {}; these are another model's",
                by_name.size(), slots.size());
  }
  ++loads_;
  for (const Slot& s : slots) Write(*s.param, s.offset, by_name[s.name]->values);
  for (const Param& p : params_) {
    if (p.Rounded()) Round(p);
  }
  return {};
}

Result<void> Params::Load(const Weights& weights) {
  HL_TRY(LoadSlots(weights, Slots(0)));
  KeepStarts();
  return {};
}

Result<void> Params::LoadState(const Weights& state) {
  Weights tensors = state;
  const auto step =
      std::find_if(tensors.begin(), tensors.end(), [](const Tensor& t) { return t.name == kStepName; });
  if (step == tensors.end() || step->values.size() != 2 || !(step->values[0] >= 0 && step->values[1] >= 0)) {
    return Fail(ErrorKind::kBadInput, "state: {} is missing; these are weights, not the state of a training",
                kStepName);
  }
  const int64_t count = (static_cast<int64_t>(step->values[0]) << 16) + static_cast<int64_t>(step->values[1]);
  tensors.erase(step);
  HL_TRY(LoadSlots(tensors, Slots(2)));
  step_ = 0;
  beta1_power_ = beta2_power_ = 1;
  while (step_ < count)
    NextUpdate(0);  // the powers come from the same products as in an uninterrupted training
  return {};
}

}  // namespace handlens::nn
