// Hostile bytes to every decoder: no crash, no hang, no memory beyond the limit.
//   cmake -B build-fuzz -DCMAKE_CXX_COMPILER=clang++ -DHANDLENS_FUZZ=ON -DHANDLENS_SANITIZE=ON
//   build-fuzz/fuzz_decode -rss_limit_mb=1024 -timeout=10 CORPUS
#include "base/result.h"
#include "image/image.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const auto decoded = handlens::image::Decode({data, size}, {.max_pixels = 4'000'000});
  if (!decoded) {
    HL_CHECK(!decoded.error().message.empty());
    return 0;
  }
  const auto& image = decoded->image;
  HL_CHECK(image.rgb.size() == static_cast<size_t>(image.width) * static_cast<size_t>(image.height) * 3);
  HL_CHECK(handlens::image::ModelInput(image, 8, handlens::image::Fit::kCrop).size() == 192);
  return 0;
}
