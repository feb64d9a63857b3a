// A folder that is filled out of sight and takes its place in one step, so that a mistake, a full disk or a
// kill leaves the folder that was there before, whole.
#pragma once

#include <filesystem>
#include <functional>
#include <string>

#include "base/result.h"

namespace handlens {

class StagedFolder {
 public:
  // Makes an empty folder beside `place`, on the same file system, under the name of an unfinished file
  // (disk.h: a killed process leaves it behind for SweepUnfinished). Errors as in disk.h.
  static Result<StagedFolder> Begin(const std::filesystem::path& place);

  // Where to write.
  const std::filesystem::path& path() const { return path_; }

  // Takes over what lies directly in the folder that is replaced and `keeps` says to keep (files and whole
  // folders, links as links); what has been staged under the same name stays. Hard links where the file
  // system has them, else copies.
  Result<void> CarryOver(const std::function<bool(const std::string& name)>& keeps);

  // The same for files at any depth, by their names from the folder on ("a/b.txt"): also in folders that have
  // been staged.
  Result<void> CarryOverFiles(const std::function<bool(const std::string& name)>& keeps);

  // Exchanges the two folders in one step (in two where the file system cannot), flushes, removes the old
  // one.
  Result<void> Commit();

  // Removes what was not committed.
  ~StagedFolder();
  StagedFolder(StagedFolder&& other) noexcept;
  StagedFolder& operator=(StagedFolder&&) = delete;

 private:
  Result<void> CarryFilesOf(const std::filesystem::path& folder,
                            const std::function<bool(const std::string& name)>& keeps);
  StagedFolder(std::filesystem::path place, std::filesystem::path path)
      : place_(std::move(place)), path_(std::move(path)) {}
  std::filesystem::path place_, path_;
};

}  // namespace handlens
