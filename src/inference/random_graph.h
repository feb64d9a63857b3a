// Small random int8 classifiers: every operator, padding, stride and kind of scale that our writer emits, in
// orders and sizes that no network has. For tests only.
#pragma once

#include <cmath>
#include <cstring>
#include <set>
#include <string>
#include <vector>

#include "base/rng.h"
#include "tflite/tflite.h"

namespace handlens::inference::sample {

using tflite::Op;
using tflite::OpDef;
using tflite::Type;

class GraphMaker {
 public:
  explicit GraphMaker(uint64_t seed) : rng_(seed, "graph", {}) {}

  tflite::Graph Make() {
    graph_.description = "random";
    const int size = 3 + Below(10);
    AddPicture(size);
    for (int left = 1 + Below(5); left > 0; --left) AddLayer();
    AddEnd();
    return std::move(graph_);
  }

 private:
  int Below(int n) { return static_cast<int>(rng_.Below(static_cast<uint32_t>(n))); }
  bool Chance(int percent) { return Below(100) < percent; }
  const std::vector<int>& Shape(int t) const { return graph_.tensors[static_cast<size_t>(t)].shape; }
  int Add(tflite::TensorDef def) {
    graph_.tensors.push_back(std::move(def));
    return static_cast<int>(graph_.tensors.size()) - 1;
  }
  int AddComputed(std::vector<int> shape, const tflite::Quantization& scale) {
    return Add({.name = "t" + std::to_string(graph_.tensors.size()),
                .type = Type::kInt8,
                .shape = std::move(shape),
                .quantization = scale});
  }
  template <class T>
  int AddConstant(Type type, std::vector<int> shape, const std::vector<T>& values,
                  tflite::Quantization scale = {}) {
    Bytes data(values.size() * sizeof(T));
    std::memcpy(data.data(), values.data(), data.size());
    return Add({.name = "c" + std::to_string(graph_.tensors.size()),
                .type = type,
                .shape = std::move(shape),
                .quantization = std::move(scale),
                .data = std::move(data)});
  }
  const tflite::Quantization& ScaleOf(int t) const {
    return graph_.tensors[static_cast<size_t>(t)].quantization;
  }
  tflite::Quantization RandomScale(float low, float high) {
    return {{rng_.Uniform(low, high)}, {Below(256) - 128}, 0};
  }
  tflite::Activation RandomActivation() {
    constexpr tflite::Activation kAll[] = {tflite::Activation::kNone, tflite::Activation::kRelu,
                                           tflite::Activation::kRelu6};
    return kAll[Below(3)];
  }

  void AddPicture(int size) {
    const std::vector<int> shape = {1, size, size, 3};
    const int kind = Below(4);
    const tflite::Quantization usual = {{1.0f / 255}, {-128}, 0},
                               inner = Chance(70) ? usual : RandomScale(0.002f, 0.01f);
    if (kind == 0) {
      now_ = graph_.input =
          Add({.name = "picture", .type = Type::kInt8, .shape = shape, .quantization = inner});
      return;
    }
    graph_.input = kind == 1 ? Add({.name = "picture", .shape = shape})
                             : Add({.name = "picture",
                                    .type = Type::kUInt8,
                                    .shape = shape,
                                    .quantization = {{1.0f / 255}, {0}, 0}});
    now_ = AddComputed(shape, inner);
    graph_.ops.push_back({.op = Op::kQuantize, .inputs = {graph_.input}, .outputs = {now_}});
  }

  void AddLayer() {
    if (Shape(now_).size() != 4) return AddDense();
    switch (Below(9)) {
      case 0:
      case 1: return AddConv(false);
      case 2:
      case 3: return AddConv(true);
      case 4: return AddPool(Chance(50) ? Op::kMaxPool2D : Op::kAveragePool2D);
      case 5: return AddPad();
      case 6: return AddSum();
      case 7: return AddRelu();
      default: return Chance(30) ? AddMean() : AddConv(Chance(50));
    }
  }

  // Sums of `depth` products spread over about the output's range, so that most outputs are not at its ends.
  float OutputScale(float in_scale, float weight_scale, int depth) {
    return in_scale * weight_scale * 60.0f * std::sqrt(static_cast<float>(depth)) * rng_.Uniform(0.3f, 3.0f);
  }

