// Copies: files with the same bytes, pictures with the same pixels, and which pictures must stay together in a fold.
// Finding pictures that were changed and saved again is in near.h.
#pragma once

#include <string>
#include <vector>

#include "dataset/look.h"
#include "dataset/near.h"
#include "dataset/scan.h"

namespace handlens::dataset {

// One picture that could be read.
struct Candidate {
  Picture picture;       // label not yet set
  std::string label;
  Look look;
};

// Keeps one of files with the same bytes and label (the first by path), rejects all of files with the same bytes and
// different labels, and records each pair in `dataset`. Returns pairs of groups that an exact copy ties together.
std::vector<std::pair<std::string, std::string>> RemoveExactCopies(std::vector<Candidate>& candidates, Dataset& dataset);

// Numbers clusters 0.. in the order of their first picture: same group, near-duplicates or tied groups, transitively.
void AssignClusters(const std::vector<NearPair>& pairs, const std::vector<std::pair<std::string, std::string>>& tied_groups,
                    std::vector<Picture>& pictures);

}  // namespace handlens::dataset
