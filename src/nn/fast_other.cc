// Dense layers, batch norms, and everything else of the fast backend.
#include <algorithm>
#include <cmath>
#include <limits>
#include <numeric>
#include <vector>

#include "base/rng.h"
#include "nn/fast.h"
#include "nn/reference_layers.h"

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
                           bias_ ? c.params->Value(*bias_) : nullptr, c.At(wires_.y, 0), wires_.y.picture, outputs_, c.Count(),
                           c.arena->At(partial_)});
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
    kernels::DenseBackwardArgs a{c.At(wires_.x, 0), wires_.x.picture, inputs_, wires_.NeedsData() ? c.At(wires_.dx, 0) : nullptr,
                                 rows, columns, neurons_.data(), live, outputs_, batch, c.params->Value(*weights_)};
    if (weights_->updated_in_backward) {
      if (momenta_ > 0) a.moment1 = c.params->Moment1(*weights_);
      if (momenta_ > 1) a.moment2 = c.params->Moment2(*weights_);
      a.decay = c.params->Decay(*weights_);
      kernels::DenseBackward(a, c.update);
      return;
    }
    if (a.dx) kernels::DenseBackward(a, {});   // at rate zero: the weights stay
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
    return static_cast<size_t>(std::stable_partition(neurons_.begin(), neurons_.end(), live) - neurons_.begin());
  }

  int index_;
  Wires wires_;
  size_t outputs_, inputs_ = 0, partial_ = 0, columns_ = 0, rows_ = 0;
  std::vector<uint32_t> neurons_;
  Param *weights_ = nullptr, *bias_ = nullptr;
  int momenta_ = 0;
};

class Norm final : public Operation {
 public:
  Norm(const Placement& p, const Wires& w)
      : index_(p.index), wires_(w), padded_(w.x.pixel), channels_(Size(w.x.shape.channels)),
        momentum_(p.spec->nodes[Size(p.index)].layer.momentum), low_(p.low), high_(p.high) {
    for (size_t* at : {&mean_, &scale_, &beta_, &first_, &second_}) *at = p.arena->Reserve(4 * padded_);
    variance_ = p.arena->Reserve(padded_);
    parts_ = p.arena->Reserve(2 * padded_);
    scratch_ = p.arena->Reserve(8 * padded_);
  }
  void Bind(Params& params) override {
    gamma_ = params.Find(index_, "gamma");
    shift_ = params.Find(index_, "beta");
    running_mean_ = params.Find(index_, "mean");
    running_variance_ = params.Find(index_, "variance");
  }

  // Each picture's mean and spread, joined in picture order (Chan, Golub and LeVeque 1979).
  void GatherForward(const Context& c, size_t b) override {
    if (c.pass.mode != Mode::kTraining) return;
    float *mean = c.arena->At(mean_), *variance = c.arena->At(variance_), *part = c.arena->At(parts_);
    kernels::Moments({c.In(wires_.x, b), Size(wires_.x.shape.height), Size(wires_.x.shape.width), padded_, part, part + padded_,
                      c.arena->At(scratch_)});
    const auto pixels = static_cast<float>(Pixels());
    const float before = static_cast<float>(b) * pixels, share = pixels / (before + pixels);
    for (size_t i = 0; i < padded_; ++i) {
      if (b == 0) mean[i] = variance[i] = 0;
      const float delta = part[i] - mean[i];
      mean[i] += delta * share;
      variance[i] += part[padded_ + i] + delta * delta * (before * share);
    }
  }
  void BeginForward(const Context& c) override {
    float *mean = c.arena->At(mean_), *variance = c.arena->At(variance_);
    if (c.pass.mode == Mode::kTraining) {
      FinishMoments(c, mean, variance);
    } else {
      std::copy_n(c.params->Value(*running_mean_), channels_, mean);
      std::copy_n(c.params->Value(*running_variance_), channels_, variance);
    }
    const float* gamma = c.params->Value(*gamma_);
    for (size_t i = 0; i < channels_; ++i) c.arena->At(scale_)[i] = gamma[i] / std::sqrt(variance[i] + kBatchNormEpsilon);
    std::copy_n(c.params->Value(*shift_), channels_, c.arena->At(beta_));
    for (const size_t at : {mean_, scale_, beta_}) Repeat(c.arena->At(at));
  }
  void Forward(const Context& c, size_t b) override { kernels::Norm(Arguments(c, b)); }

