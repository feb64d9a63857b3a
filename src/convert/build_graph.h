// From the folded model to the operators and tensors of a .tflite file. Private to the room.
#pragma once

#include <vector>

#include "convert/convert.h"
#include "convert/folded.h"
#include "tflite/tflite.h"

namespace handlens::convert {

struct BuiltGraph {
  tflite::Graph graph;
  std::vector<int> layer_tensor;  // the tensor that holds each folded layer's output
};

// `calibration` is needed for Variant::kInt8 alone and fits the model's layers.
BuiltGraph BuildGraph(const FoldedModel& model, Variant variant, Io io, const Calibration* calibration);

// The part of `graph` that computes `tensor`, as a graph of its own with that output.
tflite::Graph Prefix(const tflite::Graph& graph, int tensor);

}  // namespace handlens::convert
