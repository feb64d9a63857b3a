// Tests' models: every kind of layer, odd sizes, orders of layers that forbid a shortcut of folding; with
// weights that are not the trivial ones, and pictures to run them on. For tests only.
#pragma once

#include <gtest/gtest.h>

#include <span>
#include <vector>

#include "base/rng.h"
#include "nn/nn.h"

namespace handlens::convert::sample {

using nn::LayerKind;
using nn::LayerSpec;
using nn::Padding;

inline LayerSpec Conv(int units, int kernel, int stride, Padding padding) {
  return {.kind = LayerKind::kConv, .units = units, .kernel = kernel, .stride = stride, .padding = padding};
}
inline LayerSpec Depthwise(int kernel, int stride, Padding padding) {
  return {.kind = LayerKind::kDepthwise, .kernel = kernel, .stride = stride, .padding = padding};
}
inline LayerSpec Pool(LayerKind kind, int kernel, int stride, Padding padding) {
  return {.kind = kind, .kernel = kernel, .stride = stride, .padding = padding};
}
inline LayerSpec Dense(int units) { return {.kind = LayerKind::kDense, .units = units}; }
inline LayerSpec Plain(LayerKind kind) { return {.kind = kind}; }
inline LayerSpec Add(std::vector<int> inputs) {
  return {.kind = LayerKind::kAdd, .inputs = std::move(inputs)};
}

inline nn::ModelSpec Spec(int size, std::vector<LayerSpec> layers) {
  nn::ModelSpec spec{"test", size, 3, std::move(layers)};
  spec.layers.push_back(Dense(3));
  return spec;
}

// Fresh weights, with biases, statistics and factors that are not the trivial ones.
inline nn::Weights RandomWeights(const nn::ModelSpec& spec, uint64_t seed) {
  auto network = nn::Network::Create(spec, 1, {}, nn::Backend::kReference);
  EXPECT_TRUE(network.has_value()) << network.error().message;
  (*network)->Initialize(seed);
  nn::Weights weights = (*network)->SaveWeights();
  for (size_t t = 0; t < weights.size(); ++t) {
    const std::string& name = weights[t].name;
    Rng rng(seed, "weights", {t});
    for (float& value : weights[t].values) {
      if (name.ends_with("bias") || name.ends_with("beta") || name.ends_with("mean"))
        value = rng.Uniform(-0.5f, 0.5f);
      if (name.ends_with("gamma") || name.ends_with("variance") || name.ends_with("std"))
        value = rng.Uniform(0.3f, 1.5f);
    }
  }
  return weights;
}

inline std::vector<std::vector<uint8_t>> Pictures(int size, int count) {
  std::vector<std::vector<uint8_t>> pictures;
  for (int p = 0; p < count; ++p) {
    Rng rng(7, "picture", {static_cast<uint64_t>(p)});
    std::vector<uint8_t> pixels(static_cast<size_t>(size * size * 3));
    const uint32_t level = rng.Below(200);
    for (uint8_t& pixel : pixels) pixel = static_cast<uint8_t>(level + rng.Below(56));
    pictures.push_back(std::move(pixels));
  }
  return pictures;
}

inline std::vector<std::span<const uint8_t>> Spans(const std::vector<std::vector<uint8_t>>& pictures) {
  return {pictures.begin(), pictures.end()};
}

struct Case {
  const char* name;
  nn::ModelSpec spec;
};

// Odd sizes, every kind of layer, and orders of layers that forbid a shortcut of folding.
inline std::vector<Case> Cases() {
  const auto relu = Plain(LayerKind::kRelu), relu6 = Plain(LayerKind::kRelu6),
             norm = Plain(LayerKind::kBatchNorm), gap = Plain(LayerKind::kGlobalAvgPool),
             input = Plain(LayerKind::kNormalize);
  const auto valid = Padding::kValid, same = Padding::kSame;
  const LayerSpec dropout{.kind = LayerKind::kDropout, .rate = 0.3f};
  const auto pool = Pool(LayerKind::kMaxPool, 2, 2, valid);
  LayerSpec bare = Conv(6, 3, 1, valid);
  bare.bias = false;
  return {
      {"paper", Spec(13, {Conv(5, 3, 1, valid), relu, pool, Dense(7), relu})},
      {"no relu before the pool", Spec(12, {Conv(5, 3, 1, valid), pool, Dense(7), relu})},
      {"relu after the pool", Spec(12, {Conv(5, 3, 1, valid), pool, relu, Dense(7), relu6})},
      {"dense alone", Spec(7, {})},
      {"normalised, valid", Spec(13, {input, Conv(5, 3, 2, valid), relu, gap})},
      {"normalised, same", Spec(13, {input, Conv(5, 3, 2, same), relu, gap})},
      {"normalised, dense", Spec(5, {input, Dense(9), relu})},
      {"normalised, depthwise", Spec(9, {input, Depthwise(3, 1, valid), relu6, gap})},
      {"normalised, pooled", Spec(9, {input, pool, Conv(4, 1, 1, same), relu})},
      {"batch norm", Spec(17, {bare, norm, relu, Depthwise(3, 2, same), norm, relu6, Conv(11, 1, 1, valid),
                               norm, relu, gap, dropout})},
      {"batch norm after relu",
       Spec(9, {Conv(4, 3, 1, valid), relu, norm, Conv(5, 3, 1, valid), relu, norm, gap})},
      {"batch norm after relu, padded",
       Spec(9, {Conv(4, 3, 1, valid), relu, norm, Conv(5, 3, 1, same), relu, gap})},
      {"batch norm after dense", Spec(6, {Dense(8), norm, relu, Dense(5), relu, norm})},
      {"batch norm at the end of two",
       Spec(9, {Conv(4, 3, 1, same), norm, relu, Conv(4, 3, 1, same), norm, Add({2, 4}), relu, gap})},
      {"residual without relu",
       Spec(11, {Conv(4, 3, 1, same), Conv(4, 1, 1, valid), Add({0, 1}), Conv(6, 3, 2, same), relu6, gap})},
      {"two readers of a batch norm's input", Spec(8, {Conv(4, 3, 1, same), norm, Add({0, 1}), relu, gap})},
      {"average pool", Spec(13, {Conv(5, 3, 1, valid), relu, Pool(LayerKind::kAvgPool, 2, 2, valid),
                                 Conv(6, 3, 1, same), relu, Pool(LayerKind::kAvgPool, 3, 2, same)})},
      {"max pool, same",
       Spec(13, {Conv(5, 5, 1, same), relu, Pool(LayerKind::kMaxPool, 3, 2, same), dropout, Dense(4)})},
      {"even kernels",
       Spec(13, {Conv(5, 4, 2, same), relu, Depthwise(2, 2, same), Conv(17, 2, 1, valid), relu})},
      {"wide", Spec(15, {Conv(33, 3, 1, valid), relu, pool, Conv(40, 3, 1, valid), relu, pool, Dense(64),
                         relu, Dense(33), relu})},
  };
}

}  // namespace handlens::convert::sample
