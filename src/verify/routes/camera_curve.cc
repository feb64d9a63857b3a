#include "verify/routes/camera_curve.h"

#include <algorithm>
#include <cmath>

#include "base/grouped.h"
#include "base/stats.h"
#include "image/camera/camera.h"

namespace handlens::verify {
namespace {

// What a user does about an axis, and how its value is said; {0} is the value, {1} the accuracy.
struct Words {
  std::string_view axis, advice;
};
constexpr Words kWords[] = {
    {"distance",
     "hold the phone so that the subject fills the box: under {:.2f} of its side the accuracy falls below "
     "{}"},
    {"close",
     "do not go so close that edges are cut off: over {:.2f} of the box's side the accuracy falls below {}"},
    {"place",
     "keep the subject in the middle: {:.2f} of the box's side away from it the accuracy falls below {}"},
    {"tilt", "hold the phone parallel to the subject: tilted by {:.0f} degrees the accuracy falls below {}"},
    {"rotation", "keep the subject upright: turned by {:.0f} degrees the accuracy falls below {}"},
    {"background",
     "choose a plain background: at level {:.1f} (1 plain colour, 2-3 textures, 4-5 clutter) the accuracy "
     "falls below {}"},
    {"white-balance",
     "use daylight or white lamps: light that is {:.0f} mired warmer or cooler than the camera thinks brings "
     "the accuracy below {}"},
    {"exposure", "mind the light: {:.1f} stops too dark or too bright the accuracy falls below {}"},
    {"gamma",
     "try the phones you mean to use: a tone curve steeper or flatter by a factor of 1 + {:.2f} brings the "
     "accuracy below {}"},
    {"vignetting", "light the subject evenly: corners darker by {:.1f} stops bring the accuracy below {}"},
    {"noise", "use more light: noise of {:.2f} of white brings the accuracy below {}"},
    {"defocus", "wait until the picture is sharp: out of focus by {:.1f} pixels the accuracy falls below {}"},
    {"motion", "hold the phone still: smeared by {:.1f} pixels the accuracy falls below {}"},
    {"distortion",
     "use the main camera, not the wide one: lines bent by {:.2f} of the half diagonal bring the accuracy "
     "below {}"},
    {"moire", "do not photograph a screen: bands of {:.2f} of the brightness bring the accuracy below {}"},
    {"glare", "avoid reflections: one of {:.2f} of white brings the accuracy below {}"},
    {"jpeg",
     "do not send pictures through messengers that compress: at 100 - quality of {:.0f} the accuracy falls "
     "below {}"},
    {"resolution",
     "let the camera give larger frames: with a box of {:.0f} pixels the accuracy falls below {}"},
};

const image::CameraAxis* AxisNamed(std::string_view name) {
  for (const image::CameraAxis& axis : image::CameraAxes()) {
    if (axis.name == name) return &axis;
  }
  return nullptr;
}

// " (14 of 20 right at 0.7; 48 to 85 %)": at the weakest strength that was tried from there on.
std::string MeasuredNear(const CameraCurve& curve, double severity, const image::CameraAxis& axis) {
  const auto point = std::find_if(curve.points.begin(), curve.points.end(),
                                  [&](const CameraPoint& p) { return p.severity >= severity - 1e-9; });
  HL_CHECK(point != curve.points.end());
  return fmt::format(" ({} of {} right at {:.3g}; {:.0f} to {:.0f} %)", point->correct, point->n,
                     image::AxisValue(axis, point->severity), 100 * point->ci95.low, 100 * point->ci95.high);
}

std::string Sentence(const CameraCurve& curve, double severity, double accuracy) {
  const image::CameraAxis* const axis = AxisNamed(curve.axis);
  const auto words = std::find_if(std::begin(kWords), std::end(kWords),
                                  [&](const Words& w) { return w.axis == curve.axis; });
  HL_CHECK(axis != nullptr && words != std::end(kWords));
  const double value = image::AxisValue(*axis, severity);
  return fmt::format(fmt::runtime(words->advice), value, fmt::format("{:.0f} %", 100 * accuracy)) +
         MeasuredNear(curve, severity, *axis);
}

}  // namespace

void Smooth(CameraCurve& curve) {
  struct Pool {
    double correct, n;
    size_t points;
  };
  std::vector<Pool> pools;
  for (const CameraPoint& point : curve.points) {
    pools.push_back(
        {static_cast<double>(point.correct), static_cast<double>(std::max<size_t>(1, point.n)), 1});
    while (pools.size() > 1 && pools.back().correct / pools.back().n >
                                   pools[pools.size() - 2].correct / pools[pools.size() - 2].n) {
      const Pool last = pools.back();
      pools.pop_back();
      pools.back() = {pools.back().correct + last.correct, pools.back().n + last.n,
                      pools.back().points + last.points};
    }
  }
  size_t at = 0;
  for (const Pool& pool : pools) {
    for (size_t i = 0; i < pool.points; ++i) curve.points[at++].smoothed = pool.correct / pool.n;
  }
}

double AccuracyAt(const CameraCurve& curve, double severity) {
  HL_CHECK(!curve.points.empty());
  for (size_t i = 1; i < curve.points.size(); ++i) {
    const CameraPoint &a = curve.points[i - 1], &b = curve.points[i];
    if (severity > b.severity) continue;
    const double part = std::clamp((severity - a.severity) / (b.severity - a.severity), 0.0, 1.0);
    return a.smoothed + part * (b.smoothed - a.smoothed);
  }
  return curve.points.back().smoothed;
}

std::optional<double> FallsBelow(const CameraCurve& curve, double accuracy) {
  if (curve.points.empty() || curve.points[0].smoothed < accuracy) return 0.0;
  for (size_t i = 1; i < curve.points.size(); ++i) {
    const CameraPoint &a = curve.points[i - 1], &b = curve.points[i];
    if (b.smoothed >= accuracy) continue;
    return a.severity + (b.severity - a.severity) * (a.smoothed - accuracy) / (a.smoothed - b.smoothed);
  }
  return std::nullopt;
}

double ChanceOfFall(const CameraCurve& curve, double severity) {
  const auto after = std::find_if(curve.points.begin(), curve.points.end(),
                                  [&](const CameraPoint& p) { return p.severity >= severity + 1; });
  if (after - curve.points.begin() < 2) return 1;
  const CameraPoint &with = *(after - 1), &without = curve.points.front();
  return FisherFewer(with.correct, with.n, without.correct, without.n);
}

double AccuracyAskedFor(const CameraCurve& curve) {
  return curve.points.empty() ? 0
                              : std::max(0.0, std::floor(20 * (curve.points[0].smoothed - 0.1) + 1e-9) / 20);
}

void Advise(CameraFindings& findings) {
  findings.worst_axis.clear();
  findings.advice.clear();
  findings.advised.clear();
  double lowest = 2;
  std::vector<double> chances;
  for (const CameraCurve& curve : findings.curves) {
    const image::CameraAxis* const axis = AxisNamed(curve.axis);
    chances.push_back(axis == nullptr ? 1 : ChanceOfFall(curve, axis->hard));
    if (axis == nullptr || curve.points.empty()) continue;
    if (const double accuracy = AccuracyAt(curve, axis->hard); accuracy < lowest) {
      lowest = accuracy;
      findings.worst_axis = curve.axis;
      findings.worst_accuracy = accuracy;
      findings.worst_value = image::AxisValue(*axis, axis->hard);
    }
  }
  struct Found {
    double severity;
    const CameraCurve* curve;
  };
  std::vector<Found> found;
  const std::vector<double> corrected = Holm(chances);
  for (size_t c = 0; c < findings.curves.size(); ++c) {
    const CameraCurve& curve = findings.curves[c];
    if (corrected[c] > 0.05) continue;
    const auto severity = FallsBelow(curve, AccuracyAskedFor(curve));
    if (severity && *severity <= AxisNamed(curve.axis)->hard) found.push_back({*severity, &curve});
  }
  std::stable_sort(found.begin(), found.end(),
                   [](const Found& a, const Found& b) { return a.severity < b.severity; });
  for (const auto& [severity, curve] : found) {
    findings.advice.push_back(Sentence(*curve, severity, AccuracyAskedFor(*curve)));
    findings.advised.push_back({curve->axis, image::AxisValue(*AxisNamed(curve->axis), severity)});
  }
}

}  // namespace handlens::verify
