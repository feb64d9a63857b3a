#include "pipeline/run_folder.h"
#include "pipeline/backbones.h"

#include <fmt/chrono.h>

#include <algorithm>

#include "base/hash.h"
#include "base/json.h"
#include "base/process.h"
#include "dataset/moved.h"
#include "pipeline/record_versions.h"
#include "report/paper.h"

namespace handlens::pipeline {
namespace fs = std::filesystem;
namespace {

constexpr std::string_view kTimingsFormat = "handlens-timings";
constexpr int kTimingsVersion = 1;

tl::unexpected<Error> InUse(const fs::path& folder) {
  return Fail(ErrorKind::kResources,
              "{}: another handlens is working on this run folder; wait for it to end, or use another folder",
              folder.string());
}

Result<void> TakeLock(Run& run, Hold hold) {
  HL_ASSIGN(run.lock, FileLock::TryLock(run.At(".lock"), hold == Hold::kShared ? FileLock::Hold::kShared
                                                                               : FileLock::Hold::kExclusive));
  if (run.lock == nullptr) {
    return InUse(run.space.folder);
  }
  if (!run.lock->Locks()) {
    run.space.progress->Detail(fmt::format(
        "{}: this file system has no locks; see to it that nothing but shards works on the run at once",
        run.space.folder.string()));
  }
  // With the lock in hand no living writer loses its file.
  if (run.lock->Locks() && hold == Hold::kAlone) SweepUnfinished(run.space.folder, Depth::kBelow);
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

std::unique_ptr<Run> NewRun(const Asked& asked, const fs::path& folder, Progress& progress) {
  auto run = std::make_unique<Run>();
  run->space.around = asked.around;
  run->space.folder = folder;
  run->budget = std::make_unique<Budget>(progress);
  run->space.progress = run->space.budget = run->budget.get();
  return run;
}

std::string HashOf(const Json& steps) {
  return Sha256(steps.dump(-1, ' ', false, Json::error_handler_t::replace));
}

// The steps of timings.json; none when there is no such file yet.
Result<Json> TimedSteps(const fs::path& folder) {
  const fs::path path = folder / "timings.json";
  HL_ASSIGN(const bool there, IsThere(path));
  if (!there) return Json::array();
  HL_ASSIGN(const Json record, ReadRecord(path, kTimingsFormat, kTimingsVersion));
  Json steps = Json::array();
  if (!record.contains("steps") || !record["steps"].is_array()) return steps;
  for (const Json& step : record["steps"]) {
    const bool timed = step.is_object() && step.contains("name") && step["name"].is_string() &&
                       step.contains("seconds") && step["seconds"].is_number();
    if (timed) steps.push_back(step);
  }
  return steps;
}

}  // namespace

NewFolder::NewFolder(fs::path folder) : folder_(std::move(folder)) {
  std::error_code error;
  for (fs::path path = folder_.lexically_normal(); !path.empty() && !fs::exists(path, error);
       path = path.parent_path())
    parents_.push_back(path);
}

NewFolder::~NewFolder() {
  if (kept_) return;
  std::error_code error;
  if (const auto names = ListFolder(folder_)) {
    for (const std::string& name : *names) {
      if (IsOfTheBeginning(name) || IsUnfinished(name) || name == "dataset.json")
        fs::remove_all(folder_ / name, error);
    }
  }
  // Only empty ones go.
  for (const fs::path& path : parents_) fs::remove(path, error);
}

int JobsOf(const Wanted& wanted) { return wanted.manner.jobs.value_or(UsableThreads()); }

image::Fit Run::fit() const { return wanted().pictures.fit.value_or(space.dataset.recommended_fit); }

Result<Settings> MergeSettings(const Asked& asked, const fs::path& folder) {
  ConfigFiles files;
  const fs::path asked_file = FlagsOnly(asked).call.config;
  if (!asked_file.empty()) {
    HL_ASSIGN(files.asked, ReadConfig(asked_file));
  }
  // What the run folder keeps stands below the file that was asked for; a file of the current folder is in
  // place of it.
  fs::path kept = folder / "handlens.toml";
  HL_ASSIGN(bool keeps, folder.empty() ? Result<bool>(false) : IsThere(kept));
  if (!keeps && asked_file.empty()) {
    kept = "handlens.toml";
    HL_ASSIGN(keeps, IsThere(kept));
  }
  if (keeps) {
    HL_ASSIGN(files.kept, ReadConfig(kept));
  }
  return Settings(asked, files);
}

void SayKept(const Run& run, std::string_view command) {
  std::error_code error;
  const std::vector<std::string> kept = run.settings.Kept(command);
  if (kept.empty() || !fs::exists(run.At("handlens.toml"), error)) return;
  run.space.progress->Say(fmt::format("kept from last time: {} (delete a line of {} to reset it)",
                                      fmt::join(kept, ", "), run.At("handlens.toml").string()));
}

Result<fs::path> RunFolderFor(const Asked& asked, const fs::path& pictures) {
  const fs::path given = FlagsOnly(asked).call.out;
  if (!given.empty()) return given;
  const fs::path canonical = Canonical(pictures);
  const std::string stem =
      fs::is_directory(canonical) ? canonical.filename().string() : canonical.stem().string();
  if (stem.empty()) return Fail(ErrorKind::kUsage, "{}: name the run folder with -o RUN", pictures.string());
  return fs::path(stem + "-run");
}

namespace {

// A run folder where pictures were expected.
Result<void> CheckIsNoRun(const fs::path& pictures) {
  HL_ASSIGN(const bool there, IsThere(pictures / "dataset.json"));
  if (!there) return {};
  const auto dataset = dataset::ReadDataset(pictures / "dataset.json");
  if (!dataset) return {};  // some other program's
  const std::string source = dataset->labels_file.empty() ? dataset->root : dataset->labels_file;
  return Fail(ErrorKind::kUsage, "{} is a run folder, not pictures; to continue it: handlens run {} -o {}",
              pictures.string(), source, pictures.string());
}

// The folder for a run of PICTURES, whether it is there or not.
Result<fs::path> CheckedFolder(const Asked& asked, const fs::path& pictures) {
  HL_ASSIGN(const fs::file_type source, KindOfFile(pictures));
  if (source == fs::file_type::not_found)
    return Fail(ErrorKind::kBadInput, "{}: no such file or folder", pictures.string());
  HL_TRY(CheckIsNoRun(pictures));
  HL_ASSIGN(const fs::path folder, RunFolderFor(asked, pictures));
  if (source == fs::file_type::directory && Inside(Canonical(folder), Canonical(pictures))) {
    return Fail(ErrorKind::kUsage,
                "the run folder {} would lie inside the pictures {}; name another with -o RUN",
                folder.string(), pictures.string());
  }
  HL_ASSIGN(const fs::file_type kind, KindOfFile(folder));
  if (kind == fs::file_type::not_found) return folder;
  if (kind != fs::file_type::directory)
    return Fail(ErrorKind::kBadInput, "{}: a file, not a run folder; name another with -o RUN",
                folder.string());
  HL_ASSIGN(const bool ours, IsRunFolder(folder));
  if (!ours) {
    return Fail(ErrorKind::kBadInput, "{}: neither empty nor a run folder; name another with -o RUN",
                folder.string());
  }
  return folder;
}

// Settings come before the lock: a mistake in them must not make a folder.
Result<void> ReadSettings(Run& run, const Asked& asked) {
  HL_ASSIGN(run.settings, MergeSettings(asked, run.space.folder));
  run.space.jobs = JobsOf(run.wanted());
  run.budget->Set(run.wanted().search.budget_s, Budget::AtEnd::kGoOn);
  return LoadBackbones(run);
}

}  // namespace

Result<std::unique_ptr<Run>> OpenRun(const Asked& asked, const fs::path& folder, Progress& progress,
                                     Hold hold) {
  HL_ASSIGN(const fs::file_type kind, KindOfFile(folder));
  if (kind != fs::file_type::directory) {
    return Fail(ErrorKind::kBadInput,
                "{}: no such run folder; start one with `handlens inspect PICTURES -o {}`", folder.string(),
                folder.string());
  }
  HL_ASSIGN(const bool inspected, IsThere(folder / "dataset.json"));
  if (!inspected) {
    return Fail(
        ErrorKind::kBadInput,
        "{}: not a run folder (no dataset.json in it); start one with `handlens inspect PICTURES -o RUN`",
        folder.string());
  }
  HL_ASSIGN(const bool ours, IsRunFolder(folder));
  if (!ours) {
    return Fail(ErrorKind::kBadInput,
                "{}: not a run folder (its dataset.json is no record of handlens); start one with `handlens "
                "inspect PICTURES -o RUN`",
                folder.string());
  }
  auto run = NewRun(asked, folder, progress);
  HL_TRY(ReadSettings(*run, asked));
  HL_TRY(TakeLock(*run, hold));
  if (const fs::path& moved = run->wanted().call.pictures; !moved.empty()) {
    HL_TRY(dataset::MovePictures(run->At("dataset.json"), moved, progress));
  }
  HL_ASSIGN(run->space.dataset, dataset::ReadDataset(run->At("dataset.json")));
  if (std::error_code error; !fs::is_directory(run->space.dataset.root, error)) {
    progress.Warn(fmt::format("the pictures are not at {} any more; say where they are now by --pictures DIR",
                              run->space.dataset.root));
  }
  return run;
}

Result<std::unique_ptr<Run>> OpenRunFor(const Asked& asked, const fs::path& pictures, Progress& progress) {
  HL_ASSIGN(const fs::path folder, CheckedFolder(asked, pictures));
  auto run = NewRun(asked, folder, progress);
  HL_TRY(ReadSettings(*run, asked));
  HL_ASSIGN(const bool inspected, IsThere(folder / "dataset.json"));
  if (!inspected) run->made = std::make_unique<NewFolder>(folder);
  HL_TRY(TakeLock(*run, Hold::kAlone));
  return run;
}

Result<std::unique_ptr<Run>> OpenToLook(const Asked& asked, const fs::path& pictures, Progress& progress) {
  HL_ASSIGN(const fs::path folder, CheckedFolder(asked, pictures));
  auto run = NewRun(asked, folder, progress);
  HL_TRY(ReadSettings(*run, asked));
  HL_ASSIGN(const bool locks, IsThere(folder / ".lock"));
  if (!locks) return run;
  HL_ASSIGN(const auto lock, FileLock::TryLock(folder / ".lock"));
  if (lock == nullptr) return InUse(folder);
  return run;
}

Result<void> SaveSettings(Run& run) {
  const fs::path path = run.At("handlens.toml");
  const std::string text = EffectiveToml(run.settings);
  if (run.made) run.made->Keep();
  const auto before = ReadText(path);
  if (before && *before == text) return {};
  return WriteFileAtomic(path, text);
}

bool TimingsAreAsLeft(const fs::path& folder) {
  std::error_code error;
  if (!fs::exists(folder / "timings.json", error)) return true;
  const auto record = ReadRecord(folder / "timings.json", kTimingsFormat, kTimingsVersion);
  if (!record) return false;
  if (!record->contains("steps") || !record->contains("seal")) return true;  // of an earlier handlens
  return (*record)["seal"] == HashOf((*record)["steps"]);
}

Result<double> SecondsOf(const fs::path& folder, const std::string& step) {
  HL_ASSIGN(const Json steps, TimedSteps(folder));
  for (const Json& entry : steps) {
    if (entry.is_object() && entry.value("name", "") == step) return entry.value("seconds", 0.0);
  }
  return 0.0;
}

Result<void> AddSeconds(const Workspace& space, const std::string& step, double seconds) {
  HL_ASSIGN(const double before, SecondsOf(space.folder, step));
  return SetSeconds(space, step, before + seconds);
}

Result<void> SetSeconds(const Workspace& space, const std::string& step, double seconds) {
  const fs::path path = space.At("timings.json");
  const bool as_left = TimingsAreAsLeft(space.folder);
  HL_ASSIGN(Json steps, TimedSteps(space.folder));
  auto entry = std::find_if(steps.begin(), steps.end(),
                            [&](const Json& s) { return s.is_object() && s.value("name", "") == step; });
  if (entry == steps.end()) entry = steps.insert(steps.end(), Json{{"name", step}, {"seconds", 0.0}});
  (*entry)["seconds"] = seconds;
  if (space.around.now_s)
    (*entry)["at"] = fmt::format("{:%FT%TZ}", fmt::gmtime(static_cast<std::time_t>(space.around.now_s())));
  if (const report::PaperStep* paper = report::PaperStepOf(step); paper != nullptr && paper->low_s > 0) {
    (*entry)["paper"] = {{"low_s", paper->low_s}, {"high_s", paper->high_s}, {"step", paper->title}};
  }
  // What was changed by hand stays known as such. The hash stands in the file itself, since every step writes
  // it anew: a process killed between two files would leave one that looks changed.
  const std::string seal = as_left ? HashOf(steps) : "changed by hand";
  return WriteRecord(path, kTimingsFormat, kTimingsVersion, {{"steps", steps}, {"seal", seal}});
}

}  // namespace handlens::pipeline