  void GatherBackward(const Context& c, size_t b) override {
    float *sum = c.arena->At(first_), *hat = c.arena->At(second_), *part = c.arena->At(parts_);
    kernels::NormSums({Arguments(c, b), c.In(wires_.dy, b), part, part + padded_, c.arena->At(scratch_)});
    for (size_t i = 0; i < padded_; ++i) {
      sum[i] = (b == 0 ? 0 : sum[i]) + part[i];
      hat[i] = (b == 0 ? 0 : hat[i]) + part[padded_ + i];
    }
  }
  void BeginBackward(const Context& c) override {
    float *sum = c.arena->At(first_), *hat = c.arena->At(second_);
    const auto n = static_cast<float>(c.Count() * Pixels());
    float *dgamma = c.params->Gradient(*gamma_), *dbeta = c.params->Gradient(*shift_);
    for (size_t i = 0; i < channels_; ++i) {
      const float inverse = 1 / std::sqrt(c.arena->At(variance_)[i] + kBatchNormEpsilon);
      dbeta[i] = sum[i];
      dgamma[i] = hat[i] * inverse;
      sum[i] = sum[i] / n;
      hat[i] = dgamma[i] * inverse / n;
    }
    Repeat(sum);
    Repeat(hat);
  }
  void Backward(const Context& c, size_t b) override {
    if (!wires_.NeedsData()) return;
    kernels::NormBackward({Arguments(c, b), c.In(wires_.dy, b), c.Out(wires_.dx, b), c.arena->At(first_), c.arena->At(second_)});
  }

 private:
  void Repeat(float* channels) const {   // four times in a row, as the kernels read them
    for (size_t i = padded_; i < 4 * padded_; ++i) channels[i] = channels[i - padded_];
  }
  size_t Pixels() const { return Size(wires_.x.shape.height) * Size(wires_.x.shape.width); }
  kernels::NormArgs Arguments(const Context& c, size_t b) const {
    return {c.In(wires_.x, b), c.Out(wires_.y, b), Size(wires_.x.shape.height), Size(wires_.x.shape.width), padded_,
            c.arena->At(mean_), c.arena->At(scale_), c.arena->At(beta_), low_, high_};
  }

  void FinishMoments(const Context& c, const float* mean, float* variance) const {
    const auto pixels = static_cast<float>(Pixels());
    float *running_mean = c.params->Value(*running_mean_), *running_variance = c.params->Value(*running_variance_);
    for (size_t i = 0; i < channels_; ++i) {
      variance[i] /= static_cast<float>(c.Count()) * pixels;
      running_mean[i] = running_mean[i] * momentum_ + mean[i] * (1 - momentum_);
      running_variance[i] = running_variance[i] * momentum_ + variance[i] * (1 - momentum_);
    }
  }

  int index_;
  Wires wires_;
  size_t padded_, channels_;
  float momentum_;
  float low_, high_;
  size_t mean_ = 0, variance_ = 0, scale_ = 0, beta_ = 0, first_ = 0, second_ = 0, parts_ = 0, scratch_ = 0;
  Param *gamma_ = nullptr, *shift_ = nullptr, *running_mean_ = nullptr, *running_variance_ = nullptr;
};

