// The recipes that have a name, and recipes as JSON.
#include "base/json.h"
#include "train/json_numbers.h"
#include "train/train.h"

namespace handlens::train {
namespace {

using nn::OptimizerKind;

constexpr std::pair<OptimizerKind, const char*> kOptimizers[] = {
    {OptimizerKind::kSgd, "sgd"}, {OptimizerKind::kMomentum, "momentum"}, {OptimizerKind::kAdam, "adam"}};
constexpr std::pair<Schedule, const char*> kSchedules[] = {{Schedule::kConstant, "constant"},
                                                           {Schedule::kCosine, "cosine"}};

template <class Enum, size_t N>
const char* NameOf(const std::pair<Enum, const char*> (&names)[N], Enum value) {
  for (const auto& [candidate, name] : names) {
    if (candidate == value) return name;
  }
  return "";
}

template <class Enum, size_t N>
Result<Enum> ValueOf(const std::pair<Enum, const char*> (&names)[N], const std::string& name,
                     const char* what) {
  std::string known;
  for (const auto& [value, candidate] : names) {
    if (name == candidate) return value;
    known += known.empty() ? candidate : std::string(", ") + candidate;
  }
  return Fail(ErrorKind::kBadInput, "unknown {} \"{}\"; one of: {}", what, name, known);
}

}  // namespace

Recipe PaperRecipe() {
  Recipe recipe;
  recipe.optimizer.kind = OptimizerKind::kSgd;
  recipe.learning_rate = 0.01f;  // Keras' default for SGD; Table 10 names none
  recipe.epochs = 50;
  recipe.batch = 10;
  return recipe;
}

Recipe PaperCodeRecipe() {
  Recipe recipe;
  recipe.optimizer.kind = OptimizerKind::kAdam;
  recipe.learning_rate = 0.001f;
  recipe.epochs = 20;
  recipe.batch = 5;
  return recipe;
}

Recipe ModernRecipe(int epochs) {
  Recipe recipe;
  recipe.optimizer.kind = OptimizerKind::kMomentum;
  recipe.optimizer.momentum = 0.9f;
  recipe.optimizer.nesterov = true;
  recipe.optimizer.weight_decay = 5e-4f;
  recipe.schedule = Schedule::kCosine;
  recipe.learning_rate = 0.1f;
  recipe.warmup_epochs = 3;
  recipe.epochs = epochs;
  recipe.batch = 32;
  recipe.label_smoothing = 0.1f;
  return recipe;
}

Recipe ProbeRecipe() {
  Recipe recipe;
  recipe.epochs = 1;
  recipe.batch = 16;
  return recipe;
}

Recipe TuneRecipe() {
  Recipe recipe;
  recipe.optimizer.kind = OptimizerKind::kMomentum;
  recipe.optimizer.momentum = 0.9f;
  recipe.optimizer.nesterov = true;
  recipe.optimizer.clip_norm = 2;
  recipe.schedule = Schedule::kCosine;
  recipe.learning_rate = 0.002f;
  recipe.warmup_epochs = 1;
  recipe.epochs = 8;
  recipe.batch = 16;
  return recipe;
}

Json ToJson(const Recipe& recipe) {
  const nn::Optimizer& o = recipe.optimizer;
  Json json = {{"optimizer", NameOf(kOptimizers, o.kind)},
               {"momentum", ShortNumber(o.momentum)},
               {"nesterov", o.nesterov},
               {"beta1", ShortNumber(o.beta1)},
               {"beta2", ShortNumber(o.beta2)},
               {"epsilon", ShortNumber(o.epsilon)},
               {"weight_decay", ShortNumber(o.weight_decay)},
               {"schedule", NameOf(kSchedules, recipe.schedule)},
               {"learning_rate", ShortNumber(recipe.learning_rate)},
               {"warmup_epochs", ShortNumber(recipe.warmup_epochs)},
               {"epochs", recipe.epochs},
               {"batch", recipe.batch},
               {"label_smoothing", ShortNumber(recipe.label_smoothing)},
               {"early_stop_patience", recipe.early_stop_patience},
               {"keep_best", recipe.keep_best},
               {"class_weights", recipe.class_weights}};
  if (o.start_decay != 0) json["start_decay"] = ShortNumber(o.start_decay);
  if (o.clip_norm != 0) json["clip_norm"] = ShortNumber(o.clip_norm);
  return json;
}

Result<Recipe> RecipeFromJson(const Json& json) {
  auto read = FromJson(json, "recipe", [](const Json& j) -> Result<Recipe> {
    Recipe recipe;
    HL_ASSIGN(recipe.optimizer.kind, ValueOf(kOptimizers, j.at("optimizer").get<std::string>(), "optimizer"));
    HL_ASSIGN(recipe.schedule, ValueOf(kSchedules, j.at("schedule").get<std::string>(), "schedule"));
    recipe.optimizer.momentum = j.at("momentum").get<float>();
    recipe.optimizer.nesterov = j.at("nesterov").get<bool>();
    recipe.optimizer.beta1 = j.at("beta1").get<float>();
    recipe.optimizer.beta2 = j.at("beta2").get<float>();
    recipe.optimizer.epsilon = j.at("epsilon").get<float>();
    recipe.optimizer.weight_decay = j.at("weight_decay").get<float>();
    recipe.optimizer.start_decay = j.value("start_decay", 0.0f);
    recipe.optimizer.clip_norm = j.value("clip_norm", 0.0f);
    recipe.learning_rate = j.at("learning_rate").get<float>();
    recipe.warmup_epochs = j.at("warmup_epochs").get<float>();
    recipe.epochs = j.at("epochs").get<int>();
    recipe.batch = j.at("batch").get<int>();
    recipe.label_smoothing = j.at("label_smoothing").get<float>();
    recipe.early_stop_patience = j.at("early_stop_patience").get<int>();
    recipe.keep_best = j.at("keep_best").get<bool>();
    recipe.class_weights = j.at("class_weights").get<bool>();
    return recipe;
  });
  HL_ASSIGN(Result<Recipe> recipe, std::move(read));
  return recipe;
}

}  // namespace handlens::train
