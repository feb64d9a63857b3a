// Which method the int8 files take where the user leaves it open: rounding after training, unless validation
// pictures show that it loses too much and fine-tuning loses less. Private to the room.
#pragma once

#include <vector>

#include "base/json.h"
#include "convert/convert.h"

namespace handlens::convert {

// A float and its int8 file before the same pictures, by the official runtime.
struct Comparison {
  size_t n = 0, agree = 0, float_right = 0, int8_right = 0;
  Comparison& operator+=(const Comparison& other);
};
// Kind kInternal when the runtime's library is not there, kInterrupted when progress asks to stop.
Result<Comparison> CompareFiles(std::span<const uint8_t> float_model, std::span<const uint8_t> int8_model,
                                const train::TrialData& data, std::span<const int> pictures,
                                Progress& progress);
Json ToJson(const Comparison& comparison);  // n, agree, float_correct, quantized_correct

// More than 0.7 of a hundred right answers gone, and two at least, since one is chance.
bool LosesTooMuch(const Comparison& post_training);
// No fewer of the int8 file's answers as the float model's, whose accuracy is what was judged; of these more
// right, or as many right and more as the float model's.
bool IsBetter(const Comparison& aware, const Comparison& post_training);

}  // namespace handlens::convert
