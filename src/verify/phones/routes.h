// The routes of the phone: the held-out pictures by the app's way (gallery), and what real phones sent back.
// Simulated camera frames are in camera_route.h. run.cc asks for them. Not for other rooms.
#pragma once

#include <filesystem>
#include <map>
#include <string>
#include <vector>

#include "verify/phone.h"
#include "verify/routes/judged.h"
#include "verify/routes/shipped.h"
#include "verify/verify.h"

namespace handlens::verify {

// How far two computations of the same kernels' scores may be apart: float kernels sum in another order (3e-7
// seen); int8 kernels may round an activation the other way, one step of the output being 1/256.
inline constexpr double kFloatTolerance = 1e-3;
inline constexpr double kInt8Tolerance = 8.0 / 256;
double ToleranceOf(const std::string& variant);

// The computer's own scores of the held-out pictures, by each finished file.
struct HoldoutScores {
  std::vector<int> pictures;                  // split.holdout
  std::map<std::string, ModelScores> models;  // file -> scores, in the order of `pictures`
};

// The model file that `handlens app` packs unless told otherwise; nullptr when there is none.
const ModelFile* PackedModel(const Shipped& shipped);

// The route "gallery": PackedModel's file as an app uses it. Size, fit and labels come from inside the file,
// pictures through `pixels` itself, scores from the runtime with the app's threads, by XNNPACK unless the
// app's own test of it fails. "not run" when there is no such file or no hold-out, or the file carries no
// description. Same errors as JudgePictures.
Result<Route> JudgeGallery(const Shipped& shipped, const HoldoutScores& holdout, Reading& reading);

// A decoded picture or frame as the app's native library brings it to the model's n x n pixels.
std::vector<uint8_t> AppInput(const image::Image& picture, int n, image::Fit fit);

// The shots that one phone sent, the model file in RUN/model that gave their scores, and by which kernels:
// "xnnpack", "builtin" or "reference".
struct SentShots {
  std::string model, kernels;
  std::vector<PhoneShot> shots;
};
// The route "phone-camera" of one phone: its shots whose photographs came along (PhoneShot::archive), judged
// by the same file and kernels from the pixels that the model saw there. The interval respects series;
// `computer` compares with the scores that the phone gave. Nothing to judge: status "not run". Fills `facts`.
// Kind kBadInput for a photograph that is none of this model's.
Result<Route> JudgePhotographs(const std::filesystem::path& run, const Shipped& shipped, SentShots sent,
                               PhoneResult::Photographs& facts);

// Adds what RUN/phones holds: verdict.phones and their routes. Records of another model are left out with a
// note. Kind kBadInput for a record that is damaged or another run's.
Result<void> AddPhones(const std::filesystem::path& run, const Shipped& shipped, const HoldoutScores& holdout,
                       Verdict& verdict);

// The rules about phones; only those that there is evidence for. Pure.
std::vector<RuleResult> PhoneRules(const Rules& rules, const Verdict& verdict);
// Whether the gallery route lets the camera route be tried.
bool GalleryHolds(const Rules& rules, const Route& gallery);

}  // namespace handlens::verify
