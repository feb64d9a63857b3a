// Where light comes from (perspective, distortion) and how the lens and the hand spread it (blur).
#include <algorithm>
#include <cmath>
#include <map>

#include "image/camera/camera_parts.h"
#include "image/exact_math.h"

namespace handlens::image {
namespace {

// Of the middle square of a phone's 65 degree picture, in half boxes.
constexpr double kFocal = 2.4;
constexpr int kPoints = 8;  // a pixel, of a kernel's shape

std::vector<Tap> TapsOf(const std::map<std::pair<int, int>, double>& weights) {
  double sum = 0;
  for (const auto& [place, weight] : weights) sum += weight;
  std::vector<Tap> taps;
  for (const auto& [place, weight] : weights) {
    if (weight > 0) taps.push_back({place.second, place.first, static_cast<float>(weight / sum)});
  }
  return taps;
}

}  // namespace

Geometry GeometryOf(const CameraShot& shot, Fit fit) {
  Geometry geometry;
  geometry.width = shot.box_px;
  geometry.height = fit == Fit::kCrop ? shot.box_px / 3 * 4 / 2 * 2 : shot.box_px;
  geometry.box_px = shot.box_px;
  geometry.distortion = shot.distortion;
  const Homography tip = {1,
                          0,
                          0,
                          0,
                          CosDeg(shot.pitch_deg),
                          -SinDeg(shot.pitch_deg),
                          0,
                          SinDeg(shot.pitch_deg),
                          CosDeg(shot.pitch_deg)};
  const Homography turn = {CosDeg(shot.yaw_deg),  0, SinDeg(shot.yaw_deg), 0, 1, 0,
                           -SinDeg(shot.yaw_deg), 0, CosDeg(shot.yaw_deg)};
  const double sine = SinDeg(shot.rotation_deg), cosine = CosDeg(shot.rotation_deg);
  const Homography r = Multiply(Multiply(tip, turn), {cosine, -sine, 0, sine, cosine, 0, 0, 0, 1});
  const double f = shot.fill;
  const Homography see = {kFocal * r[0] * f, kFocal * r[1] * f, 0,
                          kFocal * r[3] * f, kFocal * r[4] * f, 0,
                          r[6] * f,          r[7] * f,          kFocal};
  geometry.to_subject = Inverse(Multiply({1, 0, 2 * shot.place_x, 0, 1, 2 * shot.place_y, 0, 0, 1}, see));
  const double scale = geometry.to_subject[8];
  for (double& value : geometry.to_subject) value /= scale;
  return geometry;
}

std::vector<Tap> DiscKernel(double diameter_px) {
  const double radius = diameter_px / 2;
  const int reach = static_cast<int>(std::ceil(radius - 0.5));
  std::map<std::pair<int, int>, double> weights;
  if (radius < 0.125 || reach < 1) return {{0, 0, 1}};
  for (int dy = -reach; dy <= reach; ++dy) {
    for (int dx = -reach; dx <= reach; ++dx) {
      int inside = 0;
      for (int i = 0; i < kPoints * kPoints; ++i) {
        const double x = dx + (i % kPoints + 0.5) / kPoints - 0.5,
                     y = dy + (i / kPoints + 0.5) / kPoints - 0.5;
        if (x * x + y * y <= radius * radius) ++inside;
      }
      weights[{dy, dx}] = inside;
    }
  }
  return TapsOf(weights);
}

std::vector<Tap> LineKernel(double length_px, double angle_deg) {
  if (length_px < 0.125) return {{0, 0, 1}};
  const int count = std::max(2, static_cast<int>(std::ceil(length_px * kPoints)));
  std::map<std::pair<int, int>, double> weights;
  for (int i = 0; i < count; ++i) {
    const double t = length_px * ((i + 0.5) / count - 0.5);
    const double x = t * CosDeg(angle_deg), y = t * SinDeg(angle_deg);
    const int left = static_cast<int>(std::floor(x)), top = static_cast<int>(std::floor(y));
    const double fx = x - left, fy = y - top;
    weights[{top, left}] += (1 - fx) * (1 - fy);
    weights[{top, left + 1}] += fx * (1 - fy);
    weights[{top + 1, left}] += (1 - fx) * fy;
    weights[{top + 1, left + 1}] += fx * fy;
  }
  return TapsOf(weights);
}

int Reach(std::span<const Tap> taps) {
  int reach = 0;
  for (const Tap& tap : taps) reach = std::max({reach, std::abs(tap.dx), std::abs(tap.dy)});
  return reach;
}

void Light::Reset(int frame_width, int frame_height, int frame_margin) {
  width = frame_width;
  height = frame_height;
  margin = frame_margin;
  stride = static_cast<size_t>(width + 2 * margin);
  pixels.resize(stride * static_cast<size_t>(height + 2 * margin));
}

void Convolve(const Light& in, std::span<const Tap> taps, Light& out) {
  HL_CHECK(in.margin >= out.margin + Reach(taps));
  std::vector<Float4> weights;
  for (const Tap& tap : taps) weights.push_back(Float4{tap.weight, tap.weight, tap.weight, tap.weight});
  std::vector<const Float4*> sources(taps.size());
  for (int y = -out.margin; y < out.height + out.margin; ++y) {
    for (size_t t = 0; t < taps.size(); ++t) sources[t] = in.Row(y + taps[t].dy) + taps[t].dx - out.margin;
    Float4* const target = out.Row(y) - out.margin;
    const size_t count = out.stride;
    size_t x = 0;
    // Four pixels at a time, so that a weight is fetched once for four sums.
    for (; x + 4 <= count; x += 4) {
      Float4 a = {}, b = {}, c = {}, d = {};
      for (size_t t = 0; t < taps.size(); ++t) {
        const Float4* const p = sources[t] + x;
        const Float4 w = weights[t];
        a += w * p[0];
        b += w * p[1];
        c += w * p[2];
        d += w * p[3];
      }
      target[x] = a;
      target[x + 1] = b;
      target[x + 2] = c;
      target[x + 3] = d;
    }
    for (; x < count; ++x) {
      Float4 sum = {};
      for (size_t t = 0; t < taps.size(); ++t) sum += weights[t] * sources[t][x];
      target[x] = sum;
    }
  }
}

}  // namespace handlens::image
