#include "base/staged_folder.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/disk.h"

namespace handlens {
namespace {

namespace fs = std::filesystem;
using testing::ElementsAre;

class Staged : public testing::Test {
 protected:
  Staged() {
    std::string name = (fs::temp_directory_path() / "handlens-staged-XXXXXX").string();
    folder_ = ::mkdtemp(name.data());
    EXPECT_TRUE(WriteFileAtomic(place() / "old.apk", "old"));
    EXPECT_TRUE(WriteFileAtomic(place() / "project/app/mine.txt", "mine"));
  }
  ~Staged() override { fs::remove_all(folder_); }
  fs::path place() const { return folder_ / "apps"; }
  fs::path folder_;
};

TEST_F(Staged, TakesItsPlaceInOneStepAndLeavesNothingBeside) {
  auto staged = StagedFolder::Begin(place());
  ASSERT_TRUE(staged) << staged.error().message;
  ASSERT_TRUE(WriteFileAtomic(staged->path() / "new.apk", "new"));
  EXPECT_THAT(ListFolder(place()).value(), ElementsAre("old.apk", "project"));
  ASSERT_TRUE(staged->Commit());
  EXPECT_THAT(ListFolder(place()).value(), ElementsAre("new.apk"));
  EXPECT_THAT(ListFolder(folder_).value(), ElementsAre("apps"));
}

TEST_F(Staged, LeavesTheOldFolderWhenItIsNotCommitted) {
  {
    auto staged = StagedFolder::Begin(place());
    ASSERT_TRUE(staged);
    ASSERT_TRUE(WriteFileAtomic(staged->path() / "old.apk", "half"));
  }
  EXPECT_EQ(ReadText(place() / "old.apk").value(), "old");
  EXPECT_THAT(ListFolder(folder_).value(), ElementsAre("apps"));
}

TEST_F(Staged, CarriesOverWhatIsToStay) {
  fs::create_symlink("old.apk", place() / "link");
  auto staged = StagedFolder::Begin(place() / "");
  ASSERT_TRUE(staged);
  ASSERT_TRUE(WriteFileAtomic(staged->path() / "old.apk", "new"));
  ASSERT_TRUE(staged->CarryOver([](const std::string&) { return true; }));
  ASSERT_TRUE(staged->Commit());
  EXPECT_EQ(ReadText(place() / "old.apk").value(), "new");
  EXPECT_EQ(ReadText(place() / "project/app/mine.txt").value(), "mine");
  EXPECT_EQ(fs::read_symlink(place() / "link"), "old.apk");
}

TEST_F(Staged, CarriesOverFilesWithinFoldersThatAreReplaced) {
  ASSERT_TRUE(WriteFileAtomic(place() / "project/app/ours.txt", "old"));
  ASSERT_TRUE(WriteFileAtomic(place() / "project/gone/ours.txt", "old"));
  ASSERT_TRUE(WriteFileAtomic(place() / "users/a/b.txt", "b"));
  fs::create_symlink("users", place() / "project/link");
  auto staged = StagedFolder::Begin(place());
  ASSERT_TRUE(staged);
  ASSERT_TRUE(WriteFileAtomic(staged->path() / "project/app/ours.txt", "new"));
  ASSERT_TRUE(WriteFileAtomic(staged->path() / "users.txt", "new"));
  ASSERT_TRUE(staged->CarryOverFiles(
      [](const std::string& name) { return !name.ends_with("ours.txt") && name != "old.apk"; }));
  ASSERT_TRUE(staged->Commit());
  EXPECT_THAT(ListFolder(place()).value(), ElementsAre("project", "users", "users.txt"));
  EXPECT_THAT(ListFolder(place() / "project").value(),
              ElementsAre("app", "link"));  // no empty folder is left
  EXPECT_EQ(ReadText(place() / "project/app/mine.txt").value(), "mine");
  EXPECT_EQ(ReadText(place() / "project/app/ours.txt").value(), "new");
  EXPECT_EQ(ReadText(place() / "users/a/b.txt").value(), "b");
  EXPECT_EQ(fs::read_symlink(place() / "project/link"), "users");
}

TEST_F(Staged, MakesAFolderThatWasNotThere) {
  auto staged = StagedFolder::Begin(folder_ / "deep/new");
  ASSERT_TRUE(staged);
  ASSERT_TRUE(staged->CarryOver([](const std::string&) { return true; }));
  ASSERT_TRUE(WriteFileAtomic(staged->path() / "a", "x"));
  ASSERT_TRUE(staged->Commit());
  EXPECT_THAT(ListFolder(folder_ / "deep").value(), ElementsAre("new"));
  EXPECT_THAT(ListFolder(folder_ / "deep/new").value(), ElementsAre("a"));
}

// A killed process leaves its unfinished folder; the next one takes it away, and only it.
TEST_F(Staged, IsSweptAfterAKill) {
  auto staged = StagedFolder::Begin(place());
  ASSERT_TRUE(staged);
  ASSERT_TRUE(WriteFileAtomic(staged->path() / "deep/new.apk", "half"));
  fs::create_directory_symlink(place(), staged->path() / "link");
  EXPECT_TRUE(IsUnfinished(staged->path().filename().string()));
  EXPECT_EQ(SweepUnfinished(folder_, Depth::kBelow), 1u);
  EXPECT_THAT(ListFolder(folder_).value(), ElementsAre("apps"));
  EXPECT_THAT(ListFolder(place()).value(), ElementsAre("old.apk", "project"));
}

}  // namespace
}  // namespace handlens
