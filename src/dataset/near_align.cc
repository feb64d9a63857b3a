#include "dataset/near_align.h"

#include <algorithm>
#include <cmath>
#include <optional>

namespace handlens::dataset {
namespace {

constexpr size_t kParameters = 6;
using Vector6 = std::array<double, kParameters>;
using Matrix6 = std::array<Vector6, kParameters>;

struct Point {
  double u, v;
};

Point Apply(const Affine& map, double u, double v) { return {map.a * u + map.b * v + map.c, map.d * u + map.e * v + map.f}; }
double Centred(int i, int side) { return (2 * i + 1.0) / side - 1; }
double Level(double u, int side) { return (u + 1) / 2 * side - 0.5; }

// Solves a symmetric positive system by elimination without pivoting; nothing when it is singular.
std::optional<Vector6> Solve(Matrix6 m, Vector6 r) {
  for (size_t i = 0; i < kParameters; ++i) {
    if (!(m[i][i] > 1e-9)) return std::nullopt;
    for (size_t j = i + 1; j < kParameters; ++j) {
      const double factor = m[j][i] / m[i][i];
      for (size_t k = i; k < kParameters; ++k) m[j][k] -= factor * m[i][k];
      r[j] -= factor * r[i];
    }
  }
  for (size_t i = kParameters; i-- > 0;) {
    for (size_t k = i + 1; k < kParameters; ++k) r[i] -= m[i][k] * r[k];
    r[i] /= m[i][i];
  }
  return r;
}

// One Gauss-Newton step; false when there is nothing to hold on to.
bool Step(const View& still, const View& moving, Affine& map) {
  Matrix6 normal{};
  Vector6 right{};
  const int side = still.side;
  const double half = side / 2.0;  // level pixels per centred unit
  for (int y = 0; y < side; ++y) {
    for (int x = 0; x < side; ++x) {
      const double u = Centred(x, side), v = Centred(y, side);
      const Point at = Apply(map, u, v);
      const double px = Level(at.u, side), py = Level(at.v, side);
      double here = 0, east = 0, west = 0, south = 0, north = 0;
      if (!Sample(moving, px + 1, py, east) || !Sample(moving, px - 1, py, west) || !Sample(moving, px, py + 1, south) ||
          !Sample(moving, px, py - 1, north) || !Sample(moving, px, py, here)) {
        continue;
      }
      const double gx = (east - west) / 2 * half, gy = (south - north) / 2 * half;
      const double residual = still.values[static_cast<size_t>(y * side + x)] - here;
      const Vector6 slope = {gx * u, gx * v, gx, gy * u, gy * v, gy};
      for (size_t i = 0; i < kParameters; ++i) {
        for (size_t j = 0; j <= i; ++j) normal[i][j] += slope[i] * slope[j];
        right[i] += slope[i] * residual;
      }
    }
  }
  double trace = 0;
  for (size_t i = 0; i < kParameters; ++i) trace += normal[i][i];
  for (size_t i = 0; i < kParameters; ++i) {
    normal[i][i] += 1e-3 * trace / kParameters;
    for (size_t j = 0; j < i; ++j) normal[j][i] = normal[i][j];
  }
  const auto step = Solve(normal, right);
  if (!step) return false;
  map.a += (*step)[0];
  map.b += (*step)[1];
  map.c += (*step)[2];
  map.d += (*step)[3];
  map.e += (*step)[4];
  map.f += (*step)[5];
  return true;
}

// Zoom by at most 2, little shear or squeeze, not moved away: what cameras and editors do to a photograph.
bool Plausible(const Affine& map) {
  const double area = std::fabs(map.a * map.e - map.b * map.d);
  const double first = map.a * map.a + map.d * map.d, second = map.b * map.b + map.e * map.e;
  const double along = map.a * map.b + map.d * map.e;
  return area > 0.25 && area < 4 && first < 2 * second && second < 2 * first && along * along < 0.1 * first * second &&
         std::fabs(map.c) < 0.7 && std::fabs(map.f) < 0.7;
}

struct Correlation {
  double n = 0, a = 0, b = 0, aa = 0, bb = 0, ab = 0;
  void Add(double x, double y) {
    n += 1;
    a += x;
    b += y;
    aa += x * x;
    bb += y * y;
    ab += x * y;
  }
  double Value() const {
    if (n < 2) return 0;
    const double va = aa - a * a / n, vb = bb - b * b / n;
    return va > 0 && vb > 0 ? (ab - a * b / n) / std::sqrt(va * vb) : 0;
  }
  // Mean square of the weaker side, in view steps.
  double Detail() const { return n > 0 ? std::min(aa, bb) / n : 0; }
};

constexpr double kHopeless = 0.7;    // correlation of coarse views; of 1,339 pairs told the same photograph the least had 0.84
constexpr int kBlocks = 8;           // a side
constexpr double kLeastDetail = 60;  // a deviation of a quarter of the local one

Agreement Measure(const View& still, const View& moving, const Affine& map) {
  Correlation all;
  std::array<Correlation, kBlocks * kBlocks> blocks;
  const int side = still.side;
  for (int y = 0; y < side; ++y) {
    for (int x = 0; x < side; ++x) {
      const Point at = Apply(map, Centred(x, side), Centred(y, side));
      double there = 0;
      if (!Sample(moving, Level(at.u, side), Level(at.v, side), there)) continue;
      const double here = still.values[static_cast<size_t>(y * side + x)];
      all.Add(here, there);
      blocks[static_cast<size_t>(y * kBlocks / side * kBlocks + x * kBlocks / side)].Add(here, there);
    }
  }
  std::vector<double> values;
  for (const Correlation& block : blocks) {
    if (block.n * kBlocks * kBlocks * 2 >= side * side && block.Detail() > kLeastDetail) values.push_back(block.Value());
  }
  std::sort(values.begin(), values.end());
  return {all.Value(), values.empty() ? 0 : values[values.size() / 2], all.n / (side * side), values.size(), map};
}

}  // namespace

Agreement Compare(const Views& still, const Views& moving, const Affine& start) {
  Affine map = start;
  for (int i = 0; i < 10; ++i) {
    if (!Step(still.coarse, moving.coarse, map) || !Plausible(map)) return {};
  }
  if (Measure(still.coarse, moving.coarse, map).overall < kHopeless) return {};   // a third of the pairs and more; the rest is four fifths of the work
  for (int i = 0; i < 5; ++i) {
    if (!Step(still.middle, moving.middle, map) || !Plausible(map)) return {};
  }
  return Measure(still.fine, moving.fine, map);
}

}  // namespace handlens::dataset
