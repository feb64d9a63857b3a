// libFuzzer target: whatever bytes come as PyTorch weights or as a backbone's file,
// reading them ends with tensors or an error.
#include <cstddef>
#include <cstdint>
#include <string>

#include "backbone/checkpoint.h"

namespace {

// The pickles before the table, so that the fuzzer begins where it matters.
const std::string kHeader =
    std::string("\x80\x02\x8a\x01\x00.", 6) + std::string("\x80\x02M\xe9\x03.", 6) + "\x80\x02}.";

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const std::string text = kHeader + std::string(reinterpret_cast<const char*>(data), size);
  (void)handlens::backbone::ReadTorchCheckpoint(
      std::span(reinterpret_cast<const uint8_t*>(text.data()), text.size()));
  (void)handlens::nn::DecodeWeightsFile({data, size});
  return 0;
}
