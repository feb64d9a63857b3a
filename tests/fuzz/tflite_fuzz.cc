// libFuzzer target: whatever bytes come as a model file, reading them and adding metadata to them ends with a
// result or an error, never with a crash. The runtime is not called here.
#include <cstddef>
#include <cstdint>
#include <cstdlib>

#include "tflite/tflite.h"

namespace {

using handlens::Bytes;
namespace tflite = handlens::tflite;

tflite::Metadata SomeMetadata() {
  tflite::Metadata metadata;
  metadata.name = "fuzz";
  metadata.labels = {"a", "b"};
  metadata.preprocess_json = "{}";
  return metadata;
}

// A whole file with every part a reader looks at.
Bytes ValidModel() {
  tflite::Graph graph;
  graph.tensors = {{"picture", tflite::Type::kFloat32, {1, 4, 4, 3}},
                   {"axes", tflite::Type::kInt32, {2}, {}, {1, 0, 0, 0, 2, 0, 0, 0}},
                   {"means", tflite::Type::kFloat32, {1, 3}},
                   {"kernel", tflite::Type::kFloat32, {2, 3}, {}, Bytes(24)},
                   {"bias", tflite::Type::kFloat32, {2}, {}, Bytes(8)},
                   {"scores", tflite::Type::kFloat32, {1, 2}}};
  graph.ops = {{.op = tflite::Op::kMean, .inputs = {0, 1}, .outputs = {2}},
               {.op = tflite::Op::kFullyConnected, .inputs = {2, 3, 4}, .outputs = {5}}};
  graph.output = 5;
  const auto described = tflite::AddMetadata(tflite::WriteModel(graph), SomeMetadata());
  if (!described) std::abort();
  return *described;
}

void Read(std::span<const uint8_t> bytes) {
  if (!tflite::ReadModelInfo(bytes)) return;
  (void)tflite::AddMetadata(bytes, SomeMetadata());
}

}  // namespace

// Random bytes hardly ever pass the first check. So an even first byte means: patches of a valid file, three
// bytes each (place, place, value), and one more byte for how much of its end is cut off.
extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  if (size < 2 || data[0] % 2 == 1) {
    Read({data, size});
    return 0;
  }
  static const Bytes valid = ValidModel();
  Bytes bytes = valid;
  for (size_t i = 2; i + 2 < size; i += 3)
    bytes[(data[i] * size_t{256} + data[i + 1]) % bytes.size()] = data[i + 2];
  bytes.resize(bytes.size() - (data[1] < 128 ? 0 : data[1]));
  Read(bytes);
  return 0;
}
