// Dense layers of the fast backend.
#include <algorithm>
#include <numeric>
#include <vector>

#include "nn/fast/operation.h"

namespace handlens::nn {
namespace {

class Dense final : public Operation {
 public:
  Dense(const Placement& p, const Wires& w) : index_(p.index), wires_(w), outputs_(Size(w.y.shape.channels)) {
    inputs_ = Size(w.x.shape.height) * Size(w.x.shape.width) * w.x.pixel;
    partial_ = p.arena->Reserve(outputs_ * p.batch * kLanes);
    columns_ = p.arena->Reserve(p.batch * outputs_);
    rows_ = p.arena->Reserve(p.batch * outputs_);
    neurons_.resize(outputs_);
  }
  void Bind(Params& params) override {
    weights_ = params.Find(index_, "kernel");
    bias_ = params.Find(index_, "bias");
    momenta_ = params.MomentsOf(*weights_);
  }

  void BeginForward(const Context& c) override {
    kernels::DenseForward({c.At(wires_.x, 0), wires_.x.picture, inputs_, c.params->Value(*weights_),
                           bias_ ? c.params->Value(*bias_) : nullptr, c.At(wires_.y, 0), wires_.y.picture,
                           outputs_, c.Count(), c.arena->At(partial_)});
  }

  void BeginBackward(const Context& c) override {
    const size_t live = Sort(c), batch = c.Count();
    float *columns = c.arena->At(columns_), *rows = c.arena->At(rows_);
    float* bias = bias_ && bias_->spec.Trained() ? c.params->Gradient(*bias_) : nullptr;
    if (bias) std::fill_n(bias, outputs_, 0.0f);
    for (size_t j = 0; j < live; ++j) {
      for (size_t b = 0; b < batch; ++b) {
        const float d = c.At(wires_.dy, b)[neurons_[j]];
        columns[j * batch + b] = rows[b * live + j] = d;
        if (bias) bias[neurons_[j]] += d;
      }
    }
    kernels::DenseBackwardArgs a{c.At(wires_.x, 0),
                                 wires_.x.picture,
                                 inputs_,
                                 wires_.NeedsData() ? c.At(wires_.dx, 0) : nullptr,
                                 rows,
                                 columns,
                                 neurons_.data(),
                                 live,
                                 outputs_,
                                 batch,
                                 c.params->Value(*weights_)};
    if (weights_->updated_in_backward) {
      if (momenta_ > 0) a.moment1 = c.params->Moment1(*weights_);
      if (momenta_ > 1) a.moment2 = c.params->Moment2(*weights_);
      a.decay = c.params->Decay(*weights_);
      kernels::DenseBackward(a, c.update);
      return;
    }
    if (a.dx) kernels::DenseBackward(a, {});  // at rate zero: the weights stay
    if (!weights_->spec.Trained()) return;
    // At rate -1, from zero: what the step leaves is the gradient.
    a.dx = nullptr;
    a.w = c.params->Gradient(*weights_);
    std::fill_n(a.w, weights_->stored, 0.0f);
    kernels::DenseBackward(a, {{}, -1});
  }

 private:
  // Neurons with a gradient in any picture first; how many.
  size_t Sort(const Context& c) {
    std::iota(neurons_.begin(), neurons_.end(), 0);
    const auto live = [&](uint32_t o) {
      for (size_t b = 0; b < c.Count(); ++b) {
        if (c.At(wires_.dy, b)[o] != 0) return true;
      }
      return false;
    };
    return static_cast<size_t>(std::stable_partition(neurons_.begin(), neurons_.end(), live) -
                               neurons_.begin());
  }

  int index_;
  Wires wires_;
  size_t outputs_, inputs_ = 0, partial_ = 0, columns_ = 0, rows_ = 0;
  std::vector<uint32_t> neurons_;
  Param *weights_ = nullptr, *bias_ = nullptr;
  int momenta_ = 0;
};

}  // namespace

std::unique_ptr<Operation> MakeDense(const Placement& p, const Wires& w) {
  return std::make_unique<Dense>(p, w);
}

}  // namespace handlens::nn
