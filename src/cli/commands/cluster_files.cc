// Formats: sbatch(1) of Slurm 22.05; Job v1 of Kubernetes 1.31 (podFailurePolicy stable, backoffLimitPerIndex
// on by default), checked against its published schema by tests/cluster; parallel(1); mpirun(1) of Open
// MPI 4.1.
#include "cli/commands/cluster_files.h"

#include <algorithm>
#include <cctype>
#include <cmath>
#include <functional>

#include "base/shell_word.h"
#include "cli/summary.h"

namespace handlens::cli {
namespace {

// So long before its limit Slurm warns a task. Saving takes a second; file systems of clusters have bad
// minutes.
constexpr int kWarning_s = 120;

std::string Quoted(std::string_view text) { return Json(text).dump(); }  // JSON's strings are YAML's too

int64_t Megabytes(int64_t bytes) { return std::max<int64_t>(256, (bytes + (1 << 20) - 1) >> 20); }

// The head of a script: the program and the run folder, which is the one that holds the script's folder.
std::string Head(const ClusterPlan& plan, std::string_view what) {
  return fmt::format(
      "#!/bin/bash\n# {}\n# Written by `handlens cluster`; written anew by the next one.\nset "
      "-u\nhandlens={}\n",
      what, ShellWord(plan.program.string()));
}

constexpr std::string_view kHere = "cd \"$(dirname \"$0\")\" || exit 1\nrun=$(dirname \"$PWD\")\n";

std::string SlurmDirectives(const ClusterPlan& plan, const std::string& job, int threads) {
  std::string text = fmt::format(
      "#SBATCH --job-name=handlens-{}\n#SBATCH --cpus-per-task={}\n#SBATCH --mem={}M\n#SBATCH "
      "--time={}\n#SBATCH --open-mode=append\n",
      job, threads, Megabytes(plan.memory_bytes), static_cast<int64_t>(std::ceil(plan.time_s / 60)));
  if (!plan.partition.empty()) text += fmt::format("#SBATCH --partition={}\n", plan.partition);
  return text;
}

// #SBATCH lines end at the first command.
std::string SlurmScript(const ClusterPlan& plan, std::string_view what, const std::string& directives,
                        const std::string& commands) {
  std::string text = Head(plan, what);
  text.insert(text.find("set -u\n"), directives);
  return text + "run=$(dirname \"$SLURM_SUBMIT_DIR\")\n" + commands;
}

std::string SlurmArray(const ClusterPlan& plan, const std::string& step) {
  const std::string directives =
      fmt::format(
          "#SBATCH --array=1-{}\n#SBATCH --output={}-%a.log\n#SBATCH --requeue\n#SBATCH --signal=B:USR1@{}\n",
          plan.tasks, step, kWarning_s) +
      SlurmDirectives(plan, step, plan.threads);
  // The shell passes on what only it is told (--signal=B:). After 75 the task is put back into the queue;
  // `scontrol requeue` ends it here.
  return SlurmScript(plan, fmt::format("One task: its share of the trials of {}.", step), directives,
                     fmt::format(R"("$handlens" {} "$run" --shard auto --jobs {} &
task=$!
trap 'kill -USR1 $task' USR1 TERM
wait $task
while kill -0 $task 2>/dev/null; do wait $task; done
wait $task   # its exit code, also where a signal ended the wait before
code=$?
if [ $code = 75 ]; then
  echo "task $SLURM_ARRAY_TASK_ID saved its work and asks to be started again"
  scontrol requeue "${{SLURM_ARRAY_JOB_ID}}_$SLURM_ARRAY_TASK_ID"
fi
exit $code
)",
                                 step, plan.threads));
}

std::string SlurmMerge(const ClusterPlan& plan, const std::string& step) {
  return SlurmScript(plan, fmt::format("After all tasks: ends {}.", step),
                     fmt::format("#SBATCH --output=merge-{}.log\n#SBATCH --requeue\n", step) +
                         SlurmDirectives(plan, "merge-" + step, plan.threads),
                     fmt::format("exec \"$handlens\" merge \"$run\" --jobs {}\n", plan.threads));
}

std::string SlurmSubmit(const ClusterPlan& plan) {
  std::string text =
      Head(plan, "Submits all of it; each part waits for the one before.") + std::string(kHere);
  text += "rm -f ./*.log\n";
  std::string after;
  for (const std::string& step : plan.steps) {
    text += fmt::format("{0}=$(sbatch --parsable{1} {0}.sbatch) || exit 1\n", step, after);
    text += fmt::format(
        "merge_{0}=$(sbatch --parsable --kill-on-invalid-dep=yes --dependency=afterok:${0} merge-{0}.sbatch) "
        "|| exit 1\n",
        step);
    after = fmt::format(" --kill-on-invalid-dep=yes --dependency=afterok:$merge_{}", step);
    text += fmt::format(
        "echo \"{0}: array $"
        "{0} of {1} tasks, then merge $merge_{0}\"\n",
        step, plan.tasks);
  }
  return text + "echo \"watch: squeue --me; logs: $PWD/*.log\"\n";
}

// A name as Kubernetes wants them (RFC 1123 label), of at most 50 letters.
std::string LabelOf(const ClusterPlan& plan, const std::string& job) {
  std::string name;
  for (const char c : plan.run.filename().string().substr(0, 24)) {
    const auto letter = static_cast<unsigned char>(c);
    name += std::isalnum(letter) != 0 && letter < 0x80 ? static_cast<char>(std::tolower(letter)) : '-';
  }
  while (!name.empty() && name.back() == '-') name.pop_back();
  return fmt::format("handlens-{}{}{}", job, name.empty() || name.front() == '-' ? "" : "-", name);
}

enum class Completions { kOne, kIndexed };

std::string KubernetesJob(const ClusterPlan& plan, const std::string& job, std::vector<std::string> arguments,
                          Completions completions) {
  arguments.insert(arguments.begin() + 1, "/handlens/" + plan.run.filename().string());
  arguments.insert(arguments.end(), {"--jobs", std::to_string(plan.threads)});
  for (std::string& argument : arguments) argument = Quoted(argument);
  std::string text = fmt::format(
      "# Written by `handlens cluster`; written anew by the next one.\napiVersion: batch/v1\nkind: "
      "Job\nmetadata:\n  name: {}\nspec:\n",
      LabelOf(plan, job));
  text += completions == Completions::kIndexed ? fmt::format(
                                                     "  completionMode: Indexed\n  completions: {0}\n  "
                                                     "parallelism: {0}\n  backoffLimitPerIndex: 6\n",
                                                     plan.tasks)
                                               : "  backoffLimit: 6\n";
  // Exit codes: 2 and 3 fail again however often they are tried; 75 is saved work, as is a node that is taken
  // away.
  text +=
      fmt::format(R"(  podFailurePolicy:
    rules:
      - action: FailJob
        onExitCodes: {{operator: In, values: [2, 3]}}
      - action: Ignore
        onExitCodes: {{operator: In, values: [75]}}
      - action: Ignore
        onPodConditions: [{{type: DisruptionTarget, status: "True"}}]
  template:
    spec:
      restartPolicy: Never
      containers:
        - name: handlens
          image: {}
          command: [handlens]
          args: [{}]
          resources:
            requests: {{cpu: "{}", memory: {}Mi}}
            limits: {{cpu: "{}", memory: {}Mi}}
          volumeMounts: [{{name: runs, mountPath: /handlens}}, {{name: local, mountPath: /local}}]
      volumes:
        - {{name: runs, persistentVolumeClaim: {{claimName: {}}}}}
        - {{name: local, emptyDir: {{}}}}
)",
                  Quoted(plan.image), fmt::join(arguments, ", "), plan.threads, Megabytes(plan.memory_bytes),
                  plan.threads, Megabytes(plan.memory_bytes), Quoted(plan.volume));
  return text;
}

