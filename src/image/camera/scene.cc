// What stands before the lens: the subject on its background, read pixel by pixel through the geometry. In
// chunks of 16 pixels, whose coordinates are plain loops of a fixed length that the compiler vectorises; the
// order of operations is fixed.
#include <algorithm>
#include <cmath>

#include "image/camera/camera_parts.h"
#include "image/exact_math.h"

namespace handlens::image {
namespace {

constexpr int kSceneChunk = 16;
constexpr int kWave = 1024;       // entries of the cosine table
constexpr double kFramePx = 640;  // what a user's background spans, in a frame whose box is 480

struct SceneChunk {
  float x[kSceneChunk], y[kSceneChunk];  // half boxes from the centre, as if the lens were straight
  float u[kSceneChunk], v[kSceneChunk];  // pixels of the subject
  float cover[kSceneChunk];              // 1 = subject, 0 = background
};

struct Coefficients {
  float m[9];  // from half boxes to pixels of the subject
  float half_n, unit, bend;
};

Coefficients CoefficientsOf(const Geometry& geometry, int n) {
  Coefficients c{};
  for (size_t i = 0; i < 9; ++i) c.m[i] = static_cast<float>(geometry.to_subject[i]);
  c.half_n = static_cast<float>(n) / 2;
  c.unit = static_cast<float>(2 / geometry.box_px);
  const double diagonal_squared = (static_cast<double>(geometry.width) * geometry.width +
                                   static_cast<double>(geometry.height) * geometry.height) /
                                  (geometry.box_px * geometry.box_px);
  c.bend = static_cast<float>(geometry.distortion / diagonal_squared);
  return c;
}

// `first_x` and `y` count from the frame's centre, in pixels.
void Coordinates(const Coefficients& c, float first_x, float y, SceneChunk& chunk) {
  const float row = y * c.unit;
  for (int i = 0; i < kSceneChunk; ++i) {
    const float x = (first_x + static_cast<float>(i)) * c.unit;
    const float bend = 1 + c.bend * (x * x + row * row);
    chunk.x[i] = x * bend;
    chunk.y[i] = row * bend;
    const float w = c.m[6] * chunk.x[i] + c.m[7] * chunk.y[i] + c.m[8];
    chunk.u[i] = ((c.m[0] * chunk.x[i] + c.m[1] * chunk.y[i] + c.m[2]) / w + 1) * c.half_n - 0.5f;
    chunk.v[i] = ((c.m[3] * chunk.x[i] + c.m[4] * chunk.y[i] + c.m[5]) / w + 1) * c.half_n - 0.5f;
  }
}

// The edge is a pixel wide, so that it has no steps: whole inside the outermost centres, none a pixel beyond.
float Cover(SceneChunk& chunk, float n, float& most) {
  float least = 1;
  most = 0;
  for (int i = 0; i < kSceneChunk; ++i) {
    const float inside =
        std::min(std::min(chunk.u[i], n - 1 - chunk.u[i]), std::min(chunk.v[i], n - 1 - chunk.v[i]));
    const float cover = std::clamp(inside + 1.0f, 0.0f, 1.0f);
    chunk.cover[i] = cover;
    least = std::min(least, cover);
    most = std::max(most, cover);
  }
  return least;
}

void ReadSubject(const Subject::Plane& plane, const SceneChunk& chunk, Float4* out) {
  const auto last = static_cast<float>(plane.n - 1);
  const size_t below = static_cast<size_t>(plane.n) + 1;
  for (int i = 0; i < kSceneChunk; ++i) {
    const float u = std::clamp(chunk.u[i], 0.0f, last), v = std::clamp(chunk.v[i], 0.0f, last);
    const auto left = static_cast<int>(u), top = static_cast<int>(v);
    const Float4* const p =
        plane.pixels.data() + static_cast<size_t>(top) * below + static_cast<size_t>(left);
    const Float4 fu = Splat(u - static_cast<float>(left)), fv = Splat(v - static_cast<float>(top));
    const Float4 upper = p[0] + fu * (p[1] - p[0]), lower = p[below] + fu * (p[below + 1] - p[below]);
    out[i] = upper + fv * (lower - upper);
  }
}

// The cosine of 0, 1, ... kWave - 1 parts of a turn.
const std::array<float, kWave>& Wave() {
  static const std::array<float, kWave> wave = [] {
    std::array<float, kWave> values{};
    for (size_t i = 0; i < kWave; ++i)
      values[i] = static_cast<float>(CosDeg(360.0 * static_cast<double>(i) / kWave));
    return values;
  }();
  return wave;
}

// A screen's stripes of red, green and blue lie beside each other, so their bands do, too.
void AddBands(const Bands& bands, float x, float y, Float4* out) {
  const auto& wave = Wave();
  for (int i = 0; i < kSceneChunk; ++i) {
    const float turns = bands.step_x * (x + static_cast<float>(i)) + bands.step_y * y;
    const auto at = static_cast<uint32_t>(static_cast<int32_t>(std::floor(turns * kWave)));
    const Float4 cosine = {wave[at % kWave], wave[(at + kWave / 3) % kWave],
                           wave[(at + 2 * kWave / 3) % kWave], 0};
    out[i] = out[i] * (Splat(1) + Splat(bands.contrast) * cosine);
  }
}

size_t Mirrored(int i, int side) {
  const int in = i & (2 * side - 1);
  return static_cast<size_t>(in < side ? in : 2 * side - 1 - in);
}

class BackgroundReader {
 public:
  explicit BackgroundReader(const Background& background) : b_(background) {
    if (b_.picture != nullptr) plain_ = b_.tint * b_.picture->mean * Splat(1 - b_.contrast);
    else plain_ = b_.tint;
    gain_ = b_.tint * Splat(b_.contrast);
    step_x_ = static_cast<float>(b_.cosine / b_.zoom);
    step_y_ = static_cast<float>(b_.sine / b_.zoom);
  }

