// Claims about files written piece by piece: all or nothing, and hashed as a whole.
#include "base/file_writer.h"

#include <gtest/gtest.h>

#include "base/disk.h"
#include "base/hash.h"

namespace handlens {
namespace {

namespace fs = std::filesystem;

class FileWriterTest : public testing::Test {
 protected:
  FileWriterTest()
      : folder_(
            fs::path(testing::TempDir()) /
            fmt::format("file_writer_{}", testing::UnitTest::GetInstance()->current_test_info()->name())) {
    fs::remove_all(folder_);
  }
  ~FileWriterTest() override { fs::remove_all(folder_); }
  fs::path folder_;
};

TEST_F(FileWriterTest, GivesTheNewFileItsNameOnlyWhenItIsFinished) {
  const fs::path path = folder_ / "deep/file";
  ASSERT_TRUE(WriteFileAtomic(path, std::string_view("old")));
  {
    auto file = FileWriter::Create(path);
    ASSERT_TRUE(file) << file.error().message;
    ASSERT_TRUE(file->Append("new, "));
    EXPECT_EQ(*ReadText(path), "old");
    ASSERT_TRUE(file->Append("piece by piece"));
    ASSERT_TRUE(file->Finish());
  }
  EXPECT_EQ(*ReadText(path), "new, piece by piece");
  EXPECT_EQ(ListFolder(folder_ / "deep")->size(), 1U);
}

TEST_F(FileWriterTest, LeavesNothingOfWhatWasNotFinished) {
  const fs::path path = folder_ / "file";
  ASSERT_TRUE(WriteFileAtomic(path, std::string_view("old")));
  {
    auto file = FileWriter::Create(path);
    ASSERT_TRUE(file);
    ASSERT_TRUE(file->Append("half"));
    EXPECT_EQ(ListFolder(folder_)->size(), 2U);
  }
  EXPECT_EQ(*ReadText(path), "old");
  EXPECT_EQ(ListFolder(folder_)->size(), 1U);
}

TEST_F(FileWriterTest, HashesAFileOfManyPiecesAsAWhole) {
  std::string text;
  for (int i = 0; text.size() < 700'000; ++i) text += fmt::format("{} ", i);
  ASSERT_TRUE(WriteFileAtomic(folder_ / "long", text));
  EXPECT_EQ(*Sha256OfFile(folder_ / "long"), Sha256(text));
  ASSERT_TRUE(WriteFileAtomic(folder_ / "empty", std::string_view()));
  EXPECT_EQ(*Sha256OfFile(folder_ / "empty"), Sha256(std::string_view()));
  EXPECT_FALSE(Sha256OfFile(folder_ / "nothing"));
}

}  // namespace
}  // namespace handlens
