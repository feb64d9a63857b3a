// A classifier without its classifier: where its features are, and where else it may be cut.
#include <algorithm>

#include "backbone/backbone.h"
#include "backbone/check.h"

namespace handlens::backbone {
namespace {

using nn::LayerKind;

std::vector<int> InputsOf(const nn::ModelSpec& spec, int layer) {
  const std::vector<int>& inputs = spec.layers[static_cast<size_t>(layer)].inputs;
  return inputs.empty() ? std::vector{layer - 1} : inputs;
}
LayerKind KindOf(const nn::ModelSpec& spec, int layer) {
  return spec.layers[static_cast<size_t>(layer)].kind;
}

// Layers that belong to the weighted layer before them.
bool BelongsBefore(LayerKind kind) {
  return kind == LayerKind::kBatchNorm || kind == LayerKind::kRelu || kind == LayerKind::kRelu6 ||
         kind == LayerKind::kDropout || kind == LayerKind::kMaxPool || kind == LayerKind::kAvgPool;
}

// The layer whose output `layer` is, dropouts passed over.
int Source(const nn::ModelSpec& spec, int layer) {
  while (layer >= 0 && KindOf(spec, layer) == LayerKind::kDropout) layer = InputsOf(spec, layer)[0];
  return layer;
}

// Whether the last layer gives each class a number from all of one picture's features.
bool EndsAsAClassifier(const nn::ModelSpec& spec, const std::vector<nn::Shape>& shapes) {
  const int last = static_cast<int>(spec.layers.size()) - 1, source = InputsOf(spec, last)[0];
  if (KindOf(spec, last) != LayerKind::kConv || source < 0) return KindOf(spec, last) == LayerKind::kDense;
  return shapes[static_cast<size_t>(source)].height == 1 && shapes[static_cast<size_t>(source)].width == 1;
}

// The index of the last layer of features.
Result<int> FeaturesOf(const nn::ModelSpec& spec, const std::vector<nn::Shape>& shapes) {
  if (!EndsAsAClassifier(spec, shapes)) {
    return Fail(
        ErrorKind::kUsage,
        "it does not end with a dense layer (or a convolution on one pixel) that gives a number a class");
  }
  const int last = static_cast<int>(spec.layers.size()) - 1;
  int features = Source(spec, InputsOf(spec, last)[0]);
  if (features >= 0 && KindOf(spec, features) == LayerKind::kGlobalAvgPool)
    features = Source(spec, InputsOf(spec, features)[0]);
  if (features < 1) return Fail(ErrorKind::kUsage, "nothing but its classifier is in it");
  for (int i = features + 1; i < last; ++i) {
    const LayerKind kind = KindOf(spec, i);
    if (kind != LayerKind::kDropout && kind != LayerKind::kGlobalAvgPool) {
      return Fail(ErrorKind::kUsage, "layer {} stands beside its last features", i);
    }
  }
  return features;
}

// Whether a cut behind layer i would lie inside a block.
bool InsideABlock(const nn::ModelSpec& spec, const std::vector<nn::Shape>& shapes, int i) {
  int producer = i;
  while (producer > 0 && BelongsBefore(KindOf(spec, producer))) producer = InputsOf(spec, producer)[0];
  if (producer < 0) return true;
  const LayerKind kind = KindOf(spec, producer);
  if (kind == LayerKind::kDepthwise || kind == LayerKind::kNormalize) return true;
  const bool next_depthwise = KindOf(spec, i + 1) == LayerKind::kDepthwise;
  const int before = InputsOf(spec, producer)[0];
  const int channels = before < 0 ? 3 : shapes[static_cast<size_t>(before)].channels;
  return kind == LayerKind::kConv && spec.layers[static_cast<size_t>(producer)].kernel == 1 &&
         next_depthwise && shapes[static_cast<size_t>(producer)].channels >= 3 * channels;
}

std::vector<int> CutsOf(const nn::ModelSpec& spec, const std::vector<nn::Shape>& shapes, int features) {
  // The earliest layer that is read by layers behind i.
  std::vector<int> earliest(static_cast<size_t>(features) + 1, features);
  for (int i = features; i > 0; --i) {
    int& before = earliest[static_cast<size_t>(i) - 1];
    before = i < features ? earliest[static_cast<size_t>(i)] : features;
    for (const int input : InputsOf(spec, i)) before = std::min(before, input);
  }
  std::vector<int> cuts;
  for (int i = 1; i < features; ++i) {
    if (earliest[static_cast<size_t>(i)] < i || BelongsBefore(KindOf(spec, i + 1))) continue;
    if (!InsideABlock(spec, shapes, i)) cuts.push_back(i);
  }
  cuts.push_back(features);
  return cuts;
}

}  // namespace

Result<Backbone> FromClassifier(std::string name, const Model& model, std::string notice) {
  HL_ASSIGN(const std::vector<nn::Shape> shapes, nn::InferShapes(model.spec));
  HL_ASSIGN(const int features, FeaturesOf(model.spec, shapes));
  Backbone backbone;
  backbone.name = std::move(name);
  backbone.notice = std::move(notice);
  backbone.spec = model.spec;
  backbone.spec.name = backbone.name;
  backbone.spec.classes = 0;
  backbone.spec.layers.resize(static_cast<size_t>(features) + 1);
  for (nn::LayerSpec& layer : backbone.spec.layers) {
    layer.fixed_statistics = layer.kind == LayerKind::kBatchNorm;
    layer.frozen = false;
  }
  backbone.cuts = CutsOf(model.spec, shapes, features);
  HL_ASSIGN(const std::vector<nn::WeightShape> wanted, FeatureShapes(backbone.spec));
  for (const nn::WeightShape& shape : wanted) {
    const auto found = std::find_if(model.weights.begin(), model.weights.end(),
                                    [&](const nn::Tensor& t) { return t.name == shape.name; });
    if (found == model.weights.end()) return Fail(ErrorKind::kUsage, "its weights lack {}", shape.name);
    backbone.weights.push_back(*found);
  }
  HL_TRY(Check(backbone));
  backbone.hash = HashOf(backbone);
  return backbone;
}

}  // namespace handlens::backbone
