#include "verify/routes/judge_pool.h"

namespace handlens::verify {

Result<JudgeSet> JudgePool::Load() const {
  JudgeSet set;
  for (const ModelFile& model : models_) {
    for (const auto kernels : {tflite::Kernels::kXnnpack, tflite::Kernels::kBuiltin}) {
      auto judge = tflite::Judge::Load(model.bytes, kernels, threads_);
      if (!judge) return Fail(judge.error().kind, "{}: {}", model.file, judge.error().message);
      const auto classes = static_cast<int>(reading_.dataset.labels.size());
      if ((*judge)->input_size_px() != reading_.size_px || (*judge)->classes() != classes) {
        return Fail(ErrorKind::kBadInput,
                    "{}: takes {} px and has {} outputs, but the run has {} px and {} labels; convert again",
                    model.file, (*judge)->input_size_px(), (*judge)->classes(), reading_.size_px, classes);
      }
      set.push_back(*std::move(judge));
    }
  }
  return set;
}

Result<JudgeSet> JudgePool::Take() {
  {
    const std::lock_guard lock(mutex_);
    if (!idle_.empty()) {
      JudgeSet set = std::move(idle_.back());
      idle_.pop_back();
      return set;
    }
  }
  return Load();
}

void JudgePool::Return(JudgeSet set) {
  const std::lock_guard lock(mutex_);
  idle_.push_back(std::move(set));
}

Result<Scores> JudgePool::AskAll(std::span<const uint8_t> pixels) {
  HL_ASSIGN(JudgeSet set, Take());
  Scores scores;
  for (const auto& judge : set) {
    HL_ASSIGN(scores.emplace_back(), judge->Classify(pixels));
  }
  Return(std::move(set));
  return scores;
}

}  // namespace handlens::verify
