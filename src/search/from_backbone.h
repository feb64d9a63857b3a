// Models that begin with a backbone: what their names mean, and the architecture, start and recipe behind a
// name.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "search/search.h"

namespace handlens::search {

// "lite0-probe", "lite0-tail", "lite0-tune", "lite0-train", each also of a shallower cut: "lite0-cut4-tune".
struct BackboneModel {
  const backbone::Backbone* backbone = nullptr;
  int cut = 0;  // index into Backbone::cuts
  enum class Training { kProbe, kTail, kTune, kTrain } training = Training::kProbe;
};

std::string NameOf(const BackboneModel& model);

// The models that `name` stands for: a backbone's alone ("lite0", "lite0-cut4") is its probe and its tune.
// Nothing when it begins with no backbone's name. Kind kUsage for one that does, and then means nothing; says
// what would be right.
Result<std::vector<BackboneModel>> BackboneModels(std::string_view name,
                                                  const std::vector<const backbone::Backbone*>& backbones);

// The backbone that a model of this name would begin with, whether it is there or not: "leaves" of
// "leaves-cut4-tune". Empty when the name is no such model's.
std::string BackboneNamedBy(std::string_view model);

// Varied views that a probe learns from: so many that some 4,500 pictures are looked at, but 1 to 8 of each.
int ViewsOf(size_t pictures);

// What depends on the pictures, not on the model.
struct BackboneTraining {
  size_t pictures = 0;      // of the dataset
  bool unbalanced = false;  // classes count alike in the loss
  int classes = 0;
  train::Recipe own =
      {};  // of networks from scratch (PresetRecipe), which kTrain follows, half as long at a smaller rate
};

// The candidate, generator as given. Kind kUsage when the backbone does not fit the size.
Result<Candidate> BackboneCandidate(const BackboneModel& model, int size_px,
                                    const image::GeneratorSpec& generator, const BackboneTraining& training);

}  // namespace handlens::search
