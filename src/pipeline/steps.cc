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

// The steps up to the last of the command's; all when no step has it.
std::span<const Step> UpTo(std::string_view command) {
  const auto steps = Steps();
  for (size_t n = steps.size(); n > 0 && !command.empty(); --n) {
    if (steps[n - 1].facts.command == command) return steps.first(n);
  }
  return steps;
}

bool Comprises(std::span<const Step> steps, std::string_view name) {
  return std::ranges::any_of(steps, [&](const Step& step) { return step.facts.name == name; });
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
      return step.facts.command;
    found |= step.facts.command == command;
  }
  return "";
}

Result<void> DoOne(Run& run, std::string_view name) {
  const Step* const step = FindStep(name);
  HL_CHECK(step != nullptr);
  return step->perform(run);
}

bool EndsWithTraining(std::string_view command) {
  return std::ranges::any_of(Steps(), [&](const Step& step) {
    return step.facts.trains && !step.facts.command.empty() && step.facts.command == command;
  });
}

bool GoalTrains(const Run& run) {
  return std::ranges::any_of(UpTo(run.goal), [](const Step& step) { return step.facts.trains; });
}

Result<std::vector<const Step*>> StepsToDo(Run& run, std::string_view command) {
  run.goal = command;
  std::vector<const Step*> steps;
  for (const Step& step : UpTo(command)) {
    const bool counts = step.belongs(run) && step.facts.redo != Redo::kUnrecorded;
    if (counts && !steps.empty()) steps.push_back(&step);
    if (counts && steps.empty()) {
      HL_ASSIGN(const Freshness freshness, step.freshness(run));
      // Where a training that a record names is gone, the step is to be done again.
      const bool fresh = freshness.fresh && step.facts.redo == Redo::kFresh && step.load(run);
      if (!fresh) steps.push_back(&step);
    }
  }
  return steps;
}

Result<void> DoStepsUpTo(Run& run, std::string_view last) {
  run.goal = last;
  const auto steps = UpTo(last);
  run.space.reduces_after = Comprises(steps, kReduceStep) && WantsReduction(run);
  run.space.finishes_after = Comprises(steps, kFinalStep);
  for (const Step& step : steps) {
    if (!step.belongs(run)) continue;
    const auto done = step.perform(run);
    const bool over = !done && done.error().kind == ErrorKind::kInterrupted && run.space.budget->IsOver();
    if (over) return BudgetIsOver(*run.space.budget, step);
    if (!done) return done;
  }
  return {};
}

}  // namespace handlens::pipeline
