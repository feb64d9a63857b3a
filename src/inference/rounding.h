// The numbers that the official runtime derives from scales when it prepares an operator, by its reference
// kernels' rules, to the last bit. Zero points here are the model's own (of q); what the C kernels keep is q
// + 128. Private to the room.
#pragma once

#include <array>
#include <cstdint>
#include <vector>

#include "tflite/tflite.h"

namespace handlens::inference {

// A factor as multiplier / 2^31 * 2^shift, the multiplier in [2^30, 2^31); 0 and 0 for what is too small.
struct Factor {
  int32_t multiplier = 0;
  int shift = 0;
};
Factor FactorOf(double real);

// How a sum is scaled: the rule of hl_scale in apps/c/kernels/common.c.
int32_t Scaled(int32_t sum, const Factor& factor);

// A quantized tensor's scale and zero point.
struct Scale {
  float scale = 0;
  int32_t zero = 0;
};

// One factor a channel of a convolution; `filters` are its weights' scales, one or one a channel. Fully
// connected layers likewise.
std::vector<Factor> ConvolutionFactors(const Scale& in, const std::vector<float>& filters, const Scale& out);

// Limits of an output, of q.
struct Limits {
  int32_t low = -128, high = 127;
};
Limits LimitsOf(tflite::Activation activation, const Scale& out);

// A tensor's type and scale, for maps.
struct Number {
  tflite::Type type = tflite::Type::kInt8;
  Scale scale;
};
// Tables from a kept number (q + 128 of int8, q of uint8) to a kept number, of QUANTIZE, RELU and RELU6.
using MapTable = std::array<uint8_t, 256>;
MapTable QuantizeTable(const Number& in, const Number& out);
MapTable ReluTable(tflite::Activation activation, const Scale& in, const Scale& out);
// Of QUANTIZE of a float picture whose values are byte / 255: from the byte.
MapTable PictureTable(const Number& out);

// Of MEAN: the factor of the scales and the division by the number of pixels in one.
Factor MeanFactor(int pixels, const Scale& in, const Scale& out);

// exp(-d * scale) for d = 0..255 as fractions of 2^31, 0 where the reference kernel leaves it out. Of
// SOFTMAX.
std::array<int32_t, 256> SoftmaxExps(float scale);

}  // namespace handlens::inference
