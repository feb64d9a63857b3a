#include "pipeline/record_versions.h"

#include <algorithm>
#include <array>
#include <string>
#include <vector>

#include "base/disk.h"
#include "base/json.h"

namespace handlens::pipeline {
namespace fs = std::filesystem;
namespace {

struct KnownRecord {
  const char* folder;  // below the run; "*" = each folder in it
  const char* file;    // "*.json" = each such file
  const char* format;
  int version;
};
// The table of docs/formats.md. A record that is missing here is found by tests/cli/newer_records.sh.
constexpr std::array kKnown = {KnownRecord{"", "dataset.json", "handlens-dataset", 1},
                               KnownRecord{"", "pictures.json", "handlens-pictures", 1},
                               KnownRecord{"", "split.json", "handlens-split", 1},
                               KnownRecord{"", "review.json", "handlens-review", 1},
                               KnownRecord{"", "search.json", "handlens-search", 1},
                               KnownRecord{"", "reduce.json", "handlens-reduce", 1},
                               KnownRecord{"", "crossvalidation.json", "handlens-crossvalidation", 1},
                               KnownRecord{"", "verdict.json", "handlens-verdict", 1},
                               KnownRecord{"", "memory.json", "handlens-memory", 1},
                               KnownRecord{"", "report.json", "handlens-report", 1},
                               KnownRecord{"", "chain.json", "handlens-chain", 1},
                               KnownRecord{"", "timings.json", "handlens-timings", 1},
                               KnownRecord{"model", "conversion.json", "handlens-conversion", 1},
                               KnownRecord{"model", "engine_scores.json", "handlens-scores", 1},
                               KnownRecord{"model", "answers.json", "handlens-answers", 1},
                               KnownRecord{"model", "preprocess.json", "handlens-preprocess", 1},
                               KnownRecord{"model", "description.json", "handlens-description", 1},
                               KnownRecord{"apps/android", "android.json", "handlens-android", 1},
                               KnownRecord{"apps/c", "handlens-c.json", "handlens-c", 1},
                               KnownRecord{"apps/ios", "handlens-project.json", "handlens-project", 1},
                               KnownRecord{"apps/flutter", "handlens-project.json", "handlens-project", 1},
                               KnownRecord{"apps/pi", "handlens-pi.json", "handlens-pi", 1},
                               KnownRecord{"trials/*", "trial.json", "handlens-trial", 1},
                               KnownRecord{"trials/*", "camera.json", "handlens-camera-check", 1},
                               KnownRecord{"trials/*", "state.bin", "handlens-trial-state", 1},
                               KnownRecord{"shards/*", "plan.json", "handlens-shards", 1},
                               KnownRecord{"cluster", "manifest.json", "handlens-cluster", 1},
                               KnownRecord{"phones", "*.json", "handlens-phone", 1}};

// What may already lie in a folder that is to become a run.
bool MayBecomeRun(const std::vector<std::string>& names) {
  return std::all_of(names.begin(), names.end(),
                     [&](const std::string& name) { return IsUnfinished(name) || IsOfTheBeginning(name); });
}

Result<std::vector<std::string>> NamesIn(const fs::path& folder) {
  HL_ASSIGN(const fs::file_type kind, KindOfFile(folder));
  if (kind != fs::file_type::directory) return std::vector<std::string>();
  return ListFolder(folder);
}

Result<std::vector<fs::path>> FilesOf(const fs::path& run, const KnownRecord& known) {
  std::vector<fs::path> folders = {run / known.folder};
  if (std::string_view(known.folder).ends_with("/*")) {
    const fs::path parent = folders[0].parent_path();
    folders.clear();
    HL_ASSIGN(const std::vector<std::string> names, NamesIn(parent));
    for (const std::string& name : names) folders.push_back(parent / name);
  }
  std::vector<fs::path> files;
  for (const fs::path& folder : folders) {
    if (*known.file != '*') {
      files.push_back(folder / known.file);
      continue;
    }
    HL_ASSIGN(const std::vector<std::string> names, NamesIn(folder));
    for (const std::string& name : names) {
      if (name.ends_with(known.file + 1)) files.push_back(folder / name);
    }
  }
  return files;
}

}  // namespace

bool IsOfTheBeginning(std::string_view name) {
  constexpr std::string_view kNames[] = {".lock",      "handlens.toml", "cache",       "report",
                                         "thumbnails", "chain.json",    "timings.json"};
  return std::find(std::begin(kNames), std::end(kNames), name) != std::end(kNames);
}

Result<bool> IsRunFolder(const fs::path& folder) {
  HL_ASSIGN(const auto head, ReadRecordHead(folder / "dataset.json"));
  if (head) return head->format == "handlens-dataset";
  HL_ASSIGN(const std::vector<std::string> names, ListFolder(folder));
  return MayBecomeRun(names);
}

Result<void> RefuseNewerRecords(const fs::path& folder) {
  for (const KnownRecord& known : kKnown) {
    HL_ASSIGN(const std::vector<fs::path> files, FilesOf(folder, known));
    for (const fs::path& file : files) {
      HL_ASSIGN(const fs::file_type kind, KindOfFile(file));
      if (kind == fs::file_type::regular) HL_TRY(RefuseNewerRecord(file, known.format, known.version));
    }
  }
  return {};
}

}  // namespace handlens::pipeline
