// The fast backend: cuts a model into operations, lays out their tensors, runs them in order.
#include <algorithm>
#include <optional>

#include "nn/fast.h"

namespace handlens::nn {
namespace {

// Layers first..last as one operation.
struct Cut {
  int first = 0, last = 0;
  enum class Kind { kConv, kConvPool, kDepthwise, kDense, kNorm, kPlain } kind = Kind::kPlain;
};

class Cutter {
 public:
  explicit Cutter(const GraphSpec& spec) : spec_(spec) {}

  std::vector<Cut> Cuts() const {
    std::vector<Cut> cuts;
    std::vector<bool> done(spec_.nodes.size(), false);
    for (int i = 0; i < static_cast<int>(spec_.nodes.size()); ++i) {
      if (done[Size(i)]) continue;
      const Cut cut = CutAt(i);
      // What a cut joins is a chain of sole readers, though not always of neighbours in the list.
      for (int j = i; j != cut.last; j = SoleReader(j)) done[Size(j)] = true;
      done[Size(cut.last)] = true;
      cuts.push_back(cut);
    }
    return cuts;
  }

  // Pixels of zeros that the readers of layer `i` (-1: the picture) want around it.
  size_t BorderOf(int i) const {
    int border = 0;
    for (size_t r = 0; r < spec_.nodes.size(); ++r) {
      const Node& n = spec_.nodes[r];
      const bool windowed = n.layer.kind == LayerKind::kConv || n.layer.kind == LayerKind::kDepthwise;
      if (!windowed || std::count(n.inputs.begin(), n.inputs.end(), i) == 0) continue;
      const Window w = WindowOf(n.layer, n.in, n.out);
      border = std::max({border, w.top, w.left, (n.out.height - 1) * w.stride + w.kernel - w.top - n.in.height,
                         (n.out.width - 1) * w.stride + w.kernel - w.left - n.in.width});
    }
    return Size(border);
  }

  bool ReadBy(int i, LayerKind kind) const {
    return std::any_of(spec_.nodes.begin(), spec_.nodes.end(), [&](const Node& n) {
      return n.layer.kind == kind && std::count(n.inputs.begin(), n.inputs.end(), i) > 0;
    });
  }

  // Whether every reader takes pixels of exactly three floats.
  bool OnlyConvolutionsRead(int i) const {
    return std::all_of(spec_.nodes.begin(), spec_.nodes.end(), [&](const Node& n) {
      return n.layer.kind == LayerKind::kConv || (n.layer.kind == LayerKind::kNormalize && i < 0) ||
             std::count(n.inputs.begin(), n.inputs.end(), i) == 0;
    });
  }

 private:
  const LayerSpec& Layer(int i) const { return spec_.nodes[Size(i)].layer; }
  int SoleReader(int i) const { return spec_.readers[Size(i)].size() == 1 ? spec_.readers[Size(i)][0] : -1; }

  Cut CutAt(int i) const {
    using Kind = Cut::Kind;
    switch (Layer(i).kind) {
      case LayerKind::kConv: {
        const int pool = PoolAfter(i);
        return pool >= 0 ? Cut{i, pool, Kind::kConvPool} : Cut{i, i, Kind::kConv};
      }
      case LayerKind::kDepthwise: return {i, i, Kind::kDepthwise};
      case LayerKind::kDense: return {i, i, Kind::kDense};
      case LayerKind::kBatchNorm: {
        const int next = SoleReader(i);
        const bool joined = next >= 0 && (Layer(next).kind == LayerKind::kRelu || Layer(next).kind == LayerKind::kRelu6);
        return {i, joined ? next : i, Kind::kNorm};
      }
      default: return {i, i, Kind::kPlain};
    }
  }

  // The pool that ends convolution - ReLU - pool of the fused kernel's shape at i, or -1.
  int PoolAfter(int i) const {
    const LayerSpec& conv = Layer(i);
    const bool fits = conv.kernel == 3 && conv.stride == 1 && conv.padding == Padding::kValid && conv.bias &&
                      Size(conv.units) <= kernels::kMaxPoolFilters;
    const int relu = fits ? SoleReader(i) : -1;
    if (relu < 0 || Layer(relu).kind != LayerKind::kRelu) return -1;
    const int pool = SoleReader(relu);
    if (pool < 0 || Layer(pool).kind != LayerKind::kMaxPool) return -1;
    const LayerSpec& p = Layer(pool);
    // Pools of an even picture are the same with either padding.
    const Shape& in = spec_.nodes[Size(pool)].in;
    const bool whole = p.padding == Padding::kValid || (in.height % 2 == 0 && in.width % 2 == 0);
    return p.kernel == 2 && p.stride == 2 && whole && BorderOf(pool) == 0 ? pool : -1;
  }

