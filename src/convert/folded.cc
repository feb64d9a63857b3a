#include "convert/folded.h"

#include <algorithm>
#include <cmath>
#include <map>

namespace handlens::convert {
namespace {

using nn::LayerKind;

// y = scale * x + shift, a channel.
struct Affine {
  std::vector<double> scale, shift;
};

// The weights by name, with the sizes they must have.
class Store {
 public:
  explicit Store(const nn::Weights& weights) {
    for (const nn::Tensor& tensor : weights) tensors_[tensor.name] = &tensor;
  }

  Result<std::vector<float>> Take(size_t layer, std::string_view what, size_t count) const {
    const std::string name = fmt::format("{}.{}", layer, what);
    const auto found = tensors_.find(name);
    if (found == tensors_.end())
      return Fail(ErrorKind::kBadInput, "weights: {} is missing; train the model again", name);
    if (found->second->values.size() != count) {
      return Fail(ErrorKind::kBadInput,
                  "weights: {} has {} numbers where the model needs {}; train the model again", name,
                  found->second->values.size(), count);
    }
    return found->second->values;
  }

 private:
  std::map<std::string, const nn::Tensor*, std::less<>> tensors_;
};

const char* KindName(FoldedKind kind) {
  switch (kind) {
    case FoldedKind::kConv: return "conv";
    case FoldedKind::kDepthwise: return "depthwise";
    case FoldedKind::kDense: return "dense";
    case FoldedKind::kMaxPool: return "max_pool";
    case FoldedKind::kAvgPool: return "avg_pool";
    case FoldedKind::kGlobalAvgPool: return "global_avg_pool";
    case FoldedKind::kAdd: return "add";
    case FoldedKind::kRelu: return "relu";
    case FoldedKind::kRelu6: return "relu6";
  }
  return "";
}

bool HasWeights(FoldedKind kind) {
  return kind == FoldedKind::kConv || kind == FoldedKind::kDepthwise || kind == FoldedKind::kDense;
}

size_t Count(const nn::Shape& shape) {
  return static_cast<size_t>(shape.height) * static_cast<size_t>(shape.width) *
         static_cast<size_t>(shape.channels);
}

class Folder {
 public:
  Folder(const nn::ModelSpec& spec, const nn::Weights& weights) : spec_(spec), store_(weights) {}

  Result<FoldedModel> Run() {
    HL_ASSIGN(shapes_, nn::InferShapes(spec_));
    CountReaders();
    for (size_t i = 0; i < spec_.layers.size(); ++i) HL_TRY(Take(i));
    FoldForward();
    FoldedModel model{spec_.name, spec_.size_px, spec_.classes, std::move(layers_)};
    if (model.layers.empty() || Count(model.layers.back().out) != static_cast<size_t>(spec_.classes)) {
      return Fail(ErrorKind::kUsage, "model {}: its last layer does not give one number a class", spec_.name);
    }
    return model;
  }

 private:
  std::vector<int> InputsOf(size_t i) const {
    const std::vector<int>& inputs = spec_.layers[i].inputs;
    return inputs.empty() ? std::vector{static_cast<int>(i) - 1} : inputs;
  }
  nn::Shape ShapeOf(int layer) const {
    return layer < 0 ? nn::Shape{spec_.size_px, spec_.size_px, 3} : shapes_[static_cast<size_t>(layer)];
  }
  // The layer whose output `layer` passes on: dropout passes its input.
  int Source(int layer) const {
    while (layer >= 0 && spec_.layers[static_cast<size_t>(layer)].kind == LayerKind::kDropout) {
      layer = InputsOf(static_cast<size_t>(layer))[0];
    }
    return layer;
  }

  void CountReaders() {
    readers_.assign(spec_.layers.size() + 1, 0);
    for (size_t i = 0; i < spec_.layers.size(); ++i) {
      if (spec_.layers[i].kind == LayerKind::kDropout) continue;
      for (const int input : InputsOf(i)) ++readers_[static_cast<size_t>(Source(input) + 1)];
    }
    ++readers_[static_cast<size_t>(Source(static_cast<int>(spec_.layers.size()) - 1) + 1)];
  }

  // The folded layer that layer i alone reads, if what follows may be folded into it.
  FoldedLayer* OnlyProducer(size_t i) {
    const int source = Source(InputsOf(i)[0]);
    if (source < 0 || readers_[static_cast<size_t>(source + 1)] != 1) return nullptr;
    FoldedLayer& producer = layers_[static_cast<size_t>(place_[static_cast<size_t>(source)])];
    return producer.activation == tflite::Activation::kNone ? &producer : nullptr;
  }

