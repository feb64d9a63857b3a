// Remaining time and the budget, see pace.h.
#include "search/pace.h"

#include <algorithm>
#include <chrono>
#include <numeric>

namespace handlens::search {
namespace {

// Less than this share of a trial is start-up, not pace.
constexpr double kTellingShare = 0.02;

bool Telling(const JobProgress& share) {
  return share.done < 1 && share.done - share.first_done > kTellingShare && share.seconds > 0;
}

}  // namespace

double MonotonicSeconds() {
  return std::chrono::duration<double>(std::chrono::steady_clock::now().time_since_epoch()).count();
}

Pace::Pace(const std::vector<Candidate>& candidates, std::vector<double> trial_s)
    : trial_s_(std::move(trial_s)), finished_(candidates.size()) {
  for (size_t c = 0; c < candidates.size(); ++c) {
    size_t first = 0;
    while (!(candidates[first].architecture == candidates[c].architecture)) ++first;
    network_.push_back(first);
  }
}

void Pace::Finished(size_t candidate, double seconds) {
  finished_[candidate].really_s += seconds;
  finished_[candidate].foreseen_s += trial_s_[candidate];
}

std::vector<double> Pace::TrialSeconds(const std::vector<TrialJob>& jobs,
                                       const std::vector<JobProgress>& shares) const {
  std::vector<Measured> by_candidate = finished_, by_network(finished_.size());
  Measured all;
  for (size_t i = 0; i < shares.size(); ++i) {
    if (!Telling(shares[i])) continue;
    by_candidate[jobs[i].candidate].really_s += shares[i].seconds;
    by_candidate[jobs[i].candidate].foreseen_s +=
        (shares[i].done - shares[i].first_done) * trial_s_[jobs[i].candidate];
  }
  for (size_t c = 0; c < by_candidate.size(); ++c) {
    by_network[network_[c]].really_s += by_candidate[c].really_s;
    by_network[network_[c]].foreseen_s += by_candidate[c].foreseen_s;
    all.really_s += by_candidate[c].really_s;
    all.foreseen_s += by_candidate[c].foreseen_s;
  }
  std::vector<double> seconds = trial_s_;
  for (size_t c = 0; c < seconds.size(); ++c) {
    for (const Measured* measured : {&by_candidate[c], &by_network[network_[c]], &all}) {
      if (measured->foreseen_s <= 0) continue;
      seconds[c] *= measured->really_s / measured->foreseen_s;
      break;
    }
  }
  return seconds;
}

double SecondsLeft(const std::vector<TrialJob>& jobs, const std::vector<JobProgress>& shares,
                   const std::vector<double>& trial_s, int threads, double later_s) {
  double work_s = later_s, longest_s = 0;
  for (size_t i = 0; i < jobs.size(); ++i) {
    const JobProgress share = i < shares.size() ? shares[i] : JobProgress();
    const double whole_s =
        Telling(share) ? share.seconds / (share.done - share.first_done) : trial_s[jobs[i].candidate];
    work_s += (1 - share.done) * whole_s;
    longest_s = std::max(longest_s, (1 - share.done) * whole_s);
  }
  return std::max(work_s / std::max(threads, 1), longest_s);
}

void Budget::BeginRound(size_t favourite, int favourite_later, int folds_needed) {
  favourite_ = favourite;
  favourite_later_ = favourite_later;
  folds_needed_ = folds_needed;
  std::fill(decisions_.begin(), decisions_.end(), -1);
  std::fill(open_.begin(), open_.end(), 0);
}

bool Budget::Admit(const TrialJob& job, const std::vector<double>& trial_s) {
  int& decision = decisions_[job.candidate];
  if (decision < 0) {
    double work_s = trial_s[job.candidate] * folds_needed_;
    for (size_t c = 0; c < open_.size(); ++c) work_s += trial_s[c] * open_[c];
    if (!complete_) work_s += trial_s[favourite_] * favourite_later_;
    // Threads that wait for the last one: a list of jobs takes at most this long (Graham 1969).
    const double threads = std::max(threads_, 1);
    const double left_s = work_s / threads + trial_s[job.candidate] * (1 - 1 / threads);
    decision = (!complete_ && job.candidate == favourite_) || MonotonicSeconds() + left_s <= end_s_ ? 1 : 0;
    if (decision == 1) open_[job.candidate] = folds_needed_;
  }
  return decision == 1;
}

void Budget::Finished(const TrialJob& job) {
  open_[job.candidate] = std::max(0, open_[job.candidate] - 1);
  if (++done_[job.candidate] == folds_) complete_ = true;
}

bool Budget::Expired(const TrialJob& job) const {
  return MonotonicSeconds() >= end_s_ && (complete_ || job.candidate != favourite_);
}

}  // namespace handlens::search
