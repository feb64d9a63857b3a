// How much memory one answer takes, and the gate on it. run.cc asks for it. Not for other rooms.
#pragma once

#include "verify/routes/shipped.h"
#include "verify/verify.h"

namespace handlens::verify {

// Of the file that `handlens app` packs, by XNNPACK with one thread; writes RUN/memory.json. Nothing, with a
// warning, where it cannot be measured (no helper program, no packed file). Errors of writing the record.
Result<std::optional<Memory>> MeasureMemory(const std::filesystem::path& run, const Shipped& shipped,
                                            Progress& progress);

// The rule `memory`; only with a gate. Pure.
RuleResult MemoryRule(const Rules& rules, const Verdict& verdict);

}  // namespace handlens::verify
