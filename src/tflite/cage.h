// The limits of the process that runs strangers' models. Not for other rooms.
#pragma once

#include <cstdint>

#include "base/result.h"

namespace handlens::tflite {

struct Cage {
  uint64_t memory_bytes = 0;  // of address space
  uint64_t cpu_seconds = 0;
};
// For good: memory and time are limited, no file can be opened, made or written, no process or thread
// started, no core written, no privilege gained; of all system calls, those that reckoning in memory and
// reading and writing open descriptors need are left (seccomp(2)). To open or ask about a file fails with
// EACCES; every other call ends the process with SIGSYS. Kind kInternal when the kernel refuses.
Result<void> EnterCage(const Cage& cage);

}  // namespace handlens::tflite