std::string KubernetesSubmit(const ClusterPlan& plan) {
  std::string text =
      Head(plan, "Applies the jobs one after the other and waits for each.") + std::string(kHere);
  text += "kubectl=${KUBECTL:-kubectl}\n";
  text += R"sh(finish() {  # file, job; waits until it is complete or failed
  "$kubectl" delete --ignore-not-found -f "$1" && "$kubectl" apply -f "$1" || exit 1
  while :; do
    "$kubectl" wait --for=condition=complete --timeout=30s "job/$2" >/dev/null 2>&1 && return
    why=$("$kubectl" get "job/$2" -o 'jsonpath={.status.conditions[?(@.type=="Failed")].message}')
    [ -z "$why" ] || { echo "$2 failed: kubectl describe job/$2" >&2; exit 1; }
  done
}
)sh";
  for (const std::string& step : plan.steps) {
    text += fmt::format("finish {0}.yaml {1}\nfinish merge-{0}.yaml {2}\n", step, LabelOf(plan, step),
                        LabelOf(plan, "merge-" + step));
  }
  return text;
}

// One script; `shards` gives the command that starts all shards of a step and returns when they have ended.
std::string RunScript(const ClusterPlan& plan, std::string_view what,
                      const std::function<std::string(const std::string& step)>& shards) {
  std::string text = Head(plan, what) + std::string(kHere);
  for (const std::string& step : plan.steps) {
    text += shards(step) + " || exit\n\"$handlens\" merge \"$run\" || exit\n";
  }
  return text;
}

}  // namespace

