// A plain float evaluator of the folded model: where calibration ranges come from, and the reference that the
// official runtime's outputs are compared with in tests. Every element is one chain of multiplications and
// additions in a fixed order, so the ranges, and with them the files, are the same bits on every machine.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "convert/folded.h"

namespace handlens::convert {

class Evaluator {
 public:
  // Keeps a reference: `model` must outlive the evaluator.
  explicit Evaluator(const FoldedModel& model);

  // Outputs of every folded layer for one picture (size, size, 3) of bytes; element i belongs to layer i, (h,
  // w, c). The last one is the logits. Thread-safe.
  std::vector<std::vector<float>> Run(std::span<const uint8_t> pixels) const;

 private:
  const FoldedModel& model_;
  std::vector<std::vector<float>>
      kernels_;  // of each layer, output channels last: the inner loop runs over them
};

}  // namespace handlens::convert
