// Which backbones a run may begin with, see backbones.h.
#include "pipeline/backbones.h"

#include <algorithm>
#include <set>

#include "backbone/thin.h"
#include "base/program.h"

namespace handlens::pipeline {
namespace fs = std::filesystem;
namespace {

bool IsNamed(const std::string& name, const std::vector<std::string>& models) {
  return std::any_of(models.begin(), models.end(),
                     [&](const std::string& m) { return m == name || m.starts_with(name + "-"); });
}

// Those that the models name: "lite0-thin75-cut3-train" wants lite0-thin75.
Result<void> AddThinner(const backbone::Backbone& whole, const std::vector<std::string>& models,
                        Workspace& space) {
  std::set<int> shares;
  for (const std::string& model : models) {
    if (const int percent = backbone::ThinPercent(model, whole.name); percent > 0) shares.insert(percent);
  }
  for (const int percent : shares) {
    HL_ASSIGN(backbone::Backbone thin, backbone::Thin(whole, percent));
    space.backbones.push_back(std::make_shared<const backbone::Backbone>(std::move(thin)));
  }
  return {};
}

bool MayBegin(const std::string& name, const std::vector<std::string>& models) {
  return name == backbone::kUsual || IsNamed(name, models);
}

// What the run began with elsewhere and no folder here has: its copies, named by their hashes.
Result<void> AddKept(Run& run) {
  const std::vector<std::string>& models = run.wanted().search.models;
  std::vector<std::shared_ptr<const backbone::Backbone>>& there = run.space.backbones;
  const fs::path kept = run.At("backbones");
  std::error_code error;
  if (run.space.folder.empty() || !fs::is_directory(kept, error)) return {};
  HL_ASSIGN(const std::vector<backbone::Entry> entries, backbone::List(std::span(&kept, 1)));
  const auto is_there = [&there](auto same) { return std::any_of(there.begin(), there.end(), same); };
  for (const backbone::Entry& entry : entries) {
    // Nearly always it is the installed one, and megabytes need not be read again.
    if (is_there([&](const auto& b) { return b->hash == entry.name; })) continue;
    HL_ASSIGN(backbone::Backbone read, backbone::Read(entry.path));
    const bool known = is_there([&](const auto& b) { return b->name == read.name; });
    if (known || !MayBegin(read.name, models)) continue;
    there.insert(read.name == backbone::kUsual ? there.begin() : there.end(),
                 std::make_shared<const backbone::Backbone>(std::move(read)));
  }
  return {};
}

}  // namespace

fs::path OwnBackbones(const Wanted& wanted, const Surroundings& around) {
  if (!wanted.search.backbones.empty()) return wanted.search.backbones;
  return around.data.empty() ? fs::path() : around.data / "handlens" / "backbones";
}

std::vector<fs::path> BackboneFolders(const Wanted& wanted, const Surroundings& around) {
  std::vector<fs::path> folders;
  if (fs::path own = OwnBackbones(wanted, around); !own.empty()) folders.push_back(std::move(own));
  if (const fs::path program = ProgramFolder(); !program.empty()) {
    folders.push_back(program / "assets");
    folders.push_back((program / "../share/handlens/backbones").lexically_normal());
  }
  return folders;
}

Result<void> LoadBackbones(Run& run) {
  Workspace& space = run.space;
  if (!space.backbones.empty() || run.wanted().search.from_scratch) return {};
  HL_ASSIGN(std::vector<backbone::Entry> entries,
            backbone::List(BackboneFolders(run.wanted(), run.space.around)));
  std::erase_if(entries,
                [&](const backbone::Entry& e) { return !MayBegin(e.name, run.wanted().search.models); });
  std::stable_partition(entries.begin(), entries.end(),
                        [](const backbone::Entry& e) { return e.name == backbone::kUsual; });
  for (const backbone::Entry& entry : entries) {
    HL_ASSIGN(backbone::Backbone read, backbone::Read(entry.path));
    space.backbones.push_back(std::make_shared<const backbone::Backbone>(std::move(read)));
    HL_TRY(AddThinner(*space.backbones.back(), run.wanted().search.models, space));
  }
  return AddKept(run);
}

Result<void> NeedBackbone(Workspace& space, const std::optional<train::Start>& start) {
  const auto is_it = [&](const auto& backbone) { return backbone->hash == start->hash; };
  if (!start || std::any_of(space.backbones.begin(), space.backbones.end(), is_it)) return {};
  HL_ASSIGN(backbone::Backbone read, backbone::Read(train::BackboneFile(space.At("trials"), start->hash)));
  space.backbones.push_back(std::make_shared<const backbone::Backbone>(std::move(read)));
  return {};
}

Result<backbone::Backbone> BackboneOfRun(const fs::path& run, const std::string& name) {
  std::error_code error;
  if (!fs::exists(run / "model/conversion.json", error)) {
    return Fail(ErrorKind::kBadInput,
                "{}: no run folder with a converted model (model/conversion.json is not there)",
                run.string());
  }
  HL_ASSIGN(const Json record, ReadRecord(run / "model/conversion.json", "handlens-conversion", 1));
  const auto find = [](const Json& json) {
    for (const Json& model : json.at("models")) {
      if (model.at("role") == "final") return model.at("trial").get<std::string>();
    }
    return std::string();
  };
  HL_ASSIGN(const std::string trial, FromJson(record, (run / "model/conversion.json").string(), find));
  const fs::path trials = run / "trials", folder = trials / fs::path(trial).filename();
  HL_ASSIGN(const train::TrialResult result, train::ReadTrial(folder));
  if (result.spec.start && result.spec.start->method == train::Method::kProbe) {
    return Fail(
        ErrorKind::kUsage,
        "{}: its model {} is a classifier on the unchanged layers of {}, so there is nothing new to add; "
        "train with {} itself, or add a run whose model was tuned ({}-tune)",
        run.string(), result.spec.model, result.spec.start->backbone, result.spec.start->backbone,
        result.spec.start->backbone);
  }
  HL_ASSIGN(const nn::Weights weights, train::ReadTrialWeights(folder));
  std::string notice = fmt::format("Learnt by handlens from the pictures of the run {}.",
                                   fs::absolute(run).lexically_normal().filename().string());
  if (result.spec.start) {
    HL_ASSIGN(const backbone::Backbone start,
              backbone::Read(train::BackboneFile(trials, result.spec.start->hash)));
    notice += fmt::format(" It began with {}: {}", start.name, start.notice);
  }
  auto made = backbone::FromClassifier(name, {result.trained, weights}, notice);
  if (!made) return Fail(made.error().kind, "{}: {}", run.string(), made.error().message);
  return made;
}

std::vector<const backbone::Backbone*> Pointers(const Workspace& space) {
  std::vector<const backbone::Backbone*> pointers;
  for (const auto& backbone : space.backbones) pointers.push_back(backbone.get());
  return pointers;
}

}  // namespace handlens::pipeline
