// One epoch of training steps, which a trial and the fine-tuning of a trained model share: batches in the
// epoch's order, varied pictures, class weights, the schedule's rate. No files, no validation.
#pragma once

#include <functional>
#include <span>
#include <vector>

#include "train/train.h"

namespace handlens::train {

// What stays the same over the epochs of one training.
struct Course {
  const TrialSpec* spec = nullptr;
  const TrialData* data = nullptr;
  std::span<const int> pictures = {};         // to train on
  std::span<const float> class_weights = {};  // factor of each class's loss; empty = all 1
  nn::Network* teacher = nullptr;             // what it says is learnt; null: the labels
};

struct EpochSums {
  double loss = 0;  // sum over pictures, as seen in training
  int correct = 0;
  float rate = 0;  // of the last step
};

// Steps of one epoch: ceil(pictures / batch).
size_t StepsPerEpoch(size_t pictures, const Recipe& recipe);

// Trains `network` for epoch `epoch` (from 0). `inputs` is scratch for one batch, (batch, size, size, 3).
// `stops` is asked before each step; kInterrupted when it says yes.
Result<EpochSums> TrainEpoch(nn::Network& network, const Course& course, int epoch, std::span<float> inputs,
                             const std::function<bool()>& stops);

}  // namespace handlens::train
