// Files and folders: whole-file reads, atomic writes, sorted listings, locks. No other room opens files for writing
// by itself, so that a full disk or a kill leaves either the old file or the new one, never half of one.
#pragma once

#include <cstdint>
#include <filesystem>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"

namespace handlens {

using Bytes = std::vector<uint8_t>;

// Whole file as bytes or text. Kind kBadInput; the message names the path and the system's reason.
Result<Bytes> ReadFile(const std::filesystem::path& path);
Result<std::string> ReadText(const std::filesystem::path& path);

// Writes to a temporary file beside `path`, flushes it to the disk, renames it. Missing folders are made.
// Kind kResources when the disk is full, kBadInput when the place cannot be written. kOwner keeps others from reading.
enum class Access { kEverybody, kOwner };
Result<void> WriteFileAtomic(const std::filesystem::path& path, std::span<const uint8_t> bytes,
                             Access access = Access::kEverybody);
Result<void> WriteFileAtomic(const std::filesystem::path& path, std::string_view text, Access access = Access::kEverybody);

// Appends text and flushes it to the disk: the log of a trial. Same errors.
Result<void> AppendText(const std::filesystem::path& path, std::string_view text);

// Makes a folder and its parents. Same errors.
Result<void> MakeFolder(const std::filesystem::path& path);

// Names (not paths) in a folder, sorted by bytes, whatever the file system's order or the locale.
Result<std::vector<std::string>> ListFolder(const std::filesystem::path& path);

// An exclusive lock on a file (flock), held until destroyed; the system drops it when the process dies, however it
// dies, so a claim is never stale. TryLock gives nullopt-like `nullptr` when another process holds it.
class FileLock {
 public:
  static Result<std::unique_ptr<FileLock>> TryLock(const std::filesystem::path& path);
  ~FileLock();
  FileLock(const FileLock&) = delete;
  FileLock& operator=(const FileLock&) = delete;

 private:
  explicit FileLock(int descriptor) : descriptor_(descriptor) {}
  int descriptor_;
};

}  // namespace handlens