// With running statistics each picture is by itself.
class FixedNorm final : public Operation {
 public:
  FixedNorm(const Placement& p, const Wires& w)
      : index_(p.index), wires_(w), padded_(w.x.pixel), channels_(Size(w.x.shape.channels)), low_(p.low), high_(p.high) {
    for (size_t* at : {&mean_, &scale_, &beta_, &zeros_}) *at = p.arena->Reserve(4 * padded_);
    for (size_t* at : {&sum_, &hat_}) *at = p.arena->Reserve(padded_);
    parts_ = p.arena->Reserve(2 * padded_);
    scratch_ = p.arena->Reserve(8 * padded_);
  }
  void Bind(Params& params) override {
    gamma_ = params.Find(index_, "gamma");
    shift_ = params.Find(index_, "beta");
    running_mean_ = params.Find(index_, "mean");
    running_variance_ = params.Find(index_, "variance");
  }
  void BeginForward(const Context& c) override {
    const float *gamma = c.params->Value(*gamma_), *variance = c.params->Value(*running_variance_);
    for (size_t i = 0; i < channels_; ++i) c.arena->At(scale_)[i] = gamma[i] / std::sqrt(variance[i] + kBatchNormEpsilon);
    std::copy_n(c.params->Value(*running_mean_), channels_, c.arena->At(mean_));
    std::copy_n(c.params->Value(*shift_), channels_, c.arena->At(beta_));
    for (const size_t at : {mean_, scale_, beta_}) {
      for (size_t i = padded_; i < 4 * padded_; ++i) c.arena->At(at)[i] = c.arena->At(at)[i - padded_];
    }
  }
  void Forward(const Context& c, size_t b) override { kernels::Norm(Arguments(c, b)); }

  void BeginBackward(const Context& c) override {
    for (const size_t at : {sum_, hat_}) std::fill_n(c.arena->At(at), padded_, 0.0f);
  }
  void Backward(const Context& c, size_t b) override {
    if (gamma_->spec.Trained()) {
      float *sum = c.arena->At(sum_), *hat = c.arena->At(hat_), *part = c.arena->At(parts_);
      kernels::NormSums({Arguments(c, b), c.In(wires_.dy, b), part, part + padded_, c.arena->At(scratch_)});
      for (size_t i = 0; i < padded_; ++i) {
        sum[i] += part[i];
        hat[i] += part[padded_ + i];
      }
    }
    if (!wires_.NeedsData()) return;
    const float* zeros = c.arena->At(zeros_);
    kernels::NormBackward({Arguments(c, b), c.In(wires_.dy, b), c.Out(wires_.dx, b), zeros, zeros});
  }
  void EndBackward(const Context& c) override {
    if (!gamma_->spec.Trained()) return;
    const float* variance = c.params->Value(*running_variance_);
    for (size_t i = 0; i < channels_; ++i) {
      c.params->Gradient(*shift_)[i] = c.arena->At(sum_)[i];
      c.params->Gradient(*gamma_)[i] = c.arena->At(hat_)[i] / std::sqrt(variance[i] + kBatchNormEpsilon);
    }
  }

 private:
  kernels::NormArgs Arguments(const Context& c, size_t b) const {
    return {c.In(wires_.x, b), c.Out(wires_.y, b), Size(wires_.x.shape.height), Size(wires_.x.shape.width), padded_,
            c.arena->At(mean_), c.arena->At(scale_), c.arena->At(beta_), low_, high_};
  }

  int index_;
  Wires wires_;
  size_t padded_, channels_;
  float low_, high_;
  size_t mean_ = 0, scale_ = 0, beta_ = 0, zeros_ = 0, sum_ = 0, hat_ = 0, parts_ = 0, scratch_ = 0;
  Param *gamma_ = nullptr, *shift_ = nullptr, *running_mean_ = nullptr, *running_variance_ = nullptr;
};

using namespace reference;

class Plain final : public Operation {
 public:
  Plain(const Placement& p, const Wires& w, std::vector<OtherInput> others)
      : index_(p.index), node_(p.spec->nodes[Size(p.index)]), window_(WindowOf(node_.layer, node_.in, node_.out)), wires_(w),
        others_(std::move(others)), x_(p.arena->Reserve(Count(node_.in))), y_(p.arena->Reserve(Count(node_.out))),
        dx_(p.arena->Reserve(Count(node_.in))), dy_(p.arena->Reserve(Count(node_.out))) {}
  void Bind(Params& params) override {
    mean_ = params.Find(index_, "mean");
    std_ = params.Find(index_, "std");
  }

  void BeginForward(const Context& c) override { rng_ = DropoutStream({c.pass.key, index_}); }
  void Forward(const Context& c, size_t b) override {
    Unpack(c, wires_.x, b, c.arena->At(x_));
    ForwardPicture(c, b);
    Pack(c, c.arena->At(y_), wires_.y, b);
  }

