#include "pipeline/options/own_models.h"

#include <algorithm>
#include <map>
#include <optional>
#include <sstream>

#include "base/suggest.h"
#include "pipeline/options/own_recipe.h"
#include "pipeline/options/toml_at.h"

namespace handlens::pipeline {
namespace {

// What the word of a layer means and which further keys it takes.
struct LayerWord {
  const char* word;
  nn::LayerKind kind;
  std::vector<std::string> keys;
};

const std::vector<LayerWord>& LayerWords() {
  static const std::vector<LayerWord> words = {
      {"conv", nn::LayerKind::kConv, {"kernel", "stride", "padding", "bias", "activation"}},
      {"depthwise", nn::LayerKind::kDepthwise, {"stride", "padding", "bias", "activation"}},
      {"dense", nn::LayerKind::kDense, {"bias", "activation"}},
      {"pool", nn::LayerKind::kMaxPool, {"stride", "padding"}},
      {"average_pool", nn::LayerKind::kAvgPool, {"stride", "padding"}},
      {"global_average_pool", nn::LayerKind::kGlobalAvgPool, {}},
      {"batch_norm", nn::LayerKind::kBatchNorm, {"activation", "momentum"}},
      {"dropout", nn::LayerKind::kDropout, {}},
      {"add", nn::LayerKind::kAdd, {"activation"}},
  };
  return words;
}

std::vector<std::string> Words() {
  std::vector<std::string> words;
  for (const LayerWord& word : LayerWords()) words.emplace_back(word.word);
  return words;
}

// Builds one [[model]]: layers by word, activations as layers of their own, names for `add` and `from`.
class ModelReader {
 public:
  explicit ModelReader(const std::string& file) : file_(file) {}

  Result<nn::ModelSpec> Read(const toml::table& table) {
    const auto name = table["name"].value<std::string>();
    if (!name || name->empty()) return At(file_, table, "[[model]]: name = \"...\" is missing");
    spec_.name = *name;
    for (const auto& [key, node] : table) {
      if (key.str() == "name" || key.str() == "layers") continue;
      const std::vector<std::string> known = {"name", "layers"};
      return At(
          file_, node,
          fmt::format("model {}: unknown key '{}'{}", spec_.name, key.str(), DidYouMean(key.str(), known)));
    }
    const toml::array* layers = table["layers"].as_array();
    if (layers == nullptr || layers->empty())
      return At(file_, table, fmt::format("model {}: layers = [...] is missing", spec_.name));
    for (const toml::node& layer : *layers) {
      where_ = fmt::format("model {}: layer {}", spec_.name, ++count_);
      const toml::table* entry = layer.as_table();
      if (entry == nullptr) return At(file_, layer, where_ + ": not of the form {conv = 32, kernel = 3}");
      HL_TRY(ReadLayer(*entry));
    }
    return std::move(spec_);
  }

 private:
  Result<void> ReadLayer(const toml::table& entry) {
    const LayerWord* word = nullptr;
    for (const LayerWord& candidate : LayerWords()) {
      if (!entry.contains(candidate.word)) continue;
      if (word != nullptr)
        return At(file_, entry, fmt::format("{}: both {} and {}", where_, word->word, candidate.word));
      word = &candidate;
    }
    if (word == nullptr) return Unknown(entry, Words());
    std::vector<std::string> known = word->keys;
    known.insert(known.end(), {word->word, "name", "from"});
    for (const auto& [key, node] : entry) {
      if (std::find(known.begin(), known.end(), key.str()) == known.end()) {
        return At(file_, node,
                  fmt::format("{}: unknown key '{}'{}", where_, key.str(), DidYouMean(key.str(), known)));
      }
    }
    nn::LayerSpec layer;
    layer.kind = word->kind;
    HL_TRY(ReadMain(*word, entry, layer));
    HL_TRY(ReadRest(entry, layer));
    spec_.layers.push_back(std::move(layer));
    HL_TRY(ReadActivation(entry));
    if (const auto name = entry["name"].value<std::string>())
      names_[*name] = static_cast<int>(spec_.layers.size()) - 1;
    return {};
  }

