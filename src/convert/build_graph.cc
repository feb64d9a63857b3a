#include "convert/build_graph.h"

#include <algorithm>
#include <cstring>

#include "convert/quantize.h"

namespace handlens::convert {
namespace {

using tflite::Op;
using tflite::OpDef;
using tflite::Quantization;
using tflite::TensorDef;
using tflite::Type;

template <class T>
Bytes Raw(const std::vector<T>& values) {
  Bytes bytes(values.size() * sizeof(T));
  std::memcpy(bytes.data(), values.data(), bytes.size());
  return bytes;
}

int Elements(const nn::Shape& shape) { return shape.height * shape.width * shape.channels; }

// TensorFlow's converter leaves smaller constants in float: quantizing them saves nothing worth an error.
constexpr size_t kSmallestDynamic = 1024;

class Builder {
 public:
  Builder(const FoldedModel& model, Variant variant, Io io) : model_(model), variant_(variant), io_(io) {}

  BuiltGraph Run(const Calibration* calibration) {
    if (Full()) {
      HL_CHECK(calibration != nullptr && calibration->low.size() == model_.layers.size());
      scales_ = ActivationScales(model_, *calibration);
    }
    graph_.description = model_.name;
    AddPicture();
    for (size_t i = 0; i < model_.layers.size(); ++i) AddLayer(i);
    AddOutput();
    return {std::move(graph_), std::move(outputs_)};
  }

 private:
  bool Full() const { return variant_ == Variant::kInt8; }
  Type InnerType() const { return Full() ? Type::kInt8 : Type::kFloat32; }

  int AddTensor(TensorDef def) {
    graph_.tensors.push_back(std::move(def));
    return static_cast<int>(graph_.tensors.size()) - 1;
  }
  int AddComputed(std::string name, std::vector<int> shape, Quantization quantization) {
    return AddTensor({.name = std::move(name),
                      .type = InnerType(),
                      .shape = std::move(shape),
                      .quantization = std::move(quantization)});
  }
  int AddInts(std::string name, const std::vector<int32_t>& values) {
    return AddTensor({.name = std::move(name),
                      .type = Type::kInt32,
                      .shape = {static_cast<int>(values.size())},
                      .data = Raw(values)});
  }

  void AddPicture() {
    const std::vector<int> shape = {1, model_.size_px, model_.size_px, 3};
    const Quantization bytes = {{1.0f / 255}, {0}, 0};
    if (!Full() || io_ == Io::kFloat32) {
      graph_.input = AddTensor({.name = "picture", .shape = shape});
    } else if (io_ == Io::kUint8) {
      graph_.input =
          AddTensor({.name = "picture", .type = Type::kUInt8, .shape = shape, .quantization = bytes});
    } else {
      graph_.input =
          AddTensor({.name = "picture", .type = Type::kInt8, .shape = shape, .quantization = PictureScale()});
    }
    picture_ = graph_.input;
    if (Full() && io_ != Io::kInt8) {
      picture_ = AddComputed("picture_int8", shape, PictureScale());
      graph_.ops.push_back({.op = Op::kQuantize, .inputs = {graph_.input}, .outputs = {picture_}});
    }
  }

  int InputTensor(const FoldedLayer& layer, size_t k) const {
    return layer.inputs[k] < 0 ? picture_ : outputs_[static_cast<size_t>(layer.inputs[k])];
  }
  bool Flat(int tensor) const { return graph_.tensors[static_cast<size_t>(tensor)].shape.size() == 2; }

  // `tensor` reshaped, unless it has that shape.
  int Reshaped(int tensor, const std::vector<int>& shape) {
    if (graph_.tensors[static_cast<size_t>(tensor)].shape == shape) return tensor;
    const TensorDef& from = graph_.tensors[static_cast<size_t>(tensor)];
    const int result = AddComputed(from.name + "_reshaped", shape, from.quantization);
    const int shape_tensor = AddInts(graph_.tensors[static_cast<size_t>(tensor)].name + "_shape",
                                     std::vector<int32_t>(shape.begin(), shape.end()));
    graph_.ops.push_back(
        {.op = Op::kReshape, .inputs = {tensor, shape_tensor}, .outputs = {result}, .new_shape = shape});
    return result;
  }
  int AsImage(int tensor, const nn::Shape& shape) {
    return Reshaped(tensor, {1, shape.height, shape.width, shape.channels});
  }

