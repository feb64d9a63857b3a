// Claims about large sets: what is kept of a picture is small, lists do not grow with the square of their
// entries, deep folders and stops are handled, and near-duplicates are still found.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <filesystem>
#include <map>

#include "base/disk.h"
#include "base/json.h"
#include "base/rng.h"
#include "base/stop_after.h"
#include "dataset/dataset.h"
#include "dataset/near/marks.h"
#include "dataset/scan.h"

namespace handlens::dataset {
namespace {

namespace fs = std::filesystem;
using testing::Contains;
using testing::HasSubstr;

constexpr int kManySide = 64;

// Blobs of light, different for each seed.
std::vector<uint8_t> Blobs(uint64_t seed) {
  Rng rng(seed, "many");
  std::vector<float> grey(size_t{kManySide} * kManySide, 120);
  for (int blob = 0; blob < 70; ++blob) {
    const float cx = rng.Uniform(0, kManySide), cy = rng.Uniform(0, kManySide), r = rng.Uniform(2, 8),
                height = rng.Uniform(-80, 80);
    for (int y = 0; y < kManySide; ++y) {
      for (int x = 0; x < kManySide; ++x) {
        const float dx = static_cast<float>(x) - cx, dy = static_cast<float>(y) - cy,
                    d = (dx * dx + dy * dy) / (r * r);
        if (d < 1) grey[static_cast<size_t>(y * kManySide + x)] += height * (1 - d);
      }
    }
  }
  std::vector<uint8_t> rgb;
  for (const float value : grey)
    rgb.insert(rgb.end(), 3, static_cast<uint8_t>(std::clamp(value, 0.0F, 255.0F)));
  return rgb;
}

// value(x, y) of the original -> a picture.
template <class F>
std::vector<uint8_t> Changed(const std::vector<uint8_t>& original, F&& change) {
  const auto at = [&](int x, int y) { return int{original[static_cast<size_t>(y * kManySide + x) * 3]}; };
  std::vector<uint8_t> rgb;
  for (int y = 0; y < kManySide; ++y) {
    for (int x = 0; x < kManySide; ++x)
      rgb.insert(rgb.end(), 3, static_cast<uint8_t>(std::clamp(change(at, x, y), 0, 255)));
  }
  return rgb;
}

class ManyTest : public testing::Test {
 protected:
  ManyTest()
      : root_(fs::path(testing::TempDir()) /
              fmt::format("many_{}", testing::UnitTest::GetInstance()->current_test_info()->name())) {
    fs::remove_all(root_);
  }
  ~ManyTest() override { fs::remove_all(root_); }

  void Put(const std::string& path, const std::vector<uint8_t>& rgb) {
    ASSERT_TRUE(WriteFileAtomic(root_ / path, image::EncodePng(rgb, kManySide, kManySide)));
  }
  Result<Dataset> InspectAsMany(int jobs = 2) {
    return Inspect(
        {.pictures = root_, .layout = {}, .limits = {}, .thumbnails = {}, .many_pictures = 0, .jobs = jobs},
        SilentProgress());
  }

