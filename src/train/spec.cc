// A trial's specification as JSON, and what its data are known by.
#include "base/hash.h"
#include "train/start.h"
#include "train/train.h"

namespace handlens::train {
Json ToJson(const TrialSpec& spec) {
  Json json = {{"model", spec.model},
               {"size_px", spec.size_px},
               {"fold", spec.fold},
               {"seed", spec.seed},
               {"generator", image::ToJson(spec.generator)},
               {"recipe", ToJson(spec.recipe)},
               {"architecture", nn::ToJson(spec.architecture)}};
  if (spec.start) json["start"] = ToJson(*spec.start);
  return json;
}

Result<TrialSpec> TrialSpecFromJson(const Json& json) {
  auto read = FromJson(json, "trial", [](const Json& j) -> Result<TrialSpec> {
    TrialSpec spec;
    spec.model = j.at("model").get<std::string>();
    spec.size_px = j.at("size_px").get<int>();
    spec.fold = j.at("fold").get<int>();
    spec.seed = j.at("seed").get<uint64_t>();
    HL_ASSIGN(spec.generator, image::GeneratorFromJson(j.at("generator")));
    HL_ASSIGN(spec.recipe, RecipeFromJson(j.at("recipe")));
    HL_ASSIGN(spec.architecture, nn::ModelFromJson(j.at("architecture")));
    if (j.contains("start")) {
      HL_ASSIGN(spec.start, StartFromJson(j.at("start")));
    }
    return spec;
  });
  HL_ASSIGN(Result<TrialSpec> spec, std::move(read));
  return spec;
}

std::string DataFingerprint(const dataset::Dataset& dataset, const split::Split& split, image::Fit fit) {
  std::string text = dataset::Fingerprint(dataset) + "\n" + image::FitName(fit);
  const auto add = [&text](const char* name, const std::vector<int>& pictures) {
    text += fmt::format("\n{}", name);
    for (const int picture : pictures) text += fmt::format(" {}", picture);
  };
  for (const split::Fold& fold : split.folds) {
    add("train", fold.train);
    add("validation", fold.validation);
    add("test", fold.test);
  }
  add("holdout", split.holdout);
  return Sha256(text);
}

}  // namespace handlens::train
