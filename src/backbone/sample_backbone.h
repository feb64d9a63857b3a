// A small backbone for tests: a strided convolution, a depthwise block with a skip, batch norms.
#pragma once

#include "backbone/backbone.h"
#include "backbone/check.h"
#include "base/rng.h"

namespace handlens::backbone {

// Numbers for the layers that have none yet, and the hash.
inline void FillWeights(Backbone& backbone) {
  const std::vector<nn::WeightShape> shapes = FeatureShapes(backbone.spec).value();
  for (const nn::WeightShape& shape : shapes) {
    nn::Tensor tensor{shape.name, shape.shape, {}};
    size_t count = 1;
    for (const int extent : shape.shape) count *= static_cast<size_t>(extent);
    Rng rng(7, "sample backbone", {backbone.weights.size()});
    const bool kernel = shape.name.ends_with("kernel");
    for (size_t i = 0; i < count; ++i) {
      const float value = rng.Uniform();
      tensor.values.push_back(kernel ? nn::RoundToHalf(value - 0.5f) : 0.5f + value);
    }
    backbone.weights.push_back(std::move(tensor));
  }
  backbone.hash = HashOf(backbone);
}

inline Backbone SampleBackbone() {
  using nn::LayerKind;
  const auto conv = [](int units, int kernel, int stride) {
    return nn::LayerSpec{.kind = LayerKind::kConv,
                         .units = units,
                         .kernel = kernel,
                         .stride = stride,
                         .padding = nn::Padding::kSame,
                         .bias = false};
  };
  Backbone backbone;
  backbone.name = "tiny";
  backbone.notice = "made for a test";
  backbone.spec = {"tiny", 16, 0, {}};
  backbone.spec.layers = {
      {.kind = LayerKind::kNormalize},
      conv(8, 3, 2),
      {.kind = LayerKind::kBatchNorm},
      {.kind = LayerKind::kRelu6},
      {.kind = LayerKind::kDepthwise, .kernel = 5, .padding = nn::Padding::kSame, .bias = false},
      {.kind = LayerKind::kBatchNorm},
      {.kind = LayerKind::kRelu6},
      conv(8, 1, 1),
      {.kind = LayerKind::kBatchNorm},
      {.kind = LayerKind::kAdd, .inputs = {3, 8}},
      conv(12, 1, 1),
      {.kind = LayerKind::kBatchNorm},
      {.kind = LayerKind::kRelu6}};
  backbone.cuts = {3, 9, 12};
  FillWeights(backbone);
  return backbone;
}

}  // namespace handlens::backbone
