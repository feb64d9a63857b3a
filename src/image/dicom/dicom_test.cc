// DICOM against the pixels of pydicom and the standard's formula (testdata, made by
// tools/oracles/image_dicom.py), whole, cut and changed.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>

#include "base/json.h"
#include "base/rng.h"
#include "image/image.h"

namespace handlens::image {
namespace {

const std::filesystem::path kDicomFolder =
    std::filesystem::path(HANDLENS_SOURCE_DIR) / "src/image/testdata/dicom";

std::vector<Json> Files() {
  const auto record = ReadRecord(kDicomFolder / "expected.json", "handlens-image-testdata", 1);
  EXPECT_TRUE(record);
  return record->at("files").get<std::vector<Json>>();
}

TEST(Dicom, GivesThePixelsOfTheStandardsWindow) {
  const auto pixels = ReadFile(kDicomFolder / "expected.bin");
  ASSERT_TRUE(pixels);
  size_t at = 0;
  for (const Json& entry : Files()) {
    const auto decoded = DecodeFile(kDicomFolder / entry.at("file").get<std::string>());
    ASSERT_TRUE(decoded) << decoded.error().message;
    EXPECT_EQ(decoded->image.width, entry.at("width").get<int>()) << entry;
    EXPECT_EQ(decoded->image.height, entry.at("height").get<int>()) << entry;
    EXPECT_EQ(decoded->facts.format, "DICOM");
    int largest = 0;
    ASSERT_LE(at + decoded->image.rgb.size(), pixels->size());
    for (const uint8_t byte : decoded->image.rgb)
      largest = std::max(largest, std::abs(byte - (*pixels)[at++]));
    EXPECT_LE(largest, entry.at("bound").get<int>()) << entry;
  }
  EXPECT_EQ(at, pixels->size());
}

TEST(Dicom, ThePatientIsAGroupUnderANameThatTellsNothing) {
  for (const Json& entry : Files()) {
    const auto decoded = DecodeFile(kDicomFolder / entry.at("file").get<std::string>());
    ASSERT_TRUE(decoded);
    EXPECT_EQ(decoded->facts.group, entry.at("group").get<std::string>()) << entry;
  }
}

TEST(Dicom, CutOrChangedNeverCrashesAndNeverGivesAnotherSize) {
  int refused = 0, read = 0;
  for (const Json& entry : Files()) {
    const auto whole = ReadFile(kDicomFolder / entry.at("file").get<std::string>());
    ASSERT_TRUE(whole);
    for (uint64_t i = 0; i < 400; ++i) {
      Rng rng(1, "changed dicom", {whole->size(), i});
      Bytes bytes = *whole;
      if (i % 4 == 0) bytes.resize(rng.Below(static_cast<uint32_t>(bytes.size())));
      else
        for (int change = 0; change < 3; ++change)
          bytes[rng.Below(static_cast<uint32_t>(bytes.size()))] = static_cast<uint8_t>(rng.Below(256));
      const auto decoded = Decode(bytes);
      if (!decoded) {
        EXPECT_FALSE(decoded.error().message.empty());
        ++refused;
        continue;
      }
      EXPECT_NE(i % 4, 0u) << entry.at("file") << " cut to " << bytes.size() << " of " << whole->size();
      ++read;
      EXPECT_EQ(decoded->image.rgb.size(), size_t{3} * static_cast<size_t>(decoded->image.width) *
                                               static_cast<size_t>(decoded->image.height));
    }
  }
  EXPECT_GT(refused, 100);
  EXPECT_GT(read, 100);
}

TEST(Dicom, IsRefusedOverTheLimitBeforeItIsDecoded) {
  DecodeLimits limits;
  limits.max_pixels = 100;
  const auto decoded = DecodeFile(kDicomFolder / "ct_window.dcm", limits);
  ASSERT_FALSE(decoded);
  EXPECT_THAT(decoded.error().message, testing::HasSubstr("26 x 19"));
}

}  // namespace
}  // namespace handlens::image
