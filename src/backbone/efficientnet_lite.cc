#include "backbone/efficientnet_lite.h"

#include <algorithm>
#include <cmath>
#include <map>
#include <optional>

#include "backbone/check.h"

namespace handlens::backbone {
namespace {

constexpr std::string_view kNotice =
    "EfficientNet-Lite (Tan and Le 2019; The TensorFlow Authors, Apache License 2.0), weights trained on "
    "ImageNet-1k and converted to PyTorch by ML Illustrated (2020, Apache License 2.0). ImageNet's own terms "
    "allow research and education; whether a product may carry what was learnt from it is for the user to "
    "decide.";

struct Scale {
  double width, depth;
  int size_px;
};
constexpr Scale kScales[] = {{1.0, 1.0, 224}, {1.0, 1.1, 240}, {1.1, 1.2, 260}};

struct Stage {
  int repeats, kernel, stride, expand, channels;
};
constexpr Stage kStages[] = {{1, 3, 1, 1, 16},  {2, 3, 2, 6, 24},  {2, 5, 2, 6, 40}, {3, 3, 2, 6, 80},
                             {3, 5, 1, 6, 112}, {4, 5, 2, 6, 192}, {1, 3, 1, 6, 320}};
constexpr int kStem = 32, kHead = 1280;  // not scaled in the Lite models

// Multiples of 8, never more than a tenth below (their code's rule).
int Channels(int channels, double width) {
  const double wanted = channels * width;
  const int rounded = std::max(8, static_cast<int>(wanted + 4) / 8 * 8);
  return rounded < 0.9 * wanted ? rounded + 8 : rounded;
}

// A convolution and the batch norm behind it, with their names in the checkpoint.
struct Named {
  int layer;
  std::string kernel, norm;
};

// The layers one after the other, and which tensor of the checkpoint each one takes.
class Builder {
 public:
  explicit Builder(Lite which) : scale_(kScales[static_cast<size_t>(which)]) {
    Push({.kind = nn::LayerKind::kNormalize});
    Normed(Conv(kStem, 3, 2), "_conv_stem", "_bn0", nn::LayerKind::kRelu6);
    channels_ = kStem;
    for (const Stage& stage : kStages) AddStage(stage);
    Normed(Conv(kHead, 1, 1), "_conv_head", "_bn1", nn::LayerKind::kRelu6);
    cuts.push_back(Last());
  }

  std::vector<nn::LayerSpec> layers;
  std::vector<int> cuts;
  std::vector<Named> named;

 private:
  int Last() const { return static_cast<int>(layers.size()) - 1; }
  void Push(nn::LayerSpec layer) { layers.push_back(std::move(layer)); }
  static nn::LayerSpec Conv(int units, int kernel, int stride) {
    return {.kind = nn::LayerKind::kConv,
            .units = units,
            .kernel = kernel,
            .stride = stride,
            .padding = nn::Padding::kSame};
  }
  void Normed(nn::LayerSpec layer, std::string kernel, std::string norm,
              std::optional<nn::LayerKind> activation) {
    layer.bias = false;
    Push(layer);
    named.push_back({Last(), std::move(kernel), std::move(norm)});
    Push({.kind = nn::LayerKind::kBatchNorm, .fixed_statistics = true});
    if (activation) Push({.kind = *activation});
  }

  void AddStage(const Stage& stage) {
    const bool fixed = &stage == &kStages[0] || &stage == &std::end(kStages)[-1];  // once, whatever the depth
    const int repeats = fixed ? stage.repeats : static_cast<int>(std::ceil(scale_.depth * stage.repeats));
    for (int i = 0; i < repeats; ++i) AddBlock(stage, i == 0 ? stage.stride : 1);
  }

  void AddBlock(const Stage& stage, int stride) {
    const std::string block = fmt::format("_blocks.{}.", cuts.size());
    const int entry = Last(), out = Channels(stage.channels, scale_.width);
    const auto relu6 = nn::LayerKind::kRelu6;
    if (stage.expand > 1)
      Normed(Conv(channels_ * stage.expand, 1, 1), block + "_expand_conv", block + "_bn0", relu6);
    Normed({.kind = nn::LayerKind::kDepthwise,
            .kernel = stage.kernel,
            .stride = stride,
            .padding = nn::Padding::kSame},
           block + "_depthwise_conv", block + "_bn1", relu6);
    Normed(Conv(out, 1, 1), block + "_project_conv", block + "_bn2", std::nullopt);
    if (stride == 1 && out == channels_) Push({.kind = nn::LayerKind::kAdd, .inputs = {entry, Last()}});
    channels_ = out;
    cuts.push_back(Last());
  }

  Scale scale_;
  int channels_ = 0;
};

// Tensors by name; what nobody takes is found at the end.
class Checkpoint {
 public:
  explicit Checkpoint(const nn::Weights& weights) {
    for (const nn::Tensor& tensor : weights) left_[tensor.name] = &tensor;
  }
  Result<nn::Tensor> Take(const std::string& name, std::vector<int> shape) {
    const auto found = left_.find(name);
    if (found == left_.end()) return Fail(ErrorKind::kBadInput, "PyTorch weights: {} is missing", name);
    nn::Tensor tensor = *found->second;
    left_.erase(found);
    if (tensor.shape != shape) {
      return Fail(ErrorKind::kBadInput, "PyTorch weights: {} is {}, not {}", name, Json(tensor.shape).dump(),
                  Json(shape).dump());
    }
    return tensor;
  }
  Result<void> NothingLeft() const {
    if (left_.empty()) return {};
    return Fail(ErrorKind::kBadInput, "PyTorch weights: {} fits nowhere", left_.begin()->first);
  }

