// Describing a model: metadata, labels, preprocess.json, the proof that the label order is the model's, the model card
// and wrapper code for six languages (kept as template files in src/describe/templates).
#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include "base/disk.h"
#include "base/progress.h"
#include "base/result.h"

namespace handlens::describe {

// All fields of the paper's Table 2 and what an app needs to feed the model.
struct Description {
  std::string name = "handlens model", version = "1", author, license, notice;  // notice: e.g. not a diagnosis
  int size_px = 0;
  std::string fit = "crop";
  std::vector<std::string> labels;
  float image_min = 0, image_max = 1;
  std::vector<float> mean, std;      // as TFLite tools apply them: (byte - mean) / std
  double not_sure_below = 0;         // top scores below this are shown as "not sure"
};

// preprocess.json, the machine-readable form (docs/formats.md).
std::string PreprocessJson(const Description& description);
Result<Description> DescriptionFromJson(std::string_view text, std::string_view where);

}  // namespace handlens::describe
