// The search: rounds of trials, cells, the choice. Trials are run by trial_pool, judged by choice.
#include "search/search.h"

#include <algorithm>
#include <chrono>
#include <cmath>
#include <set>

#include "dataset/prepare.h"
#include "search/choice.h"
#include "search/cost.h"
#include "search/trial_pool.h"

namespace handlens::search {
namespace {

double Now() { return std::chrono::duration<double>(std::chrono::steady_clock::now().time_since_epoch()).count(); }

// Which candidates still fit a time budget. Estimates are corrected by what finished trials really took.
class Budget {
 public:
  Budget(const SearchOptions& options, std::vector<double> trial_s, int folds)
      : options_(options), trial_s_(std::move(trial_s)), folds_(folds), begun_(Now()),
        admitted_(options.candidates.size(), -1), remaining_(options.candidates.size(), 0) {}

  bool Admit(size_t candidate) {
    int& decision = admitted_[candidate];
    if (decision < 0) {
      const double correction = estimated_s_ > 0 ? measured_s_ / estimated_s_ : 1;
      double work_s = trial_s_[candidate] * folds_;
      for (size_t c = 0; c < remaining_.size(); ++c) work_s += trial_s_[c] * remaining_[c];
      const double end_s = Now() - begun_ + correction * work_s / std::max(options_.jobs, 1);
      const bool first = std::find(admitted_.begin(), admitted_.end(), 1) == admitted_.end();
      decision = first || end_s <= options_.budget_s ? 1 : 0;
      if (decision == 1) remaining_[candidate] = folds_;
    }
    return decision == 1;
  }
  void Finished(size_t candidate, double seconds) {
    remaining_[candidate] -= 1;
    estimated_s_ += trial_s_[candidate];
    measured_s_ += seconds;
  }

 private:
  const SearchOptions& options_;
  std::vector<double> trial_s_;
  int folds_;
  double begun_;
  std::vector<int> admitted_;       // -1 not asked yet
  std::vector<int> remaining_;      // trials of admitted candidates that are not done
  double estimated_s_ = 0, measured_s_ = 0;
};

class Run {
 public:
  Run(const dataset::Dataset& dataset, const split::Split& split, const SearchOptions& options, Progress& progress)
      : dataset_(dataset), split_(split), options_(options), progress_(progress),
        pixels_(dataset, options.fit, options.cache), hits_(options.candidates.size()) {}

  Result<SearchResult> All();

 private:
  Result<void> Round(int first_fold, int last_fold);
  std::vector<TrialJob> JobsOf(int first_fold, int last_fold) const;
  PoolOptions Hooks();
  void Note(const TrialJob& job, const train::TrialResult& trial);

