#include "report/paper.h"

#include <algorithm>

namespace handlens::report {
namespace {

constexpr double kMinute = 60, kHour = 3600, kDay = 86400;

bool Covers(std::string_view pattern, std::string_view step) {
  return pattern.ends_with('-') ? step.starts_with(pattern) : step == pattern;
}

}  // namespace

std::span<const PaperStep> PaperSteps() {
  static const std::vector<PaperStep> steps = {
      {"Reading and preparing the pictures",
       {"inspect", "prepare"},
       20 * kMinute,
       30 * kMinute,
       "20 – 30 min"},
      {"Dividing them", {"split"}, 0, 0, "not reported"},
      {"Training all combinations",
       {"search", "final"},
       14 * kHour,
       14 * kHour,
       "14 h (10, 17, 50, 180, 600 min by size)"},
      {"Making the model smaller", {"reduce"}, 1 * kDay, 2 * kDay, "1 – 2 days"},
      {"Converting, adding metadata", {"convert", "describe"}, 5 * kMinute, 5 * kMinute, "5 min"},
      {"Making the app",
       {"app", "app-"},
       6.5 * kHour,
       6.5 * kHour,
       "6 h 30 min (template 30 min, build and deploy 6 h)"},
      {"Verifying", {"verify"}, 0, 0, "not reported"},
  };
  return steps;
}

const PaperStep* PaperStepOf(std::string_view step) {
  for (const PaperStep& paper : PaperSteps()) {
    if (std::any_of(paper.steps.begin(), paper.steps.end(),
                    [&](std::string_view p) { return Covers(p, step); }))
      return &paper;
  }
  return nullptr;
}

}  // namespace handlens::report
