// A small run folder for this room's tests: pictures of three colours, two folds, real models, records as the
// steps before `verify` write them. Not for the program.
#pragma once

#include <gtest/gtest.h>

#include <filesystem>
#include <string>

#include "base/hash.h"
#include "base/json.h"
#include "dataset/dataset.h"
#include "describe/describe.h"
#include "describe/sample_models.h"
#include "image/image.h"
#include "split/split.h"

namespace handlens::verify::sample {

namespace fs = std::filesystem;

struct Run {
  fs::path folder, pictures;
};

// Picture i is of class i % 3, 9 x 7 px; number 4 is labelled green but bluer than green.
inline std::vector<uint8_t> PictureRgb(int i) {
  std::vector<uint8_t> colour = {static_cast<uint8_t>(20 + i), 30, static_cast<uint8_t>(40 - i)};
  colour[static_cast<size_t>(i % 3)] = static_cast<uint8_t>(150 + i);
  if (i == 4) colour[2] = 220;
  std::vector<uint8_t> rgb;
  for (int p = 0; p < 9 * 7; ++p) rgb.insert(rgb.end(), colour.begin(), colour.end());
  return rgb;
}

inline dataset::Dataset MakePictures(const fs::path& root) {
  dataset::Dataset dataset;
  dataset.root = root.string();
  dataset.labels = {"1 red", "2 green", "3 blue, dark"};
  for (int i = 0; i < 30; ++i) {
    const Bytes png = image::EncodePng(PictureRgb(i), 9, 7);
    dataset::Picture picture;
    picture.path = fmt::format("p{:02}.png", i);
    picture.id = Sha256(png);
    picture.label = i % 3;
    picture.cluster = i;
    picture.width = 9;
    picture.height = 7;
    EXPECT_TRUE(WriteFileAtomic(root / picture.path, png));
    dataset.pictures.push_back(picture);
  }
  return dataset;
}

inline split::Split MakeFolds() {
  split::Split split;
  split.folds.resize(2);
  for (int i = 0; i < 30; ++i) {
    if (i >= 24) {
      split.holdout.push_back(i);
    } else {
      split.folds[static_cast<size_t>(i / 12)].test.push_back(i);
      split.folds[static_cast<size_t>(1 - i / 12)].train.push_back(i);
    }
  }
  return split;
}

inline std::vector<float> TrueScores(int i) {
  const std::vector<uint8_t> rgb = PictureRgb(i);
  return {static_cast<float>(rgb[0]) / 255, static_cast<float>(rgb[1]) / 255,
          static_cast<float>(rgb[2]) / 255};
}

inline void WriteModels(const fs::path& folder, const dataset::Dataset& dataset, const split::Split& split) {
  Json models = Json::array(), engine = Json::object();
  const auto add = [&](const std::string& file, const char* variant, int fold) {
    const Bytes bytes =
        std::string(variant) == "int8" ? describe::sample::QuantizedModel() : describe::sample::FloatModel();
    EXPECT_TRUE(WriteFileAtomic(folder / file, bytes));
    models.push_back({{"file", file},
                      {"variant", variant},
                      {"role", fold < 0 ? "final" : "fold"},
                      {"fold", fold},
                      {"bytes", bytes.size()},
                      {"sha256", Sha256(bytes)},
                      {"parameters", 0}});
    if (std::string(variant) == "int8") return;
    for (const int i : fold < 0 ? split.holdout : split.folds[static_cast<size_t>(fold)].test) {
      engine[file][dataset.pictures[static_cast<size_t>(i)].id] = TrueScores(i);
    }
  };
  add("model.tflite", "float32", -1);
  add("quantizedmodel.tflite", "int8", -1);
  for (int k = 0; k < 2; ++k) {
    add(fmt::format("folds/fold{}.tflite", k), "float32", k);
    add(fmt::format("folds/fold{}_quantized.tflite", k), "int8", k);
  }
  EXPECT_TRUE(WriteRecord(folder / "conversion.json", "handlens-conversion", 1,
                          {{"io", "uint8"},
                           {"fit", "crop"},
                           {"size_px", describe::sample::kSizePx},
                           {"labels", dataset.labels},
                           {"models", models},
                           {"generator", {{"name", "camera"}, {"camera", true}}},
                           {"method", "post-training quantization"}}));
  EXPECT_TRUE(WriteRecord(folder / "engine_scores.json", "handlens-scores", 1, {{"models", engine}}));
}

// Everything up to and including `describe`; needs the runtime.
inline Run MakeRun(const std::string& name) {
  const fs::path base = fs::path(testing::TempDir()) / ("handlens-verify-" + name);
  fs::remove_all(base);
  const Run run{base / "run", base / "pictures"};
  const dataset::Dataset dataset = MakePictures(run.pictures);
  const split::Split split = MakeFolds();
  EXPECT_TRUE(dataset::WriteDataset(run.folder / "dataset.json", dataset));
  EXPECT_TRUE(split::WriteSplit(run.folder / "split.json", dataset, split));
  WriteModels(run.folder / "model", dataset, split);
  describe::DescribeRequest request;
  request.model_folder = run.folder / "model";
  for (int i = 5; i < 23; ++i) {
    const image::Image picture{9, 7, PictureRgb(i)};
    request.pictures.push_back({dataset.pictures[static_cast<size_t>(i)].id, "", i % 3,
                                image::ModelInput(picture, describe::sample::kSizePx, image::Fit::kCrop)});
  }
  const auto described = describe::DescribeRun(request, SilentProgress());
  EXPECT_TRUE(described) << described.error().message;
  return run;
}

}  // namespace handlens::verify::sample
