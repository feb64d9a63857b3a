// The steps on pictures: inspect, prepare, split (declared in steps.h).
#include <algorithm>
#include <chrono>
#include <set>

#include "base/program.h"
#include "base/text.h"
#include "dataset/moved.h"
#include "dataset/prepare.h"
#include "dataset/rejected.h"
#include "dataset/scan.h"
#include "pipeline/steps.h"
#include "verify/field_file.h"

namespace handlens::pipeline {
namespace fs = std::filesystem;
namespace {

bool HasTrials(const Workspace& space) {
  const auto names = ListFolder(space.At("trials"));
  return names && !names->empty();
}

std::string SourceOf(const dataset::Dataset& dataset) {
  return dataset.labels_file.empty() ? dataset.root : dataset.labels_file;
}

// A run belongs to its pictures for good, wherever they are.
Result<void> CheckSameSource(Workspace& space, const fs::path& pictures) {
  std::error_code error;
  if (fs::equivalent(pictures, SourceOf(space.dataset), error) && !error) return {};
  const std::string before = SourceOf(space.dataset);
  if (const auto moved = dataset::MovePictures(space.At("dataset.json"), pictures, *space.progress); !moved) {
    if (moved.error().kind != ErrorKind::kBadInput) return moved;
    return Fail(ErrorKind::kBadInput, "{}: a run of {}, not of {}; name another run folder with -o RUN",
                space.folder.string(), before, pictures.string());
  }
  space.progress->Say(fmt::format("the run's pictures are taken from {} now; they are the same as in {}",
                                  pictures.string(), before));
  HL_ASSIGN(space.dataset, dataset::ReadDataset(space.At("dataset.json")));
  return {};
}

// Pictures that the inspection did not see.
Result<std::vector<std::string>> NewPictures(const dataset::Dataset& dataset, const Progress& progress) {
  HL_ASSIGN(
      const dataset::Listing listing,
      dataset::ListPictures(SourceOf(dataset), {.groups = {}, .splits = dataset::Splits::kMerge}, progress));
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
  std::string text = fmt::format(
      "{}", fmt::join(names.begin(),
                      names.begin() + static_cast<std::ptrdiff_t>(std::min(kShown, names.size())), ", "));
  if (names.size() > kShown) text += fmt::format(" and {} more", names.size() - kShown);
  return text;
}

// dataset.json's pictures against the files; named, with what to do, when they differ. Kind kBadInput.
Result<void> CheckPictures(const Workspace& space) {
  const std::string advice =
      fmt::format("run `handlens inspect {} -o NEW` to start a new run with the pictures as they are now",
                  SourceOf(space.dataset));
  if (auto same = dataset::CheckUnchanged(space.dataset, *space.progress); !same) {
    if (same.error().kind != ErrorKind::kBadInput) return same;
    return Fail(ErrorKind::kBadInput, "{}; {}", same.error().message, advice);
  }
  HL_ASSIGN(const std::vector<std::string> fresh, NewPictures(space.dataset, *space.progress));
  if (fresh.empty()) return {};
  return Fail(ErrorKind::kBadInput, "{} came since inspect: {}; {}",
              Count(static_cast<int64_t>(fresh.size()), "picture"), FirstFew(fresh), advice);
}

constexpr const char* kAdded = "added";

// The field tests that were added to the run, as KeepFieldTest named them.
Result<std::vector<std::string>> AddedTo(const Workspace& space) {
  HL_ASSIGN(const fs::file_type kind, KindOfFile(space.At(kAdded)));
  if (kind != fs::file_type::directory) return std::vector<std::string>();
  HL_ASSIGN(std::vector<std::string> names, ListFolder(space.At(kAdded)));
  std::erase_if(names, [](const std::string& name) { return IsUnfinished(name); });
  return names;
}

// Takes in what --add gave. Returns what is new.
Result<std::vector<std::string>> TakeInAdded(const Run& run) {
  HL_ASSIGN(const std::vector<std::string> before, AddedTo(run.space));
  std::vector<std::string> fresh;
  for (const fs::path& file : run.wanted().call.add_files) {
    HL_ASSIGN(const std::string name, verify::KeepFieldTest(file, run.At(kAdded)));
    if (std::find(before.begin(), before.end(), name) == before.end()) fresh.push_back(name);
  }
  return fresh;
}

void SayWarnings(const Workspace& space) {
  for (const std::string& warning : space.dataset.warnings) space.progress->Warn(warning);
  const std::string shared = dataset::SharedGroupsSentence(space.dataset);
  if (!shared.empty()) space.progress->Warn(shared);
}

struct Inspect {
  static constexpr StepFacts kFacts{
      .name = kInspectStep, .title = "inspect", .command = kInspectStep, .shows = true};
  struct Options {
    static constexpr std::string_view kNames[] = {"max_pixels", "subfolders", "group_pattern", "merge_splits",
                                                  "added"};
    int64_t max_pixels = 0;
    std::optional<std::string> subfolders, group_pattern;  // empty: groups; no pattern
    std::optional<bool> merge_splits;                      // empty: refused
    std::optional<std::vector<std::string>> added;         // folders in RUN/added; empty: none
  };
  static Result<Options> Read(const Run& run) {
    const Wanted::Pictures& wanted = run.wanted().pictures;
    Options options{wanted.max_pixels, {}, {}, {}, {}};
    if (wanted.subfolders == dataset::Subfolders::kIgnore) options.subfolders = "ignore";
    if (!wanted.group_pattern.empty()) options.group_pattern = wanted.group_pattern;
    if (wanted.merge_splits) options.merge_splits = true;
    HL_ASSIGN(std::vector<std::string> added, AddedTo(run.space));
    if (!added.empty()) options.added = std::move(added);
    return options;
  }
  static Files Touches(const Workspace&, const Options& options) {
    Files files{{}, {"dataset.json"}};
    if (options.added) files.reads.emplace_back(kAdded);
    return files;
  }
  // Without the thumbnails, which only a run that is written has.
  static dataset::InspectOptions RequestOf(const Workspace& space, const Options& options) {
    dataset::InspectOptions inspect;
    inspect.pictures = space.pictures;
    inspect.limits.max_pixels = options.max_pixels;
    if (options.subfolders) inspect.layout.groups.subfolders = dataset::Subfolders::kIgnore;
    inspect.layout.groups.pattern = options.group_pattern.value_or("");
    if (options.merge_splits) inspect.layout.splits = dataset::Splits::kMerge;
    inspect.jobs = space.jobs;
    return inspect;
  }
  // A record that the step did not write (or that was edited) is made anew; the chain decides.
  static Result<void> Work(Workspace& space, const Options& options) {
    dataset::InspectOptions inspect = RequestOf(space, options);
    std::vector<dataset::AddedPictures> added;
    for (const std::string& name : options.added.value_or(std::vector<std::string>())) {
      const fs::path folder = fs::absolute(space.At(kAdded)).lexically_normal();
      HL_ASSIGN(added.emplace_back(), verify::ReadKeptFieldTest(folder, name));
    }
    inspect.thumbnails = space.At("thumbnails");
    HL_ASSIGN(space.dataset, dataset::InspectWith(inspect, added, *space.progress));
    SayWarnings(space);
    HL_TRY(dataset::WriteDataset(space.At("dataset.json"), space.dataset));
    space.dataset = {};  // Load reads it back; a million pictures need not stand in memory twice
    return {};
  }
  static Result<void> Load(Workspace& space, const Options&) {
    HL_ASSIGN(space.dataset, dataset::ReadDataset(space.At("dataset.json")));
    return {};
  }
};

// Knows itself what is there; its files are a cache that may be deleted, so they are no link of the chain.
struct Prepare {
  static constexpr StepFacts kFacts{
      .name = kPrepareStep, .title = "prepare", .command = kPrepareStep, .redo = Redo::kUnrecorded};
  struct Options {
    static constexpr std::string_view kNames[] = {"fit", "sizes"};
    image::Fit fit = image::Fit::kCrop;
    std::vector<int> sizes_px;
  };
  static Result<Options> Read(const Run& run) {
    Options options{run.fit(), {}};
    if (run.goal == kFacts.command) {
      HL_ASSIGN(options.sizes_px, PreparedSizes(run));
    } else {
      HL_ASSIGN(const std::vector<search::Candidate> candidates, CandidatesOf(run));
      options.sizes_px = SizesOf(candidates);
    }
    return options;
  }
  static Files Touches(const Workspace&, const Options&) { return {{"dataset.json"}, {"cache"}}; }
  static Result<void> Work(Workspace& space, const Options& options) {
    return PrepareSizes(space, options.fit, options.sizes_px);
  }
  static Result<void> Load(Workspace&, const Options&) { return {}; }
  // Before the search's clock starts; the search itself prepares only what is missing by then.
  static bool Belongs(const Run& run) {
    std::error_code error;
    return run.goal == kFacts.command || (GoalTrains(run) && !fs::exists(run.At("search.json"), error));
  }
};

struct Split {
  static constexpr StepFacts kFacts{.name = kSplitStep, .title = "split", .command = kSplitStep};
  struct Options {
    static constexpr std::string_view kNames[] = {"folds", "holdout", "validation", "order", "seed"};
    int folds = 0, holdout_per_class = 0;
    double validation_share = 0;
    split::Order order = split::Order::kHonest;
    uint64_t seed = 0;
  };
  static Result<Options> Read(const Run& run) {
    const Wanted::Folds& wanted = run.wanted().folds;
    return Options{wanted.folds, wanted.holdout.value_or(split::kUsualHoldout), wanted.validation_share,
                   wanted.order, run.wanted().seed};
  }
  static Result<split::Split> Deal(const dataset::Dataset& dataset, const Options& o) {
    if (o.holdout_per_class != split::kUsualHoldout && !dataset::HeldByFolder(dataset).held.empty())
      return Fail(
          ErrorKind::kUsage,
          "--holdout: {} has a folder test, which is held out; leave --holdout away, or make new folds "
          "of all pictures by --merge-splits",
          dataset.root);
    return split::MakeSplit(dataset, {.folds = o.folds,
                                      .validation_share = o.validation_share,
                                      .holdout_per_class = o.holdout_per_class,
                                      .order = o.order,
                                      .seed = o.seed});
  }
  static Files Touches(const Workspace&, const Options&) { return {{"dataset.json"}, {"split.json"}}; }
  static Result<void> Work(Workspace& space, const Options& o) {
    HL_ASSIGN(const split::Split split, Deal(space.dataset, o));
    for (const std::string& warning : split.warnings) space.progress->Warn(warning);
    return split::WriteSplit(space.At("split.json"), space.dataset, split);
  }
  static Result<void> Load(Workspace& space, const Options&) {
    HL_ASSIGN(space.split, split::ReadSplit(space.At("split.json"), space.dataset));
    return {};
  }
};

}  // namespace

// DoInspect, or opening the run, has the pictures already.
Step InspectRow() {
  return StepOf<Inspect>([](const Run& run) { return run.space.dataset.pictures.empty(); });
}
// From here on the files that cannot be used are left out for good.
Step PrepareRow() {
  Step row = StepOf<Prepare>(Prepare::Belongs);
  row.perform = [](Run& run) -> Result<void> {
    HL_TRY(CheckBroken(run));
    return PerformStep<Prepare>(run);
  };
  return row;
}
Step SplitRow() { return StepOf<Split>(); }

Result<void> CheckBroken(Run& run) {
  const dataset::Dataset& dataset = run.space.dataset;
  const size_t broken = dataset.rejected.size(), all = broken + dataset.pictures.size();
  if (broken * 10 <= all || run.wanted().pictures.skip_broken || run.accepts_broken) return {};
  const std::string what = fmt::format("{} of {} files cannot be used: {}", broken, all,
                                       FirstFew(dataset::RejectedLines(dataset.rejected)));
  run.accepts_broken = run.space.progress->Confirm(what + ". Go on without them?");
  if (run.accepts_broken) return {};
  return Fail(ErrorKind::kBadInput,
              "{}; `handlens inspect` lists all; mend or remove them, or go on without them by --skip-broken",
              what);
}

Result<void> CheckFolds(const Run& run) {
  HL_ASSIGN(const Split::Options options, Split::Read(run));
  HL_TRY(Split::Deal(run.space.dataset, options));
  return {};
}

Result<void> CheckByNames(Run& run, const fs::path& pictures) {
  HL_TRY(CheckOtherFiles(run));
  const Wanted& wanted = run.wanted();
  const dataset::LayoutRules rules{
      {}, wanted.pictures.merge_splits ? dataset::Splits::kMerge : dataset::Splits::kUse};
  HL_ASSIGN(const dataset::Listing listing, dataset::ListPictures(pictures, rules, *run.space.progress));
  dataset::Dataset sketch;  // every file a readable picture of its own
  sketch.root = listing.root;
  sketch.test_folder = listing.test_folder;
  sketch.labels = listing.class_names;
  for (const dataset::Entry& entry : listing.entries) {
    dataset::Picture& picture = sketch.pictures.emplace_back();
    picture.path = entry.path;
    picture.cluster = static_cast<int>(sketch.pictures.size());
    picture.label = static_cast<int>(
        std::lower_bound(sketch.labels.begin(), sketch.labels.end(), entry.label) - sketch.labels.begin());
  }
  HL_ASSIGN(const bool grown, IsThere(run.space.At(kAdded)));
  const bool grows = grown || !wanted.call.add_files.empty();
  std::swap(run.space.dataset, sketch);
  Result<void> fine;
  if (const auto candidates = CandidatesOf(run); !candidates) fine = tl::make_unexpected(candidates.error());
  else if (run.space.dataset.labels.size() > 1 && !grows) fine = CheckFolds(run);
  std::swap(run.space.dataset, sketch);
  return fine;
}

Result<void> LookOnly(Run& run, const fs::path& pictures) {
  Workspace& space = run.space;
  space.pictures = pictures;
  if (!run.wanted().call.add_files.empty())
    return Fail(ErrorKind::kUsage,
                "--add: a dry run writes nothing, so it adds no field test; leave one of the "
                "two out");
  HL_ASSIGN(const bool inspected, IsThere(space.At("dataset.json")));
  if (inspected) {
    HL_ASSIGN(space.dataset, dataset::ReadDataset(space.At("dataset.json")));
    HL_TRY(CheckSameSource(space, pictures));
    const auto same = CheckPictures(space);
    if (same || same.error().kind != ErrorKind::kBadInput || HasTrials(space)) return same;
  }
  HL_ASSIGN(const Inspect::Options options, Inspect::Read(run));
  HL_ASSIGN(space.dataset, dataset::Inspect(Inspect::RequestOf(space, options), *space.progress));
  SayWarnings(space);
  return {};
}

Result<void> DoInspect(Run& run, const fs::path& pictures) {
  Workspace& space = run.space;
  space.pictures = pictures;
  std::error_code error;
  HL_ASSIGN(const bool inspected, IsThere(space.At("dataset.json")));
  if (inspected) {
    HL_ASSIGN(space.dataset, dataset::ReadDataset(space.At("dataset.json")));
    HL_TRY(CheckSameSource(space, pictures));
    if (auto same = CheckPictures(space); !same) {
      if (same.error().kind != ErrorKind::kBadInput || HasTrials(space)) return same;
      space.progress->Say("the pictures changed since they were inspected; inspecting them again");
      fs::remove(space.At("dataset.json"), error);
    }
  }
  HL_ASSIGN(const std::vector<std::string> fresh, TakeInAdded(run));
  auto done = PerformStep<Inspect>(run);
  // What cannot be added must not stand in the way of the next call.
  for (const std::string& name : fresh) {
    if (!done) fs::remove_all(space.At(kAdded) / name, error);
  }
  if (!done) fs::remove(space.At(kAdded), error);  // where nothing else is in it
  return done;
}

Result<void> PrepareSizes(Workspace& space, image::Fit fit, const std::vector<int>& sizes_px) {
  const auto before = ListFolder(space.At("cache"));
  const auto begun = std::chrono::steady_clock::now();
  HL_TRY(dataset::Prepare(space.dataset, sizes_px,
                          {.fit = fit, .cache = space.At("cache"), .jobs = space.jobs}, *space.progress));
  const auto after = ListFolder(space.At("cache"));
  if (before && after && *before == *after) return {};
  return AddSeconds(space, std::string(kPrepareStep),
                    std::chrono::duration<double>(std::chrono::steady_clock::now() - begun).count());
}

Result<std::vector<int>> PreparedSizes(const Run& run) {
  std::vector<int> asked = run.wanted().pictures.sizes_px;
  if (!asked.empty()) {
    std::sort(asked.begin(), asked.end());
    return asked;
  }
  HL_ASSIGN(const std::vector<search::Candidate> candidates, CandidatesOf(run));
  const std::vector<int> wanted = SizesOf(candidates);
  std::set<int> sizes(wanted.begin(), wanted.end());
  sizes.insert(run.space.dataset.recommended_sizes_px.begin(), run.space.dataset.recommended_sizes_px.end());
  return std::vector<int>(sizes.begin(), sizes.end());
}

// The demo's pictures: in the installed share folder, or through the link that the build folder has to the
// sources' data.
Result<fs::path> DemoPictures() {
  std::error_code error;
  const fs::path places[] = {ProgramFolder() / "../share/handlens/demo/pictures",
                             ProgramFolder() / "data/demo/pictures"};
  for (const fs::path& place : places) {
    if (fs::is_directory(place, error)) return place.lexically_normal();
  }
  return Fail(ErrorKind::kInternal, "the demo's pictures are not there; looked in {} and {}",
              places[0].lexically_normal().string(), places[1].string());
}

}  // namespace handlens::pipeline