  void Read(float x, float y, Float4* out) const {
    if (b_.picture == nullptr || b_.contrast <= 0) {
      for (int i = 0; i < kSceneChunk; ++i) out[i] = plain_;
      return;
    }
    const int side = b_.picture->side;
    const auto stride = static_cast<size_t>(side);
    const Float4* const pixels = b_.picture->pixels.data();
    for (int i = 0; i < kSceneChunk; ++i) {
      const float fx = x + static_cast<float>(i);
      const float u = fx * step_x_ - y * step_y_ + static_cast<float>(b_.offset_x),
                  v = fx * step_y_ + y * step_x_ + static_cast<float>(b_.offset_y);
      const auto left = static_cast<int>(u), top = static_cast<int>(v);  // offsets keep both above 0
      const size_t x0 = Mirrored(left, side), x1 = Mirrored(left + 1, side);
      const Float4* const row0 = pixels + Mirrored(top, side) * stride;
      const Float4* const row1 = pixels + Mirrored(top + 1, side) * stride;
      const Float4 fu = Splat(u - static_cast<float>(left)), fv = Splat(v - static_cast<float>(top));
      const Float4 upper = row0[x0] + fu * (row0[x1] - row0[x0]),
                   lower = row1[x0] + fu * (row1[x1] - row1[x0]);
      out[i] = plain_ + gain_ * (upper + fv * (lower - upper));
    }
  }

 private:
  const Background& b_;
  Float4 plain_ = {}, gain_ = {};
  float step_x_ = 0, step_y_ = 0;
};

}  // namespace

Background DrawBackground(const CameraShot& shot, const Backdrops& backdrops, Rng& rng) {
  const float grey = rng.Uniform(0.1f, 0.6f);
  const Float4 colour = {rng.Uniform(0.02f, 0.8f), rng.Uniform(0.02f, 0.8f), rng.Uniform(0.02f, 0.8f), 0};
  const size_t half = backdrops.size() / 2;
  const bool heaps = shot.background > 3 && half > 0;
  const uint32_t which = rng.Below(1u << 20);
  const double angle = static_cast<double>(rng.Uniform(0.0f, 360.0f)),
               zoom = static_cast<double>(rng.Uniform(0.8f, 2.5f));
  // Far from 0, a multiple of the mirrored tile, then anywhere in it.
  const double offset_x = 8192 + static_cast<double>(rng.Uniform(0.0f, 512.0f)),
               offset_y = 8192 + static_cast<double>(rng.Uniform(0.0f, 512.0f));
  const auto level = static_cast<float>(shot.background);
  const float coloured = std::clamp(level, 0.0f, 1.0f);
  Background background;
  background.tint = Splat(grey) + Splat(coloured) * (colour - Splat(grey));
  if (level <= 1 || backdrops.size() == 0) return background;
  const double scale = shot.box_px / static_cast<double>(kBoxPx);
  if (backdrops.own()) {
    background.picture = &backdrops.at(which % backdrops.size());
    background.zoom = scale * kFramePx / background.picture->side;
    background.offset_x = background.offset_y = 8192 + background.picture->side / 2.0;
    background.tint = Splat(1);
    background.contrast = 1;
    return background;
  }
  // Textures first, heaps of things after them in the built-in list.
  background.picture = &backdrops.at(heaps ? half + which % half : which % half);
  background.contrast = std::min((heaps ? 0.31f : 0.24f) * (level - 1), 1.25f);
  background.tint = Splat(1) + Splat(0.35f) * (colour - Splat(0.4f));
  background.zoom = scale * zoom;
  background.cosine = CosDeg(angle);
  background.sine = SinDeg(angle);
  background.offset_x = offset_x;
  background.offset_y = offset_y;
  return background;
}

void RenderScene(const Subject::Plane& subject, const Geometry& geometry, const Background& background,
                 const Bands& bands, Light& light) {
  const Coefficients coefficients = CoefficientsOf(geometry, subject.n);
  const BackgroundReader behind(background);
  const float centre_x = static_cast<float>(light.width) / 2 - 0.5f,
              centre_y = static_cast<float>(light.height) / 2 - 0.5f;
  SceneChunk chunk;
  Float4 front[kSceneChunk], back[kSceneChunk];
  for (int y = -light.margin; y < light.height + light.margin; ++y) {
    const float from_centre_y = static_cast<float>(y) - centre_y;
    Float4* const row = light.Row(y);
    for (int first = -light.margin; first < light.width + light.margin; first += kSceneChunk) {
      const float from_centre_x = static_cast<float>(first) - centre_x;
      Coordinates(coefficients, from_centre_x, from_centre_y, chunk);
      float most = 0;
      const float least = Cover(chunk, static_cast<float>(subject.n), most);
      if (most > 0) {
        ReadSubject(subject, chunk, front);
        if (bands.contrast > 0) AddBands(bands, from_centre_x, from_centre_y, front);
      }
      if (least < 1) behind.Read(from_centre_x, from_centre_y, back);
      const int count = std::min(kSceneChunk, light.width + light.margin - first);
      for (int i = 0; i < count; ++i) {
        row[first + i] = least >= 1  ? front[i]
                         : most <= 0 ? back[i]
                                     : back[i] + Splat(chunk.cover[i]) * (front[i] - back[i]);
      }
    }
  }
}

}  // namespace handlens::image
