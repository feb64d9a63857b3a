// Which of several processes this one is: from --shard, and from what engines of clusters tell in the
// environment.
#pragma once

#include <functional>
#include <optional>
#include <string>
#include <string_view>

#include "base/result.h"
#include "search/search.h"

namespace handlens::cli {

// A variable's value; empty where there is none.
using Lookup = std::function<std::string(const char* name)>;
std::string FromEnvironment(const char* name);

// "K/N", "auto" or "auto/N". auto: the place in an array of tasks (Slurm: SLURM_ARRAY_TASK_ID, _MIN, _STEP,
// _COUNT; Kubernetes: JOB_COMPLETION_INDEX, which comes without a count, so N must be given) and among the
// processes of a task (Open MPI: OMPI_COMM_WORLD_RANK, _SIZE; others: PMI_RANK, PMI_SIZE; srun: SLURM_PROCID,
// SLURM_STEP_NUM_TASKS). Kind kUsage.
Result<search::Share> ReadShare(std::string_view text, const Lookup& lookup);

// What the engine says of this process when nobody asked for a share; empty when it says nothing: "task 3 of
// 8".
std::string UnusedShare(const Lookup& lookup);

// SLURM_CPUS_PER_TASK, at most what the process may use; 0 where it is not set.
int ThreadsOfTask(const Lookup& lookup);

}  // namespace handlens::cli
