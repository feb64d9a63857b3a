// Why it answered: which places of a picture the answer rests on, found by covering one after the other
// (Zeiler and Fergus 2014, 4.2). run.cc asks for it. Not for other rooms.
#pragma once

#include "tflite/tflite.h"
#include "verify/routes/shipped.h"
#include "verify/verify.h"

namespace handlens::verify {

// Of `pixels` (size, size, 3): the same with a square of two cells' side around the middle of cell (row,
// column) of kWhyCells x kWhyCells covered by the picture's own mean colour. Pure.
std::vector<uint8_t> Covered(std::span<const uint8_t> pixels, int size_px, int row, int column);

// What `judge` gives label `label`: first of the picture as it is, then with each cell covered, row after
// row. Kinds as Judge::Classify's.
Result<std::vector<double>> CoveredScores(tflite::Judge& judge, std::span<const uint8_t> pixels, int size_px,
                                          size_t label);

// Explains the most confident mistakes of the route `quantized` (of `computer` where there is none) and the
// most confident right answer of each class, each by the fold's model that never saw the picture, by XNNPACK.
// Fills Verdict::explained. Kinds as JudgePictures'.
Result<void> ExplainAnswers(const Shipped& shipped, Reading& reading, Verdict& verdict);

}  // namespace handlens::verify
