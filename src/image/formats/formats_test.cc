// Every format against Pillow's pixels (testdata, made by tools/oracles/image_formats.py and image_heif.py),
// whole and cut.
#include <gtest/gtest.h>

#include <algorithm>
#include <cstdlib>
#include <set>

#include "base/json.h"
#include "image/image.h"

namespace handlens::image {
namespace {

const std::filesystem::path kFolder = std::filesystem::path(HANDLENS_SOURCE_DIR) / "src/image/testdata";

class Formats : public testing::TestWithParam<const char*> {
 protected:
  std::filesystem::path folder() const { return kFolder / GetParam(); }
};

TEST_P(Formats, GivePillowsPixelsUprightAndOnWhite) {
  const auto record = ReadRecord(folder() / "expected.json", "handlens-image-testdata", 1);
  const auto pixels = ReadFile(folder() / "expected.bin");
  ASSERT_TRUE(record && pixels);
  size_t at = 0;
  std::set<std::string> formats;
  for (const Json& entry : record->at("files")) {
    const auto decoded = DecodeFile(folder() / entry.at("file").get<std::string>());
    ASSERT_TRUE(decoded) << decoded.error().message;
    EXPECT_EQ(decoded->image.width, entry.at("width").get<int>()) << entry;
    EXPECT_EQ(decoded->image.height, entry.at("height").get<int>()) << entry;
    EXPECT_EQ(decoded->facts.format, entry.at("format").get<std::string>());
    EXPECT_EQ(decoded->facts.frames, entry.at("frames").get<int>()) << entry;
    formats.insert(decoded->facts.format);
    int largest = 0;
    ASSERT_LE(at + decoded->image.rgb.size(), pixels->size());
    for (const uint8_t byte : decoded->image.rgb)
      largest = std::max(largest, std::abs(byte - (*pixels)[at++]));
    EXPECT_LE(largest, entry.at("bound").get<int>()) << entry;
  }
  EXPECT_EQ(at, pixels->size());
  EXPECT_EQ(formats, *GetParam() == 0 ? (std::set<std::string>{"BMP", "GIF", "JPEG", "TIFF", "WebP"})
                                      : (std::set<std::string>{"AVIF", "HEIC"}));
}

TEST_P(Formats, CutAnywhereNeverCrashAndNeverGiveAnotherSize) {
  const auto record = ReadRecord(folder() / "expected.json", "handlens-image-testdata", 1);
  ASSERT_TRUE(record);
  for (const Json& entry : record->at("files")) {
    const auto bytes = ReadFile(folder() / entry.at("file").get<std::string>());
    ASSERT_TRUE(bytes);
    for (size_t size = 0; size < bytes->size(); size += 7) {
      const Bytes cut(bytes->begin(), bytes->begin() + static_cast<ptrdiff_t>(size));
      const auto decoded = Decode(cut);
      if (!decoded) {
        EXPECT_FALSE(decoded.error().message.empty());
        continue;
      }
      EXPECT_EQ(decoded->image.rgb.size(),
                static_cast<size_t>(decoded->image.width * decoded->image.height * 3));
    }
  }
}

INSTANTIATE_TEST_SUITE_P(Own, Formats, testing::Values(""));
INSTANTIATE_TEST_SUITE_P(Libheif, Formats, testing::Values("heif"));

TEST(Heif, IsRefusedOverTheLimitBeforeItIsDecoded) {
  const auto bytes = ReadFile(kFolder / "heif/turned6.heic");
  ASSERT_TRUE(bytes);
  const auto refused = Decode(*bytes, {.max_pixels = 68 * 46 - 1});
  ASSERT_FALSE(refused);
  EXPECT_NE(refused.error().message.find("over the limit"), std::string::npos) << refused.error().message;
  DecodeMemory memory(int64_t{1} << 30);
  DecodeShare share(memory);
  ASSERT_TRUE(Decode(*bytes, {.share = &share}));
  EXPECT_GE(share.held_bytes(), 68 * 46 * 15);
}

TEST(Heif, AVideoIsNoPictureThoughItNamesTheSameBrands) {
  const std::string video(
      "\0\0\0\x18"
      "ftypisom"
      "\0\0\0\0"
      "heic"
      "mp42",
      24);
  const auto decoded = Decode(std::span(reinterpret_cast<const uint8_t*>(video.data()), video.size()));
  ASSERT_FALSE(decoded);
  EXPECT_NE(decoded.error().message.find("a video"), std::string::npos);
}

}  // namespace
}  // namespace handlens::image
