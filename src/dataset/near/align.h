// The close look at one pair: registers the two pictures and compares their details.
#pragma once

#include "dataset/near/views.h"

namespace handlens::dataset {

struct Agreement {
  double overall = 0;  // correlation of fine detail over the overlap, -1..1
  double typical = 0;  // median of the correlations of the blocks that hold detail
  double overlap = 0;  // share of the still picture that the moving one covers
  size_t blocks = 0;   // blocks that hold detail, of 64
  Affine map;          // after registration
};

// Registers by Gauss-Newton on six affine parameters (Lucas and Kanade 1981), coarse to fine, from the map
// given.
Agreement Compare(const Views& still, const Views& moving, const Affine& start);

}  // namespace handlens::dataset
