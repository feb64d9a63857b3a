// Convolutions of the fast backend: plain, fused with ReLU and pool, depthwise.
#include <algorithm>
#include <cstring>

#include "nn/fast.h"

namespace handlens::nn {
namespace {

using namespace kernels;

// Trained numbers with their output channels padded: a copy is made where padding is needed, else they serve as they are.
class PaddedRows {
 public:
  PaddedRows() = default;
  PaddedRows(Arena& arena, size_t rows, size_t columns)
      : rows_(rows), columns_(columns), at_(arena.Reserve(rows * Padded(columns))) {}
  template <class T>
  T* At(const Context& c, T* plain) const {
    return columns_ == Padded(columns_) ? plain : c.arena->At(at_);
  }
  void Load(const Context& c, const float* plain) const {
    if (columns_ == Padded(columns_)) return;
    float* padded = c.arena->At(at_);
    for (size_t r = 0; r < rows_; ++r) std::copy_n(plain + r * columns_, columns_, padded + r * Padded(columns_));
  }
  // Zeros to sum gradients into; Store brings them to `plain`.
  void Clear(const Context& c, float* plain) const { std::fill_n(At(c, plain), rows_ * Padded(columns_), 0.0f); }
  void Store(const Context& c, float* plain) const {
    if (columns_ == Padded(columns_)) return;
    const float* padded = c.arena->At(at_);
    for (size_t r = 0; r < rows_; ++r) std::copy_n(padded + r * Padded(columns_), columns_, plain + r * columns_);
  }

 private:
  size_t rows_ = 0, columns_ = 0, at_ = 0;
};

View<const float> Shifted(View<const float> v, size_t rows, size_t columns) {
  return {v.at - rows * v.row - columns * v.pixel, v.row, v.pixel};
}
View<float> Shifted(View<float> v, size_t rows, size_t columns) {
  return {v.at - rows * v.row - columns * v.pixel, v.row, v.pixel};
}

// Pixels of one picture of dy, added to the gradient of a bias.
void SumBias(const Context& c, const Tensor4& dy, size_t picture, float* gradient) {
  const size_t channels = Size(dy.shape.channels);
  for (size_t y = 0; y < Size(dy.shape.height); ++y) {
    const float* row = c.At(dy, picture) + y * dy.row;
    for (size_t x = 0; x < Size(dy.shape.width); ++x, row += dy.pixel) {
      for (size_t o = 0; o < channels; ++o) gradient[o] += row[o];
    }
  }
}

struct ConvPlan {
  ConvPlan(const Placement& p, const Wires& w)
      : index(p.index), wires(w), window(WindowOf(p.spec->nodes[Size(p.index)].layer, w.x.shape, p.spec->nodes[Size(p.index)].out)) {
    in = Size(w.x.shape.channels);
    out = Size(window.out.channels);
    kernel = Size(window.kernel);
    const bool merged = w.x.pixel == in;
    taps = {kernel, merged ? 1 : kernel, merged ? kernel * in : in, Size(window.stride)};
  }
  void Bind(Params& params) {
    weights = params.Find(index, "kernel");
    bias = params.Find(index, "bias");
    learns = weights->spec.Trained();
  }
  kernels::In Windows(const Context& c, size_t picture) const {
    return Shifted(c.In(wires.x, picture), Size(window.top), Size(window.left));
  }
  int index;
  Wires wires;
  Window window;
  size_t in = 0, out = 0, kernel = 0;
  Taps taps;
  Param *weights = nullptr, *bias = nullptr;
  bool learns = true;   // frozen weights have no gradient
};

void ClearGradients(const Context& c, const ConvPlan& p, const PaddedRows& gradient) {
  if (!p.learns) return;
  gradient.Clear(c, c.params->Gradient(*p.weights));
  if (p.bias) std::fill_n(c.params->Gradient(*p.bias), p.out, 0.0f);
}

class Conv final : public Operation {
 public:
  Conv(const Placement& p, const Wires& w)
      : p_(p, w), w_(*p.arena, p_.taps.Count(), p_.out), g_(*p.arena, p_.taps.Count(), p_.out), b_(*p.arena, 1, p_.out),
        transposed_(p.arena->Reserve(p_.out * p_.kernel * p_.kernel * Padded(p_.in))) {}
  void Bind(Params& params) override { p_.Bind(params); }

