#include "pipeline/asking.h"

#include <algorithm>

#include "base/text.h"
#include "pipeline/plan.h"
#include "pipeline/steps.h"

namespace handlens::pipeline {
namespace {

bool Has(const std::vector<const Step*>& steps, std::string_view name) {
  return std::any_of(steps.begin(), steps.end(), [&](const Step* step) { return step->facts.name == name; });
}

// Of the trainings among the steps; the final one alone is foreseen from the folds'.
Result<double> SecondsOfTraining(Run& run, const std::vector<const Step*>& missing) {
  if (!Has(missing, "search") && !Has(missing, "reduce")) return FinalSeconds(run.space);
  HL_ASSIGN(const RunPlan plan, MakePlan(run));
  return TotalSeconds(run, plan);
}

}  // namespace

Result<void> CheckTrainingAsked(Run& run, std::string_view goal) {
  if (CommandTrains(run.command) || run.wanted().call.yes) return {};
  run.may_train = false;
  HL_ASSIGN(std::vector<const Step*> missing, StepsToDo(run, goal));
  std::erase_if(missing, [&](const Step* step) { return !step->facts.trains; });
  const bool only_final = missing.size() == 1 && missing[0]->facts.name == "final";
  run.may_train = run.command == "convert" && only_final;
  if (missing.empty() || run.may_train) return {};
  std::vector<std::string_view> titles;
  for (const Step* step : missing) titles.push_back(step->facts.title);
  HL_ASSIGN(const double seconds, SecondsOfTraining(run, missing));
  const std::string what = fmt::format(
      "{}: to {}, trained models are missing ({}); that takes about {} with {}", run.space.folder.string(),
      run.command, fmt::join(titles, ", "), Duration(seconds), Count(run.space.jobs, "thread"));
  if (run.space.progress->Confirm(what + ". Train now?")) {
    run.may_train = true;
    return {};
  }
  const std::string first(missing[0]->facts.command.empty() ? "convert" : missing[0]->facts.command);
  return Fail(ErrorKind::kBadInput, "{}. `handlens {} {}` does it, or the same command with --yes", what,
              first, run.space.folder.string());
}

}  // namespace handlens::pipeline
