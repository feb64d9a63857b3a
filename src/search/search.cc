// The search: rounds of trials, cells, the choice. Trials are run by trial_pool, judged by choice.
#include "search/search.h"

#include <algorithm>
#include <cmath>
#include <set>

#include "dataset/prepare.h"
#include "search/choice.h"
#include "search/cost.h"
#include "search/pace.h"
#include "search/race.h"
#include "search/trial_pool.h"
#include "train/features.h"
#include "train/trial_ids.h"

namespace handlens::search {
namespace {

// Where the pixels are kept that trials read.
const std::filesystem::path& PixelsOf(const SearchOptions& options) {
  return options.local_cache.empty() ? options.cache : options.local_cache;
}

// Shares begin with the features of different pictures.
double BeginOf(const SearchOptions& options) {
  return options.share ? static_cast<double>(options.share->number - 1) / options.share->of : 0;
}

train::TrialSpec SpecOfFold(const Candidate& candidate, int fold, uint64_t seed) {
  return {candidate.model,
          candidate.architecture,
          candidate.generator,
          candidate.recipe,
          candidate.size_px,
          fold,
          seed,
          candidate.start};
}

class Run {
 public:
  Run(const dataset::Dataset& dataset, const split::Split& split, const SearchOptions& options,
      Progress& progress)
      : dataset_(dataset),
        split_(split),
        options_(options),
        progress_(progress),
        pixels_(dataset, options.fit, PixelsOf(options)),
        features_(dataset, options.cache, BeginOf(options)),
        hits_(options.candidates.size()) {
    if (options.share) shared_.emplace(options.trials, options.claims);
  }

  Result<SearchResult> All();

 private:
  // Trains these trials. `later_s` is asked for the work expected after them, for the estimate of what is
  // left.
  using Later = std::function<double(const std::vector<double>&)>;
  Result<void> Round(const std::vector<RaceTrial>& trials, const Later& later);
  Result<void> WholeGrid();
  Result<void> RunRace();
  std::vector<TrialJob> JobsOf(const std::vector<RaceTrial>& trials) const;
  PoolOptions Hooks(const std::vector<TrialJob>& jobs, const Later& later);
  void Advanced(const std::vector<TrialJob>& jobs, const std::vector<JobProgress>& shares,
                const Later& later);
  void Note(const TrialJob& job, const train::TrialResult& trial);
  std::string HowFar() const;

