// Sets of Judges for threads to borrow, so that each model is loaded once a thread and not once a picture.
// Not for other rooms.
#pragma once

#include <memory>
#include <mutex>
#include <span>
#include <vector>

#include "tflite/tflite.h"
#include "verify/routes/judged.h"

namespace handlens::verify {

using JudgeSet = std::vector<std::unique_ptr<tflite::Judge>>;  // xnnpack and builtin of each model, in turn
using Scores = std::vector<std::vector<float>>;

// What a Judge says does not depend on what it was asked before, so it does not matter who gets which.
// Thread-safe.
class JudgePool {
 public:
  // `threads` are the runtime's own. `models` and `reading` outlive the pool.
  JudgePool(std::span<const ModelFile> models, const Reading& reading, int threads = 1)
      : models_(models), reading_(reading), threads_(threads) {}

  // An idle set, or a new one. Kind kBadInput: the runtime refuses a model, or it has another size or number
  // of classes than the run.
  Result<JudgeSet> Take();
  void Return(JudgeSet set);

  // Scores of one input by a whole set, in its order.
  Result<Scores> AskAll(std::span<const uint8_t> pixels);

 private:
  Result<JudgeSet> Load() const;

  std::span<const ModelFile> models_;
  const Reading& reading_;
  int threads_;
  std::mutex mutex_;
  std::vector<JudgeSet> idle_;
};

}  // namespace handlens::verify
