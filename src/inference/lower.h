// From a graph to calls of the C kernels: each operator's numbers and tables, and where each tensor lies. Private to the room.
#pragma once

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

struct Call {
  std::vector<std::string_view> kernels;  // files of apps/c/kernels that it needs, in order
  std::string tables;                     // C definitions; their names contain kPrefix
  std::string begin;                      // "hl_conv_run(&op_3, ": what stands before the buffers
  std::vector<int> inputs;                // tensors
  int output = 0;
  bool needs_scratch = false;             // a last argument
  int64_t scratch_bytes = 0;              // its room
  int64_t constant_bytes = 0;             // of the tables
};

// Stands for the prefix of a model's names in Call::tables and Call::begin.
inline constexpr std::string_view kPrefix = "@P@";

struct Lowered {
  std::vector<Call> calls;
  std::vector<Place> places;              // a tensor
  int64_t tensor_bytes = 0;               // of the arena, for tensors
  int64_t scratch_bytes = 0;              // the most of any call
  int64_t arena_bytes = 0;                // of both
  int64_t constant_bytes = 0;
  int size_px = 0, classes = 0;
  int output = 0;                         // the tensor that holds the scores
  float output_scale = 0;                 // score = output_scale * (kept number - output_zero)
  int output_zero = 0;
};

// Kind kBadInput, by the operator's place and name: what the kernels cannot do.
Result<Lowered> Lower(const tflite::Graph& graph);

// One operator's call; none when its output is its input under another name. `index` is its place.
Result<std::optional<Call>> LowerOperator(const tflite::Graph& graph, size_t index);

}  // namespace handlens::inference
