// Where a trial begins, see start.h.
#include "train/start.h"

#include <algorithm>

#include "base/disk.h"

namespace handlens::train {
namespace {

constexpr std::pair<Method, const char*> kMethods[] = {{Method::kProbe, "probe"}, {Method::kTune, "tune"}};

}  // namespace

Json ToJson(const Start& start) {
  const auto method = std::find_if(std::begin(kMethods), std::end(kMethods),
                                   [&](const auto& m) { return m.first == start.method; });
  return {{"backbone", start.backbone},
          {"hash", start.hash},
          {"cut", start.cut},
          {"method", method->second},
          {"views", start.views}};
}

Result<Start> StartFromJson(const Json& json) {
  auto read = FromJson(json, "start", [](const Json& j) -> Result<Start> {
    Start start;
    start.backbone = j.at("backbone").get<std::string>();
    start.hash = j.at("hash").get<std::string>();
    start.cut = j.at("cut").get<int>();
    start.views = j.at("views").get<int>();
    const std::string name = j.at("method").get<std::string>();
    const auto method = std::find_if(std::begin(kMethods), std::end(kMethods),
                                     [&](const auto& m) { return name == m.second; });
    if (method == std::end(kMethods))
      return Fail(ErrorKind::kBadInput, "unknown method \"{}\"; one of: probe, tune", name);
    start.method = method->first;
    return start;
  });
  HL_ASSIGN(Result<Start> start, std::move(read));
  return start;
}

void FreezeUpTo(nn::ModelSpec& spec, int layer) {
  for (int i = 0; i < layer; ++i) {
    nn::LayerSpec& l = spec.layers[static_cast<size_t>(i)];
    using enum nn::LayerKind;
    l.frozen = l.kind == kConv || l.kind == kDepthwise || l.kind == kDense || l.kind == kBatchNorm;
  }
}

Result<void> Overlay(nn::Weights& weights, const nn::Weights& by) {
  for (const nn::Tensor& tensor : by) {
    const auto place = std::find_if(weights.begin(), weights.end(),
                                    [&](const nn::Tensor& t) { return t.name == tensor.name; });
    if (place == weights.end() || place->shape != tensor.shape) {
      return Fail(ErrorKind::kBadInput, "the weights {} do not fit the model", tensor.name);
    }
    place->values = tensor.values;
  }
  return {};
}

nn::Weights WithoutFrozen(const nn::ModelSpec& spec, nn::Weights weights) {
  std::erase_if(weights, [&](const nn::Tensor& tensor) {
    const auto layer = static_cast<size_t>(std::stoi(tensor.name));  // "<layer>.<what>"
    return layer < spec.layers.size() && spec.layers[layer].frozen;
  });
  return weights;
}

Result<const backbone::Backbone*> BackboneOf(const Start& start,
                                             const std::vector<const backbone::Backbone*>& backbones) {
  for (const backbone::Backbone* backbone : backbones) {
    if (backbone->hash == start.hash) return backbone;
  }
  return Fail(ErrorKind::kBadInput,
              "the backbone {} ({}) is not at hand; `handlens backbone list` shows which are", start.backbone,
              start.hash);
}

std::filesystem::path BackboneFile(const std::filesystem::path& trials, const std::string& hash) {
  return trials.parent_path() / "backbones" / (hash + ".safetensors");
}

Result<void> KeepBackbone(const std::filesystem::path& trials, const backbone::Backbone& backbone) {
  const std::filesystem::path path = BackboneFile(trials, backbone.hash);
  const auto kept = backbone::Read(path);
  if (kept && kept->hash == backbone.hash) return {};
  return backbone::Write(path, backbone);
}

}  // namespace handlens::train
