// ModelSpec as JSON: keys with default values are left out, so that a record shows what was chosen.
#include <algorithm>
#include <array>

#include "nn/spec.h"

namespace handlens::nn {
namespace {

constexpr std::array kKinds = {LayerKind::kNormalize,     LayerKind::kConv,      LayerKind::kDepthwise,
                               LayerKind::kDense,         LayerKind::kBatchNorm, LayerKind::kRelu,
                               LayerKind::kRelu6,         LayerKind::kMaxPool,   LayerKind::kAvgPool,
                               LayerKind::kGlobalAvgPool, LayerKind::kDropout,   LayerKind::kAdd,
                               LayerKind::kFakeQuantize};

std::string KindWord(LayerKind kind) {
  std::string word(KindName(kind));
  std::replace(word.begin(), word.end(), ' ', '_');
  return word;
}

Json LayerToJson(const LayerSpec& layer) {
  const LayerSpec plain;
  Json json = {{"kind", KindWord(layer.kind)}};
  if (layer.units != plain.units) json["units"] = layer.units;
  if (layer.kernel != plain.kernel) json["kernel"] = layer.kernel;
  if (layer.stride != plain.stride) json["stride"] = layer.stride;
  if (layer.padding != plain.padding) json["padding"] = "same";
  if (layer.rate != plain.rate) json["rate"] = layer.rate;
  if (layer.momentum != plain.momentum) json["momentum"] = layer.momentum;
  if (layer.fixed_statistics != plain.fixed_statistics) json["fixed_statistics"] = layer.fixed_statistics;
  if (layer.frozen != plain.frozen) json["frozen"] = layer.frozen;
  if (layer.bias != plain.bias) json["bias"] = layer.bias;
  if (layer.int8_kernel != plain.int8_kernel) json["int8_kernel"] = layer.int8_kernel;
  if (layer.input_step != plain.input_step) json["input_step"] = layer.input_step;
  if (layer.step != plain.step) json["step"] = layer.step;
  if (layer.zero != plain.zero) json["zero"] = layer.zero;
  if (!layer.inputs.empty()) json["inputs"] = layer.inputs;
  return json;
}

Result<LayerSpec> LayerFromJson(const Json& json, size_t index) {
  const auto word = json.at("kind").get<std::string>();
  const auto kind =
      std::find_if(kKinds.begin(), kKinds.end(), [&](LayerKind k) { return KindWord(k) == word; });
  if (kind == kKinds.end()) return Fail(ErrorKind::kBadInput, "layer {}: unknown kind \"{}\"", index, word);
  LayerSpec layer;
  layer.kind = *kind;
  layer.units = json.value("units", layer.units);
  layer.kernel = json.value("kernel", layer.kernel);
  layer.stride = json.value("stride", layer.stride);
  const auto padding = json.value("padding", std::string("valid"));
  if (padding != "same" && padding != "valid") {
    return Fail(ErrorKind::kBadInput, "layer {}: padding \"{}\" is neither \"valid\" nor \"same\"", index,
                padding);
  }
  layer.padding = padding == "same" ? Padding::kSame : Padding::kValid;
  layer.rate = json.value("rate", layer.rate);
  layer.momentum = json.value("momentum", layer.momentum);
  layer.fixed_statistics = json.value("fixed_statistics", layer.fixed_statistics);
  layer.frozen = json.value("frozen", layer.frozen);
  layer.bias = json.value("bias", layer.bias);
  layer.int8_kernel = json.value("int8_kernel", layer.int8_kernel);
  layer.input_step = json.value("input_step", layer.input_step);
  layer.step = json.value("step", layer.step);
  layer.zero = json.value("zero", layer.zero);
  layer.inputs = json.value("inputs", layer.inputs);
  return layer;
}

}  // namespace

Json ToJson(const ModelSpec& spec) {
  Json layers = Json::array();
  for (const LayerSpec& layer : spec.layers) layers.push_back(LayerToJson(layer));
  return {{"name", spec.name}, {"size_px", spec.size_px}, {"classes", spec.classes}, {"layers", layers}};
}

Result<ModelSpec> ModelFromJson(const Json& json) {
  const auto read = [](const Json& j) -> Result<ModelSpec> {
    ModelSpec spec;
    spec.name = j.at("name").get<std::string>();
    spec.size_px = j.at("size_px").get<int>();
    spec.classes = j.at("classes").get<int>();
    for (const Json& layer : j.at("layers")) {
      HL_ASSIGN(LayerSpec one, LayerFromJson(layer, spec.layers.size()));
      spec.layers.push_back(std::move(one));
    }
    return spec;
  };
  HL_ASSIGN(Result<ModelSpec> spec, FromJson(json, "model", read));
  return spec;
}

}  // namespace handlens::nn