  fs::path root_;
};

TEST_F(ManyTest, FindsPicturesSavedAgainMirroredTurnedDarkerAndNoisy) {
  for (uint64_t i = 0; i < 60; ++i) Put(fmt::format("{}/{:02}.png", i % 2 == 0 ? "a" : "b", i), Blobs(i));
  const auto original = Blobs(0);
  Put("a/mirrored.png", Changed(original, [](auto at, int x, int y) { return at(kManySide - 1 - x, y); }));
  Put("a/quarter.png", Changed(original, [](auto at, int x, int y) { return at(y, kManySide - 1 - x); }));
  Put("a/dark.png", Changed(original, [](auto at, int x, int y) { return at(x, y) * 6 / 10 + 10; }));
  Put("b/noisy.png",
      Changed(original, [](auto at, int x, int y) { return at(x, y) + (x * 31 + y * 17) % 21 - 10; }));
  const auto data = InspectAsMany();
  ASSERT_TRUE(data) << data.error().message;
  std::map<std::string, int> cluster;
  std::map<int, size_t> sizes;
  for (const Picture& picture : data->pictures) ++sizes[cluster[picture.path] = picture.cluster];
  for (const char* copy : {"a/mirrored.png", "a/quarter.png", "a/dark.png", "b/noisy.png"})
    EXPECT_EQ(cluster[copy], cluster["a/00.png"]) << copy;
  EXPECT_EQ(sizes.size(), 60U);  // and nothing else is joined
  EXPECT_THAT(data->warnings, Contains(HasSubstr("searched more coarsely")));
}

TEST_F(ManyTest, GivesTheSameRecordForAnyNumberOfJobs) {
  for (uint64_t i = 0; i < 30; ++i) {
    const int brighter = i % 2 == 0 ? 0 : 9;  // each picture twice, once saved anew
    Put(fmt::format("{}/{:02}.png", i / 2 % 2 == 0 ? "a" : "b", i),
        Changed(Blobs(i / 2), [&](auto at, int x, int y) { return at(x, y) + brighter; }));
  }
  const auto one = InspectAsMany(1), four = InspectAsMany(4);
  ASSERT_TRUE(one && four);
  EXPECT_EQ(one->duplicates.size(), 15U);
  const fs::path out = fs::path(testing::TempDir()) / "many_jobs";
  ASSERT_TRUE(WriteDataset(out / "one.json", *one));
  ASSERT_TRUE(WriteDataset(out / "four.json", *four));
  EXPECT_EQ(*ReadText(out / "one.json"), *ReadText(out / "four.json"));
}

TEST(Marks, TakeLittleMemory) {
  EXPECT_LE(sizeof(Look), 384U);
  image::Decoded decoded{{kManySide, kManySide, Blobs(1)}, {}};
  const Look look = LookAt(decoded, Keep::kMarks);
  EXPECT_EQ(look.grey.capacity(), 0U);
  EXPECT_FALSE(look.marks.blank);
  decoded.image.rgb.assign(decoded.image.rgb.size(), 77);
  EXPECT_TRUE(LookAt(decoded, Keep::kMarks).marks.blank);
}

TEST_F(ManyTest, ReasonsOfContradictionsStayShortHoweverManyCopiesThereAre) {
  constexpr int kCopies = 60;
  for (uint64_t i = 0; i < 6; ++i)
    Put(fmt::format("{}/good{}.png", i % 2 == 0 ? "a" : "b", i), Blobs(100 + i));
  for (int i = 0; i < kCopies; ++i) {
    Put(fmt::format("a/copy{:02}.png", i), Blobs(1));
    Put(fmt::format("b/copy{:02}.png", i), Blobs(1));
  }
  const auto data = InspectAsMany();
  ASSERT_TRUE(data) << data.error().message;
  ASSERT_EQ(data->rejected.size(), 2U * kCopies);
  for (const Rejected& rejected : data->rejected) EXPECT_LT(rejected.reason.size(), 160U);
  EXPECT_EQ(data->rejected[0].reason,
            "the same file is a here and b (b/copy00.png), b (b/copy01.png), b (b/copy02.png) and 57 more "
            "elsewhere; keep it where it belongs");
}

TEST_F(ManyTest, DeepFoldersAreReadAndTheScanHearsAStop) {
  std::string deep = "a";
  for (int i = 0; i < 400; ++i) deep += "/d";
  Put("b/1.png", Blobs(1));
  fs::create_directories(root_ / deep);
  ASSERT_TRUE(WriteFileAtomic(root_ / "a/x.png", image::EncodePng(Blobs(2), kManySide, kManySide)));
  fs::rename(root_ / "a/x.png", root_ / deep / "x.png");
  const auto listing = ListPictures(root_, {}, SilentProgress());
  ASSERT_TRUE(listing) << listing.error().message;
  ASSERT_EQ(listing->entries.size(), 2U);
  EXPECT_EQ(listing->entries[0].path, deep + "/x.png");
  const StopAfter stop(100);
  const auto stopped = ListPictures(root_, {}, stop);
  ASSERT_FALSE(stopped);
  EXPECT_EQ(stopped.error().kind, ErrorKind::kInterrupted);
}

TEST_F(ManyTest, NamesAFewRepeatedLinesOfALabelsFileAndCountsTheOthers) {
  Put("x.png", Blobs(1));
  std::string table = "path,label\n";
  for (int i = 0; i < 10; ++i) table += "x.png,a\n";
  ASSERT_TRUE(WriteFileAtomic(root_ / "labels.csv", table));
  const auto listing = ListPictures(root_ / "labels.csv", {}, SilentProgress());
  ASSERT_TRUE(listing) << listing.error().message;
  EXPECT_EQ(listing->entries.size(), 1U);
  EXPECT_THAT(listing->warnings, Contains("In the labels file line 3 repeats line 2 (x.png), line 4 repeats "
                                          "line 2 (x.png), line 5 repeats line 2 (x.png), and 6 more."));
}

TEST_F(ManyTest, WritesPictureByPictureTheBytesOfTheWholeRecord) {
  for (uint64_t i = 0; i < 4; ++i) Put(fmt::format("{}/p{}/{}.png", i % 2 == 0 ? "a" : "b", i, i), Blobs(i));
  const auto data = InspectAsMany();
  ASSERT_TRUE(data);
  const fs::path path = fs::path(testing::TempDir()) / "many_record/dataset.json";
  ASSERT_TRUE(WriteDataset(path, *data));
  const auto whole = ReadRecord(path, "handlens-dataset", 1);
  ASSERT_TRUE(whole) << whole.error().message;
  EXPECT_EQ(*ReadText(path), whole->dump(2) + "\n");
  EXPECT_EQ(whole->at("groups_from"), "folders");
  EXPECT_EQ(whole->at("pictures").size(), 4U);
  const auto read = ReadDataset(path);
  ASSERT_TRUE(read) << read.error().message;
  EXPECT_EQ(read->pictures[3].group, "p3");
  EXPECT_EQ(Fingerprint(*read), Fingerprint(*data));
  Json newer = *whole;
  newer["version"] = 2;
  newer["pictures"][0].erase("id");
  ASSERT_TRUE(WriteFileAtomic(path, newer.dump(2)));
  EXPECT_THAT(ReadDataset(path).error().message, HasSubstr("newer"));
  ASSERT_TRUE(WriteFileAtomic(path, whole->dump(2).substr(0, 900)));
  EXPECT_THAT(ReadDataset(path).error().message, HasSubstr("not valid JSON"));
}

}  // namespace
}  // namespace handlens::dataset
