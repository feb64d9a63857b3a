#include "base/staged_folder.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>
#include <utility>

#include "base/disk.h"

namespace handlens {
namespace {

namespace fs = std::filesystem;

// One file, link or folder of a tree; 0 or errno.
int Take(const fs::path& from, const fs::path& to) {
  std::error_code error;
  const fs::file_status status = fs::symlink_status(from, error);
  if (error) return error.value();
  if (fs::is_directory(status)) {
    if (::mkdir(to.c_str(), 0777) != 0) return errno;
    for (auto it = fs::directory_iterator(from, error); !error && it != fs::directory_iterator();
         it.increment(error)) {
      if (const int failed = Take(it->path(), to / it->path().filename()); failed != 0) return failed;
    }
    return error.value();
  }
  if (::linkat(AT_FDCWD, from.c_str(), AT_FDCWD, to.c_str(), 0) == 0) return 0;
  if (fs::is_symlink(status)) fs::copy_symlink(from, to, error);
  else fs::copy_file(from, to, error);
  return error.value();
}

}  // namespace

Result<StagedFolder> StagedFolder::Begin(const fs::path& given) {
  // "a/b/" is "a/b": its parent is "a".
  const fs::path place = given.has_filename() ? given : given.parent_path();
  if (place.has_parent_path()) HL_TRY(MakeFolder(place.parent_path()));
  std::string path = (place.parent_path() / UnfinishedTemplate()).string();
  if (::mkdtemp(path.data()) == nullptr || ::chmod(path.c_str(), 0755) != 0) return SystemError(place, errno);
  return StagedFolder(place, path);
}

Result<void> StagedFolder::CarryOver(const std::function<bool(const std::string& name)>& keeps) {
  std::error_code error;
  if (!fs::is_directory(place_, error)) return {};
  HL_ASSIGN(const std::vector<std::string> names, ListFolder(place_));
  for (const std::string& name : names) {
    if (!keeps(name) || fs::exists(fs::symlink_status(path_ / name, error))) continue;
    if (const int failed = Take(place_ / name, path_ / name); failed != 0)
      return SystemError(place_ / name, failed);
  }
  return FlushFolder(path_);
}

Result<void> StagedFolder::CarryFilesOf(const fs::path& folder,
                                        const std::function<bool(const std::string& name)>& keeps) {
  std::error_code error;
  HL_ASSIGN(const std::vector<std::string> names, ListFolder(place_ / folder));
  for (const std::string& name : names) {
    const fs::path from = folder / name;
    const bool staged = fs::exists(fs::symlink_status(path_ / from, error));
    if (fs::is_directory(fs::symlink_status(place_ / from, error))) {
      if (staged && !fs::is_directory(fs::symlink_status(path_ / from, error))) continue;
      if (!staged && ::mkdir((path_ / from).c_str(), 0777) != 0) return SystemError(path_ / from, errno);
      HL_TRY(CarryFilesOf(from, keeps));
      if (!staged) ::rmdir((path_ / from).c_str());  // stays when there is something in it
    } else if (!staged && keeps(from.generic_string())) {
      if (const int failed = Take(place_ / from, path_ / from); failed != 0)
        return SystemError(place_ / from, failed);
    }
  }
  return FlushFolder(folder.empty() ? path_ : path_ / folder);
}

Result<void> StagedFolder::CarryOverFiles(const std::function<bool(const std::string& name)>& keeps) {
  std::error_code error;
  if (!fs::is_directory(place_, error)) return {};
  return CarryFilesOf("", keeps);
}

Result<void> StagedFolder::Commit() {
  HL_TRY(FlushFolder(path_));
  std::error_code error;
  if (!fs::exists(fs::symlink_status(place_, error))) {
    if (::rename(path_.c_str(), place_.c_str()) != 0) return SystemError(place_, errno);
    path_.clear();
    return FlushFolder(place_.parent_path());
  }
  if (::renameat2(AT_FDCWD, path_.c_str(), AT_FDCWD, place_.c_str(), RENAME_EXCHANGE) != 0) {
    if (errno != EINVAL && errno != ENOSYS) return SystemError(place_, errno);
    HL_ASSIGN(StagedFolder aside, Begin(place_));
    if (::rename(place_.c_str(), aside.path_.c_str()) != 0) return SystemError(place_, errno);
    if (::rename(path_.c_str(), place_.c_str()) != 0) {
      const int failed = errno;
      ::rename(aside.path_.c_str(), place_.c_str());
      return SystemError(place_, failed);
    }
    path_ = std::exchange(aside.path_, {});
  }
  // What is left under our name now is the old folder.
  HL_TRY(FlushFolder(place_.parent_path()));
  fs::remove_all(std::exchange(path_, {}), error);
  return {};
}

StagedFolder::StagedFolder(StagedFolder&& other) noexcept
    : place_(std::move(other.place_)), path_(std::exchange(other.path_, {})) {}

StagedFolder::~StagedFolder() {
  std::error_code error;
  if (!path_.empty()) fs::remove_all(path_, error);
}

}  // namespace handlens
