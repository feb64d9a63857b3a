// Several processes on one run: `search` and `reduce` with --shard, and `merge`.
#include "cli/commands/shards.h"
#include "base/shell_word.h"
#include "base/text.h"
#include "cli/commands/share.h"
#include "cli/summary.h"
#include "pipeline/shards.h"
#include "pipeline/steps.h"

namespace handlens::cli {
using namespace pipeline;

Result<Outcome> WorkAsShard(Call& call) {
  HL_ASSIGN(const search::Share share, ReadShare(FlagsOnly(call.asked()).call.shard, FromEnvironment));
  HL_ASSIGN(const std::unique_ptr<Run> run, Open(call, call.arguments[0], Hold::kShared));
  HL_TRY(SaveSettings(*run));
  HL_ASSIGN(const bool worked, WorkOnShare(*run, call.command, share));
  const std::string folder = ShellWord(run->space.folder.string());
  Outcome outcome;
  outcome.json = {{"command", call.command},
                  {"run", run->space.folder.string()},
                  {"shard", share.number},
                  {"shards", share.of}};
  outcome.text = worked ? fmt::format("all trials are done\nnext: handlens merge {}\n", folder)
                        : fmt::format("{} is done already\n", call.command);
  return outcome;
}

void WarnOfUnusedShare(Call& call) {
  if (const std::string place = UnusedShare(FromEnvironment); !place.empty()) {
    call.terminal->Warn(fmt::format(
        "this is {} of a cluster's job, but does all of the work; with --shard auto it does its share",
        place));
  }
}

Result<Outcome> CommandMerge(Call& call) {
  HL_ASSIGN(const std::unique_ptr<Run> run, Open(call, call.arguments[0]));
  HL_ASSIGN(const std::vector<std::string> merged, MergeShares(*run));
  HL_ASSIGN(Outcome outcome, merged.back() == kReduceStep ? SummarizeReduce(*run) : SummarizeSearch(*run));
  AddWritten(*run, merged.back(), outcome);
  outcome.json["command"] = call.command;
  outcome.json["merged"] = merged;
  return outcome;
}

}  // namespace handlens::cli
