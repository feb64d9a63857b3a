// Little-endian numbers in byte buffers, bounds-checked on reading: what zip files, binary XML and signatures
// are made of.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>

#include "base/disk.h"
#include "base/result.h"

namespace handlens::package {

template <class T>
void Put(Bytes& out, T value) {
  for (size_t i = 0; i < sizeof(T); ++i)
    out.push_back(static_cast<uint8_t>(static_cast<uint64_t>(value) >> (8 * i)));
}

inline void Append(Bytes& out, std::span<const uint8_t> bytes) {
  out.insert(out.end(), bytes.begin(), bytes.end());
}

// Overwrites sizeof(T) bytes at `offset`, which must be inside.
template <class T>
void PutAt(Bytes& out, size_t offset, T value) {
  HL_CHECK(offset + sizeof(T) <= out.size());
  for (size_t i = 0; i < sizeof(T); ++i)
    out[offset + i] = static_cast<uint8_t>(static_cast<uint64_t>(value) >> (8 * i));
}

// Reads at `offset`; 0 and `ok` = false when that is outside.
class Reader {
 public:
  explicit Reader(std::span<const uint8_t> bytes) : bytes_(bytes) {}

  template <class T>
  T At(size_t offset) {
    if (offset > bytes_.size() || bytes_.size() - offset < sizeof(T)) {
      ok_ = false;
      return 0;
    }
    uint64_t value = 0;
    for (size_t i = 0; i < sizeof(T); ++i) value |= static_cast<uint64_t>(bytes_[offset + i]) << (8 * i);
    return static_cast<T>(value);
  }

  // `size` bytes at `offset`; empty and ok() = false when they are not all inside.
  std::span<const uint8_t> Slice(size_t offset, size_t size) {
    if (offset > bytes_.size() || bytes_.size() - offset < size) {
      ok_ = false;
      return {};
    }
    return bytes_.subspan(offset, size);
  }

  bool ok() const { return ok_; }

 private:
  std::span<const uint8_t> bytes_;
  bool ok_ = true;
};

}  // namespace handlens::package
