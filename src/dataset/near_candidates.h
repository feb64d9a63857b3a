// Which pairs are worth a close look: the most alike under mirroring, quarter turns, small turns, zooms and shifts.
#pragma once

#include <span>
#include <vector>

#include "base/progress.h"
#include "dataset/near_views.h"

namespace handlens::dataset {

struct CandidatePair {
  size_t still = 0, moving = 0;  // moving's coordinates = map(still's coordinates)
  Affine map;
  double alike = 0;              // correlation of 16 x 16 descriptors, 0..1
};

// For each picture its kNeighbours most alike ones, each unordered pair once (the better direction); rising.
Result<std::vector<CandidatePair>> FindCandidates(std::span<const Views> views, int jobs, Progress& progress);

}  // namespace handlens::dataset
