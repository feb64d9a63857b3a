// Copies: files with the same bytes, pictures with the same pixels, and which pictures must stay together in
// a fold. Finding pictures that were changed and saved again is in near.h.
#pragma once

#include <string>
#include <vector>

#include "dataset/look.h"
#include "dataset/near/near.h"
#include "dataset/scan.h"

namespace handlens::dataset {

// The pictures that could be read, and what was seen of each, at the same places. Two lists, so that a
// million of them need not be moved. Labels are indices into the listing's class names.
struct Candidates {
  std::vector<Picture> pictures;
  std::vector<Look> looks;
};

// Keeps one of files with the same bytes and label (the first by path), rejects all of files with the same
// bytes and different labels, and records each pair in `dataset`. Returns pairs of groups that an exact copy
// ties together.
std::vector<std::pair<std::string, std::string>> RemoveExactCopies(
    Candidates& candidates, const std::vector<std::string>& class_names, Dataset& dataset);

// Numbers clusters 0.. in the order of their first picture: same group, near-duplicates or tied groups,
// transitively.
void AssignClusters(const std::vector<NearPair>& pairs,
                    const std::vector<std::pair<std::string, std::string>>& tied_groups,
                    std::vector<Picture>& pictures);

}  // namespace handlens::dataset
