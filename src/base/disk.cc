#include "base/disk.h"

#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cctype>
#include <cerrno>
#include <chrono>
#include <cstdio>
#include <cstring>
#include <thread>

namespace handlens {
namespace {

namespace fs = std::filesystem;

constexpr std::string_view kUnfinished = ".handlens-unfinished-";
constexpr size_t kUnfinishedTail = 6;  // what mkostemp puts in place of XXXXXX
constexpr int kSecretFolderSeconds = 60;
constexpr size_t kWhole = SIZE_MAX;

// Whether the name, not the machine, is to blame.
bool PlaceIsToBlame(int error) {
  constexpr std::array kOfTheName = {ENOENT, EACCES,       EPERM, ENOTDIR, EISDIR, EEXIST, ENOTEMPTY,
                                     ELOOP,  ENAMETOOLONG, EROFS, EINVAL,  ENXIO,  ENODEV, ETXTBSY};
  return std::find(kOfTheName.begin(), kOfTheName.end(), error) != kOfTheName.end();
}

bool IsFull(int error) { return error == ENOSPC || error == EDQUOT || error == EFBIG; }

// What the user should do about a failed write depends on why it failed.
tl::unexpected<Error> WriteError(const fs::path& path, int error) {
  if (IsFull(error)) return SystemError(path, error);
  return Fail(PlaceIsToBlame(error) ? ErrorKind::kBadInput : ErrorKind::kResources,
              "{}: cannot be written ({})", path.string(), std::strerror(error));
}

// Writes all bytes; returns 0 or errno.
int WriteAll(int descriptor, std::span<const uint8_t> bytes, Flush flush = Flush::kYes) {
  while (!bytes.empty()) {
    const ssize_t written = ::write(descriptor, bytes.data(), bytes.size());
    if (written < 0 && errno == EINTR) continue;
    if (written < 0) return errno;
    bytes = bytes.subspan(static_cast<size_t>(written));
  }
  if (flush == Flush::kNo) return 0;
  return ::fsync(descriptor) == 0 || errno == EINVAL ? 0 : errno;
}

// A new name is on the disk only when its folder is. Returns 0 or errno. File systems that cannot flush a
// folder, and folders that may be written but not read, are taken as they are.
int FlushNames(const fs::path& folder) {
  const int descriptor = ::open(folder.empty() ? "." : folder.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  if (descriptor < 0) return errno == EACCES ? 0 : errno;
  int error = ::fsync(descriptor) == 0 ? 0 : errno;
  if (error == EINVAL || error == EOPNOTSUPP) error = 0;
  ::close(descriptor);
  return error;
}

// Returns 0 or errno.
int MakeFolders(const fs::path& path) {
  struct stat status {};
  if (::mkdir(path.c_str(), 0777) == 0) return FlushNames(path.parent_path());
  int error = errno;
  if (error == ENOENT && path.has_parent_path() && path.parent_path() != path) {
    error = MakeFolders(path.parent_path());
    if (error != 0) return error;
    if (::mkdir(path.c_str(), 0777) == 0) return FlushNames(path.parent_path());
    error = errno;
  }
  // There already; the system may also say "read-only" or "no permission" of a folder that is there.
  if (::stat(path.c_str(), &status) == 0) return S_ISDIR(status.st_mode) ? 0 : ENOTDIR;
  return PlaceIsToBlame(errno) ? error : errno;
}

std::span<const uint8_t> AsBytes(std::string_view text) {
  return {reinterpret_cast<const uint8_t*>(text.data()), text.size()};
}

// At most `most` bytes of a file.
template <class Container>
Result<Container> ReadUpTo(const fs::path& path, size_t most) {
  const int descriptor = ::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK);
  if (descriptor < 0) return SystemError(path, errno);
  Container content;
  struct stat status {};
  int error = 0;
  if (::fstat(descriptor, &status) != 0) error = errno;
  else if (!S_ISREG(status.st_mode)) error = S_ISDIR(status.st_mode) ? EISDIR : EINVAL;
  else content.resize(std::min(most, static_cast<size_t>(status.st_size)));
  size_t done = 0;
  while (error == 0 && done < content.size()) {
    const ssize_t got = ::read(descriptor, content.data() + done, content.size() - done);
    if (got < 0 && errno != EINTR) error = errno;
    if (got == 0) content.resize(done);  // the file shrank meanwhile
    if (got > 0) done += static_cast<size_t>(got);
  }
  ::close(descriptor);
  if (error == EINVAL) return Fail(ErrorKind::kBadInput, "{}: not a regular file", path.string());
  if (error != 0) return SystemError(path, error);
  return content;
}

// Gives a finished file its name where no file has that name yet; returns 0 or errno.
int NameNewFile(const std::string& temporary, const fs::path& path) {
  if (::renameat2(AT_FDCWD, temporary.c_str(), AT_FDCWD, path.c_str(), RENAME_NOREPLACE) == 0) return 0;
  if (errno != EINVAL && errno != ENOSYS) return errno;
  // A file system that does not know the flag.
  if (::link(temporary.c_str(), path.c_str()) != 0) return errno;
  return ::unlink(temporary.c_str()) == 0 ? 0 : errno;
}

int NameFile(const std::string& temporary, const fs::path& path) {
  return ::rename(temporary.c_str(), path.c_str()) == 0 ? 0 : errno;
}

Result<void> WriteUnder(const fs::path& path, std::span<const uint8_t> bytes, Access access,
                        int (*name)(const std::string&, const fs::path&)) {
  if (path.has_parent_path()) HL_TRY(MakeFolder(path.parent_path()));
  std::string temporary = (path.parent_path() / UnfinishedTemplate()).string();
  const int descriptor = ::mkostemp(temporary.data(), O_CLOEXEC);
  if (descriptor < 0) return WriteError(path, errno);
  int error = WriteAll(descriptor, bytes);
  if (access == Access::kEverybody && ::fchmod(descriptor, 0644) != 0 && error == 0) error = errno;
  if (::close(descriptor) != 0 && error == 0) error = errno;
  if (error == 0) error = name(temporary, path);
  if (error != 0) {
    ::unlink(temporary.c_str());
    return WriteError(path, error);
  }
  error = FlushNames(path.parent_path());
  if (error != 0) return WriteError(path, error);
  return {};
}

void FindUnfinished(const fs::path& folder, Depth depth, std::vector<fs::path>& found) {
  std::error_code error;
  for (auto it = fs::directory_iterator(folder, error); !error && it != fs::directory_iterator();
       it.increment(error)) {
    std::error_code ignored;
    const fs::file_type type = it->symlink_status(ignored).type();
    if (type != fs::file_type::regular && type != fs::file_type::directory) continue;
    if (IsUnfinished(it->path().filename().string())) found.push_back(it->path());
    else if (type == fs::file_type::directory && depth == Depth::kBelow)
      FindUnfinished(it->path(), depth, found);
  }
}

}  // namespace

tl::unexpected<Error> SystemError(const fs::path& path, int error) {
  if (IsFull(error)) {
    return Fail(ErrorKind::kResources,
                "{}: no room left on the disk; free some and run the same command again to continue",
                path.string());
  }
  return Fail(PlaceIsToBlame(error) ? ErrorKind::kBadInput : ErrorKind::kResources, "{}: {}", path.string(),
              std::strerror(error));
}

Result<Bytes> ReadFile(const fs::path& path) { return ReadUpTo<Bytes>(path, kWhole); }
Result<std::string> ReadText(const fs::path& path) { return ReadUpTo<std::string>(path, kWhole); }

Result<fs::file_type> KindOfFile(const fs::path& path) {
  std::error_code error;
  const fs::file_type type = fs::status(path, error).type();
  if (type == fs::file_type::none) return SystemError(path, error.value());
  return type;
}

Result<bool> IsThere(const fs::path& path) {
  HL_ASSIGN(const fs::file_type kind, KindOfFile(path));
  return kind != fs::file_type::not_found;
}

Result<std::optional<std::string>> ReadHead(const fs::path& path, size_t bytes) {
  HL_ASSIGN(const bool there, IsThere(path));
  if (!there) return std::optional<std::string>();
  HL_ASSIGN(std::string text, ReadUpTo<std::string>(path, bytes));
  return std::optional(std::move(text));
}

Result<void> MakeFolder(const fs::path& path, Access access) {
  int error = MakeFolders(path);
  if (error == 0 && access == Access::kOwner && ::chmod(path.c_str(), 0700) != 0) error = errno;
  if (error != 0) return WriteError(path, error);
  return {};
}

Result<void> WriteFileAtomic(const fs::path& path, std::span<const uint8_t> bytes, Access access) {
  return WriteUnder(path, bytes, access, NameFile);
}

Result<void> WriteFileAtomic(const fs::path& path, std::string_view text, Access access) {
  return WriteUnder(path, AsBytes(text), access, NameFile);
}

Result<void> WriteNewFile(const fs::path& path, std::string_view text, Access access) {
  return WriteUnder(path, AsBytes(text), access, NameNewFile);
}

bool IsUnfinished(std::string_view file_name) {
  return file_name.size() == kUnfinished.size() + kUnfinishedTail && file_name.starts_with(kUnfinished) &&
         std::all_of(file_name.end() - kUnfinishedTail, file_name.end(),
                     [](unsigned char c) { return std::isalnum(c) != 0; });
}

std::string UnfinishedTemplate() { return std::string(kUnfinished) + std::string(kUnfinishedTail, 'X'); }

size_t SweepUnfinished(const fs::path& folder, Depth depth) {
  std::vector<fs::path> found;
  FindUnfinished(folder, depth, found);
  size_t removed = 0;
  for (const fs::path& path : found) {
    std::error_code error;
    fs::remove_all(path, error);
    removed += error ? 0 : 1;
  }
  return removed;
}

Result<void> FlushFolder(const fs::path& path) {
  if (const int error = FlushNames(path); error != 0) return WriteError(path, error);
  return {};
}

Result<void> AppendText(const fs::path& path, std::string_view text, Flush flush) {
  const int descriptor = ::open(path.c_str(), O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0644);
  if (descriptor < 0) return WriteError(path, errno);
  struct stat status {};
  const bool is_new = ::fstat(descriptor, &status) == 0 && status.st_size == 0;
  int error = WriteAll(descriptor, AsBytes(text), flush);
  if (::close(descriptor) != 0 && error == 0) error = errno;
  if (error == 0 && is_new && flush == Flush::kYes) error = FlushNames(path.parent_path());
  if (error != 0) return WriteError(path, error);
  return {};
}

Result<bool> MakeFileOnce(const fs::path& path, std::string_view text) {
  const int descriptor = ::open(path.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0644);
  if (descriptor < 0) return errno == EEXIST ? Result<bool>(false) : WriteError(path, errno);
  int error = WriteAll(descriptor, AsBytes(text), Flush::kNo);
  if (::close(descriptor) != 0 && error == 0) error = errno;
  if (error != 0) return WriteError(path, error);
  return true;
}

Result<std::optional<int64_t>> ChangedAt_ns(const fs::path& path) {
  const int descriptor = ::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK);
  if (descriptor < 0)
    return errno == ENOENT ? Result<std::optional<int64_t>>(std::nullopt) : SystemError(path, errno);
  struct stat status {};
  const int error = ::fstat(descriptor, &status) == 0 ? 0 : errno;
  ::close(descriptor);
  if (error != 0) return SystemError(path, error);
  return int64_t{status.st_mtim.tv_sec} * 1'000'000'000 + status.st_mtim.tv_nsec;
}

