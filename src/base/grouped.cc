#include "base/grouped.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <numeric>

#include "base/rng.h"

namespace handlens {
namespace {

constexpr int kDraws = 10000;

// The continued fraction of the incomplete beta function (DLMF 8.17.22), by Lentz's method.
double BetaFraction(double a, double b, double x) {
  constexpr double kTiny = 1e-300;
  const auto safe = [](double value) { return std::abs(value) < kTiny ? kTiny : value; };
  double c = 1, d = 1 / safe(1 - (a + b) * x / (a + 1)), result = d;
  for (int m = 1; m < 500; ++m) {
    for (const double term : {m * (b - m) * x / ((a + 2 * m - 1) * (a + 2 * m)),
                              -(a + m) * (a + b + m) * x / ((a + 2 * m) * (a + 2 * m + 1))}) {
      d = 1 / safe(1 + term * d);
      c = safe(1 + term / c);
      result *= c * d;
    }
    if (std::abs(c * d - 1) < 1e-15) break;
  }
  return result;
}

// I_x(a, b), the regularised incomplete beta function.
double Beta(double a, double b, double x) {
  if (x <= 0) return 0;
  if (x >= 1) return 1;
  const double front =
      std::exp(std::lgamma(a + b) - std::lgamma(a) - std::lgamma(b) + a * std::log(x) + b * std::log1p(-x));
  return x < (a + 1) / (a + b + 2) ? front * BetaFraction(a, b, x) / a
                                   : 1 - front * BetaFraction(b, a, 1 - x) / b;
}

double Quantile(const std::vector<double>& rising, double share) {
  const double at = share * static_cast<double>(rising.size() - 1);
  const auto below = static_cast<size_t>(at);
  const size_t above = std::min(below + 1, rising.size() - 1);
  return rising[below] + (at - static_cast<double>(below)) * (rising[above] - rising[below]);
}

}  // namespace

Interval GroupedInterval95(std::span<const GroupCount> groups) {
  size_t correct = 0, n = 0;
  for (const GroupCount& group : groups) {
    correct += group.correct;
    n += group.n;
  }
  if (n == 0) return {};
  if (correct == 0 || correct == n) return Wilson95(correct == 0 ? 0 : groups.size(), groups.size());
  std::vector<double> shares(kDraws);
  for (int draw = 0; draw < kDraws; ++draw) {
    Rng rng(1, "cluster bootstrap", {static_cast<uint64_t>(draw)});
    size_t drawn_correct = 0, drawn = 0;
    for (size_t i = 0; i < groups.size(); ++i) {
      const GroupCount& group = groups[rng.Below(static_cast<uint32_t>(groups.size()))];
      drawn_correct += group.correct;
      drawn += group.n;
    }
    shares[static_cast<size_t>(draw)] =
        drawn == 0 ? 0 : static_cast<double>(drawn_correct) / static_cast<double>(drawn);
  }
  std::sort(shares.begin(), shares.end());
  const Interval pictures = Wilson95(correct, n);
  return {std::min(pictures.low, Quantile(shares, 0.025)), std::max(pictures.high, Quantile(shares, 0.975))};
}

double StudentT(double t, double freedom) {
  const double tail = 0.5 * Beta(freedom / 2, 0.5, freedom / (freedom + t * t));
  return t > 0 ? 1 - tail : tail;
}

double StudentTQuantile(double p, double freedom) {
  double low = -1, high = 1;
  while (StudentT(low, freedom) > p) low *= 2;
  while (StudentT(high, freedom) < p) high *= 2;
  for (int i = 0; i < 200 && high - low > 1e-14 * std::max(1.0, std::abs(low)); ++i) {
    const double middle = (low + high) / 2;
    (StudentT(middle, freedom) < p ? low : high) = middle;
  }
  return (low + high) / 2;
}

PairedFolds CorrectedResampledT(std::span<const double> differences, double tested, double trained) {
  const MeanStd spread = Summarize(differences);
  PairedFolds result{spread.mean, {-1, 1}, 1};
  if (differences.size() < 2) return result;
  const auto folds = static_cast<double>(differences.size());
  const double error = spread.std * std::sqrt(1 / folds + tested / trained);
  if (error < 1e-12)
    return {spread.mean, {spread.mean, spread.mean}, std::abs(spread.mean) < 1e-12 ? 1.0 : 0.0};
  const double half = StudentTQuantile(0.975, folds - 1) * error;
  result.ci95 = {spread.mean - half, spread.mean + half};
  result.p = 2 * StudentT(-std::abs(spread.mean) / error, folds - 1);
  return result;
}

std::vector<double> Holm(std::span<const double> p_values) {
  const size_t m = p_values.size();
  std::vector<size_t> order(m);
  std::iota(order.begin(), order.end(), size_t{0});
  std::stable_sort(order.begin(), order.end(), [&](size_t a, size_t b) { return p_values[a] < p_values[b]; });
  std::vector<double> adjusted(m);
  double most = 0;
  for (size_t i = 0; i < m; ++i) {
    most = std::max(most, std::min(1.0, static_cast<double>(m - i) * p_values[order[i]]));
    adjusted[order[i]] = most;
  }
  return adjusted;
}

}  // namespace handlens
