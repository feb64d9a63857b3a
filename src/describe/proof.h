// The proof that output i of a file is label i. Not one picture a class, whose answer a rounding may turn,
// but how many pictures of each class get which answer: another order of the labels must make fewer of them
// right, and by more than chance. Not for other rooms.
#pragma once

#include <span>
#include <string>

#include "describe/describe.h"
#include "tflite/tflite.h"

namespace handlens::describe {

// Asks `judge` (of the finished file `file`) for the pictures, at first ten a class, then twice as many while
// the order is not shown and there are more; adds a row a class to result.proof, the nearest other order to
// result.rivals and what is not shown to result.unproven. Kind kBadInput when the runtime refuses a picture.
Result<void> ProveFile(const std::string& file, tflite::Judge& judge, std::span<const ProofPicture> pictures,
                       DescribeResult& result);

}  // namespace handlens::describe
