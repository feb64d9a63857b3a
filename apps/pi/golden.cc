// The golden vectors (apps/contract/README.md), through the very functions that pictures and frames go
// through.
#include <algorithm>
#include <cstdlib>
#include <cstring>

#include "pixels/pixels.h"
#include "self_check.h"

namespace handlens::device {
namespace {

using Part = std::span<const uint8_t>;

struct Vector {
  const Json& json;
  Part all;

  // Kind kInternal when the manifest speaks of bytes that are not there.
  Part At(const char* key) const {
    const size_t from = json.at(key).at(0), count = json.at(key).at(1);
    return from <= all.size() && count <= all.size() - from ? all.subspan(from, count) : Part();
  }
  int Int(const char* key) const { return json.value(key, 0); }
  int width() const { return Int("width"); }
  int height() const { return Int("height"); }
};

Bytes Yuv(const Vector& v) {
  const hl_yuv_frame frame = {v.At("y").data(),
                              v.At("u").data(),
                              v.At("v").data(),
                              v.Int("y_row_stride"),
                              v.Int("y_pixel_stride"),
                              v.Int("uv_row_stride"),
                              v.Int("uv_pixel_stride"),
                              v.width(),
                              v.height()};
  Bytes rgb(static_cast<size_t>(v.width()) * static_cast<size_t>(v.height()) * 3);
  return hl_yuv_to_rgb(&frame, rgb.data()) == HL_OK ? rgb : Bytes();
}

Bytes Floats(const Vector& v) {
  const Part in = v.At("bytes");
  std::vector<float> out(in.size());
  hl_feed_float(in.data(), in.size(), out.data());
  Bytes bytes(out.size() * sizeof(float));
  std::memcpy(bytes.data(), out.data(), bytes.size());
  return bytes;
}

// What the contract's functions make of it; empty when they refuse.
Bytes Made(const Pack& pack, const Vector& v, const std::string& kind) {
  if (kind == "yuv") return Yuv(v);
  if (kind == "feed_float") return Floats(v);
  if (kind == "decode") {
    const auto file = pack.File("golden/" + v.json.at("file").get<std::string>());
    const auto decoded = file ? image::Decode(*file) : Result<image::Decoded>(image::Decoded());
    const bool sized = decoded && decoded->image.width == v.width() && decoded->image.height == v.height();
    return sized ? decoded->image.rgb : Bytes();
  }
  const Part rgb = v.At("rgb");
  if (kind == "fit_resize") {
    const auto fit = image::ParseFit(v.json.at("fit").get<std::string>());
    return fit ? image::ModelInput({v.width(), v.height(), {rgb.begin(), rgb.end()}}, v.Int("n"), *fit)
               : Bytes();
  }
  Bytes out(rgb.size());
  const int status = kind == "rotate"
                         ? hl_rotate(rgb.data(), v.width(), v.height(), v.Int("degrees"), out.data())
                         : hl_orient(rgb.data(), v.width(), v.height(), v.Int("orientation"), out.data());
  return status == HL_OK ? out : Bytes();
}

void Compare(const Pack& pack, const Vector& v, Golden& golden) {
  const auto kind = v.json.at("kind").get<std::string>();
  const Part expected = v.At("expected");
  const Bytes made = Made(pack, v, kind);
  size_t differing = expected.size();
  int largest = 255;
  if (made.size() == expected.size() && !made.empty()) {
    differing = 0;
    largest = 0;
    for (size_t i = 0; i < made.size(); ++i) {
      differing += made[i] != expected[i] ? 1 : 0;
      largest = std::max(largest, std::abs(made[i] - expected[i]));
    }
  }
  const int bound = v.Int("bound");
  ++golden.count;
  if (differing == 0) ++golden.equal;
  else if (bound > 0 && largest <= bound) ++golden.within_bound;
  else golden.failed.push_back(fmt::format("{} {}", kind, v.Int("id")));
  if (bound > 0) golden.largest_jpeg_difference = std::max(golden.largest_jpeg_difference, largest);
  else golden.differing_bytes += differing;
}

}  // namespace

Result<Golden> RunGolden(const Pack& pack) {
  HL_ASSIGN(const Json manifest, pack.Record("golden/manifest.json"));
  HL_ASSIGN(const Part all, pack.File("golden/vectors.bin"));
  return FromJson(manifest, "golden/manifest.json", [&](const Json& json) {
    Golden golden;
    for (const Json& vector : json.at("vectors")) Compare(pack, {vector, all}, golden);
    if (golden.count != json.at("count").get<size_t>()) golden.failed.emplace_back("count");
    return golden;
  });
}

}  // namespace handlens::device
