#include "pipeline/plan.h"

#include <algorithm>

#include "base/text.h"
#include "pipeline/steps.h"

namespace handlens::pipeline {
namespace fs = std::filesystem;
namespace {

constexpr size_t kTimedReductions = 3;   // each takes up to a second

// Which candidate will be reduced is not known before the search; few of them are timed, and the one in the middle stands
// for all.
Result<reduce::Expected> MedianReduction(const Run& run, const std::vector<search::Candidate>& candidates) {
  HL_ASSIGN(const reduce::ReduceOptions options, ReduceOptionsOf(run));
  std::vector<reduce::Expected> expected;
  const size_t stride = (candidates.size() + kTimedReductions - 1) / kTimedReductions;
  for (size_t i = 0; i < candidates.size(); i += stride) {
    HL_ASSIGN(expected.emplace_back(), reduce::ExpectReduction(candidates[i], options, search::TrainingPictures(run.space.dataset),
                                                               run.wanted().folds.folds));
  }
  const auto middle = expected.begin() + static_cast<std::ptrdiff_t>(expected.size() / 2);
  std::nth_element(expected.begin(), middle, expected.end(),
                   [](const reduce::Expected& a, const reduce::Expected& b) { return a.seconds < b.seconds; });
  return *middle;
}

}  // namespace

Result<RunPlan> MakePlan(const Run& run) {
  RunPlan plan;
  HL_ASSIGN(plan.candidates, CandidatesOf(run));
  const int folds = run.wanted().folds.folds;
  HL_ASSIGN(const search::Coverage coverage, search::PresetCoverage(run.wanted().search.preset));
  plan.coverage = run.wanted().search.exhaustive ? search::Coverage::kExhaustive : coverage;
  HL_ASSIGN(plan.search, search::Estimate(plan.candidates, run.space.dataset, folds, run.space.jobs, plan.coverage));
  plan.reduces = WantsReduction(run);
  if (plan.reduces) {
    HL_ASSIGN(plan.reduction, MedianReduction(run, plan.candidates));
  }
  std::error_code error;
  const fs::space_info space = fs::space(run.space.folder, error);
  plan.free_bytes = error ? 0 : static_cast<double>(space.available);
  return plan;
}

// One fold's training is about the final model's, and calibration and judging are small beside it.
double TotalSeconds(const Run& run, const RunPlan& plan) {
  const double final_s = plan.search.trials > 0 ? plan.search.seconds * run.space.jobs / plan.search.trials : 0;
  return plan.search.seconds + plan.reduction.seconds + final_s;
}

Result<void> CheckDisk(const Run& run, const RunPlan& plan) {
  if (plan.free_bytes <= 0 || plan.free_bytes >= static_cast<double>(plan.search.disk_bytes)) return {};
  return Fail(ErrorKind::kResources, "{}: the run needs about {} and the disk has {} free; free some, or choose another folder with -o",
              run.space.folder.string(), ByteCount(static_cast<double>(plan.search.disk_bytes)), ByteCount(plan.free_bytes));
}

}  // namespace handlens::pipeline
