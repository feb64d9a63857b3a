// Statistics of classifiers: intervals, paired tests, summaries. Doubles throughout; no randomness.
#pragma once

#include <cstddef>
#include <span>
#include <vector>

namespace handlens {

struct Interval {
  double low = 0;
  double high = 1;
};

// Wilson score interval of a proportion (Wilson 1927), 95 %: correct of n. n = 0 gives [0, 1].
Interval Wilson95(size_t correct, size_t n);

struct MeanStd {
  double mean = 0;
  double std = 0;  // sample standard deviation (n - 1); 0 when n < 2
};
MeanStd Summarize(std::span<const double> values);

// Two-sided exact McNemar test: `only_a` pictures that only a classified correctly, `only_b` that only b did.
// Returns the p value, 1 when they never differ.
double McNemarExact(size_t only_a, size_t only_b);

// Fisher's exact test, one-sided: how likely so few as `few` right of `n` are, if these and the `others`
// right of `of` have the same chance. 1 where either has none.
double FisherFewer(size_t few, size_t n, size_t others, size_t of);

// P(X <= k) for X ~ Binomial(n, p), p in 0..1: as small as this, k errors among n say that the true rate is
// below p.
double BinomialTail(size_t k, size_t n, double p);

// Area under the ROC curve of scores for positives against negatives, ties counted half (Mann-Whitney).
// NaN when either is empty.
double Auc(std::span<const double> positives, std::span<const double> negatives);

// counts[truth][predicted] for `classes` classes.
using Confusion = std::vector<std::vector<size_t>>;
Confusion Confuse(std::span<const int> truth, std::span<const int> predicted, int classes);

struct ClassScores {
  double precision = 0, recall = 0, f1 = 0;  // 0 where undefined
  size_t support = 0;                        // pictures of this class
};
std::vector<ClassScores> PerClass(const Confusion& confusion);

// Expected calibration error over `bins` equal bins of the top score (Guo 2017), and the bins of the diagram.
struct ReliabilityBin {
  double mean_score = 0, accuracy = 0;
  size_t n = 0;
};
struct Reliability {
  double error = 0;
  std::vector<ReliabilityBin> bins;
};
Reliability Calibration(std::span<const double> top_scores, const std::vector<bool>& correct, int bins = 10);

}  // namespace handlens