  const GraphSpec& spec_;
};

class FastGraph final : public Graph {
 public:
  FastGraph(const GraphSpec& spec, const std::vector<Cut>& cuts, int max_batch, Arena& arena);
  void Bind(const Arena& arena, Params& params) override;
  const float* Forward(const Pass& pass) override;
  void Backward(const float* logit_gradient, const Update& update) override;

 private:
  struct Slot {                        // one layer's output that exists
    Tensor4 value, gradient;
    std::optional<Tensor4> shared;     // read more than once: readers write here, and it is added to `gradient`
    bool trains = false;               // something before it learns
  };
  struct Step {
    std::unique_ptr<Operation> operation;
    std::vector<int> shared;           // layers whose `shared` it writes
  };
  Slot MakeSlot(const GraphSpec& spec, const Cutter& cutter, int layer, Arena& arena, size_t batch) const;
  void AddStep(const GraphSpec& spec, const Cut& cut, Arena& arena, size_t batch);
  OtherInput Source(int layer) const;

  std::vector<Slot> slots_;            // by layer + 1; the picture first
  std::vector<Step> steps_;
  size_t logits_ = 0;
  Context context_;
};

FastGraph::Slot FastGraph::MakeSlot(const GraphSpec& spec, const Cutter& cutter, int layer, Arena& arena, size_t batch) const {
  const bool picture = layer < 0;
  const Shape shape = picture ? Shape{spec.model.size_px, spec.model.size_px, 3} : spec.nodes[Size(layer)].out;
  const LayerKind kind = picture ? LayerKind::kNormalize : spec.nodes[Size(layer)].layer.kind;
  const bool tight = kind == LayerKind::kNormalize && shape.channels == 3 && cutter.OnlyConvolutionsRead(layer);
  const size_t pixel = tight ? 3 : kernels::Padded(Size(shape.channels));
  const bool flat = cutter.ReadBy(layer, LayerKind::kDense) || kind == LayerKind::kMaxPool;
  Slot slot;
  slot.value = ReserveTensor(arena, shape, batch, pixel, cutter.BorderOf(layer), flat ? Rows4::kFlat : Rows4::kSpread);
  if (picture) return slot;
  for (const int input : spec.nodes[Size(layer)].inputs) slot.trains |= slots_[Size(input + 1)].trains;
  slot.trains |= kind == LayerKind::kConv || kind == LayerKind::kDense || kind == LayerKind::kDepthwise || kind == LayerKind::kBatchNorm;
  // Readers spill the gradient of padding over the edge; and the gradient of a depthwise convolution's output is itself
  // read with the kernel turned round, over a border of zeros.
  const size_t reach = kind == LayerKind::kDepthwise ? Size(spec.nodes[Size(layer)].layer.kernel - 1) : 0;
  const size_t border = std::max(reach, slot.value.border);
  slot.gradient = ReserveTensor(arena, shape, batch, pixel, border, flat ? Rows4::kFlat : Rows4::kSpread);
  if (spec.readers[Size(layer)].size() > 1) {
    slot.shared = ReserveTensor(arena, shape, batch, pixel, border, flat ? Rows4::kFlat : Rows4::kSpread);
  }
  return slot;
}

OtherInput FastGraph::Source(int layer) const {
  const Slot& s = slots_[Size(layer + 1)];
  return {s.value, s.shared ? *s.shared : s.gradient, s.trains ? Wires::Need::kData : Wires::Need::kNone};
}

void FastGraph::AddStep(const GraphSpec& spec, const Cut& cut, Arena& arena, size_t batch) {
  const Node& first = spec.nodes[Size(cut.first)];
  const OtherInput from = Source(first.inputs[0]);
  const Slot& to = slots_[Size(cut.last + 1)];
  const Wires wires{from.x, to.value, to.gradient, from.dx, from.need};
  const Placement place{cut.first, &spec, batch, &arena};
  Step step;
  switch (cut.kind) {
    case Cut::Kind::kConv: step.operation = MakeConv(place, wires); break;
    case Cut::Kind::kConvPool: step.operation = MakeConvPool(place, wires); break;
    case Cut::Kind::kDepthwise: step.operation = MakeDepthwise(place, wires); break;
    case Cut::Kind::kDense: step.operation = MakeDense(place, wires); break;
    case Cut::Kind::kNorm: {
      const LayerKind last = spec.nodes[Size(cut.last)].layer.kind;
      step.operation = MakeNorm(place, wires, last);
      break;
    }
    case Cut::Kind::kPlain: {
      std::vector<OtherInput> others;
      for (size_t i = 1; i < first.inputs.size(); ++i) others.push_back(Source(first.inputs[i]));
      step.operation = MakePlain(place, wires, std::move(others));
      break;
    }
  }
  for (const int input : first.inputs) {
    if (slots_[Size(input + 1)].shared && slots_[Size(input + 1)].trains) step.shared.push_back(input);
  }
  steps_.push_back(std::move(step));
}

FastGraph::FastGraph(const GraphSpec& spec, const std::vector<Cut>& cuts, int max_batch, Arena& arena) {
  const Cutter cutter(spec);
  const auto batch = Size(max_batch);
  slots_.resize(spec.nodes.size() + 1);
  slots_[0] = MakeSlot(spec, cutter, -1, arena, batch);
  for (const Cut& cut : cuts) {
    // A cut's trains follow from its first layer's inputs: conv and batch norm, which begin all joined cuts, learn.
    Slot slot = MakeSlot(spec, cutter, cut.last, arena, batch);
    slot.trains |= cut.first != cut.last;
    slots_[Size(cut.last + 1)] = slot;
    AddStep(spec, cut, arena, batch);
  }
  logits_ = arena.Reserve(batch * Size(spec.model.classes));
}

void FastGraph::Bind(const Arena& arena, Params& params) {
  context_.arena = &arena;
  context_.params = &params;
  for (Step& step : steps_) step.operation->Bind(params);
}

const float* FastGraph::Forward(const Pass& pass) {
  context_.pass = pass;
  const Tensor4& picture = slots_.front().value;
  for (size_t b = 0; b < context_.Count(); ++b) Pack(context_, pass.inputs + b * Count(picture.shape), picture, b);
  for (Step& step : steps_) step.operation->Forward(context_);
  const Tensor4& last = slots_.back().value;
  float* logits = context_.arena->At(logits_);
  for (size_t b = 0; b < context_.Count(); ++b) Unpack(context_, last, b, logits + b * Count(last.shape));
  return logits;
}

void FastGraph::Backward(const float* logit_gradient, const Update& update) {
  context_.update = update;
  const Tensor4& last = slots_.back().gradient;
  for (size_t b = 0; b < context_.Count(); ++b) Pack(context_, logit_gradient + b * Count(last.shape), last, b);
  for (const Slot& slot : slots_) {
    for (size_t b = 0; slot.shared && b < context_.Count(); ++b) ZeroPicture(context_, slot.gradient, b);
  }
  for (auto step = steps_.rbegin(); step != steps_.rend(); ++step) {
    step->operation->Backward(context_);
    for (const int layer : step->shared) {
      const Slot& slot = slots_[Size(layer + 1)];
      for (size_t b = 0; b < context_.Count(); ++b) Accumulate(context_, *slot.shared, slot.gradient, b);
    }
  }
}

// What the kernels cannot lay out is left to the plain layers: a dense layer behind a depthwise one or beside a padded
// convolution, one input added to itself, outputs that nobody reads.
bool Unusual(const GraphSpec& spec) {
  const Cutter cutter(spec);
  for (int i = -1; i < static_cast<int>(spec.nodes.size()); ++i) {
    if (i < 0) continue;
    const bool reaches = cutter.BorderOf(i) > 0 || spec.nodes[Size(i)].layer.kind == LayerKind::kDepthwise;
    if (reaches && cutter.ReadBy(i, LayerKind::kDense)) return true;
    std::vector<int> inputs = spec.nodes[Size(i)].inputs;
    std::sort(inputs.begin(), inputs.end());
    if (std::adjacent_find(inputs.begin(), inputs.end()) != inputs.end()) return true;
    if (!spec.readers[Size(i)].empty() && i + 1 == static_cast<int>(spec.nodes.size())) return true;
    if (spec.readers[Size(i)].empty() && i + 1 < static_cast<int>(spec.nodes.size())) return true;
  }
  return false;
}

}  // namespace

std::unique_ptr<Graph> MakeFastGraph(const GraphSpec& spec, int max_batch, Arena& arena, Params& params) {
  if (Unusual(spec)) return MakeReferenceGraph(spec, max_batch, arena);
  const std::vector<Cut> cuts = Cutter(spec).Cuts();
  for (const Cut& cut : cuts) {
    if (cut.kind != Cut::Kind::kDense) continue;
    Param& kernel = *params.Find(cut.first, "kernel");
    kernel.layout = Layout::kPanels;
    kernel.updated_in_backward = true;
    kernel.channels = Size(spec.nodes[Size(cut.first)].in.channels);
    kernel.pixel = kernels::Padded(kernel.channels);
  }
  return std::make_unique<FastGraph>(spec, cuts, max_batch, arena);
}

}  // namespace handlens::nn
