#include "train/trial_ids.h"

#include "base/hash.h"

namespace handlens::train {
namespace {

// Raised whenever the same spec and data would train to other bits: layers' arithmetic, shuffles, generators.
constexpr int kEngineVersion = 1;

bool SameCandidate(const TrialSpec& a, const TrialSpec& b) {
  return a.model == b.model && a.size_px == b.size_px && a.architecture == b.architecture &&
         a.generator == b.generator && a.recipe == b.recipe && a.start == b.start;
}

}  // namespace

// The canonical text is ToJson's on one line, without spaces; its fold stands before its seed.
TrialIds::Text TrialIds::TextOf(const TrialSpec& spec) const {
  Text text{spec, {}};
  size_t part = 0;
  const char* before = "{";
  const Json json = ToJson(spec);
  for (const auto& [name, value] : json.items()) {
    text.parts[part] += fmt::format("{}\"{}\":", before, name);
    before = ",";
    if (name == "fold" || name == "seed") ++part;
    else text.parts[part] += value.dump(-1, ' ', false, Json::error_handler_t::replace);
  }
  text.parts[part] += fmt::format("}}\n{}\nengine {}", data_, kEngineVersion);
  return text;
}

std::string TrialIds::Of(const TrialSpec& spec, size_t candidate) {
  auto found = texts_.find(candidate);
  if (found == texts_.end() || !SameCandidate(found->second.spec, spec))
    found = texts_.insert_or_assign(candidate, TextOf(spec)).first;
  const auto& [to_fold, to_seed, rest] = found->second.parts;
  std::string canonical = to_fold;
  canonical += std::to_string(spec.fold);
  canonical += to_seed;
  canonical += std::to_string(spec.seed);
  canonical += rest;
  return Sha256(canonical).substr(0, 16);
}

std::string TrialId(const TrialSpec& spec, const std::string& data_fingerprint) {
  return TrialIds(data_fingerprint).Of(spec, 0);
}

}  // namespace handlens::train
