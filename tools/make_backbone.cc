// make_backbone NAME CHECKPOINT.pth OUT.safetensors [--exact] [--classifier OUT]: EfficientNet-Lite weights
// as a backbone's file, and beside it OUT.NOTICE.txt, which says whose they are.
//
// NAME is lite0, lite1 or lite2. Kernels are rounded to half precision unless --exact keeps them.
// --classifier also writes the network of the checkpoint's own 1000 classes as safetensors, its spec in the
// metadata: what tools/oracles/lite_torch.py compares with PyTorch. Nothing of the checkpoint is executed.
#include <algorithm>
#include <cstdio>
#include <string_view>
#include <vector>

#include "backbone/checkpoint.h"
#include "backbone/efficientnet_lite.h"
#include "base/disk.h"

namespace {

using namespace handlens;

struct Arguments {
  std::vector<std::string_view> plain;
  std::string_view classifier;
  backbone::Kernels kernels = backbone::Kernels::kHalf;
};

Result<Arguments> ReadArguments(int count, char** words) {
  Arguments arguments;
  for (int i = 1; i < count; ++i) {
    const std::string_view word = words[i];
    if (word == "--exact") {
      arguments.kernels = backbone::Kernels::kExact;
    } else if (word == "--classifier" && i + 1 < count) {
      arguments.classifier = words[++i];
    } else {
      arguments.plain.push_back(word);
    }
  }
  if (arguments.plain.size() == 3) return arguments;
  return Fail(
      ErrorKind::kUsage,
      "usage: make_backbone lite0|lite1|lite2 CHECKPOINT.pth OUT.safetensors [--exact] [--classifier OUT]");
}

Result<void> Make(const Arguments& arguments) {
  const auto name =
      std::find(std::begin(backbone::kLiteNames), std::end(backbone::kLiteNames), arguments.plain[0]);
  if (name == std::end(backbone::kLiteNames))
    return Fail(ErrorKind::kUsage, "no backbone {}", arguments.plain[0]);
  HL_ASSIGN(const Bytes bytes, ReadFile(arguments.plain[1]));
  HL_ASSIGN(const nn::Weights checkpoint, backbone::ReadTorchCheckpoint(bytes));
  const auto which = static_cast<backbone::Lite>(name - std::begin(backbone::kLiteNames));
  HL_ASSIGN(const backbone::Backbone made,
            backbone::LiteFromCheckpoint(which, checkpoint, arguments.kernels));
  HL_TRY(backbone::Write(arguments.plain[2], made));
  HL_TRY(WriteFileAtomic(std::filesystem::path(arguments.plain[2]).replace_extension(".NOTICE.txt"),
                         made.notice + "\n\n"));
  fmt::print("{}: {}, hash {}\n", arguments.plain[2], made.name, made.hash);
  if (arguments.classifier.empty()) return {};
  HL_ASSIGN(const backbone::Model model, backbone::LiteClassifier(made, checkpoint));
  const nn::WeightsFile file{model.weights, {{"spec", nn::ToJson(model.spec).dump()}}};
  return WriteFileAtomic(arguments.classifier, nn::EncodeWeightsFile(file));
}

}  // namespace

int main(int count, char** words) {
  const auto made = ReadArguments(count, words).and_then(Make);
  if (made) return 0;
  fmt::print(stderr, "make_backbone: {}\n", made.error().message);
  return static_cast<int>(made.error().kind);
}