  void BeginForward(const Context& c) override {
    w_.Load(c, c.params->Value(*p_.weights));
    if (p_.bias) b_.Load(c, c.params->Value(*p_.bias));
  }
  void Forward(const Context& c, size_t b) override {
    const Tensor4& y = p_.wires.y;
    ConvForward({p_.Windows(c, b), c.Out(y, b), Size(y.shape.height), Size(y.shape.width), y.pixel, p_.taps,
                 w_.At(c, c.params->Value(*p_.weights)), p_.bias ? b_.At(c, c.params->Value(*p_.bias)) : nullptr});
  }

  void BeginBackward(const Context& c) override {
    ClearGradients(c, p_, g_);
    if (p_.wires.NeedsData()) TransposeWeights(c);
  }
  void Backward(const Context& c, size_t b) override {
    const Tensor4& dy = p_.wires.dy;
    if (p_.learns) {
      if (p_.bias) SumBias(c, dy, b, c.params->Gradient(*p_.bias));
      ConvWeights({p_.Windows(c, b), c.In(dy, b), Size(dy.shape.height), Size(dy.shape.width), dy.pixel, p_.taps,
                   g_.At(c, c.params->Gradient(*p_.weights))});
    }
    if (p_.wires.NeedsData()) BackwardData(c, b);
  }
  void EndBackward(const Context& c) override {
    if (p_.learns) g_.Store(c, c.params->Gradient(*p_.weights));
  }

 private:
  // (taps, in, out) to (out, taps, padded in).
  void TransposeWeights(const Context& c) const {
    const float* w = c.params->Value(*p_.weights);
    float* to = c.arena->At(transposed_);
    const size_t taps = p_.kernel * p_.kernel, in = p_.in, out = p_.out, padded = Padded(in);
    for (size_t t = 0; t < taps * in; ++t) {
      for (size_t o = 0; o < out; ++o) to[(o * taps + t / in) * padded + t % in] = w[t * out + o];
    }
  }

  void BackwardData(const Context& c, size_t b) const {
    const Tensor4 &dx = p_.wires.dx, &dy = p_.wires.dy;
    const float* wt = c.arena->At(transposed_);
    if (p_.kernel == 1 && p_.taps.stride == 1) {
      // A 1 x 1 convolution the other way round.
      ConvForward({c.In(dy, b), c.Out(dx, b), Size(dx.shape.height), Size(dx.shape.width), dx.pixel, {1, 1, p_.out, 1}, wt, nullptr});
      return;
    }
    ZeroPicture(c, dx, b);
    const Taps rows{p_.kernel, 1, p_.kernel * dx.pixel, p_.taps.stride};
    ConvScatter({Shifted(c.Out(dx, b), Size(p_.window.top), Size(p_.window.left)), c.In(dy, b), Size(dy.shape.height),
                 Size(dy.shape.width), p_.out, rows, wt});
    ZeroBorder(c, dx, b);
  }

  ConvPlan p_;
  PaddedRows w_, g_, b_;
  size_t transposed_;
};

class ConvPool final : public Operation {
 public:
  ConvPool(const Placement& p, const Wires& w) : p_(p, w), w_(*p.arena, p_.taps.Count(), p_.out), b_(*p.arena, 1, p_.out) {
    const Shape& s = w.y.shape;
    run_ = 3 * w.x.pixel;
    picture_places_ = Size(s.height) * Size(s.width) * w.y.pixel;
    best_ = p.arena->Reserve(p.batch * (picture_places_ / 4));
    sums_ = PoolSums(run_, p_.out);
    transposed_ = p.arena->Reserve(p_.out * 3 * RunStride(run_));
    own_ = p.arena->Reserve(sums_);
    total_ = p.arena->Reserve(sums_);
    unused_bias_ = p.arena->Reserve(p_.out);
    scratch_ = p.arena->Reserve(PoolScratch(w.y.pixel, Size(s.width)));
  }
  void Bind(Params& params) override { p_.Bind(params); }

