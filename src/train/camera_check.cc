// The camera check, see camera_check.h.
#include "train/camera_check.h"

#include <algorithm>
#include <set>

#include "base/disk.h"
#include "base/rng.h"
#include "image/camera/camera.h"
#include "pixels/pixels.h"
#include "train/json_numbers.h"
#include "train/probe.h"
#include "train/score.h"
#include "train/start.h"

namespace handlens::train {
namespace {

constexpr const char* kFormat = "handlens-camera-check";

std::filesystem::path FileIn(const std::filesystem::path& folder) { return folder / "camera.json"; }

// Validation pictures of all folds, rising: what the shared features are computed of.
std::vector<int> AllValidation(const split::Split& split) {
  std::set<int> pictures;
  for (const split::Fold& fold : split.folds) pictures.insert(fold.validation.begin(), fold.validation.end());
  return {pictures.begin(), pictures.end()};
}

// The classifier of a probe, which is all that its own file holds.
Result<LinearHead> ReadHead(const std::filesystem::path& folder) {
  HL_ASSIGN(const Bytes bytes, ReadFile(folder / "weights.safetensors"));
  HL_ASSIGN(const nn::Weights weights, nn::DecodeWeights(bytes));
  LinearHead head;
  for (const nn::Tensor& tensor : weights)
    (tensor.name.ends_with(".bias") ? head.bias : head.kernel) = tensor.values;
  return head;
}

class Check {
 public:
  Check(const TrialData& data, const std::filesystem::path& folder, const TrialResult& trial,
        Progress& progress)
      : data_(data),
        folder_(folder),
        trial_(trial),
        progress_(progress),
        classes_(static_cast<size_t>(trial.spec.architecture.classes)) {}

  Result<Predictions> Run() {
    for (const int picture : trial_.validation.pictures)
      predictions_.pictures.insert(predictions_.pictures.end(), kCameraShots, picture);
    predictions_.scores.resize(predictions_.pictures.size() * classes_);
    const bool probe = trial_.spec.start && trial_.spec.start->method == Method::kProbe;
    HL_TRY(probe ? ByFeatures() : ByNetwork());
    return std::move(predictions_);
  }

 private:
  std::span<float> Scores(size_t i) { return std::span(predictions_.scores).subspan(i * classes_, classes_); }

  Result<void> ByFeatures() {
    HL_ASSIGN(const backbone::Backbone* backbone, BackboneOf(*trial_.spec.start, data_.backbones));
    HL_ASSIGN(const LinearHead head, ReadHead(folder_));
    FeatureKey key{.backbone = backbone, .generator = {}, .views = 0, .seed = trial_.spec.seed};
    key.all_cuts = TakesAllCuts(*trial_.spec.start, data_, *backbone);
    key.shots = kCameraShots;
    key.of = AllValidation(*data_.split);
    key.backdrops = data_.backdrops;
    HL_ASSIGN(const auto features, data_.features->Get(key, *data_.pixels, progress_));
    for (size_t i = 0; i < predictions_.pictures.size(); ++i) {
      const auto shot = static_cast<int>(i % kCameraShots);
      Score(head, features->Of(static_cast<size_t>(predictions_.pictures[i]), shot, trial_.spec.start->cut),
            Scores(i));
    }
    return {};
  }

  Result<void> ByNetwork() {
    HL_ASSIGN(const nn::Weights weights, ReadTrialWeights(folder_));
    HL_ASSIGN(const auto network, nn::Network::Create(trial_.trained, 1, trial_.spec.recipe.optimizer));
    HL_TRY(network->LoadWeights(weights));
    std::vector<float> input(static_cast<size_t>(trial_.spec.size_px) *
                             static_cast<size_t>(trial_.spec.size_px) * 3);
    for (size_t i = 0; i < predictions_.pictures.size(); ++i) {
      if (progress_.StopRequested()) return Interrupted();
      const auto shot = static_cast<int>(i % kCameraShots);
      const std::vector<uint8_t> bytes =
          CameraShotOf(*data_.pixels, static_cast<size_t>(predictions_.pictures[i]), shot, trial_.spec.seed,
                       data_.backdrops);
      hl_feed_float(bytes.data(), bytes.size(), input.data());
      network->Predict(input, 1, Scores(i));
    }
    return {};
  }

  const TrialData& data_;
  const std::filesystem::path& folder_;
  const TrialResult& trial_;
  Progress& progress_;
  const size_t classes_;
  Predictions predictions_;
};

Result<void> Write(const std::filesystem::path& folder, const dataset::Dataset& dataset,
                   const TrialResult& result) {
  const SetScore score = ScoreOf(dataset, result.camera);
  Json scores = Json::array();
  for (const float value : result.camera.scores) scores.push_back(ShortNumber(value));
  Json json = {{"trial", result.id},
               {"shots", kCameraShots},
               {"accuracy", DoubleOrNull(score.accuracy)},
               {"loss", DoubleOrNull(score.loss)},
               {"pictures", result.camera.pictures},
               {"scores", scores}};
  if (!result.camera_backdrops.empty()) json["backgrounds"] = result.camera_backdrops;
  return WriteRecord(FileIn(folder), kFormat, 1, std::move(json));
}

std::string IdOf(const image::Backdrops* backdrops) { return backdrops == nullptr ? "" : backdrops->id(); }

}  // namespace

std::vector<uint8_t> CameraShotOf(const dataset::PixelSet& pixels, size_t picture, int shot, uint64_t seed,
                                  const image::Backdrops* backdrops) {
  return image::TypicalCameraInput(
      pixels.Picture(picture), pixels.size_px, pixels.size_px,
      backdrops == nullptr ? image::Backdrops::BuiltIn() : *backdrops,
      Rng(seed, "validation photograph", {static_cast<uint64_t>(picture), static_cast<uint64_t>(shot)}));
}

bool HasCameraCheck(const TrialResult& result, const image::Backdrops* backdrops) {
  return !result.camera.pictures.empty() && result.camera_backdrops == IdOf(backdrops);
}

Result<void> AddCameraCheck(const TrialData& data, const std::filesystem::path& folder, TrialResult& result,
                            Progress& progress) {
  HL_ASSIGN(result.camera, Check(data, folder, result, progress).Run());
  result.camera_backdrops = IdOf(data.backdrops);
  return Write(folder, *data.dataset, result);
}

void ReadCameraCheck(const std::filesystem::path& folder, TrialResult& result) {
  const auto json = ReadRecord(FileIn(folder), kFormat, 1);
  if (!json) return;
  auto read = FromJson(*json, FileIn(folder).string(), [](const Json& j) {
    Predictions predictions;
    predictions.pictures = j.at("pictures").get<std::vector<int>>();
    for (const Json& value : j.at("scores")) predictions.scores.push_back(NumberOrNan<float>(value));
    return predictions;
  });
  if (!read || json->value("trial", "") != result.id || json->value("shots", 0) != kCameraShots) return;
  const size_t wanted = result.validation.pictures.size() * kCameraShots;
  const bool whole = read->pictures.size() == wanted &&
                     read->scores.size() == wanted * static_cast<size_t>(result.spec.architecture.classes);
  for (size_t i = 0; whole && i < wanted; ++i) {
    if (read->pictures[i] != result.validation.pictures[i / kCameraShots]) return;
  }
  if (!whole) return;
  result.camera = *std::move(read);
  result.camera_backdrops = json->value("backgrounds", "");
}

}  // namespace handlens::train
