#include "nn/arena.h"

#ifdef __linux__
#include <sys/mman.h>
#endif

#include <cstring>

namespace handlens::nn {
namespace {

constexpr size_t kLineFloats = 16;  // a cache line
constexpr size_t kHugePageBytes = size_t{2} << 20;

}  // namespace

size_t Arena::Reserve(size_t floats) {
  // A varying number of lines between buffers keeps two streams from sitting at the same address modulo 4096,
  // which makes loads wait for unrelated stores.
  floats_ += kLineFloats * (1 + buffers_++ % 7);
  const size_t offset = floats_;
  floats_ += (floats + kLineFloats - 1) / kLineFloats * kLineFloats + kLineFloats;
  return offset;
}

Result<void> Arena::Allocate() {
  const size_t alignment = Bytes() >= 2 * kHugePageBytes ? kHugePageBytes : 64;
  const size_t bytes = (Bytes() + alignment) / alignment * alignment;
  memory_.reset(static_cast<float*>(std::aligned_alloc(alignment, bytes)));
  if (!memory_) {
    return Fail(ErrorKind::kResources,
                "a network needs {} MB of memory; use fewer jobs, a smaller batch or smaller pictures",
                bytes >> 20);
  }
#ifdef __linux__
  if (alignment == kHugePageBytes)
    madvise(memory_.get(), bytes, MADV_HUGEPAGE);  // only advice: a refusal costs nothing
#endif
  std::memset(memory_.get(), 0, bytes);
  return {};
}

}  // namespace handlens::nn
