#include "pipeline/plan.h"

#include <algorithm>
#include <cmath>

#include "base/process.h"
#include "base/text.h"
#include "describe/referral.h"
#include "search/cost.h"

namespace handlens::pipeline {
namespace fs = std::filesystem;
namespace {

constexpr size_t kTimedReductions = 3;  // each takes up to a second

// Which candidate will be reduced is not known before the search; few of them are timed, and the one in the
// middle stands for all.
Result<reduce::Expected> MedianReduction(const Run& run, const std::vector<search::Candidate>& candidates) {
  HL_ASSIGN(const reduce::ReduceOptions options, ReduceOptionsOf(run));
  std::vector<reduce::Expected> expected;
  const size_t stride = (candidates.size() + kTimedReductions - 1) / kTimedReductions;
  for (size_t i = 0; i < candidates.size(); i += stride) {
    HL_ASSIGN(expected.emplace_back(),
              reduce::ExpectReduction(candidates[i], options, search::TrainingPictures(run.space.dataset),
                                      run.wanted().folds.folds, *run.space.progress));
  }
  const auto middle = expected.begin() + static_cast<std::ptrdiff_t>(expected.size() / 2);
  std::nth_element(
      expected.begin(), middle, expected.end(),
      [](const reduce::Expected& a, const reduce::Expected& b) { return a.seconds < b.seconds; });
  return *middle;
}

// Of the disk that the folder is on or will be on; 0 where it cannot be told.
double FreeBytes(const fs::path& folder) {
  std::error_code error;
  fs::path there = fs::absolute(folder).lexically_normal();
  while (!fs::exists(there, error) && there.has_relative_path()) there = there.parent_path();
  const fs::space_info space = fs::space(there, error);
  return error ? 0 : static_cast<double>(space.available);
}

// All pictures but the hold-out in place of a fold's.
constexpr double kFinalShare = 1 / 0.7;
// Conversion, verification and the report of a model: decoding and judging each picture several times, in
// steps of training of one picture; and what does not depend on the pictures. Estimates, on the safe side for
// small networks.
constexpr double kAfterSteps = 8, kDecodes = 4, kDecode_s = 0.004, kAfterAlways_s = 4;

// Seconds of a training step for one picture.
double PictureStep_s(const search::Candidate& candidate, double trial_s, size_t training_pictures) {
  return trial_s / std::max(1.0, static_cast<double>(training_pictures) * search::Passes(candidate));
}

// Of a thread for each multiply-add in plain layers and in the runtime's reference kernels, and how many
// pictures, beside those that models are calibrated on, are looked at so whatever the number of pictures:
// proof of the labels, rules of the verdict, heat maps. Measured with Lite0 at 160 px on 60 and on 496
// pictures.
constexpr double kPlain_s = 9e-10;
constexpr size_t kPlainAlways = 280;

// Of one picture.
int64_t MultiplyAdds(const search::Candidate& candidate) {
  const auto cost = nn::Cost(candidate.architecture, 1);
  return cost ? cost->multiply_adds : 0;
}

// What takes no faster layers: the calibration of the final model and of all folds', and those.
double Plain_s(const Run& run, const search::Candidate& candidate) {
  const int64_t multiply_adds = MultiplyAdds(candidate);
  const size_t pictures =
      std::min(convert::MostCalibrationPictures(multiply_adds), search::TrainingPictures(run.space.dataset));
  const size_t models = static_cast<size_t>(run.wanted().folds.folds) + 1;
  return static_cast<double>(models * pictures + kPlainAlways) * kPlain_s *
         static_cast<double>(multiply_adds);
}

// All that comes after the final training of such a model.
double After_s(const Run& run, const search::Candidate& candidate, double step_s) {
  const double all = static_cast<double>(run.space.dataset.pictures.size());
  return kAfterAlways_s + (all * (kDecodes * kDecode_s + kAfterSteps * step_s) + Plain_s(run, candidate)) /
                              std::max(run.space.jobs, 1);
}

// All that comes after the final training of the chosen model, as far as it is left to do.
double LeftAfter_s(const Run& run, const RunPlan& plan, double step_s) {
  const bool left = plan.Leaves(kConvertStep) || plan.Leaves(kDescribeStep) || plan.Leaves(kVerifyStep);
  return left ? After_s(run, run.space.chosen.candidate, step_s) : kAfterAlways_s;
}

// The repeats are of a candidate that is not chosen yet: the mean one stands for it. A nested search has four
// fifths of the pictures; what it chose is trained on a fold, once more at most.
Result<search::Plan> PlanAgain(const Run& run, const RunPlan& plan) {
  search::Plan again;
  const Wanted::Search& wanted = run.wanted().search;
  const std::vector<search::Candidate>& candidates = plan.candidates;
  if (!plan.Leaves(kCrossvalidationStep)) return again;
  if (wanted.budget_s > 0) {
    return Fail(
        ErrorKind::kUsage,
        "--{} takes several times as long as a search, and a budget may end before it; leave --budget "
        "out, or --{}",
        wanted.nested ? "nested" : "repeats", wanted.nested ? "nested" : "repeats");
  }
  const int folds = run.wanted().folds.folds, jobs = run.space.jobs;
  const size_t pictures = search::TrainingPictures(run.space.dataset);
  HL_ASSIGN(const search::Plan all,
            search::PlanTrials(candidates, pictures,
                               {.folds = folds, .jobs = jobs, .coverage = search::Coverage::kExhaustive},
                               *run.space.progress));
  const double one_s = all.seconds / static_cast<double>(std::max<size_t>(candidates.size(), 1));
  again.trials = (wanted.repeats - 1) * folds;
  again.seconds = (wanted.repeats - 1) * one_s;
  if (!wanted.nested) return again;
  const size_t inner = pictures - pictures / static_cast<size_t>(folds);
  HL_ASSIGN(const search::Plan one,
            search::PlanTrials(candidates, inner, {.folds = folds, .jobs = jobs, .coverage = plan.coverage},
                               *run.space.progress));
  again.trials += folds * one.trials + folds;
  again.seconds += folds * one.seconds + one_s;
  return again;
}

// The final training and what comes after it, as far as they are left to do. Which candidate will be chosen
// is not known: a probe trains in no time, but takes longest to convert and to verify.
double End_s(const Run& run, const RunPlan& plan) {
  if (plan.left.empty()) return kAfterAlways_s;
  const bool searches = plan.Leaves(kSearchStep);
  const search::Candidate& timed =
      searches ? plan.candidates[plan.search.dearest] : run.space.chosen.candidate;
  const double step_s =
      PictureStep_s(timed, plan.search.dearest_trial_s, search::TrainingPictures(run.space.dataset));
  double after_s = searches ? 0 : LeftAfter_s(run, plan, step_s);
  if (searches) {
    const double each_s = step_s / std::max(1.0, static_cast<double>(MultiplyAdds(timed)));
    for (const search::Candidate& candidate : plan.candidates)
      after_s =
          std::max(after_s, After_s(run, candidate, each_s * static_cast<double>(MultiplyAdds(candidate))));
  }
  return (plan.Leaves(kFinalStep) ? plan.search.dearest_trial_s * kFinalShare : 0) + after_s;
}

// What the program and its libraries take whatever the model; and of each number of a model, as measured with
// Lite0: how often the conversion holds it (the final model and all folds' at once, as trained, folded and
// quantized), and each thread's official runtime.
constexpr int64_t kProgram_bytes = 130'000'000, kHeldConverted = 5, kHeldJudging = 2;

// The search's stays in the process, since what was freed is not given back.
Result<int64_t> Memory_bytes(const Run& run, const RunPlan& plan) {
  int64_t backbones = 0, largest = 0;
  for (const auto& backbone : run.space.backbones) {
    for (const nn::Tensor& tensor : backbone->weights)
      backbones += static_cast<int64_t>(tensor.values.size());
  }
  for (const search::Candidate& candidate : plan.candidates) {
    HL_ASSIGN(const nn::ModelCost cost, nn::Cost(candidate.architecture, 1));
    largest = std::max(largest, cost.parameters);
  }
  const int64_t held = kHeldConverted * (run.wanted().folds.folds + 1) + kHeldJudging * run.space.jobs;
  return kProgram_bytes + plan.search.memory_bytes + int64_t{sizeof(float)} * (backbones + held * largest);
}

Result<void> PlanBudget(const Run& run, RunPlan& plan) {
  const size_t pictures = search::TrainingPictures(run.space.dataset);
  if (!plan.Leaves(kSearchStep)) {
    plan.after_s = LeftAfter_s(
        run, plan, PictureStep_s(run.space.chosen.candidate, plan.search.dearest_trial_s, pictures));
    plan.least_s = plan.after_s + (plan.Leaves(kFinalStep) ? FinalSeconds(run.space) : 0);
    return {};
  }
  HL_ASSIGN(const std::vector<double> trial_s,
            search::MeasureTrials(plan.candidates, pictures, *run.space.progress));
  const double threads = std::max(run.space.jobs, 1);
  const auto rounds = [&](size_t i) {
    return std::ceil((run.wanted().folds.folds - plan.finished[i]) / threads);
  };
  // Of those that fit, the one that takes longest after the search may be chosen.
  const auto after_s = [&](size_t i) {
    return After_s(run, plan.candidates[i], PictureStep_s(plan.candidates[i], trial_s[i], pictures));
  };
  plan.after_s = after_s(0);
  plan.least_s = trial_s[0] * (rounds(0) + kFinalShare) + plan.after_s;
  const double left_s = run.space.budget->LeftSeconds();
  for (size_t i = 0; i < trial_s.size(); ++i) {
    const double end_s = trial_s[i] * kFinalShare + after_s(i);
    if (trial_s[i] * rounds(i) + end_s <= left_s) plan.final_s = std::max(plan.final_s, end_s - plan.after_s);
  }
  return {};
}

// "3m", rounded up so that it is no close call.
std::string SensibleBudget(double seconds) {
  constexpr double kRoom = 1.25;
  const double room_s = kRoom * seconds;
  return room_s < 100 ? fmt::format("{:.0f}s", std::ceil(room_s / 5) * 5)
                      : fmt::format("{:.0f}m", std::ceil(room_s / 60));
}

Result<void> CheckBudget(Run& run, const RunPlan& plan) {
  const double budget_s = run.wanted().search.budget_s;
  Budget& budget = *run.space.budget;
  if (budget_s <= 0) return {};
  const bool fits = plan.least_s <= budget.LeftSeconds();
  budget.Set(budget_s, fits ? Budget::AtEnd::kStop : Budget::AtEnd::kGoOn);
  run.space.after_s = plan.after_s + (fits ? plan.final_s : 0);
  if (fits || run.wanted().call.yes) return {};
  const bool searches = plan.Leaves(kSearchStep);
  return Fail(ErrorKind::kResources,
              "a budget of {} is too short: {} of it are used up by now, and {} about {} more. Nothing was "
              "begun. The smallest sensible budget is about {}; or {}go beyond the budget by --yes",
              Duration(budget_s), Duration(budget_s - budget.LeftSeconds()),
              searches ? fmt::format("one candidate's {} folds, its final model and the proof take",
                                     run.wanted().folds.folds)
                       : "what is left to do takes",
              Duration(plan.least_s), SensibleBudget(plan.least_s + budget_s - budget.LeftSeconds()),
              searches ? "name a cheaper model by --models, fewer --epochs, or " : "");
}

// Trials and their cost; where the search is done, what it chose is what is left to be trained.
Result<void> PlanSearch(const Run& run, RunPlan& plan) {
  HL_ASSIGN(const search::Coverage coverage, search::PresetCoverage(run.wanted().search.preset));
  plan.coverage = run.wanted().search.exhaustive ? search::Coverage::kExhaustive : coverage;
  search::PlanOptions options{
      .folds = run.wanted().folds.folds, .jobs = run.space.jobs, .coverage = plan.coverage};
  if (plan.Leaves(kSearchStep)) {
    search::SearchOptions searched;
    searched.candidates = plan.candidates;
    searched.trials = run.At("trials");
    searched.fit = run.fit();
    searched.seed = run.wanted().seed;
    options.finished = plan.finished = search::FinishedFolds(run.space.dataset, run.space.split, searched);
    HL_ASSIGN(plan.search,
              search::Estimate(plan.candidates, run.space.dataset, options, *run.space.progress));
    return {};
  }
  if (plan.left.empty()) return {};
  options.folds = 1;
  HL_ASSIGN(plan.search,
            search::Estimate({run.space.chosen.candidate}, run.space.dataset, options, *run.space.progress));
  plan.search.trials = 0;
  plan.search.seconds = 0;
  return {};
}

}  // namespace

bool RunPlan::Leaves(std::string_view step) const {
  return std::any_of(left.begin(), left.end(), [&](const Step* s) { return s->facts.name == step; });
}

Result<RunPlan> MakePlan(Run& run) {
  RunPlan plan;
  if (const auto& sensitivity =
          run.wanted().model.sensitivity) {  // a misspelt class is said before hours of training
    HL_ASSIGN(const describe::Sensitivity wanted, describe::ParseSensitivity(*sensitivity));
    HL_TRY(describe::ClassOf(wanted, run.space.dataset.labels));
  }
  HL_ASSIGN(plan.candidates, CandidatesOf(run));
  HL_ASSIGN(plan.left, StepsToDo(run, kReportStep));
  HL_TRY(PlanSearch(run, plan));
  HL_ASSIGN(plan.again, PlanAgain(run, plan));
  if (plan.Leaves(kReduceStep)) {
    HL_ASSIGN(plan.reduction,
              MedianReduction(
                  run, plan.Leaves(kSearchStep) ? plan.candidates : std::vector{run.space.chosen.candidate}));
  }
  plan.end_s = End_s(run, plan);
  HL_ASSIGN(plan.memory_bytes, Memory_bytes(run, plan));
  plan.free_bytes = FreeBytes(run.space.folder);
  if (run.wanted().search.budget_s > 0) HL_TRY(PlanBudget(run, plan));
  return plan;
}

double FinalSeconds(const Workspace& space) {
  if (space.chosen.folds.empty()) return 0;
  double fold_s = 0;
  for (const train::TrialResult& fold : space.chosen.folds)
    fold_s += fold.seconds / static_cast<double>(space.chosen.folds.size());
  const double pictures = static_cast<double>(space.dataset.pictures.size() - space.split.holdout.size());
  return fold_s * pictures / static_cast<double>(std::max<size_t>(space.split.folds[0].train.size(), 1));
}

double TotalSeconds(const RunPlan& plan) {
  double seconds = 0;
  for (const Step& step : Steps()) seconds += step.facts.planned_s ? step.facts.planned_s(plan) : 0;
  return seconds;
}

Result<void> CheckDisk(const Run& run, const RunPlan& plan) {
  if (plan.free_bytes <= 0 || plan.free_bytes >= static_cast<double>(plan.search.disk_bytes)) return {};
  return Fail(
      ErrorKind::kResources,
      "{}: the run needs about {} and the disk has {} free; free some, or choose another folder with -o",
      run.space.folder.string(), ByteCount(static_cast<double>(plan.search.disk_bytes)),
      ByteCount(plan.free_bytes));
}

void WarnOfMemory(const Run& run, const RunPlan& plan) {
  const int64_t usable = UsableMemory_bytes();
  if (usable == 0 || plan.memory_bytes <= usable) return;
  run.space.progress->Warn(fmt::format(
      "the run takes about {} of memory, and this process may use {}; take fewer --jobs or smaller "
      "--sizes",
      ByteCount(static_cast<double>(plan.memory_bytes)), ByteCount(static_cast<double>(usable))));
}

Result<void> CheckBeforeBegin(Run& run, const RunPlan& plan) {
  HL_TRY(CheckBroken(run));
  HL_TRY(CheckDisk(run, plan));
  WarnOfMemory(run, plan);
  HL_TRY(CheckFolds(run));
  return CheckBudget(run, plan);
}

}  // namespace handlens::pipeline
