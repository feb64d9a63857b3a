// Candidates for near-duplicates among many pictures, in time and memory that grow with their number: marks
// of 128 signs a view, hashed by 18 of them at a time (Indyk and Motwani 1998). Finds the same picture saved
// again, resized, brightened, noised, mirrored or turned by quarters; of small turns, crops and shifts less
// than near_candidates.h does.
#pragma once

#include <span>
#include <vector>

#include "base/progress.h"
#include "dataset/near/candidates.h"

namespace handlens::dataset {

// From look.grey. Pure; safe from any thread.
Marks MarksOf(const Look& look);

// For each picture at most three others that differ in few enough signs, each unordered pair once; rising.
// Kind kInterrupted when asked to stop.
Result<std::vector<CandidatePair>> FindMarkedCandidates(std::span<const Look> looks, int jobs,
                                                        Progress& progress);

}  // namespace handlens::dataset
