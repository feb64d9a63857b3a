// A small backbone for tests: two blocks, the first of `inside` channels, the second of `last`; weights drawn
// at random and statistics that fit nothing in particular.
#pragma once

#include "backbone/backbone.h"
#include "train/start.h"
#include "train/synthetic.h"

namespace handlens::train {

inline backbone::Backbone TinyBackbone(int size_px, uint64_t seed, int inside = 8, int last = 16) {
  using enum nn::LayerKind;
  const auto layer = [](nn::LayerKind kind, int units, int kernel, int stride) {
    nn::LayerSpec spec;
    spec.kind = kind;
    spec.units = units;
    spec.kernel = kernel;
    spec.stride = stride;
    spec.padding = nn::Padding::kSame;
    spec.bias = false;
    spec.fixed_statistics = kind == kBatchNorm;
    return spec;
  };
  backbone::Backbone made;
  made.name = "tiny";
  made.spec = {"tiny", size_px, 0, {}};
  made.spec.layers = {layer(kConv, inside, 3, 2), layer(kBatchNorm, 0, 0, 1), layer(kRelu6, 0, 0, 1),
                      layer(kDepthwise, 0, 3, 1), layer(kBatchNorm, 0, 0, 1), layer(kRelu6, 0, 0, 1),
                      layer(kConv, last, 1, 1),   layer(kBatchNorm, 0, 0, 1), layer(kRelu6, 0, 0, 1)};
  made.cuts = {2, 5, 8};
  made.notice = "made by a test";
  nn::ModelSpec classifier = made.spec;  // only to draw the weights
  classifier.classes = 2;
  classifier.layers.push_back(layer(kGlobalAvgPool, 0, 0, 1));
  classifier.layers.push_back(layer(kDense, 2, 0, 1));
  const auto network = nn::Network::Create(classifier, 1, {});
  HL_CHECK(network.has_value());
  (*network)->Initialize(seed);
  made.weights = (*network)->SaveWeights();
  const std::string head = std::to_string(classifier.layers.size() - 1) + ".";
  std::erase_if(made.weights, [&](const nn::Tensor& tensor) { return tensor.name.starts_with(head); });
  Rng rng(seed, "tiny backbone");
  for (nn::Tensor& tensor : made.weights) {
    if (tensor.name.ends_with(".variance")) {
      for (float& value : tensor.values) value = 0.05f + 0.1f * rng.Uniform();
    }
  }
  made.hash = backbone::HashOf(made);
  return made;
}

// A trial of it on `made`'s pictures; all cuts but the last are shallower.
inline TrialSpec TrialFrom(const backbone::Backbone& backbone, const Synthetic& made, Method method) {
  TrialSpec spec;
  spec.size_px = made.pixels.size_px;
  const int cut = static_cast<int>(backbone.cuts.size()) - 1;
  spec.architecture =
      *backbone::Classifier(backbone, cut, spec.size_px, static_cast<int>(made.dataset.labels.size()));
  if (method == Method::kProbe)
    FreezeUpTo(spec.architecture, static_cast<int>(spec.architecture.layers.size()) - 1);
  spec.model = method == Method::kProbe ? "tiny-probe" : "tiny-tune";
  spec.generator.flip_horizontal = true;
  spec.generator.brightness_low = 0.8f;
  spec.generator.brightness_high = 1.2f;
  spec.recipe = method == Method::kProbe ? ProbeRecipe() : TuneRecipe();
  spec.recipe.epochs = method == Method::kProbe ? 1 : 3;
  spec.recipe.batch = 8;
  spec.start = {backbone.name, backbone.hash, cut, method, 2};
  return spec;
}

}  // namespace handlens::train
