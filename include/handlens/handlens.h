// handlens as a library. Two doors: a folder of pictures to a verdict, as `handlens run` does it, and one
// training on pixels that a program has in memory. Both report to the caller's Progress and never write to
// the terminal.
//
// Build with CMake: find_package(handlens REQUIRED), then link handlens::handlens (docs/library.md,
// examples/). Errors are values: a Result holds what was asked for or an Error with its kind and a sentence
// that says what, where and what to do (base/result.h). No exceptions of its own. Different runs may go on in
// different threads; one folder serves one at a time.
#pragma once

#include <cstdint>
#include <filesystem>
#include <functional>
#include <map>
#include <string>
#include <vector>

#include "base/progress.h"
#include "base/result.h"

namespace handlens {

#ifndef HANDLENS_PROGRAM_FOLDER
#define HANDLENS_PROGRAM_FOLDER ""
#endif

// Right answers among n pictures that did not train, and the 95 % interval of their share: of a run the
// verdict's, which respects groups where they are known, else Wilson's.
struct Accuracy {
  int correct = 0, n = 0;
  double share = 0, low = 0, high = 0;
};

struct RunRequest {
  std::filesystem::path
      pictures;                  // a folder with a folder per class, or a table of them (docs/data-check.md)
  std::filesystem::path folder;  // of the run: made, or continued where an earlier call stopped
  // By the names of docs/options.md, without dashes, as on the command line: {{"preset", "quick"}, {"for",
  // "camera"}}.
  std::map<std::string, std::string> options = {};
  // Where the installed `handlens` lies, with the runtime, backbones and templates beside it.
  std::filesystem::path program_folder = HANDLENS_PROGRAM_FOLDER;
  // The library looks up neither the environment nor the clock. Backbones of the user's own are in
  // handlens/backbones of his data folder, for the program ~/.local/share; empty: only the product's.
  std::filesystem::path data_folder = {};
  // Seconds since 1970, UTC, for the date in the report; empty: it has none.
  std::function<int64_t()> now_s = {};
};

struct RunResult {
  bool deployable = false;
  std::string summary;               // one sentence: "Passed 13 of 13 checks on pictures like yours; ..."
  std::vector<std::string> reasons;  // why it is not deployable; empty when it is
  Accuracy accuracy;                 // of model_file, each picture by a fold that never saw it
  std::filesystem::path model_file, labels_file, report;
};

// All steps from the data check to the report, those that are fresh skipped. Kinds: kUsage for an unknown
// option or value, kBadInput for pictures that cannot be used, kResources for disk or budget, kInterrupted
// when progress asked to stop (call again to go on). A verdict that fails is a result, not an error.
Result<RunResult> RunPictures(const RunRequest& request, Progress& progress);

// Square RGB pictures, one after the other, each size_px x size_px x 3 bytes.
struct MemoryPictures {
  int size_px = 0;
  std::vector<std::string> labels = {};
  std::vector<uint8_t> rgb = {};   // (pictures, size, size, 3)
  std::vector<int> label_of = {};  // (pictures), indices into `labels`
};

struct TrainRequest {
  std::string model = "nano16";    // as `handlens list models` names them; no backbone's
  std::string generator = "mild";  // how training pictures are varied: `handlens list generators`
  int epochs = 0;                  // 0 = as the preset "quick" trains
  uint64_t seed = 1;
  std::filesystem::path folder =
      {};  // for the trial and the model; a training that was stopped goes on from there
};

struct TrainResult {
  Accuracy accuracy;                 // of a fifth of the pictures, which neither trained nor chose anything
  std::filesystem::path model_file;  // float32 .tflite: bytes 0..255 divided by 255 in, a score a label out
};

// One training: a fifth of the pictures is kept for the accuracy (equal pictures stay together). Kind kUsage
// for a model or generator that does not exist, kBadInput for pictures that do not fit together, kInterrupted
// as above.
Result<TrainResult> TrainPixels(const MemoryPictures& pictures, const TrainRequest& request,
                                Progress& progress);

}  // namespace handlens
