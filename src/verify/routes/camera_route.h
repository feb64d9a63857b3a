// The camera route: pictures through the camera simulator (image/camera), the app's arithmetic and the
// shipped files. run.cc asks for it. Not for other rooms.
#pragma once

#include <vector>

#include "image/camera/camera.h"
#include "verify/phones/routes.h"

namespace handlens::verify {

// Every picture is photographed once with typical and once with hard care, some of them at every severity of
// every axis.
//   camera, camera-hard                  out of fold: each picture by the packed file's kind of its fold,
//   which never saw it camera-holdout, camera-hard-holdout  the packed file on the hold-out
// Frames are seeded by picture id, so the same picture is always photographed the same way. `kernels` are
// those that the gallery route settled on ("xnnpack" or "builtin"). Routes without pictures or models are
// "not run". Same errors as JudgePictures.
struct CameraRoutes {
  std::vector<Route> routes;
  CameraFindings findings;
};
Result<CameraRoutes> JudgeCamera(const Shipped& shipped, const image::Backdrops& backdrops,
                                 const std::string& kernels, Reading& reading);

// How many pictures JudgeCamera goes through, for the progress line.
size_t CameraPictures(const Shipped& shipped);

// The rules and the notes about the camera; no rules where the route was not run or rules.purpose does not
// ask for it. Pure.
std::vector<RuleResult> CameraRules(const Rules& rules, const Verdict& verdict);
std::vector<std::string> CameraNotes(const Rules& rules, const Verdict& verdict);

// Advice about training for cameras, which names the generator only to those who have not used it. Pure.
std::string CameraTraining(const Verdict& verdict);

}  // namespace handlens::verify