  Result<void> Unknown(const toml::table& entry, const std::vector<std::string>& known) const {
    const std::string first = entry.empty() ? "" : std::string(entry.begin()->first.str());
    return At(
        file_, entry,
        fmt::format("{}: no layer word ({}){}", where_, fmt::join(known, ", "), DidYouMean(first, known)));
  }

  Result<int> Whole(const toml::table& entry, std::string_view key, int low, int high) const {
    const toml::node* node = entry.get(key);
    const auto value = node->value_exact<int64_t>();
    if (!value || *value < low || *value > high) {
      return At(file_, *node,
                fmt::format("{}: {} is not a whole number from {} to {}", where_, key, low, high));
    }
    return static_cast<int>(*value);
  }

  // The value of the layer's own word.
  Result<void> ReadMain(const LayerWord& word, const toml::table& entry, nn::LayerSpec& layer) {
    const toml::node& node = *entry.get(word.word);
    switch (word.kind) {
      case nn::LayerKind::kConv:
      case nn::LayerKind::kDense: {
        HL_ASSIGN(layer.units, Whole(entry, word.word, 1, 65536));
        if (word.kind == nn::LayerKind::kConv) layer.kernel = 3;
        return {};
      }
      case nn::LayerKind::kDepthwise: {
        HL_ASSIGN(layer.kernel, Whole(entry, word.word, 1, 31));
        return {};
      }
      case nn::LayerKind::kMaxPool:
      case nn::LayerKind::kAvgPool: {
        HL_ASSIGN(layer.kernel, Whole(entry, word.word, 1, 31));
        layer.stride = layer.kernel;
        return {};
      }
      case nn::LayerKind::kDropout: {
        const auto rate = node.value<double>();
        if (!rate || *rate < 0 || *rate >= 1)
          return At(file_, node, where_ + ": dropout is not a number from 0 to below 1");
        layer.rate = static_cast<float>(*rate);
        return {};
      }
      case nn::LayerKind::kAdd: return ReadInputs(node, layer);
      default:
        if (node.value<bool>() != true)
          return At(file_, node, fmt::format("{}: write {} = true", where_, word.word));
        return {};
    }
  }

  Result<void> ReadInputs(const toml::node& node, nn::LayerSpec& layer) const {
    const toml::array* names = node.as_array();
    if (names == nullptr || names->size() != 2)
      return At(file_, node, where_ + ": add takes the names of two earlier layers");
    for (const toml::node& item : *names) {
      HL_ASSIGN(const int index, Named(item));
      layer.inputs.push_back(index);
    }
    return {};
  }

  Result<int> Named(const toml::node& node) const {
    const auto name = node.value<std::string>().value_or("");
    const auto it = names_.find(name);
    if (it != names_.end()) return it->second;
    std::vector<std::string> known;
    for (const auto& [key, value] : names_) known.push_back(key);
    return At(file_, node,
              fmt::format("{}: no earlier layer has the name '{}'{}", where_, name, DidYouMean(name, known)));
  }

  Result<void> ReadRest(const toml::table& entry, nn::LayerSpec& layer) {
    if (entry.contains("kernel")) {
      HL_ASSIGN(layer.kernel, Whole(entry, "kernel", 1, 31));
    }
    if (entry.contains("stride")) {
      HL_ASSIGN(layer.stride, Whole(entry, "stride", 1, 8));
    }
    if (const toml::node* padding = entry.get("padding")) {
      const auto text = padding->value<std::string>().value_or("");
      if (text != "same" && text != "valid")
        return At(file_, *padding, where_ + ": padding is \"same\" or \"valid\"");
      layer.padding = text == "same" ? nn::Padding::kSame : nn::Padding::kValid;
    }
    if (const toml::node* momentum = entry.get("momentum")) {
      const auto value = momentum->value<double>();
      if (!value || *value < 0 || *value >= 1)
        return At(file_, *momentum, where_ + ": momentum is not a number from 0 to below 1");
      layer.momentum = static_cast<float>(*value);
    }
    if (const toml::node* bias = entry.get("bias")) {
      if (!bias->is_boolean()) return At(file_, *bias, where_ + ": bias is true or false");
      layer.bias = bias->value_or(true);
    }
    if (const toml::node* from = entry.get("from")) {
      HL_ASSIGN(const int index, Named(*from));
      layer.inputs = {index};
    }
    return {};
  }

