// A run as it could have been: records made by arithmetic, for the tests of this room. Not a real training.
#pragma once

#include <fmt/format.h>
#include <gtest/gtest.h>

#include <filesystem>
#include <string>
#include <string_view>
#include <vector>

#include "report/document.h"
#include "report/records.h"

namespace handlens::report::fixture {

struct Shape {
  std::vector<std::string> labels = {"Ash", "Beech", "Hornbeam"};
  int pictures_per_class = 30;
  int folds = 5;
};

// Everything but thumbnails and model files; `run` stays empty.
Records MakeRecords(const Shape& shape);

// RUN/thumbnails/<id>.jpg of every picture, 96 px, and model files of plausible sizes.
void WritePictures(const std::filesystem::path& run, const dataset::Dataset& dataset);

// The table of this id; null = the document has none.
const Table* FindTable(const Document& document, std::string_view id);

// An empty folder of the running test's own, which goes with it.
class Folder {
 public:
  Folder()
      : path_(std::filesystem::path(testing::TempDir()) /
              fmt::format("report_{}", testing::UnitTest::GetInstance()->current_test_info()->name())) {
    std::filesystem::remove_all(path_);
    std::filesystem::create_directories(path_);
  }
  ~Folder() { std::filesystem::remove_all(path_); }
  const std::filesystem::path& path() const { return path_; }

 private:
  std::filesystem::path path_;
};

}  // namespace handlens::report::fixture
