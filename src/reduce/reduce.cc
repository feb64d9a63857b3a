// Parameter reduction: the search over the grid, the smallest good enough.
#include "reduce/reduce.h"

#include <algorithm>
#include <chrono>
#include <numeric>

#include "reduce/files.h"
#include "reduce/grid.h"
#include "reduce/ladder.h"
#include "reduce/surface.h"
#include "search/choice.h"
#include "search/presets.h"

namespace handlens::reduce {
namespace {

// In a fast sweep: the best of fifty noisy means lies about a point below the best of some hundreds, so a
// point below it stands for two below that. On the paper's whole sweep and fifteen subsets of its folds, 0.01
// instead of 0.02 halves the distance of the fast choice's test accuracy from the whole sweep's, from 2.7
// to 1.3 points on average.
constexpr double kSurfaceMargin = 0.01;

// How far a trained cell speaks for others, in octaves, and how often and how widely a fast sweep looks
// closer. Replayed on the paper's whole sweep: 5, 6 and 7 knots an axis gave rank correlations of 0.70, 0.68
// and 0.74 for 9, 13 and 18 % of the time; a reach of 1.2 or 2.6 octaves changed them by 0.02 at most.
constexpr double kReach = 2.0;
constexpr int kRefinements = 4;
constexpr size_t kAtATime = 6;
constexpr double kRefinementShare = 0.2;  // of the knots' time, as planned: what is looked at closer is small

bool OutsideGrid(const Cells& cells) {
  return cells.cells[cells.base].filters > cells.grid.filters.back() ||
         cells.cells[cells.base].neurons > cells.grid.neurons.back();
}

// The search over some of the cells after another, and what is known then.
class Sweeper {
 public:
  Sweeper(const dataset::Dataset& dataset, const split::Split& split, const ReduceOptions& options,
          Cells& cells, Progress& progress)
      : dataset_(dataset),
        split_(split),
        options_(options),
        cells_(cells),
        progress_(progress),
        begun_s_(Now()) {}

  // Trains these and puts the results into the cells.
  Result<void> Train(const std::vector<size_t>& which, std::string_view step);
  // Knots, then whatever is expected to be better than the choice so far.
  Result<void> TrainSurface();
  std::vector<search::CellResult> Results() const;
  void Expect();
  bool CutShort() const { return cut_short_ || TimeIsUp(); }

 private:
  static double Now() {
    return std::chrono::duration<double>(std::chrono::steady_clock::now().time_since_epoch()).count();
  }
  bool TimeIsUp() const {
    return options_.search.budget_s > 0 && Now() - begun_s_ >= options_.search.budget_s;
  }
  bool Trained(size_t cell) const { return cells_.cells[cell].cell.folds.size() == split_.folds.size(); }
  double Expected(size_t cell, MeanStd search::CellResult::*accuracy) const;
  std::vector<size_t> Promising() const;

