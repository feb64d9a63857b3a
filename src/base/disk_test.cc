#include "base/disk.h"

#include <gtest/gtest.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <atomic>
#include <csignal>

#include "base/hash.h"
#include "base/json.h"
#include "base/parallel.h"

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
  for (const char* name : {"b", "B", "a", "\xc3\xa9", "10", "9"})
    ASSERT_TRUE(WriteFileAtomic(folder_ / name, "x"));
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

TEST_F(Disk, WaitsForALockAndSaysWhenItGivesUp) {
  const std::filesystem::path path = folder_ / "lock";
  const auto held = FileLock::TryLock(path);
  ASSERT_NE(held.value(), nullptr);
  const auto second = FileLock::Wait(path, 0);
  ASSERT_FALSE(second);
  EXPECT_EQ(second.error().kind, ErrorKind::kResources);
}

TEST_F(Disk, OfSeveralThatMakeOneFileOneSucceeds) {
  std::atomic<int> made = 0;
  ParallelFor(8, 8, [&](size_t i) {
    if (WriteNewFile(folder_ / "key", fmt::format("{}", i), Access::kOwner)) ++made;
  });
  EXPECT_EQ(made, 1);
  const std::string first = ReadText(folder_ / "key").value();
  const auto again = WriteNewFile(folder_ / "key", "other");
  ASSERT_FALSE(again);
  EXPECT_EQ(again.error().kind, ErrorKind::kBadInput);
  EXPECT_EQ(ReadText(folder_ / "key").value(), first);
  EXPECT_EQ(ListFolder(folder_).value(), std::vector<std::string>{"key"});
}

TEST_F(Disk, SweepsItsOwnUnfinishedFilesAndNothingElse) {
  const std::vector<std::string> kept = {
      ".handlens-unfinished-",       ".handlens-unfinished-a1B2c", ".handlens-unfinished-a1B2c34",
      ".handlens-unfinished-a1B2c!", "handlens-unfinished-a1B2c3", "my.notes.backup",
      "split.json.a1B2c3",           "thesis.v2.backup",           "x.handlens-unfinished-a1B2c3"};
  for (const std::string& name : kept) {
    ASSERT_TRUE(WriteFileAtomic(folder_ / name, "mine"));
    ASSERT_TRUE(WriteFileAtomic(folder_ / "below" / name, "mine"));
  }
  ASSERT_TRUE(MakeFolder(folder_ / ".handlens-unfinished-folders"));
  ASSERT_TRUE(WriteFileAtomic(folder_ / "elsewhere/.handlens-unfinished-d4E5f6", "linked"));
  std::filesystem::create_symlink(folder_ / "elsewhere", folder_ / "below/link");
  std::filesystem::create_symlink(folder_ / "below/thesis.v2.backup",
                                  folder_ / ".handlens-unfinished-linked");
  ASSERT_TRUE(WriteFileAtomic(folder_ / ".handlens-unfinished-a1B2c3", "half"));
  ASSERT_TRUE(WriteFileAtomic(folder_ / "below/.handlens-unfinished-Zz9Yy8", "half"));
  EXPECT_EQ(SweepUnfinished(folder_, Depth::kFolder), 1u);
  EXPECT_EQ(SweepUnfinished(folder_ / "below", Depth::kBelow), 1u);
  for (const std::string& name : kept) {
    EXPECT_TRUE(std::filesystem::exists(folder_ / name)) << name;
    EXPECT_TRUE(std::filesystem::exists(folder_ / "below" / name)) << name;
  }
  EXPECT_TRUE(std::filesystem::is_directory(folder_ / ".handlens-unfinished-folders"));
  EXPECT_TRUE(std::filesystem::exists(folder_ / "elsewhere/.handlens-unfinished-d4E5f6"));
  EXPECT_TRUE(std::filesystem::is_symlink(folder_ / ".handlens-unfinished-linked"));
}

// What a killed process leaves is what the next one sweeps.
TEST_F(Disk, CallsAnUnfinishedFileAsItSweepsIt) {
  const pid_t child = ::fork();
  if (child == 0) {
    std::signal(SIGXFSZ, SIG_DFL);  // ends the process in the middle of its write
    const rlimit limit{10, 10}, no_core{0, 0};
    ::setrlimit(RLIMIT_CORE, &no_core);
    ::setrlimit(RLIMIT_FSIZE, &limit);
    (void)WriteFileAtomic(folder_ / "record", std::string(1000, 'n'));
    ::_exit(0);
  }
  int status = 0;
  ::waitpid(child, &status, 0);
  ASSERT_TRUE(WIFSIGNALED(status));
  const auto left = ListFolder(folder_).value();
  ASSERT_EQ(left.size(), 1u);
  EXPECT_TRUE(IsUnfinished(left[0])) << left[0];
  EXPECT_EQ(SweepUnfinished(folder_, Depth::kFolder), 1u);
}

