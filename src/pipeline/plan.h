// What a run would do: trials, time, memory and disk, before anything is begun.
#pragma once

#include <vector>

#include "pipeline/run_folder.h"
#include "reduce/reduce.h"
#include "search/presets.h"
#include "search/search.h"

namespace handlens::pipeline {

struct RunPlan {
  search::Plan search;
  search::Plan again;  // of repeated and nested cross-validation: trials and seconds alone
  std::vector<search::Candidate> candidates;
  bool reduces = false;
  search::Coverage coverage = search::Coverage::kExhaustive;
  reduce::Expected reduction;  // of the candidate whose sweep takes the median time
  double end_s = 0;            // of the final training and of all that comes after it
  int64_t memory_bytes = 0;    // at most at once, of the search or of what comes after it
  double free_bytes = 0;       // on the run folder's disk; 0 = not known
  // Only with a time budget.
  double least_s = 0;  // of the first candidate's folds, its final training and all that comes after it
  double final_s = 0;  // of the longest final training among the candidates that fit the budget
  double after_s = 0;  // of conversion, verification and the report
};

// From the settings and the inspected pictures. Times one step of every candidate: a second or a few.
Result<RunPlan> MakePlan(const Run& run);

// Of the search, the reduction, the final training, and all that comes after it.
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
