// Accuracy over filters x neurons as a smooth surface, from the cells that were trained: what the others
// would probably reach. Estimates only: no cell is chosen by one.
#pragma once

#include <cstddef>
#include <vector>

namespace handlens::reduce {

// One trained cell. Neurons 0 (a sweep of widths) lie on one line.
struct Sample {
  int filters = 0, neurons = 0;
  double accuracy = 0;
};

// Local linear regression over the logarithms of filters and neurons (Cleveland 1979, in two dimensions):
// near the cell asked for, samples count by a tricube weight that reaches `reach` octaves, further where
// fewer than six would count. Within 0..1. Exact operations only, so the cells that are trained because of an
// estimate are the same everywhere.
double EstimateAccuracy(const std::vector<Sample>& samples, int filters, int neurons, double reach);

// At most `most` of the values, in equal steps of the logarithm, the ends among them. `values` rise.
std::vector<int> Knots(const std::vector<int>& values, size_t most);

}  // namespace handlens::reduce
