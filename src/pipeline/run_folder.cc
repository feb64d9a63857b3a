#include "pipeline/backbones.h"
#include "pipeline/run_folder.h"

#include <algorithm>
#include <thread>

#include "base/json.h"
#include "dataset/moved.h"
#include "pipeline/record_versions.h"

namespace handlens::pipeline {
namespace fs = std::filesystem;
namespace {

constexpr std::string_view kTimingsFormat = "handlens-timings";
constexpr int kTimingsVersion = 1;

Result<void> TakeLock(Run& run) {
  HL_ASSIGN(run.lock, FileLock::TryLock(run.At(".lock")));
  if (run.lock == nullptr) {
    return Fail(ErrorKind::kResources, "{}: another handlens is working on this run folder; wait for it to end, or use another folder",
                run.space.folder.string());
  }
  // With the lock in hand no living writer loses its file.
  SweepUnfinished(run.space.folder, Depth::kBelow);
  return RefuseNewerRecords(run.space.folder);
}

// Resolves symbolic links of what exists, so that two ways to write one folder compare equal.
fs::path Canonical(const fs::path& path) {
  std::error_code error;
  const fs::path canonical = fs::weakly_canonical(path, error);
  return error ? fs::absolute(path) : canonical;
}

bool Inside(const fs::path& inner, const fs::path& outer) {
  const auto [in, out] = std::mismatch(inner.begin(), inner.end(), outer.begin(), outer.end());
  return out == outer.end();
}

std::unique_ptr<Run> NewRun(const fs::path& folder, Progress& progress) {
  auto run = std::make_unique<Run>();
  run->space.folder = folder;
  run->space.progress = &progress;
  return run;
}

// The steps of timings.json; none when there is no such file yet.
Result<Json> TimedSteps(const fs::path& folder) {
  const fs::path path = folder / "timings.json";
  std::error_code error;
  if (!fs::exists(path, error)) return Json::array();
  HL_ASSIGN(const Json record, ReadRecord(path, kTimingsFormat, kTimingsVersion));
  return record.contains("steps") && record["steps"].is_array() ? record["steps"] : Json::array();
}

}  // namespace

int JobsOf(const Wanted& wanted) {
  return wanted.manner.jobs.value_or(std::max(1, static_cast<int>(std::thread::hardware_concurrency())));
}

image::Fit Run::fit() const { return wanted().pictures.fit.value_or(space.dataset.recommended_fit); }

Result<Settings> MergeSettings(const Asked& asked, const fs::path& folder) {
  std::error_code error;
  fs::path path = "handlens.toml";
  if (!folder.empty() && fs::exists(folder / path, error)) path = folder / path;
  const fs::path given = FlagsOnly(asked).call.config;
  const bool named = !given.empty();
  if (named) path = given;
  ConfigFile config;
  if (named || fs::exists(path, error)) {
    HL_ASSIGN(config, ReadConfig(path));
  }
  return Settings(asked, config);
}

Result<fs::path> RunFolderFor(const Asked& asked, const fs::path& pictures) {
  const fs::path given = FlagsOnly(asked).call.out;
  if (!given.empty()) return given;
  const fs::path canonical = Canonical(pictures);
  const std::string stem = fs::is_directory(canonical) ? canonical.filename().string() : canonical.stem().string();
  if (stem.empty()) return Fail(ErrorKind::kUsage, "{}: name the run folder with -o RUN", pictures.string());
  return fs::path(stem + "-run");
}

Result<std::unique_ptr<Run>> OpenRun(const Asked& asked, const fs::path& folder, Progress& progress) {
  std::error_code error;
  if (!fs::is_directory(folder, error)) {
    return Fail(ErrorKind::kBadInput, "{}: no such run folder; start one with `handlens inspect PICTURES -o {}`", folder.string(), folder.string());
  }
  if (!fs::exists(folder / "dataset.json", error)) {
    return Fail(ErrorKind::kBadInput, "{}: not a run folder (no dataset.json in it); start one with `handlens inspect PICTURES -o RUN`",
                folder.string());
  }
  HL_ASSIGN(const bool ours, IsRunFolder(folder));
  if (!ours) {
    return Fail(ErrorKind::kBadInput, "{}: not a run folder (its dataset.json is no record of handlens); start one with `handlens inspect PICTURES -o RUN`",
                folder.string());
  }
  auto run = NewRun(folder, progress);
  HL_TRY(TakeLock(*run));
  HL_ASSIGN(run->settings, MergeSettings(asked, folder));
  run->space.jobs = JobsOf(run->wanted());
  if (const fs::path& moved = run->wanted().call.pictures; !moved.empty()) {
    HL_TRY(dataset::MovePictures(run->At("dataset.json"), moved, progress));
  }
  HL_ASSIGN(run->space.dataset, dataset::ReadDataset(run->At("dataset.json")));
  HL_TRY(LoadBackbones(*run));
  if (!fs::is_directory(run->space.dataset.root, error)) {
    progress.Warn(fmt::format("the pictures are not at {} any more; say where they are now by --pictures DIR", run->space.dataset.root));
  }
  return run;
}

Result<std::unique_ptr<Run>> OpenRunFor(const Asked& asked, const fs::path& pictures, Progress& progress) {
  std::error_code error;
  if (!fs::exists(pictures, error)) return Fail(ErrorKind::kBadInput, "{}: no such file or folder", pictures.string());
  HL_ASSIGN(const fs::path folder, RunFolderFor(asked, pictures));
  if (fs::is_directory(pictures, error) && Inside(Canonical(folder), Canonical(pictures))) {
    return Fail(ErrorKind::kUsage, "the run folder {} would lie inside the pictures {}; name another with -o RUN", folder.string(),
                pictures.string());
  }
  if (fs::exists(folder, error)) {
    if (!fs::is_directory(folder, error)) return Fail(ErrorKind::kBadInput, "{}: a file, not a run folder; name another with -o RUN", folder.string());
    HL_ASSIGN(const bool ours, IsRunFolder(folder));
    if (!ours) {
      return Fail(ErrorKind::kBadInput, "{}: neither empty nor a run folder; name another with -o RUN", folder.string());
    }
  }
  auto run = NewRun(folder, progress);
  HL_TRY(TakeLock(*run));
  HL_ASSIGN(run->settings, MergeSettings(asked, folder));
  run->space.jobs = JobsOf(run->wanted());
  HL_TRY(LoadBackbones(*run));
  return run;
}

Result<void> SaveSettings(Run& run) {
  const fs::path path = run.At("handlens.toml");
  const std::string text = EffectiveToml(run.settings);
  const auto before = ReadText(path);
  if (before && *before == text) return {};
  return WriteFileAtomic(path, text);
}

Result<double> SecondsOf(const fs::path& folder, const std::string& step) {
  HL_ASSIGN(const Json steps, TimedSteps(folder));
  for (const Json& entry : steps) {
    if (entry.is_object() && entry.value("name", "") == step) return entry.value("seconds", 0.0);
  }
  return 0.0;
}

Result<void> AddSeconds(const fs::path& folder, const std::string& step, double seconds) {
  const fs::path path = folder / "timings.json";
  HL_ASSIGN(Json steps, TimedSteps(folder));
  auto entry = std::find_if(steps.begin(), steps.end(), [&](const Json& s) { return s.is_object() && s.value("name", "") == step; });
  if (entry == steps.end()) steps.push_back({{"name", step}, {"seconds", seconds}});
  else (*entry)["seconds"] = seconds + entry->value("seconds", 0.0);
  return WriteRecord(path, kTimingsFormat, kTimingsVersion, {{"steps", steps}});
}

}  // namespace handlens::pipeline
