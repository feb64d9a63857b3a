// Whatever bytes come as a DICOM file: a picture of the size that it says, or an error. The module that reads
// it is opened at run time, as the program does.
#include "fuzz.h"
#include "image/image.h"

namespace {

const handlens::fuzz::Seeds& SomeFiles() {
  static const handlens::fuzz::Seeds seeds = handlens::fuzz::SourceFolder("src/image/testdata/dicom");
  return seeds;
}

}  // namespace

// DCMTK takes the memory that a file says it needs and looks at the file afterwards. Pages that nobody writes
// cost the program nothing, but the sanitizer marks every one of them.
extern "C" const char* __asan_default_options() {
  return "allocator_may_return_null=1:max_allocation_size_mb=256";
}
// DCMTK keeps its list of codecs until the process ends.
extern "C" const char* __lsan_default_suppressions() { return "leak:libdcmdata\n"; }

extern "C" size_t LLVMFuzzerCustomMutator(uint8_t* data, size_t size, size_t max_size, unsigned seed) {
  return handlens::fuzz::MutateBytes({data, size, max_size, seed}, SomeFiles());
}

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  constexpr size_t kMarkAt = 128;
  if (size < kMarkAt + 4 || std::string_view(reinterpret_cast<const char*>(data) + kMarkAt, 4) != "DICM")
    return -1;
  const auto decoded = handlens::image::Decode({data, size}, {.max_pixels = 4'000'000});
  if (!decoded) {
    HL_CHECK(!decoded.error().message.empty());
    HL_CHECK(decoded.error().message.find("is needed beside the program") == std::string::npos);
    return 0;
  }
  const auto& image = decoded->image;
  HL_CHECK(image.rgb.size() == static_cast<size_t>(image.width) * static_cast<size_t>(image.height) * 3);
  return 0;
}