TEST_F(Disk, ClosesAFolderOfSecretsToOthers) {
  ASSERT_TRUE(MakeFolder(folder_ / "open"));
  ASSERT_EQ(::chmod((folder_ / "open").c_str(), 0755), 0);
  ASSERT_TRUE(WriteFileAtomic(folder_ / "open/.handlens-unfinished-a1B2c3", "half a key"));
  for (const char* name : {"open", "new"}) {
    const auto lock = LockSecretFolder(folder_ / name);
    ASSERT_TRUE(lock) << lock.error().message;
    struct stat status {};
    ASSERT_EQ(::stat((folder_ / name).c_str(), &status), 0);
    EXPECT_EQ(status.st_mode & 0777, 0700u);
    EXPECT_EQ(ListFolder(folder_ / name).value(), std::vector<std::string>{".lock"});
    EXPECT_EQ(FileLock::TryLock(folder_ / name / ".lock").value(), nullptr);
  }
}

TEST_F(Disk, ReadsTheHeadOfAFile) {
  ASSERT_TRUE(WriteFileAtomic(folder_ / "file", "0123456789"));
  EXPECT_EQ(ReadHead(folder_ / "file", 4).value(), "0123");
  EXPECT_EQ(ReadHead(folder_ / "file", 40).value(), "0123456789");
  EXPECT_EQ(ReadHead(folder_ / "nothing", 4).value(), std::nullopt);
  EXPECT_FALSE(ReadHead(folder_, 4));
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

// 2^32 + 1 is 1 in 32 bits, 2^64 + 1 in 64; neither is version 1.
TEST_F(Disk, AVersionIsComparedWhole) {
  const std::filesystem::path path = folder_ / "split.json";
  const auto with = [&](const std::string& version) {
    EXPECT_TRUE(WriteFileAtomic(path, "{\"format\": \"handlens-split\", \"version\": " + version + "}"));
    return ReadRecord(path, "handlens-split", 1);
  };
  EXPECT_TRUE(with("1"));
  for (const char* version : {"2", "4294967297", "18446744073709551617", "1e300", "1.5"}) {
    const auto read = with(version);
    ASSERT_FALSE(read) << version;
    EXPECT_NE(read.error().message.find("split.json: written by a newer handlens"), std::string::npos)
        << read.error().message;
  }
  for (const char* version : {"0", "-1", "-4294967295", "\"1\"", "null", "true", "[1]"}) {
    const auto read = with(version);
    ASSERT_FALSE(read) << version;
    EXPECT_NE(read.error().message.find("without a version that handlens ever wrote"), std::string::npos)
        << read.error().message;
  }
}

TEST_F(Disk, ANewerRecordIsNeverOverwritten) {
  const std::filesystem::path path = folder_ / "search.json";
  for (const char* version : {"2", "4294967297", "18446744073709551617"}) {
    const std::string newer = fmt::format(
        "{{\n  \"format\": \"handlens-search\",\n  \"version\": {},\n  \"cells\": []\n}}\n", version);
    ASSERT_TRUE(WriteFileAtomic(path, newer));
    const auto written = WriteRecord(path, "handlens-search", 1, {{"cells", Json::array()}});
    ASSERT_FALSE(written) << version;
    EXPECT_NE(written.error().message.find("search.json: written by a newer handlens"), std::string::npos);
    EXPECT_EQ(ReadText(path).value(), newer);
  }
  ASSERT_TRUE(WriteFileAtomic(path, "half a rec"));
  EXPECT_TRUE(WriteRecord(path, "handlens-search", 1, Json::object()));
  EXPECT_TRUE(WriteRecord(path, "handlens-search", 1, Json::object()));
  EXPECT_EQ(ReadRecordHead(path).value()->format, "handlens-search");
  EXPECT_EQ(ReadRecordHead(path).value()->version, 1u);
  EXPECT_FALSE(ReadRecordHead(folder_ / "nothing").value().has_value());
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

// Copying or printing such a document would end the stack.
TEST(Json, RefusesEndlessLevelsOfLists) {
  const std::string deep = "{\"a\": " + std::string(200'000, '[') + std::string(200'000, ']') + "}";
  const auto refused = ParseJson(deep, "x.json");
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().kind, ErrorKind::kBadInput);
  EXPECT_NE(refused.error().message.find("levels of lists"), std::string::npos) << refused.error().message;
  const std::string most = std::string(100, '[') + std::string(100, ']');
  EXPECT_TRUE(ParseJson(most, "x.json"));
  EXPECT_FALSE(ParseJson("[" + most + "]", "x.json"));
  // Brackets in texts are no lists, and one list after the other is no level.
  EXPECT_TRUE(ParseJson("[\"\\\"" + std::string(1000, '[') + "\"]", "x.json"));
  std::string wide = "[[]";
  for (int i = 0; i < 1000; ++i) wide += ",[]";
  EXPECT_TRUE(ParseJson(wide + "]", "x.json"));
}

TEST(Json, AMissingKeyIsAnErrorNotAnException) {
  const auto value =
      FromJson(Json::object(), "x.json", [](const Json& json) { return json.at("key").get<int>(); });
  ASSERT_FALSE(value);
  EXPECT_EQ(value.error().kind, ErrorKind::kBadInput);
}

// FIPS 180-2, appendix B.1.
TEST(Hash, IsSha256) {
  EXPECT_EQ(Sha256(std::string_view("abc")),
            "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
}

}  // namespace
}  // namespace handlens
