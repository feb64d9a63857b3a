// Claims about what is asked of the system: what is flushed before a name is given and after, and what any
// failing call becomes. The calls of this test program go through the functions below, which note and fail
// them when told.
#include <dlfcn.h>
#include <fcntl.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstdarg>
#include <string>
#include <vector>

#include "base/disk.h"

namespace {

struct Watch {
  std::vector<std::string> calls;  // "fsync FILE", in order
  std::string fails;               // the call that fails: "fsync"
  int after = 0;                   // as many of them succeed before
  int error = 0;
  bool on = false;
};
Watch watch;

// Notes a call; whether it shall fail, with errno set.
bool Fails(const std::string& name, const std::string& of) {
  if (!watch.on) return false;
  watch.calls.push_back(name + " " + of);
  if (name != watch.fails || watch.after-- > 0) return false;
  errno = watch.error;
  return true;
}

std::string NameOf(int descriptor) {
  std::error_code error;
  return std::filesystem::read_symlink("/proc/self/fd/" + std::to_string(descriptor), error)
      .filename()
      .string();
}

std::string Last(const char* path) { return std::filesystem::path(path).filename().string(); }

template <class F>
F Real(const char* name) {
  return reinterpret_cast<F>(dlsym(RTLD_NEXT, name));
}

}  // namespace

extern "C" {
int fsync(int descriptor) {
  if (Fails("fsync", NameOf(descriptor))) return -1;
  return Real<int (*)(int)>("fsync")(descriptor);
}
int rename(const char* from, const char* to) noexcept {
  if (Fails("rename", Last(to))) return -1;
  return Real<int (*)(const char*, const char*)>("rename")(from, to);
}
int mkostemp(char* path, int flags) {
  if (Fails("mkostemp", Last(path))) return -1;
  return Real<int (*)(char*, int)>("mkostemp")(path, flags);
}
ssize_t write(int descriptor, const void* data, size_t size) {
  if (Fails("write", NameOf(descriptor))) return -1;
  return Real<ssize_t (*)(int, const void*, size_t)>("write")(descriptor, data, size);
}
ssize_t read(int descriptor, void* data, size_t size) {
  if (Fails("read", NameOf(descriptor))) return -1;
  return Real<ssize_t (*)(int, void*, size_t)>("read")(descriptor, data, size);
}
int mkdir(const char* path, mode_t mode) noexcept {
  if (Fails("mkdir", Last(path))) return -1;
  return Real<int (*)(const char*, mode_t)>("mkdir")(path, mode);
}
int flock(int descriptor, int operation) noexcept {
  if (Fails("flock", NameOf(descriptor))) return -1;
  return Real<int (*)(int, int)>("flock")(descriptor, operation);
}
int open(const char* path, int flags, ...) {
  va_list arguments;
  va_start(arguments, flags);
  const mode_t mode = (flags & O_CREAT) != 0 ? va_arg(arguments, mode_t) : 0;
  va_end(arguments);
  if (Fails("open", Last(path))) return -1;
  return Real<int (*)(const char*, int, ...)>("open")(path, flags, mode);
}
}

