// The user's own training recipe: the [recipe] table of handlens.toml, as changes to the recipe of every
// candidate. What a recipe means is decided in train; here stand the keys and their ranges.
#pragma once

#include <string>

#include "base/json.h"
#include "base/result.h"

namespace toml {
inline namespace v3 {
class table;
}
}  // namespace toml

namespace handlens::pipeline {

// The keys to change, in the form of train::ToJson(Recipe): all of them when the table says `like`, else
// those named. An empty object when there is no [recipe]. `file` names the file in errors. Kind kUsage.
Result<Json> ReadOwnRecipe(const toml::table& root, const std::string& file);

}  // namespace handlens::pipeline
