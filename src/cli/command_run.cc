// `run` and `demo`: the plan, then all steps, then what was written and what to do next.
#include <algorithm>
#include <filesystem>

#include "cli/steps.h"
#include "cli/summary.h"

namespace handlens::cli {
namespace fs = std::filesystem;
namespace {

constexpr size_t kTimedReductions = 3;   // each takes up to a second

struct RunPlan {
  search::Plan search;
  std::vector<search::Candidate> candidates;
  bool reduces = false;
  search::Coverage coverage = search::Coverage::kExhaustive;
  reduce::Expected reduction;        // of the candidate whose sweep takes the median time
  double free_bytes = 0;
};

// Which candidate will be reduced is not known before the search; few of them are timed, and the one in the middle stands
// for all.
Result<reduce::Expected> MedianReduction(const Run& run, const std::vector<search::Candidate>& candidates) {
  HL_ASSIGN(const reduce::ReduceOptions options, ReduceOptionsOf(run));
  std::vector<reduce::Expected> expected;
  const size_t stride = (candidates.size() + kTimedReductions - 1) / kTimedReductions;
  for (size_t i = 0; i < candidates.size(); i += stride) {
    HL_ASSIGN(expected.emplace_back(), reduce::ExpectReduction(candidates[i], options, search::TrainingPictures(run.dataset),
                                                               static_cast<int>(run.settings.Integer("folds"))));
  }
  const auto middle = expected.begin() + static_cast<std::ptrdiff_t>(expected.size() / 2);
  std::nth_element(expected.begin(), middle, expected.end(),
                   [](const reduce::Expected& a, const reduce::Expected& b) { return a.seconds < b.seconds; });
  return *middle;
}

Result<RunPlan> MakePlan(const Run& run) {
  RunPlan plan;
  HL_ASSIGN(plan.candidates, CandidatesOf(run));
  const int folds = static_cast<int>(run.settings.Integer("folds"));
  HL_ASSIGN(const search::Coverage coverage, search::PresetCoverage(run.settings.Text("preset")));
  plan.coverage = run.settings.Flag("exhaustive") ? search::Coverage::kExhaustive : coverage;
  HL_ASSIGN(plan.search, search::Estimate(plan.candidates, run.dataset, folds, run.jobs(), plan.coverage));
  plan.reduces = WantsReduction(run);
  if (plan.reduces) {
    HL_ASSIGN(plan.reduction, MedianReduction(run, plan.candidates));
  }
  std::error_code error;
  const fs::space_info space = fs::space(run.folder, error);
  plan.free_bytes = error ? 0 : static_cast<double>(space.available);
  return plan;
}

// One fold's training is about the final model's, and calibration and judging are small beside it.
double TotalSeconds(const Run& run, const RunPlan& plan) {
  const double final_s = plan.search.trials > 0 ? plan.search.seconds * run.jobs() / plan.search.trials : 0;
  return plan.search.seconds + plan.reduction.seconds + final_s;
}

std::string PlanText(const Run& run, const RunPlan& plan) {
  std::vector<std::string> models, generators;
  for (const search::Candidate& c : plan.candidates) {
    if (std::find(models.begin(), models.end(), c.model) == models.end()) models.push_back(c.model);
    if (std::find(generators.begin(), generators.end(), c.generator.name) == generators.end()) generators.push_back(c.generator.name);
  }
  const double budget = run.settings.Number("budget");
  std::string text = fmt::format("plan for {}: {} in {} classes, preset {}\n", run.folder.string(),
                                 Count(static_cast<int64_t>(run.dataset.pictures.size()), "picture"), run.dataset.labels.size(),
                                 run.settings.Text("preset"));
  text += fmt::format("  steps   inspect, prepare, split, search, {}final training, convert, describe, verify, report\n", plan.reduces ? "reduce, " : "");
  text += fmt::format("  search  {}{} of {} models ({}) at {} px with {} and {} folds\n", plan.coverage == search::Coverage::kRace ? "a race of about " : "",
                      Count(plan.search.trials, "trial"), models.size(),
                      fmt::join(models, ", "), fmt::join(SizesOf(plan.candidates), ", "), fmt::join(generators, ", "), run.settings.Integer("folds"));
  if (plan.reduces) text += fmt::format("  reduce  about {} among {}, {}\n", Count(plan.reduction.trials, "trial"), Count(plan.reduction.cells, "smaller model"), Duration(plan.reduction.seconds));
  text += fmt::format("  time    about {} with {}{}\n", Duration(TotalSeconds(run, plan)), Count(run.jobs(), "thread"),
                      budget > 0 ? fmt::format("; training stops at the budget of {}", Duration(budget)) : "");
  text += fmt::format("  memory  about {}; disk about {} of {} free\n", ByteCount(static_cast<double>(plan.search.memory_bytes)),
                      ByteCount(static_cast<double>(plan.search.disk_bytes)), ByteCount(plan.free_bytes));
  return text;
}

Json PlanJson(const Run& run, const RunPlan& plan) {
  return {{"trials", plan.search.trials}, {"seconds", TotalSeconds(run, plan)}, {"memory_bytes", plan.search.memory_bytes},
          {"disk_bytes", plan.search.disk_bytes}, {"free_bytes", plan.free_bytes}, {"sizes", SizesOf(plan.candidates)},
          {"candidates", plan.candidates.size()}, {"reduce", plan.reduces}, {"search_seconds", plan.search.seconds},
          {"reduce_trials", plan.reduction.trials}, {"reduce_seconds", plan.reduction.seconds}};
}

Result<void> CheckDisk(const Run& run, const RunPlan& plan) {
  if (plan.free_bytes <= 0 || plan.free_bytes >= static_cast<double>(plan.search.disk_bytes)) return {};
  return Fail(ErrorKind::kResources, "{}: the run needs about {} and the disk has {} free; free some, or choose another folder with -o",
              run.folder.string(), ByteCount(static_cast<double>(plan.search.disk_bytes)), ByteCount(plan.free_bytes));
}

// The chosen model, the verdict and the files: what `run` ends with.
Result<Outcome> Conclude(Run& run, const RunPlan& plan) {
  HL_ASSIGN(Outcome outcome, SummarizeVerdict(run));
  HL_ASSIGN(const Outcome model, SummarizeModel(run));
  HL_ASSIGN(const search::SearchResult searched, search::ReadSearch(run.folder));
  const search::Candidate& chosen = searched.cells[static_cast<size_t>(searched.chosen)].candidate;
  HL_ASSIGN(const search::CellResult cell, StepReduce(run, searched, Reduction::kAsAsked));
  const bool reduced = cell.candidate.model != chosen.model;
  outcome.text = fmt::format("chosen: {} at {} px with {}{}: test accuracy {:.1f} % [{:.1f}, {:.1f}], n={}\n", chosen.model, chosen.size_px,
                             chosen.generator.name, reduced ? ", reduced to " + cell.candidate.model : "",
                             cell.test_n == 0 ? 0.0 : 100.0 * static_cast<double>(cell.test_correct) / static_cast<double>(cell.test_n),
                             100 * cell.test_ci95.low, 100 * cell.test_ci95.high, cell.test_n) +
                 model.text + outcome.text;
  outcome.json["plan"] = PlanJson(run, plan);
  outcome.json["chosen"] = {{"model", chosen.model}, {"reduced_to", cell.candidate.model}, {"size", chosen.size_px}, {"augmentation", chosen.generator.name}};
  outcome.json["model"] = model.json.at("model");
  outcome.json["report"] = run.At("report.html").string();
  AddWritten(run, "run", outcome);
  outcome.text += fmt::format("next: open {}; handlens predict {} PICTURE\n", run.At("report.html").string(), run.folder.string());
  return outcome;
}

Result<Outcome> RunAll(Call& call, const fs::path& pictures, std::string_view preset) {
  HL_ASSIGN(const std::unique_ptr<Run> run, OpenRunFor(call, pictures));
  if (!preset.empty()) run->settings.SetDefault("preset", std::string(preset));
  HL_TRY(StepInspect(*run, pictures));
  HL_ASSIGN(const RunPlan plan, MakePlan(*run));
  const std::string text = PlanText(*run, plan);
  if (run->settings.Flag("dry-run")) {
    Outcome outcome;
    outcome.text = text;
    outcome.json = {{"command", call.command}, {"run", run->folder.string()}, {"plan", PlanJson(*run, plan)}};
    return outcome;
  }
  run->terminal->Say(std::string_view(text).substr(0, text.size() - 1));
  HL_TRY(CheckDisk(*run, plan));
  HL_TRY(SaveSettings(*run));
  HL_TRY(DoStepsUpTo(*run, "report"));
  return Conclude(*run, plan);
}

// The demo's pictures: beside the program's source while it is built there, or in the installed share folder.
Result<fs::path> DemoPictures(const std::string& program) {
  std::error_code error;
  fs::path self = fs::read_symlink("/proc/self/exe", error);
  if (error) self = fs::absolute(program);
  const fs::path places[] = {self.parent_path() / "../share/handlens/demo/pictures", self.parent_path() / "data/demo/pictures",
                             fs::path(HANDLENS_DATA_DIR) / "demo/pictures"};
  for (const fs::path& place : places) {
    if (fs::is_directory(place, error)) return place.lexically_normal();
  }
  return Fail(ErrorKind::kInternal, "the demo's pictures are not there; looked in {}, {} and {}", places[0].lexically_normal().string(),
              places[1].string(), places[2].string());
}

}  // namespace

Result<Outcome> CommandRun(Call& call) { return RunAll(call, call.arguments[0], ""); }

Result<Outcome> CommandDemo(Call& call) {
  HL_ASSIGN(const fs::path pictures, DemoPictures(call.program));
  call.line.values.try_emplace("out", "demo-run");
  return RunAll(call, pictures, "quick");
}

}  // namespace handlens::cli
