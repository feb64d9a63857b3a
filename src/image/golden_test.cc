// Every golden vector of the pixel contract (apps/contract), on the host.
#include <gtest/gtest.h>

#include <algorithm>
#include <cstring>
#include <map>
#include <memory>

#include "base/json.h"
#include "image/image.h"
#include "pixels/pixels.h"

namespace handlens::image {
namespace {

const std::filesystem::path kGoldenFolder =
    std::filesystem::path(HANDLENS_SOURCE_DIR) / "apps/contract/golden";

struct Golden {
  Json manifest;
  Bytes blob;
};

Golden Load() {
  auto manifest = ReadRecord(kGoldenFolder / "manifest.json", "handlens-golden", 1);
  auto blob = ReadFile(kGoldenFolder / "vectors.bin");
  HL_CHECK(manifest.has_value() && blob.has_value());
  return {std::move(*manifest), std::move(*blob)};
}

// A copy of exactly the vector's bytes, so that a sanitizer sees a read beyond them.
Bytes Slice(const Golden& golden, const Json& vector, const char* name) {
  const size_t offset = vector.at(name).at(0), length = vector.at(name).at(1);
  const auto begin = golden.blob.begin() + static_cast<ptrdiff_t>(offset);
  Bytes bytes(begin, begin + static_cast<ptrdiff_t>(length));
  bytes.shrink_to_fit();
  return bytes;
}

Bytes RunResize(const Golden& golden, const Json& vector) {
  const Bytes rgb = Slice(golden, vector, "rgb");
  return ModelInput({vector.at("width"), vector.at("height"), rgb}, vector.at("n"),
                    ParseFit(vector.at("fit").get<std::string>()).value());
}

Bytes RunTurn(const Golden& golden, const Json& vector) {
  const Bytes rgb = Slice(golden, vector, "rgb");
  const int width = vector.at("width"), height = vector.at("height");
  Bytes out(rgb.size());
  const int code = vector.at("kind") == "rotate"
                       ? hl_rotate(rgb.data(), width, height, vector.at("degrees"), out.data())
                       : hl_orient(rgb.data(), width, height, vector.at("orientation"), out.data());
  EXPECT_EQ(code, HL_OK);
  return out;
}

Bytes RunFrame(const Golden& golden, const Json& vector) {
  const Bytes y = Slice(golden, vector, "y"), u = Slice(golden, vector, "u"), v = Slice(golden, vector, "v");
  const hl_yuv_frame frame = {.y = y.data(),
                              .u = u.data(),
                              .v = v.data(),
                              .y_row_stride = vector.at("y_row_stride"),
                              .y_pixel_stride = vector.at("y_pixel_stride"),
                              .uv_row_stride = vector.at("uv_row_stride"),
                              .uv_pixel_stride = vector.at("uv_pixel_stride"),
                              .width = vector.at("width"),
                              .height = vector.at("height")};
  Bytes out(static_cast<size_t>(frame.width) * static_cast<size_t>(frame.height) * 3);
  EXPECT_EQ(hl_yuv_to_rgb(&frame, out.data()), HL_OK);
  return out;
}

Bytes RunFeed(const Golden& golden, const Json& vector) {
  const Bytes in = Slice(golden, vector, "bytes");
  std::vector<float> floats(in.size());
  hl_feed_float(in.data(), in.size(), floats.data());
  Bytes out(floats.size() * 4);
  std::memcpy(out.data(), floats.data(), out.size());
  return out;
}

Bytes RunDecode(const Json& vector) {
  const auto decoded = DecodeFile(kGoldenFolder / vector.at("file").get<std::string>());
  EXPECT_TRUE(decoded) << decoded.error().message;
  if (!decoded) return {};
  EXPECT_EQ(decoded->image.width, vector.at("width").get<int>());
  EXPECT_EQ(decoded->image.height, vector.at("height").get<int>());
  return decoded->image.rgb;
}

TEST(GoldenVectors, AllGiveTheirBytes) {
  const Golden golden = Load();
  std::map<std::string, int> counts;
  for (const Json& vector : golden.manifest.at("vectors")) {
    const std::string kind = vector.at("kind");
    ++counts[kind];
    const Bytes expected = Slice(golden, vector, "expected");
    const Bytes actual = kind == "fit_resize"   ? RunResize(golden, vector)
                         : kind == "yuv"        ? RunFrame(golden, vector)
                         : kind == "feed_float" ? RunFeed(golden, vector)
                         : kind == "decode"     ? RunDecode(vector)
                                                : RunTurn(golden, vector);
    ASSERT_EQ(actual.size(), expected.size()) << vector.dump();
    int largest = 0;
    for (size_t i = 0; i < actual.size(); ++i) largest = std::max(largest, std::abs(actual[i] - expected[i]));
    EXPECT_LE(largest, vector.value("bound", 0)) << vector.dump();
  }
  EXPECT_EQ(golden.manifest.at("count").get<size_t>(), golden.manifest.at("vectors").size());
  EXPECT_EQ(counts, (std::map<std::string, int>{{"decode", 27},
                                                {"feed_float", 1},
                                                {"fit_resize", 159},
                                                {"orient", 10},
                                                {"rotate", 4},
                                                {"yuv", 7}}));
}

TEST(Pixels, FeedEveryByteAsItsQuotient) {
  for (int byte = 0; byte < 256; ++byte) {
    const auto in = static_cast<uint8_t>(byte);
    float out = -1;
    hl_feed_float(&in, 1, &out);
    EXPECT_EQ(out, static_cast<float>(byte) / 255.0f) << byte;
  }
}

TEST(Pixels, RefuseArgumentsOutOfRange) {
  const uint8_t pixel[3] = {};
  uint8_t out[3];
  uint64_t scratch[64];
  EXPECT_EQ(hl_fit_resize_scratch(0, 1, 1, HL_FIT_CROP), 0u);
  EXPECT_EQ(hl_fit_resize_scratch(1, HL_MAX_SIDE_PX + 1, 1, HL_FIT_CROP), 0u);
  EXPECT_EQ(hl_fit_resize_scratch(1, 1, 4097, HL_FIT_CROP), 0u);
  EXPECT_EQ(hl_fit_resize_scratch(1, 1, 1, 3), 0u);
  EXPECT_EQ(hl_fit_resize(pixel, 1, 1, 1, 3, out, scratch), HL_BAD_ARGUMENT);
  EXPECT_EQ(hl_fit_resize(nullptr, 1, 1, 1, HL_FIT_CROP, out, scratch), HL_BAD_ARGUMENT);
  EXPECT_EQ(hl_rotate(pixel, 1, 1, 45, out), HL_BAD_ARGUMENT);
  const hl_yuv_frame narrow = {pixel, pixel, pixel, 1, 1, 1, 1, 2, 1};
  EXPECT_EQ(hl_yuv_to_rgb(&narrow, out), HL_BAD_ARGUMENT);
}

}  // namespace
}  // namespace handlens::image