  FoldedLayer& Push(size_t i, FoldedKind kind) {
    FoldedLayer layer;
    layer.kind = kind;
    layer.name = fmt::format("{}_{}", KindName(kind), i);
    for (const int input : InputsOf(i)) layer.inputs.push_back(Place(Source(input)));
    layer.in = ShapeOf(InputsOf(i)[0]);
    layer.out = shapes_[i];
    const nn::LayerSpec& spec = spec_.layers[i];
    if (spec.kernel > 0) layer.kernel = spec.kernel;
    layer.stride = spec.stride;
    layer.same_padding = spec.padding == nn::Padding::kSame;
    place_.push_back(static_cast<int>(layers_.size()));
    layers_.push_back(std::move(layer));
    return layers_.back();
  }
  int Place(int layer) const { return layer < 0 ? -1 : place_[static_cast<size_t>(layer)]; }

  Result<void> Take(size_t i) {
    switch (spec_.layers[i].kind) {
      case LayerKind::kConv:
      case LayerKind::kDepthwise:
      case LayerKind::kDense: return TakeWeighted(i);
      case LayerKind::kNormalize:
      case LayerKind::kBatchNorm: return TakeAffine(i);
      case LayerKind::kRelu:
      case LayerKind::kRelu6: TakeActivation(i); return {};
      case LayerKind::kMaxPool: Push(i, FoldedKind::kMaxPool); return {};
      case LayerKind::kAvgPool: Push(i, FoldedKind::kAvgPool); return {};
      case LayerKind::kGlobalAvgPool: Push(i, FoldedKind::kGlobalAvgPool); return {};
      case LayerKind::kAdd: Push(i, FoldedKind::kAdd); return {};
      case LayerKind::kDropout: place_.push_back(Place(Source(static_cast<int>(i)))); return {};
      case LayerKind::kFakeQuantize: break;
    }
    return Fail(ErrorKind::kUsage,
                "model {}: layer {} is a fake quantization; convert the model that it was made from",
                spec_.name, i);
  }

  Result<void> TakeWeighted(size_t i) {
    const nn::LayerSpec& spec = spec_.layers[i];
    const FoldedKind kind = spec.kind == LayerKind::kConv    ? FoldedKind::kConv
                            : spec.kind == LayerKind::kDense ? FoldedKind::kDense
                                                             : FoldedKind::kDepthwise;
    FoldedLayer& layer = Push(i, kind);
    const auto outs = static_cast<size_t>(layer.out.channels);
    const auto area = static_cast<size_t>(layer.kernel) * static_cast<size_t>(layer.kernel);
    const size_t count = kind == FoldedKind::kConv    ? area * static_cast<size_t>(layer.in.channels) * outs
                         : kind == FoldedKind::kDense ? Count(layer.in) * outs
                                                      : area * outs;
    HL_ASSIGN(layer.weights, store_.Take(i, "kernel", count));
    if (kind != FoldedKind::kDepthwise) layer.weights = Transposed(layer.weights, outs);
    layer.bias.assign(outs, 0.0f);
    if (spec.bias) {
      HL_ASSIGN(layer.bias, store_.Take(i, "bias", outs));
    }
    return {};
  }

  Result<Affine> ReadAffine(size_t i, size_t channels) const {
    Affine affine{std::vector<double>(channels), std::vector<double>(channels)};
    HL_ASSIGN(const auto mean, store_.Take(i, "mean", channels));
    if (spec_.layers[i].kind == LayerKind::kNormalize) {
      HL_ASSIGN(const auto std, store_.Take(i, "std", channels));
      for (size_t c = 0; c < channels; ++c) {
        affine.scale[c] = 1.0 / std[c];
        affine.shift[c] = -mean[c] / static_cast<double>(std[c]);
      }
      return affine;
    }
    HL_ASSIGN(const auto gamma, store_.Take(i, "gamma", channels));
    HL_ASSIGN(const auto beta, store_.Take(i, "beta", channels));
    HL_ASSIGN(const auto variance, store_.Take(i, "variance", channels));
    constexpr double kEpsilon = 1e-3;  // nn.h, kBatchNorm
    for (size_t c = 0; c < channels; ++c) {
      affine.scale[c] = gamma[c] / std::sqrt(variance[c] + kEpsilon);
      affine.shift[c] = beta[c] - mean[c] * affine.scale[c];
    }
    return affine;
  }

  Result<void> TakeAffine(size_t i) {
    const auto channels = static_cast<size_t>(shapes_[i].channels);
    HL_ASSIGN(const Affine affine, ReadAffine(i, channels));
    FoldedLayer* producer = OnlyProducer(i);
    if (producer != nullptr && HasWeights(producer->kind)) {
      FoldBackward(affine, *producer);
      place_.push_back(Place(Source(InputsOf(i)[0])));
      return {};
    }
    FoldedLayer& layer = Push(i, FoldedKind::kDepthwise);
    layer.kernel = layer.stride = 1;
    layer.same_padding = false;
    layer.weights.assign(affine.scale.begin(), affine.scale.end());
    layer.bias.assign(affine.shift.begin(), affine.shift.end());
    affine_.push_back(place_.back());
    return {};
  }

