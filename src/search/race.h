// The race: which trials are worth running next, judged by validation predictions of those that ran. Pure
// decisions: no training, no clock, no threads, so the same results lead to the same race on any machine.
#pragma once

#include <map>
#include <optional>
#include <string>
#include <vector>

#include "search/search.h"

namespace handlens::search {

struct RaceTrial {
  size_t cell = 0;
  int fold = 0;
};

// Cells of one model and one generator are a chain, ordered by size; those of one backbone, cut, size and
// generator are a chain too: its probe, then what is trained from it. The heats:
// 1. The first of every chain, the smallest size or the probe, fold by fold: after each fold whoever is
//    significantly worse than the leader, or not in the better half, is out (Eliminate); the last two run the
//    folds that are left.
// 2. The next of the chains that finished, against the one below on the same validation pictures, after one
//    fold, after two, and after all: out when significantly worse than the leader of the finished, or when
//    the gain over the size below plus its standard error is under kSearchMargin (a gain that the choice
//    would not count anyway). Of chains that differ in the generator alone and begin with a probe, only the
//    one with the best probe goes on: a training costs ten times its probe.
// 3. Still larger sizes only while half of the last step's gain is above kSearchMargin: a step in size costs
//    two to ten times all before it, and gains shrink from step to step. No size is climbed to where the best
//    so far leaves less than kSearchMargin to gain.
// Measured against the whole grid: docs/studies/search.md.
class Race {
 public:
  // `cells` outlives the race; their folds are filled by the caller. With a standard the first two folds of
  // the one cell run side by side, and the rest where it comes up to it.
  Race(const dataset::Dataset& dataset, int folds, std::vector<CellResult>& cells,
       std::optional<Standard> standard = {});

  // What the next decision needs, the leader's first; empty when the race is over. Before the next call each
  // of these trials is among its cell's folds, or its cell is eliminated by the caller. Marks who is out and
  // why.
  std::vector<RaceTrial> Next();

  // Folds that the cells last asked for will have then, and what each of them must still run to be of use: in
  // the first heat only what was asked, later all folds, because a larger size that did not finish has cost
  // much for nothing.
  int FoldsAsked() const { return asked_; }
  int FoldsNeeded() const { return heat_ == 0 ? asked_ - rung_ : folds_ - rung_; }

  // What is likely to follow the trials last asked for, in the unit of `trial_cost` (by cell), when the next
  // size is tried once and no further.
  double ExpectedLater(const std::vector<double>& trial_cost) const;

 private:
  void Judge();
  void JudgeClimbers();
  void JudgeByStandard();
  std::string WhyBelow(const CellResult& other, const CellResult& cell, double least,
                       const std::string& rule) const;
  bool BeginClimb();
  std::optional<size_t> BetterProbe(size_t cell) const;
  std::pair<size_t, double> BestFinished() const;  // the cell, and its share of right validation pictures
  int NextRung() const;
  double ClimberFolds(int from) const;
  double LikelyCost(std::vector<double> costs, size_t some) const;
  std::vector<RaceTrial> Ask();
  void DropRest(size_t chain, size_t from, const std::string& because);

  const dataset::Dataset& dataset_;
  const int folds_;
  std::vector<CellResult>& cells_;
  const std::optional<Standard> standard_;
  std::vector<std::vector<size_t>> chains_;            // cells by rising size
  std::map<size_t, std::pair<size_t, size_t>> place_;  // of a cell: chain, place in it
  std::vector<size_t> active_;                         // of this heat, the leader first
  std::vector<size_t> finished_;                       // ran all folds
  int rung_ = 0;                                       // folds that the active cells have
  int asked_ = 0;                                      // folds that they will have
  int heat_ = 0;                                       // 0: smallest sizes
};

// Mean difference of two cells on the validation pictures that both predicted, and its standard error
// (paired).
struct Gain {
  size_t n = 0;
  double mean = 0, error = 0;
};
Gain GainOver(const dataset::Dataset& dataset, const CellResult& below, const CellResult& above);

}  // namespace handlens::search
