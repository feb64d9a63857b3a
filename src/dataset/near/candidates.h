// Which pairs are worth a close look: the most alike under mirroring, quarter turns, small turns, zooms and
// shifts.
#pragma once

#include <array>
#include <span>
#include <vector>

#include "base/progress.h"
#include "dataset/near/views.h"

namespace handlens::dataset {

struct CandidatePair {
  size_t still = 0, moving = 0;  // moving's coordinates = map(still's coordinates)
  Affine map;
  double alike = 0;  // correlation of 16 x 16 descriptors, 0..1
};

// 16 x 16 values of a view seen through a map, at unit length (4096); zero where there is too little to see.
constexpr int kDescriptorSide = 16;
constexpr double kDescriptorNorm = 4096;  // the product of two fits 32 bits
using Descriptor = std::array<int16_t, size_t{kDescriptorSide} * kDescriptorSide>;
Descriptor Describe(const View& view, const Affine& map);
// The 3 x 3 mean, before a view is described.
View Blur(const View& view);

// For each picture its kNeighbours most alike ones, each unordered pair once (the better direction); rising.
Result<std::vector<CandidatePair>> FindCandidates(std::span<const Views> views, int jobs, Progress& progress);

}  // namespace handlens::dataset