  void AddWeights(OpDef& op, std::vector<int> shape, int channels, int dimension) {
    size_t count = 1;
    for (const int side : shape) count *= static_cast<size_t>(side);
    std::vector<int8_t> weights(count);
    for (int8_t& weight : weights)
      weight = static_cast<int8_t>(Chance(5) ? (Chance(50) ? 127 : -127) : Below(255) - 127);
    tflite::Quantization scale{{}, {}, dimension}, bias_scale;
    const size_t scales = dimension < 0 ? 1 : static_cast<size_t>(channels);
    const float base = rng_.Uniform(0.001f, 0.02f);
    for (size_t c = 0; c < scales; ++c) {
      scale.scales.push_back(dimension < 0 ? base : base * rng_.Uniform(0.5f, 2.0f));
      scale.zero_points.push_back(0);
    }
    scale.channel_dimension = std::max(dimension, 0);
    bias_scale = {{}, scale.zero_points, 0};
    for (const float s : scale.scales) bias_scale.scales.push_back(s * ScaleOf(now_).scales[0]);
    std::vector<int32_t> bias(static_cast<size_t>(channels));
    for (int32_t& b : bias) b = Below(4001) - 2000;
    op.inputs.push_back(AddConstant(Type::kInt8, std::move(shape), weights, scale));
    op.inputs.push_back(AddConstant(Type::kInt32, {channels}, bias, bias_scale));
  }

  // The output's side; false when the window does not fit.
  static bool Side(const OpDef& op, int in, int window, int& out) {
    if (!op.same_padding && in < window) return false;
    out = op.same_padding ? (in + op.stride - 1) / op.stride : (in - window) / op.stride + 1;
    return true;
  }

  void AddConv(bool depthwise) {
    OpDef op{.op = depthwise ? Op::kDepthwiseConv2D : Op::kConv2D,
             .inputs = {now_},
             .activation = RandomActivation(),
             .same_padding = Chance(60),
             .stride = 1 + Below(3)};
    const std::vector<int> in = Shape(now_);
    const int kh = 1 + Below(5), kw = Chance(70) ? kh : 1 + Below(5),
              channels = depthwise ? in[3] : 1 + Below(40);
    int height = 0, width = 0;
    if (!Side(op, in[1], kh, height) || !Side(op, in[2], kw, width)) return;
    const float in_scale = ScaleOf(now_).scales[0];
    AddWeights(op, depthwise ? std::vector{1, kh, kw, channels} : std::vector{channels, kh, kw, in[3]},
               channels, depthwise ? 3 : 0);
    const float weight_scale = ScaleOf(op.inputs[1]).scales[0];
    now_ = AddComputed(
        {1, height, width, channels},
        {{OutputScale(in_scale, weight_scale, kh * kw * (depthwise ? 1 : in[3]))}, {Below(256) - 128}, 0});
    Push(op);
  }

  void AddPool(Op kind) {
    OpDef op{.op = kind,
             .inputs = {now_},
             .activation = RandomActivation(),
             .same_padding = Chance(50),
             .stride = 1 + Below(3),
             .filter = 1 + Below(4)};
    const std::vector<int> in = Shape(now_);
    int height = 0, width = 0;
    if (!Side(op, in[1], op.filter, height) || !Side(op, in[2], op.filter, width)) return;
    now_ = AddComputed({1, height, width, in[3]}, ScaleOf(now_));
    Push(op);
  }

  void AddPad() {
    const std::vector<int> in = Shape(now_);
    const std::vector<int32_t> counts = {0, 0, Below(3), Below(3), Below(3), Below(3), 0, 0};
    OpDef op{.op = Op::kPad, .inputs = {now_, AddConstant(Type::kInt32, {4, 2}, counts)}};
    now_ =
        AddComputed({1, in[1] + counts[2] + counts[3], in[2] + counts[4] + counts[5], in[3]}, ScaleOf(now_));
    Push(op);
  }

  // A tensor and what a 1 x 1 convolution makes of it.
  void AddSum() {
    const int before = now_;
    OpDef conv{.op = Op::kConv2D, .inputs = {before}};
    const std::vector<int> shape = Shape(before);
    AddWeights(conv, {shape[3], 1, 1, shape[3]}, shape[3], 0);
    now_ = AddComputed(shape, RandomScale(0.01f, 0.2f));
    Push(conv);
    const int other = now_;
    OpDef op{.op = Op::kAdd, .inputs = {before, other}, .activation = RandomActivation()};
    const float most = std::max(ScaleOf(before).scales[0], ScaleOf(other).scales[0]);
    now_ = AddComputed(shape, RandomScale(0.3f * most, 3.0f * most));
    Push(op);
  }

