// The steps that train: search, reduce, and the final model.
#include <algorithm>
#include <set>

#include "base/text.h"
#include "dataset/prepare.h"
#include "pipeline/backbones.h"
#include "pipeline/plan.h"
#include "pipeline/steps.h"
#include "search/resampling.h"
#include "train/features.h"

namespace handlens::pipeline {
namespace fs = std::filesystem;
namespace {

// The search's share of the time budget where a reduction follows. The final training and what comes after it
// have theirs before.
constexpr double kSearchShare = 0.65;

bool IsExhaustive(const Wanted::Search& wanted, search::Coverage coverage) {
  return wanted.exhaustive || coverage == search::Coverage::kExhaustive;
}

search::SearchOptions OptionsOf(const Workspace& space) {
  search::SearchOptions options;
  options.trials = space.At("trials");
  options.cache = space.At("cache");
  options.jobs = space.jobs;
  options.backbones = Pointers(space);
  options.share = space.share;
  options.claims = space.At("shards") / "claims";
  options.local_cache = space.local_cache;
  options.may_train = space.may_train;
  return options;
}

std::vector<std::string> TrialFiles(const std::string& id) {
  return {"trials/" + id + "/trial.json", "trials/" + id + "/weights.safetensors"};
}

// What is left of the budget for trainings, before the final one is counted. Never nothing, since that would
// mean no budget.
double TrainingBudget(const Workspace& space) {
  return std::max(0.001, space.budget->LeftSeconds() - space.after_s);
}

bool Reduces(const Run& run) { return run.goal == kReduceStep || WantsReduction(run); }

// The gate belongs to the calls that train. Others take the result as it is.
Result<std::optional<int64_t>> MaxBytesOf(const Run& run, std::string_view step) {
  const int64_t wanted = run.wanted().gates.max_bytes;
  if (run.trains) return wanted > 0 ? std::optional(wanted) : std::nullopt;
  HL_ASSIGN(const Json recorded, RecordedOptions(run.space.folder, step));
  const auto before = recorded.find("max_bytes");
  if (before == recorded.end() || !before->is_number_integer()) return std::nullopt;
  return before->get<int64_t>();
}

// Where a simulated camera compares. Calls that do not train take what the step was done with.
Result<std::optional<fs::path>> BackgroundsOf(const Run& run, std::string_view step,
                                              std::optional<search::Yardstick> compared_by) {
  if (compared_by.value_or(search::Yardstick::kPictures) == search::Yardstick::kPictures) return std::nullopt;
  const fs::path& wanted = run.wanted().gates.backgrounds;
  if (run.trains) return wanted.empty() ? std::nullopt : std::optional(fs::absolute(wanted));
  HL_ASSIGN(const Json recorded, RecordedOptions(run.space.folder, step));
  const auto before = recorded.find("backgrounds");
  if (before == recorded.end() || !before->is_string()) return std::nullopt;
  return before->get<std::string>();
}

// A reduction looks for a model that fits, and begins with the best of any size. Without one the search does.
Result<std::optional<int64_t>> MaxBytesOfSearch(const Run& run) {
  if (Reduces(run)) return std::nullopt;
  return MaxBytesOf(run, kSearchStep);
}

Result<void> KeepWhatFits(int64_t max_bytes, std::vector<search::Candidate>& candidates) {
  const auto bytes_of = [](const search::Candidate& c) { return reduce::MostInt8Bytes(c.architecture); };
  const auto tried = static_cast<int64_t>(candidates.size());
  const search::Candidate smallest = *std::ranges::min_element(candidates, {}, bytes_of);
  std::erase_if(candidates, [&](const search::Candidate& c) { return bytes_of(c) > max_bytes; });
  if (!candidates.empty()) return {};
  return Fail(
      ErrorKind::kUsage,
      "--max-bytes: none of the {} that would be tried fits {}; the smallest, {} at {} px, may take {} "
      "as an int8 file. Name smaller ones (--models; `handlens list` has them), or let a reduction "
      "look for one: --reduce always",
      Count(tried, "model"), ByteCount(static_cast<double>(max_bytes)), smallest.model, smallest.size_px,
      ByteCount(static_cast<double>(bytes_of(smallest))));
}

// Whether this call goes on where a budget of `before_s` cut the step short: only a call for the step itself,
// or for the whole run, that gives it longer.
template <class S>
Result<bool> GoesOn(const Run& run, double before_s) {
  const double wanted_s = run.wanted().search.budget_s;
  const bool longer = wanted_s == 0 || wanted_s > before_s;
  const bool asked = run.command == "run" || run.command == "demo" || run.command == S::kFacts.command;
  if (!longer || !asked) return false;
  return S::WasCutShort(run.space.folder);
}

// A budget belongs to the call: what an earlier one finished stands, whatever its budget was. `options` have
// all but the budget.
template <class S>
Result<double> BudgetOf(const Run& run, typename S::Options options) {
  const double wanted_s = run.wanted().search.budget_s;
  HL_ASSIGN(const Json recorded, RecordedOptions(run.space.folder, S::kFacts.name));
  if (!recorded.contains("budget_s") || !recorded["budget_s"].is_number()) return wanted_s;
  options.budget_s = recorded["budget_s"].get<double>();
  if (options.budget_s == wanted_s) return wanted_s;
  HL_ASSIGN(const Freshness done, StepIsFresh(run.space.folder, ChainStepOf<S>(run.space, options)));
  if (!done.fresh) return wanted_s;
  HL_ASSIGN(const bool goes_on, GoesOn<S>(run, options.budget_s));
  return goes_on ? wanted_s : options.budget_s;
}

// Said where a step begins again that has a result already.
template <class S>
Result<void> SayGoesOn(const Workspace& space) {
  HL_ASSIGN(const bool cut_short, S::WasCutShort(space.folder));
  if (cut_short && !space.share)
    space.progress->Say(fmt::format("{}: a budget cut it short; it goes on from there", S::kFacts.title));
  return {};
}

struct Search {
  static constexpr StepFacts kFacts{.name = kSearchStep,
                                    .title = "search",
                                    .command = kSearchStep,
                                    .trains = true,
                                    .shared = true,
                                    .planned_s = [](const RunPlan& plan) { return plan.search.seconds; }};
  struct Options {
    static constexpr std::string_view kNames[] = {"candidates",  "fit",       "seed",
                                                  "exhaustive",  "budget_s",  "preset",
                                                  "compared_by", "max_bytes", "backgrounds"};
    std::vector<search::Candidate> candidates;  // those that fit max_bytes
    image::Fit fit = image::Fit::kCrop;
    uint64_t seed = 0;
    bool exhaustive = true;
    double budget_s = 0;
    std::string preset;
    std::optional<search::Yardstick> compared_by;  // empty: validation pictures as they are
    std::optional<int64_t> max_bytes;              // of the int8 file, as in Reduce
    std::optional<fs::path> backgrounds;           // of the simulated camera; empty: the built-in ones
  };
  static Result<Options> Read(const Run& run) {
    const Wanted::Search& wanted = run.wanted().search;
    HL_ASSIGN(const search::Coverage coverage, search::PresetCoverage(wanted.preset));
    HL_ASSIGN(std::vector<search::Candidate> candidates, CandidatesOf(run));
    HL_ASSIGN(const auto compared_by, ComparedBy(run, kFacts.name));
    HL_ASSIGN(const auto max_bytes, MaxBytesOfSearch(run));
    HL_ASSIGN(const auto backgrounds, BackgroundsOf(run, kFacts.name, compared_by));
    Options options{
        std::move(candidates), run.fit(), run.wanted().seed, IsExhaustive(wanted, coverage), 0, wanted.preset,
        compared_by,           max_bytes, backgrounds};
    HL_ASSIGN(options.budget_s, BudgetOf<Search>(run, options));
    return options;
  }
  static Result<bool> WasCutShort(const fs::path& run) { return search::SearchWasCutShort(run); }
  static Files Touches(const Workspace&, const Options&) {
    return {{"dataset.json", "split.json"}, {"search.json", "search.csv"}};
  }
  static Result<void> Work(Workspace& space, const Options& o) {
    HL_TRY(SayGoesOn<Search>(space));
    search::SearchOptions options = OptionsOf(space);
    options.candidates = o.candidates;
    options.fit = o.fit;
    options.seed = o.seed;
    options.exhaustive = o.exhaustive;
    options.budget_s = o.budget_s > 0 ? TrainingBudget(space) * (space.reduces_after ? kSearchShare : 1) : 0;
    options.preset = o.preset;
    options.yardstick = o.compared_by.value_or(search::Yardstick::kPictures);
    HL_ASSIGN(options.backdrops, BackdropsOf(space, o.backgrounds.value_or(fs::path())));
    if (!space.share)
      HL_TRY(PrepareSizes(space, o.fit,
                          SizesOf(o.candidates)));  // the search of a share makes what is missing itself
    options.chooses = !(space.share && o.exhaustive);
    HL_ASSIGN(const search::SearchResult result,
              search::Search(space.dataset, space.split, options, *space.progress));
    if (space.share) return {};
    return search::WriteSearch(space.folder, space.dataset, result);
  }
  static Result<void> Load(Workspace& space, const Options& o) {
    space.fit = o.fit;
    HL_ASSIGN(search::SearchResult result, search::ReadSearch(space.folder));
    space.chosen = std::move(result.cells[static_cast<size_t>(result.chosen)]);
    return {};
  }
};

struct Reduce {
  static constexpr StepFacts kFacts{.name = kReduceStep,
                                    .title = "reduce",
                                    .command = kReduceStep,
                                    .trains = true,
                                    .shared = true,
                                    .planned_s = [](const RunPlan& plan) { return plan.reduction.seconds; }};
  struct Options {
    static constexpr std::string_view kNames[] = {"candidates",  "fit",       "seed",       "exhaustive",
                                                  "budget_s",    "preset",    "filters",    "neurons",
                                                  "compared_by", "max_bytes", "backgrounds"};
    std::vector<search::Candidate>
        candidates;  // none: they follow from the search's choice, which is an input
    image::Fit fit = image::Fit::kCrop;
    uint64_t seed = 0;
    bool exhaustive = true;
    double budget_s = 0;
    std::string preset;
    std::vector<int> filters, neurons;
    std::optional<search::Yardstick> compared_by;
    std::optional<int64_t> max_bytes;  // of the int8 file; empty: any size
    std::optional<fs::path> backgrounds;
  };
  static Result<Options> Read(const Run& run) {
    HL_ASSIGN(const reduce::ReduceOptions wanted, ReduceOptionsOf(run));
    HL_ASSIGN(const auto compared_by, ComparedBy(run, kFacts.name));
    HL_ASSIGN(const auto max_bytes, MaxBytesOf(run, kFacts.name));
    HL_ASSIGN(const auto backgrounds, BackgroundsOf(run, kFacts.name, compared_by));
    Options options{{},
                    run.fit(),
                    run.wanted().seed,
                    wanted.search.exhaustive,
                    0,
                    wanted.search.preset,
                    wanted.filters,
                    wanted.neurons,
                    compared_by,
                    max_bytes,
                    backgrounds};
    HL_ASSIGN(options.budget_s, BudgetOf<Reduce>(run, options));
    return options;
  }
  static Result<bool> WasCutShort(const fs::path& run) { return reduce::ReduceWasCutShort(run); }
  static Files Touches(const Workspace&, const Options&) {
    return {{"dataset.json", "split.json", "search.json"}, {"reduce.json", "reduce.csv"}};
  }
  static Result<void> Work(Workspace& space, const Options& o) {
    HL_TRY(SayGoesOn<Reduce>(space));
    HL_TRY(NeedBackbone(space, space.chosen.candidate.start));
    reduce::ReduceOptions options{.filters = o.filters, .neurons = o.neurons, .search = OptionsOf(space)};
    options.max_bytes = o.max_bytes.value_or(0);
    options.search.fit = o.fit;
    options.search.seed = o.seed;
    options.search.exhaustive = o.exhaustive;
    options.search.preset = o.preset;
    options.search.yardstick = o.compared_by.value_or(search::Yardstick::kPictures);
    HL_ASSIGN(options.search.backdrops, BackdropsOf(space, o.backgrounds.value_or(fs::path())));
    if (!space.share) HL_TRY(PrepareSizes(space, o.fit, {space.chosen.candidate.size_px}));
    options.search.budget_s =
        o.budget_s > 0
            ? std::max(0.001, TrainingBudget(space) - (space.finishes_after ? FinalSeconds(space) : 0))
            : 0;
    HL_ASSIGN(const reduce::ReduceResult result,
              reduce::Reduce(space.dataset, space.split, space.chosen.candidate, options, *space.progress));
    if (space.share) return {};
    return reduce::WriteReduce(space.folder, space.dataset, result);
  }
  static Result<void> Load(Workspace& space, const Options&) {
    HL_ASSIGN(reduce::ReduceResult result, reduce::ReadReduce(space.folder));
    space.chosen = std::move(result.cells[static_cast<size_t>(result.chosen)].cell);
    return {};
  }
};

struct Final {
  static constexpr StepFacts kFacts{.name = kFinalStep,
                                    .title = "final training",
                                    .trains = true,
                                    .half_of = kConvertStep,
                                    .planned_s = [](const RunPlan& plan) { return plan.end_s; }};
  struct Options {
    static constexpr std::string_view kNames[] = {"trial", "spec"};
    std::string trial;
    train::TrialSpec spec;
  };
  static Result<Options> Read(const Run& run) {
    train::TrialSpec spec = search::FinalTrial(run.space.chosen, run.wanted().seed);
    std::string id =
        train::TrialId(spec, train::DataFingerprint(run.space.dataset, run.space.split, run.fit()));
    return Options{std::move(id), std::move(spec)};
  }
  static Files Touches(const Workspace&, const Options& o) {
    return {{"dataset.json", "split.json"}, TrialFiles(o.trial)};
  }
  static Result<void> Work(Workspace& space, const Options& o) {
    HL_TRY(PrepareSizes(space, space.fit, {o.spec.size_px}));
    HL_ASSIGN(const dataset::PixelSet pixels,
              dataset::LoadPixels(space.dataset, o.spec.size_px, space.fit, space.At("cache")));
    SpareThreads spare(space.jobs - 1);
    HL_TRY(NeedBackbone(space, o.spec.start));
    train::FeatureStore features(space.dataset, space.At("cache"));
    const train::TrialData data{.dataset = &space.dataset,
                                .split = &space.split,
                                .pixels = &pixels,
                                .spare = &spare,
                                .backbones = Pointers(space),
                                .features = &features};
    HL_TRY(train::RunTrial(o.spec, data, space.At("trials") / o.trial, *space.progress));
    return {};
  }
  static Result<void> Load(Workspace& space, const Options& o) {
    HL_ASSIGN(space.final_trial, train::ReadTrial(space.At("trials") / o.trial));
    return {};
  }
};

// Repeated and nested cross-validation of what was chosen: what the run's own cannot say of itself.
struct Crossvalidation {
  static constexpr StepFacts kFacts{.name = kCrossvalidationStep,
                                    .title = "cross-validation again",
                                    .trains = true,
                                    .planned_s = [](const RunPlan& plan) { return plan.again.seconds; }};
  struct Options {
    static constexpr std::string_view kNames[] = {"repeats", "nested",     "candidates",  "fit",
                                                  "seed",    "exhaustive", "compared_by", "backgrounds"};
    int repeats = 1;
    bool nested = false;
    std::vector<search::Candidate> candidates;  // of the nested search
    image::Fit fit = image::Fit::kCrop;
    uint64_t seed = 0;
    bool exhaustive = true;
    std::optional<search::Yardstick> compared_by;
    std::optional<fs::path> backgrounds;
  };
  static Result<Options> Read(const Run& run) {
    HL_ASSIGN(const Search::Options searched, Search::Read(run));
    const Wanted::Search& wanted = run.wanted().search;
    return Options{wanted.repeats,
                   wanted.nested,
                   wanted.nested ? searched.candidates : std::vector<search::Candidate>{},
                   searched.fit,
                   searched.seed,
                   searched.exhaustive,
                   searched.compared_by,
                   searched.backgrounds};
  }
  static Files Touches(const Workspace& space, const Options&) {
    Files files{{"dataset.json", "split.json", "search.json"}, {search::kResamplingFile}};
    std::error_code error;
    if (fs::exists(space.At("reduce.json"), error)) files.reads.emplace_back("reduce.json");
    return files;
  }
  static Result<void> Work(Workspace& space, const Options& o) {
    HL_TRY(NeedBackbone(space, space.chosen.candidate.start));
    std::vector<search::Candidate> trained = o.candidates;
    trained.push_back(space.chosen.candidate);
    HL_TRY(PrepareSizes(space, o.fit, SizesOf(trained)));
    HL_ASSIGN(const image::Backdrops* const backdrops,
              BackdropsOf(space, o.backgrounds.value_or(fs::path())));
    const search::Searcher searcher = [&](const split::Split& split,
                                          const std::vector<search::Candidate>& candidates) {
      search::SearchOptions options = OptionsOf(space);
      options.candidates = candidates;
      options.fit = o.fit;
      options.seed = o.seed;
      options.exhaustive = o.exhaustive || candidates.size() == 1;
      options.yardstick = o.compared_by.value_or(search::Yardstick::kPictures);
      options.backdrops = backdrops;
      options.step = kFacts.title;
      return search::Search(space.dataset, split, options, *space.progress);
    };
    search::Resampling resampling;
    if (o.repeats > 1) {
      HL_ASSIGN(resampling.repeats,
                search::RunRepeats(space.dataset, space.split, space.chosen, o.repeats, searcher));
      space.progress->Say(resampling.repeats->sentence);
    }
    if (o.nested) {
      HL_ASSIGN(resampling.nested, search::RunNested(space.dataset, space.split, o.candidates, searcher));
      space.progress->Say(resampling.nested->sentence);
    }
    return WriteRecord(space.At(search::kResamplingFile), search::kResamplingFormat, 1,
                       search::ToJson(resampling));
  }
  static Result<void> Load(Workspace&, const Options&) { return {}; }
};

}  // namespace

Step SearchRow() { return StepOf<Search>(); }
Step ReduceRow() { return StepOf<Reduce>(Reduces); }
Step FinalRow() { return StepOf<Final>(); }
Step CrossvalidationRow() { return StepOf<Crossvalidation>(WantsResampling); }

bool WantsResampling(const Run& run) {
  return (run.wanted().search.repeats > 1 || run.wanted().search.nested) && !run.space.share;
}

Result<std::optional<search::Yardstick>> ComparedBy(const Run& run, std::string_view step) {
  const verify::Purpose purpose = run.wanted().gates.purpose;
  HL_ASSIGN(const Json recorded, RecordedOptions(run.space.folder, step));
  const bool named = recorded.contains("compared_by"), trains = run.trains;
  HL_ASSIGN(const bool done, IsThere(run.At(std::string(step) + ".json")));
  const bool from_before = !named && done;
  if (from_before && !(trains && purpose == verify::Purpose::kCamera)) return std::nullopt;
  if (named && !trains) {
    HL_ASSIGN(const search::Yardstick yardstick,
              search::YardstickFromName(recorded["compared_by"].get<std::string>()));
    return yardstick;
  }
  switch (purpose) {
    case verify::Purpose::kGallery: return search::Yardstick::kPictures;
    case verify::Purpose::kCamera: return search::Yardstick::kCamera;
    case verify::Purpose::kBoth: return search::Yardstick::kBoth;
  }
  return std::nullopt;
}

Result<reduce::ReduceOptions> ReduceOptionsOf(const Run& run) {
  const Wanted::Search& wanted = run.wanted().search;
  reduce::ReduceOptions options{
      .filters = wanted.filters, .neurons = wanted.neurons, .search = OptionsOf(run.space)};
  HL_ASSIGN(const search::Coverage coverage, search::PresetCoverage(wanted.preset));
  // The paper's tables want every trial of the search; its sweep of 361 cells only when asked for.
  options.search.exhaustive = wanted.preset == "paper" ? wanted.exhaustive : IsExhaustive(wanted, coverage);
  options.search.fit = run.fit();
  options.search.seed = run.wanted().seed;
  options.search.preset = wanted.preset;
  return options;
}

Result<std::vector<search::Candidate>> CandidatesOf(const Run& run) {
  const Wanted::Search& wanted = run.wanted().search;
  search::GridChoice choice;
  choice.models = wanted.models;
  choice.generators = wanted.generators;
  choice.sizes_px = run.wanted().pictures.sizes_px;
  choice.own_models =
      WithClasses(run.settings.own().models, static_cast<int>(run.space.dataset.labels.size()));
  choice.own_generators = run.settings.own().generators;
  choice.recipe_changes = run.settings.own().recipe;
  choice.epochs = wanted.epochs;
  choice.backbones = Pointers(run.space);
  choice.from_scratch = wanted.from_scratch;
  HL_ASSIGN(std::vector<search::Candidate> candidates,
            search::PresetCandidates(wanted.preset, run.space.dataset, choice));
  HL_ASSIGN(const auto max_bytes, MaxBytesOfSearch(run));
  if (max_bytes) HL_TRY(KeepWhatFits(*max_bytes, candidates));
  return candidates;
}

std::vector<int> SizesOf(const std::vector<search::Candidate>& candidates) {
  std::set<int> sizes;
  for (const search::Candidate& candidate : candidates) sizes.insert(candidate.size_px);
  return {sizes.begin(), sizes.end()};
}

bool WantsReduction(const Run& run) {
  const Wanted::Search& wanted = run.wanted().search;
  std::error_code error;
  // A reduction that the user once asked for by `handlens reduce` stays part of the run.
  return wanted.reduce == Reduction::kAlways ||
         (wanted.reduce == Reduction::kAuto &&
          (wanted.preset != "quick" || fs::exists(run.At("reduce.json"), error)));
}

}  // namespace handlens::pipeline
