// What the program and the process that runs strangers' models for it (main.cc of this room) say to each
// other over a socket: a head of fixed size, then as many bytes as it says. Both are the same build on the
// same computer.
#pragma once

#include <cstdint>

namespace handlens::tflite {

inline constexpr uint32_t kApartMagic = 0x484c4a31;  // "HLJ1"
inline constexpr int kApartSocket = 3;               // the other's end, in the child
inline constexpr uint32_t kMaxApartText =
    4096;  // what is believed of a child that a model may have taken over
inline constexpr uint32_t kMaxApartScores = 1U << 24;
inline constexpr int kApartSeconds = 120;  // for loading a model, and for one picture
inline constexpr uint64_t kApartMemoryBytes = uint64_t{4} << 30;
inline constexpr uint64_t kApartCpuSeconds = 6 * 3600;

// To the child, once; it answers when the runtime is warmed up, then comes the model.
struct ApartLoad {
  uint32_t magic = kApartMagic;
  int32_t kernels = 0;  // of Kernels
  uint64_t model_bytes = 0;
};
// To the child, for each picture, then the input.
struct ApartAsk {
  uint32_t magic = kApartMagic;
  int32_t is_values = 0;  // 1 = float32 values as they are, 0 = pixels
  uint64_t bytes = 0;
};
// From the child, for each of these, then the text and the scores.
struct ApartReply {
  uint32_t magic = kApartMagic;
  int32_t error_kind = 0;   // of ErrorKind; 0 = none
  uint32_t text_bytes = 0;  // the error's message, or of the first reply the runtime's version
  uint32_t scores = 0;
  int32_t size_px = 0, classes = 0;
};

}  // namespace handlens::tflite
