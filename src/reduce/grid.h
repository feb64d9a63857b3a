// The cells of a sweep: which filters and neurons, and the model of each. Trains nothing.
#pragma once

#include <vector>

#include "reduce/reduce.h"

namespace handlens::reduce {

struct Grid {
  std::vector<int> filters, neurons;  // rising; neurons {0} for a sweep of widths
};
// Kind kUsage for numbers out of range.
Result<void> CheckGrid(const ReduceOptions& options);

// The cells with their candidates in the order filters, neurons; the base itself is among them, at its place
// in the grid or last. Without a sweep: the base alone.
struct Cells {
  Grid grid;
  std::vector<ReduceCell> cells;              // filters and neurons only
  std::vector<search::Candidate> candidates;  // one a cell
  size_t base = 0;                            // its index
};
Cells CellsOf(const search::Candidate& base, const ReduceOptions& options);

// Of these, the knots that a fast sweep trains first: the base and a coarser grid of at most 7 x 7.
std::vector<size_t> KnotCells(const Cells& cells);

Sweeping SweepingOf(const Cells& cells, const ReduceOptions& options);

}  // namespace handlens::reduce
