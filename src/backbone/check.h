// What every backbone must be, wherever it came from.
#pragma once

#include "backbone/backbone.h"

namespace handlens::backbone {

// Name, cuts, and the weights' names, shapes and numbers. Kind kUsage; the message is half a sentence about
// "it".
Result<void> Check(const Backbone& backbone);

// The weights of a spec that ends with features, as nn::WeightShapes gives them for a classifier. Errors as
// that.
Result<std::vector<nn::WeightShape>> FeatureShapes(const nn::ModelSpec& spec);

}  // namespace handlens::backbone
