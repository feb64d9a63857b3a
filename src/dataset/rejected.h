// Rejected files in few lines, for people: many files that cannot be used for one reason are one line.
#pragma once

#include <span>
#include <string>
#include <vector>

#include "dataset/dataset.h"

namespace handlens::dataset {

// "a.jpg: REASON" each, in their order; from four files on whose reasons differ in numbers only, one line for
// all of them, where the first stood: "40 files, such as a.jpg: REASON". Safe for terminals.
std::vector<std::string> RejectedLines(std::span<const Rejected> rejected);

}  // namespace handlens::dataset
