// What the layers of a ModelSpec mean, worked out once: shapes, padding, which layer reads which, which
// numbers each one learns. Knows nothing of memory or arithmetic.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "nn/nn.h"

namespace handlens::nn {

constexpr float kBatchNormEpsilon = 1e-3f;

std::string_view KindName(
    LayerKind kind);  // "conv", "max pool"; the words of JSON have an underscore for a blank

constexpr size_t Size(int n) { return static_cast<size_t>(n); }
constexpr int64_t Elements(const Shape& s) { return int64_t{1} * s.height * s.width * s.channels; }
constexpr size_t Count(const Shape& s) { return Size(s.height) * Size(s.width) * Size(s.channels); }

// A window sliding over a picture: everything a convolution or a pool needs to know of its geometry.
struct Window {
  Shape in, out;
  int kernel = 1, stride = 1;
  int top = 0, left = 0;  // padding before; what is missing after follows from the shapes
};
Window WindowOf(const LayerSpec& layer, const Shape& in, const Shape& out);

enum class ParamRole {
  kKernel,     // trained, with weight decay
  kPlain,      // trained, without
  kFrozen,     // of a frozen layer
  kStatistic,  // fitted: normalisation, running statistics of a batch norm
};

struct ParamSpec {
  int layer = 0;
  std::string what;  // kernel, bias, gamma, beta, mean, variance, std
  std::vector<int> shape;
  ParamRole role = ParamRole::kPlain;
  int int8_steps =
      0;  // of a kernel or bias that is rounded: how many steps, along the last dimension; else 0
  float input_step = 0;  // of a bias that is rounded
  bool Trained() const { return role == ParamRole::kKernel || role == ParamRole::kPlain; }
  std::string Name() const { return std::to_string(layer) + "." + what; }
  size_t Count() const;
};

// Layer i with its neighbours found. `inputs` holds -1 for the picture.
struct Node {
  LayerSpec layer;
  std::vector<int> inputs;
  Shape in, out;        // `in` of the first input
  bool trains = false;  // it or a layer before it has numbers that training changes
};
// Whether a batch norm computes with its running statistics in training too.
constexpr bool HasFixedStatistics(const LayerSpec& layer) { return layer.fixed_statistics || layer.frozen; }

struct GraphSpec {
  ModelSpec model;
  std::vector<Node> nodes;
  std::vector<ParamSpec> params;  // layer by layer; kernel, bias | gamma, beta, mean, variance | mean, std
  std::vector<std::vector<int>> readers;  // per layer, the layers that read it
};
// Errors as InferShapes.
Result<GraphSpec> Resolve(const ModelSpec& spec);

}  // namespace handlens::nn
