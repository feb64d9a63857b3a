// Near-duplicates: the same photograph saved again, resized, mirrored, turned, cropped, shifted, brightened or noised.
// Knows only small grey pictures; what follows from a pair is in duplicates.h.
#pragma once

#include <cstddef>
#include <span>
#include <vector>

#include "base/progress.h"
#include "dataset/look.h"
#include "dataset/near_align.h"

namespace handlens::dataset {

struct NearPair {
  size_t a = 0, b = 0;     // indices, a < b
  double similarity = 0;   // 0..1
};

// Whether details agree so well that only a common original explains it. Thresholds: docs/data-check.md.
bool SamePhotograph(const Agreement& agreement);

// All pairs that show the same photograph, rising by (a, b). The result does not depend on `jobs`.
// Kind kInterrupted when asked to stop.
Result<std::vector<NearPair>> FindNearDuplicates(std::span<const Look> looks, int jobs, Progress& progress);

}  // namespace handlens::dataset
