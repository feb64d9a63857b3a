// The folds of the paper's code: scikit-learn's StratifiedKFold(n_splits, shuffle=False), assignment for
// assignment.
#pragma once

#include <vector>

namespace handlens::split {

// The test fold of each picture, in the order in which the pictures come. Source of the algorithm:
// scikit-learn documentation and the behaviour of 1.x, checked against recorded vectors
// (tools/oracles/split_vectors.py).
std::vector<int> PaperFolds(const std::vector<int>& labels, int folds);

}  // namespace handlens::split
