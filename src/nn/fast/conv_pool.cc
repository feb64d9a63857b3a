// Convolution 3 x 3, ReLU and max pool 2 as one operation.
#include <algorithm>

#include "nn/fast/window.h"

namespace handlens::nn {
namespace {

using namespace kernels;

// Trained numbers with their output channels padded: a copy is made where padding is needed, else they serve
// as they are.
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
    for (size_t r = 0; r < rows_; ++r)
      std::copy_n(plain + r * columns_, columns_, padded + r * Padded(columns_));
  }

 private:
  size_t rows_ = 0, columns_ = 0, at_ = 0;
};

class ConvPool final : public Operation {
 public:
  ConvPool(const Placement& p, const Wires& w)
      : index_(p.index), p_(p, w), w_(*p.arena, p_.taps.Count(), p_.out), b_(*p.arena, 1, p_.out) {
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
  void Bind(Params& params) override {
    weights_ = params.Find(index_, "kernel");
    bias_ = params.Find(index_, "bias");
    learns_ = weights_->spec.Trained();
  }

  void BeginForward(const Context& c) override {
    w_.Load(c, c.params->Value(*weights_));
    b_.Load(c, c.params->Value(*bias_));
  }
  void Forward(const Context& c, size_t b) override {
    const Tensor4& y = p_.wires.y;
    ConvPoolForward({c.In(p_.wires.x, b), c.At(y, b), Best(c, b), Size(y.shape.height), Size(y.shape.width),
                     y.pixel, p_.taps, w_.At(c, c.params->Value(*weights_)),
                     b_.At(c, c.params->Value(*bias_))});
  }

  void BeginBackward(const Context& c) override {
    std::fill_n(c.arena->At(total_), sums_, 0.0f);
    std::fill_n(BiasGradient(c), p_.out, 0.0f);
    if (p_.wires.NeedsData()) TransposeWeights(c, c.params->Value(*weights_));
  }
  void Backward(const Context& c, size_t b) override {
    const Tensor4& dy = p_.wires.dy;
    kernels::Out dx;
    if (p_.wires.NeedsData()) {
      ZeroPicture(c, p_.wires.dx, b);
      dx = c.Out(p_.wires.dx, b);
    }
    ConvPoolBackward({c.In(p_.wires.x, b), dx, c.At(dy, b), Best(c, b), Size(dy.shape.height),
                      Size(dy.shape.width), dy.pixel, p_.out, run_, c.arena->At(transposed_),
                      c.arena->At(own_), c.arena->At(total_), BiasGradient(c), c.arena->At(scratch_)});
  }
  void EndBackward(const Context& c) override {
    if (learns_) StoreGradient(c.arena->At(total_), c.params->Gradient(*weights_));
  }

 private:
  // The kernel sums both gradients in any case.
  float* BiasGradient(const Context& c) const {
    return learns_ ? c.params->Gradient(*bias_) : c.arena->At(unused_bias_);
  }
  uint8_t* Best(const Context& c, size_t picture) const {
    return reinterpret_cast<uint8_t*>(c.arena->At(best_)) + picture * picture_places_;
  }
  // Where tap t = (kh, kw, i) lies in its run, and which run that is.
  size_t InRun(size_t t) const { return t / p_.in % 3 * p_.wires.x.pixel + t % p_.in; }
  size_t Row(size_t t) const { return t / p_.in / 3; }
  void TransposeWeights(const Context& c, const float* w) const {
    float* to = c.arena->At(transposed_);
    for (size_t t = 0; t < 9 * p_.in; ++t) {
      for (size_t o = 0; o < p_.out; ++o)
        to[(o * 3 + Row(t)) * RunStride(run_) + InRun(t)] = w[t * p_.out + o];
    }
  }
  void StoreGradient(const float* total, float* g) const {
    const bool by_tap = run_ == kThreeChannels;
    for (size_t t = 0; t < 9 * p_.in; ++t) {
      const float* tap = total + (by_tap ? t * p_.wires.y.pixel : Row(t) * RunStride(run_) + InRun(t));
      for (size_t o = 0; o < p_.out; ++o) g[t * p_.out + o] = tap[o * (by_tap ? 1 : 3 * RunStride(run_))];
    }
  }

  int index_;
  ConvPlan p_;
  PaddedRows w_, b_;
  size_t run_ = 0, picture_places_ = 0, best_ = 0, sums_ = 0, transposed_ = 0, own_ = 0, total_ = 0,
         unused_bias_ = 0, scratch_ = 0;
  Param *weights_ = nullptr, *bias_ = nullptr;
  bool learns_ = true;
};

}  // namespace

std::unique_ptr<Operation> MakeConvPool(const Placement& p, const Wires& w) {
  return std::make_unique<ConvPool>(p, w);
}

}  // namespace handlens::nn
