// What a backbone is made of, its hash, and the classifiers that begin from it.
#include "backbone/backbone.h"

#include <algorithm>
#include <cmath>

#include "backbone/check.h"
#include "base/hash.h"

namespace handlens::backbone {
namespace {

constexpr int kAnyClasses = 2;  // of the classifier that stands for all others in checks

bool GoodName(std::string_view name) {
  const auto good = [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '-' ||
           c == '_' || c == '.';
  };
  return !name.empty() && name.size() <= 64 && name[0] != '.' && name[0] != '-' &&
         std::all_of(name.begin(), name.end(), good);
}

int LayerOf(const nn::Tensor& tensor) { return std::atoi(tensor.name.c_str()); }

void AddHead(nn::ModelSpec& spec, int classes) {
  spec.classes = classes;
  spec.layers.push_back({.kind = nn::LayerKind::kGlobalAvgPool});
  spec.layers.push_back({.kind = nn::LayerKind::kDense, .units = classes});
}

nn::ModelSpec FeaturesAt(const Backbone& backbone, int cut, int size_px) {
  nn::ModelSpec spec = backbone.spec;
  spec.name = IsLastCut(backbone, cut) ? backbone.name : fmt::format("{}-cut{}", backbone.name, cut);
  spec.size_px = size_px;
  spec.layers.resize(static_cast<size_t>(FeatureLayer(backbone, cut)) + 1);
  return spec;
}

std::vector<nn::WeightShape> ShapesOf(const nn::Weights& weights) {
  std::vector<nn::WeightShape> shapes;
  for (const nn::Tensor& tensor : weights) shapes.push_back({tensor.name, tensor.shape});
  return shapes;
}

Result<void> CheckNumbers(const nn::Tensor& tensor) {
  const std::string_view what = std::string_view(tensor.name).substr(tensor.name.find('.') + 1);
  for (const float value : tensor.values) {
    if (!std::isfinite(value) || (what == "variance" && value < 0) || (what == "std" && value <= 0)) {
      return Fail(ErrorKind::kUsage, "{} holds {}, which no trained network does", tensor.name, value);
    }
  }
  return {};
}

Result<void> CheckCuts(const Backbone& backbone) {
  const int layers = static_cast<int>(backbone.spec.layers.size());
  const std::vector<int>& cuts = backbone.cuts;
  if (cuts.empty() || cuts.front() < 0 || cuts.back() != layers - 1 ||
      std::adjacent_find(cuts.begin(), cuts.end(), std::greater_equal<>()) != cuts.end()) {
    return Fail(ErrorKind::kUsage, "its cuts do not rise up to the last of its {} layers", layers);
  }
  return {};
}

}  // namespace

bool IsLastCut(const Backbone& backbone, int cut) {
  return static_cast<size_t>(cut) + 1 == backbone.cuts.size();
}

int FeatureLayer(const Backbone& backbone, int cut) {
  using enum nn::LayerKind;
  const std::vector<nn::LayerSpec>& layers = backbone.spec.layers;
  const size_t behind = static_cast<size_t>(backbone.cuts[static_cast<size_t>(cut)]), own = behind + 1;
  const auto is = [&](size_t i, std::initializer_list<nn::LayerKind> kinds) {
    return i < layers.size() && layers[i].inputs.empty() &&
           std::find(kinds.begin(), kinds.end(), layers[i].kind) != kinds.end();
  };
  if (!is(own, {kConv}) || layers[own].kernel != 1 || layers[own].stride != 1)
    return static_cast<int>(behind);
  size_t end = own + 1;
  if (is(end, {kBatchNorm})) ++end;
  if (!is(end, {kRelu, kRelu6})) return static_cast<int>(behind);
  const bool before_next =
      !IsLastCut(backbone, cut) && static_cast<int>(end) < backbone.cuts[static_cast<size_t>(cut) + 1];
  return static_cast<int>(before_next ? end : behind);
}

std::vector<int> FeatureLayers(const Backbone& backbone) {
  std::vector<int> layers;
  for (size_t cut = 0; cut < backbone.cuts.size(); ++cut)
    layers.push_back(FeatureLayer(backbone, static_cast<int>(cut)));
  return layers;
}

Result<std::vector<nn::WeightShape>> FeatureShapes(const nn::ModelSpec& spec) {
  nn::ModelSpec model = spec;
  AddHead(model, kAnyClasses);
  HL_ASSIGN(std::vector<nn::WeightShape> shapes, nn::WeightShapes(model));
  shapes.resize(shapes.size() - 2);  // the head's kernel and bias
  return shapes;
}

Result<void> Check(const Backbone& backbone) {
  if (!GoodName(backbone.name)) {
    return Fail(ErrorKind::kUsage,
                "\"{}\" is no name for a backbone; letters, digits, '-', '_' and '.' make one",
                backbone.name);
  }
  if (backbone.spec.classes != 0)
    return Fail(ErrorKind::kUsage, "it has {} classes; a backbone has none", backbone.spec.classes);
  HL_TRY(CheckCuts(backbone));
  HL_ASSIGN(const auto shapes, FeatureShapes(backbone.spec));
  if (ShapesOf(backbone.weights) != shapes)
    return Fail(ErrorKind::kUsage, "its weights are not those of its layers");
  for (const nn::Tensor& tensor : backbone.weights) HL_TRY(CheckNumbers(tensor));
  return {};
}

std::string HashOf(const Backbone& backbone) {
  nn::ModelSpec spec = backbone.spec;
  spec.name.clear();  // the same network under another name is the same
  const std::string text =
      nn::ToJson(spec).dump() + Json(backbone.cuts).dump() + Sha256(nn::EncodeWeights(backbone.weights));
  return Sha256(text).substr(0, 16);
}

Result<nn::ModelSpec> Classifier(const Backbone& backbone, int cut, int size_px, int classes) {
  const int cuts = static_cast<int>(backbone.cuts.size());
  if (cut < 0 || cut >= cuts) {
    return Fail(ErrorKind::kUsage, "backbone {} has cuts 0 to {}, not {}", backbone.name, cuts - 1, cut);
  }
  nn::ModelSpec spec = FeaturesAt(backbone, cut, size_px);
  HL_ASSIGN(const auto shapes, FeatureShapes(spec));
  if (ShapesOf(WeightsOf(backbone, cut)) != shapes) {
    return Fail(ErrorKind::kUsage, "backbone {} has layers that fit pictures of {} px alone, not {} px",
                backbone.name, backbone.spec.size_px, size_px);
  }
  AddHead(spec, classes);
  HL_TRY(nn::InferShapes(spec));
  return spec;
}

nn::Weights WeightsOf(const Backbone& backbone, int cut) {
  HL_CHECK(cut >= 0 && static_cast<size_t>(cut) < backbone.cuts.size());
  const int last = FeatureLayer(backbone, cut);
  nn::Weights weights;
  for (const nn::Tensor& tensor : backbone.weights) {
    if (LayerOf(tensor) <= last) weights.push_back(tensor);
  }
  return weights;
}

}  // namespace handlens::backbone
