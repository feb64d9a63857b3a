// A run as it could have been: records made by arithmetic, for the tests of this room. Not a real training.
#pragma once

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

}  // namespace handlens::report::fixture
