// The library's doors as another program uses them; that it installs and links is tests/package/library.sh.
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include "base/disk.h"
#include "base/rng.h"
#include "handlens/handlens.h"

namespace handlens {
namespace {

namespace fs = std::filesystem;
using testing::HasSubstr;

constexpr int kSide = 32;
constexpr size_t kBytes = size_t{kSide} * kSide * 3;

// Pictures of three colours under noise, class after class.
MemoryPictures Colours(int of_a_class) {
  constexpr uint8_t kColours[3][3] = {{200, 60, 60}, {60, 190, 70}, {70, 80, 210}};
  MemoryPictures pictures{.size_px = kSide, .labels = {"red", "green", "blue"}};
  for (int i = 0; i < 3 * of_a_class; ++i) {
    Rng rng(1, "colours", {static_cast<uint64_t>(i)});
    const int label = i / of_a_class;
    for (size_t b = 0; b < kBytes; ++b)
      pictures.rgb.push_back(static_cast<uint8_t>(kColours[label][b % 3] + rng.Below(40)));
    pictures.label_of.push_back(label);
  }
  return pictures;
}

class LibraryTest : public testing::Test {
 protected:
  LibraryTest() { request_ = {.model = "nano8", .epochs = 12, .folder = folder_}; }
  ~LibraryTest() override { fs::remove_all(folder_); }
  std::string Refusal(const MemoryPictures& pictures) const {
    const auto result = TrainPixels(pictures, request_, SilentProgress());
    EXPECT_FALSE(result);
    return result ? "" : result.error().message;
  }

  const fs::path folder_ =
      fs::temp_directory_path() / fmt::format("handlens-library-{}-{}", ::getpid(),
                                              testing::UnitTest::GetInstance()->current_test_info()->name());
  TrainRequest request_;
};

TEST_F(LibraryTest, ItsAccuracyIsOfThePicturesThatWereKept) {
  const auto result = TrainPixels(Colours(25), request_, SilentProgress());
  ASSERT_TRUE(result) << result.error().message;
  EXPECT_EQ(result->accuracy.n, 15);  // a fifth of 75
  EXPECT_EQ(result->accuracy.correct, 15);
  EXPECT_EQ(result->accuracy.share, 1.0);
  EXPECT_LT(result->accuracy.low, 0.9);
  EXPECT_EQ(result->accuracy.high, 1.0);
  EXPECT_TRUE(fs::exists(result->model_file));
}

TEST_F(LibraryTest, RefusesBytesThatAreNotThePictures) {
  MemoryPictures pictures = Colours(10);
  pictures.rgb.resize(pictures.rgb.size() + kBytes);
  EXPECT_THAT(Refusal(pictures), HasSubstr("30 pictures of 32 px are 92160 bytes, not 95232"));
  pictures.rgb.resize(29 * kBytes);
  EXPECT_THAT(Refusal(pictures), HasSubstr("are 92160 bytes, not 89088"));
}

TEST_F(LibraryTest, RefusesLabelsThatAreNone) {
  for (const int label : {-1, 3}) {
    MemoryPictures pictures = Colours(10);
    pictures.label_of[7] = label;
    EXPECT_THAT(Refusal(pictures),
                HasSubstr(fmt::format("picture 7 has label {}; there are 3 labels", label)));
  }
}

TEST_F(LibraryTest, RefusesOptionsAndValuesByName) {
  const auto unknown = RunPictures(
      {.pictures = folder_, .folder = folder_ / "run", .options = {{"presett", "quick"}}}, SilentProgress());
  ASSERT_FALSE(unknown);
  EXPECT_EQ(unknown.error().kind, ErrorKind::kUsage);
  EXPECT_THAT(unknown.error().message, HasSubstr("there is no option \"presett\""));
  const auto wrong = RunPictures(
      {.pictures = folder_, .folder = folder_ / "run", .options = {{"folds", "many"}}}, SilentProgress());
  ASSERT_FALSE(wrong);
  EXPECT_EQ(wrong.error().kind, ErrorKind::kUsage);
  EXPECT_THAT(wrong.error().message, HasSubstr("\"folds\""));
  EXPECT_FALSE(fs::exists(folder_ / "run"));
}

}  // namespace
}  // namespace handlens
