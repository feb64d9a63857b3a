// The smooth surface, see surface.h.
#include "reduce/surface.h"

#include <algorithm>
#include <cmath>
#include <cstdlib>

#include "nn/math.h"

namespace handlens::reduce {
namespace {

constexpr size_t kFewestSamples = 6;
constexpr double kRidge =
    0.02;  // of the weights' sum, on the slopes: few or collinear samples must not tilt the plane

double Octaves(int value) {
  return static_cast<double>(nn::Log(static_cast<float>(std::max(value, 1)))) /
         static_cast<double>(nn::Log(2.0f));
}

struct Moments {
  double w = 0, x = 0, y = 0, xx = 0, xy = 0, yy = 0, v = 0, xv = 0, yv = 0;
};

// The plane's height at the origin, that is, at the cell asked for.
double Height(const Moments& m) {
  if (m.w <= 0) return 0;
  // Centred on the weighted mean, two slopes are left to solve for.
  const double cx = m.x / m.w, cy = m.y / m.w, cv = m.v / m.w;
  const double sxx = m.xx - m.x * cx + kRidge * m.w, syy = m.yy - m.y * cy + kRidge * m.w,
               sxy = m.xy - m.x * cy;
  const double sxv = m.xv - m.x * cv, syv = m.yv - m.y * cv;
  const double determinant = sxx * syy - sxy * sxy;
  const double slope_x = (sxv * syy - syv * sxy) / determinant,
               slope_y = (syv * sxx - sxv * sxy) / determinant;
  return cv - slope_x * cx - slope_y * cy;
}

}  // namespace

double EstimateAccuracy(const std::vector<Sample>& samples, int filters, int neurons, double reach) {
  if (samples.empty()) return 0;
  const double x0 = Octaves(filters), y0 = Octaves(neurons);
  std::vector<double> distances;
  for (const Sample& sample : samples) {
    const double x = Octaves(sample.filters) - x0, y = Octaves(sample.neurons) - y0;
    distances.push_back(std::sqrt(x * x + y * y));
  }
  std::vector<double> sorted = distances;
  std::sort(sorted.begin(), sorted.end());
  // A little beyond the last sample that has to count, because the weight at the rim is zero.
  const double far = std::max(reach, 1.2 * sorted[std::min(sorted.size(), kFewestSamples) - 1]);
  Moments m;
  for (size_t i = 0; i < samples.size(); ++i) {
    const double share = distances[i] / std::max(far, 1e-9);
    if (share >= 1) continue;
    const double rest = 1 - share * share * share, w = rest * rest * rest;
    const double x = Octaves(samples[i].filters) - x0, y = Octaves(samples[i].neurons) - y0,
                 v = samples[i].accuracy;
    m.w += w;
    m.x += w * x;
    m.y += w * y;
    m.xx += w * x * x;
    m.xy += w * x * y;
    m.yy += w * y * y;
    m.v += w * v;
    m.xv += w * x * v;
    m.yv += w * y * v;
  }
  return std::clamp(Height(m), 0.0, 1.0);
}

std::vector<int> Knots(const std::vector<int>& values, size_t most) {
  if (values.size() <= most || most < 2) return values;
  std::vector<int> knots;
  const double first = Octaves(values.front()), last = Octaves(values.back());
  for (size_t i = 0; i < most; ++i) {
    const double wanted = first + (last - first) * static_cast<double>(i) / static_cast<double>(most - 1);
    // The nearest value not taken yet: small numbers lie further apart than equal steps of the logarithm.
    const auto nearest = std::min_element(values.begin(), values.end(), [&](int a, int b) {
      const auto distance = [&](int value) {
        const bool taken = std::find(knots.begin(), knots.end(), value) != knots.end();
        return std::abs(Octaves(value) - wanted) + (taken ? 1000.0 : 0.0);
      };
      return distance(a) < distance(b);
    });
    knots.push_back(*nearest);
  }
  std::sort(knots.begin(), knots.end());
  return knots;
}

}  // namespace handlens::reduce
