// The memory of a network: every buffer is reserved while the network is planned, then one allocation holds
// them all. Offsets are in floats from its start.
#pragma once

#include <cstddef>
#include <cstdlib>
#include <memory>

#include "base/result.h"

namespace handlens::nn {

class Arena {
 public:
  // Space for `floats` numbers at a multiple of 64 bytes, with 64 readable bytes to spare behind it.
  size_t Reserve(size_t floats);
  // Zeroed. Kind kResources when the memory does not suffice.
  Result<void> Allocate();
  float* At(size_t offset) const { return memory_.get() + offset; }
  size_t Bytes() const { return floats_ * sizeof(float); }
  bool HasMemory() const { return memory_ != nullptr; }
  // The same plan without the memory.
  Arena Plan() const {
    Arena plan;
    plan.floats_ = floats_;
    plan.buffers_ = buffers_;
    return plan;
  }

 private:
  struct Free {
    void operator()(float* p) const { std::free(p); }
  };
  size_t floats_ = 0;
  size_t buffers_ = 0;
  std::unique_ptr<float[], Free> memory_;
};

}  // namespace handlens::nn
