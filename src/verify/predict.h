// Single pictures: the scores that any .tflite classifier with metadata gives them, by the official runtime.
#pragma once

#include <cstdint>
#include <filesystem>
#include <span>
#include <string>
#include <vector>

#include "base/progress.h"
#include "base/result.h"
#include "describe/label_sets.h"
#include "describe/referral.h"
#include "tflite/tflite.h"

namespace handlens::verify {

// What to predict. Pictures are decoded and fitted as the apps do it (docs/pixels.md).
struct PredictOptions {
  std::vector<std::filesystem::path> pictures;  // of any format that image::Decode reads
  std::string fit;                              // empty = the model's own; "crop" for models that say none
  std::filesystem::path save_input;             // folder for the exact N x N picture as PNG; empty = none
  tflite::Kernels kernels = tflite::Kernels::kXnnpack;
  int jobs = 1;  // threads; the answers are the same for any number
};

// One picture and its answer.
struct Prediction {
  std::string path;              // as it was asked for
  std::string error;             // why there are no scores; empty = there are
  std::string label;             // of the highest score
  double score = 0;              // of that label, 0..1
  bool not_sure = false;         // below the model's own threshold
  std::vector<size_t> possible;  // classes that the model's own label sets hold, the highest score first
  std::optional<double>
      referred;               // by a model that refers a class: that class's score, where it is high enough
  std::vector<float> scores;  // a label
  std::string saved_input;    // the PNG's path
};

// All answers of one model, and what it says of itself.
struct Predictions {
  std::vector<std::string> labels;  // in the order of the scores
  int size_px = 0;                  // of the model's input
  std::string fit;                  // "crop", "stretch" or "letterbox": the one that was used
  double not_sure_below = 0;        // the model's own threshold; 0: it has none
  std::optional<describe::LabelSets> sets;
  std::optional<describe::Referral> referral;
  std::string notice, runtime_version;
  std::vector<std::string> warnings;  // what had to be assumed about a foreign model
  std::vector<Prediction> pictures;   // in the order asked for
};

// How values for a model's input come from bytes.
struct Feeding {
  int size_px = 0;
  std::string fit;  // "crop" where the model says none
  std::vector<std::string> labels;
  std::vector<float> mean, std;  // float32 input: (byte - mean) / std, one value or one a channel
  double not_sure_below = 0;
  std::optional<describe::LabelSets> sets;
  std::optional<describe::Referral> referral;
  std::string notice;                 // for every user of the model; empty: none
  std::vector<std::string> warnings;  // what had to be assumed
};
// From preprocess.json where handlens made the model, else from the standard metadata. Kind kBadInput: no
// labels, not as many labels as outputs, an input that is not (1, n, n, 3).
Result<Feeding> FeedingOf(const tflite::ModelInfo& info, std::string_view model_name);

// Classifies each picture, the model apart from the program (tflite::Judge::LoadApart); a picture that cannot
// be read has an `error` and does not stop the others. Kind kBadInput when the model is not usable or the
// runtime died of it (named `model_name` in the message), kUsage for an unknown fit.
Result<Predictions> Predict(std::span<const uint8_t> model, std::string_view model_name,
                            const PredictOptions& options, Progress& progress);

}  // namespace handlens::verify
