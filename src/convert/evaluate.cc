#include "convert/evaluate.h"

#include <algorithm>
#include <limits>

namespace handlens::convert {
namespace {

using Values = std::vector<float>;

// First input row or column of output `o`, before clipping: TensorFlow's rule for SAME puts the odd pixel
// behind.
int Start(int o, const FoldedLayer& layer, int in, int out) {
  if (!layer.same_padding) return o * layer.stride;
  const int padding = std::max(0, (out - 1) * layer.stride + layer.kernel - in);
  return o * layer.stride - padding / 2;
}

struct Range {
  int first, last;  // input rows or columns [first, last) that exist, and where the window starts
  int start;
};
Range Window(int o, const FoldedLayer& layer, int in, int out) {
  const int start = Start(o, layer, in, out);
  return {std::max(0, start), std::min(in, start + layer.kernel), start};
}

// Calls visit(output offset, input offset, kernel offset) for every pair of positions that a window joins;
// offsets count positions, not elements.
template <class Visit>
void ForWindows(const FoldedLayer& layer, Visit visit) {
  for (int oy = 0; oy < layer.out.height; ++oy) {
    const Range rows = Window(oy, layer, layer.in.height, layer.out.height);
    for (int ox = 0; ox < layer.out.width; ++ox) {
      const Range columns = Window(ox, layer, layer.in.width, layer.out.width);
      for (int y = rows.first; y < rows.last; ++y) {
        for (int x = columns.first; x < columns.last; ++x) {
          visit(static_cast<size_t>(oy * layer.out.width + ox), static_cast<size_t>(y * layer.in.width + x),
                static_cast<size_t>((y - rows.start) * layer.kernel + x - columns.start));
        }
      }
    }
  }
}

// out[o] += x[i] * kernel[i][o]
void MultiplyAdd(const float* x, size_t ins, const float* kernel, size_t outs, float* out) {
  for (size_t i = 0; i < ins; ++i) {
    const float value = x[i];
    if (value == 0) continue;  // what a ReLU cut off: x + 0 * w is x
    const float* const row = kernel + i * outs;
    for (size_t o = 0; o < outs; ++o) out[o] += value * row[o];
  }
}

void FillBias(const FoldedLayer& layer, Values& out) {
  for (size_t k = 0; k < out.size(); ++k) out[k] = layer.bias[k % layer.bias.size()];
}

void Convolve(const FoldedLayer& layer, const Values& kernel, const Values& in, Values& out) {
  const auto ins = static_cast<size_t>(layer.in.channels), outs = static_cast<size_t>(layer.out.channels);
  FillBias(layer, out);
  ForWindows(layer, [&](size_t o, size_t i, size_t k) {
    MultiplyAdd(&in[i * ins], ins, &kernel[k * ins * outs], outs, &out[o * outs]);
  });
}

void ConvolveDepthwise(const FoldedLayer& layer, const Values& in, Values& out) {
  const auto channels = static_cast<size_t>(layer.out.channels);
  FillBias(layer, out);
  ForWindows(layer, [&](size_t o, size_t i, size_t k) {
    for (size_t c = 0; c < channels; ++c) {
      out[o * channels + c] += in[i * channels + c] * layer.weights[k * channels + c];
    }
  });
}

void PoolMax(const FoldedLayer& layer, const Values& in, Values& out) {
  const auto channels = static_cast<size_t>(layer.out.channels);
  std::fill(out.begin(), out.end(), std::numeric_limits<float>::lowest());
  ForWindows(layer, [&](size_t o, size_t i, size_t) {
    for (size_t c = 0; c < channels; ++c)
      out[o * channels + c] = std::max(out[o * channels + c], in[i * channels + c]);
  });
}

// Pixels beyond the border do not count, as in TensorFlow.
void PoolAverage(const FoldedLayer& layer, const Values& in, Values& out) {
  const auto channels = static_cast<size_t>(layer.out.channels);
  std::vector<int> counts(out.size() / channels, 0);
  ForWindows(layer, [&](size_t o, size_t i, size_t) {
    ++counts[o];
    for (size_t c = 0; c < channels; ++c) out[o * channels + c] += in[i * channels + c];
  });
  for (size_t k = 0; k < out.size(); ++k) out[k] /= static_cast<float>(counts[k / channels]);
}

void AverageAll(const FoldedLayer& layer, const Values& in, Values& out) {
  const auto channels = static_cast<size_t>(layer.out.channels);
  for (size_t k = 0; k < in.size(); ++k) out[k % channels] += in[k];
  for (float& value : out) value /= static_cast<float>(in.size() / channels);
}

void Activate(const FoldedLayer& layer, Values& out) {
  const bool six = layer.activation == tflite::Activation::kRelu6 || layer.kind == FoldedKind::kRelu6;
  const bool relu = six || layer.activation == tflite::Activation::kRelu || layer.kind == FoldedKind::kRelu;
  if (!relu) return;
  for (float& value : out) value = std::clamp(value, 0.0f, six ? 6.0f : std::numeric_limits<float>::max());
}

}  // namespace

Evaluator::Evaluator(const FoldedModel& model) : model_(model) {
  for (const FoldedLayer& layer : model.layers) {
    Values kernel;
    if (layer.kind == FoldedKind::kConv || layer.kind == FoldedKind::kDense) {
      const size_t outs = layer.bias.size(), ins = layer.weights.size() / outs;
      kernel.resize(layer.weights.size());
      for (size_t o = 0; o < outs; ++o) {
        for (size_t i = 0; i < ins; ++i) kernel[i * outs + o] = layer.weights[o * ins + i];
      }
    }
    kernels_.push_back(std::move(kernel));
  }
}

std::vector<Values> Evaluator::Run(std::span<const uint8_t> pixels) const {
  Values picture(pixels.size());
  for (size_t i = 0; i < pixels.size(); ++i) picture[i] = static_cast<float>(pixels[i]) / 255.0f;
  std::vector<Values> results;
  results.reserve(model_.layers.size());
  for (size_t i = 0; i < model_.layers.size(); ++i) {
    const FoldedLayer& layer = model_.layers[i];
    const auto input = [&](size_t k) -> const Values& {
      return layer.inputs[k] < 0 ? picture : results[static_cast<size_t>(layer.inputs[k])];
    };
    const Values& in = input(0);
    Values out(static_cast<size_t>(layer.out.height) * static_cast<size_t>(layer.out.width) *
               static_cast<size_t>(layer.out.channels));
    switch (layer.kind) {
      case FoldedKind::kConv: Convolve(layer, kernels_[i], in, out); break;
      case FoldedKind::kDepthwise: ConvolveDepthwise(layer, in, out); break;
      case FoldedKind::kDense:
        FillBias(layer, out);
        MultiplyAdd(in.data(), in.size(), kernels_[i].data(), out.size(), out.data());
        break;
      case FoldedKind::kMaxPool: PoolMax(layer, in, out); break;
      case FoldedKind::kAvgPool: PoolAverage(layer, in, out); break;
      case FoldedKind::kGlobalAvgPool: AverageAll(layer, in, out); break;
      case FoldedKind::kAdd:
        for (size_t k = 0; k < out.size(); ++k) out[k] = in[k] + input(1)[k];
        break;
      case FoldedKind::kRelu:
      case FoldedKind::kRelu6: out = in; break;
    }
    Activate(layer, out);
    results.push_back(std::move(out));
  }
  return results;
}

}  // namespace handlens::convert
