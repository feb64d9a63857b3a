#include "nn/zoo.h"

#include <algorithm>
#include <charconv>
#include <optional>

#include "base/suggest.h"
#include "nn/spec.h"

namespace handlens::nn {
namespace {

using Layers = std::vector<LayerSpec>;

LayerSpec Conv(int units, int kernel, int stride, Padding padding) {
  return {.kind = LayerKind::kConv, .units = units, .kernel = kernel, .stride = stride, .padding = padding};
}
LayerSpec Dense(int units) { return {.kind = LayerKind::kDense, .units = units}; }
LayerSpec Plain(LayerKind kind) { return {.kind = kind}; }
LayerSpec Dropout(float rate) { return {.kind = LayerKind::kDropout, .rate = rate}; }

// The paper's models: convolutions 3 x 3 with ReLU (as in the authors' code; the tables leave it out) and max
// pool 2 each, then dense layers with ReLU, then one neuron a class.
Layers PaperModel(const std::vector<int>& filters, const std::vector<int>& neurons, int classes,
                  float dropout) {
  Layers layers;
  for (const int f : filters) {
    layers.push_back(Conv(f, 3, 1, Padding::kValid));
    layers.push_back(Plain(LayerKind::kRelu));
    layers.push_back({.kind = LayerKind::kMaxPool, .kernel = 2, .stride = 2});
    if (dropout > 0) layers.push_back(Dropout(dropout));
  }
  for (const int n : neurons) {
    layers.push_back(Dense(n));
    layers.push_back(Plain(LayerKind::kRelu));
  }
  layers.push_back(Dense(classes));
  return layers;
}

void AddNormed(Layers& layers, LayerSpec layer, std::optional<LayerKind> activation) {
  layer.bias = false;
  layers.push_back(layer);
  // Keras' default momentum, 0.99, needs some 500 steps before inference sees the statistics that training
  // saw; small sets of pictures train hardly longer than that (docs/models.md).
  layers.push_back({.kind = LayerKind::kBatchNorm, .momentum = 0.9f});
  if (activation) layers.push_back(Plain(*activation));
}

LayerSpec Depthwise(int stride) {
  return {.kind = LayerKind::kDepthwise, .kernel = 3, .stride = stride, .padding = Padding::kSame};
}

Layers Nano(int width, int classes) {
  Layers layers;
  AddNormed(layers, Conv(std::max(8, width / 2), 3, 2, Padding::kSame), LayerKind::kRelu);
  struct Block {
    int times, stride;
  };
  for (const auto [times, stride] : {Block{1, 1}, Block{2, 2}, Block{2, 1}, Block{4, 2}, Block{4, 1}}) {
    AddNormed(layers, Depthwise(stride), LayerKind::kRelu);
    AddNormed(layers, Conv(times * width, 1, 1, Padding::kValid), LayerKind::kRelu);
  }
  layers.push_back(Plain(LayerKind::kGlobalAvgPool));
  layers.push_back(Dropout(0.1f));
  layers.push_back(Dense(classes));
  return layers;
}

// Channel counts stay multiples of 8 and never fall by more than a tenth (Sandler et al. 2018, their code's
// rule).
int Divisible(float channels) {
  const int rounded = std::max(8, static_cast<int>(channels + 4) / 8 * 8);
  return static_cast<float>(rounded) < 0.9f * channels ? rounded + 8 : rounded;
}

// Sandler et al. 2018, Table 2.
Layers MobileNetV2(float alpha, int classes) {
  struct Stage {
    int expand, channels, blocks, stride;
  };
  Layers layers;
  int channels = Divisible(32 * alpha);
  AddNormed(layers, Conv(channels, 3, 2, Padding::kSame), LayerKind::kRelu6);
  for (const auto& s : {Stage{1, 16, 1, 1}, Stage{6, 24, 2, 2}, Stage{6, 32, 3, 2}, Stage{6, 64, 4, 2},
                        Stage{6, 96, 3, 1}, Stage{6, 160, 3, 2}, Stage{6, 320, 1, 1}}) {
    const int out = Divisible(static_cast<float>(s.channels) * alpha);
    for (int b = 0; b < s.blocks; ++b) {
      const int entry = static_cast<int>(layers.size()) - 1;
      const int stride = b == 0 ? s.stride : 1;
      if (s.expand > 1)
        AddNormed(layers, Conv(channels * s.expand, 1, 1, Padding::kValid), LayerKind::kRelu6);
      AddNormed(layers, Depthwise(stride), LayerKind::kRelu6);
      AddNormed(layers, Conv(out, 1, 1, Padding::kValid), std::nullopt);
      if (stride == 1 && out == channels) {
        LayerSpec add = Plain(LayerKind::kAdd);
        add.inputs = {entry, static_cast<int>(layers.size()) - 1};
        layers.push_back(add);
      }
      channels = out;
    }
  }
  AddNormed(layers, Conv(1280, 1, 1, Padding::kValid), LayerKind::kRelu6);
  layers.push_back(Plain(LayerKind::kGlobalAvgPool));
  layers.push_back(Dense(classes));
  return layers;
}

// "f<filters>n<neurons>", both 1..4096.
std::optional<std::pair<int, int>> Widths(std::string_view name) {
  if (name.size() < 4 || name[0] != 'f') return std::nullopt;
  const size_t n = name.find('n');
  if (n == std::string_view::npos) return std::nullopt;
  const auto number = [](std::string_view text) {
    int value = 0;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
    return error == std::errc() && end == text.data() + text.size() && value <= 4096 ? value : 0;
  };
  const int filters = number(name.substr(1, n - 1)), neurons = number(name.substr(n + 1));
  if (filters < 1 || neurons < 1) return std::nullopt;
  return std::pair{filters, neurons};
}

std::optional<Layers> PaperLayers(std::string_view name, int classes) {
  constexpr std::string_view kSuffix = "-dropout";
  const bool dropped = name.ends_with(kSuffix);
  if (dropped) name.remove_suffix(kSuffix.size());
  const float rate = dropped ? 0.2f : 0.0f;
  if (name == "m1d1") return PaperModel({30}, {50}, classes, rate);
  if (name == "m1") return PaperModel({32}, {128}, classes, rate);
  if (name == "m2") return PaperModel({32, 64}, {256, 128}, classes, rate);
  if (name == "m4") return PaperModel({32, 32, 32, 64}, {128, 50, 20}, classes, rate);
  if (const auto widths = Widths(name)) return PaperModel({widths->first}, {widths->second}, classes, rate);
  return std::nullopt;
}

std::optional<Layers> LayersOf(std::string_view name, int classes) {
  for (const int width : {8, 16, 24, 32}) {
    if (name == fmt::format("nano{}", width)) return Nano(width, classes);
  }
  if (name == "mobilenetv2-0.35") return MobileNetV2(0.35f, classes);
  if (name == "mobilenetv2-1.0") return MobileNetV2(1.0f, classes);
  return PaperLayers(name, classes);
}

}  // namespace

std::vector<ZooEntry> Zoo() {
  std::vector<ZooEntry> zoo = {
      {"m1d1", "one convolution of 30 filters, 50 neurons (the paper's Table 9)", 4, true},
      {"m1", "one convolution of 32 filters, 128 neurons (the paper's Table 11)", 4, true},
      {"m2", "two convolutions, 256 and 128 neurons (the paper's Table 13)", 10, true},
      {"m4", "four convolutions, 128, 50 and 20 neurons (the paper's Table 12)", 46, true},
  };
  for (size_t i = 0; i < 4; ++i) {
    const ZooEntry plain = zoo[i];
    zoo.push_back({plain.name + "-dropout", plain.description + ", dropout 0.2 after each pool",
                   plain.min_size_px, true});
  }
  for (const int width : {8, 16, 24, 32}) {
    zoo.push_back({fmt::format("nano{}", width),
                   fmt::format("depthwise-separable blocks of {} to {} channels; small, fast, for phones",
                               width, 4 * width),
                   16, false});
  }
  zoo.push_back({"mobilenetv2-0.35", "MobileNetV2 at 0.35 of its width (Sandler et al. 2018), from scratch",
                 32, false});
  zoo.push_back({"mobilenetv2-1.0", "MobileNetV2 (Sandler et al. 2018), from scratch", 32, false});
  return zoo;
}

Result<ModelSpec> NamedModel(std::string_view name, int size_px, int classes) {
  std::optional<Layers> layers = LayersOf(name, classes);
  const std::vector<ZooEntry> zoo = Zoo();
  if (!layers) {
    const auto nearest = std::min_element(zoo.begin(), zoo.end(), [&](const ZooEntry& a, const ZooEntry& b) {
      return EditDistance(name, a.name) < EditDistance(name, b.name);
    });
    return Fail(ErrorKind::kUsage, "unknown model \"{}\"; did you mean \"{}\"?", name, nearest->name);
  }
  for (const ZooEntry& entry : zoo) {
    if (entry.name == name && size_px < entry.min_size_px) {
      return Fail(ErrorKind::kUsage, "model {} needs pictures of at least {} px, not {}", name,
                  entry.min_size_px, size_px);
    }
  }
  ModelSpec spec{std::string(name), size_px, classes, std::move(*layers)};
  HL_TRY(InferShapes(spec));
  return spec;
}

}  // namespace handlens::nn
