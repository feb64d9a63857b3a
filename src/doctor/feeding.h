// Bringing a picture to a model in one of many ways. Not for other rooms.
#pragma once

#include <memory>
#include <vector>

#include "doctor/doctor.h"
#include "tflite/tflite.h"

namespace handlens::doctor {

// mean and std, one a channel, on bytes in the order R, G, B. Own: as given.
struct Normal {
  float mean[3], std[3];
};

// A model as it wants to be fed.
struct Patient {
  std::span<const uint8_t> bytes;
  tflite::ModelInfo info;
  int size_px = 0, outputs = 0;
  Scale declared =
      Scale::kUnit;  // of a quantized input: what its steps stand for when it gets the bytes as they are
  std::vector<float> own_mean, own_std;  // of the file, where they are none of the known scales
};

// Kind kBadInput: not a classifier of one square RGB picture; the message begins with `name`.
Result<Patient> Admit(std::span<const uint8_t> model, std::string_view name);

Normal NormalOf(const Patient& patient, Scale scale);

// Whether mean and std of the metadata, one or a channel each, mean this: within 2 %, or 0.02 of small ones.
bool Says(const std::vector<float>& mean, const std::vector<float>& std, const Normal& normal);

// The scale that fits mean and std of the metadata; kOwn when none does.
Scale ScaleOf(const std::vector<float>& mean, const std::vector<float>& std);

// The picture as its file stores it: `upright` turned back.
image::Image AsStored(const image::Image& upright, int orientation);

// n x n x 3 bytes by the feed's fit, resize and saved.
std::vector<uint8_t> Pixels(const image::Image& picture, int n, const Feed& feed);

// Scores of `pixels` fed by scale and channels, whatever the type of the model's input.
Result<std::vector<float>> Ask(tflite::Judge& judge, const Patient& patient, std::span<const uint8_t> pixels,
                               const Feed& feed);

}  // namespace handlens::doctor
