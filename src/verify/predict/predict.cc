// Predict: one model, many pictures.
#include "verify/predict.h"

#include <algorithm>
#include <atomic>
#include <memory>
#include <mutex>
#include <optional>
#include <set>

#include "base/disk.h"
#include "base/parallel.h"
#include "base/text.h"
#include "describe/describe.h"
#include "image/image.h"

namespace handlens::verify {
namespace {

namespace fs = std::filesystem;

Result<void> CheckShapes(const tflite::ModelInfo& info, const Feeding& feeding, std::string_view name) {
  const std::vector<int>& in = info.input_shape;
  if (in.size() != 4 || in[0] != 1 || in[1] != in[2] || in[1] < 1 || in[1] > 4096 || in[3] != 3) {
    return Fail(ErrorKind::kBadInput, "{}: its input is not one square RGB picture of at most 4096 pixels",
                name);
  }
  if (feeding.labels.empty()) {
    return Fail(ErrorKind::kBadInput,
                "{}: has no labels in its metadata; only classifiers with metadata can be used", name);
  }
  const size_t outputs =
      info.output_shape.empty() ? 0 : static_cast<size_t>(std::max(0, info.output_shape.back()));
  if (outputs != feeding.labels.size()) {
    return Fail(ErrorKind::kBadInput, "{}: {} outputs for {} labels", name, outputs, feeding.labels.size());
  }
  return {};
}

// A foreign float model's scale by the standard metadata.
Result<void> ReadNormalization(const tflite::ModelInfo& info, std::string_view name, Feeding& feeding) {
  if (info.input_type != tflite::Type::kFloat32) return {};
  const auto fits = [](const std::vector<float>& v) { return v.size() == 1 || v.size() == 3; };
  if (info.norm_mean.empty() || info.norm_std.empty()) {
    feeding.warnings.push_back(
        fmt::format("{}: says nothing about normalisation; byte / 255 is assumed", name));
    return {};
  }
  const bool divides =
      std::none_of(info.norm_std.begin(), info.norm_std.end(), [](float s) { return s == 0; });
  if (!fits(info.norm_mean) || !fits(info.norm_std) || !divides) {
    return Fail(ErrorKind::kBadInput, "{}: its metadata's normalisation makes no sense for three channels",
                name);
  }
  feeding.mean = info.norm_mean;
  feeding.std = info.norm_std;
  return {};
}

struct Reader {
  const Feeding& feeding;
  image::Fit fit;
  bool plain;  // the model takes bytes as the pixel contract feeds them
  tflite::Kernels kernels;
  std::span<const uint8_t> model;
};

Result<std::vector<float>> Scores(tflite::Judge& judge, const Reader& reader,
                                  std::span<const uint8_t> pixels) {
  if (reader.plain) return judge.Classify(pixels);
  const Feeding& f = reader.feeding;
  std::vector<float> values(pixels.size());
  for (size_t i = 0; i < pixels.size(); ++i) {
    const float mean = f.mean[f.mean.size() == 1 ? 0 : i % 3];
    const float std = f.std[f.std.size() == 1 ? 0 : i % 3];
    values[i] = (static_cast<float>(pixels[i]) - mean) / std;
  }
  return judge.ClassifyValues(values);
}

// Judges that are not in use. The model may be a stranger's, so each runs it apart from the program.
class Judges {
 public:
  explicit Judges(const Reader& reader) : reader_(reader) {}
  Result<std::unique_ptr<tflite::Judge>> Take() {
    {
      const std::lock_guard lock(mutex_);
      if (failed_) return tl::make_unexpected(*failed_);
      if (!idle_.empty()) {
        auto judge = std::move(idle_.back());
        idle_.pop_back();
        return judge;
      }
    }
    auto judge = tflite::Judge::LoadApart(reader_.model, reader_.kernels);
    if (!judge) GiveUp(judge.error());
    return judge;
  }
  void Return(std::unique_ptr<tflite::Judge> judge) {
    const std::lock_guard lock(mutex_);
    idle_.push_back(std::move(judge));
  }
  // The model, not a picture, is to blame: it is asked no more.
  void GiveUp(const Error& error) {
    const std::lock_guard lock(mutex_);
    if (!failed_) failed_ = error;
  }
  std::optional<Error> failed() {
    const std::lock_guard lock(mutex_);
    return failed_;
  }

