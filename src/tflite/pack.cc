// Packing: a model as a flatbuffer, smaller than the library's own way makes it. The format wants a zero
// point of 8 bytes beside the scale of every channel, of weights and of biases, and all of them are 0: more
// bytes than a narrow layer's weights. A flatbuffer may point at one vector from many places, so vectors of
// zeros are written once a length.
#include <algorithm>
#include <map>

#include "schema_generated.h"
#include "tflite/model_bytes.h"

namespace handlens::tflite {
namespace {

template <class T>
using Offset = flatbuffers::Offset<T>;
template <class T>
using Vector = flatbuffers::Offset<flatbuffers::Vector<T>>;

// Tables that hold a vector of zero points, however deep, are written here; all others by the generated
// functions.
class Packer {
  // What is empty is left out, as the generated functions do.
  template <class T>
  Vector<T> Numbers(const std::vector<T>& values) {
    return values.empty() ? Vector<T>() : builder_.CreateVector(values);
  }
  Offset<flatbuffers::String> Text(const std::string& text) {
    return text.empty() ? Offset<flatbuffers::String>() : builder_.CreateString(text);
  }
  template <class Table, class Create>
  auto Each(const std::vector<std::unique_ptr<Table>>& tables, const Create& create) {
    std::vector<decltype(create(*tables.front()))> made;
    for (const auto& table : tables) made.push_back(create(*table));
    return made.empty() ? decltype(builder_.CreateVector(made))() : builder_.CreateVector(made);
  }

  Vector<int64_t> ZeroPoints(const std::vector<int64_t>& values) {
    if (values.empty() || std::any_of(values.begin(), values.end(), [](int64_t z) { return z != 0; }))
      return Numbers(values);
    const auto [place, fresh] = zeros_.try_emplace(values.size());
    if (fresh) place->second = builder_.CreateVector(values);
    return place->second;
  }
  Offset<fb::QuantizationParameters> Quantization(const fb::QuantizationParametersT& q) {
    const auto min = Numbers(q.min), max = Numbers(q.max), scale = Numbers(q.scale);
    const auto zero_point = ZeroPoints(q.zero_point);
    const auto details = q.details.Pack(builder_);
    return fb::CreateQuantizationParameters(builder_, min, max, scale, zero_point, q.details.type, details,
                                            q.quantized_dimension);
  }
  Offset<fb::Tensor> Tensor(const fb::TensorT& t) {
    const auto shape = Numbers(t.shape);
    const auto name = Text(t.name);
    const auto quantization =
        t.quantization ? Quantization(*t.quantization) : Offset<fb::QuantizationParameters>();
    const auto sparsity = t.sparsity ? fb::CreateOpaque(builder_, t.sparsity.get()) : Offset<fb::Opaque>();
    const auto signature = Numbers(t.shape_signature);
    return fb::CreateTensor(builder_, shape, t.type, t.buffer, name, quantization, t.is_variable, sparsity,
                            signature, t.has_rank);
  }
  Offset<fb::SubGraph> SubGraph(const fb::SubGraphT& graph) {
    const auto tensors = Each(graph.tensors, [&](const auto& tensor) { return Tensor(tensor); });
    const auto inputs = Numbers(graph.inputs), outputs = Numbers(graph.outputs);
    const auto operators =
        Each(graph.operators, [&](const auto& op) { return fb::CreateOperator(builder_, &op); });
    return fb::CreateSubGraph(builder_, tensors, inputs, outputs, operators, Text(graph.name));
  }

 public:
  Bytes Pack(const fb::ModelT& model) {
    const auto codes =
        Each(model.operator_codes, [&](const auto& code) { return fb::CreateOperatorCode(builder_, &code); });
    const auto graphs = Each(model.subgraphs, [&](const auto& graph) { return SubGraph(graph); });
    const auto description = Text(model.description);
    const auto buffers =
        Each(model.buffers, [&](const auto& buffer) { return fb::CreateBuffer(builder_, &buffer); });
    const auto metadata_buffer = Numbers(model.metadata_buffer);
    const auto metadata =
        Each(model.metadata, [&](const auto& entry) { return fb::CreateMetadata(builder_, &entry); });
    const auto signatures = Each(model.signature_defs,
                                 [&](const auto& entry) { return fb::CreateSignatureDef(builder_, &entry); });
    fb::FinishModelBuffer(builder_, fb::CreateModel(builder_, model.version, codes, graphs, description,
                                                    buffers, metadata_buffer, metadata, signatures));
    return Bytes(builder_.GetBufferPointer(), builder_.GetBufferPointer() + builder_.GetSize());
  }

 private:
  flatbuffers::FlatBufferBuilder builder_{1 << 16};
  std::map<size_t, Vector<int64_t>> zeros_;  // by their number
};

}  // namespace

Bytes PackModel(const fb::ModelT& model) { return Packer().Pack(model); }

}  // namespace handlens::tflite