const char* EngineName(Engine engine) {
  constexpr const char* kNames[] = {"slurm", "kubernetes", "parallel", "mpi"};
  return kNames[static_cast<size_t>(engine)];
}

std::vector<ClusterFile> ClusterFiles(const ClusterPlan& plan) {
  std::vector<ClusterFile> files;
  switch (plan.engine) {
    case Engine::kSlurm:
      for (const std::string& step : plan.steps) {
        files.push_back({step + ".sbatch", SlurmArray(plan, step)});
        files.push_back({"merge-" + step + ".sbatch", SlurmMerge(plan, step)});
      }
      files.push_back({"submit.sh", SlurmSubmit(plan)});
      break;
    case Engine::kKubernetes:
      for (const std::string& step : plan.steps) {
        files.push_back({step + ".yaml", KubernetesJob(plan, step,
                                                       {step, "--shard", fmt::format("auto/{}", plan.tasks),
                                                        "--local-cache", "/local"},
                                                       Completions::kIndexed)});
        files.push_back(
            {"merge-" + step + ".yaml", KubernetesJob(plan, "merge-" + step, {"merge"}, Completions::kOne)});
      }
      files.push_back({"submit.sh", KubernetesSubmit(plan)});
      break;
    case Engine::kParallel:
      files.push_back(
          {"run.sh", RunScript(plan,
                               "All steps by GNU parallel; what is given to this script goes to it, such as "
                               "--sshlogin 8/node1,8/node2.",
                               [&](const std::string& step) {
                                 return fmt::format(
                                     "seq {0} | parallel --jobs {0} --line-buffer --halt soon,fail=1 \"$@\" "
                                     "\"${{handlens@Q}}\" {1} \"${{run@Q}}\" --shard '{{}}/{0}' --jobs {2}",
                                     plan.tasks, step, plan.threads);
                               })});
      break;
    case Engine::kMpi:
      files.push_back(
          {"run.sh",
           RunScript(
               plan, "All steps by mpirun; what is given to this script goes to it, such as --hostfile FILE.",
               [&](const std::string& step) {
                 return fmt::format(
                     "mpirun -np {} --bind-to none \"$@\" \"$handlens\" {} \"$run\" --shard auto --jobs {}",
                     plan.tasks, step, plan.threads);
               })});
      break;
  }
  return files;
}

std::string StartCommand(const ClusterPlan& plan) {
  const bool submits = plan.engine == Engine::kSlurm || plan.engine == Engine::kKubernetes;
  return fmt::format("bash {}",
                     ShellWord((plan.run / "cluster" / (submits ? "submit.sh" : "run.sh")).string()));
}

Json ClusterManifest(const ClusterPlan& plan) {
  Json files = Json::array();
  for (const ClusterFile& file : ClusterFiles(plan)) files.push_back(file.name);
  return {{"engine", EngineName(plan.engine)},
          {"steps", plan.steps},
          {"tasks", plan.tasks},
          {"threads", plan.threads},
          {"seconds", plan.time_s},
          {"memory_bytes", plan.memory_bytes},
          {"files", files}};
}

}  // namespace handlens::cli
