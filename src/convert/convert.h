// Conversion: trained weights become .tflite files. Batch norm folded, biases always present, per-channel int8
// weights, fixed batch 1, softmax inside. Normalisation statistics live inside the model as its first operator.
#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include "base/progress.h"
#include "base/result.h"
#include "dataset/prepare.h"
#include "nn/nn.h"
#include "tflite/tflite.h"

namespace handlens::convert {

enum class Variant { kFloat32, kFloat16, kDynamic, kInt8 };
enum class Io { kUint8, kInt8, kFloat32 };  // of the int8 variant's input and output

// Ranges of every activation, from running the float model over calibration pictures (training pictures only).
struct Calibration {
  std::vector<float> low, high;  // a layer of the folded model
  int pictures = 0;
};

// The folded model: what is deployed. Convolutions and dense layers with their activation, pools, adds.
Result<Bytes> Convert(const nn::ModelSpec& spec, const nn::Weights& weights, Variant variant, Io io,
                              const Calibration* calibration);

}  // namespace handlens::convert
