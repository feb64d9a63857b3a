// Files that handlens itself made may carry a guard against strangers behind their classifier
// (docs/verdict.md, "Not sure"): twice the logits, an addition, and a dense layer behind softmax. Whoever
// learns from such a file wants the classifier alone.
#pragma once

#include "tflite/tflite.h"

namespace handlens::backbone {

// Whether the graph ends in a guard, known by the names of its tensors.
bool HasGuard(const tflite::Graph& graph);

// The same graph ending in softmax behind the classes' own logits; as it is where there is no guard. Kind
// kBadInput: one that is not whole.
Result<tflite::Graph> WithoutGuard(tflite::Graph graph);

}  // namespace handlens::backbone