namespace handlens {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::StartsWith;

class PowerCut : public testing::Test {
 protected:
  PowerCut() {
    std::string name = (std::filesystem::temp_directory_path() / "handlens-power-XXXXXX").string();
    folder_ = ::mkdtemp(name.data());
  }
  ~PowerCut() override {
    watch = {};
    std::filesystem::remove_all(folder_);
  }
  // The calls of `work`; the one named `fails` fails with `error` after as many that succeed.
  template <class F>
  auto Watched(F work, const std::string& fails = "", int error = 0, int after = 0) {
    watch = {{}, fails, after, error, true};
    auto result = work();
    watch.on = false;
    return result;
  }
  std::string name() const { return folder_.filename().string(); }
  std::filesystem::path folder_;
};

TEST_F(PowerCut, FlushesTheFileBeforeItsNameAndTheFolderAfter) {
  ASSERT_TRUE(Watched([&] { return WriteFileAtomic(folder_ / "record", "text"); }));
  EXPECT_THAT(watch.calls, ElementsAre("mkdir " + name(), StartsWith("mkostemp .handlens-unfinished-"),
                                       StartsWith("write .handlens-unfinished-"),
                                       StartsWith("fsync .handlens-unfinished-"), "rename record",
                                       "open " + name(), "fsync " + name()));
}

TEST_F(PowerCut, FlushesTheFoldersThatHoldNewFolders) {
  ASSERT_TRUE(Watched([&] { return MakeFolder(folder_ / "a/b"); }));
  EXPECT_THAT(watch.calls, ElementsAre("mkdir b", "mkdir a", "open " + name(), "fsync " + name(), "mkdir b",
                                       "open a", "fsync a"));
}

TEST_F(PowerCut, FlushesANewLogsFolderOnceAndEachLine) {
  ASSERT_TRUE(Watched([&] { return AppendText(folder_ / "log", "one\n"); }));
  EXPECT_THAT(watch.calls,
              ElementsAre("open log", "write log", "fsync log", "open " + name(), "fsync " + name()));
  ASSERT_TRUE(Watched([&] { return AppendText(folder_ / "log", "two\n"); }));
  EXPECT_THAT(watch.calls, ElementsAre("open log", "write log", "fsync log"));
}

// The machine's trouble is exit code 5, whatever call meets it: the same command may succeed a moment later.
TEST_F(PowerCut, AnyFailingCallIsAFailureOfTheMachine) {
  ASSERT_TRUE(WriteFileAtomic(folder_ / "record", "old"));
  for (const int error : {EIO, EMFILE, ENFILE, ENOSPC, EDQUOT, ENOMEM, ENOLCK, EAGAIN}) {
    for (const char* call : {"fsync", "rename", "mkostemp", "write", "mkdir", "open"}) {
      const auto written =
          Watched([&] { return WriteFileAtomic(folder_ / "new/record", "new"); }, call, error);
      ASSERT_FALSE(written) << call << " " << error;
      EXPECT_EQ(written.error().kind, ErrorKind::kResources) << call << ": " << written.error().message;
      std::filesystem::remove_all(folder_ / "new");
    }
    for (const char* call : {"open", "read"}) {
      const auto read = Watched([&] { return ReadText(folder_ / "record"); }, call, error);
      ASSERT_FALSE(read) << call << " " << error;
      EXPECT_EQ(read.error().kind, ErrorKind::kResources) << call << ": " << read.error().message;
      EXPECT_THAT(read.error().message, HasSubstr("record: "));
    }
  }
  const auto lock = Watched([&] { return FileLock::TryLock(folder_ / "lock"); }, "flock", EIO);
  ASSERT_FALSE(lock);
  EXPECT_EQ(lock.error().kind, ErrorKind::kResources);
  EXPECT_EQ(ReadText(folder_ / "record").value(), "old");
}

// Lustre and NFS may be mounted without locks.
TEST_F(PowerCut, AFileSystemWithoutLocksIsNoFailure) {
  for (const int error : {ENOSYS, ENOLCK, EOPNOTSUPP}) {
    const auto lock = Watched([&] { return FileLock::TryLock(folder_ / "lock"); }, "flock", error);
    ASSERT_TRUE(lock) << error;
    EXPECT_FALSE((*lock)->Locks());
  }
  EXPECT_TRUE(FileLock::TryLock(folder_ / "lock").value()->Locks());
}

// Every call of a write fails once, in turn: there is the old file or the new one, and nothing else.
TEST_F(PowerCut, EachFailingCallOfAWriteLeavesTheOldFileOrTheNewOne) {
  const auto old_or_new = [&] { return ReadText(folder_ / "record").value_or(""); };
  for (const char* call : {"open", "fsync", "rename", "mkostemp", "write"}) {
    for (int after = 0; after < 3; ++after) {
      ASSERT_TRUE(WriteFileAtomic(folder_ / "record", "old"));
      const auto written =
          Watched([&] { return WriteFileAtomic(folder_ / "record", "new"); }, call, EIO, after);
      if (written) EXPECT_EQ(old_or_new(), "new");
      else EXPECT_THAT(old_or_new(), testing::AnyOf("old", "new"));
      EXPECT_THAT(ListFolder(folder_).value(), ElementsAre("record")) << call << " " << after;
    }
  }
}

TEST_F(PowerCut, APlaceThatCannotBeWrittenIsTheUsersToMend) {
  for (const int error : {EACCES, EROFS, ENOTDIR}) {
    const auto written =
        Watched([&] { return WriteFileAtomic(folder_ / "record", "new"); }, "mkostemp", error);
    ASSERT_FALSE(written);
    EXPECT_EQ(written.error().kind, ErrorKind::kBadInput);
  }
}

// A file system that cannot flush folders is no reason to refuse work.
TEST_F(PowerCut, TakesAFileSystemThatCannotFlushFoldersAsItIs) {
  EXPECT_TRUE(Watched([&] { return WriteFileAtomic(folder_ / "record", "new"); }, "fsync", EINVAL, 1));
  EXPECT_TRUE(Watched([&] { return WriteFileAtomic(folder_ / "record", "new"); }, "open", EACCES));
}

}  // namespace
}  // namespace handlens