  static void FoldBackward(const Affine& affine, FoldedLayer& layer) {
    const size_t outs = layer.bias.size(), ins = layer.weights.size() / outs;
    for (size_t k = 0; k < layer.weights.size(); ++k) {
      const size_t o = layer.kind == FoldedKind::kDepthwise ? k % outs : k / ins;
      layer.weights[k] = static_cast<float>(layer.weights[k] * affine.scale[o]);
    }
    for (size_t o = 0; o < outs; ++o) {
      layer.bias[o] = static_cast<float>(layer.bias[o] * affine.scale[o] + affine.shift[o]);
    }
  }

  void TakeActivation(size_t i) {
    const bool six = spec_.layers[i].kind == LayerKind::kRelu6;
    FoldedLayer* producer = OnlyProducer(i);
    if (producer != nullptr && (HasWeights(producer->kind) || producer->kind == FoldedKind::kAdd)) {
      producer->activation = six ? tflite::Activation::kRelu6 : tflite::Activation::kRelu;
      place_.push_back(Place(Source(InputsOf(i)[0])));
      return;
    }
    Push(i, six ? FoldedKind::kRelu6 : FoldedKind::kRelu);
  }

  // Affine layers that one convolution without padding, or one dense layer, reads: folded into it, from the
  // last one on.
  void FoldForward() {
    for (auto it = affine_.rbegin(); it != affine_.rend(); ++it) {
      FoldedLayer* reader = nullptr;
      int readers = *it + 1 == static_cast<int>(layers_.size()) ? 1 : 0;
      for (FoldedLayer& layer : layers_) {
        for (const int input : layer.inputs) {
          if (input != *it) continue;
          reader = &layer;
          ++readers;
        }
      }
      const FoldedLayer& affine = layers_[static_cast<size_t>(*it)];
      if (readers != 1 || reader == nullptr || affine.activation != tflite::Activation::kNone) continue;
      const bool padded = reader->same_padding && reader->kernel > 1 && reader->kind != FoldedKind::kDense;
      if (!HasWeights(reader->kind) || padded) continue;
      MergeInto(affine, *reader);
      Remove(*it);
    }
  }

  static void MergeInto(const FoldedLayer& affine, FoldedLayer& layer) {
    const size_t outs = layer.bias.size(), per_output = layer.weights.size() / outs,
                 channels = affine.bias.size();
    std::vector<double> bias(layer.bias.begin(), layer.bias.end());
    for (size_t k = 0; k < layer.weights.size(); ++k) {
      const bool depthwise = layer.kind == FoldedKind::kDepthwise;
      const size_t o = depthwise ? k % outs : k / per_output, c = depthwise ? o : k % per_output % channels;
      bias[o] += static_cast<double>(layer.weights[k]) * affine.bias[c];
      layer.weights[k] = static_cast<float>(static_cast<double>(layer.weights[k]) * affine.weights[c]);
    }
    layer.bias.assign(bias.begin(), bias.end());
  }

  void Remove(int index) {
    const int input = layers_[static_cast<size_t>(index)].inputs[0];
    layers_.erase(layers_.begin() + index);
    for (FoldedLayer& layer : layers_) {
      for (int& value : layer.inputs) value = value == index ? input : value > index ? value - 1 : value;
    }
  }

  const nn::ModelSpec& spec_;
  Store store_;
  std::vector<nn::Shape> shapes_;
  std::vector<int> readers_;  // of each layer's output, the picture's first
  std::vector<int> place_;    // of each layer's output among the folded layers
  std::vector<int> affine_;   // folded layers that only scale and shift
  std::vector<FoldedLayer> layers_;
};

}  // namespace

Result<FoldedModel> Fold(const nn::ModelSpec& spec, const nn::Weights& weights) {
  return Folder(spec, weights).Run();
}

std::vector<float> Transposed(const std::vector<float>& values, size_t outs) {
  const size_t ins = values.size() / outs;
  std::vector<float> result(values.size());
  for (size_t i = 0; i < ins; ++i) {
    for (size_t o = 0; o < outs; ++o) result[o * ins + i] = values[i * outs + o];
  }
  return result;
}

int64_t Parameters(const FoldedModel& model) {
  size_t count = 0;
  for (const FoldedLayer& layer : model.layers) count += layer.weights.size() + layer.bias.size();
  return static_cast<int64_t>(count);
}

int64_t PeakElements(const FoldedModel& model) {
  const size_t count = model.layers.size();
  std::vector<size_t> last_reader(count + 1, 0);
  for (size_t i = 0; i < count; ++i) {
    for (const int input : model.layers[i].inputs) last_reader[static_cast<size_t>(input + 1)] = i;
  }
  last_reader[count] = count;
  size_t peak = 0;
  for (size_t step = 0; step < count; ++step) {
    size_t alive = last_reader[0] >= step ? Count({model.size_px, model.size_px, 3}) : 0;
    for (size_t i = 0; i <= step; ++i) {
      if (i == step || last_reader[i + 1] >= step) alive += Count(model.layers[i].out);
    }
    peak = std::max(peak, alive);
  }
  return static_cast<int64_t>(peak);
}

}  // namespace handlens::convert