  void BeginForward(const Context& c) override {
    w_.Load(c, c.params->Value(*p_.weights));
    b_.Load(c, c.params->Value(*p_.bias));
  }
  void Forward(const Context& c, size_t b) override {
    const Tensor4& y = p_.wires.y;
    ConvPoolForward({c.In(p_.wires.x, b), c.At(y, b), Best(c, b), Size(y.shape.height), Size(y.shape.width), y.pixel, p_.taps,
                     w_.At(c, c.params->Value(*p_.weights)), b_.At(c, c.params->Value(*p_.bias))});
  }

  void BeginBackward(const Context& c) override {
    std::fill_n(c.arena->At(total_), sums_, 0.0f);
    std::fill_n(BiasGradient(c), p_.out, 0.0f);
    if (p_.wires.NeedsData()) TransposeWeights(c, c.params->Value(*p_.weights));
  }
  void Backward(const Context& c, size_t b) override {
    const Tensor4& dy = p_.wires.dy;
    kernels::Out dx;
    if (p_.wires.NeedsData()) {
      ZeroPicture(c, p_.wires.dx, b);
      dx = c.Out(p_.wires.dx, b);
    }
    ConvPoolBackward({c.In(p_.wires.x, b), dx, c.At(dy, b), Best(c, b), Size(dy.shape.height), Size(dy.shape.width), dy.pixel,
                      p_.out, run_, c.arena->At(transposed_), c.arena->At(own_), c.arena->At(total_),
                      BiasGradient(c), c.arena->At(scratch_)});
  }
  void EndBackward(const Context& c) override {
    if (p_.learns) StoreGradient(c.arena->At(total_), c.params->Gradient(*p_.weights));
  }

 private:
  // The kernel sums both gradients in any case.
  float* BiasGradient(const Context& c) const { return p_.learns ? c.params->Gradient(*p_.bias) : c.arena->At(unused_bias_); }
  uint8_t* Best(const Context& c, size_t picture) const {
    return reinterpret_cast<uint8_t*>(c.arena->At(best_)) + picture * picture_places_;
  }
  // Where tap t = (kh, kw, i) lies in its run, and which run that is.
  size_t InRun(size_t t) const { return t / p_.in % 3 * p_.wires.x.pixel + t % p_.in; }
  size_t Row(size_t t) const { return t / p_.in / 3; }
  void TransposeWeights(const Context& c, const float* w) const {
    float* to = c.arena->At(transposed_);
    for (size_t t = 0; t < 9 * p_.in; ++t) {
      for (size_t o = 0; o < p_.out; ++o) to[(o * 3 + Row(t)) * RunStride(run_) + InRun(t)] = w[t * p_.out + o];
    }
  }
  void StoreGradient(const float* total, float* g) const {
    const bool by_tap = run_ == kThreeChannels;
    for (size_t t = 0; t < 9 * p_.in; ++t) {
      const float* tap = total + (by_tap ? t * p_.wires.y.pixel : Row(t) * RunStride(run_) + InRun(t));
      for (size_t o = 0; o < p_.out; ++o) g[t * p_.out + o] = tap[o * (by_tap ? 1 : 3 * RunStride(run_))];
    }
  }

