#include "dataset/near/align.h"

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

Point Apply(const Affine& map, double u, double v) {
  return {map.a * u + map.b * v + map.c, map.d * u + map.e * v + map.f};
}
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

// Bilinear value of a view between its pixels, and the slopes there in values a pixel (central differences).
struct Slope {
  double here, x, y;
};

// At (x, y) with a pixel more on every side; false outside.
bool SampleSlope(const View& view, double x, double y, Slope& slope) {
  const int last = view.side - 1;
  if (!(x >= 1) || !(y >= 1) || x > last - 1 || y > last - 1) return false;
  const int x0 = std::min(static_cast<int>(x), last - 2), y0 = std::min(static_cast<int>(y), last - 2);
  const double fx = x - x0, fy = y - y0;
  const int8_t* p = &view.values[static_cast<size_t>(y0 * view.side + x0)];
  const auto between = [&](int top_left, int top_right, int bottom_left, int bottom_right) {
    const double top = top_left + fx * (top_right - top_left),
                 bottom = bottom_left + fx * (bottom_right - bottom_left);
    return top + fy * (bottom - top);
  };
  const int8_t *above = p - view.side, *below = p + view.side, *under = below + view.side;
  slope.here = between(p[0], p[1], below[0], below[1]);
  slope.x = between(p[1] - p[-1], p[2] - p[0], below[1] - below[-1], below[2] - below[0]) / 2;
  slope.y = between(below[0] - above[0], below[1] - above[1], under[0] - p[0], under[1] - p[1]) / 2;
  return true;
}

// Weights of the pixels of a row, times 1, u and u u: all that a row gives to the normal equations.
struct RowSums {
  double one = 0, u = 0, uu = 0;
  void Add(double weight, double at) {
    const double times = weight * at;
    one += weight;
    u += times;
    uu += times * at;
  }
  // To the block of three parameters (u, v, 1) squared, from (row, column) on.
  void AddTo(Matrix6& normal, size_t row, size_t column, double v) const {
    const double sums[3][3] = {{uu, v * u, u}, {v * u, v * v * one, v * one}, {u, v * one, one}};
    for (size_t i = 0; i < 3; ++i) {
      for (size_t j = 0; j < 3; ++j) normal[row + i][column + j] += sums[i][j];
    }
  }
};

// One Gauss-Newton step; false when there is nothing to hold on to.
bool Step(const View& still, const View& moving, Affine& map) {
  Matrix6 normal{};
  Vector6 right{};
  const int side = still.side;
  const double half = side / 2.0;  // level pixels per centred unit
  for (int y = 0; y < side; ++y) {
    const double v = Centred(y, side);
    RowSums xx, xy, yy;
    double x_one = 0, x_u = 0, y_one = 0, y_u = 0;
    for (int x = 0; x < side; ++x) {
      const double u = Centred(x, side);
      const Point at = Apply(map, u, v);
      Slope seen{};
      if (!SampleSlope(moving, Level(at.u, side), Level(at.v, side), seen)) continue;
      const double gx = seen.x * half, gy = seen.y * half;
      const double residual = still.values[static_cast<size_t>(y * side + x)] - seen.here;
      xx.Add(gx * gx, u);
      xy.Add(gx * gy, u);
      yy.Add(gy * gy, u);
      x_one += gx * residual;
      x_u += gx * residual * u;
      y_one += gy * residual;
      y_u += gy * residual * u;
    }
    xx.AddTo(normal, 0, 0, v);
    xy.AddTo(normal, 3, 0, v);
    xy.AddTo(normal, 0, 3, v);
    yy.AddTo(normal, 3, 3, v);
    const Vector6 row = {x_u, v * x_one, x_one, y_u, v * y_one, y_one};
    for (size_t i = 0; i < kParameters; ++i) right[i] += row[i];
  }
  double trace = 0;
  for (size_t i = 0; i < kParameters; ++i) trace += normal[i][i];
  for (size_t i = 0; i < kParameters; ++i) normal[i][i] += 1e-3 * trace / kParameters;
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
  return area > 0.25 && area < 4 && first < 2 * second && second < 2 * first &&
         along * along < 0.1 * first * second && std::fabs(map.c) < 0.7 && std::fabs(map.f) < 0.7;
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

constexpr double kHopeless =
    0.7;  // correlation of coarse views; of 1,339 pairs told the same photograph the least had 0.84
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
    if (block.n * kBlocks * kBlocks * 2 >= side * side && block.Detail() > kLeastDetail)
      values.push_back(block.Value());
  }
  std::sort(values.begin(), values.end());
  return {all.Value(), values.empty() ? 0 : values[values.size() / 2], all.n / (side * side), values.size(),
          map};
}

}  // namespace

Agreement Compare(const Views& still, const Views& moving, const Affine& start) {
  Affine map = start;
  for (int i = 0; i < 10; ++i) {
    if (!Step(still.coarse, moving.coarse, map) || !Plausible(map)) return {};
  }
  if (Measure(still.coarse, moving.coarse, map).overall < kHopeless)
    return {};  // a third of the pairs and more; the rest is four fifths of the work
  for (int i = 0; i < 5; ++i) {
    if (!Step(still.middle, moving.middle, map) || !Plausible(map)) return {};
  }
  return Measure(still.fine, moving.fine, map);
}

}  // namespace handlens::dataset
