// The steps on pictures: inspect, prepare, split (declared in steps.h).
#include <algorithm>
#include <chrono>
#include <set>

#include "base/text.h"
#include "dataset/prepare.h"
#include "dataset/scan.h"
#include "pipeline/steps.h"

namespace handlens::pipeline {
namespace fs = std::filesystem;
namespace {

bool HasTrials(const Run& run) {
  const auto names = ListFolder(run.At("trials"));
  return names && !names->empty();
}

std::string SourceOf(const dataset::Dataset& dataset) {
  return dataset.labels_file.empty() ? dataset.root : dataset.labels_file;
}

// A run belongs to its pictures for good.
Result<void> CheckSameSource(const Run& run, const fs::path& pictures) {
  std::error_code error;
  if (fs::equivalent(pictures, SourceOf(run.dataset), error) && !error) return {};
  return Fail(ErrorKind::kBadInput, "{}: a run of {}, not of {}; name another run folder with -o RUN", run.folder.string(),
              SourceOf(run.dataset), pictures.string());
}

// Pictures that the inspection did not see.
Result<std::vector<std::string>> NewPictures(const dataset::Dataset& dataset) {
  HL_ASSIGN(const dataset::Listing listing, dataset::ListPictures(SourceOf(dataset)));
  std::set<std::string> known;
  for (const dataset::Picture& picture : dataset.pictures) known.insert(picture.path);
  for (const dataset::Rejected& rejected : dataset.rejected) known.insert(rejected.path);
  for (const dataset::DuplicatePair& pair : dataset.duplicates) known.insert({pair.path_a, pair.path_b});
  std::vector<std::string> fresh;
  for (const dataset::Entry& entry : listing.entries) {
    if (!known.contains(entry.path)) fresh.push_back(entry.path);
  }
  return fresh;
}

std::string FirstFew(const std::vector<std::string>& names) {
  constexpr size_t kShown = 5;
  std::string text = fmt::format("{}", fmt::join(names.begin(), names.begin() + static_cast<std::ptrdiff_t>(std::min(kShown, names.size())), ", "));
  if (names.size() > kShown) text += fmt::format(" and {} more", names.size() - kShown);
  return text;
}

Result<void> InspectNow(Run& run, const fs::path& pictures) {
  StepPlan plan{.name = "inspect", .options = {{"max_pixels", run.settings.Integer("max-pixels")}}, .inputs = {}, .outputs = {"dataset.json"}};
  std::error_code error;
  // A record that the step did not write (or that was edited) is made anew; the chain decides.
  const auto work = [&]() -> Result<void> {
    dataset::InspectOptions options;
    options.pictures = pictures;
    options.limits.max_pixels = run.settings.Integer("max-pixels");
    options.thumbnails = run.At("thumbnails");
    options.jobs = run.jobs();
    HL_ASSIGN(run.dataset, dataset::Inspect(options, *run.progress));
    for (const std::string& warning : run.dataset.warnings) run.progress->Warn(warning);
    return dataset::WriteDataset(run.At("dataset.json"), run.dataset);
  };
  HL_TRY(DoStep(run, plan, work));
  HL_ASSIGN(run.dataset, dataset::ReadDataset(run.At("dataset.json")));
  return {};
}

// Many unreadable files are a mistake of the import more often than of the pictures.
Result<void> CheckBroken(Run& run) {
  const size_t broken = run.dataset.rejected.size(), all = broken + run.dataset.pictures.size();
  if (broken * 10 <= all || run.settings.Flag("skip-broken")) return {};
  std::vector<std::string> reasons;
  for (const dataset::Rejected& rejected : run.dataset.rejected) reasons.push_back(rejected.path + " (" + rejected.reason + ")");
  const std::string what = fmt::format("{} of {} files cannot be used: {}", broken, all, FirstFew(reasons));
  if (run.progress->Confirm(what + ". Go on without them?")) return {};
  return Fail(ErrorKind::kBadInput, "{}; dataset.json lists all; mend or remove them, or go on without them by --skip-broken", what);
}

}  // namespace

Result<void> CheckPictures(Run& run) {
  const std::string advice = fmt::format("run `handlens inspect {} -o NEW` to start a new run with the pictures as they are now",
                                         SourceOf(run.dataset));
  if (auto same = dataset::CheckUnchanged(run.dataset, *run.progress); !same) {
    if (same.error().kind != ErrorKind::kBadInput) return same;
    return Fail(ErrorKind::kBadInput, "{}; {}", same.error().message, advice);
  }
  HL_ASSIGN(const std::vector<std::string> fresh, NewPictures(run.dataset));
  if (fresh.empty()) return {};
  return Fail(ErrorKind::kBadInput, "{} came since inspect: {}; {}", Count(static_cast<int64_t>(fresh.size()), "picture"), FirstFew(fresh), advice);
}

Result<void> StepInspect(Run& run, const fs::path& pictures) {
  std::error_code error;
  if (!fs::exists(run.At("dataset.json"), error)) return InspectNow(run, pictures);
  HL_ASSIGN(run.dataset, dataset::ReadDataset(run.At("dataset.json")));
  HL_TRY(CheckSameSource(run, pictures));
  if (auto same = CheckPictures(run); !same) {
    if (same.error().kind != ErrorKind::kBadInput || HasTrials(run)) return same;
    run.progress->Say("the pictures changed since they were inspected; inspecting them again");
    fs::remove(run.At("dataset.json"), error);
  }
  return InspectNow(run, pictures);
}

Result<void> StepPrepare(Run& run, const std::vector<int>& sizes_px) {
  HL_TRY(CheckBroken(run));
  // Prepare itself finds what is there; its files are a cache that may be deleted, so they are no link of the chain.
  const auto before = ListFolder(run.At("cache"));
  const auto begun = std::chrono::steady_clock::now();
  HL_TRY(dataset::Prepare(run.dataset, sizes_px, run.fit(), run.At("cache"), run.jobs(), *run.progress));
  const auto after = ListFolder(run.At("cache"));
  if (before && after && *before == *after) return {};
  return AddSeconds(run.folder, "prepare", std::chrono::duration<double>(std::chrono::steady_clock::now() - begun).count());
}

Result<void> StepSplit(Run& run) {
  split::SplitOptions options;
  options.folds = static_cast<int>(run.settings.Integer("folds"));
  if (run.settings.Has("holdout")) options.holdout_per_class = static_cast<int>(run.settings.Integer("holdout"));
  options.validation_share = run.settings.Number("validation");
  options.order = run.settings.Text("order") == "paper" ? split::Order::kPaper : split::Order::kHonest;
  options.seed = run.seed();
  StepPlan plan{.name = "split", .options = {}, .inputs = {"dataset.json"}, .outputs = {"split.json"}};
  plan.options = {{"folds", options.folds}, {"holdout", options.holdout_per_class}, {"validation", options.validation_share},
                  {"order", run.settings.Text("order")}, {"seed", options.seed}};
  const auto work = [&]() -> Result<void> {
    HL_ASSIGN(const split::Split split, split::MakeSplit(run.dataset, options));
    for (const std::string& warning : split.warnings) run.progress->Warn(warning);
    return split::WriteSplit(run.At("split.json"), run.dataset, split);
  };
  HL_TRY(DoStep(run, plan, work));
  HL_ASSIGN(run.split, split::ReadSplit(run.At("split.json"), run.dataset));
  return {};
}

Result<std::vector<int>> PreparedSizes(const Run& run) {
  if (run.settings.Has("sizes")) {
    std::vector<int> sizes = run.settings.Integers("sizes");
    std::sort(sizes.begin(), sizes.end());
    return sizes;
  }
  HL_ASSIGN(const std::vector<search::Candidate> candidates, CandidatesOf(run));
  const std::vector<int> wanted = SizesOf(candidates);
  std::set<int> sizes(wanted.begin(), wanted.end());
  sizes.insert(run.dataset.recommended_sizes_px.begin(), run.dataset.recommended_sizes_px.end());
  return std::vector<int>(sizes.begin(), sizes.end());
}

// The demo's pictures: beside the program's source while it is built there, or in the installed share folder.
Result<fs::path> DemoPictures() {
  std::error_code error;
  const fs::path self = fs::read_symlink("/proc/self/exe", error);
  if (error) return Fail(ErrorKind::kInternal, "/proc/self/exe: {}; without it nobody knows where the demo's pictures lie", error.message());
  const fs::path places[] = {self.parent_path() / "../share/handlens/demo/pictures", self.parent_path() / "data/demo/pictures",
                             fs::path(HANDLENS_DATA_DIR) / "demo/pictures"};
  for (const fs::path& place : places) {
    if (fs::is_directory(place, error)) return place.lexically_normal();
  }
  return Fail(ErrorKind::kInternal, "the demo's pictures are not there; looked in {}, {} and {}", places[0].lexically_normal().string(),
              places[1].string(), places[2].string());
}

}  // namespace handlens::pipeline
