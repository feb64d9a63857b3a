// A disk that is far away, for tests (LD_PRELOAD): what other processes made is not seen for FAR_DISK_MS,
// neither in listings nor by name, as with the caches of network file systems; there are no locks (ENOLCK);
// and FAR_DISK_HOST is the name of the machine, whose kernel nobody else shares, so that processes cannot
// look whether others live. Creating with O_EXCL and renaming are exact, as they are on such disks: the
// server decides.
#include <dirent.h>
#include <dlfcn.h>
#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstdarg>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <ctime>
#include <mutex>
#include <set>
#include <string>

namespace {

template <class F>
F* Real(const char* name) {
  return reinterpret_cast<F*>(::dlsym(RTLD_NEXT, name));
}

// Made by this process: a machine sees its own work at once.
struct Own {
  std::mutex mutex;
  std::set<std::string> paths;
};
Own& TheOwn() {
  static Own own;
  return own;
}
void Remember(const char* path) {
  const std::lock_guard lock(TheOwn().mutex);
  TheOwn().paths.insert(path);
}
bool IsOwn(const std::string& path) {
  const std::lock_guard lock(TheOwn().mutex);
  for (std::string at = path; !at.empty();
       at.resize(at.find_last_of('/') == std::string::npos ? 0 : at.find_last_of('/'))) {
    if (TheOwn().paths.contains(at)) return true;
  }
  return false;
}

bool IsFar(const std::string& path) {
  static const char* const root = std::getenv("FAR_DISK");
  return root != nullptr && path.starts_with(root);
}

// Whether something there is too new to be seen. A renamed folder counts from its renaming (ctime), a file
// from its last change.
bool IsHidden(int folder, const char* name, const std::string& path) {
  static const double hidden_s =
      std::atof(std::getenv("FAR_DISK_MS") != nullptr ? std::getenv("FAR_DISK_MS") : "0") / 1000;
  if (!IsFar(path) || IsOwn(path)) return false;
  struct stat status {};
  if (::fstatat(folder, name, &status, AT_SYMLINK_NOFOLLOW) != 0) return false;
  timespec now{};
  ::clock_gettime(CLOCK_REALTIME, &now);
  const timespec& changed = S_ISDIR(status.st_mode) ? status.st_ctim : status.st_mtim;
  return static_cast<double>(now.tv_sec - changed.tv_sec) +
             1e-9 * static_cast<double>(now.tv_nsec - changed.tv_nsec) <
         hidden_s;
}

std::string FolderOf(DIR* folder) {
  char target[4096];
  const std::string link = "/proc/self/fd/" + std::to_string(::dirfd(folder));
  const ssize_t length = ::readlink(link.c_str(), target, sizeof target);
  return length < 0 ? "" : std::string(target, static_cast<size_t>(length));
}

}  // namespace

extern "C" {

int flock(int, int) {
  errno = ENOLCK;
  return -1;
}

struct dirent* readdir(DIR* folder) {
  static auto* const real = Real<struct dirent*(DIR*)>("readdir");
  const std::string path = FolderOf(folder);
  struct dirent* entry = real(folder);
  while (entry != nullptr && IsHidden(::dirfd(folder), entry->d_name, path + "/" + entry->d_name))
    entry = real(folder);
  return entry;
}
struct dirent64* readdir64(DIR* folder) {
  static auto* const real = Real<struct dirent64*(DIR*)>("readdir64");
  const std::string path = FolderOf(folder);
  struct dirent64* entry = real(folder);
  while (entry != nullptr && IsHidden(::dirfd(folder), entry->d_name, path + "/" + entry->d_name))
    entry = real(folder);
  return entry;
}

static int Open(const char* name, const char* path, int flags, mode_t mode) {
  using OpenCall = int(const char*, int, ...);
  if ((flags & (O_ACCMODE | O_DIRECTORY)) == O_RDONLY && IsHidden(AT_FDCWD, path, path)) {
    errno = ENOENT;
    return -1;
  }
  const int descriptor = Real<OpenCall>(name)(path, flags, mode);
  if (descriptor >= 0 && (flags & O_CREAT) != 0 && IsFar(path)) Remember(path);
  return descriptor;
}
int open(const char* path, int flags, ...) {
  va_list rest;
  va_start(rest, flags);
  const auto mode = static_cast<mode_t>(va_arg(rest, int));
  va_end(rest);
  return Open("open", path, flags, mode);
}
int open64(const char* path, int flags, ...) {
  va_list rest;
  va_start(rest, flags);
  const auto mode = static_cast<mode_t>(va_arg(rest, int));
  va_end(rest);
  return Open("open64", path, flags, mode);
}

int rename(const char* from, const char* to) {
  const int result = Real<int(const char*, const char*)>("rename")(from, to);
  if (result == 0 && IsFar(to)) Remember(to);
  return result;
}
int mkdir(const char* path, mode_t mode) {
  const int result = Real<int(const char*, mode_t)>("mkdir")(path, mode);
  // Only folders with an owner's name: what stands in the others is not all this process' own.
  if (result == 0 && IsFar(path) && std::strchr(std::strrchr(path, '/'), '.') != nullptr) Remember(path);
  return result;
}

int gethostname(char* name, size_t size) {
  const char* const host = std::getenv("FAR_DISK_HOST");
  if (host == nullptr) return Real<int(char*, size_t)>("gethostname")(name, size);
  std::snprintf(name, size, "%s", host);
  return 0;
}
FILE* fopen(const char* path, const char* mode) {
  char* const host = std::getenv("FAR_DISK_HOST");
  if (host != nullptr && std::strcmp(path, "/proc/sys/kernel/random/boot_id") == 0)
    return ::fmemopen(host, std::strlen(host), "r");
  return Real<FILE*(const char*, const char*)>("fopen")(path, mode);
}
FILE* fopen64(const char* path, const char* mode) { return fopen(path, mode); }

}  // extern "C"
