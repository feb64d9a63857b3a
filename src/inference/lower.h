// From a graph to calls of the C kernels: each operator's numbers and tables, and where each tensor lies.
// Private to the room.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "tflite/tflite.h"

namespace handlens::inference {

// Where a tensor's numbers are: in the picture that the caller gives, or in the arena.
struct Place {
  bool picture = false;
  int64_t offset = 0;
};

// A file of apps/c/kernels each, or two that share one; FactsOf says more. The numbers stand in plans
// (write_plan.cc).
enum class Kernel {
  kConv,
  kDepthwise,
  kMaxPool,
  kAveragePool,
  kMean,
  kPad,
  kAdd,
  kSoftmax,
  kMap,
  kChannelMap,
  kCopy
};

// What a call in C needs to know of a kernel.
struct KernelFacts {
  Kernel kernel;
  std::string_view run;         // its function; without a descriptor the fields are its first arguments
  std::string_view descriptor;  // the type of its first argument; empty = none
  std::array<std::string_view, 2> files;  // in order
  bool needs_scratch = false;             // a last argument
  size_t output_at = SIZE_MAX;            // the fields from here on are an hl_output within the descriptor
};
const KernelFacts& FactsOf(Kernel kernel);

// Constants that a kernel reads from memory.
struct Table {
  enum class Type { kInt8, kUint8, kInt32 };
  Type type;
  std::string name;            // "weight_3"
  std::vector<uint8_t> bytes;  // little-endian
};

// A number, or the place of a table in the call's list.
struct Field {
  int32_t value = 0;
  bool is_table = false;
};

struct Call {
  Kernel kernel = Kernel::kCopy;
  size_t index = 0;  // the operator's place in the graph
  std::vector<Table> tables;
  std::vector<Field> fields;  // of the descriptor, in the order of its C type
  std::vector<int> inputs;    // tensors
  int output = 0;
  int64_t scratch_bytes = 0;  // room that the last argument needs
};

// Stands for the prefix of a model's names in C text.
inline constexpr std::string_view kPrefix = "@P@";

struct Lowered {
  std::vector<Call> calls;
  std::vector<Place> places;  // a tensor
  int64_t tensor_bytes = 0;   // of the arena, for tensors
  int64_t scratch_bytes = 0;  // the most of any call
  int64_t arena_bytes = 0;    // of both
  int64_t constant_bytes = 0;
  int size_px = 0, classes = 0;
  int output = 0;          // the tensor that holds the scores
  float output_scale = 0;  // score = output_scale * (kept number - output_zero)
  int output_zero = 0;
};

// Kind kBadInput, by the operator's place and name: what the kernels cannot do.
Result<Lowered> Lower(const tflite::Graph& graph);

// One operator's call; none when its output is its input under another name. `index` is its place.
Result<std::optional<Call>> LowerOperator(const tflite::Graph& graph, size_t index);

}  // namespace handlens::inference
