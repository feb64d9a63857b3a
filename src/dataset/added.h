// Labelled pictures from elsewhere than the user's folder: photographs of a field test, kept in the run.
#pragma once

#include <span>
#include <string>
#include <vector>

#include "dataset/dataset.h"

namespace handlens::dataset {

struct AddedPictures {
  struct One {
    std::string path, label, group;  // absolute
  };
  std::string from;                 // what brought them, for messages
  std::vector<std::string> labels;  // all that their labels were chosen from
  std::vector<One> pictures;
};

// Inspect, with these among the pictures. Their Picture::path is absolute; a record in the folder that holds
// "added/" keeps it relative to itself, so that both can move together. Same errors; kind kBadInput, too, for
// pictures that know other labels than the user's folder.
Result<Dataset> InspectWith(const InspectOptions& options, std::span<const AddedPictures> added,
                            Progress& progress);

}  // namespace handlens::dataset