  void BeginBackward(const Context& c) override { rng_ = DropoutStream({c.pass.key, index_}); }
  void Backward(const Context& c, size_t b) override {
    float *x = c.arena->At(x_), *y = c.arena->At(y_), *dx = c.arena->At(dx_), *dy = c.arena->At(dy_);
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
  float Limit() const { return node_.layer.kind == LayerKind::kRelu6 ? 6 : std::numeric_limits<float>::infinity(); }

  void ForwardPicture(const Context& c, size_t b) {
    float *x = c.arena->At(x_), *y = c.arena->At(y_);
    switch (node_.layer.kind) {
      case LayerKind::kNormalize: return NormalizeForward(node_.in, x, {c.params->Value(*mean_), c.params->Value(*std_)}, y);
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
      default: HL_CHECK(node_.layer.kind == LayerKind::kAdd);   // the rest have operations of their own
    }
  }

  void BackwardPicture(const Context& c) {
    const float *x = c.arena->At(x_), *y = c.arena->At(y_), *dy = c.arena->At(dy_);
    float* dx = c.arena->At(dx_);
    switch (node_.layer.kind) {
      case LayerKind::kNormalize: return NormalizeBackward(node_.in, dy, {c.params->Value(*mean_), c.params->Value(*std_)}, dx);
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
  Rng rng_{0, "dropout"};   // begun anew by every pass; its numbers go to the pictures in their order
  Param *mean_ = nullptr, *std_ = nullptr;
};

// Straight over the rows, as the reference does pixel by pixel. Padding lanes hold zeros, and zero stays zero.
class Normalize final : public Operation {
 public:
  Normalize(const Placement& p, const Wires& w) : index_(p.index), wires_(w), row_(Size(w.x.shape.width) * w.x.pixel) {
    HL_CHECK(w.x.pixel == w.y.pixel);
    mean_row_ = p.arena->Reserve(row_);
    std_row_ = p.arena->Reserve(row_);
  }
  void Bind(Params& params) override {
    mean_ = params.Find(index_, "mean");
    std_ = params.Find(index_, "std");
  }

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
    shape_ = {{}, {}, Size(w.x.shape.height), Size(w.x.shape.width) * w.x.pixel, layer.step, static_cast<float>(-128 - layer.zero),
              static_cast<float>(127 - layer.zero)};
  }
  void Bind(Params&) override {}
  void Forward(const Context& c, size_t b) override { kernels::Round(Arguments(c, b)); }
  void Backward(const Context& c, size_t b) override {
    if (wires_.NeedsData()) kernels::RoundBackward({Arguments(c, b), c.In(wires_.dy, b), c.Out(wires_.dx, b)});
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

std::unique_ptr<Operation> MakeDense(const Placement& p, const Wires& w) { return std::make_unique<Dense>(p, w); }
std::unique_ptr<Operation> MakeNorm(const Placement& p, const Wires& w) { return std::make_unique<Norm>(p, w); }
std::unique_ptr<Operation> MakeFixedNorm(const Placement& p, const Wires& w) { return std::make_unique<FixedNorm>(p, w); }
std::unique_ptr<Operation> MakePlain(const Placement& p, const Wires& w, std::vector<OtherInput> others) {
  const LayerKind kind = p.spec->nodes[Size(p.index)].layer.kind;
  if (kind == LayerKind::kFakeQuantize) return std::make_unique<FakeQuantize>(p, w);
  const auto alike = [&](const OtherInput& other) { return !other.x.given && other.x.pixel == w.y.pixel; };
  if (kind == LayerKind::kAdd && !w.x.given && w.x.pixel == w.y.pixel && std::all_of(others.begin(), others.end(), alike)) {
    return std::make_unique<Add>(w, std::move(others));
  }
  if (kind == LayerKind::kNormalize && w.x.pixel == w.y.pixel) return std::make_unique<Normalize>(p, w);
  return std::make_unique<Plain>(p, w, std::move(others));
}

}  // namespace handlens::nn