  ConvPlan p_;
  PaddedRows w_, b_;
  size_t run_ = 0, picture_places_ = 0, best_ = 0, sums_ = 0, transposed_ = 0, own_ = 0, total_ = 0, unused_bias_ = 0, scratch_ = 0;
};

class DepthwiseConv final : public Operation {
 public:
  DepthwiseConv(const Placement& p, const Wires& w)
      : p_(p, w), taps_(p_.kernel * p_.kernel), w_(*p.arena, taps_, p_.in), g_(*p.arena, taps_, p_.in), b_(*p.arena, 1, p_.in),
        flipped_(p.arena->Reserve(taps_ * w.x.pixel)) {}
  void Bind(Params& params) override { p_.Bind(params); }

  void BeginForward(const Context& c) override {
    w_.Load(c, c.params->Value(*p_.weights));
    if (p_.bias) b_.Load(c, c.params->Value(*p_.bias));
  }
  void Forward(const Context& c, size_t b) override {
    const Tensor4& y = p_.wires.y;
    kernels::Depthwise({p_.Windows(c, b), c.Out(y, b), Size(y.shape.height), Size(y.shape.width), y.pixel, p_.kernel, p_.taps.stride,
                        Weights(c), p_.bias ? b_.At(c, c.params->Value(*p_.bias)) : nullptr});
  }

  void BeginBackward(const Context& c) override {
    ClearGradients(c, p_, g_);
    const size_t pixel = p_.wires.dy.pixel;
    float* flipped = c.arena->At(flipped_);
    for (size_t t = 0; t < taps_; ++t) std::copy_n(Weights(c) + t * pixel, pixel, flipped + (taps_ - 1 - t) * pixel);
  }
  void Backward(const Context& c, size_t b) override {
    const Tensor4& dy = p_.wires.dy;
    if (p_.learns) {
      if (p_.bias) SumBias(c, dy, b, c.params->Gradient(*p_.bias));
      DepthwiseWeights({p_.Windows(c, b), c.In(dy, b), Size(dy.shape.height), Size(dy.shape.width), dy.pixel, p_.kernel,
                        p_.taps.stride, g_.At(c, c.params->Gradient(*p_.weights))});
    }
    if (p_.wires.NeedsData()) BackwardData(c, b);
  }
  void EndBackward(const Context& c) override {
    if (p_.learns) g_.Store(c, c.params->Gradient(*p_.weights));
  }

 private:
  const float* Weights(const Context& c) const { return w_.At<const float>(c, c.params->Value(*p_.weights)); }

  void BackwardData(const Context& c, size_t b) const {
    const Tensor4 &dx = p_.wires.dx, &dy = p_.wires.dy;
    const size_t top = Size(p_.window.top), left = Size(p_.window.left);
    if (p_.taps.stride == 1) {
      // A depthwise convolution with the kernel turned round, over dy with its border of zeros.
      const kernels::In from = Shifted(c.In(dy, b), p_.kernel - 1 - top, p_.kernel - 1 - left);
      kernels::Depthwise({from, c.Out(dx, b), Size(dx.shape.height), Size(dx.shape.width), dx.pixel, p_.kernel, 1,
                          c.arena->At(flipped_), nullptr});
      return;
    }
    ZeroPicture(c, dx, b);
    DepthwiseScatter({Shifted(c.Out(dx, b), top, left), c.In(dy, b), Size(dy.shape.height), Size(dy.shape.width), dy.pixel,
                      p_.kernel, p_.taps.stride, Weights(c)});
    ZeroBorder(c, dx, b);
  }

  ConvPlan p_;
  size_t taps_;
  PaddedRows w_, g_, b_;
  size_t flipped_;
};

}  // namespace

std::unique_ptr<Operation> MakeConv(const Placement& p, const Wires& w) { return std::make_unique<Conv>(p, w); }
std::unique_ptr<Operation> MakeConvPool(const Placement& p, const Wires& w) { return std::make_unique<ConvPool>(p, w); }
std::unique_ptr<Operation> MakeDepthwise(const Placement& p, const Wires& w) { return std::make_unique<DepthwiseConv>(p, w); }

}  // namespace handlens::nn
