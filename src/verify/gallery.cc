// The held-out pictures by the app's way, from the gallery and before a simulated camera (phone_routes.h).
#include <algorithm>

#include "describe/describe.h"
#include "pixels/pixels.h"
#include "verify/camera_view.h"
#include "verify/each_picture.h"
#include "verify/judge_pool.h"
#include "verify/phone_routes.h"

namespace handlens::verify {
namespace {

// apps/android: Classifier takes 1 to 4 threads, SelfCheck keeps XNNPACK while its scores are this near to those of the
// computer's XNNPACK and its labels the same.
constexpr int kAppThreads = 4;
constexpr double kDelegateTolerance = 0.02;
constexpr uint64_t kCameraSeed = 1;

// The model as an app knows it: by the file alone.
struct AppModel {
  const ModelFile* file = nullptr;
  describe::Description description;
  image::Fit fit = image::Fit::kCrop;
};

Result<AppModel> OpenAppModel(const ModelFile& file) {
  AppModel model{&file, {}, image::Fit::kCrop};
  HL_ASSIGN(const tflite::ModelInfo info, tflite::ReadModelInfo(file.bytes));
  HL_ASSIGN(model.description, describe::DescriptionFromJson(info.preprocess_json, file.file));
  HL_ASSIGN(model.fit, image::ParseFit(model.description.fit));
  return model;
}

// As the app's native library calls it.
std::vector<uint8_t> AppInput(const AppModel& model, const image::Image& picture) {
  const int n = model.description.size_px;
  const int fit = model.fit == image::Fit::kCrop ? HL_FIT_CROP : model.fit == image::Fit::kStretch ? HL_FIT_STRETCH : HL_FIT_LETTERBOX;
  std::vector<uint64_t> scratch(hl_fit_resize_scratch(picture.width, picture.height, n, fit) / 8 + 1);
  std::vector<uint8_t> out(static_cast<size_t>(n) * static_cast<size_t>(n) * 3);
  HL_CHECK(hl_fit_resize(picture.rgb.data(), picture.width, picture.height, n, fit, out.data(), scratch.data()) == HL_OK);
  return out;
}

// One picture from the gallery: by XNNPACK, by the plain kernels.
struct GalleryAnswer {
  Scores scores;
  bool same_input = true;
};

Result<GalleryAnswer> AskGallery(const AppModel& model, JudgePool& pool, const image::Image& picture, const Reading& reading) {
  const std::vector<uint8_t> input = AppInput(model, picture);
  HL_ASSIGN(Scores scores, pool.AskAll(input));
  return GalleryAnswer{std::move(scores), input == image::ModelInput(picture, reading.size_px, reading.fit)};
}

// Before the camera: one answer a view.
Result<Scores> AskCamera(const AppModel& model, JudgePool& pool, const image::Image& picture, const std::string& id, size_t kernels) {
  const uint64_t key = std::stoull(id.substr(0, 16), nullptr, 16);
  HL_ASSIGN(JudgeSet set, pool.Take());
  Scores scores;
  for (const CameraView& view : CameraViews()) {
    const Rng rng(kCameraSeed, "camera-view", {key, scores.size()});
    const std::vector<uint8_t> input = AppInput(model, ThroughCamera(RenderFrame(picture, view, model.fit, rng)));
    HL_ASSIGN(scores.emplace_back(), set[kernels]->Classify(input));
  }
  pool.Return(std::move(set));
  return scores;
}

// The computer's scores of these pictures by the same file and kernels.
Scores ComputerScores(const HoldoutScores& holdout, const ModelScores& scores, const Route& route) {
  Scores found;
  const auto& list = route.kernels == "xnnpack" ? scores.xnnpack : scores.builtin;
  for (const int picture : route.pictures) {
    const auto at = std::find(holdout.pictures.begin(), holdout.pictures.end(), picture);
    found.push_back(at == holdout.pictures.end() ? std::vector<float>() : list[static_cast<size_t>(at - holdout.pictures.begin())]);
  }
  return found;
}

// The app's own test of the delegate.
bool KeepsXnnpack(std::span<const std::vector<float>> computer, std::span<const std::vector<float>> here) {
  const Comparison c = Compare(computer, here, kDelegateTolerance / 2);
  return c.max_score_difference <= kDelegateTolerance && c.flips_beyond_ties == 0;
}

void FillPictures(const Shipped& shipped, std::vector<int> pictures, Route& route) {
  std::sort(pictures.begin(), pictures.end());
  route.pictures = std::move(pictures);
  for (const int picture : route.pictures) route.truth.push_back(shipped.dataset.pictures[static_cast<size_t>(picture)].label);
}

Condition ConditionOf(const CameraView& view, size_t n, size_t correct) {
  Condition condition{{{"distance", std::string(view.distance)}, {"place", std::string(view.place)}, {"background", std::string(view.background)},
                       {"light", std::string(view.light)}, {"square_px", std::to_string(view.square_px)}}, n, correct, {}};
  condition.ci95 = Wilson95(correct, n);
  return condition;
}

}  // namespace

double ToleranceOf(const std::string& variant) {
  return variant == "int8" || variant == "dynamic" ? kInt8Tolerance : kFloatTolerance;
}

const ModelFile* PackedModel(const Shipped& shipped) {
  for (const std::string_view name : {"quantizedmodel.tflite", "model.tflite"}) {
    for (const ModelFile& model : shipped.finals) {
      if (model.file == name) return &model;
    }
  }
  return nullptr;
}

Result<Route> JudgeGallery(const Shipped& shipped, const HoldoutScores& holdout, Reading& reading) {
  Route route;
  route.name = "gallery";
  const ModelFile* const file = PackedModel(shipped);
  if (file == nullptr || holdout.pictures.empty()) return route;
  route.scope = "hold-out";
  route.model = "model/" + file->file;
  const auto model = OpenAppModel(*file);
  const bool packable = model && model->description.labels.size() == shipped.dataset.labels.size();
  if (!packable) return route;  // no app can be made of it; the rule on labels says why
  FillPictures(shipped, holdout.pictures, route);
  JudgePool pool({file, 1}, reading, kAppThreads);
  HL_ASSIGN(const auto answers, ForEachPicture<GalleryAnswer>(route.pictures, reading, [&](const image::Image& picture, const dataset::Picture&) {
    return AskGallery(*model, pool, picture, reading);
  }));
  if (!reading.troubles.empty()) return route;
  Scores xnnpack, builtin;
  for (const GalleryAnswer& answer : answers) {
    xnnpack.push_back(answer.scores[0]);
    builtin.push_back(answer.scores[1]);
    if (!answer.same_input) ++route.differing_inputs;
  }
  const auto computer = holdout.models.find(file->file);
  route.kernels = "xnnpack";
  const bool fast = computer == holdout.models.end() || KeepsXnnpack(ComputerScores(holdout, computer->second, route), xnnpack);
  route.kernels = fast ? "xnnpack" : "builtin";
  route.scores = fast ? xnnpack : builtin;
  Score(route, static_cast<int>(shipped.dataset.labels.size()));
  route.builtin = Compare(xnnpack, builtin, ToleranceOf(file->variant));
  if (computer != holdout.models.end()) {
    route.computer = Compare(ComputerScores(holdout, computer->second, route), route.scores, ToleranceOf(file->variant));
  }
  return route;
}

Result<Route> JudgeCamera(const Shipped& shipped, const Route& gallery, Reading& reading) {
  Route route;
  route.name = "camera";
  route.scope = "hold-out, simulated";
  route.model = gallery.model;
  const ModelFile* const file = PackedModel(shipped);
  HL_ASSIGN(const AppModel model, OpenAppModel(*file));
  FillPictures(shipped, gallery.pictures, route);
  const size_t kernels = gallery.kernels == "xnnpack" ? 0 : 1;   // of a JudgeSet
  JudgePool pool({file, 1}, reading, kAppThreads);
  HL_ASSIGN(const auto answers, ForEachPicture<Scores>(route.pictures, reading, [&](const image::Image& picture, const dataset::Picture& facts) {
    return AskCamera(model, pool, picture, facts.id, kernels);
  }));
  if (!reading.troubles.empty()) return route;
  route.kernels = gallery.kernels;
  const int classes = static_cast<int>(shipped.dataset.labels.size());
  for (size_t v = 0; v < CameraViews().size(); ++v) {
    Route view;
    view.truth = route.truth;
    for (const Scores& scores : answers) view.scores.push_back(scores[v]);
    Score(view, classes);
    route.conditions.push_back(ConditionOf(CameraViews()[v], view.n, view.correct));
    if (v == 0) route.scores = view.scores;
  }
  Score(route, classes);
  return route;
}

}  // namespace handlens::verify