 private:
  const Reader& reader_;
  std::mutex mutex_;
  std::vector<std::unique_ptr<tflite::Judge>> idle_;
  std::optional<Error> failed_;
};

Result<void> PredictOne(const Reader& reader, Judges& judges, const fs::path& save, Prediction& prediction) {
  HL_ASSIGN(const image::Decoded decoded, image::DecodeFile(prediction.path));
  const std::vector<uint8_t> pixels = image::ModelInput(decoded.image, reader.feeding.size_px, reader.fit);
  HL_ASSIGN(auto judge, judges.Take());
  auto scores = Scores(*judge, reader, pixels);
  if (!scores) {
    judges.GiveUp(scores.error());
    return tl::make_unexpected(scores.error());
  }
  prediction.scores = *std::move(scores);
  judges.Return(std::move(judge));
  const auto best = std::max_element(prediction.scores.begin(), prediction.scores.end());
  prediction.label = reader.feeding.labels[static_cast<size_t>(best - prediction.scores.begin())];
  prediction.score = static_cast<double>(*best);
  prediction.not_sure = prediction.score < reader.feeding.not_sure_below;
  if (reader.feeding.sets)
    prediction.possible = describe::LabelsFrom(reader.feeding.sets->from, prediction.scores);
  if (const auto& referral = reader.feeding.referral) {
    const auto score = static_cast<double>(prediction.scores[referral->label]);
    if (score >= referral->from) prediction.referred = score;
  }
  if (save.empty()) return {};
  const int n = reader.feeding.size_px;
  HL_TRY(WriteFileAtomic(save, image::EncodePng(pixels, n, n)));
  prediction.saved_input = save.string();
  return {};
}

// A file name for each picture's input: its own stem, numbered where two pictures share one.
std::vector<fs::path> SavePlaces(const PredictOptions& options) {
  std::vector<fs::path> places(options.pictures.size());
  if (options.save_input.empty()) return places;
  std::set<std::string> taken;
  for (size_t i = 0; i < places.size(); ++i) {
    const std::string stem = options.pictures[i].stem().string();
    std::string name = stem;
    for (int number = 2; !taken.insert(name).second; ++number) name = fmt::format("{}-{}", stem, number);
    places[i] = options.save_input / (name + ".png");
  }
  return places;
}

}  // namespace

Result<Feeding> FeedingOf(const tflite::ModelInfo& info, std::string_view model_name) {
  Feeding feeding;
  if (!info.preprocess_json.empty()) {
    HL_ASSIGN(const auto d, describe::DescriptionFromJson(info.preprocess_json,
                                                          fmt::format("{}/preprocess.json", model_name)));
    feeding.labels = d.labels;
    feeding.fit = d.fit;
    feeding.size_px = d.size_px;
    feeding.not_sure_below = d.not_sure_below;
    if (d.answering) feeding.sets = d.answering->sets;
    feeding.referral = d.referral;
    feeding.notice = d.notice;
    HL_TRY(CheckShapes(info, feeding, model_name));
    if (info.labels != d.labels || info.input_shape[1] != d.size_px) {
      return Fail(ErrorKind::kBadInput, "{}: its preprocess.json is not this model's; describe it again",
                  model_name);
    }
    return feeding;
  }
  feeding.labels = info.labels;
  HL_TRY(CheckShapes(info, feeding, model_name));
  feeding.size_px = info.input_shape[1];
  feeding.fit = "crop";
  feeding.warnings.push_back(fmt::format("{}: not made by handlens; the fit 'crop' is assumed", model_name));
  HL_TRY(ReadNormalization(info, model_name, feeding));
  return feeding;
}

Result<Predictions> Predict(std::span<const uint8_t> model, std::string_view model_name,
                            const PredictOptions& options, Progress& progress) {
  const auto info = tflite::ReadModelInfo(model);
  if (!info) return Fail(info.error().kind, "{}: {}", model_name, info.error().message);
  HL_ASSIGN(const Feeding feeding, FeedingOf(*info, model_name));
  HL_ASSIGN(const image::Fit fit, image::ParseFit(options.fit.empty() ? feeding.fit : options.fit));
  Reader reader{feeding, fit, feeding.mean.empty(), options.kernels, model};
  Judges judges(reader);
  auto first = judges.Take();
  if (!first) return Fail(first.error().kind, "{}: {}", model_name, first.error().message);
  Predictions result;
  result.runtime_version = (*first)->RuntimeVersion();
  judges.Return(*std::move(first));
  result.labels = feeding.labels;
  result.size_px = feeding.size_px;
  result.fit = image::FitName(fit);
  result.not_sure_below = feeding.not_sure_below;
  result.sets = feeding.sets;
  result.referral = feeding.referral;
  result.notice = feeding.notice;
  result.warnings = feeding.warnings;
  result.pictures.resize(options.pictures.size());
  const std::vector<fs::path> places = SavePlaces(options);
  progress.Begin("predict", static_cast<double>(options.pictures.size()), "pictures");
  std::atomic<size_t> done = 0;
  ParallelFor(options.pictures.size(), options.jobs, [&](size_t i) {
    if (progress.StopRequested()) return;
    Prediction& prediction = result.pictures[i];
    prediction.path = options.pictures[i].string();
    if (const auto made = PredictOne(reader, judges, places[i], prediction); !made)
      prediction.error = made.error().message;
    progress.Update(static_cast<double>(++done), "");
  });
  if (progress.StopRequested()) return Interrupted();
  if (const auto failed = judges.failed()) return Fail(failed->kind, "{}: {}", model_name, failed->message);
  progress.End(Plural(options.pictures.size(), "picture", "pictures"));
  return result;
}

}  // namespace handlens::verify