  void AddLayer(size_t i) {
    const FoldedLayer& layer = model_.layers[i];
    OpDef op;
    op.activation = layer.activation;
    op.same_padding = layer.same_padding;
    op.stride = layer.stride;
    op.filter = layer.kernel;
    bool flat = false;
    switch (layer.kind) {
      case FoldedKind::kConv: op.op = Op::kConv2D; break;
      case FoldedKind::kDepthwise: op.op = Op::kDepthwiseConv2D; break;
      case FoldedKind::kDense:
        op.op = Op::kFullyConnected;
        flat = true;
        break;
      case FoldedKind::kMaxPool: op.op = Op::kMaxPool2D; break;
      case FoldedKind::kAvgPool: op.op = Op::kAveragePool2D; break;
      case FoldedKind::kGlobalAvgPool:
        op.op = Op::kMean;
        flat = true;
        break;
      case FoldedKind::kAdd: op.op = Op::kAdd; break;
      case FoldedKind::kRelu: op.op = Op::kRelu; break;
      case FoldedKind::kRelu6: op.op = Op::kRelu6; break;
    }
    if (layer.kind == FoldedKind::kDense) {
      op.inputs = {Reshaped(InputTensor(layer, 0), {1, Elements(layer.in)})};
    } else if (layer.kind == FoldedKind::kAdd && Flat(InputTensor(layer, 0)) && Flat(InputTensor(layer, 1))) {
      op.inputs = {InputTensor(layer, 0), InputTensor(layer, 1)};
      flat = true;
    } else {
      for (size_t k = 0; k < layer.inputs.size(); ++k)
        op.inputs.push_back(AsImage(InputTensor(layer, k), layer.in));
    }
    if (layer.kind == FoldedKind::kGlobalAvgPool) op.inputs.push_back(AddInts(layer.name + "_axes", {1, 2}));
    if (!layer.weights.empty()) AddWeights(layer, op);
    const auto shape = flat ? std::vector{1, layer.out.channels}
                            : std::vector{1, layer.out.height, layer.out.width, layer.out.channels};
    op.outputs = {AddComputed(layer.name, shape, Full() ? scales_[i] : Quantization())};
    outputs_.push_back(op.outputs[0]);
    graph_.ops.push_back(std::move(op));
  }

  static std::vector<int> WeightShape(const FoldedLayer& layer) {
    switch (layer.kind) {
      case FoldedKind::kConv: return {layer.out.channels, layer.kernel, layer.kernel, layer.in.channels};
      case FoldedKind::kDepthwise: return {1, layer.kernel, layer.kernel, layer.out.channels};
      default: return {layer.out.channels, Elements(layer.in)};
    }
  }

  void AddWeights(const FoldedLayer& layer, OpDef& op) {
    const std::string kernel = layer.name + "/kernel", bias = layer.name + "/bias";
    const std::vector<int> shape = WeightShape(layer), outs = {layer.out.channels};
    if (Full()) {
      const float input_scale = graph_.tensors[static_cast<size_t>(op.inputs[0])].quantization.scales[0];
      QuantizedWeights weights = QuantizeWeights(layer, input_scale);
      Quantization bias_scale{{}, std::vector<int64_t>(weights.quantization.scales.size(), 0), 0};
      for (const float scale : weights.quantization.scales) bias_scale.scales.push_back(scale * input_scale);
      Bytes bias_data = QuantizeBias(layer, weights.quantization, input_scale);
      op.inputs.push_back(
          AddTensor({kernel, Type::kInt8, shape, std::move(weights.quantization), std::move(weights.data)}));
      op.inputs.push_back(AddTensor({bias, Type::kInt32, outs, std::move(bias_scale), std::move(bias_data)}));
      return;
    }
    if (variant_ == Variant::kDynamic && layer.weights.size() >= kSmallestDynamic) {
      QuantizedWeights weights = QuantizeWeights(layer, 0);
      op.inputs.push_back(
          AddTensor({kernel, Type::kInt8, shape, std::move(weights.quantization), std::move(weights.data)}));
      op.inputs.push_back(AddTensor({.name = bias, .shape = outs, .data = Raw(layer.bias)}));
      return;
    }
    op.inputs.push_back(AddFloats(kernel, shape, layer.weights));
    op.inputs.push_back(AddFloats(bias, outs, layer.bias));
  }

  int AddFloats(const std::string& name, const std::vector<int>& shape, const std::vector<float>& values) {
    if (variant_ != Variant::kFloat16) return AddTensor({.name = name, .shape = shape, .data = Raw(values)});
    const int half = AddTensor(
        {.name = name + "_float16", .type = Type::kFloat16, .shape = shape, .data = ToFloat16(values)});
    const int full = AddTensor({.name = name, .shape = shape});
    graph_.ops.push_back({.op = Op::kDequantize, .inputs = {half}, .outputs = {full}});
    return full;
  }

