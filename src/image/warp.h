// Warping a picture in one pass: any homography, bilinear, with four floats a pixel so that a tap is one
// vector load. Internal to the augmentation of this room. What does not live here: choosing the warp
// (augment.cc).
#pragma once

#include <array>
#include <cstdint>
#include <span>
#include <vector>

#include "image/augment.h"

namespace handlens::image {

// Four channels of a pixel, R, G, B and one unused; GCC's and Clang's vector type, SSE, NEON or plain.
using Float4 = float __attribute__((vector_size(16)));

// The same value in each channel.
inline Float4 Splat(float value) { return Float4{value, value, value, value}; }

// A square picture of (n + 1, n + 1) pixels in 0..255: the last row and column repeat the edge (or, for
// kWrap, the opposite edge), so that a bilinear read needs no test.
struct Plane {
  int n = 0;
  std::vector<Float4> pixels;
};

// What one byte becomes before the warp, a channel: (3, 256), in 0..255.
using Curves = std::array<std::array<float, 256>, 3>;

// Reads (n, n, 3) bytes, n at most 4094, through the curves into `plane`, whose memory is reused.
void FillPlane(std::span<const uint8_t> in, int n, const Curves& curves, Fill fill, Plane& plane);

// Blurs with a Gaussian-like kernel of the given standard deviation in pixels, edges repeated; 0 does
// nothing. (1/4, 1/2, 1/4)-kernels, as many as the variance asks for, at most 16.
void Blur(Plane& plane, double sigma_px);

// Output pixel (x, y, 1) to source pixel (u, v, w), divided by w. Row major.
using Homography = std::array<double, 9>;

// First b, then a.
Homography Multiply(const Homography& a, const Homography& b);
// By cofactors; not finite for a singular one.
Homography Inverse(const Homography& m);

struct WarpSpec {
  Homography to_source = {1, 0, 0, 0, 1, 0, 0, 0, 1};
  Fill fill = Fill::kNearest;
  bool backdrop = false;  // outside the picture: backdrop_level + backdrop_x * x + backdrop_y * y, not `fill`
  Float4 backdrop_level = {}, backdrop_x = {}, backdrop_y = {};
  float brightness = 1;  // not 1: pixels are truncated to whole levels, multiplied, truncated and clipped
};

// Writes row y of the n x n warped picture to `out`, (n) pixels in 0..255. `out` is not the plane's memory.
// By the row, so that what follows finds its input in the first cache: a whole picture of floats does not fit
// there.
void WarpRow(const Plane& plane, const WarpSpec& spec, int y, std::span<Float4> out);

}  // namespace handlens::image
