// Layers without numbers to learn: straight over the rows where that is simple, else by their reference
// functions.
#include <algorithm>
#include <limits>
#include <vector>

#include "base/rng.h"
#include "nn/fast/operation.h"
#include "nn/reference/layers.h"

namespace handlens::nn {
namespace {

using namespace reference;

class Plain final : public Operation {
 public:
  Plain(const Placement& p, const Wires& w, std::vector<OtherInput> others)
      : index_(p.index),
        node_(p.spec->nodes[Size(p.index)]),
        window_(WindowOf(node_.layer, node_.in, node_.out)),
        wires_(w),
        others_(std::move(others)),
        x_(p.lane->Reserve(Count(node_.in))),
        y_(p.lane->Reserve(Count(node_.out))),
        dx_(p.lane->Reserve(Count(node_.in))),
        dy_(p.lane->Reserve(Count(node_.out))) {}
  void Bind(Params& params) override {
    mean_ = params.Find(index_, "mean");
    std_ = params.Find(index_, "std");
  }

  // Dropout's numbers go to the pictures in their order.
  bool Shares() const override { return node_.layer.kind != LayerKind::kDropout; }

  void BeginForward(const Context& c) override { rng_ = DropoutStream({c.pass.key, index_}); }
  void Forward(const Context& c, size_t b) override {
    Unpack(c, wires_.x, b, c.lane->At(x_));
    ForwardPicture(c, b);
    Pack(c, c.lane->At(y_), wires_.y, b);
  }

  void BeginBackward(const Context& c) override { rng_ = DropoutStream({c.pass.key, index_}); }
  void Backward(const Context& c, size_t b) override {
    float *x = c.lane->At(x_), *y = c.lane->At(y_), *dx = c.lane->At(dx_), *dy = c.lane->At(dy_);
    Unpack(c, wires_.dy, b, dy);
    for (const OtherInput& other : others_) {
      if (other.need == Wires::Need::kData) Pack(c, dy, other.dx, b);
    }
    if (!wires_.NeedsData()) return;
    Unpack(c, wires_.x, b, x);
    Unpack(c, wires_.y, b, y);
    std::fill_n(dx, Count(node_.in), 0.0f);
    BackwardPicture(c);
    Pack(c, dx, wires_.dx, b);
  }

 private:
  float Limit() const {
    return node_.layer.kind == LayerKind::kRelu6 ? 6 : std::numeric_limits<float>::infinity();
  }

  void ForwardPicture(const Context& c, size_t b) {
    float *x = c.lane->At(x_), *y = c.lane->At(y_);
    switch (node_.layer.kind) {
      case LayerKind::kNormalize:
        return NormalizeForward(node_.in, x, {c.params->Value(*mean_), c.params->Value(*std_)}, y);
      case LayerKind::kRelu:
      case LayerKind::kRelu6: return ReluForward(Count(node_.in), x, Limit(), y);
      case LayerKind::kMaxPool: return MaxPoolForward(window_, x, y);
      case LayerKind::kAvgPool: return AvgPoolForward(window_, x, y);
      case LayerKind::kGlobalAvgPool: return GlobalAvgPoolForward(node_.in, x, y);
      case LayerKind::kDropout:
        std::fill_n(y, Count(node_.out), 0.0f);
        return DropoutAdd(Count(node_.in), x, c.pass.mode == Mode::kTraining ? node_.layer.rate : 0, rng_, y);
      case LayerKind::kAdd:
        std::copy_n(x, Count(node_.in), y);
        for (const OtherInput& other : others_) {
          Unpack(c, other.x, b, x);
          for (size_t i = 0; i < Count(node_.in); ++i) y[i] += x[i];
        }
        return;
      default: HL_CHECK(node_.layer.kind == LayerKind::kAdd);  // the rest have operations of their own
    }
  }

  void BackwardPicture(const Context& c) {
    const float *x = c.lane->At(x_), *y = c.lane->At(y_), *dy = c.lane->At(dy_);
    float* dx = c.lane->At(dx_);
    switch (node_.layer.kind) {
      case LayerKind::kNormalize:
        return NormalizeBackward(node_.in, dy, {c.params->Value(*mean_), c.params->Value(*std_)}, dx);
      case LayerKind::kRelu:
      case LayerKind::kRelu6: return ReluBackward(Count(node_.in), y, dy, Limit(), dx);
      case LayerKind::kMaxPool: return MaxPoolBackward(window_, x, dy, dx);
      case LayerKind::kAvgPool: return AvgPoolBackward(window_, dy, dx);
      case LayerKind::kGlobalAvgPool: return GlobalAvgPoolBackward(node_.in, dy, dx);
      case LayerKind::kDropout: return DropoutAdd(Count(node_.in), dy, node_.layer.rate, rng_, dx);
      case LayerKind::kAdd: std::copy_n(dy, Count(node_.in), dx); return;
      default: HL_CHECK(node_.layer.kind == LayerKind::kAdd);
    }
  }

  int index_;
  Node node_;
  Window window_;
  Wires wires_;
  std::vector<OtherInput> others_;
  size_t x_, y_, dx_, dy_;
  Rng rng_{0, "dropout"};  // begun anew by every pass
  Param *mean_ = nullptr, *std_ = nullptr;
};

// Straight over the rows, as the reference does pixel by pixel. Padding lanes hold zeros, and zero stays
// zero.
class Normalize final : public Operation {
 public:
  Normalize(const Placement& p, const Wires& w)
      : index_(p.index), wires_(w), row_(Size(w.x.shape.width) * w.x.pixel) {
    HL_CHECK(w.x.pixel == w.y.pixel);
    mean_row_ = p.arena->Reserve(row_);
    std_row_ = p.arena->Reserve(row_);
  }
  void Bind(Params& params) override {
    mean_ = params.Find(index_, "mean");
    std_ = params.Find(index_, "std");
  }

