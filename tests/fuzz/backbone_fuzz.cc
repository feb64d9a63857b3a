// libFuzzer target: whatever bytes come as a classifier of another program, importing them ends with a model
// whose weights fit its layers, or with an error, never with a crash. Neither runtime nor engine is called.
#include <cstddef>
#include <cstdint>
#include <cstdlib>

#include "backbone/import.h"

namespace {

using handlens::Bytes;
namespace backbone = handlens::backbone;
namespace nn = handlens::nn;
namespace tflite = handlens::tflite;

Bytes ValidModel() {
  tflite::Graph graph;
  graph.tensors = {
      {"picture", tflite::Type::kFloat32, {1, 8, 8, 3}},
      {"kernel", tflite::Type::kFloat32, {2, 3, 3, 3}, {}, Bytes(216)},
      {"counts", tflite::Type::kInt32, {4, 2}, {}, {0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1, 0, 0, 0,
                                                    0, 0, 0, 0, 1, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0}},
      {"padded", tflite::Type::kFloat32, {1, 9, 9, 3}},
      {"maps", tflite::Type::kFloat32, {1, 4, 4, 2}},
      {"half", tflite::Type::kFloat16, {1, 3, 3, 2}, {}, Bytes(36)},
      {"full", tflite::Type::kFloat32, {1, 3, 3, 2}},
      {"more", tflite::Type::kFloat32, {1, 4, 4, 2}},
      {"sum", tflite::Type::kFloat32, {1, 4, 4, 2}},
      {"axes", tflite::Type::kInt32, {2}, {}, {1, 0, 0, 0, 2, 0, 0, 0}},
      {"means", tflite::Type::kFloat32, {1, 2}},
      {"dense", tflite::Type::kFloat32, {3, 2}, {}, Bytes(24)},
      {"logits", tflite::Type::kFloat32, {1, 3}},
      {"scores", tflite::Type::kFloat32, {1, 3}}};
  using enum tflite::Op;
  graph.ops = {{.op = kPad, .inputs = {0, 2}, .outputs = {3}},
               {.op = kConv2D,
                .inputs = {3, 1, -1},
                .outputs = {4},
                .activation = tflite::Activation::kRelu6,
                .stride = 2},
               {.op = kDequantize, .inputs = {5}, .outputs = {6}},
               {.op = kDepthwiseConv2D, .inputs = {4, 6}, .outputs = {7}, .same_padding = true},
               {.op = kAdd, .inputs = {7, 4}, .outputs = {8}},
               {.op = kMean, .inputs = {8, 9}, .outputs = {10}},
               {.op = kFullyConnected, .inputs = {10, 11}, .outputs = {12}},
               {.op = kSoftmax, .inputs = {12}, .outputs = {13}}};
  graph.output = 13;
  return tflite::WriteModel(graph);
}

void Import(std::span<const uint8_t> bytes) {
  const backbone::Scaling scaling{{127.5f}, {127.5f}};
  const auto imported = backbone::ImportClassifier(bytes, &scaling);
  if (!imported) return;
  if (nn::WeightShapes(imported->model.spec)->size() != imported->model.weights.size()) std::abort();
  (void)backbone::FromClassifier("fuzz", imported->model, "");
}

}  // namespace

// As tflite_fuzz: with an even first byte the rest are patches of a valid file.
extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  if (size < 2 || data[0] % 2 == 1) {
    Import({data, size});
    return 0;
  }
  static const Bytes valid = ValidModel();
  static const bool reads =
      backbone::ImportClassifier(valid, nullptr).error().kind == handlens::ErrorKind::kUsage;
  if (!reads) std::abort();  // else every patch would be refused at the door
  Bytes bytes = valid;
  for (size_t i = 2; i + 2 < size; i += 3)
    bytes[(data[i] * size_t{256} + data[i + 1]) % bytes.size()] = data[i + 2];
  bytes.resize(bytes.size() - (data[1] < 128 ? 0 : data[1]));
  Import(bytes);
  return 0;
}
