#include "pipeline/asking.h"

#include <algorithm>

#include "base/text.h"
#include "pipeline/plan.h"
#include "pipeline/steps.h"

namespace handlens::pipeline {
namespace {

// Of the trainings among the steps; the final one alone is foreseen from the folds'.
Result<double> SecondsOfTraining(Run& run, const std::vector<const Step*>& missing) {
  if (missing.size() == 1 && missing[0]->facts.name == kFinalStep) return FinalSeconds(run.space);
  HL_ASSIGN(const RunPlan plan, MakePlan(run));
  double seconds = 0;
  for (const Step* step : missing) seconds += step->facts.planned_s(plan);
  return seconds;
}

// "`handlens search RUN` does it, or the same command with --yes": the first, when a command is for what is
// missing first.
std::string Advice(const Run& run, const std::vector<const Step*>& missing) {
  const StepFacts& first = missing[0]->facts;
  const std::string_view command = !first.command.empty() ? first.command
                                   : missing.size() == 1  ? first.half_of
                                                          : "";
  if (command.empty()) return "The same command with --yes does it";
  return fmt::format("`handlens {} {}` does it, or the same command with --yes", command,
                     run.space.folder.string());
}

}  // namespace

Result<void> CheckTrainingAsked(Run& run, std::string_view goal) {
  if (run.trains || run.wanted().call.yes) return {};
  run.may_train = false;
  HL_ASSIGN(std::vector<const Step*> missing, StepsToDo(run, goal));
  std::erase_if(missing, [&](const Step* step) { return !step->facts.trains; });
  run.may_train = missing.size() == 1 && missing[0]->facts.half_of == run.command;
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
  return Fail(ErrorKind::kBadInput, "{}. {}", what, Advice(run, missing));
}

}  // namespace handlens::pipeline
