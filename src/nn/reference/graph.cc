// The reference backend: the plain layers one after another, every activation and its gradient kept.
#include <algorithm>
#include <limits>

#include "nn/graph.h"
#include "nn/reference/layers.h"

namespace handlens::nn {
namespace {

using namespace reference;

struct Layer {
  Node node;
  Window window;
  size_t out = 0, grad = 0;       // (max_batch, out), offsets
  size_t mean = 0, variance = 0;  // batch norm: the batch's own, (C)
  Param *kernel = nullptr, *bias = nullptr, *gamma = nullptr, *beta = nullptr, *fitted_mean = nullptr,
        *fitted_spread = nullptr;
};

class ReferenceGraph final : public Graph {
 public:
  ReferenceGraph(const GraphSpec& spec, int max_batch, Arena& arena);
  void Bind(const Arena& arena, Params& params) override;
  const float* Forward(const Pass& pass) override;
  void Backward(const float* logit_gradient, const Update& update) override;

 private:
  const float* Out(int layer) const {
    return layer < 0 ? pass_.inputs : arena_->At(layers_[Size(layer)].out);
  }
  // Null where nothing that trains lies before.
  float* Grad(int layer) const {
    return layer < 0 || !layers_[Size(layer)].node.trains ? nullptr : arena_->At(layers_[Size(layer)].grad);
  }
  float* Gradient(const Param* p) const { return p && p->spec.Trained() ? params_->Gradient(*p) : nullptr; }
  void WriteMeans() const;
  const float* Value(const Param* p) const { return p ? params_->Value(*p) : nullptr; }
  void ForwardBatchNorm(const Layer& l);
  void ForwardPicture(const Layer& l, int index, size_t picture);
  void BackwardBatchNorm(const Layer& l, int index);
  void BackwardWeighted(const Layer& l, int index, size_t picture);
  void BackwardPicture(const Layer& l, int index, size_t picture);

