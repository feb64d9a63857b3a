// What the usual split (SplitOptions as they stand) leaves for what, by counts alone: for plans and recipes
// that are made before anything is dealt. MakeSplit itself counts with the same.
#pragma once

#include <algorithm>
#include <cstddef>

#include "split/split.h"

namespace handlens::split {

// What kUsualHoldout means.
constexpr int kHoldoutPerClass = 4;

// Pictures of a class of `pictures` that are held out when `per_class` are asked for: a fifth at most.
constexpr int HeldOutOf(int pictures, int per_class) { return std::min(per_class, pictures / 5); }

// Of so many pictures that are dealt into folds, those that one fold trains on: seven tenths, rounded down.
constexpr size_t TrainedOf(size_t dealt) {
  constexpr SplitOptions kUsual{};
  const double share = (kUsual.folds - 1) * (1 - kUsual.validation_share) / kUsual.folds;
  return static_cast<size_t>(static_cast<double>(dealt) * share + 1e-6);  // 0.7 has no exact double
}

}  // namespace handlens::split