  void AddRelu() {
    OpDef op{.op = Chance(50) ? Op::kRelu : Op::kRelu6, .inputs = {now_}};
    const float scale = ScaleOf(now_).scales[0];
    now_ = AddComputed(Shape(now_), RandomScale(0.5f * scale, 2.0f * scale));
    Push(op);
  }

  void AddMean() {
    OpDef op{.op = Op::kMean,
             .inputs = {now_, AddConstant(Type::kInt32, {2}, std::vector<int32_t>{1, 2})},
             .keep_dims = Chance(50)};
    const int channels = Shape(now_)[3];
    const float scale = ScaleOf(now_).scales[0];
    const tflite::Quantization out = Chance(30) ? ScaleOf(now_) : RandomScale(0.3f * scale, 1.5f * scale);
    now_ = AddComputed(op.keep_dims ? std::vector{1, 1, 1, channels} : std::vector{1, channels}, out);
    Push(op);
  }

  void Flatten() {
    int elements = 1;
    for (const int side : Shape(now_)) elements *= side;
    if (Shape(now_) == std::vector{1, elements}) return;
    OpDef op{.op = Op::kReshape,
             .inputs = {now_, AddConstant(Type::kInt32, {2}, std::vector<int32_t>{1, elements})},
             .new_shape = {1, elements}};
    now_ = AddComputed({1, elements}, ScaleOf(now_));
    Push(op);
  }

  void AddDense() {
    Flatten();
    const int depth = Shape(now_)[1], out = 2 + Below(20);
    OpDef op{.op = Op::kFullyConnected, .inputs = {now_}, .activation = RandomActivation()};
    const float in_scale = ScaleOf(now_).scales[0];
    AddWeights(op, {out, depth}, out, -1);
    const float weight_scale = ScaleOf(op.inputs[1]).scales[0];
    now_ = AddComputed({1, out}, {{OutputScale(in_scale, weight_scale, depth)}, {Below(256) - 128}, 0});
    Push(op);
  }

  void AddEnd() {
    AddDense();
    graph_.ops.back().activation = tflite::Activation::kNone;
    graph_.tensors[static_cast<size_t>(now_)].quantization.scales[0] = rng_.Uniform(0.01f, 0.2f);
    FixLastDense();
    const std::vector<int> shape = Shape(now_);
    const int scores = AddComputed(shape, {{1.0f / 256}, {-128}, 0});
    graph_.ops.push_back({.op = Op::kSoftmax, .inputs = {now_}, .outputs = {scores}});
    graph_.output = scores;
    const int kind = Below(3);
    if (kind == 0) return;
    graph_.output = kind == 1 ? Add({.name = "scores", .shape = shape})
                              : Add({.name = "scores",
                                     .type = Type::kUInt8,
                                     .shape = shape,
                                     .quantization = {{Chance(80) ? 1.0f / 256 : 1.0f / 250}, {0}, 0}});
    graph_.ops.push_back(
        {.op = kind == 1 ? Op::kDequantize : Op::kQuantize, .inputs = {scores}, .outputs = {graph_.output}});
  }

  // Its weights' scale is such that the logits spread over their range.
  void FixLastDense() {
    const OpDef& op = graph_.ops.back();
    tflite::TensorDef& weights = graph_.tensors[static_cast<size_t>(op.inputs[1])];
    tflite::TensorDef& bias = graph_.tensors[static_cast<size_t>(op.inputs[2])];
    const float in_scale = ScaleOf(op.inputs[0]).scales[0], depth = static_cast<float>(weights.shape[1]);
    weights.quantization.scales[0] = ScaleOf(now_).scales[0] / (in_scale * 40.0f * std::sqrt(depth));
    bias.quantization.scales[0] = weights.quantization.scales[0] * in_scale;
  }

  void Push(OpDef op) {
    op.outputs = {now_};
    graph_.ops.push_back(std::move(op));
  }

  Rng rng_;
  tflite::Graph graph_;
  int now_ = 0;
};

// The same seed gives the same graph.
inline tflite::Graph RandomGraph(uint64_t seed) { return GraphMaker(seed).Make(); }

// "QUANTIZE CONV_2D MEAN ...", for messages.
inline std::string Words(const tflite::Graph& graph) {
  std::string words;
  for (const OpDef& op : graph.ops) words += std::string(tflite::OpName(op.op)) + " ";
  return words;
}

}  // namespace handlens::inference::sample
