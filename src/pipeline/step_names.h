// The names of steps. They stand in chain.json and timings.json, and a command that ends with a step is
// called as the step is. Spelt here alone (the lint looks): what must name one step takes its constant from
// here, and what is meant for all steps of a kind reads the columns of the step table instead (steps/step.h).
#pragma once

#include <string_view>

namespace handlens::pipeline {

inline constexpr std::string_view kInspectStep = "inspect", kPrepareStep = "prepare", kSplitStep = "split",
                                  kReviewStep = "review", kSearchStep = "search", kReduceStep = "reduce",
                                  kFinalStep = "final", kCrossvalidationStep = "crossvalidation",
                                  kConvertStep = "convert", kDescribeStep = "describe",
                                  kVerifyStep = "verify", kReportStep = "report";
// The command of the steps that pack apps, one a target (package/targets.h has their names).
inline constexpr std::string_view kAppCommand = "app";

}  // namespace handlens::pipeline
