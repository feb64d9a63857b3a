// What the files of this room share about model bytes: packing, and the check that hostile bytes must pass
// before anything follows an offset or an index in them. Private to the room.
#pragma once

#include <cstdint>
#include <span>
#include <string_view>

#include "base/disk.h"
#include "base/result.h"
#include "schema_generated.h"

namespace handlens::tflite {

// Appends a named entry to the model's metadata, with a buffer of its own.
void AddMetadataBuffer(fb::ModelT& model, std::string_view name, std::string_view content);

// The flatbuffer of `model`, identifier included; constant data starts at multiples of 16 bytes, vectors of
// zero points are shared (pack.cc).
Bytes PackModel(const fb::ModelT& model);

// The model in `bytes`, whose first byte is aligned to 16 and which must outlive the result. Refuses what
// does not verify as a flatbuffer, indices out of range, impossible shapes, strides and windows, and
// constants whose size is not that of their shape: the runtime trusts all of these. Kind kBadInput.
Result<const fb::Model*> CheckModel(std::span<const uint8_t> bytes);

// The part of that check which looks at one operator whose indices are in range: types, ranks and
// quantization of its tensors. Operators that this room does not know pass.
Result<void> CheckOperator(const fb::Model& model, const fb::SubGraph& graph, const fb::Operator& op);

// The same bytes where the flatbuffers library may read them: a copy when the start is not aligned to 16.
class AlignedBytes {
 public:
  explicit AlignedBytes(std::span<const uint8_t> bytes) : bytes_(bytes) {
    if (reinterpret_cast<uintptr_t>(bytes.data()) % 16 == 0) return;
    copy_.assign(bytes.begin(), bytes.end());
    bytes_ = copy_;
  }
  AlignedBytes(const AlignedBytes&) = delete;
  AlignedBytes& operator=(const AlignedBytes&) = delete;
  std::span<const uint8_t> get() const { return bytes_; }

 private:
  Bytes copy_;
  std::span<const uint8_t> bytes_;
};

}  // namespace handlens::tflite
