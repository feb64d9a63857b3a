// The check of single operators: for those that this room knows, whether types, ranks and quantization of
// their tensors are a combination that the runtime's kernels expect. The runtime itself checks less than it
// relies on.
#include <algorithm>

#include "tflite/model_bytes.h"

namespace handlens::tflite {
namespace {

using fb::TensorType;

tl::unexpected<Error> Broken(int op, std::string_view what) {
  return Fail(ErrorKind::kBadInput, "not a usable TensorFlow Lite model: operator {} has {}", op, what);
}

size_t Rank(const fb::Tensor& tensor) { return tensor.shape() == nullptr ? 0 : tensor.shape()->size(); }
bool SameShape(const fb::Tensor& a, const fb::Tensor& b) {
  if (Rank(a) == 0 || Rank(b) == 0) return Rank(a) == Rank(b);
  return std::equal(a.shape()->begin(), a.shape()->end(), b.shape()->begin(), b.shape()->end());
}
bool IsByte(TensorType type) { return type == TensorType::INT8 || type == TensorType::UINT8; }

bool Quantized(const fb::Tensor& tensor) {
  const auto* q = tensor.quantization();
  if (q == nullptr || q->scale() == nullptr || q->scale()->size() == 0) return false;
  if (q->zero_point() == nullptr || q->zero_point()->size() != q->scale()->size()) return false;
  return std::all_of(q->scale()->begin(), q->scale()->end(), [](float scale) { return scale > 0; }) &&
         std::all_of(q->zero_point()->begin(), q->zero_point()->end(),
                     [](int64_t z) { return z >= -128 && z <= 255; });
}

// The tensors of one operator; null for an absent optional input.
struct Tensors {
  std::vector<const fb::Tensor*> inputs, outputs;
};

Tensors TensorsOf(const fb::SubGraph& graph, const fb::Operator& op) {
  const auto pick = [&](const flatbuffers::Vector<int32_t>* indices) {
    std::vector<const fb::Tensor*> tensors;
    if (indices == nullptr) return tensors;
    for (const int i : *indices)
      tensors.push_back(i < 0 ? nullptr : graph.tensors()->Get(static_cast<uint32_t>(i)));
    return tensors;
  };
  return {pick(op.inputs()), pick(op.outputs())};
}

bool IsWhole(TensorType type) { return IsByte(type) || type == TensorType::INT16; }
bool IsDense(int op) { return op == static_cast<int>(fb::BuiltinOperator::FULLY_CONNECTED); }

// Ranks, sizes and types of a weighted operator's input and weights.
Result<void> CheckWeights(int op, const fb::Tensor& x, const fb::Tensor& weights, TensorType out) {
  const bool dense = IsDense(op);
  if (Rank(weights) != (dense ? 2u : 4u) || (!dense && Rank(x) != 4) || Rank(x) < 1)
    return Broken(op, "a wrong rank");
  for (const int dimension : *weights.shape()) {
    if (dimension < 1) return Broken(op, "empty weights");
  }
  const bool known = !IsWhole(x.type()) || IsByte(weights.type()) || weights.type() == TensorType::INT4;
  if (!known || x.type() == TensorType::INT32 || out != x.type()) return Broken(op, "mixed types");
  if (IsByte(weights.type()) && !Quantized(weights)) return Broken(op, "weights without scales");
  return {};
}

Result<void> CheckWeighted(int op, const Tensors& t) {
  if (t.inputs.size() < 2 || t.inputs.size() > 3) return Broken(op, "a wrong number of inputs");
  const fb::Tensor &x = *t.inputs[0], &weights = *t.inputs[1];
  HL_TRY(CheckWeights(op, x, weights, t.outputs[0]->type()));
  const bool dense = IsDense(op), whole = IsWhole(x.type());
  const fb::Tensor* bias = t.inputs.size() == 3 ? t.inputs[2] : nullptr;
  // The builtin int8 kernels read the bias without asking whether it is there.
  if (bias == nullptr) return whole && !dense ? Result<void>(Broken(op, "no bias")) : Result<void>();
  const int outs = op == static_cast<int>(fb::BuiltinOperator::DEPTHWISE_CONV_2D) ? weights.shape()->Get(3)
                                                                                  : weights.shape()->Get(0);
  const bool wide = bias->type() == TensorType::INT32 || bias->type() == TensorType::INT64;
  if (Rank(*bias) != 1 || bias->shape()->Get(0) != outs || wide != whole)
    return Broken(op, "a bias that does not fit");
  return {};
}

bool HasSecondInput(const Tensors& t, TensorType type) {
  return t.inputs.size() == 2 && t.inputs[1] != nullptr && t.inputs[1]->type() == type;
}

bool Converts(fb::BuiltinOperator code) {
  return code == fb::BuiltinOperator::QUANTIZE || code == fb::BuiltinOperator::DEQUANTIZE;
}

// Operators of one tensor: pools, activations, conversions.
Result<void> CheckUnary(int op, const Tensors& t) {
  using enum fb::BuiltinOperator;
  const auto code = static_cast<fb::BuiltinOperator>(op);
  if (t.inputs.size() != 1) return Broken(op, "a wrong number of inputs");
  const bool pool = code == MAX_POOL_2D || code == AVERAGE_POOL_2D;
  if (pool && Rank(*t.inputs[0]) != 4) return Broken(op, "a wrong rank");
  const bool elementwise = Converts(code) || code == RELU || code == RELU6 || code == SOFTMAX;
  if (elementwise && !SameShape(*t.inputs[0], *t.outputs[0])) return Broken(op, "an output of another shape");
  return {};
}

Result<void> CheckOthers(int op, const Tensors& t) {
  using enum fb::BuiltinOperator;
  const auto code = static_cast<fb::BuiltinOperator>(op);
  const TensorType in = t.inputs[0]->type(), out = t.outputs[0]->type();
  if (!Converts(code) && in != out) return Broken(op, "mixed types");
  if (code == ADD && !HasSecondInput(t, in)) return Broken(op, "inputs that do not fit");
  if (code == MEAN && !HasSecondInput(t, TensorType::INT32)) return Broken(op, "no axes");
  if (code == PAD && !HasSecondInput(t, TensorType::INT32) && !HasSecondInput(t, TensorType::INT64))
    return Broken(op, "no counts");
  if (code == ADD || code == MEAN || code == RESHAPE || code == PAD) return {};
  return CheckUnary(op, t);
}

// The options table that the operator's kernel casts to; NONE where any will do.
fb::BuiltinOptions OptionsOf(fb::BuiltinOperator code) {
  switch (code) {
    case fb::BuiltinOperator::CONV_2D: return fb::BuiltinOptions::Conv2DOptions;
    case fb::BuiltinOperator::DEPTHWISE_CONV_2D: return fb::BuiltinOptions::DepthwiseConv2DOptions;
    case fb::BuiltinOperator::MAX_POOL_2D:
    case fb::BuiltinOperator::AVERAGE_POOL_2D: return fb::BuiltinOptions::Pool2DOptions;
    case fb::BuiltinOperator::FULLY_CONNECTED: return fb::BuiltinOptions::FullyConnectedOptions;
    case fb::BuiltinOperator::SOFTMAX: return fb::BuiltinOptions::SoftmaxOptions;
    default: return fb::BuiltinOptions::NONE;
  }
}

}  // namespace

Result<void> CheckOperator(const fb::Model& model, const fb::SubGraph& graph, const fb::Operator& op) {
  const fb::OperatorCode* code = model.operator_codes()->Get(op.opcode_index());
  const int number =
      std::max(static_cast<int>(code->builtin_code()), static_cast<int>(code->deprecated_builtin_code()));
  const auto known = static_cast<fb::BuiltinOperator>(number);
  if (std::string_view(fb::EnumNameBuiltinOperator(known)).empty()) return {};
  const Tensors tensors = TensorsOf(graph, op);
  const auto missing = [](const fb::Tensor* tensor) { return tensor == nullptr; };
  if (tensors.outputs.size() != 1 || tensors.inputs.empty() ||
      std::any_of(tensors.inputs.begin(),
                  tensors.inputs.begin() + std::min<std::ptrdiff_t>(2, std::ssize(tensors.inputs)),
                  missing)) {
    return Broken(number, "a wrong number of inputs or outputs");
  }
  if (const auto wanted = OptionsOf(known);
      wanted != fb::BuiltinOptions::NONE && op.builtin_options_type() != wanted) {
    return Broken(number, "the options of another");
  }
  for (const fb::Tensor* tensor : {tensors.inputs[0], tensors.outputs[0]}) {
    if (IsByte(tensor->type()) && known != fb::BuiltinOperator::RESHAPE && !Quantized(*tensor)) {
      return Broken(number, "a quantized tensor without a scale");
    }
  }
  const bool weighted = known == fb::BuiltinOperator::CONV_2D ||
                        known == fb::BuiltinOperator::DEPTHWISE_CONV_2D ||
                        known == fb::BuiltinOperator::FULLY_CONNECTED;
  return weighted ? CheckWeighted(number, tensors) : CheckOthers(number, tensors);
}

}  // namespace handlens::tflite
