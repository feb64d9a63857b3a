// What trials cost: a figure to order work by, and measured seconds for plans and budgets.
#pragma once

#include <vector>

#include "base/progress.h"
#include "search/search.h"

namespace handlens::search {

// Arithmetic of one trial, in multiply-adds with the weights' memory traffic counted as such. Orders work; no
// unit.
double TrialCost(const Candidate& candidate, size_t training_pictures);

// Over the training pictures. A probe looks at every picture of the dataset and its views once for all folds,
// say 5 folds with seven tenths of the pictures each.
double Passes(const Candidate& candidate);

// Seconds of one trial of each candidate on one thread, from timing a few training steps of each distinct
// architecture, under a second in all: the dearest ones are extrapolated from the others of their kind. Asks
// progress before each step: kind kInterrupted.
Result<std::vector<double>> MeasureTrials(const std::vector<Candidate>& candidates, size_t training_pictures,
                                          const Progress& progress);

// How many pictures of a batch a step is timed with, so that it takes a quarter of a second and a stop is
// not kept waiting; `first_s` is what a step of one picture took.
int PicturesToTime(double first_s, int batch);

}  // namespace handlens::search
