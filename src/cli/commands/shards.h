// `search` and `reduce` as one of several processes.
#pragma once

#include "cli/commands/command.h"

namespace handlens::cli {

// The command with --shard.
Result<Outcome> WorkAsShard(Call& call);
// Says so where an engine started several of these and nobody asked for shares.
void WarnOfUnusedShare(Call& call);

}  // namespace handlens::cli
