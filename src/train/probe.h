// The probe: a linear classifier on a frozen backbone's features (Alain and Bengio 2016), its strength of
// penalty chosen on validation pictures. Trials of Method::kProbe are nothing else; those of Method::kTune
// begin with it.
#pragma once

#include "train/features.h"
#include "train/logistic.h"
#include "train/train.h"

namespace handlens::train {

struct Probe {
  LinearHead head;
  double strength = 0;  // chosen from 3, 1, 0.3, ... 0.003
};

// Whether a trial's features are taken of all cuts: its own is a shallower one, or others of the run are.
bool TakesAllCuts(const Start& start, const TrialData& data, const backbone::Backbone& backbone);

// The features that `spec` (with a start) learns from.
Result<std::shared_ptr<const FeatureSet>> FeaturesOf(const TrialSpec& spec, const TrialData& data,
                                                     Progress& progress);

// Fits on the plain and varied views of spec.fold's training pictures; a picture counts as much as another
// whatever its views. The strength with the lowest mean loss over the plain and varied views of the
// validation pictures is chosen; for kAllFolds over those of all folds, each by a fit on that fold's training
// pictures. Kind kInterrupted when progress asks to stop.
Result<Probe> FitProbe(const TrialSpec& spec, const TrialData& data, const FeatureSet& features,
                       Progress& progress);

// The tensors of the last layer of `architecture`.
nn::Weights HeadWeights(const nn::ModelSpec& architecture, const LinearHead& head);

// A trial of Method::kProbe, see RunTrial.
Result<TrialResult> RunProbe(const TrialSpec& spec, const TrialData& data,
                             const std::filesystem::path& folder, Progress& progress);

}  // namespace handlens::train
