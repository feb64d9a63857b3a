#include "base/process.h"

#include <gtest/gtest.h>
#include <sched.h>
#include <sys/wait.h>
#include <unistd.h>

namespace handlens {
namespace {

TEST(Process, KnowsTheLivingAndTheDead) {
  const ProcessIdentity own = ThisProcess();
  EXPECT_EQ(IsAlive(own, own), Alive::kYes);
  int ends[2];
  ASSERT_EQ(::pipe(ends), 0);
  const pid_t child = ::fork();
  if (child == 0) {
    char byte;
    ::close(ends[1]);
    ::_exit(::read(ends[0], &byte, 1) < 0 ? 1 : 0);  // until the parent closes its end
  }
  ProcessIdentity other = own;
  other.pid = child;
  other.started -= 1;                          // the child may have begun in the same tick as this process
  EXPECT_EQ(IsAlive(other, own), Alive::kNo);  // that number is another's by now
  ::close(ends[1]);
  ASSERT_EQ(::waitpid(child, nullptr, 0), child);
  other = own;
  other.pid = child;
  EXPECT_EQ(IsAlive(other, own), Alive::kNo);
  other.boot = "another machine";
  EXPECT_EQ(IsAlive(other, own), Alive::kUnknown);
}

TEST(Process, HasANameFitForAFileAndLikeNoOther) {
  ProcessIdentity process = ThisProcess();
  process.host = "node 7/a.example";
  const std::string name = process.Name();
  EXPECT_EQ(name.find_first_not_of("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-"),
            std::string::npos)
      << name;
  process.started += 1;
  EXPECT_NE(process.Name(), name);
  const auto read = ProcessFromJson(ToJson(process));
  ASSERT_TRUE(read);
  EXPECT_EQ(*read, process);
  EXPECT_FALSE(ProcessFromJson(Json{{"host", 3}}));
}

TEST(Process, ThreadsFollowTheMask) {
  cpu_set_t before, one;
  ASSERT_EQ(::sched_getaffinity(0, sizeof before, &before), 0);
  CPU_ZERO(&one);
  for (size_t i = 0; i < CPU_SETSIZE && CPU_COUNT(&one) == 0; ++i) {
    if (CPU_ISSET(i, &before)) CPU_SET(i, &one);
  }
  EXPECT_LE(UsableThreads(), CPU_COUNT(&before));
  ASSERT_EQ(::sched_setaffinity(0, sizeof one, &one), 0);
  EXPECT_EQ(UsableThreads(), 1);
  ASSERT_EQ(::sched_setaffinity(0, sizeof before, &before), 0);
}

// Values as the kernel's documentation writes them (admin-guide/cgroup-v2, scheduler/sched-bwc).
TEST(Process, ThreadsFollowTheQuota) {
  EXPECT_EQ(ThreadsOfQuota("max 100000"), 0);
  EXPECT_EQ(ThreadsOfQuota("200000 100000"), 2);
  EXPECT_EQ(ThreadsOfQuota("150000 100000"), 2);
  EXPECT_EQ(ThreadsOfQuota("5000 100000"), 1);
  EXPECT_EQ(ThreadsOfQuota("-1 100000"), 0);  // v1 without a limit
  EXPECT_EQ(ThreadsOfQuota(" "), 0);
  EXPECT_EQ(ThreadsOfQuota(""), 0);
}

TEST(Process, MemoryIsToldInBytes) { EXPECT_GT(UsableMemory_bytes(), int64_t{16} << 20); }

}  // namespace
}  // namespace handlens
