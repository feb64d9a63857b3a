// Running models over pictures: what run.cc asks for and judging.cc does. Not for other rooms.
#pragma once

#include <limits>
#include <span>
#include <string>
#include <vector>

#include "base/disk.h"
#include "base/progress.h"
#include "dataset/dataset.h"
#include "image/image.h"

namespace handlens::verify {

struct ModelFile {
  std::string file;     // relative to RUN/model
  std::string variant;  // float32, float16, dynamic, int8
  Bytes bytes;
};

// Scores of one model on a list of pictures, by both kinds of kernels; (pictures, classes).
struct ModelScores {
  std::vector<std::vector<float>> xnnpack, builtin;
  std::string runtime_version;
};

// What pictures are read with, and where their troubles are gathered.
struct Reading {
  const dataset::Dataset& dataset;
  int size_px = 0;
  image::Fit fit = image::Fit::kCrop;
  int jobs = 1;
  Progress& progress;
  double done = 0;                    // pictures so far, for the progress line
  std::vector<std::string> troubles;  // a line a picture that is gone, changed or broken
  // Pictures in all, for the progress line; those to explain come on top.
  double announced = std::numeric_limits<double>::infinity();
};

// Runs each model over each picture; pictures are read, hashed and decoded once. A picture with a trouble
// gets empty scores. The result does not depend on reading.jobs. Kind kBadInput: the runtime refuses a model,
// or it has another size or number of classes than asked for; kInterrupted.
Result<std::vector<ModelScores>> JudgePictures(std::span<const ModelFile> models,
                                               std::span<const int> pictures, Reading& reading);

}  // namespace handlens::verify
