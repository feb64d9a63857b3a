// model_scores MODEL.safetensors PICTURES SCORES: what the training engine gives for pictures, for comparison
// with other engines.
//
// MODEL has its spec in the metadata (make_backbone --classifier). PICTURES holds bytes (n, size, size, 3),
// one picture after the other; SCORES gets float32 (n, classes), softmax.
#include <cstdio>
#include <cstring>

#include "base/disk.h"
#include "nn/nn.h"

namespace {

using namespace handlens;

Result<void> Score(const char* model, const char* pictures, const char* scores) {
  HL_ASSIGN(const Bytes bytes, ReadFile(model));
  HL_ASSIGN(const nn::WeightsFile file, nn::DecodeWeightsFile(bytes));
  if (file.metadata.empty()) return Fail(ErrorKind::kBadInput, "{}: no spec", model);
  HL_ASSIGN(const Json json, ParseJson(file.metadata[0].second, model));
  HL_ASSIGN(const nn::ModelSpec spec, nn::ModelFromJson(json));
  HL_ASSIGN(const std::unique_ptr<nn::Network> network, nn::Network::Create(spec, 1, {}));
  HL_TRY(network->LoadWeights(file.weights));
  HL_ASSIGN(const Bytes raw, ReadFile(pictures));
  const auto size = static_cast<size_t>(spec.size_px), each = size * size * 3,
             classes = static_cast<size_t>(spec.classes);
  std::vector<float> inputs(each), row(classes);
  Bytes out(raw.size() / each * classes * 4);
  for (size_t i = 0; i < raw.size() / each; ++i) {
    for (size_t j = 0; j < each; ++j) inputs[j] = static_cast<float>(raw[i * each + j]) / 255.0f;
    network->Predict(inputs, 1, row);
    std::memcpy(out.data() + i * classes * 4, row.data(), classes * 4);
  }
  return WriteFileAtomic(scores, out);
}

}  // namespace

int main(int count, char** words) {
  if (count != 4) {
    fmt::print(stderr, "usage: model_scores MODEL.safetensors PICTURES SCORES\n");
    return 2;
  }
  const auto done = Score(words[1], words[2], words[3]);
  if (!done) fmt::print(stderr, "model_scores: {}\n", done.error().message);
  return done ? 0 : static_cast<int>(done.error().kind);
}
