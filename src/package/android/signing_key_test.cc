// Claims about the user's signing key: one a user, never overwritten, what signs is what is on the disk.
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "package/android/apk_signature.h"

namespace handlens::package {
namespace {

namespace fs = std::filesystem;

constexpr int64_t kKeyNow = 1'760'000'000;

fs::path KeyFolder(const std::string& name) {
  const fs::path folder = fs::path(testing::TempDir()) / ("handlens-key-" + name);
  fs::remove_all(folder);
  return folder;
}

unsigned ModeOf(const fs::path& path) {
  struct stat status {};
  EXPECT_EQ(::stat(path.c_str(), &status), 0);
  return status.st_mode & 0777;
}

// Several first calls at once, each in a process of its own: all sign with the key that stays.
TEST(SigningKey, IsOneForAllThatMakeItAtOnce) {
  constexpr int kProcesses = 4;
  const fs::path folder = KeyFolder("race"), pem = folder / "config/signing-key.pem";
  fs::create_directories(folder);
  std::vector<pid_t> children;
  for (int i = 0; i < kProcesses; ++i) {
    const pid_t child = ::fork();
    if (child == 0) {
      const auto own = SigningKey::ReadOrCreate(pem, kKeyNow);
      const std::string text = own ? fmt::format("{} {}", own->made ? "made" : "read", own->key.Fingerprint())
                                   : own.error().message;
      ::_exit(WriteFileAtomic(folder / fmt::format("{}.txt", i), text) ? 0 : 1);
    }
    children.push_back(child);
  }
  for (const pid_t child : children) ::waitpid(child, nullptr, 0);
  const auto kept = SigningKey::Read(pem);
  ASSERT_TRUE(kept) << kept.error().message;
  int made = 0;
  for (int i = 0; i < kProcesses; ++i) {
    const std::string text = ReadText(folder / fmt::format("{}.txt", i)).value_or("nothing");
    EXPECT_EQ(text.substr(0, 5) == "made " || text.substr(0, 5) == "read ", true) << text;
    EXPECT_EQ(text.substr(5), kept->Fingerprint());
    made += text.starts_with("made") ? 1 : 0;
  }
  EXPECT_EQ(made, 1);
}

TEST(SigningKey, LiesInAFolderOfTheOwnersAlone) {
  const fs::path folder = KeyFolder("modes") / "config";
  fs::create_directories(folder);
  ASSERT_EQ(::chmod(folder.c_str(), 0755), 0);
  ASSERT_TRUE(WriteFileAtomic(folder / ".handlens-unfinished-a1B2c3",
                              std::string_view("half a key of a killed process")));
  ASSERT_TRUE(SigningKey::ReadOrCreate(folder / "signing-key.pem", kKeyNow));
  EXPECT_EQ(ModeOf(folder), 0700u);
  EXPECT_EQ(ModeOf(folder / "signing-key.pem"), 0600u);
  EXPECT_THAT(ListFolder(folder).value(), testing::ElementsAre(".lock", "signing-key.pem"));
}

TEST(SigningKey, IsNeverOverwritten) {
  const fs::path pem = KeyFolder("overwrite") / "signing-key.pem";
  const auto first = SigningKey::Create(pem, kKeyNow);
  ASSERT_TRUE(first) << first.error().message;
  const std::string text = ReadText(pem).value();
  const auto second = SigningKey::Create(pem, kKeyNow);
  ASSERT_FALSE(second);
  EXPECT_EQ(second.error().kind, ErrorKind::kBadInput);
  EXPECT_THAT(second.error().message, testing::HasSubstr("never overwritten"));
  EXPECT_EQ(ReadText(pem).value(), text);
  // Not even by a key when the file is something else.
  ASSERT_TRUE(WriteFileAtomic(pem, std::string_view("my diary")));
  EXPECT_FALSE(SigningKey::Create(pem, kKeyNow));
  EXPECT_FALSE(SigningKey::ReadOrCreate(pem, kKeyNow));
  EXPECT_EQ(ReadText(pem).value(), "my diary");
}

}  // namespace
}  // namespace handlens::package
