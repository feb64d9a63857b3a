#include "search/sharing/claims.h"

#include <gtest/gtest.h>
#include <sys/wait.h>
#include <unistd.h>

#include <thread>

#include "base/disk.h"

namespace handlens::search {
namespace {

using Taken = Claims::Taken;

class ClaimsTest : public testing::Test {
 protected:
  void SetUp() override { std::filesystem::remove_all(folder_); }
  void TearDown() override { std::filesystem::remove_all(folder_); }
  // A process that this one can know nothing about.
  static ProcessIdentity Elsewhere(const std::string& host) {
    return {host, "the kernel of " + host, "pid:[1]", 7, 1};
  }
  const std::filesystem::path folder_ =
      std::filesystem::temp_directory_path() / fmt::format("handlens-claims-{}", ::getpid());
};

TEST_F(ClaimsTest, OneOfManyGetsATrial) {
  Claims here(folder_, ThisProcess()), there(folder_, Elsewhere("there"));
  EXPECT_TRUE(there.IsFree("a"));
  EXPECT_EQ(*here.Take("a"), Taken::kFirst);
  EXPECT_EQ(*here.Take("a"), Taken::kNo);
  EXPECT_EQ(*there.Take("a"), Taken::kNo);
  EXPECT_FALSE(there.IsFree("a"));
  EXPECT_EQ(*there.Take("b"), Taken::kFirst);
}

TEST_F(ClaimsTest, WhatIsGivenBackIsFreeAndWhatIsFinishedIsNot) {
  Claims here(folder_, ThisProcess()), there(folder_, Elsewhere("there")), third(folder_, Elsewhere("third"));
  ASSERT_EQ(*here.Take("a"), Taken::kFirst);
  ASSERT_EQ(*here.Take("b"), Taken::kFirst);
  here.GiveBack("a");
  here.Finish("b");
  EXPECT_EQ(*there.Take("a"), Taken::kOver);
  EXPECT_EQ(*third.Take("a"), Taken::kNo);
  EXPECT_EQ(*here.Take("a"), Taken::kNo);
  EXPECT_FALSE(there.IsFree("b"));
}

TEST_F(ClaimsTest, OfADeadProcessOfThisMachineIsFreeAtOnce) {
  const pid_t child = ::fork();
  if (child == 0) {
    Claims claims(folder_, ThisProcess());
    if (*claims.Take("a") != Taken::kFirst) ::_exit(1);
    ::raise(SIGKILL);
  }
  int status = 0;
  ASSERT_EQ(::waitpid(child, &status, 0), child);
  ASSERT_TRUE(WIFSIGNALED(status));
  Claims here(folder_, ThisProcess());
  EXPECT_TRUE(here.IsFree("a"));
  EXPECT_EQ(*here.Take("a"), Taken::kOver);
}

TEST_F(ClaimsTest, OfASilentProcessElsewhereIsFreeAfterAWhile) {
  const auto silent = std::make_unique<Claims>(folder_, Elsewhere("silent"), ClaimTimes{1e9, 1e9});
  Claims beats(folder_, Elsewhere("beats"), ClaimTimes{0.02, 1e9}),
      here(folder_, ThisProcess(), ClaimTimes{1e9, 0.3});
  ASSERT_EQ(*silent->Take("a"), Taken::kFirst);
  ASSERT_EQ(*beats.Take("b"), Taken::kFirst);
  EXPECT_FALSE(here.IsFree("a") || here.IsFree("b"));
  for (int i = 0; i < 40; ++i) {
    std::this_thread::sleep_for(std::chrono::milliseconds(20));
    here.IsFree("b");
  }
  EXPECT_TRUE(here.IsFree("a"));
  EXPECT_FALSE(here.IsFree("b"));
}

// A claim whose text is not there yet, or torn, belongs to somebody all the same.
TEST_F(ClaimsTest, WithoutATextIsTaken) {
  ASSERT_TRUE(WriteFileAtomic(folder_ / "a.0", ""));
  ASSERT_TRUE(WriteFileAtomic(folder_ / "b.0", "{\"host\": \"x"));
  Claims here(folder_, ThisProcess());
  EXPECT_EQ(*here.Take("a"), Taken::kNo);
  EXPECT_EQ(*here.Take("b"), Taken::kNo);
}

TEST_F(ClaimsTest, ThousandsAtOnceGetEachTrialOnce) {
  std::vector<std::unique_ptr<Claims>> all;
  for (int i = 0; i < 8; ++i)
    all.push_back(std::make_unique<Claims>(folder_, Elsewhere(fmt::format("node{}", i))));
  std::atomic<int> taken{0};
  std::vector<std::thread> threads;
  for (const auto& claims : all) {
    threads.emplace_back([&] {
      for (int i = 0; i < 300; ++i) taken += *claims->Take(fmt::format("{}", i)) == Taken::kFirst ? 1 : 0;
    });
  }
  for (std::thread& thread : threads) thread.join();
  EXPECT_EQ(taken, 300);
}

}  // namespace
}  // namespace handlens::search