  // The first half of (1, 2 n), by a dense layer whose kernel is the unit matrix: of int8 scores exactly what
  // they were.
  int FirstHalf(int all, const Quantization& quantization) {
    const auto n = static_cast<size_t>(model_.classes);
    const std::vector<int> shape = {model_.classes, 2 * model_.classes}, outs = {model_.classes};
    OpDef op;
    op.op = Op::kFullyConnected;
    op.inputs = {all};
    if (Full()) {
      std::vector<int8_t> unit(n * 2 * n, 0);
      for (size_t c = 0; c < n; ++c) unit[c * 2 * n + c] = 127;
      const float step = 1.0f / 127;
      op.inputs.push_back(AddTensor({"first_half/kernel", Type::kInt8, shape, {{step}, {0}, 0}, Raw(unit)}));
      op.inputs.push_back(AddTensor({"first_half/bias",
                                     Type::kInt32,
                                     outs,
                                     {{step * quantization.scales[0]}, {0}, 0},
                                     Raw(std::vector<int32_t>(n, 0))}));
    } else {
      std::vector<float> unit(n * 2 * n, 0.0f);
      for (size_t c = 0; c < n; ++c) unit[c * 2 * n + c] = 1;
      op.inputs.push_back(AddFloats("first_half/kernel", shape, unit));
      op.inputs.push_back(AddFloats("first_half/bias", outs, std::vector<float>(n, 0.0f)));
    }
    op.outputs = {AddComputed("scores", {1, model_.classes}, quantization)};
    graph_.ops.push_back(op);
    return op.outputs[0];
  }

  void AddOutput() {
    const std::vector<int> shape = {1, model_.classes},
                           all = {1, model_.guarded ? 2 * model_.classes : model_.classes};
    const int logits = Reshaped(outputs_.back(), all);
    const Quantization inner = {{1.0f / 256}, {-128}, 0},
                       bytes = {{1.0f / 256}, {0}, 0};  // of softmax's kernels
    int scores = AddComputed(model_.guarded ? "all_scores" : "scores", all, Full() ? inner : Quantization());
    graph_.ops.push_back({.op = Op::kSoftmax, .inputs = {logits}, .outputs = {scores}});
    if (model_.guarded) scores = FirstHalf(scores, Full() ? inner : Quantization());
    graph_.output = scores;
    if (!Full() || io_ == Io::kInt8) return;
    graph_.tensors[static_cast<size_t>(scores)].name = "scores_int8";
    const bool bytes_out = io_ == Io::kUint8;
    graph_.output = AddTensor({.name = "scores",
                               .type = bytes_out ? Type::kUInt8 : Type::kFloat32,
                               .shape = shape,
                               .quantization = bytes_out ? bytes : Quantization()});
    graph_.ops.push_back(
        {.op = bytes_out ? Op::kQuantize : Op::kDequantize, .inputs = {scores}, .outputs = {graph_.output}});
  }

  const FoldedModel& model_;
  const Variant variant_;
  const Io io_;
  std::vector<Quantization> scales_;
  tflite::Graph graph_;
  int picture_ = 0;
  std::vector<int> outputs_;
};

}  // namespace

BuiltGraph BuildGraph(const FoldedModel& model, Variant variant, Io io, const Calibration* calibration) {
  return Builder(model, variant, io).Run(calibration);
}

tflite::Graph Prefix(const tflite::Graph& graph, int tensor) {
  std::vector<bool> needed(graph.tensors.size(), false);
  needed[static_cast<size_t>(tensor)] = needed[static_cast<size_t>(graph.input)] = true;
  std::vector<OpDef> ops;
  for (auto op = graph.ops.rbegin(); op != graph.ops.rend(); ++op) {
    if (!needed[static_cast<size_t>(op->outputs[0])]) continue;
    for (const int input : op->inputs) needed[static_cast<size_t>(input)] = true;
    ops.insert(ops.begin(), *op);
  }
  tflite::Graph result;
  result.description = graph.description;
  std::vector<int> place(graph.tensors.size(), -1);
  for (size_t i = 0; i < graph.tensors.size(); ++i) {
    if (!needed[i]) continue;
    place[i] = static_cast<int>(result.tensors.size());
    result.tensors.push_back(graph.tensors[i]);
  }
  for (OpDef& op : ops) {
    for (int& input : op.inputs) input = place[static_cast<size_t>(input)];
    for (int& output : op.outputs) output = place[static_cast<size_t>(output)];
  }
  result.ops = std::move(ops);
  result.input = place[static_cast<size_t>(graph.input)];
  result.output = place[static_cast<size_t>(tensor)];
  return result;
}

}  // namespace handlens::convert
