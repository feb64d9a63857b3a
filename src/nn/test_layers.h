// Layers that several tests of the room are made of.
#pragma once

#include <algorithm>
#include <utility>

#include "nn/spec.h"

namespace handlens::nn {

// A convolution; all else as LayerSpec has it.
inline LayerSpec Conv(int units, int kernel, int stride, Padding padding) {
  return {.kind = LayerKind::kConv, .units = units, .kernel = kernel, .stride = stride, .padding = padding};
}

// An inverted residual block and what may lie around it, with `frozen` layers from the first on and one more
// behind.
inline ModelSpec Tuned(int size, int width, int kernel, int stride, size_t frozen) {
  ModelSpec spec{"tuned", size, 3, {}};
  const auto norm = [](LayerKind kind) {
    return LayerSpec{.kind = kind, .fixed_statistics = kind == LayerKind::kBatchNorm};
  };
  LayerSpec first = Conv(width, 3, 2, Padding::kSame), up = Conv(3 * width, 1, 1, Padding::kSame),
            down = Conv(width, 1, 1, Padding::kSame), wide = Conv(width + 9, kernel, stride, Padding::kSame);
  LayerSpec deep{.kind = LayerKind::kDepthwise,
                 .kernel = kernel,
                 .stride = stride,
                 .padding = Padding::kSame,
                 .bias = false},
      flat = deep;
  first.bias = up.bias = down.bias = false;
  flat.stride = 1;
  using enum LayerKind;
  spec.layers = {{.kind = kNormalize},
                 first,
                 norm(kBatchNorm),
                 norm(kRelu6),
                 up,
                 norm(kBatchNorm),
                 norm(kRelu6),
                 deep,
                 norm(kBatchNorm),
                 norm(kRelu6),
                 down,
                 norm(kBatchNorm),
                 up,
                 norm(kBatchNorm),
                 norm(kRelu6),
                 flat,
                 norm(kBatchNorm),
                 norm(kRelu6),
                 down,
                 norm(kBatchNorm),
                 {.kind = kAdd, .inputs = {11, 19}},
                 wide,
                 norm(kRelu6),
                 up,
                 norm(kBatchNorm),
                 norm(kRelu),
                 {.kind = kGlobalAvgPool},
                 {.kind = kDense, .units = 7},
                 norm(kRelu),
                 {.kind = kDense, .units = 3}};
  for (size_t i = 0; i < frozen; ++i) spec.layers[i].frozen = true;
  for (const size_t i : {frozen + 6, size_t{27}}) spec.layers[std::min(i, size_t{27})].frozen = frozen > 0;
  return spec;
}

}  // namespace handlens::nn
