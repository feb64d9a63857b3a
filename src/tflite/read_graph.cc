// Reading: a .tflite file of others becomes a Graph, or the reason why it cannot.
#include <algorithm>
#include <array>
#include <optional>

#include "tflite/model_bytes.h"
#include "tflite/tflite.h"

namespace handlens::tflite {
namespace {

struct Known {
  int code;  // BuiltinOperator of the format
  Op op;
  std::string_view name;
};
// Of two names of one Op the first is its own.
constexpr std::array kKnown = {Known{3, Op::kConv2D, "CONV_2D"},
                               Known{4, Op::kDepthwiseConv2D, "DEPTHWISE_CONV_2D"},
                               Known{9, Op::kFullyConnected, "FULLY_CONNECTED"},
                               Known{17, Op::kMaxPool2D, "MAX_POOL_2D"},
                               Known{1, Op::kAveragePool2D, "AVERAGE_POOL_2D"},
                               Known{40, Op::kMean, "MEAN"},
                               Known{22, Op::kReshape, "RESHAPE"},
                               Known{43, Op::kReshape, "SQUEEZE"},
                               Known{25, Op::kSoftmax, "SOFTMAX"},
                               Known{0, Op::kAdd, "ADD"},
                               Known{19, Op::kRelu, "RELU"},
                               Known{21, Op::kRelu6, "RELU6"},
                               Known{114, Op::kQuantize, "QUANTIZE"},
                               Known{6, Op::kDequantize, "DEQUANTIZE"},
                               Known{34, Op::kPad, "PAD"}};

// Names of operators that classifiers are often made of and that are not read here.
struct Name {
  int code;
  std::string_view name;
};
constexpr std::array kNames = {
    Name{2, "CONCATENATION"},   Name{14, "LOGISTIC"},      Name{18, "MUL"},         Name{28, "TANH"},
    Name{32, "CUSTOM"},         Name{39, "TRANSPOSE"},     Name{41, "SUB"},         Name{42, "DIV"},
    Name{45, "STRIDED_SLICE"},  Name{49, "SPLIT"},         Name{54, "PRELU"},       Name{60, "PADV2"},
    Name{67, "TRANSPOSE_CONV"}, Name{98, "LEAKY_RELU"},    Name{100, "MIRROR_PAD"}, Name{111, "ELU"},
    Name{117, "HARD_SWISH"},    Name{126, "BATCH_MATMUL"}, Name{150, "GELU"}};

std::string NameOf(int code) {
  for (const Known& known : kKnown) {
    if (known.code == code) return std::string(known.name);
  }
  for (const Name& name : kNames) {
    if (name.code == code) return std::string(name.name);
  }
  return fmt::format("number {} of the format", code);
}

template <class... Args>
tl::unexpected<Error> Wrong(size_t place, int code, fmt::format_string<Args...> format, Args&&... args) {
  return Fail(ErrorKind::kBadInput, "operator {}, {}: {}", place, NameOf(code),
              fmt::format(format, std::forward<Args>(args)...));
}

template <class T>
std::vector<int> Ints(const flatbuffers::Vector<T>* values) {
  return values == nullptr ? std::vector<int>() : std::vector<int>(values->begin(), values->end());
}

// Why an operator's window or activation has no words in Graph; empty when it has.
template <class Options>
std::string ReadWindow(const Options& options, OpDef& def) {
  if (options.stride_w() != options.stride_h())
    return fmt::format("strides {} x {}", options.stride_h(), options.stride_w());
  def.stride = options.stride_w();
  def.same_padding = options.padding() == fb::Padding::SAME;
  return "";
}

std::string ReadActivation(fb::ActivationFunctionType activation, OpDef& def) {
  using enum fb::ActivationFunctionType;
  if (activation != NONE && activation != RELU && activation != RELU6) {
    return fmt::format("activation {}", fb::EnumNameActivationFunctionType(activation));
  }
  def.activation = static_cast<Activation>(activation);
  return "";
}

template <class Options>
std::string ReadConvolution(const Options& options, OpDef& def) {
  if (options.dilation_w_factor() != 1 || options.dilation_h_factor() != 1) return "dilation";
  const std::string window = ReadWindow(options, def);
  return window.empty() ? ReadActivation(options.fused_activation_function(), def) : window;
}

std::string ReadPool(const fb::Pool2DOptions& options, const TensorDef& in, OpDef& def) {
  if (options.filter_width() != options.filter_height()) {
    return fmt::format("a window of {} x {}", options.filter_height(), options.filter_width());
  }
  def.filter = options.filter_width();
  const std::string window = ReadWindow(options, def);
  // A window as large as the picture is there once: its strides do nothing.
  const bool whole = in.shape.size() == 4 && def.filter == in.shape[1] && def.filter == in.shape[2];
  return window.empty() || whole ? ReadActivation(options.fused_activation_function(), def) : window;
}

std::string ReadOptions(const fb::Operator& op, const Graph& graph, OpDef& def) {
  if (const auto* conv = op.builtin_options_as_Conv2DOptions()) return ReadConvolution(*conv, def);
  if (const auto* pool = op.builtin_options_as_Pool2DOptions()) {
    return ReadPool(*pool, graph.tensors[static_cast<size_t>(def.inputs[0])], def);
  }
  if (const auto* depthwise = op.builtin_options_as_DepthwiseConv2DOptions()) {
    const TensorDef& in = graph.tensors[static_cast<size_t>(def.inputs[0])];
    const TensorDef& out = graph.tensors[static_cast<size_t>(def.outputs[0])];
    if (in.shape.empty() || out.shape.empty()) return "a picture without a shape";
    if (in.shape.back() != out.shape.back())
      return fmt::format("{} channels from {}", out.shape.back(), in.shape.back());
    return ReadConvolution(*depthwise, def);
  }
  if (const auto* dense = op.builtin_options_as_FullyConnectedOptions()) {
    if (dense->weights_format() != fb::WeightsFormat::DEFAULT) return "shuffled weights";
    return ReadActivation(dense->fused_activation_function(), def);
  }
  if (const auto* add = op.builtin_options_as_AddOptions())
    return ReadActivation(add->fused_activation_function(), def);
  if (const auto* mean = op.builtin_options_as_ReducerOptions()) def.keep_dims = mean->keep_dims();
  return "";
}

bool KnownType(fb::TensorType type) {
  using enum fb::TensorType;
  return type == FLOAT32 || type == FLOAT16 || type == INT32 || type == UINT8 || type == INT8;
}

Result<TensorDef> ReadTensor(const fb::Model& model, const fb::Tensor& tensor, size_t index) {
  TensorDef def;
  def.name = tensor.name() == nullptr ? "" : tensor.name()->str();
  if (!KnownType(tensor.type())) {
    return Fail(ErrorKind::kBadInput,
                "tensor {} (\"{}\") is of type {}; float32, float16, int32, uint8 and int8 are read here",
                index, def.name, fb::EnumNameTensorType(tensor.type()));
  }
  def.type = static_cast<Type>(tensor.type());
  def.shape = Ints(tensor.shape());
  if (const auto* q = tensor.quantization(); q != nullptr && q->scale() != nullptr) {
    def.quantization.scales.assign(q->scale()->begin(), q->scale()->end());
    if (q->zero_point() != nullptr)
      def.quantization.zero_points.assign(q->zero_point()->begin(), q->zero_point()->end());
    def.quantization.zero_points.resize(def.quantization.scales.size());
    def.quantization.channel_dimension = q->quantized_dimension();
  }
  if (const auto* data = model.buffers()->Get(tensor.buffer())->data())
    def.data.assign(data->begin(), data->end());
  return def;
}

Result<OpDef> ReadOperator(const fb::Model& model, const fb::Operator& op, const Graph& graph, size_t place) {
  const fb::OperatorCode* code = model.operator_codes()->Get(op.opcode_index());
  const int number =
      std::max(static_cast<int>(code->builtin_code()), static_cast<int>(code->deprecated_builtin_code()));
  OpDef def;
  def.inputs = Ints(op.inputs());
  def.outputs = Ints(op.outputs());
  const auto known =
      std::find_if(kKnown.begin(), kKnown.end(), [&](const Known& k) { return k.code == number; });
  if (known == kKnown.end()) {
    const std::string output =
        def.outputs.empty() ? "" : graph.tensors[static_cast<size_t>(def.outputs[0])].name;
    return Wrong(place, number, "this operator (it makes \"{}\") is not among those that are read here",
                 output);
  }
  def.op = known->op;
  if (def.inputs.empty() || def.inputs[0] < 0 || def.outputs.size() != 1)
    return Wrong(place, number, "a wrong number of tensors");
  const std::string why = ReadOptions(op, graph, def);
  if (!why.empty()) return Wrong(place, number, "{}: not among the options that are read here", why);
  if (def.op == Op::kReshape) def.new_shape = graph.tensors[static_cast<size_t>(def.outputs[0])].shape;
  return def;
}

// Every operator reads the input, constants, and what operators before it made; each tensor is made once.
Result<void> CheckOrder(const Graph& graph) {
  std::vector<bool> there(graph.tensors.size());
  for (size_t i = 0; i < there.size(); ++i) there[i] = !graph.tensors[i].data.empty();
  there[static_cast<size_t>(graph.input)] = true;
  for (size_t i = 0; i < graph.ops.size(); ++i) {
    for (const int input : graph.ops[i].inputs) {
      if (input >= 0 && !there[static_cast<size_t>(input)]) {
        return Fail(ErrorKind::kBadInput, "operator {} reads tensor {}, which nothing before it makes", i,
                    input);
      }
    }
    const auto output = static_cast<size_t>(graph.ops[i].outputs[0]);
    if (there[output])
      return Fail(ErrorKind::kBadInput, "operator {} makes tensor {} a second time", i, output);
    there[output] = true;
  }
  if (there[static_cast<size_t>(graph.output)]) return {};
  return Fail(ErrorKind::kBadInput, "nothing makes its output");
}

}  // namespace

std::string_view OpName(Op op) {
  return std::find_if(kKnown.begin(), kKnown.end(), [&](const Known& k) { return k.op == op; })->name;
}

Result<Graph> ReadGraph(std::span<const uint8_t> bytes) {
  const AlignedBytes aligned(bytes);
  HL_ASSIGN(const fb::Model* model, CheckModel(aligned.get()));
  if (model->subgraphs()->size() != 1)
    return Fail(ErrorKind::kBadInput, "it has {} graphs, not one", model->subgraphs()->size());
  const fb::SubGraph& main = *model->subgraphs()->Get(0);
  if (main.inputs()->size() != 1 || main.outputs()->size() != 1) {
    return Fail(ErrorKind::kBadInput, "it has {} inputs and {} outputs, not one each", main.inputs()->size(),
                main.outputs()->size());
  }
  Graph graph;
  graph.description = model->description() == nullptr ? "" : model->description()->str();
  graph.input = main.inputs()->Get(0);
  graph.output = main.outputs()->Get(0);
  for (uint32_t i = 0; i < main.tensors()->size(); ++i) {
    HL_ASSIGN(TensorDef def, ReadTensor(*model, *main.tensors()->Get(i), i));
    graph.tensors.push_back(std::move(def));
  }
  const uint32_t count = main.operators() == nullptr ? 0 : main.operators()->size();
  for (uint32_t i = 0; i < count; ++i) {
    HL_ASSIGN(OpDef def, ReadOperator(*model, *main.operators()->Get(i), graph, i));
    graph.ops.push_back(std::move(def));
  }
  HL_TRY(CheckOrder(graph));
  return graph;
}

}  // namespace handlens::tflite
