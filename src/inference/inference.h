// An int8 classifier becomes one file of plain C: its weights as tables, its operators as a sequence of
// calls, and the kernels that they call, which stand as they are under apps/c/kernels. No allocation, no
// library but memcpy and memset. For programs that are built before there is a model, the same calls are
// written as data.
//
// The numbers are those of the official runtime's reference kernels, bit for bit. The numbers of its fast
// kernels (Kernels::kBuiltin, kXnnpack) may differ by rounding: they round sums once, the reference kernels
// twice.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "base/disk.h"
#include "base/result.h"
#include "tflite/tflite.h"

namespace handlens::inference {

struct CRequest {
  std::span<const uint8_t>
      model;         // a .tflite file in full int8, with input and output as uint8, int8 or float32
  std::string name;  // for the comment at the top; any text
  std::vector<std::string> labels;  // one an output
  double not_sure_below = 0;        // 0..1
  double possible_from = 0;         // classes that score this or more are possible; 0 = not said
  int refer_class = -1;             // the label that must not be missed; -1 = none
  double refer_from = 1;            // scores of it at or above this are referred
  int fit = 0;                      // HL_FIT_* of pixels.h
};

struct CModel {
  std::string header, source;  // model.h and model.c
  int size_px = 0;
  int64_t constant_bytes = 0;  // of the tables: what they take of a device's flash, without code
  int64_t arena_bytes = 0;     // of working memory
};

// What a model takes of a small device: see CModel.
struct CNeeds {
  int64_t constant_bytes = 0, arena_bytes = 0;
};
// Errors as of WriteC, but for labels.
Result<CNeeds> NeedsOf(std::span<const uint8_t> model);

// The same request gives the same text. Kind kBadInput, by the operator's name and place: one that is not
// known here, or numbers other than int8; likewise a file that tflite::ReadGraph refuses, or another number
// of labels than outputs.
Result<CModel> WriteC(const CRequest& request);

// The model as data instead of text: a plan, which apps/pi/plan.h runs, on whatever processor, with the same
// kernels and to the same bits. The same model gives the same bytes. Errors as of WriteC, but for labels.
Result<Bytes> WritePlan(std::span<const uint8_t> model);

// For tests, which compile many models at once: the kernels alone, all of them, and a model alone, in which
// every name of the file begins with `prefix`. It has one function, int PREFIXclassify(const uint8_t*, void*,
// float*), and the size of its arena, size_t PREFIXarena_bytes(void).
std::string AllKernels();
Result<std::string> WriteBody(const tflite::Graph& graph, std::string_view prefix);

}  // namespace handlens::inference
