#include "train/trial_ids.h"

#include <algorithm>

#include "base/hash.h"
#include "train/start.h"

namespace handlens::train {
namespace {

// Raised whenever the same spec and data would train to other bits: layers' arithmetic, shuffles, generators.
constexpr int kEngineVersion = 1;

std::string Canonical(const Json& json) { return json.dump(-1, ' ', false, Json::error_handler_t::replace); }

// The text of a value; made where it is not among the last ones.
template <class T>
const std::string& TextOf(const T& value, std::vector<std::pair<T, std::string>>& texts) {
  constexpr size_t kMost = 64;
  const auto found =
      std::find_if(texts.begin(), texts.end(), [&](const auto& known) { return known.first == value; });
  if (found != texts.end()) return found->second;
  if (texts.size() == kMost) texts.clear();
  return texts.emplace_back(value, Canonical(ToJson(value))).second;
}

}  // namespace

// The canonical text is that of ToJson(spec) on one line, without spaces, its members in ToJson's order.
std::string TrialIds::Of(const TrialSpec& spec) {
  std::string text = "{\"model\":" + Canonical(spec.model) + ",\"size_px\":" + std::to_string(spec.size_px) +
                     ",\"fold\":" + std::to_string(spec.fold) + ",\"seed\":" + std::to_string(spec.seed);
  text += ",\"generator\":";
  text += TextOf(spec.generator, generators_);
  text += ",\"recipe\":";
  text += TextOf(spec.recipe, recipes_);
  text += ",\"architecture\":";
  text += TextOf(spec.architecture, architectures_);
  if (spec.start) {
    text += ",\"start\":";
    text += TextOf(*spec.start, starts_);
  }
  text += fmt::format("}}\n{}\nengine {}", data_, kEngineVersion);
  return Sha256(text).substr(0, 16);
}

std::string TrialId(const TrialSpec& spec, const std::string& data_fingerprint) {
  return TrialIds(data_fingerprint).Of(spec);
}

}  // namespace handlens::train
