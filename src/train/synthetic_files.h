// The tests' pictures as real files, for tests that begin with a folder. For tests only.
#pragma once

#include <fmt/format.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <filesystem>
#include <vector>

#include "base/disk.h"
#include "base/progress.h"
#include "image/image.h"
#include "train/synthetic.h"

namespace handlens::train {

// A folder of the test's own with `each` pictures of 16 px in class0 and class1, inspected and divided.
class SyntheticFiles : public testing::Test {
 protected:
  void Make(int each, int folds, int holdout_per_class) {
    root_ = std::filesystem::temp_directory_path() /
            fmt::format("handlens-files-{}-{}", ::getpid(),
                        testing::UnitTest::GetInstance()->current_test_info()->name());
    std::filesystem::remove_all(root_);
    ASSERT_TRUE(Write(root_ / "pictures", each));
    dataset_ = *dataset::Inspect({root_ / "pictures", {}, {}, {}, 1}, SilentProgress());
    split::SplitOptions options;
    options.folds = folds;
    options.holdout_per_class = holdout_per_class;
    split_ = *split::MakeSplit(dataset_, options);
  }
  void TearDown() override { std::filesystem::remove_all(root_); }

  std::filesystem::path root_;
  dataset::Dataset dataset_;
  split::Split split_;

 private:
  static Result<void> Write(const std::filesystem::path& folder, int each) {
    for (int label = 0; label < 2; ++label) {
      for (int i = 0; i < each; ++i) {
        std::vector<uint8_t> rgb(16 * 16 * 3);
        PaintSynthetic(label, 16, Rng(3, "picture", {static_cast<uint64_t>(label), static_cast<uint64_t>(i)}),
                       rgb.data());
        HL_TRY(WriteFileAtomic(folder / fmt::format("class{}", label) / fmt::format("{:02}.png", i),
                               image::EncodePng(rgb, 16, 16)));
      }
    }
    return {};
  }
};

}  // namespace handlens::train
