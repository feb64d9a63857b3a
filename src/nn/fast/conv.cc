// Convolutions and depthwise convolutions of the fast backend, each with the fixed batch norm and the
// activation behind it.
#include <algorithm>

#include "nn/fast/fold.h"
#include "nn/fast/window.h"

namespace handlens::nn {
namespace {

using namespace kernels;

// What both have in common: whose gradient passes the activation, and what it sums to.
void CloseActivation(const Context& c, const Placement& p, const Wires& wires, const Fold& fold, size_t b) {
  const bool acts = p.low != -std::numeric_limits<float>::infinity();
  if (!acts && !fold.SumsBias()) return;
  ActivationBackward({c.In(wires.y, b), c.Out(wires.dy, b), Size(wires.dy.shape.height),
                      Size(wires.dy.shape.width), wires.dy.pixel, p.low, p.high,
                      fold.SumsBias() ? fold.BiasSums(c) : nullptr});
}

class Conv final : public Operation {
 public:
  Conv(const Placement& p, const Wires& w)
      : at_(p),
        p_(p, w),
        fold_(p, p_.taps.Count(), p_.out),
        panels_(p.arena->Reserve(PanelFloats(p_.taps.Count(), p_.out))) {
    if (fold_.Learns()) own_ = p.lane->Reserve(p_.taps.Count() * Padded(p_.out));
    if (!w.NeedsData()) return;
    point_ = p_.kernel == 1 && p_.taps.stride == 1;
    transposed_ = p.arena->Reserve(point_ ? PanelFloats(p_.out, p_.in)
                                          : p_.out * p_.kernel * p_.kernel * Padded(p_.in));
  }
  void Bind(Params& params) override { fold_.Bind(params); }
  bool Shares() const override { return true; }

  void BeginForward(const Context& c) override {
    if (!fold_.Refresh(c)) return;
    const float *w = fold_.Kernel(c), *scales = fold_.Scales(c);
    float* to = c.arena->At(panels_);
    for (size_t first = 0; first < p_.out; first += kLanes) {
      const size_t count = std::min(kLanes, p_.out - first);
      for (size_t t = 0; t < p_.taps.Count(); ++t, to += kLanes) {
        for (size_t o = 0; o < count; ++o) to[o] = w[t * p_.out + first + o] * scales[first + o];
      }
    }
    if (p_.wires.NeedsData()) point_ ? TransposePoint(c) : TransposeWindow(c);
  }
  void Forward(const Context& c, size_t b) override {
    const Tensor4& y = p_.wires.y;
    ConvForward({p_.Windows(c, b), c.Out(y, b), Size(y.shape.height), Size(y.shape.width), y.pixel, p_.taps,
                 c.arena->At(panels_), fold_.Bias(c), at_.low, at_.high});
  }

  void BeginBackward(const Context& c) override { fold_.Clear(c); }
  void BackwardInTurn(const Context& c, size_t b) override {
    const Tensor4& dy = p_.wires.dy;
    CloseActivation(c, at_, p_.wires, fold_, b);
    if (fold_.Learns()) {
      ConvWeights({p_.Windows(c, b), c.In(dy, b), Size(dy.shape.height), Size(dy.shape.width), dy.pixel,
                   p_.taps, c.lane->At(own_), fold_.WeightSums(c)});
    }
  }
  void Backward(const Context& c, size_t b) override {
    if (p_.wires.NeedsData()) BackwardData(c, b);
  }
  void EndBackward(const Context& c) override { fold_.Store(c); }

 private:
  // The taps of a 1 x 1 convolution the other way round: panels of inputs.
  void TransposePoint(const Context& c) const {
    const float *w = fold_.Kernel(c), *scales = fold_.Scales(c);
    float* to = c.arena->At(transposed_);
    for (size_t i = 0; i < p_.in; ++i) {
      float* column = to + i / kLanes * p_.out * kLanes + i % kLanes;
      for (size_t o = 0; o < p_.out; ++o) column[o * kLanes] = w[i * p_.out + o] * scales[o];
    }
  }
  // (taps, in, out) to (out, taps, padded in).
  void TransposeWindow(const Context& c) const {
    const float *w = fold_.Kernel(c), *scales = fold_.Scales(c);
    float* to = c.arena->At(transposed_);
    const size_t taps = p_.kernel * p_.kernel, in = p_.in, padded = Padded(in);
    for (size_t t = 0; t < taps * in; ++t) {
      for (size_t o = 0; o < p_.out; ++o)
        to[(o * taps + t / in) * padded + t % in] = w[t * p_.out + o] * scales[o];
    }
  }

