// What a reduction's cells share whatever is swept: the margin of its choice, and the sizes of their files.
#pragma once

#include "reduce/reduce.h"

namespace handlens::reduce {

// Looser than the search's: giving up to two points for a smaller model is what this step is for.
constexpr double kReduceMargin = 0.02;

// Fills float_bytes and int8_bytes from the cell's architecture and parameters: estimates within 3 % of
// finished files of nano4, nano24 and m1.
void EstimateFiles(ReduceCell& cell);

}  // namespace handlens::reduce
