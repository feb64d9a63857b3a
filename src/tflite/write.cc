// Writing: a Graph becomes a .tflite file. Decides versions of operators; nothing about networks is decided
// here.
#include <algorithm>
#include <string>
#include <utility>

#include "schema_generated.h"
#include "tflite/model_bytes.h"
#include "tflite/tflite.h"

namespace handlens::tflite {
namespace {

// An operator's code, its version for the types at hand, and the first release of the runtime that knows it,
// as in the runtime's own tables (op_version.cc and runtime_version.cc of TensorFlow Lite).
struct Code {
  fb::BuiltinOperator op;
  int version;
  int runtime_minor;  // of release 1.x below 100, of release 2.x from 200 on: 1.14 is 14, 2.3 is 203
};

bool IsInt8(const TensorDef& tensor) { return tensor.type == Type::kInt8; }
bool PerChannel(const TensorDef& tensor) { return tensor.quantization.scales.size() > 1; }

Code ConvolutionCode(const Graph& graph, const OpDef& def) {
  const TensorDef& input = graph.tensors[static_cast<size_t>(def.inputs[0])];
  const TensorDef& weights = graph.tensors[static_cast<size_t>(def.inputs[1])];
  const bool full = IsInt8(input) && IsInt8(weights);
  const bool hybrid = !IsInt8(input) && IsInt8(weights);
  if (def.op == Op::kConv2D) {
    const auto op = fb::BuiltinOperator::CONV_2D;
    if (full) return {op, 3, 14};
    if (hybrid) return PerChannel(weights) ? Code{op, 5, 204} : Code{op, 2, 14};
    return {op, 1, 5};
  }
  if (def.op == Op::kDepthwiseConv2D) {
    const auto op = fb::BuiltinOperator::DEPTHWISE_CONV_2D;
    if (full) return {op, 3, 14};
    if (hybrid) return PerChannel(weights) ? Code{op, 6, 203} : Code{op, 4, 202};
    return {op, 1, 5};
  }
  const auto op = fb::BuiltinOperator::FULLY_CONNECTED;
  if (full) return {op, 4, 14};
  if (hybrid) return PerChannel(weights) ? Code{op, 12, 217} : Code{op, 9, 203};
  return {op, 1, 5};
}

Code CodeOf(const Graph& graph, const OpDef& def) {
  const TensorDef& input = graph.tensors[static_cast<size_t>(def.inputs[0])];
  const Code plain_or_int8 = IsInt8(input) ? Code{{}, 2, 14} : Code{{}, 1, 5};
  const auto with = [&](fb::BuiltinOperator op) {
    return Code{op, plain_or_int8.version, plain_or_int8.runtime_minor};
  };
  switch (def.op) {
    case Op::kConv2D:
    case Op::kDepthwiseConv2D:
    case Op::kFullyConnected: return ConvolutionCode(graph, def);
    case Op::kMaxPool2D: return with(fb::BuiltinOperator::MAX_POOL_2D);
    case Op::kAveragePool2D: return with(fb::BuiltinOperator::AVERAGE_POOL_2D);
    case Op::kSoftmax: return with(fb::BuiltinOperator::SOFTMAX);
    case Op::kAdd: return with(fb::BuiltinOperator::ADD);
    case Op::kRelu6: return with(fb::BuiltinOperator::RELU6);
    case Op::kRelu:
      return IsInt8(input) ? Code{fb::BuiltinOperator::RELU, 2, 201} : Code{fb::BuiltinOperator::RELU, 1, 5};
    case Op::kMean:
      return IsInt8(input) ? Code{fb::BuiltinOperator::MEAN, 2, 14} : Code{fb::BuiltinOperator::MEAN, 1, 6};
    case Op::kReshape: return {fb::BuiltinOperator::RESHAPE, 1, 5};
    case Op::kPad: return with(fb::BuiltinOperator::PAD);
    case Op::kQuantize: return {fb::BuiltinOperator::QUANTIZE, 1, 14};
    case Op::kDequantize:
      if (input.type == Type::kFloat16) return {fb::BuiltinOperator::DEQUANTIZE, 3, 15};
      return IsInt8(input) ? Code{fb::BuiltinOperator::DEQUANTIZE, 2, 14}
                           : Code{fb::BuiltinOperator::DEQUANTIZE, 1, 14};
  }
  HL_CHECK(false);
  return {};
}

template <class Options>
Options Windowed(const OpDef& def) {
  Options options;
  options.padding = def.same_padding ? fb::Padding::SAME : fb::Padding::VALID;
  options.stride_w = options.stride_h = def.stride;
  options.fused_activation_function = static_cast<fb::ActivationFunctionType>(def.activation);
  return options;
}

fb::BuiltinOptionsUnion OptionsOf(const Graph& graph, const OpDef& def) {
  fb::BuiltinOptionsUnion result;
  const auto activation = static_cast<fb::ActivationFunctionType>(def.activation);
  switch (def.op) {
    case Op::kConv2D: result.Set(Windowed<fb::Conv2DOptionsT>(def)); break;
    case Op::kDepthwiseConv2D: {
      auto options = Windowed<fb::DepthwiseConv2DOptionsT>(def);
      options.depth_multiplier = 1;
      result.Set(std::move(options));
      break;
    }
    case Op::kMaxPool2D:
    case Op::kAveragePool2D: {
      auto options = Windowed<fb::Pool2DOptionsT>(def);
      options.filter_width = options.filter_height = def.filter;
      result.Set(std::move(options));
      break;
    }
    case Op::kFullyConnected: {
      fb::FullyConnectedOptionsT options;
      options.fused_activation_function = activation;
      const bool hybrid = IsInt8(graph.tensors[static_cast<size_t>(def.inputs[1])]) &&
                          !IsInt8(graph.tensors[static_cast<size_t>(def.inputs[0])]);
      options.asymmetric_quantize_inputs = hybrid;  // as TensorFlow's converter has it since 2.3
      result.Set(std::move(options));
      break;
    }
    case Op::kMean: {
      fb::ReducerOptionsT options;
      options.keep_dims = def.keep_dims;
      result.Set(std::move(options));
      break;
    }
    case Op::kReshape: {
      fb::ReshapeOptionsT options;
      options.new_shape.assign(def.new_shape.begin(), def.new_shape.end());
      result.Set(std::move(options));
      break;
    }
    case Op::kSoftmax: {
      fb::SoftmaxOptionsT options;
      options.beta = 1;
      result.Set(std::move(options));
      break;
    }
    case Op::kAdd: {
      fb::AddOptionsT options;
      options.fused_activation_function = activation;
      result.Set(std::move(options));
      break;
    }
    case Op::kQuantize: result.Set(fb::QuantizeOptionsT()); break;
    case Op::kDequantize: result.Set(fb::DequantizeOptionsT()); break;
    case Op::kPad: result.Set(fb::PadOptionsT()); break;
    case Op::kRelu:
    case Op::kRelu6: break;
  }
  return result;
}

std::unique_ptr<fb::TensorT> TensorOf(const TensorDef& def, fb::ModelT& model) {
  auto tensor = std::make_unique<fb::TensorT>();
  tensor->name = def.name;
  tensor->type = static_cast<fb::TensorType>(def.type);
  tensor->shape.assign(def.shape.begin(), def.shape.end());
  if (!def.quantization.scales.empty()) {
    tensor->quantization = std::make_unique<fb::QuantizationParametersT>();
    tensor->quantization->scale = def.quantization.scales;
    tensor->quantization->zero_point = def.quantization.zero_points;
    tensor->quantization->quantized_dimension = def.quantization.channel_dimension;
  }
  if (!def.data.empty()) {
    tensor->buffer = static_cast<uint32_t>(model.buffers.size());
    model.buffers.push_back(std::make_unique<fb::BufferT>());
    model.buffers.back()->data = def.data;
  }
  return tensor;
}

// The index of a code in the model's table, which grows when the code is new.
uint32_t OpcodeIndex(const Code& code, fb::ModelT& model) {
  for (size_t i = 0; i < model.operator_codes.size(); ++i) {
    const fb::OperatorCodeT& known = *model.operator_codes[i];
    if (known.builtin_code == code.op && known.version == code.version) return static_cast<uint32_t>(i);
  }
  auto entry = std::make_unique<fb::OperatorCodeT>();
  entry->builtin_code = code.op;
  entry->deprecated_builtin_code = static_cast<int8_t>(std::min(static_cast<int>(code.op), 127));
  entry->version = code.version;
  model.operator_codes.push_back(std::move(entry));
  return static_cast<uint32_t>(model.operator_codes.size() - 1);
}

std::unique_ptr<fb::SignatureDefT> SignatureOf(const Graph& graph) {
  const auto map = [](int tensor, const char* name) {
    auto entry = std::make_unique<fb::TensorMapT>();
    entry->name = name;
    entry->tensor_index = static_cast<uint32_t>(tensor);
    return entry;
  };
  auto signature = std::make_unique<fb::SignatureDefT>();
  signature->signature_key = "serving_default";
  signature->inputs.push_back(map(graph.input, "input"));
  signature->outputs.push_back(map(graph.output, "output"));
  return signature;
}

}  // namespace

Bytes WriteModel(const Graph& graph) {
  fb::ModelT model;
  model.version = 3;
  model.description = graph.description;
  model.buffers.push_back(
      std::make_unique<fb::BufferT>());  // buffer 0 is empty: what computed tensors refer to
  auto subgraph = std::make_unique<fb::SubGraphT>();
  subgraph->name = "main";
  subgraph->inputs = {graph.input};
  subgraph->outputs = {graph.output};
  for (const TensorDef& def : graph.tensors) subgraph->tensors.push_back(TensorOf(def, model));
  int runtime = 14;  // the oldest release whose readers expect what is written here
  for (const OpDef& def : graph.ops) {
    const Code code = CodeOf(graph, def);
    runtime = std::max(runtime, code.runtime_minor);
    auto op = std::make_unique<fb::OperatorT>();
    op->opcode_index = OpcodeIndex(code, model);
    op->inputs.assign(def.inputs.begin(), def.inputs.end());
    op->outputs.assign(def.outputs.begin(), def.outputs.end());
    op->builtin_options = OptionsOf(graph, def);
    subgraph->operators.push_back(std::move(op));
  }
  model.subgraphs.push_back(std::move(subgraph));
  model.signature_defs.push_back(SignatureOf(graph));
  AddMetadataBuffer(model, "min_runtime_version",
                    runtime < 100 ? fmt::format("1.{}.0", runtime) : fmt::format("2.{}.0", runtime - 200));
  return PackModel(model);
}

void AddMetadataBuffer(fb::ModelT& model, std::string_view name, std::string_view content) {
  auto buffer = std::make_unique<fb::BufferT>();
  buffer->data.assign(content.begin(), content.end());
  auto entry = std::make_unique<fb::MetadataT>();
  entry->name = std::string(name);
  entry->buffer = static_cast<uint32_t>(model.buffers.size());
  model.buffers.push_back(std::move(buffer));
  model.metadata.push_back(std::move(entry));
}

}  // namespace handlens::tflite
