// The check that model bytes pass before they are read or given to the runtime.
#include <cstdint>

#include "tflite/model_bytes.h"

namespace handlens::tflite {
namespace {

constexpr int64_t kMaxElements = int64_t{1} << 29;  // of one tensor: 2 GiB of floats

template <class... Args>
tl::unexpected<Error> Broken(fmt::format_string<Args...> format, Args&&... args) {
  return Fail(ErrorKind::kBadInput, "not a usable TensorFlow Lite model: {}",
              fmt::format(format, std::forward<Args>(args)...));
}

// Bytes an element; 0 for types whose constants are not checked.
int64_t ElementBytes(fb::TensorType type) {
  switch (type) {
    case fb::TensorType::FLOAT32:
    case fb::TensorType::INT32:
    case fb::TensorType::UINT32: return 4;
    case fb::TensorType::FLOAT16:
    case fb::TensorType::INT16:
    case fb::TensorType::UINT16: return 2;
    case fb::TensorType::UINT8:
    case fb::TensorType::INT8:
    case fb::TensorType::BOOL: return 1;
    case fb::TensorType::INT64:
    case fb::TensorType::FLOAT64: return 8;
    default: return 0;
  }
}

Result<void> CheckQuantization(const fb::Tensor& tensor, size_t index) {
  const fb::QuantizationParameters* q = tensor.quantization();
  if (q == nullptr || q->scale() == nullptr || q->scale()->size() == 0) return {};
  const size_t count = q->scale()->size();
  if (q->zero_point() != nullptr && q->zero_point()->size() != 0 && q->zero_point()->size() != count) {
    return Broken("tensor {} has {} scales and {} zero points", index, count, q->zero_point()->size());
  }
  for (const float scale : *q->scale()) {
    if (!(scale >= 0 && scale < 1e30f)) return Broken("tensor {} has an impossible scale", index);
  }
  if (count == 1) return {};
  const auto rank = static_cast<int>(tensor.shape() == nullptr ? 0 : tensor.shape()->size());
  const int dimension = q->quantized_dimension();
  if (dimension < 0 || dimension >= rank ||
      static_cast<size_t>(tensor.shape()->Get(static_cast<uint32_t>(dimension))) != count) {
    return Broken("tensor {} has {} scales along dimension {}", index, count, dimension);
  }
  return {};
}

// The flatbuffers verifier lets a union pass that has a type and no value; the library's own copying does
// not.
Result<void> CheckDetails(const fb::Tensor& tensor, size_t index) {
  const fb::QuantizationParameters* q = tensor.quantization();
  if (q == nullptr || q->details_type() == fb::QuantizationDetails::NONE || q->details() != nullptr)
    return {};
  return Broken("tensor {} lacks the details of its quantization", index);
}

Result<void> CheckTensor(const fb::Model& model, const fb::Tensor& tensor, size_t index) {
  int64_t elements = 1;
  if (tensor.shape() != nullptr) {
    if (tensor.shape()->size() > 8)
      return Broken("tensor {} has {} dimensions", index, tensor.shape()->size());
    for (const int dimension : *tensor.shape()) {
      if (dimension < 0 || dimension > kMaxElements)
        return Broken("tensor {} has a dimension of {}", index, dimension);
      elements *= dimension;
      if (elements > kMaxElements) return Broken("tensor {} is too large", index);
    }
  }
  if (model.buffers() == nullptr || tensor.buffer() >= model.buffers()->size()) {
    return Broken("tensor {} refers to a missing buffer", index);
  }
  const fb::Buffer* buffer = model.buffers()->Get(tensor.buffer());
  const size_t size = buffer->data() == nullptr ? 0 : buffer->data()->size();
  const int64_t element_bytes = ElementBytes(tensor.type());
  if (size != 0 && element_bytes != 0 && static_cast<int64_t>(size) != elements * element_bytes) {
    return Broken("tensor {} holds {} bytes where its shape needs {}", index, size, elements * element_bytes);
  }
  if (buffer->offset() > 1 || buffer->size() > 0)
    return Broken("tensor {} keeps its data outside the model", index);
  HL_TRY(CheckDetails(tensor, index));
  return CheckQuantization(tensor, index);
}

Result<void> CheckWindow(int stride_w, int stride_h, int extent_w, int extent_h) {
  constexpr int kMost = 1 << 14;
  for (const int value : {stride_w, stride_h, extent_w, extent_h}) {
    if (value < 1 || value > kMost)
      return Broken("an operator has a stride, dilation or window of {}", value);
  }
  return {};
}

Result<void> CheckOptions(const fb::Operator& op) {
  // As with a tensor's details.
  if (op.builtin_options_type() != fb::BuiltinOptions::NONE && op.builtin_options() == nullptr) {
    return Broken("an operator's options are missing");
  }
  if (const auto* conv = op.builtin_options_as_Conv2DOptions()) {
    return CheckWindow(conv->stride_w(), conv->stride_h(), conv->dilation_w_factor(),
                       conv->dilation_h_factor());
  }
  if (const auto* conv = op.builtin_options_as_DepthwiseConv2DOptions()) {
    return CheckWindow(conv->stride_w(), conv->stride_h(), conv->dilation_w_factor(),
                       conv->dilation_h_factor());
  }
  if (const auto* pool = op.builtin_options_as_Pool2DOptions()) {
    return CheckWindow(pool->stride_w(), pool->stride_h(), pool->filter_width(), pool->filter_height());
  }
  return {};
}

Result<void> CheckIndices(const flatbuffers::Vector<int32_t>* indices, int lowest, int64_t count,
                          std::string_view what) {
  if (indices == nullptr) return {};
  for (const int index : *indices) {
    if (index < lowest || index >= count) return Broken("{} refers to tensor {} of {}", what, index, count);
  }
  return {};
}

Result<void> CheckSubgraph(const fb::Model& model, const fb::SubGraph& graph) {
  const int64_t tensors = graph.tensors() == nullptr ? 0 : graph.tensors()->size();
  for (int64_t i = 0; i < tensors; ++i) {
    const fb::Tensor* tensor = graph.tensors()->Get(static_cast<uint32_t>(i));
    HL_TRY(CheckTensor(model, *tensor, static_cast<size_t>(i)));
  }
  HL_TRY(CheckIndices(graph.inputs(), 0, tensors, "the input"));
  HL_TRY(CheckIndices(graph.outputs(), 0, tensors, "the output"));
  if (graph.operators() == nullptr) return {};
  for (const fb::Operator* op : *graph.operators()) {
    if (model.operator_codes() == nullptr || op->opcode_index() >= model.operator_codes()->size()) {
      return Broken("an operator refers to a missing code");
    }
    HL_TRY(CheckIndices(op->inputs(), -1, tensors, "an operator"));
    HL_TRY(CheckIndices(op->outputs(), 0, tensors, "an operator"));
    HL_TRY(CheckIndices(op->intermediates(), 0, tensors, "an operator"));
    HL_TRY(CheckOptions(*op));
    HL_TRY(CheckOperator(model, graph, *op));
  }
  return {};
}

bool Empty(const flatbuffers::Vector<int32_t>* indices) { return indices == nullptr || indices->size() == 0; }

Result<void> CheckContents(const fb::Model& model) {
  if (model.version() != 3) return Broken("schema version {}", model.version());
  if (model.subgraphs() == nullptr || model.subgraphs()->size() == 0) return Broken("no graph in it");
  for (const fb::SubGraph* graph : *model.subgraphs()) HL_TRY(CheckSubgraph(model, *graph));
  const fb::SubGraph& main = *model.subgraphs()->Get(0);
  if (Empty(main.inputs()) || Empty(main.outputs())) return Broken("no input or no output");
  if (model.metadata() == nullptr) return {};
  for (const fb::Metadata* entry : *model.metadata()) {
    if (entry->buffer() >= model.buffers()->size()) return Broken("metadata without a buffer");
  }
  return {};
}

}  // namespace

Result<const fb::Model*> CheckModel(std::span<const uint8_t> bytes) {
  if (bytes.size() < 16 || !fb::ModelBufferHasIdentifier(bytes.data())) {
    return Broken("it does not begin as one (no TFL3)");
  }
  if (bytes.size() >= FLATBUFFERS_MAX_BUFFER_SIZE) return Broken("larger than 2 GiB");
  flatbuffers::Verifier verifier(bytes.data(), bytes.size(), 64, 1'000'000);
  if (!fb::VerifyModelBuffer(verifier)) return Broken("truncated or damaged");
  const fb::Model* model = fb::GetModel(bytes.data());
  HL_TRY(CheckContents(*model));
  return model;
}

}  // namespace handlens::tflite
