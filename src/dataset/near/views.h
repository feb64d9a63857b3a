// The views of a picture that the near-duplicate search compares: locally normalised grey at three scales, so
// that brightness and contrast cancel and every region with detail counts alike.
#pragma once

#include <array>
#include <cstdint>
#include <vector>

#include "dataset/look.h"

namespace handlens::dataset {

// (side, side) of (value - local mean) / local deviation, in steps of 1/31, clipped at +-4.
struct View {
  int side = 0;
  std::vector<int8_t> values;
};

struct Views {
  View fine, middle, coarse;  // 128, 64, 32
};

Views MakeViews(const Look& look);
// The coarse one alone.
View MakeCoarseView(const Look& look);

// An affine map of centred coordinates, -1..1 from edge to edge: x' = a x + b y + c, y' = d x + e y + f.
struct Affine {
  double a = 1, b = 0, c = 0, d = 0, e = 1, f = 0;
};

// Bilinear value at level coordinates; false outside.
inline bool Sample(const View& view, double x, double y, double& value) {
  if (!(x >= 0) || !(y >= 0) || x > view.side - 1 || y > view.side - 1) return false;
  const int x0 = x >= view.side - 1 ? view.side - 2 : static_cast<int>(x);
  const int y0 = y >= view.side - 1 ? view.side - 2 : static_cast<int>(y);
  const double fx = x - x0, fy = y - y0;
  const int8_t* row = &view.values[static_cast<size_t>(y0 * view.side + x0)];
  const double top = row[0] + fx * (row[1] - row[0]);
  const double bottom = row[view.side] + fx * (row[view.side + 1] - row[view.side]);
  value = top + fy * (bottom - top);
  return true;
}

}  // namespace handlens::dataset
