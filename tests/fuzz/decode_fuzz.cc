// Hostile bytes to every decoder: no crash, no hang, no memory beyond the limit.
#include "base/result.h"
#include "image/image.h"

// As in dicom_fuzz.cc.
extern "C" const char* __asan_default_options() {
  return "allocator_may_return_null=1:max_allocation_size_mb=256";
}
// libdav1d loses 40 bytes where some damaged AVIF pictures end.
extern "C" const char* __lsan_default_suppressions() { return "leak:libdcmdata\nleak:libdav1d\n"; }

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
