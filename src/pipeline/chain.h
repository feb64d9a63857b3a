// The chain of a run: which step made which file from which, by hashes. It lets a step be skipped when
// nothing that it depends on changed, and lets anyone prove later that the shipped model comes from these
// pictures.
#pragma once

#include <filesystem>
#include <string>
#include <string_view>
#include <vector>

#include "base/json.h"
#include "base/progress.h"
#include "base/result.h"

namespace handlens::pipeline {

// One step's dealings. Paths are relative to the run folder with '/' (or absolute for files outside it); a
// folder stands for all files below it. A file may be both input and output: `describe` rewrites models in
// place.
struct ChainStep {
  std::string name;  // "convert"
  std::vector<std::string> inputs, outputs;
  std::string options_sha256;           // of the options that the step obeys and its version
  Json options = Json::object();        // those of them that are numbers or words, to say later what changed
  std::vector<std::string> maybe = {};  // outputs that need not be there
};

// Writes the step into RUN/chain.json ("handlens-chain" version 1), in place of what was recorded of it
// before, with the hashes of all its files and the program's version. Kind kBadInput when a file is missing.
// One writer at a time.
Result<void> RecordStep(const std::filesystem::path& run, const ChainStep& step);

// What RecordStep noted of the step's options; an empty object when it never ran or is from before they were
// noted.
Result<Json> RecordedOptions(const std::filesystem::path& run, std::string_view step);

struct Freshness {
  bool fresh = false;
  std::string why;  // "model/model.tflite changed"; empty when fresh
};
// Whether the step need not run again: recorded with the same options (and version, which its hash contains)
// and the same inputs, and its outputs are as it left them (or as a later step rewrote them). `step.outputs`
// is not looked at.
Result<Freshness> StepIsFresh(const std::filesystem::path& run, const ChainStep& step);

enum class FindingKind { kMissing, kChanged, kExtra, kStale, kBroken };
const char* FindingName(FindingKind kind);  // "missing", "changed", "extra", "stale", "broken"

// One thing that is not as recorded.
struct Finding {
  FindingKind kind = FindingKind::kMissing;
  std::string path;  // as in ChainStep
  std::string text;  // a whole sentence
};
struct ChainCheck {
  std::vector<Finding> findings;       // empty = the chain holds
  std::vector<std::string> not_shown;  // of the labels' order, whole sentences; no break of the chain
  size_t pictures = 0, files = 0;      // that were hashed
  std::vector<std::string> steps;      // recorded ones, in order
};

// Hashes every picture and every recorded file and compares: pictures with their ids, files with what the
// last step left, inputs with what the steps before left (else kStale), model, app and phone folders for
// files that no step made or read (kExtra), models with what their records and metadata say, phones' records
// with the run (kBroken, kStale). Kind kBadInput: no chain.json.
Result<ChainCheck> CheckRun(const std::filesystem::path& run, int jobs, Progress& progress);

// The part of CheckRun that needs no pictures: recorded files of the run that are gone or are not as the last
// step left them, and nothing else. A run without chain.json is one finding (kMissing).
Result<std::vector<Finding>> ChangedFiles(const std::filesystem::path& run);

}  // namespace handlens::pipeline
