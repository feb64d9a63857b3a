// Tests' pictures, made at run time: each class is a colour and a place on a noisy ground, so that a small
// network learns them in a few epochs but not perfectly. For tests only.
#pragma once

#include <algorithm>
#include <string>
#include <vector>

#include "base/rng.h"
#include "base/stop_after.h"
#include "train/train.h"

namespace handlens::train {

struct Synthetic {
  dataset::Dataset dataset;
  split::Split split;
  dataset::PixelSet pixels;

  TrialData Data(SpareThreads* spare = nullptr) const { return {&dataset, &split, &pixels, spare}; }
};

inline void PaintSynthetic(int label, int size_px, Rng rng, uint8_t* rgb) {
  const int x0 = static_cast<int>(rng.Below(static_cast<uint32_t>(size_px / 2)));
  const int y0 = static_cast<int>(rng.Below(static_cast<uint32_t>(size_px / 2)));
  const int colour[3] = {label % 2 == 0 ? 190 : 70, label / 2 % 2 == 0 ? 60 : 180, label < 2 ? 90 : 160};
  for (int y = 0; y < size_px; ++y) {
    for (int x = 0; x < size_px; ++x) {
      const bool inside = x >= x0 && x < x0 + size_px / 2 && y >= y0 && y < y0 + size_px / 2;
      for (int c = 0; c < 3; ++c) {
        const int ground = 110 + static_cast<int>(rng.Below(80)) - 40;
        *rgb++ = static_cast<uint8_t>(std::clamp(inside ? (colour[c] + ground) / 2 : ground, 0, 255));
      }
    }
  }
}

// `counts` pictures of each class; two folds whose test sets are every other picture of a class, validation
// every fifth of the rest; the first picture of each class is held out.
inline Synthetic MakeSynthetic(const std::vector<int>& counts, int size_px, uint64_t seed) {
  Synthetic made;
  made.pixels.size_px = size_px;
  made.split.folds.resize(2);
  for (size_t label = 0; label < counts.size(); ++label) {
    made.dataset.labels.push_back(fmt::format("class{}", label));
    for (int i = 0; i < counts[label]; ++i) {
      const int index = static_cast<int>(made.dataset.pictures.size());
      dataset::Picture picture;
      picture.id = fmt::format("{:064x}", seed * 100000 + static_cast<uint64_t>(index));
      picture.path = fmt::format("class{}/{:03}.png", label, i);
      picture.label = static_cast<int>(label);
      picture.cluster = index;
      made.dataset.pictures.push_back(picture);
      made.pixels.bytes.resize(made.pixels.bytes.size() + static_cast<size_t>(size_px * size_px * 3));
      PaintSynthetic(static_cast<int>(label), size_px, Rng(seed, "synthetic", {static_cast<uint64_t>(index)}),
                     made.pixels.bytes.data() + static_cast<size_t>(index * size_px * size_px * 3));
      if (i == 0) made.split.holdout.push_back(index);
      for (size_t f = 0; i > 0 && f < 2; ++f) {
        split::Fold& fold = made.split.folds[f];
        std::vector<int>& part = i % 2 == static_cast<int>(f) ? fold.test
                                 : i % 5 < 2                  ? fold.validation
                                                              : fold.train;
        part.push_back(index);
      }
    }
  }
  return made;
}

// conv 4 - ReLU - pool - dropout - dense: small enough to train in milliseconds, with randomness of its own.
inline nn::ModelSpec TinyModel(int size_px, int classes) {
  const auto layer = [](nn::LayerKind kind, int units, int kernel, int stride) {
    nn::LayerSpec spec;
    spec.kind = kind;
    spec.units = units;
    spec.kernel = kernel;
    spec.stride = stride;
    return spec;
  };
  nn::ModelSpec model{"tiny", size_px, classes, {}};
  model.layers.push_back(layer(nn::LayerKind::kConv, 4, 3, 1));
  model.layers.push_back(layer(nn::LayerKind::kRelu, 0, 0, 1));
  model.layers.push_back(layer(nn::LayerKind::kMaxPool, 0, 2, 2));
  model.layers.push_back(layer(nn::LayerKind::kDropout, 0, 0, 1));
  model.layers.back().rate = 0.1f;
  model.layers.push_back(layer(nn::LayerKind::kDense, classes, 0, 1));
  return model;
}

inline TrialSpec TinyTrial(const Synthetic& made, int epochs) {
  TrialSpec spec;
  spec.model = "tiny";
  spec.size_px = made.pixels.size_px;
  spec.architecture = TinyModel(spec.size_px, static_cast<int>(made.dataset.labels.size()));
  spec.recipe = PaperRecipe();
  spec.recipe.optimizer.kind = nn::OptimizerKind::kMomentum;
  spec.recipe.learning_rate = 0.05f;
  spec.recipe.epochs = epochs;
  spec.recipe.batch = 8;
  spec.generator.flip_horizontal = true;
  return spec;
}

}  // namespace handlens::train