  const dataset::Dataset& dataset_;
  const split::Split& split_;
  const SearchOptions& options_;
  Progress& progress_;
  PixelStore pixels_;
  train::FeatureStore features_;
  std::optional<SharedTrials> shared_;
  SearchResult result_;
  std::optional<Pace> pace_;
  std::optional<Budget> budget_;
  const double begun_s_ = MonotonicSeconds();
  double told_s_ = 0;       // when the time left was last told
  double done_before_ = 0;  // trials of earlier rounds
  std::string note_;
  std::vector<std::pair<double, double>>
      hits_;  // validation pictures right and seen, by candidate; for the note
};

std::vector<TrialJob> Run::JobsOf(const std::vector<RaceTrial>& trials) const {
  std::vector<TrialJob> jobs;
  for (const RaceTrial& trial : trials) {
    const Candidate& candidate = options_.candidates[trial.cell];
    const double cost = TrialCost(candidate, split_.folds[static_cast<size_t>(trial.fold)].train.size());
    jobs.push_back({SpecOfFold(candidate, trial.fold, options_.seed), trial.cell, cost});
  }
  // The biggest first keeps all threads busy to the end; a budget wants whole candidates in their order
  // instead.
  if (!budget_) {
    std::stable_sort(jobs.begin(), jobs.end(),
                     [](const TrialJob& a, const TrialJob& b) { return a.cost > b.cost; });
  }
  return jobs;
}

void Run::Note(const TrialJob& job, const train::TrialResult& trial) {
  auto& [right, seen] = hits_[job.candidate];
  for (const double share : RightShares(dataset_, trial, options_.yardstick)) {
    right += share;
    seen += 1;
  }
  size_t best = job.candidate;
  for (size_t c = 0; c < hits_.size(); ++c) {
    if (hits_[c].first * hits_[best].second > hits_[best].first * hits_[c].second) best = c;
  }
  if (hits_[best].second == 0) return;
  const Interval interval =
      Wilson95(static_cast<size_t>(std::lround(hits_[best].first)), static_cast<size_t>(hits_[best].second));
  note_ = fmt::format("best {:.1f} % [{:.1f}, {:.1f}] (validation): {}",
                      100 * hits_[best].first / hits_[best].second, 100 * interval.low, 100 * interval.high,
                      CandidateName(options_.candidates[best]));
}

// Tells how much is done and how long the rest takes, at most a few times a second.
void Run::Advanced(const std::vector<TrialJob>& jobs, const std::vector<JobProgress>& shares,
                   const Later& later) {
  double done = done_before_;
  for (const JobProgress& share : shares) done += share.done;
  const double now_s = MonotonicSeconds();
  if (pace_ && now_s - told_s_ > 0.3) {
    told_s_ = now_s;
    const std::vector<double> trial_s = pace_->TrialSeconds(jobs, shares);
    double left_s = SecondsLeft(jobs, shares, trial_s, options_.jobs, later(trial_s));
    if (budget_) left_s = std::min(left_s, std::max(0.0, begun_s_ + options_.budget_s - now_s));
    progress_.ExpectLeft(left_s);
  }
  progress_.Update(done, note_);
}

PoolOptions Run::Hooks(const std::vector<TrialJob>& jobs, const Later& later) {
  PoolOptions hooks;
  hooks.trials = options_.trials;
  hooks.fit = options_.fit;
  hooks.jobs = options_.jobs;
  hooks.backbones = options_.backbones;
  hooks.features = &features_;
  hooks.may_train = options_.may_train;
  if (shared_) {
    hooks.shared = &*shared_;
    hooks.share = *options_.share;
    hooks.reads_others = options_.chooses;
  }
  hooks.camera_check = options_.yardstick != Yardstick::kPictures;
  hooks.backdrops = options_.backdrops;
  std::set<int> cuts;  // of one backbone, which share one pass over the pictures
  for (const Candidate& candidate : options_.candidates) {
    if (candidate.start) cuts.insert(candidate.start->cut);
  }
  hooks.all_cuts = cuts.size() > 1;
  if (budget_) {
    hooks.admit = [this](const TrialJob& job) { return budget_->Admit(job, pace_->TrialSeconds({}, {})); };
    hooks.expired = [this](const TrialJob& job) { return budget_->Expired(job); };
  }
  hooks.finished = [this](const TrialJob& job, const train::TrialResult& trial) {
    if (pace_) pace_->Finished(job.candidate, trial.seconds);
    if (budget_) budget_->Finished(job);
    Note(job, trial);
  };
  hooks.advanced = [this, &jobs, &later](const std::vector<JobProgress>& shares) {
    Advanced(jobs, shares, later);
  };
  return hooks;
}

Result<void> Run::Round(const std::vector<RaceTrial>& trials, const Later& later) {
  const std::vector<TrialJob> jobs = JobsOf(trials);
  HL_ASSIGN(auto results, RunTrials({.dataset = dataset_, .split = split_, .pixels = pixels_}, jobs,
                                    Hooks(jobs, later), progress_));
  for (size_t i = 0; i < jobs.size(); ++i) {
    CellResult& cell = result_.cells[jobs[i].candidate];
    if (results[i]) cell.folds.push_back(*std::move(results[i]));
  }
  for (size_t i = 0; i < jobs.size(); ++i) {
    CellResult& cell = result_.cells[jobs[i].candidate];
    result_.cut_short |= !results[i];
    if (!results[i] && !cell.eliminated) {
      cell.eliminated = true;
      cell.eliminated_because =
          cell.folds.empty()
              ? fmt::format("not run: it would not have fitted the time budget of {:.0f} s",
                            options_.budget_s)
              : fmt::format("its other folds would not have fitted the time budget of {:.0f} s",
                            options_.budget_s);
    }
  }
  for (CellResult& cell : result_.cells) {
    std::sort(
        cell.folds.begin(), cell.folds.end(),
        [](const train::TrialResult& a, const train::TrialResult& b) { return a.spec.fold < b.spec.fold; });
  }
  return {};
}

Result<void> Run::WholeGrid() {
  std::vector<RaceTrial> trials;
  const int folds = static_cast<int>(split_.folds.size());
  for (size_t c = 0; c < result_.cells.size(); ++c) {
    for (int fold = 0; fold < folds; ++fold) trials.push_back({c, fold});
  }
  if (budget_) budget_->BeginRound(0, 0, folds);
  return Round(trials, [](const std::vector<double>&) { return 0.0; });
}

Result<void> Run::RunRace() {
  const int folds = static_cast<int>(split_.folds.size());
  Race race(dataset_, folds, result_.cells, options_.standard);
  for (std::vector<RaceTrial> trials = race.Next(); !trials.empty(); trials = race.Next()) {
    if (budget_) budget_->BeginRound(trials[0].cell, folds - race.FoldsAsked(), race.FoldsNeeded());
    HL_TRY(
        Round(trials, [&race](const std::vector<double>& trial_s) { return race.ExpectedLater(trial_s); }));
    done_before_ = 0;
    for (const CellResult& cell : result_.cells) done_before_ += static_cast<double>(cell.folds.size());
  }
  return {};
}

// "4 of 40 candidates ran all 5 folds, 31 of 200 trials in all."
std::string Run::HowFar() const {
  size_t whole = 0, trials = 0;
  for (const CellResult& cell : result_.cells) {
    trials += cell.folds.size();
    whole += cell.folds.size() == split_.folds.size() ? 1 : 0;
  }
  const size_t cells = result_.cells.size(), folds = split_.folds.size();
  if (whole == cells) return "";
  return fmt::format(
      "{} of {} candidates ran all {} folds, with {} of {} trials in all; why the others did not stands "
      "beside them. ",
      whole, cells, folds, trials, cells * folds);
}

Result<SearchResult> Run::All() {
  const int folds = static_cast<int>(split_.folds.size());
  result_.preset = options_.preset;
  result_.exhaustive = options_.exhaustive;
  for (const Candidate& candidate : options_.candidates) {
    CellResult& cell = result_.cells.emplace_back();
    cell.candidate = candidate;
    cell.yardstick = options_.yardstick;
    HL_ASSIGN(const nn::ModelCost cost, nn::Cost(candidate.architecture, 1));
    cell.parameters = cost.parameters;
  }
  // How many a race will run is not known, only about how long it takes.
  const int trials = options_.exhaustive ? static_cast<int>(options_.candidates.size()) * folds : 0;
  if (options_.budget_s > 0)
    budget_.emplace(begun_s_ + options_.budget_s, options_.jobs, folds, options_.candidates.size());
  progress_.Begin(options_.step, trials, "trials");
  HL_ASSIGN(std::vector<double> trial_s,
            MeasureTrials(options_.candidates, split_.folds[0].train.size(), progress_));
  pace_.emplace(options_.candidates, std::move(trial_s));
  HL_TRY(options_.exhaustive ? WholeGrid() : RunRace());
  if (!options_.chooses) {
    progress_.End("all trials are trained");
    for (CellResult& cell : result_.cells) cell.folds.clear();
    return std::move(result_);
  }
  for (CellResult& cell : result_.cells) {
    if (!cell.folds.empty()) FillSummary(dataset_, cell);
  }
  if (options_.standard) {
    const CellResult& cell = result_.cells[0];
    progress_.End(cell.eliminated ? "stopped " + cell.eliminated_because : "all folds are trained");
    return std::move(result_);
  }
  const Choice choice = Choose(dataset_, result_.cells, kSearchMargin);
  result_.chosen = choice.chosen;
  result_.rule = HowFar() + choice.rule;
  const CellResult& chosen = result_.cells[static_cast<size_t>(choice.chosen)];
  progress_.End(fmt::format(
      "{}: {}; test accuracy {:.3f} [{:.3f}, {:.3f}] (n = {})", options_.step == "search" ? "chosen" : "best",
      CandidateName(chosen.candidate),
      static_cast<double>(chosen.test_correct) / static_cast<double>(std::max<size_t>(chosen.test_n, 1)),
      chosen.test_ci95.low, chosen.test_ci95.high, chosen.test_n));
  return std::move(result_);
}

}  // namespace

Result<SearchResult> Search(const dataset::Dataset& dataset, const split::Split& split,
                            const SearchOptions& options, Progress& progress) {
  if (options.candidates.empty())
    return Fail(ErrorKind::kUsage, "nothing to search: no model, size or generator is left");
  HL_CHECK(options.chooses || options.exhaustive);
  HL_CHECK(!options.standard || (options.candidates.size() == 1 && !options.exhaustive));
  if (split.folds.empty())
    return Fail(ErrorKind::kBadInput, "the split has no folds; make it again with `split`");
  std::set<int> sizes;
  for (const Candidate& candidate : options.candidates) sizes.insert(candidate.size_px);
  const std::vector<int> sorted(sizes.begin(), sizes.end());
  if (!options.local_cache.empty())
    HL_TRY(dataset::CopyPrepared(dataset, sorted, options.fit, options.cache, options.local_cache));
  HL_TRY(dataset::Prepare(dataset, sorted,
                          {.fit = options.fit, .cache = PixelsOf(options), .jobs = options.jobs}, progress));
  for (const backbone::Backbone* backbone : options.backbones) {
    const bool used =
        std::any_of(options.candidates.begin(), options.candidates.end(),
                    [&](const Candidate& c) { return c.start && c.start->hash == backbone->hash; });
    if (used) HL_TRY(train::KeepBackbone(options.trials, *backbone));
  }
  return Run(dataset, split, options, progress).All();
}

std::vector<int> FinishedFolds(const dataset::Dataset& dataset, const split::Split& split,
                               const SearchOptions& options) {
  std::vector<int> finished(options.candidates.size(), 0);
  if (split.folds.empty()) return finished;
  train::TrialIds ids(train::DataFingerprint(dataset, split, options.fit));
  for (size_t c = 0; c < finished.size(); ++c) {
    for (int fold = 0; fold < static_cast<int>(split.folds.size()); ++fold) {
      const std::string id = ids.Of(SpecOfFold(options.candidates[c], fold, options.seed));
      std::error_code error;
      finished[c] += std::filesystem::exists(options.trials / id / "trial.json", error) ? 1 : 0;
    }
  }
  return finished;
}

train::TrialSpec FinalTrial(const CellResult& cell, uint64_t seed) {
  const Candidate& candidate = cell.candidate;
  train::TrialSpec spec{candidate.model,
                        candidate.architecture,
                        candidate.generator,
                        candidate.recipe,
                        candidate.size_px,
                        train::kAllFolds,
                        seed,
                        candidate.start};
  const bool open_ended = candidate.recipe.keep_best || candidate.recipe.early_stop_patience > 0;
  if (open_ended && !cell.folds.empty()) {
    double epochs = 0;
    for (const train::TrialResult& fold : cell.folds) epochs += fold.best_epoch + 1;
    spec.recipe.epochs =
        std::max(1, static_cast<int>(std::lround(epochs / static_cast<double>(cell.folds.size()))));
  }
  spec.recipe.keep_best = false;
  spec.recipe.early_stop_patience = 0;
  return spec;
}

}  // namespace handlens::search