  Result<void> ReadActivation(const toml::table& entry) {
    const toml::node* node = entry.get("activation");
    if (node == nullptr) return {};
    const auto text = node->value<std::string>().value_or("");
    if (text == "none") return {};
    const std::vector<std::string> known = {"relu", "relu6", "none"};
    if (text != "relu" && text != "relu6") {
      return At(file_, *node,
                fmt::format("{}: activation '{}' is not relu, relu6 or none{}", where_, text,
                            DidYouMean(text, known)));
    }
    spec_.layers.push_back(
        {.kind = text == "relu" ? nn::LayerKind::kRelu : nn::LayerKind::kRelu6, .inputs = {}});
    return {};
  }

  const std::string& file_;
  nn::ModelSpec spec_;
  std::string where_;
  int count_ = 0;
  std::map<std::string, int> names_;
};

// Numbers of [[generator]] entries. Their ranges are those of image, asked after every key.
struct NumberKey {
  const char* key;
  float image::GeneratorSpec::*field;
};
constexpr NumberKey kNumbers[] = {
    {"rotation", &image::GeneratorSpec::rotation_deg},
    {"zoom", &image::GeneratorSpec::zoom},
    {"shear", &image::GeneratorSpec::shear_deg},
    {"shift_x", &image::GeneratorSpec::shift_x},
    {"shift_y", &image::GeneratorSpec::shift_y},
    {"crop_area_low", &image::GeneratorSpec::crop_area_low},
    {"gain", &image::GeneratorSpec::gain},
    {"gamma", &image::GeneratorSpec::gamma},
    {"white_balance", &image::GeneratorSpec::white_balance},
    {"contrast", &image::GeneratorSpec::contrast},
    {"camera_share", &image::GeneratorSpec::camera_share},
    {"camera_tilt", &image::GeneratorSpec::camera_tilt_deg},
    {"camera_shift", &image::GeneratorSpec::camera_shift},
    {"blur", &image::GeneratorSpec::blur_px},
    {"noise", &image::GeneratorSpec::noise},
};
struct FlagKey {
  const char* key;
  bool image::GeneratorSpec::*field;
};
constexpr FlagKey kFlags[] = {
    {"flip_horizontal", &image::GeneratorSpec::flip_horizontal},
    {"flip_vertical", &image::GeneratorSpec::flip_vertical},
    {"featurewise", &image::GeneratorSpec::featurewise},
};

class GeneratorReader {
 public:
  explicit GeneratorReader(const std::string& file) : file_(file) {}

  Result<image::GeneratorSpec> Read(const toml::table& table) {
    const auto name = table["name"].value<std::string>();
    if (!name || name->empty()) return At(file_, table, "[[generator]]: name = \"...\" is missing");
    if (const toml::node* base = table.get("like")) {
      auto named = image::NamedGenerator(base->value<std::string>().value_or(""));
      if (!named) return At(file_, *base, fmt::format("generator {}: {}", *name, named.error().message));
      spec_ = *named;
    }
    spec_.name = *name;
    for (const auto& [key, node] : table) {
      if (key.str() == "name" || key.str() == "like") continue;
      HL_TRY(ReadKey(std::string(key.str()), node));
      if (const auto checked = image::GeneratorFromJson(image::ToJson(spec_)); !checked)
        return At(file_, node, checked.error().message);
    }
    return std::move(spec_);
  }

