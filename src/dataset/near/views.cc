#include "dataset/near/views.h"

#include <algorithm>
#include <cmath>

namespace handlens::dataset {
namespace {

constexpr int kRadius_px = 5;  // of the neighbourhood, at every scale
constexpr double kNoise = 6;   // grey levels below which detail counts as noise or compression
constexpr double kSteps = 31;

std::vector<double> Halve(const std::vector<double>& in, int side) {
  const int half = side / 2;
  std::vector<double> out(static_cast<size_t>(half * half));
  for (int y = 0; y < half; ++y) {
    for (int x = 0; x < half; ++x) {
      const double* p = &in[static_cast<size_t>(2 * y * side + 2 * x)];
      out[static_cast<size_t>(y * half + x)] = (p[0] + p[1] + p[side] + p[side + 1]) / 4;
    }
  }
  return out;
}

// Sums over the rectangle above and left of each pixel, (side + 1, side + 1).
std::vector<double> Integrate(const std::vector<double>& in, int side) {
  const int wide = side + 1;
  std::vector<double> sums(static_cast<size_t>(wide * wide));
  for (int y = 0; y < side; ++y) {
    double row = 0;
    for (int x = 0; x < side; ++x) {
      row += in[static_cast<size_t>(y * side + x)];
      sums[static_cast<size_t>((y + 1) * wide + x + 1)] = sums[static_cast<size_t>(y * wide + x + 1)] + row;
    }
  }
  return sums;
}

View Normalise(const std::vector<double>& grey, int side) {
  std::vector<double> squares(grey.size());
  for (size_t i = 0; i < grey.size(); ++i) squares[i] = grey[i] * grey[i];
  const std::vector<double> sums = Integrate(grey, side), square_sums = Integrate(squares, side);
  const int wide = side + 1;
  View view{side, std::vector<int8_t>(grey.size())};
  for (int y = 0; y < side; ++y) {
    const int top = std::max(0, y - kRadius_px), bottom = std::min(side, y + kRadius_px + 1);
    for (int x = 0; x < side; ++x) {
      const int left = std::max(0, x - kRadius_px), right = std::min(side, x + kRadius_px + 1);
      const auto over = [&](const std::vector<double>& table) {
        return table[static_cast<size_t>(bottom * wide + right)] -
               table[static_cast<size_t>(top * wide + right)] -
               table[static_cast<size_t>(bottom * wide + left)] +
               table[static_cast<size_t>(top * wide + left)];
      };
      const double n = static_cast<double>((bottom - top) * (right - left));
      const double mean = over(sums) / n;
      const double variance = std::max(0.0, over(square_sums) / n - mean * mean);
      const double value =
          (grey[static_cast<size_t>(y * side + x)] - mean) / std::sqrt(variance + kNoise * kNoise);
      const double steps = std::clamp(value * kSteps, -4 * kSteps, 4 * kSteps);
      view.values[static_cast<size_t>(y * side + x)] =
          static_cast<int8_t>(steps < 0 ? steps - 0.5 : steps + 0.5);
    }
  }
  return view;
}

}  // namespace

View MakeCoarseView(const Look& look) {
  const std::vector<double> fine(look.grey.begin(), look.grey.end());
  return Normalise(Halve(Halve(fine, kLookSide_px), kLookSide_px / 2), kLookSide_px / 4);
}

Views MakeViews(const Look& look) {
  const std::vector<double> fine(look.grey.begin(), look.grey.end());
  const std::vector<double> middle = Halve(fine, kLookSide_px);
  const std::vector<double> coarse = Halve(middle, kLookSide_px / 2);
  return {Normalise(fine, kLookSide_px), Normalise(middle, kLookSide_px / 2),
          Normalise(coarse, kLookSide_px / 4)};
}

}  // namespace handlens::dataset
