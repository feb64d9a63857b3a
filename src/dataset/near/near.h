// Near-duplicates: the same photograph saved again, resized, mirrored, turned, cropped, shifted, brightened
// or noised. Knows only small grey pictures; what follows from a pair is in duplicates.h.
#pragma once

#include <cstddef>
#include <functional>
#include <optional>
#include <span>
#include <vector>

#include "base/progress.h"
#include "dataset/look.h"
#include "dataset/near/align.h"

namespace handlens::dataset {

struct NearPair {
  size_t a = 0, b = 0;    // indices, a < b
  double similarity = 0;  // 0..1
};

// Whether details agree so well that only a common original explains it. Thresholds: docs/data-check.md.
bool SamePhotograph(const Agreement& agreement);

// All pairs that show the same photograph, rising by (a, b). The result does not depend on `jobs`. Takes
// looks with grey pictures; the work grows with the square of their number. Kind kInterrupted when asked to
// stop.
Result<std::vector<NearPair>> FindNearDuplicates(std::span<const Look> looks, int jobs, Progress& progress);

// The same for many pictures, of which only marks were kept (marks.h): work and memory grow with their
// number. `again` looks at a picture anew, with its grey picture; nullopt when it cannot be read any more.
// Thread-safe.
using LookAgain = std::function<std::optional<Look>(size_t)>;
Result<std::vector<NearPair>> FindNearDuplicatesAmongMany(std::span<const Look> looks, const LookAgain& again,
                                                          int jobs, Progress& progress);

}  // namespace handlens::dataset
