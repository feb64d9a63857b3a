// Classifiers of other programs: a TensorFlow Lite file becomes a model of the engine, and proves that it
// computes the same.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "backbone/backbone.h"
#include "tflite/tflite.h"

namespace handlens::backbone {

// What a file's input is made of the bytes of a picture: (byte - mean) / std, one number or one a channel.
// (0, 255) gives 0..1, (127.5, 127.5) -1..1.
struct Scaling {
  std::vector<float> mean, std;
};

// The classifier in a graph of convolutions, depthwise convolutions, dense layers, sums, pools, means,
// paddings as SAME makes them, reshapes, ReLU, ReLU6 and a softmax at the end, with weights in float32 or
// float16. The scaling becomes its first layer, so that its input is 0..1. Kind kBadInput: anything else, by
// the operator's name and place.
Result<Model> ModelFromGraph(const tflite::Graph& graph, const Scaling& scaling);

// ReadGraph and ModelFromGraph. Without `scaling` the file's metadata must say it. Kind kBadInput as those;
// kUsage when nobody says how pixels are scaled.
struct Imported {
  Model model;
  Scaling scaling;
};
Result<Imported> ImportClassifier(std::span<const uint8_t> file, const Scaling* scaling);

// The engine's scores of the model against the official runtime's of the file it came from. Pictures are
// bytes (size, size, 3); without any, ones that are made. Kind kBadInput when a score differs by more than
// 1e-4.
struct Proof {
  int pictures = 0;
  double largest_difference = 0;
};
Result<Proof> Prove(std::span<const uint8_t> file, const Imported& imported, std::span<const Bytes> pictures);

}  // namespace handlens::backbone
