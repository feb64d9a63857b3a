#include "base/stats.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <numeric>

#include "base/result.h"

namespace handlens {
namespace {

// The logarithm of the number of ways to take `count` of `from`: such numbers may be large.
double LogChoose(size_t from, size_t count) {
  return std::lgamma(static_cast<double>(from) + 1) - std::lgamma(static_cast<double>(count) + 1) -
         std::lgamma(static_cast<double>(from - count) + 1);
}

}  // namespace

Interval Wilson95(size_t correct, size_t n) {
  if (n == 0) return {};
  constexpr double kZ = 1.959963984540054;  // the 97.5 % quantile of the standard normal
  const auto count = static_cast<double>(n);
  const double p = static_cast<double>(correct) / count;
  const double denominator = 1 + kZ * kZ / count;
  const double centre = (p + kZ * kZ / (2 * count)) / denominator;
  const double half = kZ * std::sqrt(p * (1 - p) / count + kZ * kZ / (4 * count * count)) / denominator;
  return {std::max(0.0, centre - half), std::min(1.0, centre + half)};
}

MeanStd Summarize(std::span<const double> values) {
  if (values.empty()) return {};
  const auto n = static_cast<double>(values.size());
  const double mean = std::accumulate(values.begin(), values.end(), 0.0) / n;
  if (values.size() < 2) return {mean, 0};
  double squares = 0;
  for (const double v : values) squares += (v - mean) * (v - mean);
  return {mean, std::sqrt(squares / (n - 1))};
}

double McNemarExact(size_t only_a, size_t only_b) {
  const size_t n = only_a + only_b;
  if (n == 0) return 1;
  const size_t smaller = std::min(only_a, only_b);
  // P(X <= smaller) for X ~ Binomial(n, 1/2), in logarithms so that n may be large.
  double tail = 0;
  for (size_t k = 0; k <= smaller; ++k)
    tail += std::exp(LogChoose(n, k) - static_cast<double>(n) * std::log(2.0));
  return std::min(1.0, 2 * tail);
}

double FisherFewer(size_t few, size_t n, size_t others, size_t of) {
  if (n == 0 || of == 0) return 1;
  const size_t right = few + others, all = n + of;
  double tail = 0;
  for (size_t k = right > of ? right - of : 0; k <= few; ++k)
    tail += std::exp(LogChoose(n, k) + LogChoose(of, right - k) - LogChoose(all, right));
  return std::min(1.0, tail);
}

double BinomialTail(size_t k, size_t n, double p) {
  if (k >= n || p <= 0) return 1;
  if (p >= 1) return 0;
  const auto count = static_cast<double>(n);
  double tail = 0;
  for (size_t i = 0; i <= k; ++i) {
    const auto errors = static_cast<double>(i);
    tail += std::exp(LogChoose(n, i) + errors * std::log(p) + (count - errors) * std::log1p(-p));
  }
  return std::min(1.0, tail);
}

double Auc(std::span<const double> positives, std::span<const double> negatives) {
  if (positives.empty() || negatives.empty()) return std::numeric_limits<double>::quiet_NaN();
  std::vector<double> sorted(negatives.begin(), negatives.end());
  std::sort(sorted.begin(), sorted.end());
  double wins = 0;
  for (const double p : positives) {
    const auto [below, above] = std::equal_range(sorted.begin(), sorted.end(), p);
    wins += static_cast<double>(below - sorted.begin()) + 0.5 * static_cast<double>(above - below);
  }
  return wins / (static_cast<double>(positives.size()) * static_cast<double>(negatives.size()));
}

Confusion Confuse(std::span<const int> truth, std::span<const int> predicted, int classes) {
  HL_CHECK(truth.size() == predicted.size());
  const auto size = static_cast<size_t>(classes);
  Confusion counts(size, std::vector<size_t>(size, 0));
  for (size_t i = 0; i < truth.size(); ++i) {
    ++counts[static_cast<size_t>(truth[i])][static_cast<size_t>(predicted[i])];
  }
  return counts;
}

std::vector<ClassScores> PerClass(const Confusion& confusion) {
  std::vector<ClassScores> scores(confusion.size());
  for (size_t c = 0; c < confusion.size(); ++c) {
    size_t predicted = 0;
    for (size_t other = 0; other < confusion.size(); ++other) {
      scores[c].support += confusion[c][other];
      predicted += confusion[other][c];
    }
    const auto hits = static_cast<double>(confusion[c][c]);
    if (predicted > 0) scores[c].precision = hits / static_cast<double>(predicted);
    if (scores[c].support > 0) scores[c].recall = hits / static_cast<double>(scores[c].support);
    const double sum = scores[c].precision + scores[c].recall;
    if (sum > 0) scores[c].f1 = 2 * scores[c].precision * scores[c].recall / sum;
  }
  return scores;
}

Reliability Calibration(std::span<const double> top_scores, const std::vector<bool>& correct, int bins) {
  HL_CHECK(top_scores.size() == correct.size() && bins > 0);
  Reliability result;
  result.bins.resize(static_cast<size_t>(bins));
  for (size_t i = 0; i < top_scores.size(); ++i) {
    const auto index = static_cast<size_t>(std::clamp(static_cast<int>(top_scores[i] * bins), 0, bins - 1));
    ReliabilityBin& bin = result.bins[index];
    ++bin.n;
    bin.mean_score += top_scores[i];
    bin.accuracy += correct[i] ? 1 : 0;
  }
  for (ReliabilityBin& bin : result.bins) {
    if (bin.n == 0) continue;
    const auto n = static_cast<double>(bin.n);
    bin.mean_score /= n;
    bin.accuracy /= n;
    result.error += std::abs(bin.mean_score - bin.accuracy) * n / static_cast<double>(top_scores.size());
  }
  return result;
}

}  // namespace handlens
