// The held-out pictures by the app's way, from the gallery and before a simulated camera (phone_routes.h).
#include <algorithm>
#include <atomic>
#include <cmath>
#include <memory>

#include "base/hash.h"
#include "base/parallel.h"
#include "describe/describe.h"
#include "pixels/pixels.h"
#include "tflite/tflite.h"
#include "verify/camera_view.h"
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

struct Outcome {
  std::vector<std::vector<float>> scores;  // one a question
  bool same_input = true;
  std::string trouble;                     // of the picture
  Error error;                             // of the model; empty message = none
};

Result<image::Image> Open(const dataset::Picture& picture, const Reading& reading) {
  const auto path = std::filesystem::path(reading.dataset.root) / picture.path;
  HL_ASSIGN(const Bytes bytes, ReadFile(path));
  if (Sha256(bytes) != picture.id) return Fail(ErrorKind::kBadInput, "{}: changed since it was inspected", path.string());
  HL_ASSIGN(image::Decoded decoded, image::Decode(bytes));
  return std::move(decoded.image);
}

Result<std::vector<std::vector<float>>> Ask(const AppModel& model, tflite::Kernels kernels, std::span<const std::vector<uint8_t>> inputs) {
  HL_ASSIGN(const auto judge, tflite::Judge::Load(model.file->bytes, kernels, kAppThreads));
  std::vector<std::vector<float>> scores;
  for (const std::vector<uint8_t>& input : inputs) {
    HL_ASSIGN(scores.emplace_back(), judge->Classify(input));
  }
  return scores;
}

// From the gallery: by XNNPACK, then by the plain kernels.
Outcome AskGallery(const AppModel& model, const image::Image& picture, const Reading& reading) {
  Outcome outcome;
  const std::vector<std::vector<uint8_t>> inputs = {AppInput(model, picture)};
  outcome.same_input = inputs[0] == image::ModelInput(picture, reading.size_px, reading.fit);
  for (const auto kernels : {tflite::Kernels::kXnnpack, tflite::Kernels::kBuiltin}) {
    auto scores = Ask(model, kernels, inputs);
    if (!scores) {
      outcome.error = scores.error();
      return outcome;
    }
    outcome.scores.push_back(std::move(scores->front()));
  }
  return outcome;
}

// Before the camera: one answer a view.
Outcome AskCamera(const AppModel& model, const image::Image& picture, const std::string& id, tflite::Kernels kernels) {
  Outcome outcome;
  const uint64_t key = std::stoull(id.substr(0, 16), nullptr, 16);
  std::vector<std::vector<uint8_t>> inputs;
  for (const CameraView& view : CameraViews()) {
    const Rng rng(kCameraSeed, "camera-view", {key, inputs.size()});
    inputs.push_back(AppInput(model, ThroughCamera(RenderFrame(picture, view, model.fit, rng))));
  }
  auto scores = Ask(model, kernels, inputs);
  if (!scores) outcome.error = scores.error();
  else outcome.scores = *std::move(scores);
  return outcome;
}

template <class Question>
Result<std::vector<Outcome>> ForEachPicture(std::span<const int> pictures, Reading& reading, const Question& ask) {
  std::vector<Outcome> outcomes(pictures.size());
  std::atomic<size_t> done = 0;
  ParallelFor(pictures.size(), reading.jobs, [&](size_t i) {
    if (reading.progress.StopRequested()) return;
    const dataset::Picture& picture = reading.dataset.pictures[static_cast<size_t>(pictures[i])];
    const auto opened = Open(picture, reading);
    if (opened) outcomes[i] = ask(*opened, picture);
    else outcomes[i].trouble = opened.error().message;
    reading.progress.Update(reading.done + static_cast<double>(++done), "");
  });
  reading.done += static_cast<double>(pictures.size());
  if (reading.progress.StopRequested()) return Interrupted();
  for (const Outcome& outcome : outcomes) {
    if (!outcome.error.message.empty()) return tl::make_unexpected(outcome.error);
    if (!outcome.trouble.empty()) reading.troubles.push_back(outcome.trouble);
  }
  return outcomes;
}

// The computer's scores of these pictures by the same file and kernels.
std::vector<std::vector<float>> ComputerScores(const HoldoutScores& holdout, const ModelScores& scores, const Route& route) {
  std::vector<std::vector<float>> found;
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
  HL_ASSIGN(const auto outcomes, ForEachPicture(route.pictures, reading, [&](const image::Image& picture, const dataset::Picture&) {
    return AskGallery(*model, picture, reading);
  }));
  if (!reading.troubles.empty()) return route;
  std::vector<std::vector<float>> xnnpack, builtin;
  for (const Outcome& outcome : outcomes) {
    xnnpack.push_back(outcome.scores[0]);
    builtin.push_back(outcome.scores[1]);
    if (!outcome.same_input) ++route.differing_inputs;
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
  HL_ASSIGN(const AppModel model, OpenAppModel(*PackedModel(shipped)));
  FillPictures(shipped, gallery.pictures, route);
  const auto kernels = gallery.kernels == "xnnpack" ? tflite::Kernels::kXnnpack : tflite::Kernels::kBuiltin;
  HL_ASSIGN(const auto outcomes, ForEachPicture(route.pictures, reading, [&](const image::Image& picture, const dataset::Picture& facts) {
    return AskCamera(model, picture, facts.id, kernels);
  }));
  if (!reading.troubles.empty()) return route;
  route.kernels = gallery.kernels;
  const int classes = static_cast<int>(shipped.dataset.labels.size());
  for (size_t v = 0; v < CameraViews().size(); ++v) {
    Route view;
    view.truth = route.truth;
    for (const Outcome& outcome : outcomes) view.scores.push_back(outcome.scores[v]);
    Score(view, classes);
    route.conditions.push_back(ConditionOf(CameraViews()[v], view.n, view.correct));
    if (v == 0) route.scores = view.scores;
  }
  Score(route, classes);
  return route;
}

}  // namespace handlens::verify
