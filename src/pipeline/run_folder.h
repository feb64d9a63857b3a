// One run: its folder, lock, settings and the records that its steps share. What the steps do is in steps.h.
#pragma once

#include <filesystem>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "base/disk.h"
#include "base/progress.h"
#include "pipeline/settings.h"
#include "pipeline/steps/workspace.h"

namespace handlens::pipeline {

// A run folder that was begun by this call. Unless it is kept, it goes again with all that the call wrote
// into it, so that a call that fails at its beginning leaves nothing.
class NewFolder {
 public:
  explicit NewFolder(std::filesystem::path folder);
  ~NewFolder();
  NewFolder(const NewFolder&) = delete;
  NewFolder& operator=(const NewFolder&) = delete;
  void Keep() { kept_ = true; }

 private:
  std::filesystem::path folder_;
  std::vector<std::filesystem::path>
      parents_;  // that were not there, innermost first; the folder itself is the first
  bool kept_ = false;
};

// kAlone: one process works on the run. kShared: any number of processes that have a share each, and none
// that is alone.
enum class Hold { kAlone, kShared };

struct Run {
  Workspace space;
  Settings settings;
  std::unique_ptr<NewFolder> made;  // before the first SaveSettings of a new run
  std::unique_ptr<FileLock> lock;   // RUN/.lock; held alone or shared
  std::unique_ptr<Budget> budget;   // what space.progress and space.budget are
  std::string command;              // of this call: "run"
  std::string goal;                 // the command of the last step that it does now: "report"
  bool accepts_broken = false;      // the user said to go on without the unreadable pictures
  bool trains = false;              // the call is for training: it trains without being asked again
  bool may_train = true;            // what is missing may be trained in this call

  const Wanted& wanted() const { return settings.wanted(); }
  std::filesystem::path At(std::string_view name) const { return space.folder / name; }
  image::Fit fit() const;  // as asked for, else as the inspection recommends
};

// Opens a run folder that `inspect` made: takes the lock, reads its settings and dataset.json. Kind kBadInput
// when it is no run folder, kResources when another process works on it.
Result<std::unique_ptr<Run>> OpenRun(const Asked& asked, const std::filesystem::path& folder,
                                     Progress& progress, Hold hold = Hold::kAlone);

// Opens or makes the run folder for PICTURES: -o, or NAME-run in the current folder. Kind kBadInput when the
// folder is something else's or another run's, or lies inside the pictures.
Result<std::unique_ptr<Run>> OpenRunFor(const Asked& asked, const std::filesystem::path& pictures,
                                        Progress& progress);

// The same to look only: nothing is written, and no lock is held when it returns. Kind kResources when
// another process works on the folder.
Result<std::unique_ptr<Run>> OpenToLook(const Asked& asked, const std::filesystem::path& pictures,
                                        Progress& progress);

// Where a run of PICTURES goes: -o, or NAME-run in the current folder.
Result<std::filesystem::path> RunFolderFor(const Asked& asked, const std::filesystem::path& pictures);

// Threads: those asked for, else those that the process may use.
int JobsOf(const Wanted& wanted);

// The settings of a call: flags, environment, --config, then RUN/handlens.toml or ./handlens.toml. Pass an
// empty folder when there is none.
Result<Settings> MergeSettings(const Asked& asked, const std::filesystem::path& folder);

// Says in one line which settings count only because RUN/handlens.toml keeps them.
void SayKept(const Run& run, std::string_view command);

// Writes RUN/handlens.toml when it differs. From here on a new run folder stays.
Result<void> SaveSettings(Run& run);

// RUN/timings.json: seconds a step, and when; interrupted attempts add up, or the last time alone counts.
Result<void> AddSeconds(const Workspace& space, const std::string& step, double seconds);
Result<void> SetSeconds(const Workspace& space, const std::string& step, double seconds);
// Whether RUN/timings.json is as SetSeconds left it, by the hash that it carries; true where there is none.
bool TimingsAreAsLeft(const std::filesystem::path& folder);
// Those of one step; 0 when it never ran.
Result<double> SecondsOf(const std::filesystem::path& folder, const std::string& step);

}  // namespace handlens::pipeline
