// Models that begin with a backbone, see from_backbone.h.
#include "search/from_backbone.h"

#include <algorithm>
#include <charconv>

#include "split/usual.h"
#include "train/start.h"

namespace handlens::search {
namespace {

using Training = BackboneModel::Training;

constexpr std::pair<Training, std::string_view> kTrainings[] = {{Training::kProbe, "probe"},
                                                                {Training::kTail, "tail"},
                                                                {Training::kTune, "tune"},
                                                                {Training::kTrain, "train"}};

// Fewer steps than this leave a gentle training where it began.
constexpr int kTuneSteps = 200;

// A fifth of what networks from scratch begin with, and half as long (docs/studies/transfer.md).
constexpr float kTrainRate = 0.02f;

// "cut4": 4. Nothing when it is no cut of the backbone.
std::optional<int> CutOf(std::string_view word, const backbone::Backbone& backbone) {
  int cut = 0;
  const auto [end, error] = std::from_chars(word.data() + 3, word.data() + word.size(), cut);
  const bool whole = error == std::errc() && end == word.data() + word.size();
  return whole && cut >= 0 && static_cast<size_t>(cut) < backbone.cuts.size() ? std::optional(cut)
                                                                              : std::nullopt;
}

tl::unexpected<Error> Meaningless(std::string_view name, const backbone::Backbone& backbone) {
  return Fail(ErrorKind::kUsage,
              "unknown model \"{}\"; of the backbone {} there are {}-probe, {}-tail, {}-tune and {}-train, "
              "and cut behind one of its blocks {}-cut0-probe to {}-cut{}-train",
              name, backbone.name, backbone.name, backbone.name, backbone.name, backbone.name, backbone.name,
              backbone.name, backbone.cuts.size() - 1);
}

// The first layer that a tail trains: behind two thirds of the blocks that the cut keeps.
int TailLayer(const BackboneModel& model) {
  const int blocks = model.cut + 1, frozen = blocks * 2 / 3;
  return frozen == 0 ? 0 : model.backbone->cuts[static_cast<size_t>(frozen - 1)] + 1;
}

}  // namespace

std::string NameOf(const BackboneModel& model) {
  const auto training = std::find_if(std::begin(kTrainings), std::end(kTrainings),
                                     [&](const auto& t) { return t.first == model.training; });
  const bool whole = backbone::IsLastCut(*model.backbone, model.cut);
  return fmt::format("{}{}-{}", model.backbone->name, whole ? "" : fmt::format("-cut{}", model.cut),
                     training->second);
}

Result<std::vector<BackboneModel>> BackboneModels(std::string_view name,
                                                  const std::vector<const backbone::Backbone*>& backbones) {
  const backbone::Backbone* found = nullptr;  // of two that fit ("lite0", "lite0-mine") the longer name
  for (const backbone::Backbone* backbone : backbones) {
    const bool fits = name == backbone->name || name.starts_with(backbone->name + "-");
    if (fits && (!found || backbone->name.size() > found->name.size())) found = backbone;
  }
  if (!found) return std::vector<BackboneModel>();
  BackboneModel model{found, static_cast<int>(found->cuts.size()) - 1, Training::kProbe};
  std::string_view rest = name.substr(found->name.size());
  if (rest.starts_with("-cut")) {
    const std::string_view word = rest.substr(1, rest.find('-', 1) - 1);
    const std::optional<int> cut = CutOf(word, *found);
    if (!cut) return Meaningless(name, *found);
    model.cut = *cut;
    rest.remove_prefix(1 + word.size());
  }
  if (rest.empty()) {
    BackboneModel tuned = model;
    tuned.training = Training::kTune;
    return std::vector{model, tuned};
  }
  const auto training = std::find_if(std::begin(kTrainings), std::end(kTrainings),
                                     [&](const auto& t) { return rest.substr(1) == t.second; });
  if (training == std::end(kTrainings)) return Meaningless(name, *found);
  model.training = training->first;
  return std::vector{model};
}

std::string BackboneNamedBy(std::string_view model) {
  std::string_view rest = model;
  bool named = false;
  for (const auto& [training, word] : kTrainings) {
    if (!rest.ends_with(fmt::format("-{}", word))) continue;
    rest.remove_suffix(1 + word.size());
    named = true;
    break;
  }
  const size_t cut = rest.rfind("-cut");
  if (cut != std::string_view::npos && cut + 4 < rest.size() &&
      rest.find_first_not_of("0123456789", cut + 4) == std::string_view::npos) {
    rest = rest.substr(0, cut);
    named = true;
  }
  return named || rest == backbone::kUsual ? std::string(rest) : "";
}

int ViewsOf(size_t pictures) {
  constexpr size_t kLookedAt = 4500;
  return static_cast<int>(std::clamp<size_t>(kLookedAt / std::max<size_t>(pictures, 1), 2, 9)) - 1;
}

Result<Candidate> BackboneCandidate(const BackboneModel& model, int size_px,
                                    const image::GeneratorSpec& generator, const BackboneTraining& training) {
  if (generator.featurewise) {
    return Fail(ErrorKind::kUsage,
                "{} brings its own normalisation; generator {} wants another: use mild or camera",
                NameOf(model), generator.name);
  }
  Candidate candidate;
  candidate.model = NameOf(model);
  candidate.size_px = size_px;
  candidate.generator = generator;
  HL_ASSIGN(candidate.architecture,
            backbone::Classifier(*model.backbone, model.cut, size_px, training.classes));
  candidate.architecture.name = candidate.model;
  const bool probe = model.training == Training::kProbe;
  if (probe)
    train::FreezeUpTo(candidate.architecture, static_cast<int>(candidate.architecture.layers.size()) - 1);
  if (model.training == Training::kTail) train::FreezeUpTo(candidate.architecture, TailLayer(model));
  candidate.recipe = probe ? train::ProbeRecipe() : train::TuneRecipe();
  if (model.training == Training::kTrain) {
    for (nn::LayerSpec& layer : candidate.architecture.layers) layer.fixed_statistics = false;
    candidate.recipe = training.own;
    candidate.recipe.learning_rate = kTrainRate;
    candidate.recipe.epochs = (candidate.recipe.epochs + 1) / 2;
  }
  candidate.recipe.class_weights = training.unbalanced;
  if (model.training == Training::kTune || model.training == Training::kTail) {
    const int batch = candidate.recipe.batch,
              steps =
                  std::max(1, (static_cast<int>(split::TrainedOf(training.pictures)) + batch - 1) / batch);
    candidate.recipe.epochs = std::max(candidate.recipe.epochs, (kTuneSteps + steps - 1) / steps);
  }
  candidate.start = {model.backbone->name, model.backbone->hash, model.cut,
                     probe ? train::Method::kProbe : train::Method::kTune, ViewsOf(training.pictures)};
  return candidate;
}

}  // namespace handlens::search
