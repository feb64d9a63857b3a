// Batch norms of the fast backend, with statistics of the batch or fixed ones, each with the activation
// behind it.
#include <algorithm>
#include <cmath>

#include "nn/fast/operation.h"

namespace handlens::nn {
namespace {

class Norm final : public Operation {
 public:
  Norm(const Placement& p, const Wires& w)
      : index_(p.index),
        wires_(w),
        padded_(w.x.pixel),
        channels_(Size(w.x.shape.channels)),
        momentum_(p.spec->nodes[Size(p.index)].layer.momentum),
        low_(p.low),
        high_(p.high) {
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
    kernels::Moments({c.In(wires_.x, b), Size(wires_.x.shape.height), Size(wires_.x.shape.width), padded_,
                      part, part + padded_, c.arena->At(scratch_)});
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
    for (size_t i = 0; i < channels_; ++i)
      c.arena->At(scale_)[i] = gamma[i] / std::sqrt(variance[i] + kBatchNormEpsilon);
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
    kernels::NormBackward({Arguments(c, b), c.In(wires_.dy, b), c.Out(wires_.dx, b), c.arena->At(first_),
                           c.arena->At(second_)});
  }

 private:
  void Repeat(float* channels) const {  // four times in a row, as the kernels read them
    for (size_t i = padded_; i < 4 * padded_; ++i) channels[i] = channels[i - padded_];
  }
  size_t Pixels() const { return Size(wires_.x.shape.height) * Size(wires_.x.shape.width); }
  kernels::NormArgs Arguments(const Context& c, size_t b) const {
    return {c.In(wires_.x, b),
            c.Out(wires_.y, b),
            Size(wires_.x.shape.height),
            Size(wires_.x.shape.width),
            padded_,
            c.arena->At(mean_),
            c.arena->At(scale_),
            c.arena->At(beta_),
            low_,
            high_};
  }

  void FinishMoments(const Context& c, const float* mean, float* variance) const {
    const auto pixels = static_cast<float>(Pixels());
    float *running_mean = c.params->Value(*running_mean_),
          *running_variance = c.params->Value(*running_variance_);
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
      : index_(p.index),
        wires_(w),
        padded_(w.x.pixel),
        channels_(Size(w.x.shape.channels)),
        low_(p.low),
        high_(p.high) {
    for (size_t* at : {&mean_, &scale_, &beta_, &zeros_}) *at = p.arena->Reserve(4 * padded_);
    for (size_t* at : {&sum_, &hat_}) *at = p.arena->Reserve(padded_);
    parts_ = p.lane->Reserve(2 * padded_);
    scratch_ = p.lane->Reserve(8 * padded_);
  }
  void Bind(Params& params) override {
    gamma_ = params.Find(index_, "gamma");
    shift_ = params.Find(index_, "beta");
    running_mean_ = params.Find(index_, "mean");
    running_variance_ = params.Find(index_, "variance");
  }
  bool Shares() const override { return true; }
  void BeginForward(const Context& c) override {
    const float *gamma = c.params->Value(*gamma_), *variance = c.params->Value(*running_variance_);
    for (size_t i = 0; i < channels_; ++i)
      c.arena->At(scale_)[i] = gamma[i] / std::sqrt(variance[i] + kBatchNormEpsilon);
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
  void BackwardInTurn(const Context& c, size_t b) override {
    if (!gamma_->spec.Trained()) return;
    float *sum = c.arena->At(sum_), *hat = c.arena->At(hat_), *part = c.lane->At(parts_);
    kernels::NormSums({Arguments(c, b), c.In(wires_.dy, b), part, part + padded_, c.lane->At(scratch_)});
    for (size_t i = 0; i < padded_; ++i) {
      sum[i] += part[i];
      hat[i] += part[padded_ + i];
    }
  }
  void Backward(const Context& c, size_t b) override {
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
    return {c.In(wires_.x, b),
            c.Out(wires_.y, b),
            Size(wires_.x.shape.height),
            Size(wires_.x.shape.width),
            padded_,
            c.arena->At(mean_),
            c.arena->At(scale_),
            c.arena->At(beta_),
            low_,
            high_};
  }

  int index_;
  Wires wires_;
  size_t padded_, channels_;
  float low_, high_;
  size_t mean_ = 0, scale_ = 0, beta_ = 0, zeros_ = 0, sum_ = 0, hat_ = 0, parts_ = 0, scratch_ = 0;
  Param *gamma_ = nullptr, *shift_ = nullptr, *running_mean_ = nullptr, *running_variance_ = nullptr;
};

}  // namespace

std::unique_ptr<Operation> MakeNorm(const Placement& p, const Wires& w) {
  return std::make_unique<Norm>(p, w);
}
std::unique_ptr<Operation> MakeFixedNorm(const Placement& p, const Wires& w) {
  return std::make_unique<FixedNorm>(p, w);
}

}  // namespace handlens::nn
