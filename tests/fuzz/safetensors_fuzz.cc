// Whatever bytes come as safetensors, and as a backbone in that form: tensors whose numbers fill their
// shapes, or an error. The header's JSON is changed as JSON.
#include "backbone/sample_backbone.h"
#include "fuzz.h"
#include "nn/nn.h"

namespace {

using namespace handlens;

constexpr size_t kLengthBytes = 8;

const fuzz::Seeds& SomeFiles() {
  static const fuzz::Seeds seeds = [] {
    const nn::Weights weights = {{"0.kernel", {2, 3}, {1, 2, 3, 4, 5, 6.5f}},
                                 {"0.bias", {3}, {0.1f, 0.2f, 0.3f}}};
    const backbone::Backbone sample = backbone::SampleBackbone();
    const std::filesystem::path file = fuzz::NewFolder() / "tiny.safetensors";
    HL_CHECK(backbone::Write(file, sample).has_value());
    return fuzz::Seeds{fuzz::Text(nn::EncodeWeights(weights)), *ReadText(file)};
  }();
  return seeds;
}

uint64_t LengthOf(std::string_view file) {
  uint64_t length = 0;
  for (size_t i = kLengthBytes; i-- > 0;) length = length << 8 | static_cast<uint8_t>(file[i]);
  return length;
}

}  // namespace

extern "C" size_t LLVMFuzzerCustomMutator(uint8_t* data, size_t size, size_t max_size, unsigned seed) {
  const fuzz::Place place{data, size, max_size, seed};
  const std::string_view file = place.text();
  if (seed % 3 == 0 || size < kLengthBytes || LengthOf(file) > size - kLengthBytes)
    return fuzz::MutateBytes(place, SomeFiles());
  const size_t header = static_cast<size_t>(LengthOf(file));
  const std::string json = fuzz::ChangedJson(file.substr(kLengthBytes, header), seed);
  std::string changed;
  for (size_t i = 0; i < kLengthBytes; ++i) changed += static_cast<char>(json.size() >> (8 * i));
  changed += json;
  changed += file.substr(kLengthBytes + header);
  return place.Take(changed);
}

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  static fuzz::MemoryFile memory;
  if (const auto file = nn::DecodeWeightsFile({data, size})) {
    for (const nn::Tensor& tensor : file->weights) {
      size_t count = 1;
      for (const int extent : tensor.shape) count *= static_cast<size_t>(extent);
      HL_CHECK(count == tensor.values.size());
    }
    HL_CHECK(nn::DecodeWeights(nn::EncodeWeights(file->weights)).has_value());
  }
  memory.Set({reinterpret_cast<const char*>(data), size});
  if (const auto backbone = backbone::Read(memory.path())) HL_CHECK(backbone::Check(*backbone).has_value());
  return 0;
}