Result<void> Touch(const fs::path& path) {
  // No times given: the file's keeper takes its own clock.
  if (::utimensat(AT_FDCWD, path.c_str(), nullptr, 0) != 0) return WriteError(path, errno);
  return {};
}

Result<std::vector<std::string>> ListFolder(const fs::path& path) {
  std::error_code error;
  std::vector<std::string> names;
  for (auto it = fs::directory_iterator(path, error); !error && it != fs::directory_iterator();
       it.increment(error)) {
    names.push_back(it->path().filename().string());
  }
  if (error) return SystemError(path, error.value());
  std::sort(names.begin(), names.end());
  return names;
}

Result<std::unique_ptr<FileLock>> FileLock::TryLock(const fs::path& path, Hold hold) {
  if (path.has_parent_path()) HL_TRY(MakeFolder(path.parent_path()));
  const int descriptor = ::open(path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0644);
  if (descriptor < 0) return WriteError(path, errno);
  const int error =
      ::flock(descriptor, (hold == Hold::kShared ? LOCK_SH : LOCK_EX) | LOCK_NB) == 0 ? 0 : errno;
  const bool missing = error == ENOSYS || error == ENOLCK || error == EOPNOTSUPP;
  if (error == 0 || missing) return std::unique_ptr<FileLock>(new FileLock(descriptor, !missing));
  ::close(descriptor);
  if (error == EWOULDBLOCK) return std::unique_ptr<FileLock>();
  return WriteError(path, error);
}

Result<std::unique_ptr<FileLock>> FileLock::Wait(const fs::path& path, int seconds) {
  const auto end = std::chrono::steady_clock::now() + std::chrono::seconds(seconds);
  while (true) {
    HL_ASSIGN(auto lock, TryLock(path));
    if (lock != nullptr) return lock;
    if (std::chrono::steady_clock::now() >= end) {
      return Fail(ErrorKind::kResources, "{}: another handlens holds it since {} seconds; wait for it to end",
                  path.string(), seconds);
    }
    std::this_thread::sleep_for(std::chrono::milliseconds(10));
  }
}

FileLock::~FileLock() { ::close(descriptor_); }

Result<std::unique_ptr<FileLock>> LockSecretFolder(const fs::path& folder) {
  HL_TRY(MakeFolder(folder, Access::kOwner));
  HL_ASSIGN(auto lock, FileLock::Wait(folder / ".lock", kSecretFolderSeconds));
  SweepUnfinished(folder, Depth::kFolder);
  return lock;
}

}  // namespace handlens
