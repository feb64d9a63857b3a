// Files and folders: whole-file reads, atomic writes, sorted listings, locks. No other room opens files for
// writing by itself, so that a full disk, a kill or a power cut leaves either the old file or the new one,
// never half of one.
//
// Kinds of errors, of all functions here: kBadInput where the place is to blame (not there, no permission, a
// folder, too long a name), kResources for all else that a system call may say (disk full, input/output
// error, too many open files).
#pragma once

#include <cstdint>
#include <filesystem>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"

namespace handlens {

using Bytes = std::vector<uint8_t>;

// The error of a failed system call on `path`, with the kind as above; `error` is an errno.
tl::unexpected<Error> SystemError(const std::filesystem::path& path, int error);

// Whole file as bytes or text. The message names the path and the system's reason.
Result<Bytes> ReadFile(const std::filesystem::path& path);
Result<std::string> ReadText(const std::filesystem::path& path);

// What is at a place, links followed; not_found is an answer, a system that cannot say is an error.
Result<std::filesystem::file_type> KindOfFile(const std::filesystem::path& path);

// Whether there is anything at all. Where the answer decides what is made anew or left out, std::filesystem's
// own will not do: with an error code it calls a file missing that a failing disk could not tell of.
Result<bool> IsThere(const std::filesystem::path& path);

// The first bytes of a file, at most `bytes`; nullopt when there is no such file.
Result<std::optional<std::string>> ReadHead(const std::filesystem::path& path, size_t bytes);

// Writes to a temporary file in the same folder, flushes it to the disk, renames it, flushes the folder.
// Missing folders are made. kOwner keeps others from reading.
enum class Access { kEverybody, kOwner };
Result<void> WriteFileAtomic(const std::filesystem::path& path, std::span<const uint8_t> bytes,
                             Access access = Access::kEverybody);
Result<void> WriteFileAtomic(const std::filesystem::path& path, std::string_view text,
                             Access access = Access::kEverybody);

// The same for a file that must not be there yet: of several that try at once, one succeeds. Kind kBadInput
// for the others.
Result<void> WriteNewFile(const std::filesystem::path& path, std::string_view text,
                          Access access = Access::kEverybody);

// The temporary files of the functions above, and folders of staged_folder.h, are called
// ".handlens-unfinished-" and six letters or digits. A process that is killed leaves one behind.
bool IsUnfinished(std::string_view file_name);
std::string UnfinishedTemplate();  // with XXXXXX, as mkstemp wants it
// Removes such files and folders, and nothing else, from the folder (kBelow: and from all below it; links are
// neither followed nor removed). Only for folders of handlens' own in which nobody else is writing. Returns
// how many.
enum class Depth { kFolder, kBelow };
size_t SweepUnfinished(const std::filesystem::path& folder, Depth depth);

// Appends text: the log of a trial. kNo leaves it to the system when it reaches the disk.
enum class Flush { kYes, kNo };
Result<void> AppendText(const std::filesystem::path& path, std::string_view text, Flush flush = Flush::kYes);

// Makes a file with this text where there is none; false when there is one. Of several machines that try at
// once, one succeeds, on NFS too (O_EXCL). A reader may see the file before its text, and a power cut may
// take it away.
Result<bool> MakeFileOnce(const std::filesystem::path& path, std::string_view text);

// When a file last changed, by the clock of whoever keeps it; nullopt when there is none. Opens it, because
// network file systems answer from memory otherwise.
Result<std::optional<int64_t>> ChangedAt_ns(const std::filesystem::path& path);
// Makes it now.
Result<void> Touch(const std::filesystem::path& path);

// Makes a folder and its parents, and flushes the folders that hold them. The last one is closed to others
// with kOwner, also where it was there before.
Result<void> MakeFolder(const std::filesystem::path& path, Access access = Access::kEverybody);

// Writes a folder's list of names to the disk: what was made or renamed in it survives a power cut.
Result<void> FlushFolder(const std::filesystem::path& path);

// Names (not paths) in a folder, sorted by bytes, whatever the file system's order or the locale.
Result<std::vector<std::string>> ListFolder(const std::filesystem::path& path);

// A lock on a file (flock), held until destroyed; the system drops it when the process dies, however it dies,
// so it is never stale. TryLock gives nullopt-like `nullptr` when another process holds it, or with
// kExclusive any other process at all.
class FileLock {
 public:
  enum class Hold { kExclusive, kShared };
  static Result<std::unique_ptr<FileLock>> TryLock(const std::filesystem::path& path,
                                                   Hold hold = Hold::kExclusive);
  // Waits up to `seconds` for the other to end. Kind kResources when it does not.
  static Result<std::unique_ptr<FileLock>> Wait(const std::filesystem::path& path, int seconds);
  ~FileLock();
  FileLock(const FileLock&) = delete;
  FileLock& operator=(const FileLock&) = delete;

  // False where the file system has no locks (ENOSYS, ENOLCK, EOPNOTSUPP: some Lustre and NFS). That is no
  // error: the caller holds nothing, and nobody else can either.
  bool Locks() const { return locks_; }

 private:
  FileLock(int descriptor, bool locks) : descriptor_(descriptor), locks_(locks) {}
  int descriptor_;
  bool locks_;
};

// A folder of the user's secrets (keys): made or closed to others (0700), locked until the lock is destroyed,
// freed of what a killed process left.
Result<std::unique_ptr<FileLock>> LockSecretFolder(const std::filesystem::path& folder);

}  // namespace handlens
