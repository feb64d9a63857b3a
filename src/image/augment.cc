// Drawing one variation and applying it: a single warp from the model's picture to the varied one, with tones
// changed while reading and brightness while writing. The arithmetic of pixels is in warp.cc, the named specs
// in generator.cc.
//
// Keras' order (ImageDataGenerator.random_transform): rotation, shift, shear and zoom in one affine map about
// the picture's centre, then flips, then brightness on whole levels, then / 255. scipy's coordinates are
// (row, column), and so are the matrices here until the last step.
#include "image/augment.h"

#include <algorithm>
#include <cmath>
#include <cstring>

#include "image/exact_math.h"
#include "image/warp.h"
#include "pixels/pixels.h"

namespace handlens::image {
namespace {

using Matrix = Homography;

constexpr Matrix kIdentity = {1, 0, 0, 0, 1, 0, 0, 0, 1};

Matrix operator*(const Matrix& a, const Matrix& b) { return Multiply(a, b); }

Matrix Rotation(double angle_deg) {
  const double sine = SinDeg(angle_deg), cosine = CosDeg(angle_deg);
  return {cosine, -sine, 0, sine, cosine, 0, 0, 0, 1};
}

// A factor in [1 / (1 + x), 1 + x], uniform in its logarithm.
double LogFactor(Rng& rng, float x) {
  const double limit = Log(1.0 + static_cast<double>(x));
  return Exp(static_cast<double>(rng.Uniform(-1.0f, 1.0f)) * limit);
}

// Everything that one variation of one picture is.
struct Variation {
  WarpSpec warp;
  double prefilter_px = 0;  // before the warp, so that a picture that shrinks does not alias
  double gain[3] = {1, 1, 1};
  double gamma = 1, contrast = 1;
  bool toned = false;
  // The simulated camera's own.
  double blur_px = 0;
  float noise = 0;
  Float4 light = Float4{1, 1, 1, 1}, light_x = {}, light_y = {};
  bool camera = false;
};

// Keras' affine map in (row, column) about the centre (n - 1) / 2, with the flips of the result, as (x, y)
// homography.
Matrix AboutCentre(const Matrix& rows_columns, int n, bool mirror_x, bool mirror_y) {
  const double centre = n / 2.0 - 0.5;
  const Matrix shift = {1, 0, centre, 0, 1, centre, 0, 0, 1}, back = {1, 0, -centre, 0, 1, -centre, 0, 0, 1};
  const double sx = mirror_x ? -1.0 : 1.0, sy = mirror_y ? -1.0 : 1.0;
  const Matrix flips = {sy, 0, 0, 0, sx, 0, 0, 0, 1};
  const Matrix t = shift * (rows_columns * flips) * back;
  return {t[4], t[3], t[5], t[1], t[0], t[2], 0, 0, 1};
}

// The affine part. All draws are made whatever the spec, so that changing one setting does not change the
// others' luck.
Matrix DrawAffine(const GeneratorSpec& spec, int n, Rng& rng) {
  const double rotation = static_cast<double>(rng.Uniform(-1, 1)) * static_cast<double>(spec.rotation_deg);
  const double shift_rows = static_cast<double>(rng.Uniform(-1, 1)) * static_cast<double>(spec.shift_y) * n;
  const double shift_columns =
      static_cast<double>(rng.Uniform(-1, 1)) * static_cast<double>(spec.shift_x) * n;
  const double shear = static_cast<double>(rng.Uniform(-1, 1)) * static_cast<double>(spec.shear_deg);
  const double zoom_rows = 1 + static_cast<double>(rng.Uniform(-1, 1)) * static_cast<double>(spec.zoom);
  const double zoom_columns = 1 + static_cast<double>(rng.Uniform(-1, 1)) * static_cast<double>(spec.zoom);
  const Matrix shift = {1, 0, shift_rows, 0, 1, shift_columns, 0, 0, 1};
  const Matrix sheared = {1, -SinDeg(shear), 0, 0, CosDeg(shear), 0, 0, 0, 1};
  const Matrix zoomed = {zoom_rows, 0, 0, 0, zoom_columns, 0, 0, 0, 1};
  return Rotation(rotation) * shift * sheared * zoomed;
}

// A random box of the picture: area in [low, 1] of the whole, aspect 3/4..4/3, anywhere inside.
Matrix DrawCrop(const GeneratorSpec& spec, int n, Rng& rng) {
  const double area = static_cast<double>(rng.Uniform(spec.crop_area_low, 1.0f));
  const double aspect = LogFactor(rng, 1.0f / 3.0f);
  const double height = std::min(1.0, std::sqrt(area / aspect)),
               width = std::min(1.0, std::sqrt(area * aspect));
  const double row = (1 - height) / 2 * n * static_cast<double>(rng.Uniform(-1, 1));
  const double column = (1 - width) / 2 * n * static_cast<double>(rng.Uniform(-1, 1));
  if (spec.crop_area_low >= 1.0f) return kIdentity;
  return {height, 0, row, 0, width, column, 0, 0, 1};
}

void DrawTones(const GeneratorSpec& spec, Rng& rng, Variation& variation) {
  const double gain = LogFactor(rng, spec.gain);
  for (double& channel : variation.gain) channel = gain * LogFactor(rng, spec.white_balance);
  variation.gamma = LogFactor(rng, spec.gamma);
  variation.contrast = LogFactor(rng, spec.contrast);
  variation.toned = spec.gain > 0 || spec.white_balance > 0 || spec.gamma > 0 || spec.contrast > 0;
}

// A pinhole camera over a flat picture: the picture, [-1, 1]^2 times `fill`, turned in its plane and tilted
// about both axes, seen from the distance at which an untilted one of fill 1 just covers the frame. Focal
// length 2.4 half frames: the middle square of a phone's 65 degree picture.
void DrawCamera(const GeneratorSpec& spec, int n, Rng& rng, Variation& variation) {
  constexpr double kFocal = 2.4;
  const double fill = static_cast<double>(rng.Uniform(spec.camera_fill_low, spec.camera_fill_high));
  const double tilt = static_cast<double>(spec.camera_tilt_deg);
  const double pitch = tilt * static_cast<double>(rng.Uniform(-1, 1)),
               yaw = tilt * static_cast<double>(rng.Uniform(-1, 1));
  const double roll = static_cast<double>(spec.rotation_deg) * static_cast<double>(rng.Uniform(-1, 1));
  const double shift_x = 2 * static_cast<double>(spec.camera_shift) * static_cast<double>(rng.Uniform(-1, 1));
  const double shift_y = 2 * static_cast<double>(spec.camera_shift) * static_cast<double>(rng.Uniform(-1, 1));
  const bool mirror_x = rng.Chance(0.5f) && spec.flip_horizontal,
             mirror_y = rng.Chance(0.5f) && spec.flip_vertical;

  const Matrix tip = {1, 0, 0, 0, CosDeg(pitch), -SinDeg(pitch), 0, SinDeg(pitch), CosDeg(pitch)};
  const Matrix turn = {CosDeg(yaw), 0, SinDeg(yaw), 0, 1, 0, -SinDeg(yaw), 0, CosDeg(yaw)};
  const Matrix r = tip * turn * Rotation(roll);
  const double fx = mirror_x ? -fill : fill, fy = mirror_y ? -fill : fill;
  const Matrix see = {kFocal * r[0] * fx, kFocal * r[1] * fy, 0,
                      kFocal * r[3] * fx, kFocal * r[4] * fy, 0,
                      r[6] * fx,          r[7] * fy,          kFocal};
  const Matrix moved = Matrix{1, 0, shift_x, 0, 1, shift_y, 0, 0, 1} * see;
  const double half = n / 2.0;
  const Matrix to_pixel = {half, 0, half - 0.5, 0, half, half - 0.5, 0, 0, 1}, to_unit = Inverse(to_pixel);
  variation.warp.to_source = Inverse(to_pixel * moved * to_unit);
  // Normalised so that the denominator is 1 at the first pixel; only its ratio matters.
  const double scale = variation.warp.to_source[8];
  for (double& value : variation.warp.to_source) value /= scale;
  // A picture that shrinks by s needs about s / 2 pixels of blur before; a quarter of s^2 - 1 counts what it
  // has.
  variation.prefilter_px = fill < 1 ? std::sqrt(0.25 * (1 / (fill * fill) - 1)) : 0;
}

// What surrounds the picture, and the light on both: two planes of one random slope each.
void DrawScene(const GeneratorSpec& spec, int n, Rng& rng, Variation& variation) {
  const float level = rng.Uniform(10.0f, 245.0f), tint = 40.0f;
  variation.warp.backdrop = true;
  Float4& at = variation.warp.backdrop_level;
  Float4& dx = variation.warp.backdrop_x;
  Float4& dy = variation.warp.backdrop_y;
  const auto side = static_cast<float>(n);
  const float slope_x = rng.Uniform(-60.0f, 60.0f) / side, slope_y = rng.Uniform(-60.0f, 60.0f) / side;
  for (int c = 0; c < 3; ++c) {
    dx[c] = slope_x;
    dy[c] = slope_y;
    at[c] = level + rng.Uniform(-tint, tint) - (slope_x + slope_y) * side / 2;
  }
  const float light_x = rng.Uniform(-spec.gain, spec.gain) / side,
              light_y = rng.Uniform(-spec.gain, spec.gain) / side;
  const float middle = 1 - (light_x + light_y) * side / 2;
  variation.light = Float4{middle, middle, middle, 0};
  variation.light_x = Float4{light_x, light_x, light_x, 0};
  variation.light_y = Float4{light_y, light_y, light_y, 0};
  variation.blur_px = static_cast<double>(rng.Uniform(0.0f, spec.blur_px));
  variation.noise = 255 * rng.Uniform(0.0f, spec.noise);
}

Variation Draw(const GeneratorSpec& spec, int n, Rng& rng) {
  Variation variation;
  variation.warp.fill = spec.fill;
  variation.camera = rng.Chance(spec.camera_share);
  const Matrix affine = DrawAffine(spec, n, rng);
  const Matrix crop = DrawCrop(spec, n, rng);
  const bool mirror_x = rng.Chance(0.5f) && spec.flip_horizontal,
             mirror_y = rng.Chance(0.5f) && spec.flip_vertical;
  variation.warp.brightness = rng.Uniform(spec.brightness_low, spec.brightness_high);
  DrawTones(spec, rng, variation);
  variation.warp.to_source = AboutCentre(crop * affine, n, mirror_x, mirror_y);
  if (!variation.camera) return variation;
  DrawCamera(spec, n, rng, variation);
  DrawScene(spec, n, rng, variation);
  return variation;
}

// Tone curves in 0..255: gamma, then gain, then contrast about the middle, clipped.
Curves MakeCurves(const Variation& variation) {
  Curves curves;
  for (size_t v = 0; v < 256; ++v) {
    const double level = static_cast<double>(v) / 255.0;
    const double bent = v == 0 || !variation.toned ? level : Exp(variation.gamma * Log(level));
    for (size_t c = 0; c < 3; ++c) {
      const double toned = (bent * variation.gain[c] - 0.5) * variation.contrast + 0.5;
      curves[c][v] =
          variation.toned ? static_cast<float>(255.0 * std::clamp(toned, 0.0, 1.0)) : static_cast<float>(v);
    }
  }
  return curves;
}

// Triangular noise of the given standard deviation from one 64-bit number a pixel: two 10-bit uniforms a
// channel.
Float4 NoiseOf(uint64_t bits, float deviation) {
  const float unit = deviation * 2.4494897f / 1024.0f;  // the triangle on [-1, 1] has deviation 1 / sqrt(6)
  const auto draw = [&](int shift) {
    return unit * static_cast<float>(static_cast<int32_t>(bits >> shift & 1023) -
                                     static_cast<int32_t>(bits >> (shift + 10) & 1023));
  };
  return Float4{draw(0), draw(20), draw(40), 0};
}

// Lens, light and sensor of the simulated camera, on the warped picture in `plane`.
void Expose(const Variation& variation, Rng& rng, Plane& plane) {
  Blur(plane, variation.blur_px);
  const auto n = static_cast<size_t>(plane.n);
  for (size_t y = 0; y < n; ++y) {
    const auto row_number = static_cast<float>(y);
    const Float4 row_light =
        variation.light + variation.light_y * Float4{row_number, row_number, row_number, 0};
    for (size_t x = 0; x < n; ++x) {
      const auto column = static_cast<float>(x);
      Float4& pixel = plane.pixels[y * (n + 1) + x];
      pixel = pixel * (row_light + variation.light_x * Float4{column, column, column, 0}) +
              NoiseOf(rng.Next(), variation.noise);
      for (int c = 0; c < 3; ++c) pixel[c] = std::clamp(pixel[c], 0.0f, 255.0f);
    }
  }
}

// Levels to 0..1 by a true division, three floats a pixel. Four are stored, the fourth is overwritten by the
// next pixel.
void Feed(std::span<const Float4> pixels, float* out) {
  const Float4 levels = {255.0f, 255.0f, 255.0f, 255.0f};
  for (size_t i = 0; i + 1 < pixels.size(); ++i, out += 3) {
    const Float4 unit = pixels[i] / levels;
    std::memcpy(out, &unit, sizeof(unit));
  }
  const Float4 unit = pixels.back() / levels;
  std::memcpy(out, &unit, 3 * sizeof(float));
}

bool Varies(const GeneratorSpec& spec) {
  GeneratorSpec still;
  still.name = spec.name;
  still.fill = spec.fill;
  still.featurewise = spec.featurewise;
  return !(spec == still);
}

// Memory that one thread reuses from picture to picture; its content never outlives a call.
struct Workspace {
  Plane source, frame;
};

}  // namespace

void Augment(std::span<const uint8_t> in, int n, const GeneratorSpec& spec, Rng rng, std::span<float> out) {
  const auto side = static_cast<size_t>(n);
  HL_CHECK(n >= 1 && n <= 4000 && in.size() == side * side * 3 && out.size() == in.size());
  if (!Varies(spec)) {
    hl_feed_float(in.data(), in.size(), out.data());
    return;
  }
  thread_local Workspace work;
  const Variation variation = Draw(spec, n, rng);
  FillPlane(in, n, MakeCurves(variation), spec.fill, work.source);
  Blur(work.source, variation.prefilter_px);
  Plane& frame = work.frame;
  frame.n = n;
  frame.pixels.resize((side + 1) * (side + 1));
  for (size_t y = 0; y < side; ++y) {
    const auto row = std::span(frame.pixels).subspan(variation.camera ? y * (side + 1) : 0, side);
    WarpRow(work.source, variation.warp, static_cast<int>(y), row);
    if (!variation.camera) Feed(row, out.data() + y * side * 3);
  }
  if (!variation.camera) return;
  Expose(variation, rng, frame);
  for (size_t y = 0; y < side; ++y)
    Feed(std::span(frame.pixels).subspan(y * (side + 1), side), out.data() + y * side * 3);
}

}  // namespace handlens::image
