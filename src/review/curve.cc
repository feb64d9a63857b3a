// The forecast from a learning curve, and the map, see review.h.
#include <algorithm>
#include <cmath>
#include <numeric>

#include "base/rng.h"
#include "review/review.h"

namespace handlens::review {
namespace {

constexpr size_t kPoints = 3;  // the last of a curve; what came long before bends another way
constexpr int kResamplings = 1000;

// The slope b of log error = log a - b log n by least squares, never below 0: more pictures do not harm.
double SlopeOf(std::span<const double> pictures, std::span<const double> errors) {
  double mean_x = 0, mean_y = 0;
  for (size_t i = 0; i < pictures.size(); ++i) {
    mean_x += std::log(pictures[i]) / static_cast<double>(pictures.size());
    mean_y += std::log(errors[i]) / static_cast<double>(pictures.size());
  }
  double xy = 0, xx = 0;
  for (size_t i = 0; i < pictures.size(); ++i) {
    xy += (std::log(pictures[i]) - mean_x) * (std::log(errors[i]) - mean_y);
    xx += (std::log(pictures[i]) - mean_x) * (std::log(pictures[i]) - mean_x);
  }
  return xx > 0 ? std::max(0.0, -xy / xx) : 0;
}

double Dot(std::span<const double> a, std::span<const float> b) {
  double sum = 0;
  for (size_t i = 0; i < a.size(); ++i) sum += a[i] * static_cast<double>(b[i]);
  return sum;
}

void Normalise(std::vector<double>& axis) {
  const double length = std::sqrt(std::inner_product(axis.begin(), axis.end(), axis.begin(), 0.0));
  if (length > 0) {
    for (double& value : axis) value /= length;
  }
}

// Each vector at length 1, less the mean of all.
std::vector<std::vector<float>> Centred(std::vector<std::vector<float>> rows) {
  std::vector<double> mean(rows.front().size(), 0.0);
  for (std::vector<float>& row : rows) {
    const double length = std::sqrt(std::inner_product(row.begin(), row.end(), row.begin(), 0.0));
    for (size_t i = 0; i < row.size(); ++i) {
      if (length > 0) row[i] = static_cast<float>(row[i] / length);
      mean[i] += row[i] / static_cast<double>(rows.size());
    }
  }
  for (std::vector<float>& row : rows) {
    for (size_t i = 0; i < row.size(); ++i) row[i] -= static_cast<float>(mean[i]);
  }
  return rows;
}

// The direction along which `rows` differ most, at right angles to `other` (none: empty): power iteration on
// the covariance.
std::vector<double> WidestAxis(const std::vector<std::vector<float>>& rows, std::span<const double> other,
                               Rng rng) {
  constexpr int kRounds = 60;
  std::vector<double> axis(rows.front().size());
  for (double& value : axis) value = rng.Normal();
  for (int round = 0; round < kRounds; ++round) {
    const double along_other = std::inner_product(other.begin(), other.end(), axis.begin(), 0.0);
    for (size_t i = 0; i < other.size(); ++i) axis[i] -= along_other * other[i];
    Normalise(axis);
    std::vector<double> next(axis.size(), 0.0);
    for (const std::vector<float>& row : rows) {
      const double along = Dot(axis, row);
      for (size_t i = 0; i < axis.size(); ++i) next[i] += along * static_cast<double>(row[i]);
    }
    axis = std::move(next);
  }
  Normalise(axis);
  return axis;
}

}  // namespace

std::optional<Forecast> ForecastOf(const std::vector<double>& pictures,
                                   const std::vector<std::vector<double>>& hits, uint64_t seed) {
  if (pictures.size() < kPoints || hits.back().empty()) return std::nullopt;
  const size_t first = pictures.size() - kPoints, n = hits.back().size();
  const std::span<const double> sizes = std::span(pictures).subspan(first);
  // Of the pictures `chosen`; half a picture is the least error, since none seen is not none at all.
  const auto gain = [&](const std::vector<size_t>& chosen) {
    std::array<double, kPoints> errors = {};
    for (size_t p = 0; p < kPoints; ++p) {
      double right = 0;
      for (const size_t i : chosen) right += hits[first + p][i];
      errors[p] = std::max(static_cast<double>(n) - right, 0.5) / static_cast<double>(n);
    }
    return errors.back() * (1 - std::exp2(-SlopeOf(sizes, errors)));
  };
  std::vector<size_t> chosen(n);
  std::iota(chosen.begin(), chosen.end(), size_t{0});
  Forecast forecast{gain(chosen), {}};
  Rng rng(seed, "forecast");
  std::vector<double> gains(kResamplings);
  for (double& drawn : gains) {
    for (size_t& i : chosen) i = rng.Below(static_cast<uint32_t>(n));
    drawn = gain(chosen);
  }
  std::sort(gains.begin(), gains.end());
  forecast.ci95 = {gains[kResamplings / 40], gains[kResamplings - 1 - kResamplings / 40]};
  return forecast;
}

std::vector<std::array<float, 2>> PrincipalMap(std::vector<std::vector<float>> rows, uint64_t seed) {
  std::vector<std::array<float, 2>> places(rows.size(), {0, 0});
  if (rows.empty()) return places;
  const std::vector<std::vector<float>> values = Centred(std::move(rows));
  const std::vector<double> first = WidestAxis(values, {}, Rng(seed, "map", {0})),
                            second = WidestAxis(values, first, Rng(seed, "map", {1}));
  double farthest = 0;
  for (const std::vector<float>& row : values)
    farthest = std::max({farthest, std::abs(Dot(first, row)), std::abs(Dot(second, row))});
  if (farthest == 0) return places;
  for (size_t r = 0; r < values.size(); ++r) {
    places[r] = {static_cast<float>(Dot(first, values[r]) / farthest),
                 static_cast<float>(Dot(second, values[r]) / farthest)};
  }
  return places;
}

}  // namespace handlens::review
