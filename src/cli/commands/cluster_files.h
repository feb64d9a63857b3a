// The scripts that run a search on a cluster's engine: shares of each step's trials, then its merge, step
// after step. Text only; nothing is submitted here.
#pragma once

#include <cstdint>
#include <filesystem>
#include <string>
#include <vector>

#include "base/json.h"

namespace handlens::cli {

enum class Engine { kSlurm, kKubernetes, kParallel, kMpi };
const char* EngineName(Engine engine);  // as its option: "slurm"

struct ClusterPlan {
  Engine engine = Engine::kSlurm;
  std::vector<std::string> steps;  // "search", then perhaps "reduce"
  int tasks = 1, threads = 1;
  double time_s = 0;                   // of one task
  int64_t memory_bytes = 0;            // of one task
  std::filesystem::path program, run;  // absolute
  std::string partition, image, volume;
};

struct ClusterFile {
  std::string name, text;  // in RUN/cluster
};
// The one to start is called submit.sh or run.sh. The same plan gives the same bytes.
std::vector<ClusterFile> ClusterFiles(const ClusterPlan& plan);

// What to type: the command that starts it.
std::string StartCommand(const ClusterPlan& plan);

// What RUN/cluster/manifest.json says of the plan and its files.
Json ClusterManifest(const ClusterPlan& plan);

}  // namespace handlens::cli
