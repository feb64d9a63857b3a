// Where a trial begins when it does not begin from nothing: a backbone's layers and weights, which of them
// stay frozen, and which of a trial's weights its files hold.
#pragma once

#include <filesystem>

#include "train/train.h"

namespace handlens::train {

Json ToJson(const Start& start);
Result<Start> StartFromJson(const Json& json);

// Layers before `layer` keep their weights.
void FreezeUpTo(nn::ModelSpec& spec, int layer);

// Every tensor of `by` replaces the one of its name. Kind kBadInput when there is none of that name and
// shape.
Result<void> Overlay(nn::Weights& weights, const nn::Weights& by);

// Those of layers that are not frozen: what training may have changed.
nn::Weights WithoutFrozen(const nn::ModelSpec& spec, nn::Weights weights);

// The one of `backbones` that `start` names. Kind kBadInput when it is not there.
Result<const backbone::Backbone*> BackboneOf(const Start& start,
                                             const std::vector<const backbone::Backbone*>& backbones);

}  // namespace handlens::train
