// Temperatures and guards of a run's models, see careful.h.
#include "convert/careful.h"

#include <algorithm>
#include <atomic>
#include <map>
#include <set>

#include "base/parallel.h"

namespace handlens::convert {
namespace {

// What the folds' models said of their validation pictures, but for those left out.
std::vector<ScoredTruth> Validated(const std::vector<Careful>& models, const std::set<int>& left_out,
                                   const dataset::Dataset& dataset) {
  std::vector<ScoredTruth> pictures;
  const size_t classes = dataset.labels.size();
  for (const Careful& model : models) {
    const train::Predictions& validation = model.trial->validation;
    for (size_t i = 0; i < validation.pictures.size(); ++i) {
      const int picture = validation.pictures[i];
      if (left_out.contains(picture)) continue;
      pictures.push_back({std::span(validation.scores).subspan(i * classes, classes),
                          dataset.pictures[static_cast<size_t>(picture)].label, picture});
    }
  }
  return pictures;
}

// A fold model's own test pictures, which nothing of it may be fitted on; none of the final model's.
std::set<int> TestedBy(const Careful& model, const Request& request) {
  const int fold = model.trial->spec.fold;
  if (fold < 0) return {};
  const std::vector<int>& test = request.data.split->folds[static_cast<size_t>(fold)].test;
  return {test.begin(), test.end()};
}

// Features of pictures. Probes of one backbone and cut share theirs.
class Extractor {
 public:
  Extractor(const Request& request, Progress& progress) : request_(request), progress_(progress) {}

  Result<Seen> Of(const Careful& model, const std::vector<int>& pictures) {
    auto& known = known_[KeyOf(*model.trial)];
    std::vector<int> missing;
    for (const int picture : pictures) {
      if (!known.contains(picture)) missing.push_back(picture);
    }
    HL_TRY(Compute(model, missing, known));
    Seen seen;
    for (const int picture : pictures) {
      seen.features.push_back(known.at(picture));
      seen.labels.push_back(request_.data.dataset->pictures[static_cast<size_t>(picture)].label);
    }
    return seen;
  }

 private:
  using ByPicture = std::map<int, std::vector<float>>;

  static std::string KeyOf(const train::TrialResult& trial) {
    const auto& start = trial.spec.start;
    const bool probe = start && start->method == train::Method::kProbe;
    return probe ? fmt::format("{} {}", start->hash, start->cut) : trial.id;
  }

  Result<void> Compute(const Careful& model, const std::vector<int>& pictures, ByPicture& known) {
    HL_ASSIGN(const std::vector<nn::Shape> shapes, nn::InferShapes(model.trial->trained));
    const auto width = static_cast<size_t>(shapes[static_cast<size_t>(*model.feature_layer)].channels);
    std::vector<std::vector<float>> made(pictures.size(), std::vector<float>(width));
    const size_t threads =
        std::clamp<size_t>(pictures.size(), 1, static_cast<size_t>(std::max(1, request_.jobs)));
    std::vector<Result<void>> outcomes(threads);
    ParallelFor(threads, static_cast<int>(threads), [&](size_t t) {
      outcomes[t] = Part(model, pictures, {t, threads}, made);
    });
    for (const Result<void>& outcome : outcomes) HL_TRY(outcome);
    for (size_t i = 0; i < pictures.size(); ++i) known[pictures[i]] = std::move(made[i]);
    return {};
  }

  // Every `share.second`th picture from `share.first` on.
  Result<void> Part(const Careful& model, const std::vector<int>& pictures, std::pair<size_t, size_t> share,
                    std::vector<std::vector<float>>& made) const {
    if (share.first >= pictures.size()) return {};
    HL_ASSIGN(const auto network,
              nn::Network::Create(model.trial->trained, 1, model.trial->spec.recipe.optimizer));
    HL_TRY(network->LoadWeights(*model.weights));
    const int layer[] = {*model.feature_layer};
    std::vector<float> input;
    for (size_t i = share.first; i < pictures.size(); i += share.second) {
      if (progress_.StopRequested()) return Interrupted();
      const auto bytes = request_.data.pixels->Picture(static_cast<size_t>(pictures[i]));
      input.clear();
      for (const uint8_t byte : bytes) input.push_back(static_cast<float>(byte) / 255.0f);
      network->Features(input, 1, layer, made[i]);
    }
    return {};
  }

  const Request& request_;
  Progress& progress_;
  std::map<std::string, ByPicture> known_;
};

// How familiar a fold's validation pictures look to its model.
struct Looked {
  std::vector<int> pictures;
  std::vector<std::vector<double>> familiarities;
};

Result<void> FitGuards(std::vector<Careful>& models, const Request& request, Progress& progress) {
  const std::optional<int> layer = FeatureLayer(models[0].trial->trained);
  if (!layer) return {};
  for (Careful& model : models) model.feature_layer = layer;
  const int classes = models[0].trial->trained.classes;
  Extractor extractor(request, progress);
  std::vector<Seen> trained(models.size());
  std::vector<std::vector<float>> log_means(models.size());
  std::vector<Looked> looked;
  for (size_t k = 0; k < models.size(); ++k) {
    HL_ASSIGN(trained[k], extractor.Of(models[k], models[k].training));
    log_means[k] = LogMeans(trained[k], classes);
    if (k == 0) continue;  // the final model has no validation pictures
    const std::vector<int>& validation = models[k].trial->validation.pictures;
    HL_ASSIGN(const Seen others, extractor.Of(models[k], validation));
    looked.push_back({validation, Familiarities(log_means[k], others)});
  }
  for (size_t k = 0; k < models.size(); ++k) {
    const std::set<int> left_out = TestedBy(models[k], request);
    std::vector<std::vector<double>> all;
    for (const Looked& fold : looked) {
      for (size_t i = 0; i < fold.pictures.size(); ++i) {
        if (!left_out.contains(fold.pictures[i])) all.push_back(fold.familiarities[i]);
      }
    }
    const std::optional<Bounds> bounds = FitBounds(std::move(all));
    if (!bounds) {  // one that cannot have a guard leaves all without: they are to be the same kind of model
      for (Careful& model : models) model.guard.reset();
      return {};
    }
    models[k].guard = MakeGuard(log_means[k], *bounds, trained[k]);
  }
  return {};
}

}  // namespace

Result<void> MakeCareful(std::vector<Careful>& models, const Request& request, Progress& progress) {
  if (models.size() < 2) return {};
  for (Careful& model : models) {
    model.temperature = ChooseTemperature(Validated(models, TestedBy(model, request), *request.data.dataset));
  }
  return request.strangers == Strangers::kNotSure ? FitGuards(models, request, progress) : Result<void>();
}

}  // namespace handlens::convert
