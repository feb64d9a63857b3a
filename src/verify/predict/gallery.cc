// The held-out pictures by the app's way from the gallery (phone_routes.h).
#include <algorithm>

#include "describe/describe.h"
#include "pixels/pixels.h"
#include "verify/phones/routes.h"
#include "verify/routes/each_picture.h"
#include "verify/routes/judge_pool.h"

namespace handlens::verify {
namespace {

// apps/android: Classifier takes 1 to 4 threads, SelfCheck keeps XNNPACK while its scores are this near to
// those of the computer's XNNPACK and its labels the same.
constexpr int kAppThreads = 4;
constexpr double kDelegateTolerance = 0.02;

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

// One picture from the gallery: by XNNPACK, by the plain kernels.
struct GalleryAnswer {
  Scores scores;
  bool same_input = true;
};

Result<GalleryAnswer> AskGallery(const AppModel& model, JudgePool& pool, const image::Image& picture,
                                 const Reading& reading) {
  const std::vector<uint8_t> input = AppInput(picture, model.description.size_px, model.fit);
  HL_ASSIGN(Scores scores, pool.AskAll(input));
  return GalleryAnswer{std::move(scores), input == image::ModelInput(picture, reading.size_px, reading.fit)};
}

// The computer's scores of these pictures by the same file and kernels.
Scores ComputerScores(const HoldoutScores& holdout, const ModelScores& scores, const Route& route) {
  Scores found;
  const auto& list = route.kernels == "xnnpack" ? scores.xnnpack : scores.builtin;
  for (const int picture : route.pictures) {
    const auto at = std::find(holdout.pictures.begin(), holdout.pictures.end(), picture);
    found.push_back(at == holdout.pictures.end() ? std::vector<float>()
                                                 : list[static_cast<size_t>(at - holdout.pictures.begin())]);
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
  for (const int picture : route.pictures)
    route.truth.push_back(shipped.dataset.pictures[static_cast<size_t>(picture)].label);
}

}  // namespace

std::vector<uint8_t> AppInput(const image::Image& picture, int n, image::Fit fit) {
  const int how = fit == image::Fit::kCrop      ? HL_FIT_CROP
                  : fit == image::Fit::kStretch ? HL_FIT_STRETCH
                                                : HL_FIT_LETTERBOX;
  std::vector<uint64_t> scratch(hl_fit_resize_scratch(picture.width, picture.height, n, how) / 8 + 1);
  std::vector<uint8_t> out(static_cast<size_t>(n) * static_cast<size_t>(n) * 3);
  HL_CHECK(hl_fit_resize(picture.rgb.data(), picture.width, picture.height, n, how, out.data(),
                         scratch.data()) == HL_OK);
  return out;
}

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
  HL_ASSIGN(const auto answers,
            ForEachPicture<GalleryAnswer>(route.pictures, reading,
                                          [&](const image::Image& picture, const dataset::Picture&) {
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
  const bool fast = computer == holdout.models.end() ||
                    KeepsXnnpack(ComputerScores(holdout, computer->second, route), xnnpack);
  route.kernels = fast ? "xnnpack" : "builtin";
  route.scores = fast ? xnnpack : builtin;
  Score(route, static_cast<int>(shipped.dataset.labels.size()));
  route.builtin = Compare(xnnpack, builtin, ToleranceOf(file->variant));
  if (computer != holdout.models.end()) {
    route.computer =
        Compare(ComputerScores(holdout, computer->second, route), route.scores, ToleranceOf(file->variant));
  }
  return route;
}

}  // namespace handlens::verify
