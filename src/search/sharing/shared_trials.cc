#include "search/shared_trials.h"

#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstdio>

#include "base/disk.h"

namespace handlens::search {
namespace {

namespace fs = std::filesystem;

bool Holds(const fs::path& folder, const std::string& name) {
  const auto names = ListFolder(folder);
  return names && std::binary_search(names->begin(), names->end(), name);
}

// trials/ID.OWNER, of any trial.
bool HasOwner(const std::string& name) {
  const size_t dot = name.find('.');
  return dot != 0 && dot != std::string::npos;
}

}  // namespace

SharedTrials::SharedTrials(fs::path trials, fs::path claims, ClaimTimes times)
    : trials_(std::move(trials)), claims_(std::move(claims), ThisProcess(), times) {}

Result<void> SharedTrials::List() {
  HL_TRY(MakeFolder(trials_));
  HL_ASSIGN(std::vector<std::string> names, ListFolder(trials_));
  const std::lock_guard lock(mutex_);
  names_ = std::move(names);
  return {};
}

bool SharedTrials::IsFinished(const std::string& id) {
  {
    const std::lock_guard lock(mutex_);
    if (finished_.contains(id)) return true;
    if (!std::binary_search(names_.begin(), names_.end(), id)) return false;
  }
  // "It is there" is true wherever it comes from; "it is not" may be old, and is asked of the listing.
  if (::access((trials_.native() + "/" + id + "/trial.json").c_str(), F_OK) != 0 &&
      !Holds(trials_ / id, "trial.json"))
    return false;
  const std::lock_guard lock(mutex_);
  finished_.insert(id);
  return true;
}

Result<std::optional<fs::path>> SharedTrials::Begin(const std::string& id) {
  HL_ASSIGN(const Claims::Taken taken, claims_.Take(id));
  if (taken == Claims::Taken::kNo) return std::nullopt;
  // Whoever had it may have finished it before it died.
  if (taken == Claims::Taken::kOver) HL_TRY(List());
  if (IsFinished(id)) return trials_ / id;
  const fs::path folder = trials_ / fmt::format("{}.{}", id, claims_.self().Name());
  std::vector<std::string> names;
  {
    const std::lock_guard lock(mutex_);
    names = names_;
  }
  HL_TRY(TakeOverState(trials_, names, id, folder));
  return folder;
}

Result<void> SharedTrials::Finish(const std::string& id, const fs::path& folder) {
  if (folder != trials_ / id) HL_TRY(Publish(id, folder));
  claims_.Finish(id);
  const std::lock_guard lock(mutex_);
  finished_.insert(id);
  return {};
}

Result<void> SharedTrials::Publish(const std::string& id, const fs::path& folder) {
  const fs::path place = trials_ / id;
  if (std::rename(folder.c_str(), place.c_str()) == 0) return FlushFolder(trials_);
  if (errno != ENOTEMPTY && errno != EEXIST) return SystemError(folder, errno);
  // The folder is there: finished by another, or left unfinished by a process that had the run for itself.
  std::error_code error;
  if (!Holds(place, "trial.json")) {
    HL_ASSIGN(std::vector<std::string> names, ListFolder(folder));
    std::stable_partition(names.begin(), names.end(),
                          [](const std::string& name) { return name != "trial.json"; });
    for (const std::string& name : names) {
      if (std::rename((folder / name).c_str(), (place / name).c_str()) != 0)
        return SystemError(folder / name, errno);
    }
    fs::remove(place / "state.bin", error);
    HL_TRY(FlushFolder(place));
  }
  fs::remove_all(folder, error);  // what stays behind goes with `merge`
  return {};
}

Result<void> TakeOverState(const fs::path& trials, const std::vector<std::string>& names,
                           const std::string& id, const fs::path& folder) {
  const auto has = ChangedAt_ns(folder / "state.bin");
  if (has && *has) return {};
  std::pair<int64_t, fs::path> newest{-1, {}};
  for (auto name = std::lower_bound(names.begin(), names.end(), id);
       name != names.end() && name->starts_with(id); ++name) {
    const fs::path state = trials / *name / "state.bin";
    const auto changed = ChangedAt_ns(state);
    if (changed && *changed && **changed > newest.first) newest = {**changed, state};
  }
  if (newest.first < 0) return {};
  // Read, not moved: its owner may live after all.
  const auto bytes = ReadFile(newest.second);
  return bytes ? WriteFileAtomic(folder / "state.bin", *bytes) : Result<void>();
}

void RemoveOwnedFolders(const fs::path& trials) {
  const auto names = ListFolder(trials);
  if (!names) return;
  std::error_code error;
  for (const std::string& name : *names) {
    if (HasOwner(name)) fs::remove_all(trials / name, error);
  }
}

}  // namespace handlens::search
