// RecordStep and StepIsFresh.
#include "pipeline/chain.h"

#include <algorithm>
#include <set>

#include "pipeline/chain_file.h"

namespace handlens::pipeline {
namespace {

namespace fs = std::filesystem;

Result<std::set<std::string>> ExpandAll(const fs::path& run, const std::vector<std::string>& paths) {
  std::set<std::string> files;
  for (const std::string& path : paths) {
    HL_ASSIGN(const auto expanded, Expand(run, path));
    if (expanded.empty()) {
      HL_ASSIGN(const fs::file_type kind, KindOfFile(PlaceOf(run, path)));
      if (kind == fs::file_type::directory) continue;
      return Fail(ErrorKind::kBadInput, "{}: not there", PlaceOf(run, path).string());
    }
    files.insert(expanded.begin(), expanded.end());
  }
  return files;
}

Result<Hashes> HashAll(const fs::path& run, const std::set<std::string>& paths) {
  Hashes hashes;
  for (const std::string& path : paths) {
    HL_ASSIGN(const auto hash, HashOnDisk(run, path));
    if (!hash) return Fail(ErrorKind::kBadInput, "{}: not there", PlaceOf(run, path).string());
    hashes[path] = *hash;
  }
  return hashes;
}

// What the steps before `end` left at `path`; "" when none made it.
std::string LeftBefore(const Chain& chain, size_t end, const std::string& path) {
  std::string hash;
  for (size_t i = 0; i < end; ++i) {
    if (const auto found = chain[i].outputs.find(path); found != chain[i].outputs.end()) hash = found->second;
  }
  return hash;
}

size_t PlaceInChain(const Chain& chain, const std::string& name) {
  const auto found =
      std::find_if(chain.begin(), chain.end(), [&](const RecordedStep& s) { return s.name == name; });
  return static_cast<size_t>(found - chain.begin());
}

// All hashes that `path` may rightly have after step `from` left (or read) it with `hash`: that one, or what
// a later step made of that very version.
bool IsSameOrRewritten(const Chain& chain, size_t from, const std::string& path, std::string hash,
                       const std::string& on_disk) {
  if (hash == on_disk) return true;
  for (size_t i = from + 1; i < chain.size(); ++i) {
    const auto output = chain[i].outputs.find(path);
    if (output == chain[i].outputs.end()) continue;
    const auto input = chain[i].inputs.find(path);
    if (input != chain[i].inputs.end() && input->second != hash) continue;
    hash = output->second;
    if (hash == on_disk) return true;
  }
  return false;
}

// "the options changed: epochs was 3, is 4", as far as they were noted.
std::string WhatChanged(const Json& before, const Json& now) {
  std::string text = "the options changed";
  for (const auto& [name, value] : now.items()) {
    if (!before.contains(name) || before.at(name) == value) continue;
    text += fmt::format("{} {} was {}, is {}", text.ends_with("changed") ? ":" : ",", name,
                        before.at(name).dump(), value.dump());
  }
  return text;
}

Result<std::string> WhyStale(const fs::path& run, const Chain& chain, size_t at, const ChainStep& step) {
  const RecordedStep& recorded = chain[at];
  if (recorded.options_sha256 != step.options_sha256) return WhatChanged(recorded.options, step.options);
  const auto inputs = ExpandAll(run, step.inputs);
  HL_TRY_MACHINE(inputs);
  if (!inputs) return inputs.error().message;
  for (const std::string& path : *inputs) {
    if (!recorded.inputs.contains(path)) return fmt::format("{} is new", path);
  }
  Hashes to_compare = recorded.outputs;
  for (const auto& [path, hash] : recorded.inputs) {
    if (!inputs->contains(path)) return fmt::format("{} is not an input any more", path);
    to_compare.emplace(path, hash);  // what is rewritten in place is compared as an output
  }
  for (const auto& [path, hash] : to_compare) {
    HL_ASSIGN(const auto on_disk, HashOnDisk(run, path));
    if (!on_disk) return fmt::format("{} is missing", path);
    if (!IsSameOrRewritten(chain, at, path, hash, *on_disk)) return fmt::format("{} changed", path);
  }
  return std::string();
}

}  // namespace

Result<void> RecordStep(const fs::path& run, const ChainStep& step) {
  HL_ASSIGN(Chain chain, ReadChain(run));
  const size_t at = PlaceInChain(chain, step.name);
  RecordedStep recorded{step.name, HANDLENS_VERSION, step.options_sha256, {}, {}, step.options};
  HL_ASSIGN(const auto inputs, ExpandAll(run, step.inputs));
  HL_ASSIGN(auto outputs, ExpandAll(run, step.outputs));
  for (const std::string& path : step.maybe) {
    HL_ASSIGN(const bool there, IsThere(PlaceOf(run, path)));
    if (there) outputs.insert(path);
  }
  HL_ASSIGN(recorded.inputs, HashAll(run, inputs));
  HL_ASSIGN(recorded.outputs, HashAll(run, outputs));
  for (auto& [path, hash] : recorded.inputs) {
    // The file on disk is what this step made of its input; what it was before, the step before it knows.
    if (recorded.outputs.contains(path)) hash = LeftBefore(chain, at, path);
  }
  if (at == chain.size()) {
    chain.push_back(std::move(recorded));
  } else {
    chain[at] = std::move(recorded);
  }
  return WriteChain(run, chain);
}

Result<Json> RecordedOptions(const fs::path& run, std::string_view step) {
  HL_ASSIGN(const Chain chain, ReadChain(run));
  const size_t at = PlaceInChain(chain, std::string(step));
  return at == chain.size() ? Json::object() : chain[at].options;
}

Result<Freshness> StepIsFresh(const fs::path& run, const ChainStep& step) {
  HL_ASSIGN(const Chain chain, ReadChain(run));
  const size_t at = PlaceInChain(chain, step.name);
  if (at == chain.size()) return Freshness{false, "never run"};
  HL_ASSIGN(std::string why, WhyStale(run, chain, at, step));
  const bool fresh = why.empty();
  return Freshness{fresh, std::move(why)};
}

}  // namespace handlens::pipeline
