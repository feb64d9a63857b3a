// EfficientNet-Lite 0 to 2: EfficientNet without squeeze-and-excitation and with ReLU6, made for 8-bit
// arithmetic (Tan and Le 2019; Liu et al. 2020, "Higher accuracy on vision models with EfficientNet-Lite";
// Apache-2.0).
#pragma once

#include <string_view>

#include "backbone/backbone.h"

namespace handlens::backbone {

enum class Lite { kLite0, kLite1, kLite2 };  // 224, 240, 260 px
constexpr std::string_view kLiteNames[] = {"lite0", "lite1", "lite2"};

// Spec, cuts (behind each block, then the end), name and notice. Its input is 0..1, of which the first layer
// makes (x * 255 - 127) / 128. No weights and no hash yet.
Backbone LiteBackbone(Lite which);

// The same with the weights of a PyTorch checkpoint (ReadTorchCheckpoint) by the names of the package
// efficientnet-lite-pytorch. Kernels are rounded to half precision: kExact keeps them. Kind kBadInput: a
// tensor is missing or has another shape; a tensor is left over.
enum class Kernels { kHalf, kExact };
Result<Backbone> LiteFromCheckpoint(Lite which, const nn::Weights& checkpoint, Kernels kernels);

// The classifier of the checkpoint's own 1000 classes (ImageNet's, in their usual order), at the backbone's
// size: what proofs run, not what is shipped. The backbone is LiteFromCheckpoint's.
Result<Model> LiteClassifier(const Backbone& backbone, const nn::Weights& checkpoint);

}  // namespace handlens::backbone
