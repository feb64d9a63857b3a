#include "convert/quantize.h"

#include <algorithm>
#include <bit>
#include <cmath>
#include <limits>

namespace handlens::convert {
namespace {

bool KeepsScale(FoldedKind kind) { return kind == FoldedKind::kMaxPool || kind == FoldedKind::kAvgPool; }

int8_t Clamp8(double value) { return static_cast<int8_t>(std::clamp(std::nearbyint(value), -127.0, 127.0)); }

// Output channel of weight k.
size_t ChannelOf(const FoldedLayer& layer, size_t k) {
  const size_t outs = layer.bias.size();
  return layer.kind == FoldedKind::kDepthwise ? k % outs : k / (layer.weights.size() / outs);
}

uint16_t Half(float value) {
  const auto bits = std::bit_cast<uint32_t>(value);
  const auto sign = static_cast<uint16_t>(bits >> 16 & 0x8000u);
  const uint32_t magnitude = bits & 0x7fffffffu;
  if (magnitude >= 0x477ff000u) return static_cast<uint16_t>(sign | 0x7bffu);  // 65520 and more
  if (magnitude < 0x38800000u) {                                               // below 2^-14: steps of 2^-24
    const float steps = std::bit_cast<float>(magnitude) * 16777216.0f;
    return static_cast<uint16_t>(sign | static_cast<uint16_t>(std::nearbyint(steps)));
  }
  const uint32_t rounded = magnitude + 0xfffu + (magnitude >> 13 & 1u);
  return static_cast<uint16_t>(sign | ((rounded - 0x38000000u) >> 13));
}

// The largest weight that a dense layer should keep, all of which share one step: infinite unless a few are
// so large that the others drown in the rounding. Compared are the expected squared errors of the outputs, of
// inputs as large as their means.
double BestLimit(const FoldedLayer& layer, const std::vector<double>& means) {
  constexpr double kAll = std::numeric_limits<double>::infinity();
  constexpr double kOutlier = 100;  // times the median: far beyond what training alone leaves
  std::vector<double> sizes;
  for (const float weight : layer.weights) sizes.push_back(std::abs(static_cast<double>(weight)));
  const auto middle = sizes.begin() + static_cast<std::ptrdiff_t>(sizes.size() / 2);
  std::nth_element(sizes.begin(), middle, sizes.end());
  const double median = *middle, largest = *std::max_element(sizes.begin(), sizes.end());
  if (largest <= kOutlier * median) return kAll;
  const auto error_of = [&](double limit) {
    double error = 0;
    const double step = limit / 127;
    for (size_t k = 0; k < layer.weights.size(); ++k) {
      const double miss =
          (Clamp8(layer.weights[k] / step) * step - layer.weights[k]) * means[k % means.size()];
      error += miss * miss;
    }
    return error;
  };
  double best = kAll, least = error_of(largest) / 2;  // worth it only where it halves the error
  for (double limit = largest; limit > largest / 1024; limit /= 1.25) {
    const double error = error_of(limit);
    if (error < least) {
      least = error;
      best = limit;
    }
  }
  return best;
}

}  // namespace

tflite::Quantization ActivationScale(float low, float high) {
  const double bottom = std::min(0.0f, low),
               top = std::max(static_cast<double>(std::max(0.0f, high)), bottom + 1e-5);
  const auto scale = static_cast<float>((top - bottom) / 255);
  const auto zero = static_cast<int64_t>(std::clamp(std::nearbyint(-128 - bottom / scale), -128.0, 127.0));
  return {{scale}, {zero}, 0};
}

tflite::Quantization PictureScale() { return {{1.0f / 255}, {-128}, 0}; }

std::vector<tflite::Quantization> ActivationScales(const FoldedModel& model, const Calibration& calibration) {
  std::vector<tflite::Quantization> scales;
  for (size_t i = 0; i < model.layers.size(); ++i) {
    const FoldedLayer& layer = model.layers[i];
    if (!KeepsScale(layer.kind)) {
      scales.push_back(ActivationScale(calibration.low[i], calibration.high[i]));
    } else {
      scales.push_back(layer.inputs[0] < 0 ? PictureScale() : scales[static_cast<size_t>(layer.inputs[0])]);
    }
  }
  return scales;
}

QuantizedWeights QuantizeWeights(const FoldedLayer& layer, float input_scale) {
  const bool dense = layer.kind == FoldedKind::kDense;
  const size_t scales = dense ? 1 : layer.bias.size();
  std::vector<double> largest(scales, 0.0);
  for (size_t k = 0; k < layer.weights.size(); ++k) {
    double& most = largest[dense ? 0 : ChannelOf(layer, k)];
    most = std::max(most, static_cast<double>(std::abs(layer.weights[k])));
  }
  QuantizedWeights result;
  for (const double most : largest)
    result.quantization.scales.push_back(most > 0 ? static_cast<float>(most / 127) : 1.0f);
  if (input_scale > 0) {
    // A channel that folding has almost silenced may have a bias worth more than 2^31 of its steps.
    constexpr double kMostSteps = 1 << 30;
    for (size_t o = 0; o < layer.bias.size(); ++o) {
      float& scale = result.quantization.scales[dense ? 0 : o];
      scale = std::max(scale, static_cast<float>(std::abs(layer.bias[o]) / (kMostSteps * input_scale)));
    }
  }
  result.quantization.zero_points.assign(scales, 0);
  result.quantization.channel_dimension = layer.kind == FoldedKind::kDepthwise ? 3 : 0;
  for (size_t k = 0; k < layer.weights.size(); ++k) {
    const double scale = result.quantization.scales[dense ? 0 : ChannelOf(layer, k)];
    result.data.push_back(static_cast<uint8_t>(Clamp8(layer.weights[k] / scale)));
  }
  return result;
}

Bytes QuantizeBias(const FoldedLayer& layer, const tflite::Quantization& weights, float input_scale) {
  Bytes data;
  for (size_t o = 0; o < layer.bias.size(); ++o) {
    const float scale = input_scale * weights.scales[weights.scales.size() == 1 ? 0 : o];
    const double steps =
        std::clamp(std::nearbyint(static_cast<double>(layer.bias[o]) / scale), -2147483647.0, 2147483647.0);
    const auto value = static_cast<uint32_t>(static_cast<int32_t>(steps));
    for (int shift = 0; shift < 32; shift += 8) data.push_back(static_cast<uint8_t>(value >> shift & 255));
  }
  return data;
}

FoldedModel ClipDense(const FoldedModel& model, const Calibration& calibration) {
  FoldedModel clipped = model;
  for (FoldedLayer& layer : clipped.layers) {
    if (layer.kind != FoldedKind::kDense) continue;
    const std::vector<double>& means = calibration.means[static_cast<size_t>(layer.inputs[0] + 1)];
    const double limit = BestLimit(layer, means);
    const size_t ins = layer.weights.size() / layer.bias.size();
    std::vector<double> lost(layer.bias.size());
    for (size_t k = 0; k < layer.weights.size(); ++k) {
      const double kept = std::clamp<double>(layer.weights[k], -limit, limit);
      lost[k / ins] += (layer.weights[k] - kept) * means[k % means.size()];
      layer.weights[k] = static_cast<float>(kept);
    }
    for (size_t o = 0; o < lost.size(); ++o) layer.bias[o] = static_cast<float>(layer.bias[o] + lost[o]);
  }
  return clipped;
}

FoldedModel CorrectBiases(const FoldedModel& model, const Calibration& calibration) {
  const std::vector<tflite::Quantization> scales = ActivationScales(model, calibration);
  FoldedModel corrected = ClipDense(model, calibration);
  for (FoldedLayer& layer : corrected.layers) {
    if (layer.weights.empty()) continue;
    const int from = layer.inputs[0];
    const float input_scale = (from < 0 ? PictureScale() : scales[static_cast<size_t>(from)]).scales[0];
    const std::vector<double>& means = calibration.means[static_cast<size_t>(from + 1)];
    const QuantizedWeights rounded = QuantizeWeights(layer, input_scale);
    const std::vector<float>& steps = rounded.quantization.scales;
    const bool depthwise = layer.kind == FoldedKind::kDepthwise;
    std::vector<double> added(layer.bias.size());
    for (size_t k = 0; k < layer.weights.size(); ++k) {
      const size_t out = ChannelOf(layer, k), in = depthwise ? out : k % means.size();
      const double error =
          static_cast<int8_t>(rounded.data[k]) * static_cast<double>(steps[steps.size() == 1 ? 0 : out]) -
          layer.weights[k];
      added[out] += error * means[in];
    }
    for (size_t o = 0; o < added.size(); ++o) layer.bias[o] = static_cast<float>(layer.bias[o] - added[o]);
  }
  return corrected;
}

Bytes ToFloat16(const std::vector<float>& values) {
  Bytes data;
  data.reserve(values.size() * 2);
  for (const float value : values) {
    const uint16_t half = Half(value);
    data.push_back(static_cast<uint8_t>(half & 255));
    data.push_back(static_cast<uint8_t>(half >> 8));
  }
  return data;
}

}  // namespace handlens::convert
