// The dealing out of pictures that must stay together: units, shares, folds. Knows labels and cluster numbers
// only.
#pragma once

#include <cstdint>
#include <vector>

#include "base/rng.h"

namespace handlens::split {

// Pictures that never part: a cluster, or a single picture when clusters are ignored.
struct Unit {
  std::vector<int> pictures;                // indices into Dataset::pictures, rising
  std::vector<std::pair<int, int>> counts;  // (label, pictures of it), rising labels
};

// One unit per cluster, in the order of first pictures; `members` are the pictures to deal out.
std::vector<Unit> UnitsOfClusters(const std::vector<int>& members, const std::vector<int>& cluster,
                                  const std::vector<int>& label);

// Shuffles, then orders by falling size: large units first make even shares, equal ones come in random order.
void OrderForDealing(std::vector<Unit>& units, Rng rng);

// Deals units to `folds` folds so that every class is spread as evenly as whole units allow. Returns the fold
// of each.
std::vector<int> DealToFolds(const std::vector<Unit>& units, int folds, int labels);

// Picks units for validation: about `share` of each class's pictures, at least one of every class that has
// two units. Returns one flag per unit.
std::vector<bool> PickShare(const std::vector<Unit>& units, double share, int labels);

}  // namespace handlens::split
