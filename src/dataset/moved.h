// Pictures that moved after they were inspected. dataset.json stays as it is, since everything else was made
// from it; where the pictures are now stands beside it, in pictures.json ("handlens-pictures" version 1), and
// ReadDataset knows.
#pragma once

#include <filesystem>
#include <string>

#include "base/progress.h"
#include "base/result.h"
#include "dataset/dataset.h"

namespace handlens::dataset {

// Says that the pictures of this dataset.json now lie at `place`: the folder, or the labels.csv or its
// folder. Reads them all: kind kBadInput, and nothing is changed, unless every one is there and the same.
Result<void> MovePictures(const std::filesystem::path& dataset_json, const std::filesystem::path& place,
                          Progress& progress);

// The pictures' name for people: the last folder of the place where they were inspected, wherever they are
// now.
std::string NameOf(const Dataset& dataset);

// For ReadDataset and WriteDataset: puts in what pictures.json says; removes it when the pictures were
// inspected anew.
Result<void> ApplyMove(const std::filesystem::path& dataset_json, Dataset& dataset);
Result<void> ForgetMove(const std::filesystem::path& dataset_json);

}  // namespace handlens::dataset
