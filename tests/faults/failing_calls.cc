// Preloaded (LD_PRELOAD) into handlens: counts its calls on files and lets one of them fail, as a dying disk,
// a full one or a process with too many open files would. Only calls that touch the folder FAULT_UNDER count,
// so that the program starts.
//   FAULT_AT      which call fails, from 1; 0 = none
//   FAULT_ERRNO   with what
//   FAULT_LOG     a file that gets the number of calls, and the name of the one that failed
#include <dirent.h>
#include <dlfcn.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <atomic>
#include <cerrno>
#include <climits>
#include <cstdarg>
#include <cstdio>
#include <cstdlib>
#include <cstring>

namespace {

std::atomic<long> calls{0};

long NumberOf(const char* name) {
  const char* const text = std::getenv(name);
  return text == nullptr ? 0 : std::atol(text);
}

template <class F>
F Real(const char* name) {
  return reinterpret_cast<F>(dlsym(RTLD_NEXT, name));
}

void Log(const char* text) {
  const char* const path = std::getenv("FAULT_LOG");
  if (path == nullptr) return;
  const int log =
      Real<int (*)(const char*, int, ...)>("open")(path, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0644);
  (void)!Real<ssize_t (*)(int, const void*, size_t)>("write")(log, text, std::strlen(text));
  Real<int (*)(int)>("close")(log);
}

bool Fails(const char* call, const char* path, int with = 0) {
  static const char* const under = std::getenv("FAULT_UNDER");
  static const long at = NumberOf("FAULT_AT");
  if (under == nullptr || path == nullptr || std::strstr(path, under) == nullptr) return false;
  if (++calls != at) return false;
  char line[PATH_MAX + 64];
  std::snprintf(line, sizeof line, "failed %s %s\n", call, path);
  Log(line);
  errno = with != 0 ? with : static_cast<int>(NumberOf("FAULT_ERRNO"));
  return true;
}

bool FailsOn(const char* call, int descriptor) {
  char link[64], path[PATH_MAX] = "";
  std::snprintf(link, sizeof link, "/proc/self/fd/%d", descriptor);
  const ssize_t size = ::readlink(link, path, sizeof path - 1);
  return size > 0 && Fails(call, path);
}

__attribute__((destructor)) void LogCount() {
  char line[64];
  std::snprintf(line, sizeof line, "calls %ld\n", calls.load());
  Log(line);
}

}  // namespace

extern "C" {
int open(const char* path, int flags, ...) {
  va_list arguments;
  va_start(arguments, flags);
  const mode_t mode = (flags & (O_CREAT | O_TMPFILE)) != 0 ? va_arg(arguments, mode_t) : 0;
  va_end(arguments);
  return Fails("open", path) ? -1 : Real<int (*)(const char*, int, ...)>("open")(path, flags, mode);
}
ssize_t read(int descriptor, void* data, size_t size) {
  return FailsOn("read", descriptor) ? -1
                                     : Real<ssize_t (*)(int, void*, size_t)>("read")(descriptor, data, size);
}
ssize_t write(int descriptor, const void* data, size_t size) {
  return FailsOn("write", descriptor)
             ? -1
             : Real<ssize_t (*)(int, const void*, size_t)>("write")(descriptor, data, size);
}
int fsync(int descriptor) {
  return FailsOn("fsync", descriptor) ? -1 : Real<int (*)(int)>("fsync")(descriptor);
}
int fchmod(int descriptor, mode_t mode) noexcept {
  return FailsOn("fchmod", descriptor) ? -1 : Real<int (*)(int, mode_t)>("fchmod")(descriptor, mode);
}
int rename(const char* from, const char* to) noexcept {
  return Fails("rename", to) ? -1 : Real<int (*)(const char*, const char*)>("rename")(from, to);
}
int renameat2(int from_folder, const char* from, int to_folder, const char* to, unsigned flags) noexcept {
  if (Fails("renameat2", to)) return -1;
  return Real<int (*)(int, const char*, int, const char*, unsigned)>("renameat2")(from_folder, from,
                                                                                  to_folder, to, flags);
}
int mkdir(const char* path, mode_t mode) noexcept {
  return Fails("mkdir", path) ? -1 : Real<int (*)(const char*, mode_t)>("mkdir")(path, mode);
}
int mkostemp(char* path, int flags) {
  return Fails("mkostemp", path) ? -1 : Real<int (*)(char*, int)>("mkostemp")(path, flags);
}
char* mkdtemp(char* path) noexcept {
  return Fails("mkdtemp", path) ? nullptr : Real<char* (*)(char*)>("mkdtemp")(path);
}
// Asking for a file's kind takes no descriptor and no space.
int stat(const char* path, struct stat* out) noexcept {
  return Fails("stat", path, EIO) ? -1 : Real<int (*)(const char*, struct stat*)>("stat")(path, out);
}
int lstat(const char* path, struct stat* out) noexcept {
  return Fails("lstat", path, EIO) ? -1 : Real<int (*)(const char*, struct stat*)>("lstat")(path, out);
}
// The standard library opens folders so, and removes what is in them.
int openat(int folder, const char* path, int flags, ...) {
  va_list arguments;
  va_start(arguments, flags);
  const mode_t mode = (flags & (O_CREAT | O_TMPFILE)) != 0 ? va_arg(arguments, mode_t) : 0;
  va_end(arguments);
  if (folder == AT_FDCWD ? Fails("openat", path) : FailsOn("openat", folder)) return -1;
  return Real<int (*)(int, const char*, int, ...)>("openat")(folder, path, flags, mode);
}
int unlinkat(int folder, const char* path, int flags) noexcept {
  if (folder == AT_FDCWD ? Fails("unlinkat", path) : FailsOn("unlinkat", folder)) return -1;
  return Real<int (*)(int, const char*, int)>("unlinkat")(folder, path, flags);
}
dirent* readdir(DIR* folder) {
  return FailsOn("readdir", dirfd(folder)) ? nullptr : Real<dirent* (*)(DIR*)>("readdir")(folder);
}
int unlink(const char* path) noexcept {
  return Fails("unlink", path) ? -1 : Real<int (*)(const char*)>("unlink")(path);
}
DIR* opendir(const char* path) {
  return Fails("opendir", path) ? nullptr : Real<DIR* (*)(const char*)>("opendir")(path);
}
}
