#include "pipeline/options/own_recipe.h"

#include <algorithm>
#include <vector>

#include "base/suggest.h"
#include "pipeline/options/toml_at.h"
#include "train/train.h"

namespace handlens::pipeline {
namespace {

struct RealKey {
  const char* key;
  double low, high;
};
constexpr RealKey kReals[] = {
    {"learning_rate", 1e-6, 10}, {"momentum", 0, 0.9999},     {"beta1", 0, 0.9999},
    {"beta2", 0, 0.99999},       {"epsilon", 1e-12, 1},       {"weight_decay", 0, 1},
    {"warmup_epochs", 0, 1000},  {"label_smoothing", 0, 0.5},
};
struct WholeKey {
  const char* key;
  int64_t low, high;
};
constexpr WholeKey kWholes[] = {
    {"epochs", 1, 10'000}, {"batch", 1, 1024}, {"early_stop_patience", 0, 10'000}};
constexpr const char* kFlagNames[] = {"nesterov", "keep_best", "class_weights"};
struct WordKey {
  const char* key;
  std::vector<std::string> words;
};
const std::vector<WordKey>& WordKeys() {
  static const std::vector<WordKey> keys = {{"optimizer", {"sgd", "momentum", "adam"}},
                                            {"schedule", {"constant", "cosine"}}};
  return keys;
}

const std::vector<std::string> kRecipes = {"paper", "paper-code", "modern"};

Result<Json> Like(const std::string& file, const toml::node& node) {
  const auto name = node.value<std::string>().value_or("");
  if (name == "paper") return train::ToJson(train::PaperRecipe());
  if (name == "paper-code") return train::ToJson(train::PaperCodeRecipe());
  if (name == "modern") {
    Json changes = train::ToJson(train::ModernRecipe(1));
    changes.erase("epochs");  // a preset's length stays
    return changes;
  }
  return At(file, node,
            fmt::format("recipe: like '{}' is not one of {}{}", name, fmt::join(kRecipes, ", "),
                        DidYouMean(name, kRecipes)));
}

std::vector<std::string> Keys() {
  std::vector<std::string> keys = {"like"};
  for (const RealKey& real : kReals) keys.emplace_back(real.key);
  for (const WholeKey& whole : kWholes) keys.emplace_back(whole.key);
  keys.insert(keys.end(), std::begin(kFlagNames), std::end(kFlagNames));
  for (const WordKey& word : WordKeys()) keys.emplace_back(word.key);
  return keys;
}

Result<Json> Number(const std::string& file, const std::string& key, const toml::node& node) {
  for (const RealKey& real : kReals) {
    if (key != real.key) continue;
    const auto value = node.value<double>();
    if (value && *value >= real.low && *value <= real.high) return Json(*value);
    return At(file, node, fmt::format("recipe: {} is not a number from {} to {}", key, real.low, real.high));
  }
  for (const WholeKey& whole : kWholes) {
    if (key != whole.key) continue;
    const auto value = node.value_exact<int64_t>();
    if (value && *value >= whole.low && *value <= whole.high) return Json(*value);
    return At(file, node,
              fmt::format("recipe: {} is not a whole number from {} to {}", key, whole.low, whole.high));
  }
  return At(file, node, fmt::format("recipe: unknown key '{}'{}", key, DidYouMean(key, Keys())));
}

Result<Json> Value(const std::string& file, const std::string& key, const toml::node& node) {
  if (std::find(std::begin(kFlagNames), std::end(kFlagNames), key) != std::end(kFlagNames)) {
    if (node.is_boolean()) return Json(node.value_or(false));
    return At(file, node, fmt::format("recipe: {} is true or false", key));
  }
  for (const WordKey& word : WordKeys()) {
    if (key != word.key) continue;
    const auto value = node.value<std::string>().value_or("");
    if (std::find(word.words.begin(), word.words.end(), value) != word.words.end()) return Json(value);
    return At(file, node,
              fmt::format("recipe: {} '{}' is not one of {}{}", key, value, fmt::join(word.words, ", "),
                          DidYouMean(value, word.words)));
  }
  return Number(file, key, node);
}

}  // namespace

Result<Json> ReadOwnRecipe(const toml::table& root, const std::string& file) {
  Json changes = Json::object();
  const toml::node* node = root.get("recipe");
  if (node == nullptr) return changes;
  const toml::table* table = node->as_table();
  if (table == nullptr)
    return At(file, *node, "write [recipe] with one bracket: there is one for all candidates");
  if (const toml::node* like = table->get("like")) {
    HL_ASSIGN(changes, Like(file, *like));
  }
  for (const auto& [key, value] : *table) {
    if (key.str() == "like") continue;
    HL_ASSIGN(changes[std::string(key.str())], Value(file, std::string(key.str()), value));
  }
  return changes;
}

}  // namespace handlens::pipeline
