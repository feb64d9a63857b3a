// What makes a converted model careful: the temperature of its scores and the guard against strangers, each
// fitted on pictures that the model at hand did not learn from. Private to the room.
#pragma once

#include <optional>
#include <vector>

#include "base/progress.h"
#include "convert/convert.h"
#include "convert/guard.h"
#include "convert/temperature.h"
#include "train/train.h"

namespace handlens::convert {

// One model. `trial` and `weights` outlive the fit.
struct Careful {
  const train::TrialResult* trial = nullptr;
  const nn::Weights* weights = nullptr;
  std::vector<int> training;         // pictures that it trained on, some of every class
  Temperature temperature;           // fitted, and kept where it helps
  std::optional<int> feature_layer;  // of the engine's network; with a guard
  std::optional<Guard> guard;
};

// Fits all of them; the first is the final model, the others its folds'.
//   temperature and guard: a fold's by the validation pictures of all folds, each as its fold's model sees
//   it, but for pictures of its own test set; the final model's by all
// Without folds there is neither. Kind kInterrupted when progress asks to stop.
Result<void> MakeCareful(std::vector<Careful>& models, const Request& request, Progress& progress);

}  // namespace handlens::convert
