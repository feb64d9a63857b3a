// A step's trials divided among several processes, on any machines: each works on a share of them (RUN/shards
// has what they agree on), and one of them, or another, ends it when all trials are done. Then the run is as
// if one process had done the step.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "pipeline/run_folder.h"
#include "search/search.h"

namespace handlens::pipeline {

// Works as one of several on the trials of `command` ("search" or "reduce") until all are done, whoever does
// them. Writes no record: MergeShares does. False when the step is done already. The run may be opened with
// Hold::kShared. Kind kBadInput when steps before are not done or other shards have other options, kUsage
// with a time budget, kInterrupted when progress asks to stop.
Result<bool> WorkOnShare(Run& run, std::string_view command, const search::Share& share);

// Ends the steps that shards worked on, in their order: writes their records and removes what shards left.
// Kind kBadInput when there are none, or when trials are missing and the call has no --yes, which trains them
// here. Returns the commands of these steps.
Result<std::vector<std::string>> MergeShares(Run& run);

}  // namespace handlens::pipeline
