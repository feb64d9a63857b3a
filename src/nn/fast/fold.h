// The numbers of a convolution together with those of the batch norm behind it, whose statistics are fixed:
// one convolution with kernel w' = w s and bias b' = (bias - mean) s + beta, s = gamma / sqrt(variance +
// 1e-3). Gradients of w' and b' are brought back to w, bias, gamma and beta. Without a batch norm s = 1.
#pragma once

#include "nn/fast/operation.h"

namespace handlens::nn {

class Fold {
 public:
  // `taps` rows of as many columns as there are output channels.
  Fold(const Placement& p, size_t taps, size_t columns);
  void Bind(Params& params);

  // Works out scales and biases, if numbers have changed since the last time; whether they had.
  bool Refresh(const Context& c);
  const float* Kernel(const Context& c) const { return c.params->Value(*kernel_); }  // w: (taps, columns)
  const float* Scales(const Context& c) const { return c.arena->At(scales_); }       // s: (columns)
  const float* Bias(const Context& c) const {
    return has_bias_ ? c.arena->At(bias_) : nullptr;
  }  // b': (whole vectors of 16)

  // Whether any of the numbers has a gradient. Then: sums from zero, (taps, padded) and (padded), which Store
  // brings home.
  bool Learns() const { return learns_; }
  bool SumsBias() const { return learns_ && has_bias_; }
  void Clear(const Context& c) const;
  float* WeightSums(const Context& c) const {
    return in_place_ ? c.params->Gradient(*kernel_) : c.arena->At(weight_sums_);
  }
  float* BiasSums(const Context& c) const { return c.arena->At(bias_sums_); }
  void Store(const Context& c) const;

 private:
  void StoreNorm(const Context& c) const;
  // Of output channel o.
  float Inverse(const Context& c, size_t o) const;
  float Offset(const Context& c, size_t o) const;  // bias - mean

  int index_, norm_;
  size_t taps_, columns_, padded_;
  bool has_bias_, learns_ = false;
  bool in_place_ = false;  // the sums are where the gradient of the kernel will be
  uint64_t version_ = 0;
  size_t scales_ = 0, bias_ = 0, weight_sums_ = 0, bias_sums_ = 0;
  Param *kernel_ = nullptr, *shift_ = nullptr, *gamma_ = nullptr, *beta_ = nullptr, *mean_ = nullptr,
        *variance_ = nullptr;
};

}  // namespace handlens::nn
