// TensorFlow Lite files: written from a plain description (Graph), read back, given metadata, and judged by
// the official runtime. Knows nothing of training or of handlens' own model specs.
#pragma once

#include <cstdint>
#include <filesystem>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "base/disk.h"
#include "base/result.h"

namespace handlens::tflite {

// Values of TensorType in the format's schema.
enum class Type : int8_t { kFloat32 = 0, kFloat16 = 1, kInt32 = 2, kUInt8 = 3, kInt8 = 9 };

struct Quantization {
  std::vector<float> scales;         // one, or one a channel; empty = not quantized
  std::vector<int64_t> zero_points;  // as many
  int channel_dimension = 0;
};

struct TensorDef {
  std::string name;
  Type type = Type::kFloat32;
  std::vector<int> shape;
  Quantization quantization = {};
  Bytes data = {};  // little-endian constant; empty = computed
};

enum class Op {
  kConv2D,
  kDepthwiseConv2D,
  kFullyConnected,
  kMaxPool2D,
  kAveragePool2D,
  kMean,
  kReshape,
  kSoftmax,
  kAdd,
  kRelu,
  kRelu6,
  kQuantize,
  kDequantize,
  kPad
};  // kPad: zeros; an int32 constant of (rank, 2) counts
enum class Activation : int8_t { kNone = 0, kRelu = 1, kRelu6 = 3 };

struct OpDef {
  Op op = Op::kConv2D;
  std::vector<int> inputs = {};  // tensor indices; -1 = absent
  std::vector<int> outputs = {};
  Activation activation = Activation::kNone;
  bool same_padding = false;
  int stride = 1;
  int filter = 1;                   // pooling window
  bool keep_dims = false;           // kMean: inputs are the tensor and an int32 constant of axes
  std::vector<int> new_shape = {};  // kReshape
};

// Batch 1; tensors[inputs[0]] is (1, size, size, 3), tensors[outputs[0]] is (1, classes).
struct Graph {
  std::string description;
  std::vector<TensorDef> tensors;
  std::vector<OpDef> ops;
  int input = 0, output = 0;
};

// A complete .tflite file (schema version 3, minimum runtime version recorded, identifier "TFL3").
Bytes WriteModel(const Graph& graph);

// The graph of a classifier file that others made, as far as it is made of the operators above; SQUEEZE is
// read as kReshape. Tensors keep their indices, operators their order: each reads what was computed before
// it. Hostile bytes are refused as in ReadModelInfo. Kind kBadInput: an operator that is none of these, or
// one with options that Graph has no words for (dilation, two strides, a depth multiplier, another
// activation), by its name and place.
Result<Graph> ReadGraph(std::span<const uint8_t> model);
// The format's name of an operator, as ReadGraph's messages have it ("CONV_2D").
std::string_view OpName(Op op);

// What a reader needs of any classifier file; also of files that others made. Verifies the flatbuffer first:
// hostile bytes are refused, never followed. Kind kBadInput.
struct ModelInfo {
  std::string description;
  Type input_type = Type::kFloat32, output_type = Type::kFloat32;
  std::vector<int> input_shape, output_shape;
  Quantization input_quantization, output_quantization;
  Type weights_type =
      Type::kFloat32;            // of most constant values; may be a number of the format without a name here
  bool simulates_bytes = false;  // quantizing operators between float weights, as training for 8 bits has
  std::vector<std::string> labels;            // from the associated file of the metadata; empty when none
  std::vector<float> norm_mean, norm_std;     // of the metadata's NormalizationOptions; empty when none
  int said_width_px = 0, said_height_px = 0;  // of the metadata's ImageProperties; 0 when none
  std::string preprocess_json;  // the associated file preprocess.json of handlens; empty when none
  bool has_metadata = false;
};
Result<ModelInfo> ReadModelInfo(std::span<const uint8_t> model);

// The standard metadata (TFLITE_METADATA buffer, associated files as a zip appended to the model).
struct Metadata {
  std::string name, description, version, author, license;
  std::string input_description, output_description;
  std::vector<float> mean, std, min, max;
  std::vector<std::string> labels;
  std::string preprocess_json;  // packed beside labels.txt
};
// Replaces whatever metadata `model` has; the same model and metadata give the same bytes. Only for models
// made of the operators above: others would lose what handlens does not know, and are refused. Kind
// kBadInput.
Result<Bytes> AddMetadata(std::span<const uint8_t> model, const Metadata& metadata);

// The same for any model that verifies: where AddMetadata refuses, the model's bytes are kept as they are
// behind a new beginning, so that nothing is lost; what the old metadata said stays in them unread. Kind
// kBadInput: constants outside of the flatbuffer.
Result<Bytes> AddMetadataToAny(std::span<const uint8_t> model, const Metadata& metadata);

// Where the official runtime's library is, if not beside the program (./lib, ../lib/handlens, ../lib, or the
// same below a parent folder, as seen from the executable). Takes effect until the first Judge is loaded.
// Thread-safe.
void SetRuntimeLibrary(const std::filesystem::path& path);

// Version of the official runtime ("2.21.0"), loading it. Kind kInternal when the library is not there; the
// message says where it was looked for. Thread-safe.
Result<std::string> RuntimeVersion();

// The official runtime, loaded at run time from the library that ships beside the program.
// kXnnpack is what phones run; kBuiltin is what the runtime has without delegates, with vectors; kReference
// is the plain kernels that say what the others ought to compute. Scores of int8 models differ between the
// three by what each rounds.
enum class Kernels { kXnnpack, kBuiltin, kReference };

// Loads the runtime and lets it look at the processor, so that later it needs to open nothing. Thread-safe.
Result<void> WarmUp(Kernels kernels);

class Judge {
 public:
  // Keeps its own copy of `model`. Kind kBadInput when the file is broken or the runtime refuses it (with the
  // runtime's words), kInternal when the library is not there. `threads` are the runtime's own; scores do not
  // depend on them.
  static Result<std::unique_ptr<Judge>> Load(std::span<const uint8_t> model, Kernels kernels,
                                             int threads = 1);
  // The same in a process of its own, for models of strangers: the runtime trusts what it is given. That
  // process gets 4 GB of memory, two minutes a picture, and can neither open files nor speak to anybody
  // (cage.h). When it dies, each call gives kind kBadInput and how it died; the program goes on. Kind
  // kInternal when the helper program is not there or the kernel refuses to lock it in.
  static Result<std::unique_ptr<Judge>> LoadApart(std::span<const uint8_t> model, Kernels kernels);
  virtual ~Judge() = default;
  virtual std::string RuntimeVersion() const = 0;
  // `pixels` (n, n, 3) bytes as the pixel contract makes them; float models get byte / 255, uint8 models the
  // bytes, int8 models byte - 128. Returns every element of the output tensor, dequantized to floats; for a
  // classifier the scores (classes). Kind kBadInput for a wrong number of bytes. Not thread-safe: one Judge a
  // thread.
  virtual Result<std::vector<float>> Classify(std::span<const uint8_t> pixels) = 0;
  // The same with the values of a float32 input as they are, for models of others that want another scale.
  // Kind kBadInput for a model with another input type or a wrong number of values.
  virtual Result<std::vector<float>> ClassifyValues(std::span<const float> values) = 0;
  virtual int input_size_px() const = 0;
  virtual int classes() const = 0;
};

}  // namespace handlens::tflite
