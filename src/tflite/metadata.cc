// Reading what a classifier file says of itself, and the standard metadata: written and read.
#include <algorithm>
#include <map>
#include <string>

#include "metadata_generated.h"
#include "tflite/archive.h"
#include "tflite/model_bytes.h"
#include "tflite/tflite.h"
#include "tflite/wrap.h"

namespace handlens::tflite {
namespace {

constexpr const char* kMetadataName = "TFLITE_METADATA";
constexpr const char* kLabelsFile = "labels.txt";
constexpr const char* kPreprocessFile = "preprocess.json";

template <class T>
std::vector<T> Copy(const flatbuffers::Vector<T>* values) {
  return values == nullptr ? std::vector<T>() : std::vector<T>(values->begin(), values->end());
}

Quantization QuantizationOf(const fb::Tensor& tensor) {
  Quantization result;
  if (const auto* q = tensor.quantization()) {
    result.scales = Copy(q->scale());
    result.zero_points = Copy(q->zero_point());
    result.zero_points.resize(result.scales.size());
    result.channel_dimension = q->quantized_dimension();
  }
  return result;
}

// The metadata flatbuffer within a checked model, copied because other tools do not align it; empty when
// there is none or it does not verify.
Bytes FindMetadata(const fb::Model& model) {
  if (model.metadata() == nullptr) return {};
  for (const fb::Metadata* entry : *model.metadata()) {
    if (entry->name() == nullptr || entry->name()->str() != kMetadataName) continue;
    const Bytes data = Copy(model.buffers()->Get(entry->buffer())->data());
    if (data.size() < 16) return {};
    flatbuffers::Verifier verifier(data.data(), data.size(), 64, 100'000);
    return meta::VerifyModelMetadataBuffer(verifier) ? data : Bytes();
  }
  return {};
}

std::vector<std::string> Lines(const std::string& text) {
  std::vector<std::string> lines;
  for (size_t start = 0; start < text.size();) {
    const size_t end = std::min(text.find('\n', start), text.size());
    std::string line = text.substr(start, end - start);
    if (!line.empty() && line.back() == '\r') line.pop_back();
    lines.push_back(std::move(line));
    start = end + 1;
  }
  while (!lines.empty() && lines.back().empty()) lines.pop_back();
  return lines;
}

const meta::TensorMetadata* First(
    const flatbuffers::Vector<flatbuffers::Offset<meta::TensorMetadata>>* tensors) {
  return tensors == nullptr || tensors->size() == 0 ? nullptr : tensors->Get(0);
}

int SaneSize(uint32_t pixels) { return static_cast<int>(std::min<uint32_t>(pixels, 1'000'000)); }

void ReadInputMetadata(const meta::TensorMetadata& input, ModelInfo& info) {
  const auto* image =
      input.content() == nullptr ? nullptr : input.content()->content_properties_as_ImageProperties();
  if (image != nullptr && image->default_size() != nullptr) {
    info.said_width_px = SaneSize(image->default_size()->width());
    info.said_height_px = SaneSize(image->default_size()->height());
  }
  if (input.process_units() == nullptr) return;
  for (const meta::ProcessUnit* unit : *input.process_units()) {
    if (const auto* normalization = unit->options_as_NormalizationOptions()) {
      info.norm_mean = Copy(normalization->mean());
      info.norm_std = Copy(normalization->std());
    }
  }
}

void ReadOutputMetadata(const meta::TensorMetadata& output, std::span<const uint8_t> bytes, ModelInfo& info) {
  if (output.associated_files() == nullptr) return;
  for (const meta::AssociatedFile* file : *output.associated_files()) {
    const bool labels = file->type() == meta::AssociatedFileType::TENSOR_AXIS_LABELS ||
                        file->type() == meta::AssociatedFileType::TENSOR_VALUE_LABELS;
    if (!labels || file->name() == nullptr || !info.labels.empty()) continue;
    info.labels = Lines(ReadArchived(bytes, file->name()->str()));
  }
}

std::unique_ptr<meta::AssociatedFileT> FileEntry(const char* name, const char* description,
                                                 meta::AssociatedFileType type) {
  auto file = std::make_unique<meta::AssociatedFileT>();
  file->name = name;
  file->description = description;
  file->type = type;
  return file;
}

std::unique_ptr<meta::TensorMetadataT> InputMetadata(const Metadata& metadata, const fb::Tensor& tensor) {
  auto input = std::make_unique<meta::TensorMetadataT>();
  input->name = "image";
  input->description = metadata.input_description;
  meta::ImagePropertiesT image;
  image.color_space = meta::ColorSpaceType::RGB;
  if (tensor.shape() != nullptr && tensor.shape()->size() == 4) {
    image.default_size = std::make_unique<meta::ImageSizeT>();
    image.default_size->height = static_cast<uint32_t>(tensor.shape()->Get(1));
    image.default_size->width = static_cast<uint32_t>(tensor.shape()->Get(2));
  }
  input->content = std::make_unique<meta::ContentT>();
  input->content->content_properties.Set(std::move(image));
  meta::NormalizationOptionsT normalization;
  normalization.mean = metadata.mean;
  normalization.std = metadata.std;
  input->process_units.push_back(std::make_unique<meta::ProcessUnitT>());
  input->process_units.back()->options.Set(std::move(normalization));
  input->stats = std::make_unique<meta::StatsT>();
  input->stats->min = metadata.min;
  input->stats->max = metadata.max;
  return input;
}

std::unique_ptr<meta::TensorMetadataT> OutputMetadata(const Metadata& metadata) {
  auto output = std::make_unique<meta::TensorMetadataT>();
  output->name = "probability";
  output->description = metadata.output_description;
  output->content = std::make_unique<meta::ContentT>();
  output->content->content_properties.Set(meta::FeaturePropertiesT());
  output->stats = std::make_unique<meta::StatsT>();
  output->stats->min = {0};
  output->stats->max = {1};
  output->associated_files.push_back(FileEntry(kLabelsFile, "Labels, one a line, in the order of the scores.",
                                               meta::AssociatedFileType::TENSOR_AXIS_LABELS));
  return output;
}

std::string PackMetadata(const Metadata& metadata, const fb::Tensor& input) {
  meta::ModelMetadataT model;
  model.name = metadata.name;
  model.description = metadata.description;
  model.version = metadata.version;
  model.author = metadata.author;
  model.license = metadata.license;
  model.min_parser_version = "1.0.0";  // no field or type of a later metadata schema is used
  auto graph = std::make_unique<meta::SubGraphMetadataT>();
  graph->input_tensor_metadata.push_back(InputMetadata(metadata, input));
  graph->output_tensor_metadata.push_back(OutputMetadata(metadata));
  model.subgraph_metadata.push_back(std::move(graph));
  if (!metadata.preprocess_json.empty()) {
    model.associated_files.push_back(FileEntry(kPreprocessFile,
                                               "How a picture becomes the model's input, for programs.",
                                               meta::AssociatedFileType::DESCRIPTIONS));
  }
  flatbuffers::FlatBufferBuilder builder;
  meta::FinishModelMetadataBuffer(builder, meta::ModelMetadata::Pack(builder, &model));
  return std::string(reinterpret_cast<const char*>(builder.GetBufferPointer()), builder.GetSize());
}

// What a rewrite would lose: operators, options and fields that schema.fbs does not have.
Result<void> CheckRewritable(const fb::Model& model) {
  const auto refuse = [](std::string_view what) {
    return Fail(ErrorKind::kBadInput,
                "metadata cannot be added to this model: {}; only models that handlens made are rewritten",
                what);
  };
  if (model.subgraphs()->size() != 1) return refuse("it has several graphs");
  if (model.operator_codes() != nullptr) {
    for (const fb::OperatorCode* code : *model.operator_codes()) {
      const int op =
          std::max(static_cast<int>(code->builtin_code()), static_cast<int>(code->deprecated_builtin_code()));
      const bool known =
          std::string_view(fb::EnumNameBuiltinOperator(static_cast<fb::BuiltinOperator>(op))) != "";
      if (!known || code->custom_code() != nullptr)
        return refuse(fmt::format("its operator {} is unknown", op));
    }
  }
  const fb::SubGraph* graph = model.subgraphs()->Get(0);
  for (const fb::Tensor* tensor : *graph->tensors()) {
    if (tensor->sparsity() != nullptr) return refuse("it has sparse tensors");
  }
  return {};
}

// Removes the entry and its buffer, and gives later buffers their new numbers.
void RemoveMetadata(fb::ModelT& model) {
  const auto found = std::find_if(model.metadata.begin(), model.metadata.end(),
                                  [](const auto& entry) { return entry->name == kMetadataName; });
  if (found == model.metadata.end()) return;
  const uint32_t removed = (*found)->buffer;
  model.metadata.erase(found);
  const auto used = [&](const auto& entry) { return entry->buffer == removed; };
  const auto& tensors = model.subgraphs[0]->tensors;
  if (removed == 0 || std::any_of(tensors.begin(), tensors.end(), used) ||
      std::any_of(model.metadata.begin(), model.metadata.end(), used)) {
    return;
  }
  model.buffers.erase(model.buffers.begin() + removed);
  const auto renumber = [&](auto& entry) { entry->buffer -= entry->buffer > removed ? 1 : 0; };
  std::for_each(model.subgraphs[0]->tensors.begin(), model.subgraphs[0]->tensors.end(), renumber);
  std::for_each(model.metadata.begin(), model.metadata.end(), renumber);
}

const fb::Tensor& InputOf(const fb::Model& model) {
  const fb::SubGraph* graph = model.subgraphs()->Get(0);
  return *graph->tensors()->Get(static_cast<uint32_t>(graph->inputs()->Get(0)));
}

void AppendFiles(const Metadata& metadata, Bytes& bytes) {
  std::string labels;
  for (const std::string& label : metadata.labels) labels += label + "\n";
  std::vector<ArchiveFile> files = {{kLabelsFile, labels}};
  if (!metadata.preprocess_json.empty()) files.emplace_back(kPreprocessFile, metadata.preprocess_json);
  AppendArchive(bytes, files);
}

// What the constants of the graph are, and whether the graph plays 8 bits on floats, as quantization-aware
// training leaves it (FAKE_QUANT, or QUANTIZE beside float weights).
void ReadWeights(const fb::Model& model, ModelInfo& info) {
  constexpr int kFakeQuant = 80;  // of schema.fbs of TensorFlow Lite; no operator that this room writes
  std::map<fb::TensorType, double> values;
  for (const fb::Tensor* tensor : *model.subgraphs()->Get(0)->tensors()) {
    if (model.buffers()->Get(tensor->buffer())->data() == nullptr || tensor->shape() == nullptr) continue;
    double count = 1;
    for (const int dimension : *tensor->shape()) count *= dimension;
    values[tensor->type()] += count;
  }
  const auto most = std::max_element(values.begin(), values.end(),
                                     [](const auto& a, const auto& b) { return a.second < b.second; });
  if (most != values.end()) info.weights_type = static_cast<Type>(most->first);
  if (model.operator_codes() == nullptr || info.weights_type != Type::kFloat32) return;
  for (const fb::OperatorCode* code : *model.operator_codes()) {
    const int op =
        std::max(static_cast<int>(code->builtin_code()), static_cast<int>(code->deprecated_builtin_code()));
    info.simulates_bytes =
        info.simulates_bytes || op == kFakeQuant || op == static_cast<int>(fb::BuiltinOperator::QUANTIZE);
  }
}

}  // namespace

Result<ModelInfo> ReadModelInfo(std::span<const uint8_t> model_bytes) {
  const AlignedBytes aligned(model_bytes);
  HL_ASSIGN(const fb::Model* model, CheckModel(aligned.get()));
  const fb::SubGraph* graph = model->subgraphs()->Get(0);
  const fb::Tensor* input = graph->tensors()->Get(static_cast<uint32_t>(graph->inputs()->Get(0)));
  const fb::Tensor* output = graph->tensors()->Get(static_cast<uint32_t>(graph->outputs()->Get(0)));
  ModelInfo info;
  if (model->description() != nullptr) info.description = model->description()->str();
  info.input_type = static_cast<Type>(input->type());
  info.output_type = static_cast<Type>(output->type());
  info.input_shape = Copy(input->shape());
  info.output_shape = Copy(output->shape());
  info.input_quantization = QuantizationOf(*input);
  info.output_quantization = QuantizationOf(*output);
  ReadWeights(*model, info);
  const Bytes metadata_bytes = FindMetadata(*model);
  if (metadata_bytes.empty()) return info;
  const meta::ModelMetadata* metadata = meta::GetModelMetadata(metadata_bytes.data());
  info.has_metadata = true;
  if (metadata->subgraph_metadata() != nullptr && metadata->subgraph_metadata()->size() > 0) {
    const meta::SubGraphMetadata* subgraph = metadata->subgraph_metadata()->Get(0);
    if (const auto* tensor = First(subgraph->input_tensor_metadata())) ReadInputMetadata(*tensor, info);
    if (const auto* tensor = First(subgraph->output_tensor_metadata()))
      ReadOutputMetadata(*tensor, aligned.get(), info);
  }
  info.preprocess_json = ReadArchived(aligned.get(), kPreprocessFile);
  return info;
}

Result<Bytes> AddMetadata(std::span<const uint8_t> model_bytes, const Metadata& metadata) {
  const AlignedBytes aligned(model_bytes);
  HL_ASSIGN(const fb::Model* model, CheckModel(aligned.get()));
  HL_TRY(CheckRewritable(*model));
  const std::string packed = PackMetadata(metadata, InputOf(*model));
  fb::ModelT rewritten;
  model->UnPackTo(&rewritten);
  RemoveMetadata(rewritten);
  AddMetadataBuffer(rewritten, kMetadataName, packed);
  Bytes bytes = PackModel(rewritten);
  AppendFiles(metadata, bytes);
  return bytes;
}

Result<Bytes> AddMetadataToAny(std::span<const uint8_t> model_bytes, const Metadata& metadata) {
  auto rewritten = AddMetadata(model_bytes, metadata);
  if (rewritten) return rewritten;
  const AlignedBytes aligned(model_bytes);
  HL_ASSIGN(const fb::Model* model, CheckModel(aligned.get()));
  HL_ASSIGN(Bytes bytes,
            WrapWithMetadata(aligned.get(), *model, kMetadataName, PackMetadata(metadata, InputOf(*model))));
  AppendFiles(metadata, bytes);
  const auto again = ReadModelInfo(bytes);
  if (!again || again->labels != metadata.labels)
    return Fail(ErrorKind::kInternal, "the metadata does not read back as written");
  return bytes;
}

}  // namespace handlens::tflite
