// What is left to do of a run: trials, time, memory and disk, before anything is begun.
#pragma once

#include <vector>

#include "pipeline/run_folder.h"
#include "pipeline/steps.h"
#include "reduce/reduce.h"
#include "search/presets.h"
#include "search/search.h"

namespace handlens::pipeline {

struct RunPlan {
  std::vector<const Step*> left;  // the steps that are not done yet, in order
  bool Leaves(std::string_view step) const;
  search::Plan search;  // without trials where the search is done; memory and disk then of what it chose
  search::Plan again;   // of repeated and nested cross-validation: trials and seconds alone
  std::vector<search::Candidate> candidates;
  std::vector<int> finished;  // folds of each candidate that are trained already
  search::Coverage coverage = search::Coverage::kExhaustive;
  reduce::Expected reduction;  // of the candidate whose sweep takes the median time
  double end_s = 0;            // of the final training and of all that comes after it
  int64_t memory_bytes = 0;    // at most at once, of the search or of what comes after it
  double free_bytes = 0;       // on the run folder's disk; 0 = not known
  // Only with a time budget.
  double least_s = 0;  // of the first candidate's folds, its final training and all that comes after it; of
                       // those of them that are left to do
  double final_s = 0;  // of the longest final training among the candidates that fit the budget
  double after_s = 0;  // of conversion, verification and the report
};

// From the settings, the inspected pictures and what earlier calls finished, which is loaded. Times one step
// of every candidate that is left to train: a second or a few.
Result<RunPlan> MakePlan(Run& run);

// Of what is left of the search, the reduction, the final training, and all that comes after it.
double TotalSeconds(const RunPlan& plan);

// Of the final training, once a candidate was chosen: as many epochs as a fold, of all folds' pictures.
double FinalSeconds(const Workspace& space);

// What `run` makes sure of before it begins, and `run --dry-run` as well: not too many unreadable pictures,
// folds that can be dealt, room on the disk, a budget in which something can come about. Sets the budget of
// the workspace. Kinds kBadInput and kResources; writes nothing.
Result<void> CheckBeforeBegin(Run& run, const RunPlan& plan);

// Warns when the plan needs more memory than the process may use (its control group's limit, or the
// machine's).
void WarnOfMemory(const Run& run, const RunPlan& plan);

// Kind kResources when the disk has less free than the plan needs.
Result<void> CheckDisk(const Run& run, const RunPlan& plan);

}  // namespace handlens::pipeline
