// libFuzzer target: whatever bytes come as a model file, reading them and adding metadata to them ends with a result or
// an error, never with a crash. The runtime is not called here.
#include <cstddef>
#include <cstdint>

#include "tflite/tflite.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const std::span<const uint8_t> bytes(data, size);
  const auto info = handlens::tflite::ReadModelInfo(bytes);
  if (!info) return 0;
  handlens::tflite::Metadata metadata;
  metadata.name = "fuzz";
  metadata.labels = {"a", "b"};
  (void)handlens::tflite::AddMetadata(bytes, metadata);
  return 0;
}
