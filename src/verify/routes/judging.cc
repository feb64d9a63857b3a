// Models over pictures, in parallel: each thread borrows a set of Judges of its own.
#include "base/hash.h"
#include "verify/routes/each_picture.h"
#include "verify/routes/judge_pool.h"

namespace handlens::verify {
Result<image::Image> OpenPicture(const dataset::Picture& picture, const Reading& reading,
                                 image::DecodeShare& share) {
  const auto path = std::filesystem::path(reading.dataset.root) / picture.path;
  HL_ASSIGN(const Bytes bytes, ReadFile(path));
  if (Sha256(bytes) != picture.id) {
    return Fail(ErrorKind::kBadInput, "{}: changed since it was inspected", path.string());
  }
  auto decoded = image::Decode(bytes, {.share = &share});
  if (!decoded) return Fail(ErrorKind::kBadInput, "{}: {}", path.string(), decoded.error().message);
  return std::move(decoded->image);
}

Result<std::vector<ModelScores>> JudgePictures(std::span<const ModelFile> models,
                                               std::span<const int> pictures, Reading& reading) {
  JudgePool pool(models, reading);
  // A model that cannot run is said before any picture is read.
  HL_ASSIGN(JudgeSet first, pool.Take());
  std::vector<ModelScores> result(models.size());
  for (size_t m = 0; m < models.size(); ++m) result[m].runtime_version = first[2 * m]->RuntimeVersion();
  pool.Return(std::move(first));

  HL_ASSIGN(
      std::vector<Scores> answers,
      ForEachPicture<Scores>(pictures, reading, [&](const image::Image& picture, const dataset::Picture&) {
        return pool.AskAll(image::ModelInput(picture, reading.size_px, reading.fit));
      }));
  for (Scores& scores : answers) {
    scores.resize(2 * models.size());
    for (size_t m = 0; m < models.size(); ++m) {
      result[m].xnnpack.push_back(std::move(scores[2 * m]));
      result[m].builtin.push_back(std::move(scores[2 * m + 1]));
    }
  }
  return result;
}

}  // namespace handlens::verify