 private:
  std::map<std::string, const nn::Tensor*, std::less<>> left_;
};

// (out, in, kh, kw), depthwise (channels, 1, kh, kw), to (kh, kw, in, out) and (kh, kw, channels).
nn::Tensor Transposed(const nn::Tensor& from, const nn::WeightShape& to) {
  const size_t out = static_cast<size_t>(from.shape[0]), rest = from.values.size() / out;
  const size_t in = static_cast<size_t>(from.shape[1]), window = rest / in;
  nn::Tensor tensor{to.name, to.shape, std::vector<float>(from.values.size())};
  for (size_t o = 0; o < out; ++o) {
    for (size_t i = 0; i < in; ++i) {
      for (size_t k = 0; k < window; ++k)
        tensor.values[(k * in + i) * out + o] = from.values[o * rest + i * window + k];
    }
  }
  return tensor;
}

std::vector<int> TorchShape(const std::vector<int>& kernel) {
  return kernel.size() == 3 ? std::vector<int>{kernel[2], 1, kernel[0], kernel[1]}
                            : std::vector<int>{kernel[3], kernel[2], kernel[0], kernel[1]};
}

Result<nn::Tensor> TakeFor(const nn::WeightShape& shape, const std::vector<Named>& named,
                           Checkpoint& checkpoint) {
  const int layer = std::atoi(shape.name.c_str());
  const std::string what = shape.name.substr(shape.name.find('.') + 1);
  if (layer == 0) {  // 255 x levels to (level - 127) / 128
    return nn::Tensor{shape.name, shape.shape,
                      std::vector<float>(3, what == "mean" ? 127.0f / 255 : 128.0f / 255)};
  }
  const auto at = std::find_if(named.begin(), named.end(),
                               [&](const Named& n) { return n.layer == layer || n.layer + 1 == layer; });
  HL_CHECK(at != named.end());
  if (what == "kernel") {
    HL_ASSIGN(const nn::Tensor tensor, checkpoint.Take(at->kernel + ".weight", TorchShape(shape.shape)));
    return Transposed(tensor, shape);
  }
  const std::map<std::string, std::string> whats = {
      {"gamma", ".weight"}, {"beta", ".bias"}, {"mean", ".running_mean"}, {"variance", ".running_var"}};
  HL_ASSIGN(nn::Tensor tensor, checkpoint.Take(at->norm + whats.at(what), shape.shape));
  tensor.name = shape.name;
  return tensor;
}

}  // namespace

Backbone LiteBackbone(Lite which) {
  Builder built(which);
  Backbone backbone;
  backbone.name = kLiteNames[static_cast<size_t>(which)];
  backbone.spec = {backbone.name, kScales[static_cast<size_t>(which)].size_px, 0, std::move(built.layers)};
  backbone.cuts = std::move(built.cuts);
  backbone.notice = kNotice;
  return backbone;
}

Result<Backbone> LiteFromCheckpoint(Lite which, const nn::Weights& checkpoint, Kernels kernels) {
  Backbone backbone = LiteBackbone(which);
  const Builder built(which);
  Checkpoint left(checkpoint);
  HL_ASSIGN(std::vector<nn::WeightShape> shapes, FeatureShapes(backbone.spec));
  for (const nn::WeightShape& shape : shapes) {
    HL_ASSIGN(nn::Tensor tensor, TakeFor(shape, built.named, left));
    if (kernels == Kernels::kHalf && tensor.name.ends_with(".kernel")) {
      std::transform(tensor.values.begin(), tensor.values.end(), tensor.values.begin(), nn::RoundToHalf);
    }
    backbone.weights.push_back(std::move(tensor));
  }
  HL_TRY(left.Take("_fc.weight", {1000, kHead}));
  HL_TRY(left.Take("_fc.bias", {1000}));
  HL_TRY(left.NothingLeft());
  backbone.hash = HashOf(backbone);
  return backbone;
}

Result<Model> LiteClassifier(const Backbone& backbone, const nn::Weights& checkpoint) {
  Checkpoint left(checkpoint);
  const int cut = static_cast<int>(backbone.cuts.size()) - 1;
  HL_ASSIGN(nn::ModelSpec spec, Classifier(backbone, cut, backbone.spec.size_px, 1000));
  HL_ASSIGN(const nn::Tensor kernel, left.Take("_fc.weight", {1000, kHead}));
  HL_ASSIGN(nn::Tensor bias, left.Take("_fc.bias", {1000}));
  const std::string head = std::to_string(spec.layers.size() - 1);
  Model model{std::move(spec), WeightsOf(backbone, cut)};
  nn::Tensor flat = kernel;
  flat.shape = {1000, kHead, 1, 1};
  model.weights.push_back(Transposed(flat, {head + ".kernel", {kHead, 1000}}));
  bias.name = head + ".bias";
  model.weights.push_back(std::move(bias));
  return model;
}

}  // namespace handlens::backbone
