// Claims about pictures as people have them: tables of other people, folders of splits, archives.
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <zip.h>

#include <filesystem>

#include "base/disk.h"
#include "dataset/rejected.h"
#include "dataset/scan.h"
#include "dataset/unpack.h"

namespace handlens::dataset {
namespace {

namespace fs = std::filesystem;
using testing::Contains;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

class Layouts : public testing::Test {
 protected:
  Layouts() {
    std::string name = (fs::temp_directory_path() / "handlens-layouts-XXXXXX").string();
    root_ = mkdtemp(name.data());
  }
  ~Layouts() override { fs::remove_all(root_); }

  // Layouts look at names only.
  void Put(const std::string& path, std::string_view text = "x") {
    ASSERT_TRUE(WriteFileAtomic(root_ / path, text));
  }
  Result<Listing> List(const std::string& what = "", Splits splits = Splits::kUse) {
    return ListPictures(root_ / what, {.groups = {}, .splits = splits}, SilentProgress());
  }
  // "path label group" of each entry.
  static std::vector<std::string> Lines(const Result<Listing>& listing) {
    std::vector<std::string> lines;
    if (!listing) return {listing.error().message};
    for (const Entry& e : listing->entries)
      lines.push_back(e.path + " " + e.label + (e.group.empty() ? "" : " " + e.group));
    return lines;
  }

