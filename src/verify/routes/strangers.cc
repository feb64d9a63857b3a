#include "verify/routes/strangers.h"

#include <algorithm>

#include "base/parallel.h"
#include "verify/phones/routes.h"
#include "verify/routes/judge_pool.h"

namespace handlens::verify {
namespace {

constexpr uint64_t kSeed = 1;
constexpr double kBeside = 4;  // sides of the box from its middle: the subject is outside of every frame

image::Image BackgroundAlone(const Shipped& shipped, const image::Backdrops& backdrops, uint64_t number) {
  Rng rng(kSeed, "verify-stranger", {number});
  image::CameraShot shot = image::DrawShot(image::Care::kTypical, Rng(rng.Next(), "shot"));
  shot.place_x = kBeside;
  shot.background = 1 + static_cast<double>(number % 5);  // from plain colours to clutter
  const std::vector<uint8_t> grey(3, 128);
  image::Subject subject(image::Image{1, 1, grey}, shipped.fit);
  return image::TakePicture(subject, shot, shipped.fit, backdrops, rng);
}

}  // namespace

Result<std::vector<double>> AskStrangers(const Shipped& shipped, const image::Backdrops& backdrops,
                                         const std::string& kernels, Reading& reading) {
  const ModelFile* const packed = PackedModel(shipped);
  if (packed == nullptr) return std::vector<double>();
  JudgePool pool({packed, 1}, reading);
  const size_t which = kernels == "builtin" ? 1 : 0;
  std::vector<Result<Scores>> answers(kStrangers);
  ParallelFor(kStrangers, reading.jobs, [&](size_t i) {
    if (reading.progress.StopRequested()) return;
    const image::Image frame = BackgroundAlone(shipped, backdrops, i);
    answers[i] = pool.AskAll(AppInput(image::Receive(image::Deliver(frame)), shipped.size_px, shipped.fit));
  });
  if (reading.progress.StopRequested()) return Interrupted();
  std::vector<double> tops;
  for (Result<Scores>& answer : answers) {
    HL_ASSIGN(const Scores scores, std::move(answer));
    tops.push_back(static_cast<double>(*std::max_element(scores[which].begin(), scores[which].end())));
  }
  return tops;
}

}  // namespace handlens::verify
