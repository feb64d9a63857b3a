// The user's own architectures, augmentations and recipe: [[model]], [[generator]] and [recipe] tables of
// handlens.toml. Whether a model fits a picture size is not decided here but where the search asks nn for its
// shapes.
#pragma once

#include <string>
#include <vector>

#include "base/json.h"
#include "base/result.h"
#include "image/augment.h"
#include "nn/nn.h"

namespace toml {
inline namespace v3 {
class table;
}
}  // namespace toml

namespace handlens::pipeline {

struct OwnModels {
  std::vector<nn::ModelSpec> models;  // size and classes open; a last dense layer is added by WithClasses
  std::vector<image::GeneratorSpec> generators;
  Json recipe = Json::object();  // changes to every candidate's recipe, see own_recipe.h
  std::string toml;              // the tables as text, for the effective configuration
};

// Reads the tables. `file` names the file in errors ("mine.toml:12: layers[2]: ..."). Kind kUsage.
Result<OwnModels> ReadOwnModels(const toml::table& root, const std::string& file);

// The models with their classifier: a dense layer of `classes` logits at the end.
std::vector<nn::ModelSpec> WithClasses(const std::vector<nn::ModelSpec>& models, int classes);

}  // namespace handlens::pipeline