  const dataset::Dataset& dataset_;
  const split::Split& split_;
  const SearchOptions& options_;
  Progress& progress_;
  PixelStore pixels_;
  SearchResult result_;
  std::optional<Budget> budget_;
  double done_before_ = 0;                          // trials of earlier rounds, those saved by the race included
  std::string note_;
  std::vector<std::pair<size_t, size_t>> hits_;     // validation pictures right and seen, by candidate; for the note
};

std::vector<TrialJob> Run::JobsOf(int first_fold, int last_fold) const {
  std::vector<TrialJob> jobs;
  for (size_t c = 0; c < result_.cells.size(); ++c) {
    const Candidate& candidate = options_.candidates[c];
    if (result_.cells[c].eliminated) continue;
    for (int fold = first_fold; fold < last_fold; ++fold) {
      const double cost = TrialCost(candidate, split_.folds[static_cast<size_t>(fold)].train.size());
      jobs.push_back({{candidate.model, candidate.architecture, candidate.generator, candidate.recipe, candidate.size_px,
                       fold, options_.seed},
                      c, cost});
    }
  }
  // The biggest first keeps all threads busy to the end; a budget wants whole candidates in their order instead.
  if (!budget_) {
    std::stable_sort(jobs.begin(), jobs.end(), [](const TrialJob& a, const TrialJob& b) { return a.cost > b.cost; });
  }
  return jobs;
}

void Run::Note(const TrialJob& job, const train::TrialResult& trial) {
  auto& [right, seen] = hits_[job.candidate];
  const std::vector<int> predicted = train::PredictedLabels(trial.validation);
  for (size_t i = 0; i < predicted.size(); ++i, ++seen) {
    right += predicted[i] == dataset_.pictures[static_cast<size_t>(trial.validation.pictures[i])].label ? 1 : 0;
  }
  size_t best = job.candidate;
  for (size_t c = 0; c < hits_.size(); ++c) {
    if (hits_[c].first * hits_[best].second > hits_[best].first * hits_[c].second) best = c;
  }
  if (hits_[best].second == 0) return;
  const Interval interval = Wilson95(hits_[best].first, hits_[best].second);
  note_ = fmt::format("best validation accuracy {:.3f} [{:.3f}, {:.3f}]: {}",
                      static_cast<double>(hits_[best].first) / static_cast<double>(hits_[best].second), interval.low,
                      interval.high, CandidateName(options_.candidates[best]));
}

PoolOptions Run::Hooks() {
  PoolOptions hooks;
  hooks.trials = options_.trials;
  hooks.fit = options_.fit;
  hooks.jobs = options_.jobs;
  if (budget_) hooks.admit = [this](const TrialJob& job) { return budget_->Admit(job.candidate); };
  hooks.finished = [this](const TrialJob& job, const train::TrialResult& trial) {
    if (budget_) budget_->Finished(job.candidate, trial.seconds);
    Note(job, trial);
  };
  hooks.advanced = [this](double done) { progress_.Update(done_before_ + done, note_); };
  return hooks;
}

// Trains folds [first_fold, last_fold) of all candidates that are still in.
Result<void> Run::Round(int first_fold, int last_fold) {
  const std::vector<TrialJob> jobs = JobsOf(first_fold, last_fold);
  HL_ASSIGN(auto trials, RunTrials(dataset_, split_, jobs, pixels_, Hooks(), progress_));
  for (size_t i = 0; i < jobs.size(); ++i) {
    CellResult& cell = result_.cells[jobs[i].candidate];
    if (trials[i]) {
      cell.folds.push_back(*std::move(trials[i]));
    } else if (!cell.eliminated) {
      cell.eliminated = true;
      cell.eliminated_because = fmt::format("not run: it would not have fitted the time budget of {:.0f} s", options_.budget_s);
    }
  }
  for (CellResult& cell : result_.cells) {
    std::sort(cell.folds.begin(), cell.folds.end(),
              [](const train::TrialResult& a, const train::TrialResult& b) { return a.spec.fold < b.spec.fold; });
  }
  done_before_ += static_cast<double>(result_.cells.size()) * (last_fold - first_fold);
  return {};
}

Result<SearchResult> Run::All() {
  const int folds = static_cast<int>(split_.folds.size());
  result_.preset = options_.preset;
  result_.exhaustive = options_.exhaustive;
  for (const Candidate& candidate : options_.candidates) {
    CellResult& cell = result_.cells.emplace_back();
    cell.candidate = candidate;
    HL_ASSIGN(const nn::ModelCost cost, nn::Cost(candidate.architecture, 1));
    cell.parameters = cost.parameters;
  }
  if (options_.budget_s > 0) {
    HL_ASSIGN(std::vector<double> trial_s, MeasureTrials(options_.candidates, split_.folds[0].train.size()));
    budget_.emplace(options_, std::move(trial_s), folds);
  }
  progress_.Begin(options_.step, static_cast<double>(options_.candidates.size()) * folds, "trials");
  if (options_.exhaustive) {
    HL_TRY(Round(0, folds));
  } else {
    for (int fold = 0; fold < folds; ++fold) {
      HL_TRY(Round(fold, fold + 1));
      if (fold + 1 < folds) Eliminate(dataset_, fold + 1, result_.cells);
    }
  }
  for (CellResult& cell : result_.cells) {
    if (!cell.folds.empty()) FillSummary(dataset_, cell);
  }
  const Choice choice = Choose(dataset_, result_.cells, kSearchMargin);
  result_.chosen = choice.chosen;
  result_.rule = choice.rule;
  const CellResult& chosen = result_.cells[static_cast<size_t>(choice.chosen)];
  progress_.End(fmt::format("chosen: {}; test accuracy {:.3f} [{:.3f}, {:.3f}] (n = {})", CandidateName(chosen.candidate),
                            static_cast<double>(chosen.test_correct) / static_cast<double>(std::max<size_t>(chosen.test_n, 1)),
                            chosen.test_ci95.low, chosen.test_ci95.high, chosen.test_n));
  return std::move(result_);
}

}  // namespace

Result<SearchResult> Search(const dataset::Dataset& dataset, const split::Split& split, const SearchOptions& options,
                            Progress& progress) {
  if (options.candidates.empty()) return Fail(ErrorKind::kUsage, "nothing to search: no model, size or generator is left");
  if (split.folds.empty()) return Fail(ErrorKind::kBadInput, "the split has no folds; make it again with `split`");
  std::set<int> sizes;
  for (const Candidate& candidate : options.candidates) sizes.insert(candidate.size_px);
  const std::vector<int> sorted(sizes.begin(), sizes.end());
  HL_TRY(dataset::Prepare(dataset, sorted, options.fit, options.cache, options.jobs, progress));
  return Run(dataset, split, options, progress).All();
}

train::TrialSpec FinalTrial(const CellResult& cell, uint64_t seed) {
  const Candidate& candidate = cell.candidate;
  train::TrialSpec spec{candidate.model,   candidate.architecture, candidate.generator, candidate.recipe,
                        candidate.size_px, train::kAllFolds,       seed};
  const bool open_ended = candidate.recipe.keep_best || candidate.recipe.early_stop_patience > 0;
  if (open_ended && !cell.folds.empty()) {
    double epochs = 0;
    for (const train::TrialResult& fold : cell.folds) epochs += fold.best_epoch + 1;
    spec.recipe.epochs = std::max(1, static_cast<int>(std::lround(epochs / static_cast<double>(cell.folds.size()))));
  }
  spec.recipe.keep_best = false;
  spec.recipe.early_stop_patience = 0;
  return spec;
}

}  // namespace handlens::search
