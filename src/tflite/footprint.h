// What one answer of a model takes: memory and time, by the official runtime in a process of its own on this
// computer.
#pragma once

#include <cstdint>
#include <span>

#include "base/result.h"
#include "tflite/tflite.h"

namespace handlens::tflite {

struct Footprint {
  int64_t answer_bytes = 0;   // resident after the answers, less what was resident before the model came: the
                              // model, what the kernels pack of it, and every layer's outputs. They all stay
                              // between answers, so it is also the peak of an answer
  int64_t process_bytes = 0;  // highest of the whole process, with the runtime's library and the copy from
                              // which the model is read
  double median_ms = 0;       // of an answer, with one thread
  int answers = 0;
};

// Loads the model apart (Judge::LoadApart), lets it answer a grey picture `answers` times and reads what the
// system says of the process (RssAnon and VmHWM of /proc/PID/status). Differs a little from call to call.
// Kinds as LoadApart's; kInternal where /proc cannot be read.
Result<Footprint> MeasureFootprint(std::span<const uint8_t> model, Kernels kernels, int answers = 15);

}  // namespace handlens::tflite
