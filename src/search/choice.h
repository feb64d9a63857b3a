// Who wins: pooled validation predictions, the race's eliminations, and the rule of choice. Looks at
// validation pictures only; nothing here reads a test prediction.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "search/search.h"

namespace handlens::search {

// Whether the highest score of each picture is its label's.
std::vector<bool> Hits(const dataset::Dataset& dataset, const train::Predictions& predictions);

// For each validation picture of a fold the share of its views that were right, 0..1. The views are those of
// the yardstick: the picture as it is, its photographs, or both with the same weight.
std::vector<double> RightShares(const dataset::Dataset& dataset, const train::TrialResult& fold,
                                Yardstick yardstick);

// Mean right share of a cell's validation pictures, all its folds together; 0 without any.
double PooledValidation(const dataset::Dataset& dataset, const CellResult& cell);

// Two cells on the same validation pictures (folds that both ran). A picture counts for the one that is right
// on more of its views.
struct Paired {
  size_t n = 0, only_a = 0, only_b = 0;
  double gain = 0, squares = 0;  // of a over b: sums of the differences of shares, and of their squares
  double p = 1;                  // exact sign test, two-sided: with one view a picture, McNemar's
};
Paired Compare(const dataset::Dataset& dataset, const CellResult& a, const CellResult& b);

// How far below the best mean validation accuracy a smaller model may be and still be chosen: a paired test
// on few pictures proves little, so "not significantly worse" alone would give away points for kilobytes.
constexpr double kSearchMargin = 0.01;
constexpr double kSignificance = 0.05;

struct Choice {
  int best = 0;    // highest standing; ties: fewer parameters, then the first
  int chosen = 0;  // of those within `margin` and not significantly worse: then fewest parameters; with
                   // kPictures those with a camera_share first
  std::string rule;
};
// Among the cells that finished all folds (all cells when none did). `cells` is not empty.
Choice Choose(const dataset::Dataset& dataset, const std::vector<CellResult>& cells, double margin);

// Fills eliminated and eliminated_because of those `among` the cells that ran the first `folds_done` folds:
// whoever is significantly worse than the leader, and whoever is not in the better half; of equals those stay
// that Choose prefers. At least two stay. Depends on results alone, never on time.
void Eliminate(const dataset::Dataset& dataset, int folds_done, const std::vector<size_t>& among,
               std::vector<CellResult>& cells);

// "nano24, 64 px, mild".
std::string CandidateName(const Candidate& candidate);

// Means, deviations, pooled counts and interval from `folds`.
void FillSummary(const dataset::Dataset& dataset, CellResult& cell);

}  // namespace handlens::search
