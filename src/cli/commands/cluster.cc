// `cluster`: what can be done before, then the scripts, then what to type. Never submits.
#include <algorithm>
#include <array>

#include "base/disk.h"
#include "base/shell_word.h"
#include "base/text.h"
#include "cli/commands/cluster_files.h"
#include "cli/commands/command.h"
#include "cli/summary.h"
#include "pipeline/plan.h"
#include "pipeline/steps.h"

namespace handlens::cli {
namespace fs = std::filesystem;
using namespace pipeline;
namespace {

Result<Engine> EngineOf(const Wanted::Cluster& wanted) {
  const std::array<bool, 4> asked = {wanted.slurm, wanted.kubernetes, wanted.parallel, wanted.mpi};
  if (std::count(asked.begin(), asked.end(), true) != 1) {
    return Fail(ErrorKind::kUsage, "`cluster` needs one of --slurm, --kubernetes, --parallel and --mpi");
  }
  return static_cast<Engine>(std::find(asked.begin(), asked.end(), true) - asked.begin());
}

// What the scripts still have to do.
Result<std::vector<std::string>> StepsOf(Run& run) {
  HL_ASSIGN(const std::vector<const Step*> missing,
            StepsToDo(run, WantsReduction(run) ? kReduceStep : kSearchStep));
  std::vector<std::string> steps;
  for (const Step* step : missing) {
    if (step->facts.shared) steps.emplace_back(step->facts.command);
  }
  if (steps.empty())
    return Fail(ErrorKind::kBadInput, "{}: the search is done; nothing is left to share",
                run.space.folder.string());
  return steps;
}

Result<void> Write(const Run& run, const ClusterPlan& plan, Outcome& outcome) {
  const fs::path folder = run.At("cluster");
  std::error_code error;
  fs::remove_all(folder, error);  // files of another engine
  for (const ClusterFile& file : ClusterFiles(plan)) {
    HL_TRY(WriteFileAtomic(folder / file.name, file.text));
    outcome.text += fmt::format("  {}\n", (folder / file.name).string());
  }
  return WriteRecord(folder / "manifest.json", "handlens-cluster", 1, ClusterManifest(plan));
}

// A task needs what a thread of the plan needs, for each of its threads.
int64_t MemoryOf(const RunPlan& plan, int jobs, int threads) {
  return plan.search.memory_bytes / std::max(jobs, 1) * threads + plan.search.memory_bytes / 4;
}

}  // namespace

Result<Outcome> CommandCluster(Call& call) {
  HL_ASSIGN(const Engine engine, EngineOf(FlagsOnly(call.asked()).cluster));
  HL_ASSIGN(const std::unique_ptr<Run> run, Open(call, call.arguments[0]));
  if (run->wanted().search.budget_s > 0) {
    return Fail(ErrorKind::kUsage,
                "`cluster` and --budget do not go together: what fits a budget depends on the machine; "
                "--time is how long a task may take");
  }
  if (FlagsOnly(call.asked()).gates.max_bytes > 0) {
    return Fail(
        ErrorKind::kUsage,
        "`cluster` and --max-bytes do not go together: a gate counts for one call, and the scripts make "
        "others; a line max_bytes = SIZE in {} counts for all",
        run->At("handlens.toml").string());
  }
  SayKept(*run, call.command);
  HL_TRY(SaveSettings(*run));
  HL_TRY(DoStepsUpTo(*run, kSplitStep));
  HL_ASSIGN(const RunPlan trials, MakePlan(*run));
  HL_TRY(PrepareSizes(run->space, run->fit(), SizesOf(trials.candidates)));
  const Wanted::Cluster& wanted = run->wanted().cluster;
  ClusterPlan plan{.engine = engine,
                   .steps = {},
                   .tasks = wanted.tasks,
                   .threads = wanted.threads,
                   .time_s = wanted.time_s,
                   .memory_bytes = MemoryOf(trials, run->space.jobs, wanted.threads),
                   .program = {},
                   .run = {},
                   .partition = wanted.partition,
                   .image = wanted.image,
                   .volume = wanted.volume};
  HL_ASSIGN(plan.steps, StepsOf(*run));
  std::error_code error;
  plan.program = fs::read_symlink("/proc/self/exe", error);
  plan.run = fs::canonical(run->space.folder, error);
  Outcome outcome;
  outcome.text = fmt::format("{} of the search, about {} with {} in all; {} of {} each\nwrote:\n",
                             Count(trials.search.trials, "trial"),
                             Duration(trials.search.seconds * run->space.jobs / (plan.tasks * plan.threads)),
                             Count(plan.tasks * plan.threads, "thread"), Count(plan.tasks, "task"),
                             Count(plan.threads, "thread"));
  HL_TRY(Write(*run, plan, outcome));
  outcome.text +=
      fmt::format("  {}\ntype: {}\n", run->At("cluster/manifest.json").string(), StartCommand(plan));
  outcome.text += fmt::format("then: handlens convert {}\n", ShellWord(run->space.folder.string()));
  outcome.json = {{"command", call.command},
                  {"run", run->space.folder.string()},
                  {"cluster", ClusterManifest(plan)},
                  {"start", StartCommand(plan)}};
  return outcome;
}

}  // namespace handlens::cli