 private:
  Result<void> ReadKey(const std::string& key, const toml::node& node) {
    std::vector<std::string> known = {"name", "like", "brightness", "camera_fill", "fill"};
    for (const NumberKey& number : kNumbers) {
      known.emplace_back(number.key);
      if (key != number.key) continue;
      HL_ASSIGN(spec_.*number.field, Number(key, node));
      return {};
    }
    for (const FlagKey& flag : kFlags) {
      known.emplace_back(flag.key);
      if (key != flag.key) continue;
      if (!node.is_boolean())
        return At(file_, node, fmt::format("generator {}: {} is true or false", spec_.name, key));
      spec_.*flag.field = node.value_or(false);
      return {};
    }
    if (key == "brightness") return Range(key, node, spec_.brightness_low, spec_.brightness_high);
    if (key == "camera_fill") return Range(key, node, spec_.camera_fill_low, spec_.camera_fill_high);
    if (key == "fill") return ReadFill(node);
    return At(file_, node,
              fmt::format("generator {}: unknown key '{}'{}", spec_.name, key, DidYouMean(key, known)));
  }

  Result<float> Number(const std::string& key, const toml::node& node) const {
    const auto value = node.value<double>();
    if (!value) return At(file_, node, fmt::format("generator {}: {} is not a number", spec_.name, key));
    return static_cast<float>(*value);
  }

  Result<void> Range(const std::string& key, const toml::node& node, float& low, float& high) const {
    const toml::array* pair = node.as_array();
    if (pair == nullptr || pair->size() != 2)
      return At(file_, node, fmt::format("generator {}: {} takes [low, high]", spec_.name, key));
    HL_ASSIGN(low, Number(key, *pair->get(0)));
    HL_ASSIGN(high, Number(key, *pair->get(1)));
    return {};
  }

  Result<void> ReadFill(const toml::node& node) {
    const std::vector<std::string> names = {"nearest", "constant", "reflect", "wrap"};
    const auto text = node.value<std::string>().value_or("");
    const auto it = std::find(names.begin(), names.end(), text);
    if (it == names.end()) {
      return At(file_, node,
                fmt::format("generator {}: fill '{}' is not one of {}{}", spec_.name, text,
                            fmt::join(names, ", "), DidYouMean(text, names)));
    }
    spec_.fill = static_cast<image::Fill>(it - names.begin());
    return {};
  }

  const std::string& file_;
  image::GeneratorSpec spec_;
};

// The tables named `key`, of which there may be none.
Result<std::vector<const toml::table*>> Tables(const toml::table& root, std::string_view key,
                                               const std::string& file) {
  std::vector<const toml::table*> tables;
  const toml::node* node = root.get(key);
  if (node == nullptr) return tables;
  const toml::array* array = node->as_array();
  if (array == nullptr) return At(file, *node, fmt::format("write [[{}]] with two brackets", key));
  for (const toml::node& item : *array) {
    if (!item.is_table()) return At(file, item, fmt::format("write [[{}]] tables", key));
    tables.push_back(item.as_table());
  }
  return tables;
}

}  // namespace

Result<OwnModels> ReadOwnModels(const toml::table& root, const std::string& file) {
  OwnModels own;
  HL_ASSIGN(const auto models, Tables(root, "model", file));
  for (const toml::table* table : models) {
    HL_ASSIGN(nn::ModelSpec spec, ModelReader(file).Read(*table));
    own.models.push_back(std::move(spec));
  }
  HL_ASSIGN(const auto generators, Tables(root, "generator", file));
  for (const toml::table* table : generators) {
    HL_ASSIGN(image::GeneratorSpec spec, GeneratorReader(file).Read(*table));
    own.generators.push_back(std::move(spec));
  }
  HL_ASSIGN(own.recipe, ReadOwnRecipe(root, file));
  toml::table copy;
  for (const char* key : {"model", "generator", "recipe"}) {
    if (const toml::node* node = root.get(key)) copy.insert(key, *node);
  }
  if (!copy.empty()) {
    std::ostringstream text;
    text << toml::toml_formatter{copy} << "\n";
    own.toml = text.str();
  }
  return own;
}

std::vector<nn::ModelSpec> WithClasses(const std::vector<nn::ModelSpec>& models, int classes) {
  std::vector<nn::ModelSpec> complete = models;
  for (nn::ModelSpec& model : complete) {
    model.classes = classes;
    model.layers.push_back({.kind = nn::LayerKind::kDense, .units = classes, .inputs = {}});
  }
  return complete;
}

}  // namespace handlens::pipeline
