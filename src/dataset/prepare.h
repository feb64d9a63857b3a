// Sub-datasets: every picture at the model's size, decoded once, kept as bytes on disk and shared between
// trials.
#pragma once

#include <cstdint>
#include <filesystem>
#include <span>
#include <vector>

#include "base/progress.h"
#include "base/result.h"
#include "dataset/dataset.h"

namespace handlens::dataset {

// All pictures of a Dataset at one size, in the Dataset's order, as the pixel contract makes them.
struct PixelSet {
  int size_px = 0;
  image::Fit fit = image::Fit::kCrop;
  std::vector<uint8_t> bytes;  // (pictures, size, size, 3)

  std::span<const uint8_t> Picture(size_t index) const {
    const auto stride = static_cast<size_t>(size_px) * static_cast<size_t>(size_px) * 3;
    return std::span(bytes).subspan(index * stride, stride);
  }
};

struct PrepareOptions {
  image::Fit fit = image::Fit::kCrop;
  std::filesystem::path cache;  // RUN/cache
  int jobs = 1;                 // threads
};

// Makes whatever of the sizes is missing under the cache (one file a size and fit, named by the Dataset's
// fingerprint). Each picture is decoded once for all sizes. Kind kBadInput when a picture vanished or changed
// since the inspection; kUsage for a size that is not 1 to 4096 pixels.
Result<void> Prepare(const Dataset& dataset, std::span<const int> sizes_px, const PrepareOptions& options,
                     Progress& progress);

// Copies what Prepare made under `from` to `to`, unless it is there. What is missing under `from` is left
// out.
Result<void> CopyPrepared(const Dataset& dataset, std::span<const int> sizes_px, image::Fit fit,
                          const std::filesystem::path& from, const std::filesystem::path& to);

// Reads one sub-dataset that Prepare made.
Result<PixelSet> LoadPixels(const Dataset& dataset, int size_px, image::Fit fit,
                            const std::filesystem::path& cache);

}  // namespace handlens::dataset
