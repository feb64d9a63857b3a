// Intervals and tests for what is not independent: pictures of one patient or object, and accuracies of folds
// that share training pictures. Doubles throughout; draws are keyed, so the same input gives the same output.
#pragma once

#include <cstddef>
#include <span>
#include <vector>

#include "base/stats.h"

namespace handlens {

// Pictures that belong together.
struct GroupCount {
  size_t correct = 0, n = 0;
};

// 95 % interval of the share of correct pictures, by a cluster bootstrap: as many groups as there are, drawn
// with replacement 10000 times with a key of their own, the 2.5 and 97.5 % quantiles of correct / n (linear
// between draws, as NumPy's). Never narrower than Wilson's of the pictures. Where all are correct, or none,
// draws tell nothing: then Wilson's, each group a picture.
Interval GroupedInterval95(std::span<const GroupCount> groups);

// The difference of two models' accuracies over the same folds, and whether chance explains it.
struct PairedFolds {
  double mean = 0;
  Interval ci95;  // of the difference; 0 .. 0 where all folds say the same
  double p = 1;   // two-sided
};
// Corrected resampled t (Nadeau and Bengio 2003): the variance of the mean of `differences` is (1 / folds +
// tested / trained) times their sample variance, since folds share training pictures; t with folds - 1
// degrees of freedom. `tested`, `trained`: pictures of a fold. Fewer than two folds: p = 1 and an interval of
// -1 .. 1.
PairedFolds CorrectedResampledT(std::span<const double> differences, double tested, double trained);

// Holm's step-down correction (Holm 1979) of p values, in their order.
std::vector<double> Holm(std::span<const double> p_values);

// P(T <= t) of Student's t with `freedom` degrees of freedom, and its inverse for p in (0, 1).
double StudentT(double t, double freedom);
double StudentTQuantile(double p, double freedom);

}  // namespace handlens
