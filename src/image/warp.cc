// The warp in chunks of 16 pixels: coordinates in plain loops of a fixed length, which the compiler
// vectorises, then the taps, one vector a tap. Order of operations is fixed and nothing is contracted, so the
// bits are the same everywhere.
#include "image/warp.h"

#include <algorithm>
#include <cmath>
#include <cstddef>

namespace handlens::image {
namespace {

using Int4 = int32_t __attribute__((vector_size(16)));

constexpr int kChunk = 16;

Float4 Clip(Float4 value, float high) {
  const Float4 zero = Splat(0.0f), top = Splat(high);
  value = value > zero ? value : zero;
  return value < top ? value : top;
}

// Whole levels, towards zero, as a cast to uint8 does to values in 0..255.
Float4 Truncate(Float4 value) {
  return __builtin_convertvector(__builtin_convertvector(value, Int4), Float4);
}

void Brighten(float brightness, int count, Float4* pixels) {
  const Float4 factor = Splat(brightness);
  for (int i = 0; i < count; ++i) pixels[i] = Truncate(Truncate(pixels[i]) * factor);
  if (brightness <= 1.0f) return;
  for (int i = 0; i < count; ++i) pixels[i] = Clip(pixels[i], 255.0f);
}

struct Chunk {
  float u[kChunk], v[kChunk];
  float frac_u[kChunk], frac_v[kChunk];
  int32_t index[kChunk];
  int32_t inside[kChunk];
};

struct RowWalk {
  double u, v, w;     // at x = 0
  double du, dv, dw;  // a pixel
};

void Coordinates(const RowWalk& row, int first, Chunk& chunk) {
  const auto u0 = static_cast<float>(row.u + row.du * first), v0 = static_cast<float>(row.v + row.dv * first);
  const auto du = static_cast<float>(row.du), dv = static_cast<float>(row.dv);
  if (row.dw == 0.0 && row.w == 1.0) {
    for (int i = 0; i < kChunk; ++i) {
      chunk.u[i] = u0 + du * static_cast<float>(i);
      chunk.v[i] = v0 + dv * static_cast<float>(i);
    }
    return;
  }
  const auto w0 = static_cast<float>(row.w + row.dw * first), dw = static_cast<float>(row.dw);
  for (int i = 0; i < kChunk; ++i) {
    const float w = w0 + dw * static_cast<float>(i);
    chunk.u[i] = (u0 + du * static_cast<float>(i)) / w;
    chunk.v[i] = (v0 + dv * static_cast<float>(i)) / w;
  }
}

// Half-sample symmetric: d c b a | a b c d | d c b a.
float Reflect(float u, float n) {
  float t = u + 0.5f;
  t = t - 2 * n * std::floor(t / (2 * n));
  return (t < n ? t : 2 * n - t) - 0.5f;
}

float WrapAround(float u, float n) {
  const float t = u - n * std::floor(u / n);
  return t < n ? t : 0.0f;
}

// Which pixels are outside, and where outside coordinates read instead. `margin` is how far beyond the
// centres of the edge pixels still counts as inside.
void Outside(Chunk& chunk, int n, Fill fill, float margin) {
  const float low = -margin, high = static_cast<float>(n - 1) + margin;
  for (int i = 0; i < kChunk; ++i) {
    chunk.inside[i] = chunk.u[i] >= low && chunk.u[i] <= high && chunk.v[i] >= low && chunk.v[i] <= high;
  }
  if (fill != Fill::kReflect && fill != Fill::kWrap) return;
  const auto side = static_cast<float>(n);
  for (int i = 0; i < kChunk; ++i) {
    chunk.u[i] = fill == Fill::kReflect ? Reflect(chunk.u[i], side) : WrapAround(chunk.u[i], side);
    chunk.v[i] = fill == Fill::kReflect ? Reflect(chunk.v[i], side) : WrapAround(chunk.v[i], side);
  }
}

void Split(Chunk& chunk, int n, float last) {
  const auto stride = static_cast<float>(n + 1);
  for (int i = 0; i < kChunk; ++i) {
    float u = chunk.u[i] > 0.0f ? chunk.u[i] : 0.0f;
    float v = chunk.v[i] > 0.0f ? chunk.v[i] : 0.0f;
    u = u < last ? u : last;
    v = v < last ? v : last;
    const auto left = static_cast<float>(static_cast<int32_t>(u)),
               top = static_cast<float>(static_cast<int32_t>(v));
    chunk.frac_u[i] = u - left;
    chunk.frac_v[i] = v - top;
    // In floats, exact below 2^24: baseline SSE2 has no 32-bit multiply.
    chunk.index[i] = static_cast<int32_t>(top * stride + left);
  }
}

// Bilinear as two lerps: exact on flat areas, where a weighted sum is not.
void Sample(const Plane& plane, const Chunk& chunk, int count, Float4* out) {
  const Float4* pixels = plane.pixels.data();
  const ptrdiff_t below = plane.n + 1;
  for (int i = 0; i < count; ++i) {
    const Float4* p = pixels + chunk.index[i];
    const Float4 fu = Splat(chunk.frac_u[i]), fv = Splat(chunk.frac_v[i]);
    const Float4 top = p[0] + fu * (p[1] - p[0]);
    const Float4 bottom = p[below] + fu * (p[below + 1] - p[below]);
    out[i] = top + fv * (bottom - top);
  }
}

// What pixels outside show: black for kConstant, whose backdrop is zero.
void Backdrop(const WarpSpec& spec, const Chunk& chunk, int y, int first, std::span<Float4> out) {
  const Float4 row = spec.backdrop_level + spec.backdrop_y * Splat(static_cast<float>(y));
  for (size_t i = 0; i < out.size(); ++i) {
    const auto x = static_cast<float>(first + static_cast<int>(i));
    if (!chunk.inside[i]) out[i] = Clip(row + spec.backdrop_x * Splat(x), 255.0f);
  }
}

// The edge row and column that bilinear reads may touch.
void Pad(Plane& plane, Fill fill) {
  const auto n = static_cast<size_t>(plane.n), stride = n + 1;
  const size_t source = fill == Fill::kWrap ? 0 : n - 1;
  for (size_t y = 0; y < n; ++y) plane.pixels[y * stride + n] = plane.pixels[y * stride + source];
  for (size_t x = 0; x <= n; ++x) plane.pixels[n * stride + x] = plane.pixels[source * stride + x];
}

// (side, 1 - 2 side, side) along pixels that lie `step` apart, edges repeated.
void BlurLine(Float4* line, size_t n, size_t step, float side) {
  const Float4 k = Splat(side);
  Float4 before = line[0];
  for (size_t i = 0; i < n; ++i) {
    const Float4 here = line[i * step];
    const Float4 after = i + 1 < n ? line[(i + 1) * step] : here;
    line[i * step] = here + k * ((before - here) + (after - here));
    before = here;
  }
}

}  // namespace

Homography Multiply(const Homography& a, const Homography& b) {
  Homography product{};
  for (size_t i = 0; i < 3; ++i) {
    for (size_t j = 0; j < 3; ++j)
      product[i * 3 + j] = a[i * 3] * b[j] + a[i * 3 + 1] * b[3 + j] + a[i * 3 + 2] * b[6 + j];
  }
  return product;
}

Homography Inverse(const Homography& m) {
  const Homography adjugate = {
      m[4] * m[8] - m[5] * m[7], m[2] * m[7] - m[1] * m[8], m[1] * m[5] - m[2] * m[4],
      m[5] * m[6] - m[3] * m[8], m[0] * m[8] - m[2] * m[6], m[2] * m[3] - m[0] * m[5],
      m[3] * m[7] - m[4] * m[6], m[1] * m[6] - m[0] * m[7], m[0] * m[4] - m[1] * m[3]};
  const double determinant = m[0] * adjugate[0] + m[1] * adjugate[3] + m[2] * adjugate[6];
  Homography inverse;
  for (size_t i = 0; i < 9; ++i) inverse[i] = adjugate[i] / determinant;
  return inverse;
}

void FillPlane(std::span<const uint8_t> in, int n, const Curves& curves, Fill fill, Plane& plane) {
  const auto side = static_cast<size_t>(n);
  plane.n = n;
  plane.pixels.resize((side + 1) * (side + 1));
  const uint8_t* byte = in.data();
  for (size_t y = 0; y < side; ++y) {
    Float4* out = plane.pixels.data() + y * (side + 1);
    for (size_t x = 0; x < side; ++x, byte += 3)
      out[x] = Float4{curves[0][byte[0]], curves[1][byte[1]], curves[2][byte[2]], 0.0f};
  }
  Pad(plane, fill);
}

void Blur(Plane& plane, double sigma_px) {
  const auto n = static_cast<size_t>(plane.n), stride = n + 1;
  // A kernel (k, 1 - 2k, k) has variance 2k; k = 1/4 is the widest that stays smooth.
  double variance = std::min(sigma_px * sigma_px, 8.0);
  while (variance > 1e-4) {
    const auto side = static_cast<float>(std::min(variance / 2, 0.25));
    for (size_t y = 0; y < n; ++y) BlurLine(&plane.pixels[y * stride], n, 1, side);
    for (size_t x = 0; x < n; ++x) BlurLine(&plane.pixels[x], n, stride, side);
    variance -= 0.5;
  }
  Pad(plane, Fill::kNearest);
}

void WarpRow(const Plane& plane, const WarpSpec& spec, int y, std::span<Float4> out) {
  const int n = plane.n;
  const auto& m = spec.to_source;
  const bool masked = spec.backdrop || spec.fill == Fill::kConstant;
  const bool plain = spec.fill == Fill::kNearest && !spec.backdrop;
  const float last =
      spec.fill == Fill::kWrap ? std::nextafter(static_cast<float>(n), 0.0f) : static_cast<float>(n - 1);
  const RowWalk row = {m[2] + m[1] * y, m[5] + m[4] * y, m[8] + m[7] * y, m[0], m[3], m[6]};
  Chunk chunk;
  for (int first = 0; first < n; first += kChunk) {
    const int count = std::min(kChunk, n - first);
    Float4* target = out.data() + first;
    Coordinates(row, first, chunk);
    if (!plain) Outside(chunk, n, spec.fill, spec.backdrop ? 0.5f : 0.0f);
    Split(chunk, n, last);
    Sample(plane, chunk, count, target);
    if (masked) Backdrop(spec, chunk, y, first, std::span(target, static_cast<size_t>(count)));
    if (spec.brightness != 1.0f) Brighten(spec.brightness, count, target);
  }
}

}  // namespace handlens::image
