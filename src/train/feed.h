// Pictures on their way into the engine: which pictures a trial trains, validates and tests on, in which
// order each epoch, varied by the generator, and the normalisation fitted on them. No training here.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "train/train.h"

namespace handlens::train {

// A fold's pictures, or for kAllFolds all that is not held out as `train`. Kind kUsage: no such fold.
Result<split::Fold> PicturesOf(int fold, const TrialData& data);

// Mean and standard deviation of each channel over whole pictures in 0..1, from exact integer sums; std has
// Keras' 1e-6 added (ImageDataGenerator.standardize).
struct ChannelStatistics {
  float mean[3] = {0, 0, 0};
  float std[3] = {1, 1, 1};
};
ChannelStatistics FitNormalization(const dataset::PixelSet& pixels, std::span<const int> pictures);

// The architecture behind a leading kNormalize layer.
nn::ModelSpec WithNormalization(const nn::ModelSpec& spec);

// The training pictures in the order of one epoch: shuffled by (seed, fold, epoch) alone.
std::vector<int> EpochOrder(std::span<const int> pictures, const TrialSpec& spec, int epoch);

// Begin of batch i of n; batches differ by at most one picture, so that none is left too small for a batch
// norm.
inline size_t BatchBegin(size_t pictures, size_t batches, size_t i) { return pictures * i / batches; }

// Loss factor of each class so that all count alike: n / (classes * n of the class); 0 for a class without
// pictures.
std::vector<float> ClassWeights(const dataset::Dataset& dataset, std::span<const int> pictures);

// One training batch, varied by (seed, fold, epoch, picture): inputs (pictures, size, size, 3).
void FillVaried(const TrialSpec& spec, const TrialData& data, int epoch, std::span<const int> pictures,
                std::span<float> inputs);

// Pictures as they are, byte / 255.
void FillPlain(const dataset::PixelSet& pixels, std::span<const int> pictures, std::span<float> inputs);

}  // namespace handlens::train
