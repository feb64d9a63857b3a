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
  std::vector<search::Candidate> candidates;
  bool reduces = false;
  search::Coverage coverage = search::Coverage::kExhaustive;
  reduce::Expected reduction;        // of the candidate whose sweep takes the median time
  double free_bytes = 0;             // on the run folder's disk; 0 = not known
};

// From the settings and the inspected pictures. Times one step of every candidate: a second or a few.
Result<RunPlan> MakePlan(const Run& run);

// Of the search, the reduction and the final training.
double TotalSeconds(const Run& run, const RunPlan& plan);

// Kind kResources when the disk has less free than the plan needs.
Result<void> CheckDisk(const Run& run, const RunPlan& plan);

}  // namespace handlens::pipeline
