// The steps that train: search, reduce, and the final model (declared in steps.h).
#include <algorithm>
#include <set>

#include "dataset/prepare.h"
#include "pipeline/steps.h"

namespace handlens::pipeline {
namespace fs = std::filesystem;
namespace {

// The search's share of the time budget, with a reduction after it and without. The reduction has what is left but for the
// final training.
constexpr double kSearchShare = 0.6, kSearchShareAlone = 0.85;

Result<search::SearchOptions> OptionsOf(const Run& run) {
  search::SearchOptions options;
  options.trials = run.At("trials");
  options.cache = run.At("cache");
  options.fit = run.fit();
  options.seed = run.seed();
  options.jobs = run.jobs();
  HL_ASSIGN(const search::Coverage coverage, search::PresetCoverage(run.settings.Text("preset")));
  options.exhaustive = run.settings.Flag("exhaustive") || coverage == search::Coverage::kExhaustive;
  options.preset = run.settings.Text("preset");
  return options;
}

// What trials depend on, for the chain.
Json TrialOptions(const Run& run, const search::SearchOptions& options) {
  Json candidates = Json::array();
  for (const search::Candidate& candidate : options.candidates) {
    candidates.push_back({{"model", candidate.model},
                          {"size", candidate.size_px},
                          {"generator", image::ToJson(candidate.generator)},
                          {"recipe", train::ToJson(candidate.recipe)},
                          {"architecture", nn::ToJson(candidate.architecture)}});
  }
  return {{"candidates", candidates}, {"fit", image::FitName(options.fit)}, {"seed", options.seed},
          {"exhaustive", options.exhaustive}, {"budget_s", run.settings.Number("budget")}, {"preset", options.preset}};
}

// Seconds of the final training: as many epochs as a fold, of all folds' pictures.
double FinalSeconds(const Run& run, const search::CellResult& chosen) {
  if (chosen.folds.empty()) return 0;
  double fold_s = 0;
  for (const train::TrialResult& fold : chosen.folds) fold_s += fold.seconds / static_cast<double>(chosen.folds.size());
  const double pictures = static_cast<double>(run.dataset.pictures.size() - run.split.holdout.size());
  return fold_s * pictures / static_cast<double>(std::max<size_t>(run.split.folds[0].train.size(), 1));
}

// What is left of the budget for the reduction, less the final training's time unless the reduction alone was asked for.
// Never nothing, since that would mean no budget; 0 without one.
Result<double> ReduceBudget(const Run& run, const search::CellResult& chosen, Reduction reduction) {
  const double budget_s = run.settings.Number("budget");
  if (budget_s <= 0) return 0.0;
  HL_ASSIGN(const double searched_s, SecondsOf(run.folder, "search"));
  return std::max(0.001, budget_s - searched_s - (reduction == Reduction::kAlways ? 0 : FinalSeconds(run, chosen)));
}

// Does the step and reads what it wrote. Where a training that it names is gone, the step is done again: trainings that are
// still there are only read.
template <class Read>
auto DoAndRead(Run& run, const StepPlan& plan, const std::function<Result<void>()>& work, const Read& read) -> decltype(read()) {
  HL_TRY(DoStep(run, plan, work));
  auto result = read();
  if (result) return result;
  run.progress->Warn(fmt::format("{}; what is missing is trained again", result.error().message));
  std::error_code error;
  fs::remove(run.At(plan.outputs[0]), error);
  HL_TRY(DoStep(run, plan, work));
  return read();
}

}  // namespace

Result<reduce::ReduceOptions> ReduceOptionsOf(const Run& run) {
  reduce::ReduceOptions options;
  options.filters = run.settings.Integers("filters");
  options.neurons = run.settings.Integers("neurons");
  HL_ASSIGN(options.search, OptionsOf(run));
  // The paper's tables want every trial of the search; its sweep of 361 cells only when asked for.
  if (run.settings.Text("preset") == "paper") options.search.exhaustive = run.settings.Flag("exhaustive");
  return options;
}

Result<std::vector<search::Candidate>> CandidatesOf(const Run& run) {
  search::GridChoice choice;
  choice.models = run.settings.Words("models");
  choice.generators = run.settings.Words("generators");
  choice.sizes_px = run.settings.Integers("sizes");
  choice.own_models = WithClasses(run.settings.own().models, static_cast<int>(run.dataset.labels.size()));
  choice.own_generators = run.settings.own().generators;
  choice.recipe_changes = run.settings.own().recipe;
  choice.epochs = static_cast<int>(run.settings.Integer("epochs"));
  return search::PresetCandidates(run.settings.Text("preset"), run.dataset, choice);
}

std::vector<int> SizesOf(const std::vector<search::Candidate>& candidates) {
  std::set<int> sizes;
  for (const search::Candidate& candidate : candidates) sizes.insert(candidate.size_px);
  return {sizes.begin(), sizes.end()};
}

bool WantsReduction(const Run& run) {
  const std::string when = run.settings.Text("reduce");
  std::error_code error;
  // A reduction that the user once asked for by `handlens reduce` stays part of the run.
  return when == "always" || (when == "auto" && (run.settings.Text("preset") != "quick" || fs::exists(run.At("reduce.json"), error)));
}

Result<search::SearchResult> StepSearch(Run& run, Following following) {
  HL_ASSIGN(search::SearchOptions options, OptionsOf(run));
  HL_ASSIGN(options.candidates, CandidatesOf(run));
  const double share = following == Following::kNothing ? 1 : WantsReduction(run) ? kSearchShare : kSearchShareAlone;
  options.budget_s = run.settings.Number("budget") * share;
  StepPlan plan{.name = "search", .options = TrialOptions(run, options), .inputs = {"dataset.json", "split.json"},
                .outputs = {"search.json", "search.csv"}};
  const auto work = [&]() -> Result<void> {
    HL_TRY(StepPrepare(run, SizesOf(options.candidates)));
    HL_ASSIGN(const search::SearchResult result, search::Search(run.dataset, run.split, options, *run.progress));
    return search::WriteSearch(run.folder, run.dataset, result);
  };
  return DoAndRead(run, plan, work, [&] { return search::ReadSearch(run.folder); });
}

Result<search::CellResult> StepReduce(Run& run, const search::SearchResult& searched, Reduction reduction) {
  const search::CellResult& chosen = searched.cells[static_cast<size_t>(searched.chosen)];
  if (reduction == Reduction::kAsAsked && !WantsReduction(run)) return chosen;
  HL_ASSIGN(reduce::ReduceOptions options, ReduceOptionsOf(run));
  StepPlan plan{.name = "reduce", .options = TrialOptions(run, options.search), .inputs = {"dataset.json", "split.json", "search.json"},
                .outputs = {"reduce.json", "reduce.csv"}};
  plan.options["filters"] = options.filters;
  plan.options["neurons"] = options.neurons;
  const auto work = [&]() -> Result<void> {
    HL_TRY(StepPrepare(run, {chosen.candidate.size_px}));
    HL_ASSIGN(options.search.budget_s, ReduceBudget(run, chosen, reduction));
    HL_ASSIGN(const reduce::ReduceResult result, reduce::Reduce(run.dataset, run.split, chosen.candidate, options, *run.progress));
    return reduce::WriteReduce(run.folder, run.dataset, result);
  };
  HL_ASSIGN(const reduce::ReduceResult result, DoAndRead(run, plan, work, [&] { return reduce::ReadReduce(run.folder); }));
  return result.cells[static_cast<size_t>(result.chosen)].cell;
}

Result<train::TrialResult> StepFinal(Run& run, const search::CellResult& chosen) {
  const train::TrialSpec spec = search::FinalTrial(chosen, run.seed());
  const std::string id = train::TrialId(spec, train::DataFingerprint(run.dataset, run.split, run.fit()));
  const fs::path folder = run.At("trials") / id;
  StepPlan plan{.name = "final", .options = {{"trial", id}, {"spec", train::ToJson(spec)}}, .inputs = {"dataset.json", "split.json"},
                .outputs = {"trials/" + id + "/trial.json", "trials/" + id + "/weights.safetensors"}};
  const auto work = [&]() -> Result<void> {
    const std::vector<int> sizes = {spec.size_px};
    HL_TRY(StepPrepare(run, sizes));
    HL_ASSIGN(const dataset::PixelSet pixels, dataset::LoadPixels(run.dataset, spec.size_px, run.fit(), run.At("cache")));
    SpareThreads spare(run.jobs() - 1);
    const train::TrialData data{.dataset = &run.dataset, .split = &run.split, .pixels = &pixels, .spare = &spare};
    HL_TRY(train::RunTrial(spec, data, folder, *run.progress));
    return {};
  };
  HL_TRY(DoStep(run, plan, work));
  return train::ReadTrial(folder);
}

}  // namespace handlens::pipeline
