// Numbers for quantized files: scales and zero points of activations, int8 and float16 weights, int32 biases,
// by the rules of TensorFlow Lite's quantization specification (activations asymmetric int8, weights
// symmetric -127..127, bias scale = input scale x weight scale).
#pragma once

#include <cstdint>
#include <vector>

#include "convert/convert.h"
#include "convert/folded.h"
#include "tflite/tflite.h"

namespace handlens::convert {

// Scale and zero point that cover [low, high] and 0, which is representable exactly.
tflite::Quantization ActivationScale(float low, float high);

// The quantization of every layer's output. Pools and standalone reshapes keep their input's, as their
// kernels demand.
std::vector<tflite::Quantization> ActivationScales(const FoldedModel& model, const Calibration& calibration);

// The picture's: real values 0..1 as bytes - 128.
tflite::Quantization PictureScale();

struct QuantizedWeights {
  tflite::Quantization quantization;  // one scale a channel for convolutions, one for a dense layer
  Bytes data;                         // int8
};
// `input_scale` > 0 bounds the weight scales from below so that the int32 bias holds; 0 when biases stay
// float. Dense layers get one scale, the form that version 4 of the operator was made for.
QuantizedWeights QuantizeWeights(const FoldedLayer& layer, float input_scale);
Bytes QuantizeBias(const FoldedLayer& layer, const tflite::Quantization& weights, float input_scale);

// The model whose dense layers have no weight so large that the others drown in the rounding, since all share
// one step: a probe gives a feature that hardly ever varies a weight thousands of times the others'. Biases
// make up for what is cut off, at mean inputs. Layers without such weights stay as they are.
FoldedModel ClipDense(const FoldedModel& model, const Calibration& calibration);

// The model, its dense layers clipped, whose biases make up for what rounding its weights adds to the mean of
// each output: minus the sum of (rounded - exact weight) x mean input, a channel (Nagel et al. 2019,
// "Data-free quantization through weight equalization and bias correction", 4.2, with measured means).
// Rounded, the corrected model has the exact one's mean outputs, border pixels apart.
FoldedModel CorrectBiases(const FoldedModel& model, const Calibration& calibration);

// IEEE 754 binary16, rounded to nearest even, little-endian; what is too large becomes the largest finite
// number.
Bytes ToFloat16(const std::vector<float>& values);

}  // namespace handlens::convert
