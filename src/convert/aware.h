// Quantization-aware training: the folded model as a network that computes in training what its int8 file
// will compute (Jacob et al. 2018): kernels rounded from float numbers before every step, activations rounded
// to their calibrated ranges, the gradient straight through. No files here, and no ranges of its own. Private
// to the room.
#pragma once

#include <vector>

#include "base/progress.h"
#include "convert/convert.h"
#include "convert/folded.h"
#include "train/train.h"

namespace handlens::convert {

// The network, and which of its layers holds the numbers of each folded layer (-1: it has none).
struct AwareNetwork {
  nn::ModelSpec spec;
  std::vector<int> layer_of;
};
// `calibration` must be of this model. ReLUs disappear: the range of what follows them begins at zero. Max
// pools come before the rounding of what they pool, which is the same function and keeps the engine's fused
// kernels.
AwareNetwork MakeAware(const FoldedModel& model, const Calibration& calibration);

// The folded model's numbers as the network's, and the network's in the folded model.
nn::Weights WeightsOf(const FoldedModel& model, const AwareNetwork& network);
void TakeWeights(const nn::Weights& weights, const AwareNetwork& network, FoldedModel& model);

// How a model that was trained by `trained` is fine-tuned: docs/quantization.md.
train::Recipe AwareRecipe(const train::Recipe& trained);

// One model to fine-tune on the training pictures of the trial that trained it, with that trial's generator
// and seed. It learns what the model as trained says of them, not the labels: the same answers are what the
// int8 file is for.
struct Tuning {
  const FoldedModel* model = nullptr;
  const Calibration* calibration = nullptr;
  const train::TrialSpec* trial = nullptr;
  train::Teacher trained;
  FoldedModel* tuned = nullptr;  // receives the model with its new numbers
};

// Fine-tunes all, each in one of request.jobs threads; the bits do not depend on how many. What is done
// stands in request.out as tuned-*.safetensors until RemoveTuned, so that a step that was stopped does it
// once. Errors as train::FineTune, the first of `tunings` that has one.
Result<void> TrainAware(const std::vector<Tuning>& tunings, const Request& request, Progress& progress);
void RemoveTuned(const std::filesystem::path& out);

}  // namespace handlens::convert
