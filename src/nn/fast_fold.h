// The numbers of a convolution together with those of the batch norm behind it, whose statistics are fixed: one convolution with
// kernel w' = w s and bias b' = (bias - mean) s + beta, s = gamma / sqrt(variance + 1e-3). Gradients of w' and b' are brought
// back to w, bias, gamma and beta. Without a batch norm s = 1.
#pragma once

#include "nn/fast.h"

namespace handlens::nn {

class Fold {
 public:
  // `taps` rows of as many columns as there are output channels.
  Fold(const Placement& p, size_t taps, size_t columns);
  void Bind(Params& params);

  // Works out weights and biases, if their numbers have changed since the last time; whether they had.
  bool Refresh(const Context& c);
  const float* Weights(const Context& c) const { return copied_ ? c.arena->At(weights_) : c.params->Value(*kernel_); }   // (taps, padded)
  const float* Bias(const Context& c) const { return has_bias_ ? c.arena->At(bias_) : nullptr; }   // (whole vectors of 16)

  // Whether any of the numbers has a gradient. Then: sums from zero, (taps, padded) and (padded), which Store brings home.
  bool Learns() const { return learns_; }
  bool SumsBias() const { return learns_ && has_bias_; }
  void Clear(const Context& c) const;
  float* WeightSums(const Context& c) const { return c.arena->At(weight_sums_); }
  float* BiasSums(const Context& c) const { return c.arena->At(bias_sums_); }
  void Store(const Context& c) const;

 private:
  void StoreNorm(const Context& c) const;
  // Of output channel o.
  float Inverse(const Context& c, size_t o) const;
  float Scale(const Context& c, size_t o) const { return gamma_ ? c.params->Value(*gamma_)[o] * Inverse(c, o) : 1.0f; }
  float Offset(const Context& c, size_t o) const;   // bias - mean

  int index_, norm_;
  size_t taps_, columns_, padded_;
  bool copied_, has_bias_, learns_ = false;
  uint64_t version_ = 0;
  size_t weights_ = 0, bias_ = 0, weight_sums_ = 0, bias_sums_ = 0;
  Param *kernel_ = nullptr, *shift_ = nullptr, *gamma_ = nullptr, *beta_ = nullptr, *mean_ = nullptr, *variance_ = nullptr;
};

}  // namespace handlens::nn
