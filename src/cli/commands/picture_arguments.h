// What the PICTUREs of `predict` mean: files, folders of files, folders of class folders, labels files,
// archives, a run's held-out pictures, or a list on standard input.
#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include "base/progress.h"
#include "base/result.h"
#include "base/staged_folder.h"

namespace handlens::cli {

struct PictureFile {
  std::filesystem::path path;
  std::string shown;  // the name for people; of an archive's file not where it was unpacked
  std::string label;  // empty where nobody said
};

struct PictureFiles {
  std::vector<PictureFile> files;
  std::vector<std::string> notes;      // whole sentences: what was left out, and why
  std::vector<StagedFolder> unpacked;  // of archives; they go with this
};

// In the order of the arguments. Kind kUsage for an URL (handlens uses no network) and for a second "-";
// kBadInput for a folder without files, a broken archive, a run without a split. A file that is not there is
// no error here: the prediction of each says so.
Result<PictureFiles> FindPictures(const std::vector<std::string>& arguments, Progress& progress);

// The model file that an argument means: itself, or of a run folder, or its folder `model`, the one that is
// shipped. Kind kUsage for an URL; kBadInput when it is not there, says what to do.
Result<std::filesystem::path> FindModel(const std::string& argument, const std::string& which);

// How many of the pictures a run has trained with, where the model file lies in one: what they show is no
// accuracy on new pictures. Errors: the run's records cannot be read.
Result<size_t> SeenInTraining(const std::filesystem::path& model,
                              const std::vector<std::filesystem::path>& pictures);
std::string SeenSentence(size_t seen);  // a line; empty for none

}  // namespace handlens::cli
