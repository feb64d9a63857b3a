// What a command says at its end: text for people and JSON for machines, from a run's records.
#pragma once

#include <vector>

#include "cli/run_folder.h"

namespace handlens::cli {

Result<Outcome> SummarizeDataset(const Run& run);
Result<Outcome> SummarizePrepared(const Run& run);
Result<Outcome> SummarizeSplit(const Run& run);
Result<Outcome> SummarizeSearch(const Run& run);
Result<Outcome> SummarizeReduce(const Run& run);
Result<Outcome> SummarizeModel(const Run& run);
Result<Outcome> SummarizeVerdict(const Run& run);   // fills Outcome::missed when the model cannot be deployed

// The sizes that `prepare` makes: those asked for, else the candidates' and the recommended ones; rising.
Result<std::vector<int>> PreparedSizes(const Run& run);

// The last words of every step: command, run folder, files written, the next command.
void AddWritten(const Run& run, std::string_view command, Outcome& outcome);

}  // namespace handlens::cli
