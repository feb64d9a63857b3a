// The probe, see probe.h.
#include "train/probe.h"

#include <array>
#include <chrono>
#include <cmath>
#include <limits>

#include "base/disk.h"
#include "image/exact_math.h"
#include "train/feed.h"
#include "train/record.h"
#include "train/score.h"
#include "train/start.h"

namespace handlens::train {
namespace {

// From strong to weak, as LogisticFit wants them. Wide enough that neither end is chosen on the sets of
// docs/studies/transfer.md.
constexpr std::array kStrengths = {3.0, 1.0, 0.3, 0.1, 0.03, 0.01, 0.003};

struct Path {
  std::vector<LinearHead> heads;  // by strength, as far as it went
  std::vector<double> losses;     // of validation pictures: sums over views, (1 + views) a picture
};

double NowSeconds() {
  return std::chrono::duration<double>(std::chrono::steady_clock::now().time_since_epoch()).count();
}

class Fitter {
 public:
  Fitter(const TrialSpec& spec, const TrialData& data, const FeatureSet& features, Progress& progress)
      : spec_(spec), data_(data), features_(features), progress_(progress) {}

  Result<Probe> Run() {
    HL_ASSIGN(const split::Fold own, PicturesOf(spec_.fold, data_));
    if (own.train.empty())
      return Fail(ErrorKind::kBadInput, "fold {} has no training pictures", spec_.fold + 1);
    if (spec_.fold != kAllFolds) {
      HL_ASSIGN(Path path, FitPath(own));
      const size_t best = Best(path.losses);
      return Probe{std::move(path.heads[best]), kStrengths[best]};
    }
    std::vector<double> losses(kStrengths.size(), 0.0);
    for (const split::Fold& fold : data_.split->folds) {
      HL_ASSIGN(const Path path, FitPath(fold));
      for (size_t s = 0; s < losses.size(); ++s) losses[s] += path.losses[s];
    }
    const size_t best = Best(losses);
    HL_ASSIGN(LogisticFit fit, Begin(own.train));
    LinearHead head = fit.Solve(kStrengths[best], progress_);
    if (progress_.StopRequested()) return Interrupted();
    return Probe{std::move(head), kStrengths[best]};
  }

 private:
  int Label(int picture) const { return data_.dataset->pictures[static_cast<size_t>(picture)].label; }
  int Views() const { return features_.rows; }
  std::span<const float> Of(int picture, int view) const {
    return features_.Of(static_cast<size_t>(picture), view, spec_.start->cut);
  }
  // Without validation pictures the middle one.
  static size_t Best(const std::vector<double>& losses) {
    const auto best = std::min_element(losses.begin(), losses.end());
    return *best > 0 ? static_cast<size_t>(best - losses.begin()) : kStrengths.size() / 2;
  }

  Result<LogisticFit> Begin(const std::vector<int>& pictures) {
    const std::vector<float> class_weights = spec_.recipe.class_weights
                                                 ? ClassWeights(*data_.dataset, pictures)
                                                 : std::vector<float>(data_.dataset->labels.size(), 1.0f);
    samples_.emplace(Of(pictures.front(), 0).size(), spec_.architecture.classes);
    for (const int picture : pictures) {
      const double weight = static_cast<double>(class_weights[static_cast<size_t>(Label(picture))]) / Views();
      for (int view = 0; view < Views(); ++view) samples_->Add(Of(picture, view), Label(picture), weight);
    }
    return LogisticFit::Create(*samples_);
  }

  double Loss(const LinearHead& head, const std::vector<int>& pictures) const {
    std::vector<float> scores(static_cast<size_t>(spec_.architecture.classes));
    double loss = 0;
    for (const int picture : pictures) {
      for (int view = 0; view < Views(); ++view) {
        Score(head, Of(picture, view), scores);
        loss -= image::Log(std::max(static_cast<double>(scores[static_cast<size_t>(Label(picture))]), 1e-7));
      }
    }
    return loss;
  }

