// How long the rest takes, and what still fits a time budget. Looks at clocks: nothing here may touch what a
// search without a budget decides.
#pragma once

#include <atomic>
#include <vector>

#include "search/trial_pool.h"

namespace handlens::search {

double MonotonicSeconds();

// Seconds of one trial of each candidate: foreseen from a few steps, then corrected by what trials take on
// this machine as busy as it is: by the candidate's own trials where there are any, else by those of the same
// network, else by all.
class Pace {
 public:
  // `trial_s`: see MeasureTrials.
  Pace(const std::vector<Candidate>& candidates, std::vector<double> trial_s);
  void Finished(size_t candidate, double seconds);
  // Seconds of whole trials, by candidate; trials that run count by their share.
  std::vector<double> TrialSeconds(const std::vector<TrialJob>& jobs,
                                   const std::vector<JobProgress>& shares) const;

 private:
  struct Measured {
    double really_s = 0, foreseen_s = 0;
  };
  std::vector<double> trial_s_;
  std::vector<size_t> network_;     // the first candidate with the same network
  std::vector<Measured> finished_;  // by candidate
};

// Seconds until `threads` have done these jobs and `later_s` more seconds of work.
double SecondsLeft(const std::vector<TrialJob>& jobs, const std::vector<JobProgress>& shares,
                   const std::vector<double>& trial_s, int threads, double later_s);

// A time budget: what is begun, and what is stopped at its end. Something always finishes: until one
// candidate has all its folds, the favourite (the leader of the race, the first of a grid) goes on even past
// the end.
class Budget {
 public:
  Budget(double end_s, int threads, int folds, size_t candidates)
      : end_s_(end_s),
        threads_(threads),
        folds_(folds),
        decisions_(candidates, -1),
        open_(candidates, 0),
        done_(candidates, 0) {}

  // `favourite_later`: its folds after this round; room is kept for them. `folds_needed`: what a candidate
  // must run from this round on to be of any use; it is begun for all of them or not at all.
  void BeginRound(size_t favourite, int favourite_later, int folds_needed);
  // One call at a time, Expired from any thread.
  bool Admit(const TrialJob& job, const std::vector<double>& trial_s);
  void Finished(const TrialJob& job);
  bool Expired(const TrialJob& job) const;

 private:
  double end_s_;
  int threads_, folds_;
  std::atomic<size_t> favourite_{0};
  int favourite_later_ = 0, folds_needed_ = 0;
  std::atomic<bool> complete_{false};
  std::vector<int> decisions_;    // of this round, by candidate: -1 not asked, 0 no, 1 yes
  std::vector<int> open_, done_;  // trials admitted and not done, and done; by candidate
};

}  // namespace handlens::search
