// One run: its folder, lock, settings and the records that its steps share. What the steps do is in steps.h.
#pragma once

#include <filesystem>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "base/disk.h"
#include "base/progress.h"
#include "dataset/dataset.h"
#include "pipeline/settings.h"
#include "split/split.h"

namespace handlens::pipeline {

struct Run {
  std::filesystem::path folder;     // as the user wrote it
  Settings settings;
  Progress* progress = nullptr;
  std::unique_ptr<FileLock> lock;   // RUN/.lock; one process a run
  dataset::Dataset dataset;         // filled by Inspect or by OpenRun
  split::Split split;               // filled by the split step
  std::vector<std::string> written; // files that this call wrote, for its last words

  std::filesystem::path At(std::string_view name) const { return folder / name; }
  int jobs() const;
  uint64_t seed() const { return static_cast<uint64_t>(settings.Integer("seed")); }
  image::Fit fit() const;
};

// Opens a run folder that `inspect` made: takes the lock, reads its settings and dataset.json. Kind kBadInput when it
// is no run folder, kResources when another process works on it.
Result<std::unique_ptr<Run>> OpenRun(const Asked& asked, const std::filesystem::path& folder, Progress& progress);

// Opens or makes the run folder for PICTURES: -o, or NAME-run in the current folder. Kind kBadInput when the folder is
// something else's or another run's, or lies inside the pictures.
Result<std::unique_ptr<Run>> OpenRunFor(const Asked& asked, const std::filesystem::path& pictures, Progress& progress);

// Where a run of PICTURES goes: -o, or NAME-run in the current folder.
Result<std::filesystem::path> RunFolderFor(const Asked& asked, const std::filesystem::path& pictures);

// The settings of a call: flags, environment, then --config or RUN/handlens.toml or ./handlens.toml. Pass an empty
// folder when there is none.
Result<Settings> MergeSettings(const Asked& asked, const std::filesystem::path& folder);

// Writes RUN/handlens.toml when it differs.
Result<void> SaveSettings(Run& run);

// One step with its proof of freshness. `work` runs when the step is not fresh, then its record is written.
struct StepPlan {
  std::string name;                  // "split"
  Json options = Json::object();     // everything of the settings that its files depend on
  std::vector<std::string> inputs;   // files of the run folder, relative
  std::vector<std::string> outputs;  // likewise; a folder stands for the files directly in it
  std::string engine = "1";          // raised when the step makes other files of the same inputs
};
Result<void> DoStep(Run& run, const StepPlan& plan, const std::function<Result<void>()>& work);

// The record alone, for a step that is done anew each time.
Result<void> RecordStep(const Run& run, const StepPlan& plan);

// RUN/timings.json: seconds a step; interrupted attempts add up.
Result<void> AddSeconds(const std::filesystem::path& folder, const std::string& step, double seconds);
// Those of one step; 0 when it never ran.
Result<double> SecondsOf(const std::filesystem::path& folder, const std::string& step);

}  // namespace handlens::pipeline
