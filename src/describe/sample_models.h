// Small real models for the tests of this room and of `verify`: their answers are plain to see. Not for the
// program.
#pragma once

#include <cstring>
#include <string>
#include <vector>

#include "tflite/tflite.h"

namespace handlens::describe::sample {

inline constexpr int kSizePx = 5;

inline Bytes Int32Bytes(const std::vector<int32_t>& values) {
  Bytes bytes(values.size() * 4);
  std::memcpy(bytes.data(), values.data(), bytes.size());
  return bytes;
}

// Scores are the mean red, green and blue of a 5 x 5 picture, 0..1: class 0 is red, 1 green, 2 blue.
inline Bytes FloatModel() {
  tflite::Graph graph;
  graph.description = "mean colour";
  graph.tensors = {{.name = "picture", .shape = {1, kSizePx, kSizePx, 3}},
                   {.name = "axes", .type = tflite::Type::kInt32, .shape = {2}, .data = Int32Bytes({1, 2})},
                   {.name = "scores", .shape = {1, 3}}};
  graph.ops = {{.op = tflite::Op::kMean, .inputs = {0, 1}, .outputs = {2}}};
  graph.input = 0;
  graph.output = 2;
  return tflite::WriteModel(graph);
}

// The same, int8 inside and uint8 outside.
inline Bytes QuantizedModel() {
  const tflite::Quantization bytes{{1.0f / 255}, {0}, 0}, inner{{1.0f / 255}, {-128}, 0};
  tflite::Graph graph;
  graph.description = "mean colour, quantized";
  graph.tensors = {
      {.name = "picture",
       .type = tflite::Type::kUInt8,
       .shape = {1, kSizePx, kSizePx, 3},
       .quantization = bytes},
      {.name = "picture_int8",
       .type = tflite::Type::kInt8,
       .shape = {1, kSizePx, kSizePx, 3},
       .quantization = inner},
      {.name = "axes", .type = tflite::Type::kInt32, .shape = {2}, .data = Int32Bytes({1, 2})},
      {.name = "scores_int8", .type = tflite::Type::kInt8, .shape = {1, 3}, .quantization = inner},
      {.name = "scores", .type = tflite::Type::kUInt8, .shape = {1, 3}, .quantization = bytes}};
  graph.ops = {{.op = tflite::Op::kQuantize, .inputs = {0}, .outputs = {1}},
               {.op = tflite::Op::kMean, .inputs = {1, 2}, .outputs = {3}},
               {.op = tflite::Op::kQuantize, .inputs = {3}, .outputs = {4}}};
  graph.input = 0;
  graph.output = 4;
  return tflite::WriteModel(graph);
}

// A 5 x 5 picture of one colour.
inline std::vector<uint8_t> Flat(uint8_t red, uint8_t green, uint8_t blue, int size_px = kSizePx) {
  std::vector<uint8_t> rgb;
  for (int i = 0; i < size_px * size_px; ++i) rgb.insert(rgb.end(), {red, green, blue});
  return rgb;
}

}  // namespace handlens::describe::sample
