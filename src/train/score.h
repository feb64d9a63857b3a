// How right predictions are: accuracy and cross-entropy over whole sets of pictures.
#pragma once

#include "train/train.h"

namespace handlens::train {

struct SetScore {
  double accuracy = 0, loss = 0;
};

// Mean cross-entropy (natural logarithm, scores no smaller than 1e-7 as in Keras) and accuracy; zeros without
// pictures.
SetScore ScoreOf(const dataset::Dataset& dataset, const Predictions& predictions);

// Accuracy and loss of `result`'s three sets, from their predictions.
void FillScores(const dataset::Dataset& dataset, TrialResult& result);

}  // namespace handlens::train
