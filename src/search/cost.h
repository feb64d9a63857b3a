// What trials cost: a figure to order work by, and measured seconds for plans and budgets.
#pragma once

#include <vector>

#include "search/search.h"

namespace handlens::search {

// Arithmetic of one trial, in multiply-adds with the weights' memory traffic counted as such. Orders work; no
// unit.
double TrialCost(const Candidate& candidate, size_t training_pictures);

// Seconds of one trial of each candidate on one thread, from timing a few training steps of each distinct
// architecture, under a second in all: the dearest ones are extrapolated from the others of their kind.
Result<std::vector<double>> MeasureTrials(const std::vector<Candidate>& candidates, size_t training_pictures);

}  // namespace handlens::search
