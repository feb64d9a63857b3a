// Generators: how a training picture is varied each epoch. The paper's four (Table 1) with Keras' arithmetic,
// and our own. A generator changes training pictures only; featurewise normalisation is not applied here but
// fitted on the training pictures and shipped inside the model (`featurewise` below), so that every later use
// of the model has it.
#pragma once

#include <span>
#include <string>
#include <vector>

#include "base/json.h"
#include "base/result.h"
#include "base/rng.h"

namespace handlens::image {

enum class Fill { kNearest, kConstant, kReflect, kWrap };

// Ranges of random variation; zero or 1..1 means none. Plain fields: users write them in handlens.toml.
struct GeneratorSpec {
  std::string name = "gen1";
  // The paper's, with the meaning that Keras' ImageDataGenerator gives them.
  float rotation_deg = 0;  // angle in [-r, r]
  float brightness_low = 1, brightness_high = 1;
  bool flip_horizontal = false, flip_vertical = false;
  float zoom = 0;  // scale in [1 - z, 1 + z], each axis by itself
  float shear_deg = 0;
  float shift_x = 0, shift_y = 0;  // fractions of the side
  Fill fill = Fill::kNearest;
  bool featurewise = false;  // the model gets fitted per-channel mean and std as its first layer
  // Ours. `mild`: random resized crop and photometric jitter.
  float crop_area_low = 1;  // area of the crop as a fraction, low..1, aspect 3/4..4/3
  float gain = 0, gamma = 0, white_balance = 0, contrast = 0;  // log-ranges: factor in [1/(1+x), 1+x]
  // `camera`: a share of the pictures goes through a simulated hand-held camera: homography, background,
  // light.
  float camera_share = 0;
  float camera_fill_low = 1, camera_fill_high = 1;  // how much of the frame the picture fills
  float camera_tilt_deg = 0, camera_shift = 0;
  float blur_px = 0, noise = 0;  // at the model's size; noise in 0..1 units

  bool operator==(const GeneratorSpec&) const = default;
};

// "gen1".."gen4" of the paper, "mild", "camera". Kind kUsage with the nearest right name.
Result<GeneratorSpec> NamedGenerator(std::string_view name);
std::vector<std::string> GeneratorNames();
Json ToJson(const GeneratorSpec& spec);
Result<GeneratorSpec> GeneratorFromJson(const Json& json);

// Varies one picture: `in` is (n, n, 3) bytes, n 1..4000, `out` (n, n, 3) floats in 0..1. Thread-safe. The
// same rng key gives the same bits on every machine. A generator without variation gives exactly in / 255.
void Augment(std::span<const uint8_t> in, int n, const GeneratorSpec& spec, Rng rng, std::span<float> out);

}  // namespace handlens::image
