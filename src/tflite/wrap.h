// Private to the room: see wrap.cc.
#pragma once

#include <span>
#include <string_view>

#include "tflite/model_bytes.h"

namespace handlens::tflite {

// `bytes` begin with the checked `model`. The result verifies, and an entry `name` of its metadata has
// `content`. Kind kBadInput when the model's constants lie outside of its flatbuffer, where positions count
// from the first byte.
Result<Bytes> WrapWithMetadata(std::span<const uint8_t> bytes, const fb::Model& model, std::string_view name,
                               std::string_view content);

}  // namespace handlens::tflite
