#include "pipeline/shards.h"

#include <chrono>
#include <cstdlib>

#include "base/disk.h"
#include "base/json.h"
#include "base/process.h"
#include "pipeline/steps.h"
#include "search/shared_trials.h"

namespace handlens::pipeline {
namespace fs = std::filesystem;
namespace {

constexpr std::string_view kShardsFormat = "handlens-shards";

fs::path FolderOf(const Run& run, std::string_view step) { return run.At("shards") / step; }

// The step of `command`, when it alone is missing; nullptr when it is done.
Result<const Step*> OnlyMissing(Run& run, std::string_view command) {
  HL_ASSIGN(const std::vector<const Step*> missing, StepsToDo(run, command));
  if (missing.empty()) return nullptr;
  const StepFacts& first = missing.front()->facts;
  if (first.command == command) return missing.front();
  return Fail(ErrorKind::kBadInput, "{}: {} has to be done before others can share {}: handlens {} {}",
              run.space.folder.string(), first.title, command, first.command, run.space.folder.string());
}

// All shards of a step want the same: the first one writes down what.
Result<void> Agree(const Run& run, const Step& step) {
  const fs::path path = FolderOf(run, step.facts.name) / "plan.json";
  HL_ASSIGN(const std::string options, step.options_sha256(run));
  if (auto plan = ReadRecord(path, kShardsFormat, 1)) {
    if (plan->value("options_sha256", "") == options) return {};
    return Fail(ErrorKind::kBadInput,
                "{}: other shards work on this {} with other options; give the same ones (RUN/handlens.toml "
                "has them), or end that by `handlens merge {}`",
                run.space.folder.string(), step.facts.title, run.space.folder.string());
  }
  return WriteRecord(path, kShardsFormat, 1, {{"step", step.facts.name}, {"options_sha256", options}});
}

// What this process took, for the merge to add up. A note that cannot be written must not hide why the work
// failed.
void NoteSeconds(const Run& run, std::string_view step, double seconds) {
  (void)WriteFileAtomic(FolderOf(run, step) / "seconds" / ThisProcess().Name(), fmt::format("{}\n", seconds));
}

double NotedSeconds(const fs::path& folder) {
  double sum = 0;
  const auto names = ListFolder(folder / "seconds");
  for (const std::string& name : names.value_or(std::vector<std::string>())) {
    const auto text = ReadText(folder / "seconds" / name);
    if (text) sum += std::strtod(text->c_str(), nullptr);
  }
  return sum;
}

Result<void> Merge(Run& run, const Step& step) {
  HL_TRY(Agree(run, step));
  HL_TRY(DoStepsUpTo(run, step.facts.command));
  return AddSeconds(run.space, std::string(step.facts.name), NotedSeconds(FolderOf(run, step.facts.name)));
}

}  // namespace

Result<bool> WorkOnShare(Run& run, std::string_view command, const search::Share& share) {
  if (run.wanted().search.budget_s > 0) {
    return Fail(ErrorKind::kUsage,
                "--shard and --budget do not go together: what fits a budget depends on the machine, and all "
                "shards must do the same");
  }
  HL_ASSIGN(const Step* const step, OnlyMissing(run, command));
  if (step == nullptr) return false;
  HL_TRY(Agree(run, *step));
  run.space.share = share;
  run.space.local_cache = run.wanted().call.local_cache;
  const auto begun = std::chrono::steady_clock::now();
  const Result<void> done = step->work(run);
  NoteSeconds(run, step->facts.name,
              std::chrono::duration<double>(std::chrono::steady_clock::now() - begun).count());
  if (!done) return tl::make_unexpected(done.error());
  return true;
}

Result<std::vector<std::string>> MergeShares(Run& run) {
  std::error_code error;
  std::vector<std::string> merged;
  for (const Step& shared : Steps()) {
    const std::string command(shared.facts.command);
    if (!shared.facts.shared) continue;
    HL_ASSIGN(const bool begun, IsThere(FolderOf(run, command)));
    if (!begun) continue;
    HL_ASSIGN(const Step* const step, OnlyMissing(run, command));
    run.space.may_train = run.wanted().call.yes;
    if (step != nullptr) HL_TRY(Merge(run, *step));
    fs::remove_all(FolderOf(run, command), error);
    merged.push_back(command);
  }
  if (merged.empty()) {
    return Fail(ErrorKind::kBadInput,
                "{}: no shards worked on this run; begin with `handlens cluster {}` or `handlens search {} "
                "--shard 1/N`",
                run.space.folder.string(), run.space.folder.string(), run.space.folder.string());
  }
  fs::remove_all(run.At("shards"), error);
  search::RemoveOwnedFolders(run.At("trials"));
  return merged;
}

}  // namespace handlens::pipeline
