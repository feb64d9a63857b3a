// What is not done unless it was asked for: training, which takes long.
#pragma once

#include <string_view>

#include "pipeline/run_folder.h"

namespace handlens::pipeline {

// Whether the call may go on to the step of `goal`. Commands that are for training may train; `convert` may
// train the final model, which is half of what it does; others only with --yes, or when the user says so now.
// Else kind kBadInput: names what is missing, what it would cost and the command that does it. Writes
// nothing.
Result<void> CheckTrainingAsked(Run& run, std::string_view goal);

}  // namespace handlens::pipeline
