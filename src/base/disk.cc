#include "base/disk.h"

#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>

namespace handlens {
namespace {

// What the user should do about a failed write depends on why it failed.
tl::unexpected<Error> WriteError(const std::filesystem::path& path, int error) {
  if (error == ENOSPC || error == EDQUOT || error == EFBIG) {
    return Fail(ErrorKind::kResources, "{}: no room left on the disk; free some and run the same command again to continue",
                path.string());
  }
  return Fail(ErrorKind::kBadInput, "{}: cannot be written ({})", path.string(), std::strerror(error));
}

// Writes all bytes and flushes; returns 0 or errno.
int WriteAll(int descriptor, std::span<const uint8_t> bytes) {
  while (!bytes.empty()) {
    const ssize_t written = ::write(descriptor, bytes.data(), bytes.size());
    if (written < 0 && errno == EINTR) continue;
    if (written < 0) return errno;
    bytes = bytes.subspan(static_cast<size_t>(written));
  }
  return ::fsync(descriptor) == 0 || errno == EINVAL ? 0 : errno;
}

std::span<const uint8_t> AsBytes(std::string_view text) {
  return {reinterpret_cast<const uint8_t*>(text.data()), text.size()};
}

template <class Container>
Result<Container> ReadWhole(const std::filesystem::path& path) {
  const int descriptor = ::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK);
  if (descriptor < 0) return Fail(ErrorKind::kBadInput, "{}: {}", path.string(), std::strerror(errno));
  Container content;
  struct stat status {};
  int error = 0;
  if (::fstat(descriptor, &status) != 0) error = errno;
  else if (!S_ISREG(status.st_mode)) error = S_ISDIR(status.st_mode) ? EISDIR : EINVAL;
  else content.resize(static_cast<size_t>(status.st_size));
  size_t done = 0;
  while (error == 0 && done < content.size()) {
    const ssize_t got = ::read(descriptor, content.data() + done, content.size() - done);
    if (got < 0 && errno != EINTR) error = errno;
    if (got == 0) content.resize(done);  // the file shrank meanwhile
    if (got > 0) done += static_cast<size_t>(got);
  }
  ::close(descriptor);
  if (error != 0) {
    return Fail(ErrorKind::kBadInput, "{}: {}", path.string(),
                error == EINVAL ? "not a regular file" : std::strerror(error));
  }
  return content;
}

}  // namespace

Result<Bytes> ReadFile(const std::filesystem::path& path) { return ReadWhole<Bytes>(path); }
Result<std::string> ReadText(const std::filesystem::path& path) { return ReadWhole<std::string>(path); }

Result<void> MakeFolder(const std::filesystem::path& path) {
  std::error_code error;
  std::filesystem::create_directories(path, error);
  if (error) return WriteError(path, error.value());
  return {};
}

Result<void> WriteFileAtomic(const std::filesystem::path& path, std::span<const uint8_t> bytes, Access access) {
  if (path.has_parent_path()) HL_TRY(MakeFolder(path.parent_path()));
  std::string temporary = path.string() + ".XXXXXX";
  const int descriptor = ::mkostemp(temporary.data(), O_CLOEXEC);
  if (descriptor < 0) return WriteError(path, errno);
  int error = WriteAll(descriptor, bytes);
  if (access == Access::kEverybody && ::fchmod(descriptor, 0644) != 0 && error == 0) error = errno;
  if (::close(descriptor) != 0 && error == 0) error = errno;
  if (error == 0 && ::rename(temporary.c_str(), path.c_str()) != 0) error = errno;
  if (error != 0) {
    ::unlink(temporary.c_str());
    return WriteError(path, error);
  }
  return {};
}

Result<void> WriteFileAtomic(const std::filesystem::path& path, std::string_view text, Access access) {
  return WriteFileAtomic(path, AsBytes(text), access);
}

Result<void> AppendText(const std::filesystem::path& path, std::string_view text) {
  const int descriptor = ::open(path.c_str(), O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0644);
  if (descriptor < 0) return WriteError(path, errno);
  int error = WriteAll(descriptor, AsBytes(text));
  if (::close(descriptor) != 0 && error == 0) error = errno;
  if (error != 0) return WriteError(path, error);
  return {};
}

Result<std::vector<std::string>> ListFolder(const std::filesystem::path& path) {
  std::error_code error;
  std::vector<std::string> names;
  for (auto it = std::filesystem::directory_iterator(path, error); !error && it != std::filesystem::directory_iterator();
       it.increment(error)) {
    names.push_back(it->path().filename().string());
  }
  if (error) return Fail(ErrorKind::kBadInput, "{}: {}", path.string(), error.message());
  std::sort(names.begin(), names.end());
  return names;
}

Result<std::unique_ptr<FileLock>> FileLock::TryLock(const std::filesystem::path& path) {
  if (path.has_parent_path()) HL_TRY(MakeFolder(path.parent_path()));
  const int descriptor = ::open(path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0644);
  if (descriptor < 0) return WriteError(path, errno);
  if (::flock(descriptor, LOCK_EX | LOCK_NB) != 0) {
    const int error = errno;
    ::close(descriptor);
    if (error == EWOULDBLOCK) return std::unique_ptr<FileLock>();
    return WriteError(path, error);
  }
  return std::unique_ptr<FileLock>(new FileLock(descriptor));
}

FileLock::~FileLock() { ::close(descriptor_); }

}  // namespace handlens
