// Claims about pictures as a whole: encoding and decoding, limits, fits, refusals in words.
#include "image/image.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <atomic>
#include <string_view>

#include "base/parallel.h"
#include "base/rng.h"

namespace handlens::image {
namespace {

using testing::HasSubstr;

Image Noise(int width, int height) {
  Image image{width, height, std::vector<uint8_t>(static_cast<size_t>(width * height * 3))};
  Rng rng(1, "noise");
  for (uint8_t& byte : image.rgb) byte = static_cast<uint8_t>(rng.Below(256));
  return image;
}

std::span<const uint8_t> AsBytes(std::string_view text) {
  return {reinterpret_cast<const uint8_t*>(text.data()), text.size()};
}

TEST(DecodeMemory, GivesNeverMoreThanThereIsAndALargePictureGoesAlone) {
  constexpr int64_t kAll = 100;
  DecodeMemory memory(kAll);
  std::atomic<int64_t> used{0}, most{0}, pictures{0};
  ParallelFor(400, 8, [&](size_t i) {
    DecodeShare share(memory);
    const int64_t wanted = 5 + static_cast<int64_t>(i * 37 % 300), got = std::min(wanted, kAll);
    share.Take(wanted);
    const int64_t now = used += got;
    for (int64_t seen = most; now > seen && !most.compare_exchange_weak(seen, now);) {}
    ++pictures;
    used -= got;
  });
  EXPECT_EQ(pictures, 400);
  EXPECT_LE(most, kAll);
  EXPECT_EQ(most, kAll);
}

TEST(DecodeMemory, IsTakenBeforeThePixelsAre) {
  const Image image = Noise(40, 30);
  const Bytes bytes = EncodePng(image.rgb, 40, 30);
  DecodeMemory memory(1000);  // less than the picture: it is decoded alone
  for (int i = 0; i < 3; ++i) {
    DecodeShare share(memory);
    const auto decoded = Decode(bytes, {.share = &share});
    ASSERT_TRUE(decoded) << decoded.error().message;
    EXPECT_EQ(decoded->image.rgb, image.rgb);
    EXPECT_EQ(share.held_bytes(), 1000);
  }
}

TEST(Png, ComesBackAsItWent) {
  const Image image = Noise(13, 7);
  const auto decoded = Decode(EncodePng(image.rgb, 13, 7));
  ASSERT_TRUE(decoded) << decoded.error().message;
  EXPECT_EQ(decoded->image.width, 13);
  EXPECT_EQ(decoded->image.height, 7);
  EXPECT_EQ(decoded->image.rgb, image.rgb);
  EXPECT_EQ(decoded->facts.format, "PNG");
  EXPECT_EQ(decoded->facts.colour, "rgb");
}

TEST(Png, CutAnywhereIsRefusedOrWhole) {
  const Image image = Noise(9, 9);
  const Bytes bytes = EncodePng(image.rgb, 9, 9);
  for (size_t size = 0; size < bytes.size(); ++size) {
    const auto decoded = Decode(std::span(bytes).first(size));
    if (decoded) {
      EXPECT_EQ(decoded->image.rgb, image.rgb) << size;
    }
  }
  const auto half = Decode(std::span(bytes).first(bytes.size() / 2));
  ASSERT_FALSE(half);
  EXPECT_THAT(half.error().message, HasSubstr("truncated PNG at byte"));
}

TEST(Png, EveryFlippedByteOfThePixelsIsNoticed) {
  const Image image = Noise(9, 9);
  const Bytes bytes = EncodePng(image.rgb, 9, 9);
  for (size_t at = 8; at < bytes.size(); ++at) {
    Bytes damaged = bytes;
    damaged[at] ^= 1;
    const auto decoded = Decode(damaged);
    if (decoded) {
      EXPECT_EQ(decoded->image.rgb, image.rgb) << at;
    }
  }
}

TEST(Jpeg, ComesBackNearlyAsItWent) {
  Image image{32, 24, std::vector<uint8_t>(32 * 24 * 3, 200)};
  const auto decoded = Decode(EncodeJpeg(image.rgb, 32, 24, 95));
  ASSERT_TRUE(decoded) << decoded.error().message;
  ASSERT_EQ(decoded->image.rgb.size(), image.rgb.size());
  for (const uint8_t byte : decoded->image.rgb) EXPECT_NEAR(byte, 200, 1);
}

TEST(Jpeg, CutInTheMiddleIsTruncatedButAMissingEndMarkerIsNot) {
  const Image image = Noise(64, 64);
  const Bytes bytes = EncodeJpeg(image.rgb, 64, 64, 90);
  const auto half = Decode(std::span(bytes).first(bytes.size() / 2));
  ASSERT_FALSE(half);
  EXPECT_THAT(half.error().message, HasSubstr("truncated JPEG at byte " + std::to_string(bytes.size() / 2)));
  const auto whole = Decode(bytes);
  const auto no_end = Decode(std::span(bytes).first(bytes.size() - 2));
  ASSERT_TRUE(whole);
  ASSERT_TRUE(no_end) << no_end.error().message;
  EXPECT_EQ(whole->image.rgb, no_end->image.rgb);
  EXPECT_THAT(no_end->facts.warnings, testing::ElementsAre("the end marker is missing"));
}

TEST(Decode, RefusesMorePixelsThanTheLimitInWords) {
  const Image image = Noise(20, 10);
  const auto decoded = Decode(EncodePng(image.rgb, 20, 10), {.max_pixels = 199});
  ASSERT_FALSE(decoded);
  EXPECT_EQ(decoded.error().kind, ErrorKind::kBadInput);
  EXPECT_EQ(decoded.error().message, "200 pixels (20 x 10) are over the limit of 199");
  EXPECT_TRUE(Decode(EncodePng(image.rgb, 20, 10), {.max_pixels = 200}));
}

TEST(Decode, NamesWhatIsNotAPicture) {
  const auto message = [](std::string_view text) {
    const auto decoded = Decode(AsBytes(text));
    return decoded ? "decoded" : decoded.error().message;
  };
  EXPECT_THAT(message(""), HasSubstr("empty file"));
  EXPECT_THAT(message("%PDF-1.7"), HasSubstr("PDF document"));
  EXPECT_THAT(message(std::string(128, '\0') + "DICM..."), HasSubstr("a damaged or truncated DICOM file"));
  EXPECT_THAT(message("<?xml version='1.0'?><svg></svg>"), HasSubstr("SVG"));
  EXPECT_THAT(message(std::string("\0\0\0\x18"
                                  "ftypheic",
                                  12)),
              HasSubstr("HEIC"));
  EXPECT_THAT(message("version https://git-lfs.github.com/spec/v1"), HasSubstr("git lfs pull"));
  EXPECT_THAT(message("<!DOCTYPE html><html>404"), HasSubstr("web page"));
  EXPECT_THAT(message("hello"), HasSubstr("text file"));
  EXPECT_THAT(message(std::string(4096, '\0')), HasSubstr("zero bytes"));
}

TEST(DecodeFile, NamesThePath) {
  const auto decoded = DecodeFile("/nowhere/a.png");
  ASSERT_FALSE(decoded);
  EXPECT_THAT(decoded.error().message, HasSubstr("/nowhere/a.png"));
}

TEST(Fits, HaveOneNameEach) {
  for (const Fit fit : {Fit::kCrop, Fit::kStretch, Fit::kLetterbox})
    EXPECT_EQ(ParseFit(FitName(fit)).value(), fit);
  const auto unknown = ParseFit("squash");
  ASSERT_FALSE(unknown);
  EXPECT_EQ(unknown.error().kind, ErrorKind::kUsage);
}

TEST(ModelInput, OfASquareOfTheRightSizeIsThePicture) {
  const Image image = Noise(16, 16);
  for (const Fit fit : {Fit::kCrop, Fit::kStretch, Fit::kLetterbox})
    EXPECT_EQ(ModelInput(image, 16, fit), image.rgb);
}

TEST(ModelInput, LetterboxFillsWithBlack) {
  const Image white{8, 4, std::vector<uint8_t>(8 * 4 * 3, 255)};
  const auto out = ModelInput(white, 8, Fit::kLetterbox);
  EXPECT_EQ(out[0], 0);
  EXPECT_EQ(out[(4 * 8 + 4) * 3], 255);
  EXPECT_EQ(out.back(), 0);
}

}  // namespace
}  // namespace handlens::image