  void BackwardData(const Context& c, size_t b) const {
    const Tensor4 &dx = p_.wires.dx, &dy = p_.wires.dy;
    const float* transposed = c.arena->At(transposed_);
    if (point_) {
      ConvForward({c.In(dy, b),
                   c.Out(dx, b),
                   Size(dx.shape.height),
                   Size(dx.shape.width),
                   dx.pixel,
                   {1, 1, p_.out, 1},
                   transposed});
      return;
    }
    ZeroPicture(c, dx, b);
    const Taps rows{p_.kernel, 1, p_.kernel * dx.pixel, p_.taps.stride};
    ConvScatter({Shifted(c.Out(dx, b), Size(p_.window.top), Size(p_.window.left)), c.In(dy, b),
                 Size(dy.shape.height), Size(dy.shape.width), p_.out, rows, transposed});
    ZeroBorder(c, dx, b);
  }

  Placement at_;
  ConvPlan p_;
  Fold fold_;
  bool point_ = false;
  size_t panels_, own_ = 0, transposed_ = 0;
};

class DepthwiseConv final : public Operation {
 public:
  DepthwiseConv(const Placement& p, const Wires& w)
      : at_(p), p_(p, w), taps_(p_.kernel * p_.kernel), fold_(p, taps_, p_.in) {
    weights_ = p.arena->Reserve(taps_ * w.x.pixel);
    if (fold_.Learns()) own_ = p.lane->Reserve(taps_ * w.x.pixel);
    if (w.NeedsData()) flipped_ = p.arena->Reserve(taps_ * w.x.pixel);
  }
  void Bind(Params& params) override { fold_.Bind(params); }
  bool Shares() const override { return true; }

  void BeginForward(const Context& c) override {
    if (!fold_.Refresh(c)) return;
    const float *w = fold_.Kernel(c), *scales = fold_.Scales(c);
    const size_t pixel = p_.wires.x.pixel;
    for (size_t t = 0; t < taps_; ++t) {
      float* to = c.arena->At(weights_) + t * pixel;
      for (size_t i = 0; i < p_.in; ++i) to[i] = w[t * p_.in + i] * scales[i];
      if (p_.wires.NeedsData()) std::copy_n(to, pixel, c.arena->At(flipped_) + (taps_ - 1 - t) * pixel);
    }
  }
  void Forward(const Context& c, size_t b) override {
    const Tensor4& y = p_.wires.y;
    Depthwise({p_.Windows(c, b), c.Out(y, b), Size(y.shape.height), Size(y.shape.width), y.pixel, p_.kernel,
               p_.taps.stride, c.arena->At(weights_), fold_.Bias(c), at_.low, at_.high});
  }

  void BeginBackward(const Context& c) override { fold_.Clear(c); }
  void BackwardInTurn(const Context& c, size_t b) override {
    const Tensor4& dy = p_.wires.dy;
    CloseActivation(c, at_, p_.wires, fold_, b);
    if (fold_.Learns()) {
      DepthwiseWeights({p_.Windows(c, b), c.In(dy, b), Size(dy.shape.height), Size(dy.shape.width), dy.pixel,
                        p_.kernel, p_.taps.stride, c.lane->At(own_), fold_.WeightSums(c)});
    }
  }
  void Backward(const Context& c, size_t b) override {
    if (p_.wires.NeedsData()) BackwardData(c, b);
  }
  void EndBackward(const Context& c) override { fold_.Store(c); }

 private:
  void BackwardData(const Context& c, size_t b) const {
    const Tensor4 &dx = p_.wires.dx, &dy = p_.wires.dy;
    const size_t top = Size(p_.window.top), left = Size(p_.window.left), height = Size(dx.shape.height),
                 width = Size(dx.shape.width);
    if (p_.taps.stride == 1) {
      // A depthwise convolution with the kernel turned round, over dy with its border of zeros.
      const kernels::In from = Shifted(c.In(dy, b), p_.kernel - 1 - top, p_.kernel - 1 - left);
      Depthwise({from, c.Out(dx, b), height, width, dx.pixel, p_.kernel, 1, c.arena->At(flipped_)});
      return;
    }
    DepthwiseData({c.Out(dx, b), c.In(dy, b), height, width, dx.pixel, Size(dy.shape.height),
                   Size(dy.shape.width), top, left, p_.kernel, p_.taps.stride, c.arena->At(weights_)});
  }

  Placement at_;
  ConvPlan p_;
  size_t taps_;
  Fold fold_;
  size_t weights_ = 0, own_ = 0, flipped_ = 0;
};

}  // namespace

std::unique_ptr<Operation> MakeConv(const Placement& p, const Wires& w) {
  return std::make_unique<Conv>(p, w);
}
std::unique_ptr<Operation> MakeDepthwise(const Placement& p, const Wires& w) {
  return std::make_unique<DepthwiseConv>(p, w);
}

}  // namespace handlens::nn
