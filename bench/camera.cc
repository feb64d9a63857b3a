// Simulated camera frames of 480 x 640 a second on one thread, and sheets of them to look at.
//   bench_camera PICTURE [FOLDER]    FOLDER gets axes.png (severities 0..5 of every axis) and typical.png,
//   hard.png
#include <fmt/core.h>

#include <algorithm>
#include <chrono>
#include <ctime>

#include "base/disk.h"
#include "image/camera/camera.h"

namespace handlens::image {
namespace {

double CpuNow() { return static_cast<double>(std::clock()) / CLOCKS_PER_SEC; }

// Frames a second of CPU time, delivered in YUV; backgrounds and the subject's sizes are made before.
void Measure(const Image& picture) {
  Subject subject(picture, Fit::kCrop);
  for (const auto& [name, care] : {std::pair{"typical", Care::kTypical}, std::pair{"hard", Care::kHard}}) {
    const auto frame = [&](uint64_t i) {
      const CameraShot shot = DrawShot(care, Rng(1, "bench-shot", {i}));
      return Deliver(TakePicture(subject, shot, Fit::kCrop, Backdrops::BuiltIn(), Rng(1, "bench", {i})));
    };
    for (uint64_t i = 0; i < 50; ++i) frame(i);
    double best = 0;
    for (uint64_t round = 0; round < 5; ++round) {
      const double start = CpuNow();
      for (uint64_t i = 0; i < 50; ++i) frame(round * 50 + i);
      best = std::max(best, 50 / (CpuNow() - start));
    }
    fmt::print("{}: {:.0f} frames a second and core (best of 5 rounds of 50)\n", name, best);
  }
  const double start = CpuNow();
  const std::vector<uint8_t> small = ModelInput(picture, 100, Fit::kCrop);
  for (uint64_t i = 0; i < 200; ++i) TypicalCameraInput(small, 100, 100, Rng(1, "bench-small", {i}));
  fmt::print("small typical pictures of 100 px: {:.0f} a second\n", 200 / (CpuNow() - start));
}

constexpr int kThumbPx = 120;

// (columns, rows) thumbnails of the model's box.
struct Sheet {
  int columns, rows;
  std::vector<uint8_t> rgb =
      std::vector<uint8_t>(static_cast<size_t>(columns * rows) * kThumbPx * kThumbPx * 3);

  void Put(int column, int row, const Image& frame) {
    const std::vector<uint8_t> thumb = ModelInput(frame, kThumbPx, Fit::kCrop);
    for (int y = 0; y < kThumbPx; ++y) {
      std::copy_n(
          thumb.begin() + y * kThumbPx * 3, kThumbPx * 3,
          rgb.begin() + (static_cast<std::ptrdiff_t>(row * kThumbPx + y) * columns + column) * kThumbPx * 3);
    }
  }
  Result<void> Write(const std::filesystem::path& path) const {
    return WriteFileAtomic(path, EncodePng(rgb, columns * kThumbPx, rows * kThumbPx));
  }
};

Result<void> WriteSheets(const Image& picture, const std::filesystem::path& folder) {
  Subject subject(picture, Fit::kCrop);
  const auto take = [&](const CameraShot& shot, uint64_t id) {
    return Receive(
        Deliver(TakePicture(subject, shot, Fit::kCrop, Backdrops::BuiltIn(), Rng(1, "sheet", {id}))));
  };
  const auto axes = static_cast<int>(CameraAxes().size());
  Sheet sheet{12, (axes + 1) / 2};
  for (int a = 0; a < axes; ++a) {
    for (int s = 0; s <= 5; ++s) {
      const auto axis = static_cast<uint64_t>(a);
      sheet.Put(a % 2 * 6 + s, a / 2,
                take(ShotOnAxis(static_cast<size_t>(a), s, Rng(1, "sheet-shot", {axis})), axis));
    }
  }
  HL_TRY(sheet.Write(folder / "axes.png"));
  for (const auto& [name, care] :
       {std::pair{"typical.png", Care::kTypical}, std::pair{"hard.png", Care::kHard}}) {
    Sheet drawn{10, 4};
    for (int i = 0; i < 40; ++i) {
      const auto id = static_cast<uint64_t>(i);
      drawn.Put(i % 10, i / 10, take(DrawShot(care, Rng(1, "sheet-draw", {id})), id));
    }
    HL_TRY(drawn.Write(folder / name));
  }
  return {};
}

int Main(int count, char** arguments) {
  if (count < 2) {
    fmt::print(stderr, "usage: bench_camera PICTURE [FOLDER]\n");
    return 2;
  }
  const auto decoded = DecodeFile(arguments[1]);
  if (!decoded) {
    fmt::print(stderr, "{}\n", decoded.error().message);
    return 3;
  }
  Measure(decoded->image);
  const auto written = count > 2 ? WriteSheets(decoded->image, arguments[2]) : Result<void>();
  if (!written) fmt::print(stderr, "{}\n", written.error().message);
  return written ? 0 : 1;
}

}  // namespace
}  // namespace handlens::image

int main(int count, char** arguments) { return handlens::image::Main(count, arguments); }