  Result<Path> FitPath(const split::Fold& fold) {
    HL_ASSIGN(LogisticFit fit, Begin(fold.train));
    Path path;
    for (const double strength : kStrengths) {
      path.heads.push_back(fit.Solve(strength, progress_));
      if (progress_.StopRequested()) return Interrupted();
      path.losses.push_back(Loss(path.heads.back(), fold.validation));
    }
    return path;
  }

  const TrialSpec& spec_;
  const TrialData& data_;
  const FeatureSet& features_;
  Progress& progress_;
  std::optional<LogisticSamples> samples_;
};

}  // namespace

bool TakesAllCuts(const Start& start, const TrialData& data, const backbone::Backbone& backbone) {
  return data.all_cuts || !backbone::IsLastCut(backbone, start.cut);
}

Result<std::shared_ptr<const FeatureSet>> FeaturesOf(const TrialSpec& spec, const TrialData& data,
                                                     Progress& progress) {
  HL_CHECK(spec.start && data.features);
  HL_ASSIGN(const backbone::Backbone* backbone, BackboneOf(*spec.start, data.backbones));
  return data.features->Get(
      {backbone, spec.generator, spec.start->views, spec.seed, TakesAllCuts(*spec.start, data, *backbone)},
      *data.pixels, progress);
}

Result<Probe> FitProbe(const TrialSpec& spec, const TrialData& data, const FeatureSet& features,
                       Progress& progress) {
  return Fitter(spec, data, features, progress).Run();
}

nn::Weights HeadWeights(const nn::ModelSpec& architecture, const LinearHead& head) {
  const auto classes = static_cast<size_t>(architecture.classes);
  const std::string layer = std::to_string(architecture.layers.size() - 1);
  return {{layer + ".kernel",
           {static_cast<int>(head.kernel.size() / classes), architecture.classes},
           head.kernel},
          {layer + ".bias", {architecture.classes}, head.bias}};
}

Result<TrialResult> RunProbe(const TrialSpec& spec, const TrialData& data,
                             const std::filesystem::path& folder, Progress& progress) {
  progress.Begin(spec.model, 1, "fits");
  HL_TRY(MakeFolder(folder));
  HL_ASSIGN(const auto features, FeaturesOf(spec, data, progress));
  const double begun = NowSeconds();
  HL_ASSIGN(const Probe probe, FitProbe(spec, data, *features, progress));
  HL_ASSIGN(const split::Fold pictures, PicturesOf(spec.fold, data));
  const auto predict = [&](const std::vector<int>& of) {
    const auto classes = static_cast<size_t>(spec.architecture.classes);
    Predictions result{of, std::vector<float>(of.size() * classes)};
    for (size_t i = 0; i < of.size(); ++i) {
      Score(probe.head, features->Of(static_cast<size_t>(of[i]), 0, spec.start->cut),
            std::span(result.scores).subspan(i * classes, classes));
    }
    return result;
  };
  TrialResult result;
  result.train = predict(pictures.train);
  result.validation = predict(pictures.validation);
  result.test = predict(pictures.test);
  FillScores(*data.dataset, result);
  HL_ASSIGN(const nn::ModelCost cost, nn::Cost(spec.architecture, 1));
  result.id = TrialId(spec, DataFingerprint(*data.dataset, *data.split, data.pixels->fit));
  result.spec = spec;
  result.trained = spec.architecture;
  result.parameters = cost.parameters;
  result.strength = probe.strength;
  result.epochs = {{static_cast<float>(result.train_loss), static_cast<float>(result.train_accuracy),
                    static_cast<float>(result.validation_loss),
                    static_cast<float>(result.validation_accuracy)}};
  HL_TRY(WriteFileAtomic(folder / "events.jsonl", EventLine(1, result.epochs[0], 0)));
  result.seconds = NowSeconds() - begun;
  HL_TRY(WriteTrial(folder, result, HeadWeights(spec.architecture, probe.head)));
  progress.End(spec.fold == kAllFolds
                   ? fmt::format("{}: fitted on {} pictures", spec.model, result.train.pictures.size())
                   : fmt::format("{}: test accuracy {:.3f}", spec.model, result.test_accuracy));
  return result;
}

}  // namespace handlens::train
