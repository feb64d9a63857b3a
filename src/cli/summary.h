// What a command says at its end: text for people and JSON for machines, from a run's records.
#pragma once

#include <vector>

#include "cli/commands/command.h"
#include "pipeline/run_folder.h"
#include "verify/verify.h"

namespace handlens::cli {

Result<Outcome> SummarizeDataset(const pipeline::Run& run);
Result<Outcome> SummarizePrepared(const pipeline::Run& run);
Result<Outcome> SummarizeSplit(const pipeline::Run& run);
Result<Outcome> SummarizeReview(const pipeline::Run& run);
Result<Outcome> SummarizeSearch(const pipeline::Run& run);
Result<Outcome> SummarizeReduce(const pipeline::Run& run);
Result<Outcome> SummarizeModel(const pipeline::Run& run);
Result<Outcome> SummarizeVerdict(
    const pipeline::Run& run);  // fills Outcome::missed when the model cannot be deployed

// "verdict: passed ..." and, a line each, why not.
std::string VerdictText(const verify::Verdict& decided);

// The last words of every step: command, run folder, files written, the next command.
void AddWritten(const pipeline::Run& run, std::string_view command, Outcome& outcome);

}  // namespace handlens::cli
