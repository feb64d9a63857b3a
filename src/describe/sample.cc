#include "describe/sample.h"

#include "base/disk.h"
#include "image/image.h"

namespace handlens::describe {

std::vector<uint8_t> SamplePicture(int size_px) {
  constexpr int kSquare_px = 8;
  std::vector<uint8_t> rgb;
  const auto ramp = [&](int at) { return static_cast<uint8_t>(at * 255 / std::max(1, size_px - 1)); };
  for (int y = 0; y < size_px; ++y) {
    for (int x = 0; x < size_px; ++x) {
      const bool dark = (x / kSquare_px + y / kSquare_px) % 2 == 0;
      rgb.insert(rgb.end(), {ramp(x), ramp(y), static_cast<uint8_t>(dark ? 20 : 220)});
    }
  }
  return rgb;
}

Result<void> WriteSamplePicture(const std::filesystem::path& folder, int size_px) {
  const std::vector<uint8_t> rgb = SamplePicture(size_px);
  HL_TRY(WriteFileAtomic(folder / "picture.rgb", Bytes(rgb.begin(), rgb.end())));
  return WriteFileAtomic(folder / "picture.png", image::EncodePng(rgb, size_px, size_px));
}

Result<void> WriteSampleScores(const std::filesystem::path& folder, const std::string& file,
                               tflite::Judge& judge, int size_px) {
  HL_ASSIGN(const std::vector<float> scores, judge.Classify(SamplePicture(size_px)));
  std::string text;
  for (const float score : scores) text += fmt::format("{}\n", score);
  return WriteFileAtomic(folder / (file + ".scores.txt"), text);
}

}  // namespace handlens::describe
