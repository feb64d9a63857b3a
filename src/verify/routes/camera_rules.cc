// What the camera route means for the verdict (docs/verdict.md).
#include <algorithm>

#include "base/text.h"
#include "verify/routes/camera_route.h"

namespace handlens::verify {
namespace {

std::string Counts(const Route& route) {
  return fmt::format("{} of {} right ({}; {} to {})", route.correct, route.n, Percent(route.accuracy),
                     Percent(route.ci95.low), Percent(route.ci95.high));
}

// The first advice says most; it is the fault that does harm earliest.
std::string WhatToDo(const Verdict& verdict) {
  std::string advice;
  if (verdict.camera) {
    for (size_t i = 0; i < std::min<size_t>(2, verdict.camera->advice.size()); ++i)
      advice += verdict.camera->advice[i] + "; ";
  }
  return advice + CameraTraining(verdict) + "; --for gallery, if nobody will use the camera";
}

// The same pictures and files without the camera.
const Route* WithoutCamera(const Verdict& verdict, const Route& camera) {
  for (const std::string_view name : {"quantized", "computer"}) {
    const Route* route = FindRoute(verdict, name);
    if (IsJudged(route) && route->model == camera.model && route->pictures == camera.pictures) return route;
  }
  return nullptr;
}

RuleResult CameraRule(const Rules& rules, const Verdict& verdict, const Route& route) {
  const double needed = std::max(rules.min_accuracy, route.majority_rate);
  const bool passed = route.ci95.low > needed;
  return {
      "camera", passed,
      fmt::format(
          "photographed by a simulated camera with usual care, {}; the whole interval must lie above {}, {}",
          Counts(route), Percent(needed),
          needed > rules.min_accuracy ? "which always guessing the largest class gives"
                                      : "the accuracy asked for"),
      passed ? "" : WhatToDo(verdict)};
}

// "; right only without the camera: 3, only with it: 1". Empty for routes from a record, which hold no
// answers.
std::string PairedText(const Route& route, const Route& base) {
  if (route.predicted.size() != route.n || base.predicted.size() != route.n) return "";
  size_t only_base = 0, only_camera = 0;
  for (size_t i = 0; i < route.n; ++i) {
    const bool base_right = base.predicted[i] == base.truth[i],
               camera_right = route.predicted[i] == route.truth[i];
    if (base_right && !camera_right) ++only_base;
    if (!base_right && camera_right) ++only_camera;
  }
  return fmt::format("; right only without the camera: {}, only with it: {}", only_base, only_camera);
}

RuleResult LossRule(const Rules& rules, const Verdict& verdict, const Route& route, const Route& base) {
  const double loss = base.accuracy - route.accuracy;
  const bool passed = loss <= rules.max_camera_loss + 1e-9;  // 0.99 - 0.84 is a hair more than 0.15
  return {"camera-loss", passed,
          fmt::format("{} with the simulated camera, {} without it: {}; at most {:.1f} points are allowed "
                      "(n={}{})",
                      Percent(route.accuracy), Percent(base.accuracy),
                      loss > 0 ? fmt::format("{:.1f} points lost", 100 * loss) : "nothing lost",
                      100 * rules.max_camera_loss, route.n, PairedText(route, base)),
          passed ? "" : WhatToDo(verdict)};
}

}  // namespace

std::string CameraTraining(const Verdict& verdict) {
  return verdict.camera_taught ? "train with pictures taken by the phone"
                               : "train with pictures taken by the phone; --generators camera";
}

std::vector<RuleResult> CameraRules(const Rules& rules, const Verdict& verdict) {
  const Route* route = FindRoute(verdict, "camera");
  if (rules.purpose == Purpose::kGallery || !IsJudged(route)) return {};
  std::vector<RuleResult> results = {CameraRule(rules, verdict, *route)};
  if (const Route* base = WithoutCamera(verdict, *route))
    results.push_back(LossRule(rules, verdict, *route, *base));
  return results;
}

std::vector<std::string> CameraNotes(const Rules& rules, const Verdict& verdict) {
  std::vector<std::string> notes;
  const Route* route = FindRoute(verdict, "camera");
  if (!IsJudged(route)) return notes;
  const Route* hard = FindRoute(verdict, "camera-hard");
  const Route* holdout = FindRoute(verdict, "camera-holdout");
  notes.push_back(fmt::format(
      "simulated camera: {} with usual care{}{}{}. A field test with a real phone says more (handlens verify "
      "--import)",
      Counts(*route), IsJudged(hard) ? ", " + Counts(*hard) + " with little" : "",
      IsJudged(holdout) ? "; held-out pictures, by the file in the app: " + Counts(*holdout) : "",
      rules.purpose == Purpose::kGallery ? "; it decides nothing, because the model is --for gallery" : ""));
  if (!verdict.camera || verdict.camera->curves.empty()) return notes;
  const CameraFindings& camera = *verdict.camera;
  notes.push_back(
      fmt::format("the fault of the camera that harms most is {}: {} right at {:.3g} (n={} a point)",
                  camera.worst_axis, Percent(camera.worst_accuracy), camera.worst_value, camera.pictures));
  if (camera.advice.empty())
    notes.emplace_back(
        "no single fault of the camera is seen to take ten points of accuracy, even with little care");
  for (const std::string& advice : camera.advice) notes.push_back(advice);
  return notes;
}

}  // namespace handlens::verify
