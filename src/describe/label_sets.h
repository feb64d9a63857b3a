// Which classes a picture may show: those that score enough for the right one to be among them nearly always
// (split conformal prediction). Pure arithmetic on answers to pictures that the models had not seen.
#pragma once

#include <optional>
#include <span>
#include <string>
#include <vector>

#include "base/json.h"

namespace handlens::describe {

struct JudgedPicture;  // answering.h

// The set of a picture: all classes that score `from` or more. `from` is the k-th lowest score that the right
// class of a picture has, rounded down to thousandths, with k = floor((1 - coverage) (n + 1)) of n pictures,
// one a cluster. A new picture whose score is as likely to stand at any place among these is then in its set
// with at least the probability `coverage` (Vovk et al. 2005; with the score of the right class: Sadinle et
// al. 2019). That is so on average over pictures, not for every class, nor for the pictures that are not
// sure.
struct LabelSets {
  double coverage = 0.95;
  double from = 0;
  size_t pictures = 0;  // that set it
  // Each fold's pictures, all of them, by what the other folds' set: how many, with the right class in their
  // set, with an empty set, and the classes of all sets together.
  size_t cross_pictures = 0, cross_covered = 0, cross_empty = 0, cross_labels = 0;
  std::string sentence;  // for people, whole, with the numbers
};

// Nothing where there are fewer than 19 pictures (k would be 0), one of them has no scores, or `from` would
// be 0: then every class is possible for every picture.
std::optional<LabelSets> ChooseLabelSets(std::span<const JudgedPicture> pictures);

// The classes of a picture's set, the highest score first, of equals the first.
std::vector<size_t> LabelsFrom(double from, std::span<const float> scores);

// As in preprocess.json; from it. Throws as nlohmann::json does (FromJson catches it).
Json ToJson(const LabelSets& sets);
LabelSets LabelSetsFrom(const Json& json);

}  // namespace handlens::describe
