// Folds of some of the pictures, for a cross-validation within or beside another.
#pragma once

#include "split/split.h"

namespace handlens::split {

// As MakeSplit deals `pictures` (indices, whole clusters), but none of them is held out, and all others are.
// Kinds as MakeSplit's.
Result<Split> MakeSplitOf(const dataset::Dataset& dataset, const std::vector<int>& pictures,
                          const SplitOptions& options);

}  // namespace handlens::split
