// The sample that goes with the wrapper code: a picture, and what the model files answer, for whoever
// compiles a wrapper. Private to the room.
#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include "base/result.h"
#include "tflite/tflite.h"

namespace handlens::describe {

// A picture of nobody: two ramps and a chessboard. (size_px, size_px, 3) bytes.
std::vector<uint8_t> SamplePicture(int size_px);

// Writes picture.rgb and picture.png into the folder.
Result<void> WriteSamplePicture(const std::filesystem::path& folder, int size_px);

// Writes what the judge's model answers to it: <folder>/<file>.scores.txt, one score a line in the labels'
// order.
Result<void> WriteSampleScores(const std::filesystem::path& folder, const std::string& file,
                               tflite::Judge& judge, int size_px);

}  // namespace handlens::describe
