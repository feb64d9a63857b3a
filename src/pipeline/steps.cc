#include "pipeline/steps.h"

#include <algorithm>
#include <array>

namespace handlens::pipeline {

std::span<const Step> Steps() {
  static const std::array steps = {InspectRow(), PrepareRow(), SplitRow(),      SearchRow(), ReduceRow(),     FinalRow(),
                                   ConvertRow(), DescribeRow(), VerifyRow(), AppAndroidRow(), AppWebRow(), ReportRow()};
  return steps;
}

const Step* FindStep(std::string_view name) {
  const auto steps = Steps();
  const auto it = std::find_if(steps.begin(), steps.end(), [&](const Step& step) { return step.facts.name == name; });
  return it == steps.end() ? nullptr : &*it;
}

std::string_view CommandAfter(std::string_view command) {
  bool found = false;
  for (const Step& step : Steps()) {
    if (found && !step.facts.command.empty() && step.facts.command != command) return step.facts.command == "report" ? "" : step.facts.command;
    found |= step.facts.command == command;
  }
  return "";
}

Result<void> DoOne(Run& run, std::string_view name) {
  const Step* const step = FindStep(name);
  HL_CHECK(step != nullptr);
  return step->perform(run);
}

Result<void> DoStepsUpTo(Run& run, std::string_view command) {
  run.command = command;
  run.space.reduces_after = WantsReduction(run);
  run.space.finishes_after = command != "search";
  for (const Step& step : Steps()) {
    if (step.belongs(run)) HL_TRY(step.perform(run));
    if (step.facts.command == command) return {};
  }
  return {};
}

}  // namespace handlens::pipeline
