// Every format against Pillow's pixels (testdata, made by tools/oracles/image_formats.py), whole and cut.
#include <gtest/gtest.h>

#include <algorithm>
#include <cstdlib>
#include <set>

#include "base/json.h"
#include "image/image.h"

namespace handlens::image {
namespace {

const std::filesystem::path kFolder = std::filesystem::path(HANDLENS_SOURCE_DIR) / "src/image/testdata";

TEST(Formats, GivePillowsPixelsUprightAndOnWhite) {
  const auto record = ReadRecord(kFolder / "expected.json", "handlens-image-testdata", 1);
  const auto pixels = ReadFile(kFolder / "expected.bin");
  ASSERT_TRUE(record && pixels);
  size_t at = 0;
  std::set<std::string> formats;
  for (const Json& entry : record->at("files")) {
    const auto decoded = DecodeFile(kFolder / entry.at("file").get<std::string>());
    ASSERT_TRUE(decoded) << decoded.error().message;
    EXPECT_EQ(decoded->image.width, entry.at("width").get<int>()) << entry;
    EXPECT_EQ(decoded->image.height, entry.at("height").get<int>()) << entry;
    EXPECT_EQ(decoded->facts.format, entry.at("format").get<std::string>());
    EXPECT_EQ(decoded->facts.frames, entry.at("frames").get<int>()) << entry;
    formats.insert(decoded->facts.format);
    int largest = 0;
    ASSERT_LE(at + decoded->image.rgb.size(), pixels->size());
    for (const uint8_t byte : decoded->image.rgb) largest = std::max(largest, std::abs(byte - (*pixels)[at++]));
    EXPECT_LE(largest, entry.at("bound").get<int>()) << entry;
  }
  EXPECT_EQ(at, pixels->size());
  EXPECT_EQ(formats, (std::set<std::string>{"BMP", "GIF", "JPEG", "TIFF", "WebP"}));
}

TEST(Formats, CutAnywhereNeverCrashAndNeverGiveAnotherSize) {
  const auto record = ReadRecord(kFolder / "expected.json", "handlens-image-testdata", 1);
  ASSERT_TRUE(record);
  for (const Json& entry : record->at("files")) {
    const auto bytes = ReadFile(kFolder / entry.at("file").get<std::string>());
    ASSERT_TRUE(bytes);
    for (size_t size = 0; size < bytes->size(); size += 7) {
      const Bytes cut(bytes->begin(), bytes->begin() + static_cast<ptrdiff_t>(size));
      const auto decoded = Decode(cut);
      if (!decoded) {
        EXPECT_FALSE(decoded.error().message.empty());
        continue;
      }
      EXPECT_EQ(decoded->image.rgb.size(), static_cast<size_t>(decoded->image.width * decoded->image.height * 3));
    }
  }
}

}  // namespace
}  // namespace handlens::image