  bool Shares() const override { return true; }
  void BeginForward(const Context& c) override {
    const size_t channels = Size(wires_.x.shape.channels);
    for (size_t i = 0; i < row_; ++i) {
      const size_t channel = i % wires_.x.pixel;
      c.arena->At(mean_row_)[i] = channel < channels ? c.params->Value(*mean_)[channel] : 0;
      c.arena->At(std_row_)[i] = channel < channels ? c.params->Value(*std_)[channel] : 1;
    }
  }
  void Forward(const Context& c, size_t b) override {
    const float *mean = c.arena->At(mean_row_), *std = c.arena->At(std_row_);
    for (size_t y = 0; y < Size(wires_.x.shape.height); ++y) {
      const float* from = c.In(wires_.x, b).at + y * wires_.x.row;
      float* to = c.At(wires_.y, b) + y * wires_.y.row;
      for (size_t i = 0; i < row_; ++i) to[i] = (from[i] - mean[i]) / std[i];
    }
  }
  void Backward(const Context& c, size_t b) override {
    if (!wires_.NeedsData()) return;
    const float* std = c.arena->At(std_row_);
    for (size_t y = 0; y < Size(wires_.x.shape.height); ++y) {
      const float* from = c.At(wires_.dy, b) + y * wires_.dy.row;
      float* to = c.At(wires_.dx, b) + y * wires_.dx.row;
      for (size_t i = 0; i < row_; ++i) to[i] = from[i] / std[i];
    }
  }

 private:
  int index_;
  Wires wires_;
  size_t row_, mean_row_ = 0, std_row_ = 0;
  Param *mean_ = nullptr, *std_ = nullptr;
};

// Straight over the rows too, however many terms.
class Add final : public Operation {
 public:
  Add(const Wires& w, std::vector<OtherInput> others)
      : wires_(w), others_(std::move(others)), row_(Size(w.y.shape.width) * w.y.pixel) {
    for (const OtherInput& other : others_) HL_CHECK(other.x.pixel == w.y.pixel);
    HL_CHECK(w.x.pixel == w.y.pixel);
  }
  void Bind(Params&) override {}
  bool Shares() const override { return true; }
  void Forward(const Context& c, size_t b) override {
    for (size_t y = 0; y < Size(wires_.y.shape.height); ++y) {
      float* to = c.At(wires_.y, b) + y * wires_.y.row;
      std::copy_n(c.At(wires_.x, b) + y * wires_.x.row, row_, to);
      for (const OtherInput& other : others_) {
        const float* from = c.At(other.x, b) + y * other.x.row;
        for (size_t i = 0; i < row_; ++i) to[i] += from[i];
      }
    }
  }
  void Backward(const Context& c, size_t b) override {
    if (wires_.NeedsData()) Copy(c, wires_.dx, b);
    for (const OtherInput& other : others_) {
      if (other.need == Wires::Need::kData) Copy(c, other.dx, b);
    }
  }

 private:
  void Copy(const Context& c, const Tensor4& dx, size_t b) const {
    for (size_t y = 0; y < Size(dx.shape.height); ++y) {
      std::copy_n(c.At(wires_.dy, b) + y * wires_.dy.row, row_, c.At(dx, b) + y * dx.row);
    }
  }
  Wires wires_;
  std::vector<OtherInput> others_;
  size_t row_;
};

// Straight over the rows too.
class FakeQuantize final : public Operation {
 public:
  FakeQuantize(const Placement& p, const Wires& w) : wires_(w) {
    const LayerSpec& layer = p.spec->nodes[Size(p.index)].layer;
    HL_CHECK(w.x.pixel == w.y.pixel);
    shape_ = {{},
              {},
              Size(w.x.shape.height),
              Size(w.x.shape.width) * w.x.pixel,
              layer.step,
              static_cast<float>(-128 - layer.zero),
              static_cast<float>(127 - layer.zero)};
  }
  void Bind(Params&) override {}
  bool Shares() const override { return true; }
  void Forward(const Context& c, size_t b) override { kernels::Round(Arguments(c, b)); }
  void Backward(const Context& c, size_t b) override {
    if (wires_.NeedsData())
      kernels::RoundBackward({Arguments(c, b), c.In(wires_.dy, b), c.Out(wires_.dx, b)});
  }

 private:
  kernels::RoundArgs Arguments(const Context& c, size_t b) const {
    kernels::RoundArgs a = shape_;
    a.x = c.In(wires_.x, b);
    a.y = c.Out(wires_.y, b);
    return a;
  }
  Wires wires_;
  kernels::RoundArgs shape_;
};

}  // namespace

std::unique_ptr<Operation> MakePlain(const Placement& p, const Wires& w, std::vector<OtherInput> others) {
  const LayerKind kind = p.spec->nodes[Size(p.index)].layer.kind;
  if (kind == LayerKind::kFakeQuantize) return std::make_unique<FakeQuantize>(p, w);
  const auto alike = [&](const OtherInput& other) { return !other.x.given && other.x.pixel == w.y.pixel; };
  if (kind == LayerKind::kAdd && !w.x.given && w.x.pixel == w.y.pixel &&
      std::all_of(others.begin(), others.end(), alike)) {
    return std::make_unique<Add>(w, std::move(others));
  }
  if (kind == LayerKind::kNormalize && w.x.pixel == w.y.pixel) return std::make_unique<Normalize>(p, w);
  return std::make_unique<Plain>(p, w, std::move(others));
}

}  // namespace handlens::nn
