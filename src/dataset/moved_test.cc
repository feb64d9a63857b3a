// Claims about pictures that moved: found again where the user says, never taken for others, and nothing
// depends on where.
#include "dataset/moved.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/disk.h"

namespace handlens::dataset {
namespace {

namespace fs = std::filesystem;
using testing::HasSubstr;

struct Moved {
  fs::path folder, record;
  Dataset before;
};

// Two classes of three pictures in `folder`/leaves, inspected into `folder`/run/dataset.json.
Moved Inspected(const std::string& name, const std::string& labels_file = "") {
  const fs::path folder = fs::path(testing::TempDir()) / ("handlens-moved-" + name);
  fs::remove_all(folder);
  std::string csv = "path,label\n";
  for (const std::string label : {"fern", "oak"}) {
    for (int i = 0; i < 3; ++i) {
      std::vector<uint8_t> rgb(48 * 48 * 3);
      for (size_t k = 0; k < rgb.size(); ++k)
        rgb[k] =
            static_cast<uint8_t>((k * k * static_cast<size_t>(i + 2) + k * (label == "oak" ? 31 : 7)) >> 3);
      EXPECT_TRUE(WriteFileAtomic(folder / "leaves" / label / fmt::format("{}.png", i),
                                  image::EncodePng(rgb, 48, 48)));
      csv += fmt::format("{}/{}.png,{}\n", label, i, label);
    }
  }
  if (!labels_file.empty()) {
    EXPECT_TRUE(WriteFileAtomic(folder / "leaves" / labels_file, csv));
  }
  const auto dataset = Inspect({.pictures = folder / "leaves" / labels_file, .limits = {}, .thumbnails = {}},
                               SilentProgress());
  EXPECT_TRUE(dataset) << dataset.error().message;
  EXPECT_TRUE(WriteDataset(folder / "run/dataset.json", *dataset));
  return {folder, folder / "run/dataset.json", ReadDataset(folder / "run/dataset.json").value()};
}

TEST(MovePictures, FindsThemWhereTheUserSays) {
  const Moved moved = Inspected("found");
  const Bytes record = ReadFile(moved.record).value();
  fs::rename(moved.folder / "leaves", moved.folder / "elsewhere");
  EXPECT_FALSE(CheckUnchanged(moved.before, SilentProgress()));
  ASSERT_TRUE(MovePictures(moved.record, moved.folder / "elsewhere", SilentProgress()));
  const Dataset after = ReadDataset(moved.record).value();
  EXPECT_EQ(after.root, fs::canonical(moved.folder / "elsewhere"));
  EXPECT_TRUE(CheckUnchanged(after, SilentProgress()));
  // What everything else is made from is untouched, and so is the name.
  EXPECT_EQ(ReadFile(moved.record).value(), record);
  EXPECT_EQ(Fingerprint(after), Fingerprint(moved.before));
  EXPECT_EQ(NameOf(after), "leaves");
  // Back again: nothing is left to say.
  fs::rename(moved.folder / "elsewhere", moved.folder / "leaves");
  ASSERT_TRUE(MovePictures(moved.record, moved.folder / "leaves", SilentProgress()));
  EXPECT_EQ(ListFolder(moved.folder / "run").value(), std::vector<std::string>{"dataset.json"});
}

TEST(MovePictures, TakesALabelsFileOrItsFolder) {
  const Moved moved = Inspected("labels", "labels.csv");
  fs::rename(moved.folder / "leaves", moved.folder / "elsewhere");
  for (const char* place : {"elsewhere", "elsewhere/labels.csv"}) {
    const auto done = MovePictures(moved.record, moved.folder / place, SilentProgress());
    ASSERT_TRUE(done) << done.error().message;
    const Dataset after = ReadDataset(moved.record).value();
    EXPECT_EQ(after.labels_file, fs::canonical(moved.folder / "elsewhere/labels.csv"));
    EXPECT_TRUE(CheckUnchanged(after, SilentProgress()));
  }
}

TEST(MovePictures, RefusesOtherPictures) {
  const Moved moved = Inspected("others");
  fs::copy(moved.folder / "leaves", moved.folder / "others", fs::copy_options::recursive);
  ASSERT_TRUE(WriteFileAtomic(moved.folder / "others/oak/1.png",
                              image::EncodePng(std::vector<uint8_t>(300, 9), 10, 10)));
  const auto done = MovePictures(moved.record, moved.folder / "others", SilentProgress());
  ASSERT_FALSE(done);
  EXPECT_EQ(done.error().kind, ErrorKind::kBadInput);
  EXPECT_THAT(done.error().message, HasSubstr("not the pictures of this run"));
  EXPECT_THAT(done.error().message, HasSubstr("oak/1.png"));
  EXPECT_FALSE(MovePictures(moved.record, moved.folder / "nothing", SilentProgress()));
  EXPECT_FALSE(MovePictures(moved.record, moved.folder / "others/oak/1.png", SilentProgress()));
  EXPECT_EQ(ReadDataset(moved.record).value().root, moved.before.root);
}

TEST(MovePictures, IsForgottenWhenThePicturesAreInspectedAnew) {
  const Moved moved = Inspected("anew");
  fs::rename(moved.folder / "leaves", moved.folder / "elsewhere");
  ASSERT_TRUE(MovePictures(moved.record, moved.folder / "elsewhere", SilentProgress()));
  const auto again =
      Inspect({.pictures = moved.folder / "elsewhere", .limits = {}, .thumbnails = {}}, SilentProgress());
  ASSERT_TRUE(again);
  ASSERT_TRUE(WriteDataset(moved.record, *again));
  EXPECT_EQ(ListFolder(moved.folder / "run").value(), std::vector<std::string>{"dataset.json"});
  EXPECT_EQ(NameOf(ReadDataset(moved.record).value()), "elsewhere");
}

}  // namespace
}  // namespace handlens::dataset
