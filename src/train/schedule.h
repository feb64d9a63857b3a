// The learning rate of every step. Exact operations only: the rate feeds weights, so libm's cos stays out.
#pragma once

#include <cstdint>

#include "train/train.h"

namespace handlens::train {

// cos(pi * x) for x in [0, 1], by a Taylor polynomial on [0, 1/4]; error under 1e-14.
double CosPi(double x);

// Rate of `step` (from 0) of a training of `epochs` x `steps_per_epoch`. Warm-up is linear, its first step
// already above zero; then constant, or half a cosine that ends at zero (Loshchilov and Hutter 2017).
float LearningRate(const Recipe& recipe, int64_t step, int64_t steps_per_epoch);

}  // namespace handlens::train
