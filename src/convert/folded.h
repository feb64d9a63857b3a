// The folded model: what is deployed. Batch norm and normalisation have become factors of neighbouring
// layers, ReLUs the activation of the layer before, dropout nothing. No file formats here and no
// quantization.
#pragma once

#include <string>
#include <vector>

#include "base/result.h"
#include "nn/nn.h"
#include "tflite/tflite.h"

namespace handlens::convert {

enum class FoldedKind { kConv, kDepthwise, kDense, kMaxPool, kAvgPool, kGlobalAvgPool, kAdd, kRelu, kRelu6 };

struct FoldedLayer {
  FoldedKind kind = FoldedKind::kConv;
  std::string name;         // "conv_0": the kind and the index of the layer of the spec
  std::vector<int> inputs;  // indices of earlier folded layers; -1 = the picture
  int kernel = 1, stride = 1;
  bool same_padding = false;
  tflite::Activation activation = tflite::Activation::kNone;
  nn::Shape in, out;           // dense layers give (1, 1, units)
  std::vector<float> weights;  // conv (out, kh, kw, in) - depthwise (kh, kw, channels) - dense (out, in)
  std::vector<float> bias;     // (out); as many zeros where the engine has none
};

// The last layer gives the logits; softmax follows it.
struct FoldedModel {
  std::string name;
  int size_px = 0, classes = 0;
  std::vector<FoldedLayer> layers;
  bool guarded =
      false;  // twice as many logits as classes, of which softmax's first half is the scores (guard.h)
};

// Folds as far as the result is the same function: a normalisation goes into the convolution before it, or
// into the one after it where no padding lies between (padding is zero after normalisation, not before), else
// it becomes a 1 x 1 depthwise convolution. Kind kBadInput when the weights do not fit the spec, kUsage when
// the spec is impossible.
Result<FoldedModel> Fold(const nn::ModelSpec& spec, const nn::Weights& weights);

// (in, outs) to (outs, in): from the engine's order of a kernel, whose last dimension is the output channels,
// to the file format's, or back when `outs` is what was first.
std::vector<float> Transposed(const std::vector<float>& values, size_t outs);

// Numbers that the deployed model holds, and the largest sum of activations that are alive at the same time,
// in elements: a lower bound of the runtime's arena. Inputs of the network count.
int64_t Parameters(const FoldedModel& model);
int64_t PeakElements(const FoldedModel& model);

}  // namespace handlens::convert
