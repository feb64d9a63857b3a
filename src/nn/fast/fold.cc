#include "nn/fast/fold.h"

#include <algorithm>
#include <cmath>

namespace handlens::nn {

Fold::Fold(const Placement& p, size_t taps, size_t columns)
    : index_(p.index),
      norm_(p.norm),
      taps_(taps),
      columns_(columns),
      padded_(kernels::Padded(columns)),
      has_bias_(p.norm >= 0 || p.spec->nodes[Size(p.index)].layer.bias) {
  for (const ParamSpec& param : p.spec->params) {
    learns_ |= (param.layer == index_ || (param.layer == norm_ && norm_ >= 0)) && param.Trained();
    in_place_ |= param.layer == index_ && param.what == "kernel" && param.Trained() && columns_ == padded_;
  }
  scales_ = p.arena->Reserve(columns_);
  if (has_bias_) bias_ = p.arena->Reserve(WholeLanes(columns_));
  if (!learns_) return;
  if (!in_place_) weight_sums_ = p.arena->Reserve(taps_ * padded_);
  bias_sums_ = p.arena->Reserve(padded_);
}

void Fold::Bind(Params& params) {
  kernel_ = params.Find(index_, "kernel");
  shift_ = params.Find(index_, "bias");
  if (norm_ < 0) return;
  gamma_ = params.Find(norm_, "gamma");
  beta_ = params.Find(norm_, "beta");
  mean_ = params.Find(norm_, "mean");
  variance_ = params.Find(norm_, "variance");
}

float Fold::Inverse(const Context& c, size_t o) const {
  return 1 / std::sqrt(c.params->Value(*variance_)[o] + kBatchNormEpsilon);
}

float Fold::Offset(const Context& c, size_t o) const {
  return (shift_ ? c.params->Value(*shift_)[o] : 0.0f) - (mean_ ? c.params->Value(*mean_)[o] : 0.0f);
}

bool Fold::Refresh(const Context& c) {
  const uint64_t now = c.params->Version(learns_);
  if (now == version_) return false;
  version_ = now;
  float *scales = c.arena->At(scales_), *bias = c.arena->At(bias_);
  for (size_t o = 0; o < columns_; ++o) {
    scales[o] = gamma_ ? c.params->Value(*gamma_)[o] * Inverse(c, o) : 1.0f;
    if (has_bias_) bias[o] = gamma_ ? Offset(c, o) * scales[o] + c.params->Value(*beta_)[o] : Offset(c, o);
  }
  return true;
}

void Fold::Clear(const Context& c) const {
  if (!learns_) return;
  std::fill_n(WeightSums(c), taps_ * padded_, 0.0f);
  std::fill_n(BiasSums(c), padded_, 0.0f);
}

// The gradient of gamma sums w times the gradient of w' over the taps, in their order.
void Fold::StoreNorm(const Context& c) const {
  if (!gamma_ || !gamma_->spec.Trained()) return;
  const float *w = c.params->Value(*kernel_), *sums = WeightSums(c), *bias_sums = BiasSums(c);
  std::vector<float> chains(columns_, 0.0f);
  for (size_t t = 0; t < taps_; ++t) {
    for (size_t o = 0; o < columns_; ++o) chains[o] += w[t * columns_ + o] * sums[t * padded_ + o];
  }
  float *gamma = c.params->Gradient(*gamma_), *beta = c.params->Gradient(*beta_);
  for (size_t o = 0; o < columns_; ++o) {
    gamma[o] = (chains[o] + Offset(c, o) * bias_sums[o]) * Inverse(c, o);
    beta[o] = bias_sums[o];
  }
}

void Fold::Store(const Context& c) const {
  if (!learns_) return;
  StoreNorm(c);
  if (!kernel_->spec.Trained()) return;
  const float *sums = WeightSums(c), *bias_sums = BiasSums(c), *scales = Scales(c);
  float* kernel = c.params->Gradient(*kernel_);
  for (size_t t = 0; t < taps_; ++t) {
    for (size_t o = 0; o < columns_; ++o) kernel[t * columns_ + o] = sums[t * padded_ + o] * scales[o];
  }
  for (size_t o = 0; shift_ && o < columns_; ++o) c.params->Gradient(*shift_)[o] = bias_sums[o] * scales[o];
}

}  // namespace handlens::nn
