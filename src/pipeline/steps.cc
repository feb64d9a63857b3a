#include "pipeline/steps.h"

#include <algorithm>
#include <iterator>

#include "base/text.h"

namespace handlens::pipeline {
namespace {

tl::unexpected<Error> BudgetIsOver(const Budget& budget, const Step& step) {
  return Fail(ErrorKind::kResources,
              "the budget of {} ended at {}, before there was a result; what was done is kept: the same "
              "command goes on from there with a new budget",
              Duration(budget.seconds()), step.facts.title);
}

}  // namespace

std::span<const Step> Steps() {
  static const std::vector<Step> steps = [] {
    std::vector<Step> rows = {InspectRow(), PrepareRow(),  SplitRow(), ReviewRow(),
                              SearchRow(),  ReduceRow(),   FinalRow(), CrossvalidationRow(),
                              ConvertRow(), DescribeRow(), VerifyRow()};
    std::ranges::move(AppRows(), std::back_inserter(rows));
    rows.push_back(ReportRow());
    return rows;
  }();
  return steps;
}

const Step* FindStep(std::string_view name) {
  const auto steps = Steps();
  const auto it =
      std::find_if(steps.begin(), steps.end(), [&](const Step& step) { return step.facts.name == name; });
  return it == steps.end() ? nullptr : &*it;
}

std::string_view CommandAfter(std::string_view command) {
  bool found = false;
  for (const Step& step : Steps()) {
    if (found && !step.facts.command.empty() && !step.facts.advises && step.facts.command != command)
      return step.facts.command == "report" ? "" : step.facts.command;
    found |= step.facts.command == command;
  }
  return "";
}

Result<void> DoOne(Run& run, std::string_view name) {
  const Step* const step = FindStep(name);
  HL_CHECK(step != nullptr);
  return step->perform(run);
}

bool CommandTrains(std::string_view command) {
  constexpr std::string_view kTraining[] = {"run", "demo", "search", "reduce", "merge"};
  return std::find(std::begin(kTraining), std::end(kTraining), command) != std::end(kTraining);
}

Result<std::vector<const Step*>> StepsToDo(Run& run, std::string_view command) {
  run.goal = command;
  std::vector<const Step*> steps;
  for (const Step& step : Steps()) {
    const bool counts = step.belongs(run) && step.facts.redo != Redo::kUnrecorded;
    if (counts && !steps.empty()) steps.push_back(&step);
    if (counts && steps.empty()) {
      HL_ASSIGN(const Freshness freshness, step.freshness(run));
      // Where a training that a record names is gone, the step is to be done again.
      const bool fresh = freshness.fresh && step.facts.redo == Redo::kFresh && step.load(run);
      if (!fresh) steps.push_back(&step);
    }
    if (!step.facts.command.empty() && step.facts.command == command) break;
  }
  return steps;
}

Result<void> DoStepsUpTo(Run& run, std::string_view last) {
  run.goal = last;
  run.space.reduces_after = WantsReduction(run);
  run.space.finishes_after = last != "search";
  if (FindStep("prepare")->belongs(run)) HL_TRY(CheckBroken(run));
  for (const Step& step : Steps()) {
    if (step.belongs(run)) {
      const auto done = step.perform(run);
      const bool over = !done && done.error().kind == ErrorKind::kInterrupted && run.space.budget->IsOver();
      if (over) return BudgetIsOver(*run.space.budget, step);
      if (!done) return done;
    }
    if (step.facts.command == last) return {};
  }
  return {};
}

}  // namespace handlens::pipeline
