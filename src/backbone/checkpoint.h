// Weights files of PyTorch (torch.save before version 1.6): five pickles, then the numbers. A pickle is a
// program for a small machine that may call any function of the reader's; this reader is that machine without
// any function. It knows the opcodes that a table of tensors needs, builds inert values, and refuses the rest
// by name.
#pragma once

#include <cstdint>
#include <span>

#include "base/result.h"
#include "nn/nn.h"

namespace handlens::backbone {

// The float32 tensors of a state_dict, by its names and in its order, in PyTorch's layouts (convolution: out,
// in, kh, kw), row after row. Integer tensors (counters of batches) are left out. Kind kBadInput: anything
// else, truncated, hostile.
Result<nn::Weights> ReadTorchCheckpoint(std::span<const uint8_t> bytes);

}  // namespace handlens::backbone
