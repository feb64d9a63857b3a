// Models over pictures, in parallel: each thread borrows a set of Judges of its own.
#include <memory>
#include <mutex>

#include "base/hash.h"
#include "base/parallel.h"
#include "tflite/tflite.h"
#include "verify/judged.h"

namespace handlens::verify {
namespace {

using JudgeSet = std::vector<std::unique_ptr<tflite::Judge>>;  // xnnpack and builtin of each model, in turn

Result<JudgeSet> LoadSet(std::span<const ModelFile> models, const Reading& reading) {
  JudgeSet set;
  for (const ModelFile& model : models) {
    for (const auto kernels : {tflite::Kernels::kXnnpack, tflite::Kernels::kBuiltin}) {
      auto judge = tflite::Judge::Load(model.bytes, kernels);
      if (!judge) return Fail(judge.error().kind, "{}: {}", model.file, judge.error().message);
      const auto classes = static_cast<int>(reading.dataset.labels.size());
      if ((*judge)->input_size_px() != reading.size_px || (*judge)->classes() != classes) {
        return Fail(ErrorKind::kBadInput, "{}: takes {} px and has {} outputs, but the run has {} px and {} labels; convert again",
                    model.file, (*judge)->input_size_px(), (*judge)->classes(), reading.size_px, classes);
      }
      set.push_back(*std::move(judge));
    }
  }
  return set;
}

// Sets of Judges that are not in use. What a Judge says does not depend on what it was asked before, so it does not
// matter who gets which.
class JudgePool {
 public:
  JudgePool(std::span<const ModelFile> models, const Reading& reading) : models_(models), reading_(reading) {}

  Result<JudgeSet> Take() {
    {
      const std::lock_guard lock(mutex_);
      if (!idle_.empty()) {
        JudgeSet set = std::move(idle_.back());
        idle_.pop_back();
        return set;
      }
    }
    return LoadSet(models_, reading_);
  }

  void Return(JudgeSet set) {
    const std::lock_guard lock(mutex_);
    idle_.push_back(std::move(set));
  }

 private:
  std::span<const ModelFile> models_;
  const Reading& reading_;
  std::mutex mutex_;
  std::vector<JudgeSet> idle_;
};

// The bytes that the model sees, straight from the user's file.
Result<std::vector<uint8_t>> ReadPixels(const dataset::Picture& picture, const Reading& reading) {
  const auto path = std::filesystem::path(reading.dataset.root) / picture.path;
  HL_ASSIGN(const Bytes bytes, ReadFile(path));
  if (Sha256(bytes) != picture.id) {
    return Fail(ErrorKind::kBadInput, "{}: changed since it was inspected", path.string());
  }
  const auto decoded = image::Decode(bytes);
  if (!decoded) return Fail(ErrorKind::kBadInput, "{}: {}", path.string(), decoded.error().message);
  return image::ModelInput(decoded->image, reading.size_px, reading.fit);
}

struct Outcome {
  std::vector<std::vector<float>> scores;  // as JudgeSet
  std::string trouble;                     // of the picture
  Error error;                             // of a model; empty message = none
};

Outcome JudgeOne(const dataset::Picture& picture, JudgePool& pool, const Reading& reading) {
  Outcome outcome;
  const auto pixels = ReadPixels(picture, reading);
  if (!pixels) {
    outcome.trouble = pixels.error().message;
    return outcome;
  }
  auto set = pool.Take();
  if (!set) {
    outcome.error = set.error();
    return outcome;
  }
  for (const auto& judge : *set) {
    auto scores = judge->Classify(*pixels);
    if (!scores) {
      outcome.error = scores.error();
      return outcome;
    }
    outcome.scores.push_back(*std::move(scores));
  }
  pool.Return(*std::move(set));
  return outcome;
}

}  // namespace

Result<std::vector<ModelScores>> JudgePictures(std::span<const ModelFile> models, std::span<const int> pictures,
                                               Reading& reading) {
  JudgePool pool(models, reading);
  // A model that cannot run is said before any picture is read.
  HL_ASSIGN(JudgeSet first, pool.Take());
  std::vector<ModelScores> result(models.size());
  for (size_t m = 0; m < models.size(); ++m) result[m].runtime_version = first[2 * m]->RuntimeVersion();
  pool.Return(std::move(first));

  std::vector<Outcome> outcomes(pictures.size());
  std::atomic<size_t> done = 0;
  ParallelFor(pictures.size(), reading.jobs, [&](size_t i) {
    if (reading.progress.StopRequested()) return;
    outcomes[i] = JudgeOne(reading.dataset.pictures[static_cast<size_t>(pictures[i])], pool, reading);
    reading.progress.Update(reading.done + static_cast<double>(++done), "");
  });
  reading.done += static_cast<double>(pictures.size());
  if (reading.progress.StopRequested()) return Interrupted();

  for (Outcome& outcome : outcomes) {
    if (!outcome.error.message.empty()) return tl::make_unexpected(outcome.error);
    if (!outcome.trouble.empty()) reading.troubles.push_back(outcome.trouble);
    outcome.scores.resize(2 * models.size());
    for (size_t m = 0; m < models.size(); ++m) {
      result[m].xnnpack.push_back(std::move(outcome.scores[2 * m]));
      result[m].builtin.push_back(std::move(outcome.scores[2 * m + 1]));
    }
  }
  return result;
}

}  // namespace handlens::verify