  const dataset::Dataset& dataset_;
  const split::Split& split_;
  const ReduceOptions& options_;
  Cells& cells_;
  Progress& progress_;
  double begun_s_;
  bool cut_short_ = false;  // by the budget of a round
};

Result<void> Sweeper::Train(const std::vector<size_t>& which, std::string_view step) {
  search::SearchOptions search = options_.search;
  search.step = step;
  search.candidates.clear();
  if (search.budget_s > 0) search.budget_s = std::max(0.001, search.budget_s - (Now() - begun_s_));
  for (const size_t cell : which) search.candidates.push_back(cells_.candidates[cell]);
  HL_ASSIGN(search::SearchResult searched, search::Search(dataset_, split_, search, progress_));
  cut_short_ |= searched.cut_short;
  for (size_t i = 0; i < which.size(); ++i) cells_.cells[which[i]].cell = std::move(searched.cells[i]);
  return {};
}

std::vector<search::CellResult> Sweeper::Results() const {
  std::vector<search::CellResult> results;
  for (const ReduceCell& cell : cells_.cells) results.push_back(cell.cell);
  return results;
}

double Sweeper::Expected(size_t cell, MeanStd search::CellResult::*accuracy) const {
  std::vector<Sample> samples;
  for (size_t i = 0; i < cells_.cells.size(); ++i) {
    const ReduceCell& other = cells_.cells[i];
    // The base lies far outside the paper's grid and would tilt its rim.
    if (Trained(i) && (i != cells_.base || !OutsideGrid(cells_)))
      samples.push_back({other.filters, other.neurons, (other.cell.*accuracy).mean});
  }
  return EstimateAccuracy(samples, cells_.cells[cell].filters, cells_.cells[cell].neurons, kReach);
}

// Smaller than the choice so far, and expected to be good enough; the most promising first, few at a time,
// since each changes the choice.
std::vector<size_t> Sweeper::Promising() const {
  const std::vector<search::CellResult> results = Results();
  const search::Choice choice = search::Choose(dataset_, results, kSurfaceMargin);
  const double floor = results[static_cast<size_t>(choice.best)].standing.mean - kReduceMargin;
  std::vector<std::pair<double, size_t>> promising;
  for (size_t i = 0; i < results.size(); ++i) {
    if (Trained(i) || results[i].parameters >= results[static_cast<size_t>(choice.chosen)].parameters)
      continue;
    const double expected = Expected(i, &search::CellResult::standing);
    if (expected >= floor) promising.emplace_back(-expected, i);
  }
  std::sort(promising.begin(), promising.end());
  std::vector<size_t> which;
  for (size_t i = 0; i < std::min(promising.size(), kAtATime); ++i) which.push_back(promising[i].second);
  return which;
}

Result<void> Sweeper::TrainSurface() {
  for (size_t i = 0; i < cells_.cells.size(); ++i) {
    search::CellResult& cell = cells_.cells[i].cell;
    cell.candidate = cells_.candidates[i];
    HL_ASSIGN(const nn::ModelCost cost, nn::Cost(cell.candidate.architecture, 1));
    cell.parameters = cost.parameters;
    cell.eliminated = true;
    cell.eliminated_because = "not trained";
  }
  std::vector<size_t> which = KnotCells(cells_);
  for (int round = 0; round <= kRefinements && !which.empty() && !TimeIsUp(); ++round) {
    HL_TRY(Train(which, round == 0 ? "reduce" : fmt::format("reduce, closer look {}", round)));
    which = Promising();
  }
  return {};
}

void Sweeper::Expect() {
  for (size_t i = 0; i < cells_.cells.size(); ++i) {
    ReduceCell& cell = cells_.cells[i];
    if (!cell.cell.folds.empty()) continue;
    cell.expected_validation = Expected(i, &search::CellResult::validation_accuracy);
    cell.expected_test = Expected(i, &search::CellResult::test_accuracy);
    if (cell.cell.eliminated_because == "not trained") {
      cell.cell.eliminated_because =
          fmt::format("not trained: {:.3f} on validation pictures expected from its neighbours",
                      *cell.expected_validation);
    }
  }
}

Result<Sweeping> TrainCells(Sweeper& sweeper, const Cells& cells, const ReduceOptions& options) {
  const Sweeping sweeping = SweepingOf(cells, options);
  if (sweeping == Sweeping::kSurface) {
    HL_TRY(sweeper.TrainSurface());
    sweeper.Expect();
    return sweeping;
  }
  std::vector<size_t> all(cells.cells.size());
  std::iota(all.begin(), all.end(), size_t{0});
  HL_TRY(sweeper.Train(all, "reduce"));
  return sweeping;
}

}  // namespace

Result<ReduceResult> Reduce(const dataset::Dataset& dataset, const split::Split& split,
                            const search::Candidate& base, const ReduceOptions& options, Progress& progress) {
  HL_TRY(CheckGrid(options));
  if (base.start) return ReduceLadder(dataset, split, base, options, progress);
  Cells cells = CellsOf(base, options);
  ReduceOptions sweep = options;
  if (SweepingOf(cells, options) == Sweeping::kSurface)
    sweep.search.exhaustive = true;  // of the cells that it trains
  // A share of the whole grid decides nothing.
  if (options.search.share && SweepingOf(cells, options) == Sweeping::kWhole) sweep.search.chooses = false;
  Sweeper sweeper(dataset, split, sweep, cells, progress);
  ReduceResult result;
  HL_ASSIGN(result.sweeping, TrainCells(sweeper, cells, options));
  if (!sweep.search.chooses) return result;
  for (ReduceCell& cell : cells.cells) EstimateFiles(cell);
  const search::Choice choice =
      ChooseCell(dataset, cells.cells, result.sweeping == Sweeping::kSurface ? kSurfaceMargin : kReduceMargin,
                 options.max_bytes);
  result.cells = std::move(cells.cells);
  result.best = choice.best;
  result.chosen = choice.chosen;
  result.rule = choice.rule;
  result.cut_short = sweeper.CutShort();
  if (result.sweeping == Sweeping::kSurface) {
    const auto trained = std::count_if(result.cells.begin(), result.cells.end(),
                                       [](const ReduceCell& cell) { return !cell.cell.folds.empty(); });
    result.rule =
        fmt::format("{} of {} cells were trained, the others only estimated from them and not chosen. ",
                    trained, result.cells.size()) +
        choice.rule;
  }
  if (result.cells.size() == 1) {
    result.rule = fmt::format(
        "{} has no hidden dense layer and its convolutions are tied by additions: nothing to sweep, "
        "the model stays as it is.",
        base.model);
  }
  const ReduceCell &before = result.cells[cells.base],
                   &after = result.cells[static_cast<size_t>(choice.chosen)];
  result.parameters_before = before.cell.parameters;
  result.bytes_before = before.float_bytes;
  result.parameters_after = after.cell.parameters;
  result.bytes_after = after.float_bytes;
  return result;
}

Result<Expected> ExpectReduction(const search::Candidate& base, const ReduceOptions& options,
                                 size_t training_pictures, int folds, const Progress& progress) {
  HL_TRY(CheckGrid(options));
  if (base.start) return ExpectLadder(base, options, training_pictures, folds, progress);
  const Cells cells = CellsOf(base, options);
  const Sweeping sweeping = SweepingOf(cells, options);
  std::vector<search::Candidate> trained;
  double share = 1;
  if (sweeping == Sweeping::kSurface) {
    for (const size_t i : KnotCells(cells)) {
      if (i != cells.base) trained.push_back(cells.candidates[i]);
    }
    share = 1 + kRefinementShare;
  } else {
    for (size_t i = 0; i < cells.cells.size(); ++i) {
      if (i != cells.base) trained.push_back(cells.candidates[i]);
    }
  }
  Expected expected{static_cast<int>(cells.cells.size()), 0, 0};
  if (trained.empty()) return expected;
  HL_ASSIGN(const search::Plan plan,
            search::PlanTrials(trained, training_pictures,
                               {.folds = folds,
                                .jobs = options.search.jobs,
                                .coverage = sweeping == Sweeping::kRace ? search::Coverage::kRace
                                                                        : search::Coverage::kExhaustive},
                               progress));
  expected.trials = static_cast<int>(plan.trials * share);
  expected.seconds = plan.seconds * share;
  return expected;
}

}  // namespace handlens::reduce
