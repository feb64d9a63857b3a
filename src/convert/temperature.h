// How sure a model may call itself: one number that all logits are divided by (temperature scaling, Guo et
// al. 2017), fitted on validation pictures and multiplied into the last layer. It changes no answer, only how
// sure the answer claims to be.
#pragma once

#include <span>
#include <vector>

#include "convert/folded.h"

namespace handlens::convert {

struct Calibration;

// Softmax scores (classes) that a model gave a picture which it did not train on, and the picture's label.
struct ScoredTruth {
  std::span<const float> scores;
  int truth = 0;
  int picture = 0;  // its place in the data set
};

// The temperature, 0.05..20, with the lowest mean cross-entropy. The target of the true class is (n + 1) / (n
// + 2), not 1 (Platt 1999), the rest spread over the others: pictures that are all right are no proof of
// certainty. 1 without pictures.
double FitTemperature(std::span<const ScoredTruth> pictures);

struct Temperature {
  double fitted = 1, kept = 1;
};
// The fitted temperature, kept only where one is seen to help; else 1. The pictures are parted in five by
// their place in the data set; each part is judged by the temperature that the other four give. It helps when
// the cross-entropy is lower there (one-sided, 95 %: the mean of the paired differences by the normal
// distribution) and the expected calibration error no higher. Without this test nearly perfect models were
// harmed: Platt's targets make them less sure than they may be (docs/studies/abstain.md). Fewer than ten
// pictures show nothing.
Temperature ChooseTemperature(std::span<const ScoredTruth> pictures);

// Whether the last layer is one whose numbers can be divided: dense or convolution, without an activation.
bool CanCool(const FoldedModel& model);
// Divides the logits by `temperature`: the last layer's numbers, and what the calibration says of it. int8
// files then hold the same integers as before, with another scale.
void Cool(double temperature, FoldedModel& model);
void Cool(double temperature, Calibration& calibration);
// The same for the engine's weights of the last layer.
void Cool(double temperature, const nn::ModelSpec& spec, nn::Weights& weights);

}  // namespace handlens::convert
