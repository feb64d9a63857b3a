#include "pipeline/steps/budget.h"

#include <algorithm>
#include <limits>

namespace handlens::pipeline {
namespace {

// What the last estimates may be wrong by before the work is stopped: the promise is 1.1.
constexpr double kGrace = 1.05;

}  // namespace

void Budget::Set(double budget_s, AtEnd at_end) {
  budget_s_ = budget_s;
  hard_ = at_end == AtEnd::kStop;
}

double Budget::LeftSeconds() const {
  return budget_s_ > 0 ? std::max(0.0, budget_s_ - UsedSeconds()) : std::numeric_limits<double>::infinity();
}

bool Budget::IsOver() const { return hard_ && budget_s_ > 0 && UsedSeconds() >= kGrace * budget_s_; }

}  // namespace handlens::pipeline
