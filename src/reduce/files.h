// What a reduction's cells share whatever is swept: the margin of its choice, and the sizes of their files.
#pragma once

#include "reduce/reduce.h"
#include "search/choice.h"

namespace handlens::reduce {

// Looser than the search's: giving up to two points for a smaller model is what this step is for.
constexpr double kReduceMargin = 0.02;

// Fills float_bytes and int8_bytes from the cell's architecture and parameters: estimates within 3 % of
// finished files of nano4, nano24 and m1.
void EstimateFiles(ReduceCell& cell);

// Whether the int8 file is no larger, with room for what the estimate may be wrong by.
bool Fits(const ReduceCell& cell, int64_t max_bytes);

// search::Choose among the cells; with max_bytes above 0 among those that fit and were trained on all folds.
// Where there are none of these it is made among all, and the rule says so.
search::Choice ChooseCell(const dataset::Dataset& dataset, const std::vector<ReduceCell>& cells,
                          double margin, int64_t max_bytes);

}  // namespace handlens::reduce
