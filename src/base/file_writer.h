// A large file written piece by piece, and hashed piece by piece: what never stands in memory as a whole.
// Otherwise as WriteFileAtomic: the old file or the new one, never half of one.
#pragma once

#include <filesystem>
#include <string>
#include <string_view>

#include "base/result.h"

namespace handlens {

class FileWriter {
 public:
  // Begins beside `path`, under the name of an unfinished file (disk.h). Missing folders are made. Errors as
  // in disk.h.
  static Result<FileWriter> Create(const std::filesystem::path& path);
  Result<void> Append(std::string_view text);
  // Flushes, gives the file its name, flushes the folder. Nothing may be appended after it. kLater leaves the
  // flushing to the system, for what can be made again: after a power cut the file may be missing or empty.
  enum class Flush { kNow, kLater };
  Result<void> Finish(Flush flush = Flush::kNow);

  // Removes what was not finished.
  ~FileWriter();
  FileWriter(FileWriter&& other) noexcept;
  FileWriter& operator=(FileWriter&&) = delete;

 private:
  FileWriter(std::filesystem::path path, std::string temporary, int descriptor)
      : path_(std::move(path)), temporary_(std::move(temporary)), descriptor_(descriptor) {}
  std::filesystem::path path_;
  std::string temporary_;  // empty once it is finished
  int descriptor_ = -1;
};

// SHA-256 of a file in hexadecimal, read piece by piece. Errors as in disk.h.
Result<std::string> Sha256OfFile(const std::filesystem::path& path);

}  // namespace handlens
