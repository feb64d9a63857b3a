// The axes, their scales and the drawing of shots. What a shot looks like is in take.cc.
#include <algorithm>
#include <cmath>

#include "image/camera/camera.h"
#include "image/exact_math.h"

namespace handlens::image {
namespace {

enum Axis : size_t {
  kDistance,
  kClose,
  kPlace,
  kTilt,
  kRotation,
  kBackground,
  kWhiteBalance,
  kExposure,
  kGamma,
  kVignetting,
  kNoise,
  kDefocus,
  kMotion,
  kDistortion,
  kMoire,
  kGlare,
  kJpeg,
  kResolution,
  kAxes
};

constexpr double kRoomyFill = 0.7;  // where place and background are tried
constexpr double kReadShare = 0.1;  // read noise of the shot noise at white: 5 of 2500 electrons
constexpr double kSometimes =
    1.0 / 3.0;  // how often a hard or typical shot has a reflection, a screen, compression

constexpr std::array<CameraAxis, kAxes> kTable = {{
    {"distance",
     "side of the subject / side of the box",
     "held too far away",
     {0.95, 0.85, 0.7, 0.6, 0.5, 0.4},
     1.5,
     4,
     "the app asks to fill the box; half its area is a side of 0.71, a quarter 0.5"},
    {"close",
     "side of the subject / side of the box",
     "held too close, so that its edges are cut off",
     {0.95, 1.0, 1.07, 1.15, 1.22, 1.3},
     1,
     3,
     "to 1.3, where 41 % of the area is lost"},
    {"place",
     "sides of the box",
     "not in the middle",
     {0, 0.05, 0.1, 0.15, 0.2, 0.25},
     1,
     3,
     "to 0.25, where a subject of half the side touches the edge"},
    {"tilt",
     "degrees",
     "tilted against the camera",
     {0, 10, 20, 30, 40, 50},
     1,
     3,
     "hand-held document photographs: mostly below 30 degrees"},
    {"rotation",
     "degrees",
     "turned in the picture's plane",
     {0, 5, 10, 20, 30, 45},
     1,
     3.5,
     "to 45, half way to the next quarter turn"},
    {"background",
     "level",
     "a background that the training pictures do not have",
     {0, 1, 2, 3, 4, 5},
     3,
     5,
     "0 grey, 1 plain colour, 2-3 textures, 4-5 clutter of rising contrast"},
    {"white-balance",
     "mired",
     "light of another colour than the camera thinks",
     {0, 15, 30, 50, 75, 100},
     1.5,
     3.5,
     "100 mired: lamps of 2850 K taken for 4000 K; automatic white balance errs by 15 to 30"},
    {"exposure",
     "stops",
     "too dark or too bright",
     {0, 0.4, 0.8, 1.2, 1.7, 2.3},
     1,
     2.5,
     "automatic exposure: within 0.5; against the light: 1 to 2"},
    {"gamma",
     "of the exponent",
     "another tone curve",
     {0, 0.1, 0.2, 0.35, 0.5, 0.8},
     1,
     3,
     "makers' tone curves differ from sRGB's by 10 to 35 %"},
    {"vignetting",
     "stops in the corner",
     "corners darker than the middle",
     {0, 0.3, 0.6, 1, 1.5, 2},
     1.5,
     3,
     "cos^4 law: 0.9 stops at the corner of a 75 degree lens"},
    {"noise",
     "of white",
     "noise of little light",
     {0, 0.02, 0.04, 0.06, 0.1, 0.16},
     1,
     3,
     "0.02: 2500 electrons at white; ImageNet-C's shot noise begins at 0.13 (Hendrycks and Dietterich 2019)"},
    {"defocus",
     "pixels",
     "out of focus",
     {0, 2, 4, 6, 9, 13},
     0.75,
     2,
     "diameter; 13 is ImageNet-C's first severity at this size"},
    {"motion",
     "pixels",
     "camera shake",
     {0, 2, 4, 7, 11, 16},
     0.75,
     2.5,
     "length; 2 is a hand at 1/60 s, 10 to 16 walking or little light"},
    {"distortion",
     "of the half diagonal",
     "a lens that bends straight lines",
     {0, 0.01, 0.02, 0.04, 0.07, 0.1},
     1,
     3,
     "main cameras below 0.02, wide ones to 0.1"},
    {"moire",
     "of the brightness",
     "photographed from a screen",
     {0, 0.05, 0.1, 0.2, 0.3, 0.4},
     0,
     2,
     "chosen: 0.4 is all that is seen at first sight"},
    {"glare",
     "of white",
     "a reflection on the subject",
     {0, 0.1, 0.25, 0.5, 1, 2},
     1,
     2.5,
     "from 1 on its middle is white"},
    {"jpeg",
     "100 - quality",
     "compression",
     {0, 10, 25, 50, 70, 90},
     1,
     2.5,
     "0 is none; phones store 90 to 97; ImageNet-C: 25 down to 7"},
    {"resolution",
     "pixels",
     "a frame of fewer pixels",
     {480, 360, 240, 160, 112, 80},
     0,
     2,
     "side of the box; 480 is the apps' request, the paper's Fig. 5"},
}};

// Chance's part of a shot. All of it is drawn whatever is wanted, so that one severity does not change
// another's luck.
struct Luck {
  double sign[kAxes];
  double place_deg, tilt_deg, motion_deg, moire_deg, moire_period_px, glare_x, glare_y;
};

Luck DrawLuck(Rng& rng) {
  Luck luck{};
  for (double& sign : luck.sign) sign = rng.Chance(0.5f) ? 1 : -1;
  const auto draw = [&](float low, float high) { return static_cast<double>(rng.Uniform(low, high)); };
  luck.place_deg = draw(0, 360);
  luck.tilt_deg = draw(0, 360);
  luck.motion_deg = draw(0, 180);
  luck.moire_deg = draw(0, 180);
  luck.moire_period_px = draw(12, 60);
  luck.glare_x = draw(-0.6f, 0.6f);
  luck.glare_y = draw(-0.6f, 0.6f);
  return luck;
}

std::array<double, 2> Direction(double angle_deg) { return {CosDeg(angle_deg), SinDeg(angle_deg)}; }

void ApplyGeometry(size_t axis, double value, const Luck& luck, CameraShot& shot) {
  const auto place = Direction(luck.place_deg), tilt = Direction(luck.tilt_deg);
  switch (axis) {
    case kDistance:
    case kClose: shot.fill = value; break;
    case kPlace:
      shot.place_x = value * place[0];
      shot.place_y = value * place[1];
      break;
    case kTilt:
      shot.pitch_deg = value * tilt[0];
      shot.yaw_deg = value * tilt[1];
      break;
    case kRotation: shot.rotation_deg = value * luck.sign[kRotation]; break;
    case kDistortion: shot.distortion = value * luck.sign[kDistortion]; break;
    default: break;
  }
}

void ApplyLight(size_t axis, double value, const Luck& luck, CameraShot& shot) {
  switch (axis) {
    case kBackground: shot.background = value; break;
    case kWhiteBalance: shot.warmth_mired = value * luck.sign[kWhiteBalance]; break;
    case kExposure: shot.exposure_ev = value * luck.sign[kExposure]; break;
    case kGamma: shot.gamma = luck.sign[kGamma] > 0 ? 1 + value : 1 / (1 + value); break;
    case kVignetting: shot.vignetting_ev = value; break;
    case kMoire:
      shot.moire = value;
      shot.moire_angle_deg = luck.moire_deg;
      shot.moire_period_px = luck.moire_period_px;
      break;
    case kGlare:
      shot.glare = value;
      shot.glare_x = luck.glare_x;
      shot.glare_y = luck.glare_y;
      break;
    default: break;
  }
}

void ApplySensor(size_t axis, double value, const Luck& luck, CameraShot& shot) {
  switch (axis) {
    case kNoise:
      shot.noise = value;
      shot.read_noise = value * kReadShare;
      break;
    case kDefocus: shot.defocus_px = value; break;
    case kMotion:
      shot.motion_px = value;
      shot.motion_deg = luck.motion_deg;
      break;
    case kJpeg:
      shot.jpeg_quality = value > 0 ? std::clamp(static_cast<int>(100.5 - value), 1, 100) : 0;
      break;
    case kResolution: shot.box_px = 2 * static_cast<int>(value / 2); break;
    default: break;
  }
}

void Apply(size_t axis, double severity, const Luck& luck, CameraShot& shot) {
  const double value = AxisValue(kTable[axis], severity);
  ApplyGeometry(axis, value, luck, shot);
  ApplyLight(axis, value, luck, shot);
  ApplySensor(axis, value, luck, shot);
}

}  // namespace

std::span<const CameraAxis> CameraAxes() { return kTable; }

double AxisValue(const CameraAxis& axis, double severity) {
  HL_CHECK(severity >= 0 && severity <= 5);
  const size_t below = std::min<size_t>(4, static_cast<size_t>(severity));
  const double part = severity - static_cast<double>(below);
  return axis.values[below] + part * (axis.values[below + 1] - axis.values[below]);
}

CameraShot ShotOnAxis(size_t axis, double severity, Rng rng) {
  HL_CHECK(axis < kAxes);
  const Luck luck = DrawLuck(rng);
  CameraShot shot;
  if (axis == kPlace || axis == kBackground) shot.fill = kRoomyFill;
  Apply(axis, severity, luck, shot);
  return shot;
}

CameraShot DrawShot(Care care, Rng rng) {
  const Luck luck = DrawLuck(rng);
  CameraShot shot;
  const bool close = rng.Chance(0.25f);
  for (size_t axis = 0; axis < kAxes; ++axis) {
    const double highest = care == Care::kTypical ? kTable[axis].typical : kTable[axis].hard;
    const double severity = highest * static_cast<double>(rng.Uniform());
    const bool rare = axis == kMoire || axis == kGlare || axis == kJpeg;
    const bool happens = rng.Chance(static_cast<float>(kSometimes)) || !rare;
    if (!happens || axis == (close ? kDistance : kClose)) continue;
    Apply(axis, severity, luck, shot);
  }
  return shot;
}

}  // namespace handlens::image