  fs::path root_;
};

TEST_F(Layouts, TestIsHeldOutAndTheOtherSplitsAreUsedUntilTheyAreToBeMerged) {
  Put("train/cat/p1/1.jpg");
  Put("train/dog/2.jpg");
  Put("valid/cat/p1/3.jpg");
  Put("test/cow/1.jpg");
  Put("test/loose.jpg");
  const auto used = List();
  ASSERT_TRUE(used) << used.error().message;
  EXPECT_TRUE(used->test_folder);
  EXPECT_THAT(used->warnings,
              Contains(HasSubstr("test (1 class folder, 1 file without a class), train (2 class folders), "
                                 "valid (1 class folder): 3 classes, used as they are: no training sees the "
                                 "test folder")));
  EXPECT_THAT(used->warnings, Contains(HasSubstr("--merge-splits")));

  const auto merged = List("", Splits::kMerge);
  EXPECT_THAT(Lines(merged), ElementsAre("test/cow/1.jpg cow", "train/cat/p1/1.jpg cat p1",
                                         "train/dog/2.jpg dog", "valid/cat/p1/3.jpg cat p1"));
  EXPECT_THAT(merged->class_names, ElementsAre("cat", "cow", "dog"));
  EXPECT_FALSE(merged->test_folder);
  EXPECT_THAT(merged->warnings, Contains(HasSubstr("Class cow is only in test.")));
  EXPECT_THAT(merged->warnings, Contains(HasSubstr("1 file of test lies in no class folder")));
}

TEST_F(Layouts, TrainAndValidationAloneHoldNothingOut) {
  Put("Training/cat/1.jpg");
  Put("val/cat/2.jpg");
  const auto listing = List();
  ASSERT_TRUE(listing) << listing.error().message;
  EXPECT_FALSE(listing->test_folder);
  EXPECT_THAT(listing->warnings, Contains(HasSubstr("used together; handlens makes its own folds")));
}

TEST_F(Layouts, FoldersThatAreAllCalledTestLeaveNothingToTrainOn) {
  Put("test/cat/1.jpg");
  Put("holdout/cat/2.jpg");
  const auto listing = List();
  ASSERT_FALSE(listing);
  EXPECT_THAT(listing.error().message, HasSubstr("nothing is left to train on"));
}

TEST_F(Layouts, MergingIsNothingToClassFolders) {
  Put("train/1.jpg");
  Put("truck/2.jpg");
  EXPECT_EQ(Lines(List()), Lines(List("", Splits::kMerge)));
}

TEST_F(Layouts, SplitsWithoutClassesAreRefusedEvenWhenToBeMerged) {
  Put("train/1.jpg");
  Put("test/2.jpg");
  const auto merged = List("", Splits::kMerge);
  ASSERT_FALSE(merged);
  EXPECT_THAT(merged.error().message, HasSubstr("hold no class folders"));
}

TEST_F(Layouts, ColumnsGoByTheNamesThatPeopleGiveThem) {
  Put("1.jpg");
  Put("2.jpg");
  Put("labels.csv", "Patient-ID,Filename, Class ,age\n p7 ,1.jpg, oak,30\np8,2.jpg,elm ,40\n");
  const auto listing = List("labels.csv");
  EXPECT_THAT(Lines(listing), ElementsAre("1.jpg oak p7", "2.jpg elm p8"));
  EXPECT_THAT(listing->warnings, Contains("Of the labels file, the column Filename is taken as the pictures, "
                                          "Class as the labels, and Patient-ID as groups that no "
                                          "fold divides."));
  EXPECT_THAT(listing->warnings, Contains("The column age of the labels file is not used."));
}

TEST_F(Layouts, OneColumnAClassIsRead) {
  for (const char* name : {"ISIC_1.jpg", "ISIC_2.jpg", "ISIC_3.jpg", "ISIC_4.jpg"}) Put(name);
  Put("labels.csv",
      "image,age,MEL,NV,BCC\nISIC_1,61,1.0,0.0,0.0\nISIC_2,0,0,1,0\nISIC_3,5,0,0,0\nISIC_4,5,1,0,1\nISIC_1."
      "jpg,5,1,0,x\n");
  const auto listing = List("labels.csv");
  EXPECT_THAT(Lines(listing), ElementsAre("ISIC_1.jpg MEL", "ISIC_2.jpg NV"));
  ASSERT_EQ(listing->rejected.size(), 3U);
  EXPECT_EQ(listing->rejected[0].reason, "line 4: no class is marked with 1");
  EXPECT_THAT(listing->rejected[1].reason, HasSubstr("line 5: several classes are marked with 1 (MEL, BCC)"));
  EXPECT_THAT(listing->rejected[2].reason, HasSubstr("line 6: the column BCC holds 'x' instead of 0 or 1"));
  EXPECT_THAT(listing->warnings,
              Contains(HasSubstr("3 columns hold 0 or 1 and are taken as the classes: MEL, NV, BCC")));
}

TEST_F(Layouts, ATableWithoutNamesOfColumnsIsRefusedWithTheNamesThatWouldDo) {
  Put("1.jpg");
  Put("labels.csv", "1.jpg,cat\n");
  const auto listing = List("labels.csv");
  ASSERT_FALSE(listing);
  EXPECT_THAT(
      listing.error().message,
      HasSubstr(
          "line 1: the first line must name the columns path,label[,group] (also understood: file filename"));
  EXPECT_THAT(listing.error().message, HasSubstr("it reads 1.jpg,cat"));
  Put("two.csv", "path,colour,height\n1.jpg,red,3\n");
  EXPECT_THAT(List("two.csv").error().message,
              HasSubstr("line 2: no column is called label or class, and no two columns hold 0 or 1"));
}

TEST_F(Layouts, WindowsPathsAndLatin1AreRead) {
  Put("Bäume/Ahorn 1.jpg");
  Put("labels.csv", "path;label\r\nB\xE4ume\\Ahorn 1.jpg;Ahornbl\xE4tter\r\nC:\\Users\\me\\2.jpg;Eiche\r\n");
  const auto listing = List("labels.csv");
  EXPECT_THAT(Lines(listing), ElementsAre("Bäume/Ahorn 1.jpg Ahornblätter"));
  EXPECT_THAT(listing->warnings,
              Contains(HasSubstr("read as Windows-1252 (western European), such as \"Bäume\"")));
  ASSERT_EQ(listing->rejected.size(), 1U);
  EXPECT_THAT(listing->rejected[0].reason, HasSubstr("line 3: a path of a Windows computer"));
}

TEST_F(Layouts, APathOfAWindowsComputerIsFoundByItsEnd) {
  Put("pics/fork/1.jpg");
  Put("labels.csv", "path,label\nC:\\Users\\me\\pics\\fork\\1.jpg,fork\nD:/pics/fork/2.jpg,fork\n");
  const auto listing = List("labels.csv");
  EXPECT_THAT(Lines(listing), ElementsAre("pics/fork/1.jpg fork"));
  ASSERT_EQ(listing->rejected.size(), 1U);
}

TEST_F(Layouts, AMixtureOfEncodingsIsNotGuessed) {
  Put("1.jpg");
  Put("labels.csv", "path,label\n1.jpg,caf\xC3\xA9\n1.jpg,caf\xE9\n");
  const auto listing = List("labels.csv");
  EXPECT_THAT(Lines(listing), ElementsAre("1.jpg café"));
  ASSERT_EQ(listing->rejected.size(), 1U);
  EXPECT_THAT(listing->rejected[0].reason, HasSubstr("line 3: the class name is not valid UTF-8"));
}

// A label is written into files of many kinds, where nobody can show such characters.
TEST_F(Layouts, AClassNameThatTurnsTheWritingAroundIsRefused) {
  Put("1.jpg");
  Put("labels.csv",
      "path,label\n1.jpg,oak\n1.jpg,\xE2\x80\xAEkao\n1.jpg,a\xC2\x9B"
      "b\n1.jpg,e\xCC\x81\n");
  const auto listing = List("labels.csv");
  ASSERT_TRUE(listing) << listing.error().message;
  ASSERT_EQ(listing->rejected.size(), 3U);
  EXPECT_THAT(listing->rejected[0].reason, HasSubstr("characters that nobody sees"));
  EXPECT_THAT(listing->rejected[0].reason, HasSubstr("(\\u{202E}kao); rename it"));
  EXPECT_THAT(listing->rejected[1].reason, HasSubstr("(a\\u{009B}b); rename it"));
}

TEST_F(Layouts, TheFolderOfThePicturesBesideTheTableIsFound) {
  Put("photos/1.jpg");
  Put("notes/a.txt");
  Put("labels.csv", "path,label\n1.jpg,oak\n2.jpg,elm\n");
  const auto listing = List("labels.csv");
  EXPECT_THAT(Lines(listing), ElementsAre("photos/1.jpg oak"));
  EXPECT_THAT(listing->warnings,
              Contains("The pictures of the labels file are found in the folder photos beside it."));
  // Two folders with such names: nobody knows which is meant.
  Put("copies/1.jpg");
  EXPECT_THAT(Lines(List("labels.csv")), IsEmpty());
}

TEST(RejectedLines, ManyAlikeAreOneLineAndFewStayApart) {
  std::vector<Rejected> rejected = {{"odd.png", "the file is empty"}};
  for (int i = 0; i < 40; ++i)
    rejected.push_back({fmt::format("{}.jpg", i), fmt::format("truncated JPEG at byte {}", 100 + i)});
  rejected.push_back({"e\nvil", "the file is empty"});
  EXPECT_THAT(RejectedLines(rejected),
              ElementsAre("odd.png: the file is empty", "40 files, such as 0.jpg: truncated JPEG at byte 100",
                          "e\\x0Avil: the file is empty"));
}

// libzip writes what the unpacking reads.
class Zips : public Layouts {
 protected:
  fs::path Pack(const std::vector<std::pair<std::string, std::string>>& files,
                const char* password = nullptr) {
    const fs::path path = root_ / "pictures.zip";
    fs::remove(path);
    zip_t* zip = zip_open(path.c_str(), ZIP_CREATE, nullptr);
    for (const auto& [name, text] : files) {
      const zip_int64_t at = zip_file_add(
          zip, name.c_str(), zip_source_buffer(zip, text.data(), text.size(), 0), ZIP_FL_ENC_UTF_8);
      EXPECT_GE(at, 0) << zip_strerror(zip);
      EXPECT_EQ(zip_set_file_compression(zip, static_cast<zip_uint64_t>(at), ZIP_CM_STORE, 0), 0);
      const int set = password == nullptr ? 0
                                          : zip_file_set_encryption(zip, static_cast<zip_uint64_t>(at),
                                                                    ZIP_EM_AES_256, password);
      EXPECT_EQ(set, 0);
    }
    EXPECT_EQ(zip_close(zip), 0) << zip_strerror(zip);
    return path;
  }
  std::vector<std::string> Found() const {
    std::vector<std::string> files;
    for (const auto& entry : fs::recursive_directory_iterator(root_)) {
      if (entry.is_regular_file()) files.push_back(entry.path().lexically_relative(root_).generic_string());
    }
    std::sort(files.begin(), files.end());
    return files;
  }
};

TEST_F(Zips, AreUnpackedWithoutLeftoversAndFoldersThatHoldEverything) {
  const fs::path zip = Pack({{"my trees/oak/1.jpg", "a"},
                             {"my trees/elm/2.jpg", "bc"},
                             {"my trees/.DS_Store", "x"},
                             {"__MACOSX/my trees/oak/._1.jpg", "x"}});
  EXPECT_TRUE(IsZip(zip));
  ASSERT_TRUE(UnpackTo(zip, root_ / "trees", SilentProgress()));
  EXPECT_THAT(Found(), ElementsAre("pictures.zip", "trees/elm/2.jpg", "trees/oak/1.jpg"));
  EXPECT_EQ(*ReadText(root_ / "trees/elm/2.jpg"), "bc");
  // Again: nothing to do; but another folder of that name is nobody's to overwrite.
  EXPECT_TRUE(UnpackTo(zip, root_ / "trees", SilentProgress()));
  Put("trees/elm/2.jpg", "other");
  const auto refused = UnpackTo(zip, root_ / "trees", SilentProgress());
  ASSERT_FALSE(refused);
  EXPECT_THAT(refused.error().message, HasSubstr("is there already and holds something else"));
  EXPECT_EQ(*ReadText(root_ / "trees/elm/2.jpg"), "other");
}

TEST_F(Zips, ThatLeadOutOfTheirFolderAreRefusedWhole) {
  for (const char* name : {"../evil.jpg", "cat/../../evil.jpg", "/evil.jpg", "cat\\..\\..\\evil.jpg"}) {
    const fs::path zip = Pack({{"cat/1.jpg", "a"}, {name, "b"}});
    const auto unpacked = UnpackTo(zip, root_ / "out/trees", SilentProgress());
    ASSERT_FALSE(unpacked) << name;
    EXPECT_THAT(unpacked.error().message, HasSubstr("leads out of the archive"));
    EXPECT_THAT(Found(), ElementsAre("pictures.zip"));
  }
}

TEST_F(Zips, WithAPasswordOrDamagedAreRefusedAndLeaveNothing) {
  const auto secret = UnpackTo(Pack({{"cat/1.jpg", "a"}}, "key"), root_ / "trees", SilentProgress());
  ASSERT_FALSE(secret);
  EXPECT_THAT(secret.error().message, HasSubstr("has a password"));
  const fs::path zip = Pack({{"cat/1.jpg", "these bytes are checked"}});
  std::string bytes = *ReadText(zip);
  bytes[bytes.find("these")] = 'X';
  ASSERT_TRUE(WriteFileAtomic(zip, bytes));
  const auto damaged = UnpackTo(zip, root_ / "trees", SilentProgress());
  ASSERT_FALSE(damaged);
  EXPECT_THAT(damaged.error().message, HasSubstr("1.jpg is damaged"));
  ASSERT_TRUE(WriteFileAtomic(zip, bytes.substr(0, bytes.size() / 2)));
  EXPECT_THAT(UnpackTo(zip, root_ / "trees", SilentProgress()).error().message, HasSubstr("cannot be read"));
  EXPECT_THAT(Found(), ElementsAre("pictures.zip"));
  EXPECT_FALSE(fs::exists(root_ / "trees"));
}

}  // namespace
}  // namespace handlens::dataset