  std::vector<Layer> layers_;
  size_t scratch_ = 0;  // one picture's gradient of the largest kernel
  const Arena* arena_ = nullptr;
  Params* params_ = nullptr;
  Pass pass_;
};

ReferenceGraph::ReferenceGraph(const GraphSpec& spec, int max_batch, Arena& arena) {
  size_t largest = 1;
  for (const ParamSpec& p : spec.params) largest = std::max(largest, p.Count());
  scratch_ = arena.Reserve(largest);
  for (const Node& node : spec.nodes) {
    Layer l{.node = node, .window = WindowOf(node.layer, node.in, node.out)};
    l.out = arena.Reserve(Size(max_batch) * Count(node.out));
    if (node.trains) l.grad = arena.Reserve(Size(max_batch) * Count(node.out));
    l.mean = arena.Reserve(Size(node.in.channels));
    l.variance = arena.Reserve(Size(node.in.channels));
    layers_.push_back(l);
  }
}

void ReferenceGraph::Bind(const Arena& arena, Params& params) {
  arena_ = &arena;
  params_ = &params;
  for (int i = 0; i < static_cast<int>(layers_.size()); ++i) {
    Layer& l = layers_[Size(i)];
    l.kernel = params.Find(i, "kernel");
    l.bias = params.Find(i, "bias");
    l.gamma = params.Find(i, "gamma");
    l.beta = params.Find(i, "beta");
    l.fitted_mean = params.Find(i, "mean");
    l.fitted_spread = params.Find(i, l.node.layer.kind == LayerKind::kBatchNorm ? "variance" : "std");
  }
}

void ReferenceGraph::ForwardBatchNorm(const Layer& l) {
  const Rows rows{Size(pass_.count) * Size(l.node.in.height) * Size(l.node.in.width),
                  Size(l.node.in.channels)};
  float *running_mean = params_->Value(*l.fitted_mean), *running_variance = params_->Value(*l.fitted_spread);
  const float *mean = running_mean, *variance = running_variance;
  const float* x = Out(l.node.inputs[0]);
  if (pass_.mode == Mode::kTraining && !HasFixedStatistics(l.node.layer)) {
    BatchStatistics(rows, x, arena_->At(l.mean), arena_->At(l.variance));
    mean = arena_->At(l.mean);
    variance = arena_->At(l.variance);
    const float momentum = l.node.layer.momentum;
    for (size_t c = 0; c < rows.channels; ++c) {
      running_mean[c] = running_mean[c] * momentum + mean[c] * (1 - momentum);
      running_variance[c] = running_variance[c] * momentum + variance[c] * (1 - momentum);
    }
  }
  BatchNormForward(rows, x, {Value(l.gamma), Value(l.beta), mean, variance}, arena_->At(l.out));
}

void ReferenceGraph::ForwardPicture(const Layer& l, int index, size_t picture) {
  const Node& n = l.node;
  const float* x = Out(n.inputs[0]) + picture * Count(n.in);
  float* y = arena_->At(l.out) + picture * Count(n.out);
  switch (n.layer.kind) {
    case LayerKind::kNormalize:
      return NormalizeForward(n.in, x, {Value(l.fitted_mean), Value(l.fitted_spread)}, y);
    case LayerKind::kConv: return ConvForward(l.window, x, Value(l.kernel), Value(l.bias), y);
    case LayerKind::kDepthwise: return DepthwiseForward(l.window, x, Value(l.kernel), Value(l.bias), y);
    case LayerKind::kDense:
      return DenseForward({Count(n.in), Count(n.out)}, x, Value(l.kernel), Value(l.bias), y);
    case LayerKind::kRelu: return ReluForward(Count(n.in), x, std::numeric_limits<float>::infinity(), y);
    case LayerKind::kRelu6: return ReluForward(Count(n.in), x, 6, y);
    case LayerKind::kMaxPool: return MaxPoolForward(l.window, x, y);
    case LayerKind::kFakeQuantize:
      return FakeQuantizeForward(Count(n.in), x, {n.layer.step, n.layer.zero}, y);
    case LayerKind::kAvgPool: return AvgPoolForward(l.window, x, y);
    case LayerKind::kGlobalAvgPool: return GlobalAvgPoolForward(n.in, x, y);
    case LayerKind::kAdd:
      std::fill(y, y + Count(n.out), 0.0f);
      for (const int input : n.inputs) {
        const float* term = Out(input) + picture * Count(n.in);
        for (size_t i = 0; i < Count(n.out); ++i) y[i] += term[i];
      }
      return;
    case LayerKind::kBatchNorm:
    case LayerKind::kDropout: HL_CHECK(index < 0);  // work on whole batches
  }
}

const float* ReferenceGraph::Forward(const Pass& pass) {
  pass_ = pass;
  for (int i = 0; i < static_cast<int>(layers_.size()); ++i) {
    const Layer& l = layers_[Size(i)];
    if (l.node.layer.kind == LayerKind::kBatchNorm) {
      ForwardBatchNorm(l);
    } else if (l.node.layer.kind == LayerKind::kDropout) {
      const size_t n = Size(pass.count) * Count(l.node.in);
      const float* x = Out(l.node.inputs[0]);
      float* y = arena_->At(l.out);
      std::fill(y, y + n, 0.0f);
      Rng rng = DropoutStream({pass.key, i});
      DropoutAdd(n, x, pass.mode == Mode::kTraining ? l.node.layer.rate : 0, rng, y);
    } else {
      for (int b = 0; b < pass.count; ++b) ForwardPicture(l, i, Size(b));
    }
  }
  if (pass.means) WriteMeans();
  return Out(static_cast<int>(layers_.size()) - 1);
}

void ReferenceGraph::WriteMeans() const {
  float* to = pass_.means;
  for (size_t b = 0; b < Size(pass_.count); ++b) {
    for (const int i : pass_.features) {
      const Shape& shape = layers_[Size(i)].node.out;
      GlobalAvgPoolForward(shape, Out(i) + b * Count(shape), to);
      to += shape.channels;
    }
  }
}

void ReferenceGraph::BackwardBatchNorm(const Layer& l, int index) {
  const Rows rows{Size(pass_.count) * Size(l.node.in.height) * Size(l.node.in.width),
                  Size(l.node.in.channels)};
  const float* x = Out(l.node.inputs[0]);
  const BatchNormGradients g{Grad(l.node.inputs[0]), Gradient(l.gamma), Gradient(l.beta)};
  if (HasFixedStatistics(l.node.layer)) {
    FixedNormBackward(rows, x, {Value(l.gamma), Value(l.fitted_mean), Value(l.fitted_spread)}, Grad(index),
                      g);
  } else {
    BatchNormBackward(rows, x, {Value(l.gamma), arena_->At(l.mean), arena_->At(l.variance)}, Grad(index), g);
  }
}

// A kernel's gradient is summed picture by picture, each picture's own sum beginning at zero: what threads
// inside a batch could keep to.
void ReferenceGraph::BackwardWeighted(const Layer& l, int index, size_t picture) {
  const Node& n = l.node;
  const float* x = Out(n.inputs[0]) + picture * Count(n.in);
  const float* dy = Grad(index) + picture * Count(n.out);
  float* dx = Grad(n.inputs[0]);
  float* total = Gradient(l.kernel);
  float* own = total ? arena_->At(scratch_) : nullptr;
  const size_t count = l.kernel->spec.Count();
  if (own) std::fill(own, own + count, 0.0f);
  const ConvGradients g{dx ? dx + picture * Count(n.in) : nullptr, own, Gradient(l.bias)};
  if (n.layer.kind == LayerKind::kConv) ConvBackward(l.window, x, Value(l.kernel), dy, g);
  if (n.layer.kind == LayerKind::kDepthwise) DepthwiseBackward(l.window, x, Value(l.kernel), dy, g);
  if (n.layer.kind == LayerKind::kDense)
    DenseBackward({Count(n.in), Count(n.out)}, x, Value(l.kernel), dy, g);
  for (size_t i = 0; own && i < count; ++i) total[i] += own[i];
}

void ReferenceGraph::BackwardPicture(const Layer& l, int index, size_t picture) {
  const Node& n = l.node;
  const float* x = Out(n.inputs[0]) + picture * Count(n.in);
  const float* y = arena_->At(l.out) + picture * Count(n.out);
  const float* dy = Grad(index) + picture * Count(n.out);
  float* dx = Grad(n.inputs[0]);
  if (dx) dx += picture * Count(n.in);
  switch (n.layer.kind) {
    case LayerKind::kConv:
    case LayerKind::kDepthwise:
    case LayerKind::kDense: return BackwardWeighted(l, index, picture);
    case LayerKind::kNormalize:
      return NormalizeBackward(n.in, dy, {Value(l.fitted_mean), Value(l.fitted_spread)}, dx);
    case LayerKind::kRelu:
      return ReluBackward(Count(n.in), y, dy, std::numeric_limits<float>::infinity(), dx);
    case LayerKind::kRelu6: return ReluBackward(Count(n.in), y, dy, 6, dx);
    case LayerKind::kMaxPool: return MaxPoolBackward(l.window, x, dy, dx);
    case LayerKind::kFakeQuantize:
      return FakeQuantizeBackward(Count(n.in), x, {n.layer.step, n.layer.zero}, dy, dx);
    case LayerKind::kAvgPool: return AvgPoolBackward(l.window, dy, dx);
    case LayerKind::kGlobalAvgPool: return GlobalAvgPoolBackward(n.in, dy, dx);
    case LayerKind::kAdd:
      for (const int input : n.inputs) {
        float* to = Grad(input);
        for (size_t i = 0; to && i < Count(n.out); ++i) to[picture * Count(n.in) + i] += dy[i];
      }
      return;
    case LayerKind::kBatchNorm:
    case LayerKind::kDropout: HL_CHECK(index < 0);
  }
}

void ReferenceGraph::Backward(const float* logit_gradient, const Update&) {
  const auto zero = [&](const Param* p) {
    if (float* g = Gradient(p)) std::fill_n(g, p->stored, 0.0f);
  };
  for (const Layer& l : layers_) {
    if (l.node.trains) std::fill_n(arena_->At(l.grad), Size(pass_.count) * Count(l.node.out), 0.0f);
    for (const Param* p : {l.kernel, l.bias, l.gamma, l.beta}) zero(p);
  }
  const int last = static_cast<int>(layers_.size()) - 1;
  if (!Grad(last)) return;
  std::copy_n(logit_gradient, Size(pass_.count) * Count(layers_.back().node.out), Grad(last));
  for (int i = last; i >= 0; --i) {
    const Layer& l = layers_[Size(i)];
    if (!l.node.trains) continue;
    if (l.node.layer.kind == LayerKind::kBatchNorm) {
      BackwardBatchNorm(l, i);
    } else if (l.node.layer.kind == LayerKind::kDropout) {
      float* dx = Grad(l.node.inputs[0]);
      Rng rng = DropoutStream({pass_.key, i});
      if (dx) DropoutAdd(Size(pass_.count) * Count(l.node.in), Grad(i), l.node.layer.rate, rng, dx);
    } else {
      for (int b = 0; b < pass_.count; ++b) BackwardPicture(l, i, Size(b));
    }
  }
}

}  // namespace

std::unique_ptr<Graph> MakeReferenceGraph(const GraphSpec& spec, int max_batch, Arena& arena) {
  return std::make_unique<ReferenceGraph>(spec, max_batch, arena);
}

}  // namespace handlens::nn
