// What a run folder ships and says about itself, read and checked before anything is judged. Not for other
// rooms.
#pragma once

#include <filesystem>
#include <map>
#include <string>
#include <vector>

#include "dataset/dataset.h"
#include "split/split.h"
#include "verify/routes/judged.h"

namespace handlens::verify {

struct FoldModels {
  std::vector<ModelFile> models;  // float32, then int8 where there is one
};

struct Shipped {
  dataset::Dataset dataset;
  split::Split split;
  int size_px = 0;
  image::Fit fit = image::Fit::kCrop;
  std::vector<ModelFile> finals;  // float32 first
  std::vector<FoldModels> folds;  // as split.folds; empty models where there is no file
  std::map<std::string, std::map<std::string, std::vector<float>>> engine;  // file -> picture id -> scores
  std::vector<std::string> label_order_problems, file_problems;             // whole sentences
  std::vector<std::string> label_order_not_shown;  // nothing speaks against it, and too little for it
  int64_t gated_bytes = 0;     // of quantizedmodel.tflite, or of model.tflite where there is none
  std::string quantization;    // how the int8 files came about, in words; empty in old records
  bool camera_taught = false;  // as in Verdict
};

// Kind kBadInput: a record is missing or not as expected.
Result<Shipped> ReadShipped(const std::filesystem::path& run);

}  // namespace handlens::verify
