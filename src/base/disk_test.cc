#include "base/disk.h"

#include <gtest/gtest.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <csignal>

#include "base/hash.h"
#include "base/json.h"

namespace handlens {
namespace {

class Disk : public testing::Test {
 protected:
  Disk() {
    std::string name = (std::filesystem::temp_directory_path() / "handlens-disk-XXXXXX").string();
    folder_ = ::mkdtemp(name.data());
  }
  ~Disk() override { std::filesystem::remove_all(folder_); }
  std::filesystem::path folder_;
};

TEST_F(Disk, ReadsBackWhatItWrote) {
  const std::filesystem::path path = folder_ / "deep" / "file";
  ASSERT_TRUE(WriteFileAtomic(path, std::string_view("one\0two", 7)));
  EXPECT_EQ(ReadText(path).value(), std::string("one\0two", 7));
  EXPECT_EQ(ListFolder(folder_ / "deep").value(), std::vector<std::string>{"file"});
}

TEST_F(Disk, SaysWhichFileIsMissing) {
  const auto missing = ReadFile(folder_ / "nothing");
  ASSERT_FALSE(missing);
  EXPECT_EQ(missing.error().kind, ErrorKind::kBadInput);
  EXPECT_NE(missing.error().message.find("nothing: No such file"), std::string::npos);
}

TEST_F(Disk, NeverWaitsOnANamedPipe) {
  ASSERT_EQ(::mkfifo((folder_ / "pipe").c_str(), 0600), 0);
  EXPECT_FALSE(ReadFile(folder_ / "pipe"));
  EXPECT_FALSE(ReadFile(folder_));
}

TEST_F(Disk, ListsNamesSortedByBytes) {
  for (const char* name : {"b", "B", "a", "\xc3\xa9", "10", "9"}) ASSERT_TRUE(WriteFileAtomic(folder_ / name, "x"));
  EXPECT_EQ(ListFolder(folder_).value(), (std::vector<std::string>{"10", "9", "B", "a", "b", "\xc3\xa9"}));
}

// A full disk is imitated by a limit on the size of files, in a child so that the limit ends with it.
TEST_F(Disk, KeepsTheOldFileWhenTheDiskIsFull) {
  const std::filesystem::path path = folder_ / "record";
  ASSERT_TRUE(WriteFileAtomic(path, "old"));
  const pid_t child = ::fork();
  if (child == 0) {
    std::signal(SIGXFSZ, SIG_IGN);
    const rlimit limit{10, 10};
    ::setrlimit(RLIMIT_FSIZE, &limit);
    const auto result = WriteFileAtomic(path, std::string(1000, 'n'));
    ::_exit(!result && result.error().kind == ErrorKind::kResources ? 0 : 1);
  }
  int status = 0;
  ::waitpid(child, &status, 0);
  EXPECT_EQ(status, 0);
  EXPECT_EQ(ReadText(path).value(), "old");
  EXPECT_EQ(ListFolder(folder_).value().size(), 1u) << "the temporary file stayed behind";
}

TEST_F(Disk, ALockIsFreeAgainWhenItsProcessDies) {
  const std::filesystem::path path = folder_ / "lock";
  int ready[2];
  ASSERT_EQ(::pipe(ready), 0);
  const pid_t child = ::fork();
  if (child == 0) {
    const auto lock = FileLock::TryLock(path);
    (void)!::write(ready[1], "x", 1);
    ::pause();
    ::_exit(0);
  }
  char byte = 0;
  ASSERT_EQ(::read(ready[0], &byte, 1), 1);
  EXPECT_EQ(FileLock::TryLock(path).value(), nullptr);
  ::kill(child, SIGKILL);
  ::waitpid(child, nullptr, 0);
  EXPECT_NE(FileLock::TryLock(path).value(), nullptr);
  ::close(ready[0]);
  ::close(ready[1]);
}

TEST_F(Disk, ARecordOfANewerVersionIsRefusedByName) {
  const std::filesystem::path path = folder_ / "split.json";
  ASSERT_TRUE(WriteRecord(path, "handlens-split", 2, {{"seed", 1}}));
  EXPECT_TRUE(ReadRecord(path, "handlens-split", 2));
  const auto newer = ReadRecord(path, "handlens-split", 1);
  ASSERT_FALSE(newer);
  EXPECT_NE(newer.error().message.find("split.json: written by a newer handlens"), std::string::npos);
  EXPECT_FALSE(ReadRecord(path, "handlens-dataset", 2));
}

TEST_F(Disk, ARecordWithForeignBytesIsStillWritten) {
  EXPECT_TRUE(WriteRecord(folder_ / "r.json", "handlens-test", 1, {{"path", "caf\xe9.jpg"}}));
  EXPECT_TRUE(ReadRecord(folder_ / "r.json", "handlens-test", 1));
}

TEST(Json, SaysWhereItIsBroken) {
  const auto broken = ParseJson("{\"a\": }", "RUN/x.json");
  ASSERT_FALSE(broken);
  EXPECT_EQ(broken.error().message.rfind("RUN/x.json: not valid JSON", 0), 0u);
}

TEST(Json, AMissingKeyIsAnErrorNotAnException) {
  const auto value = FromJson(Json::object(), "x.json", [](const Json& json) { return json.at("key").get<int>(); });
  ASSERT_FALSE(value);
  EXPECT_EQ(value.error().kind, ErrorKind::kBadInput);
}

// FIPS 180-2, appendix B.1.
TEST(Hash, IsSha256) {
  EXPECT_EQ(Sha256(std::string_view("abc")), "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
}

}  // namespace
}  // namespace handlens
