// Choosing the decoder, turning upright, and what all decoders share. The formats live in jpeg.cc, png.cc,
// ...
#include "image/image.h"

#include <algorithm>
#include <array>
#include <memory>
#include <new>
#include <utility>

#include "image/formats/codec.h"
#include "image/formats/sniff.h"
#include "pixels/pixels.h"

namespace handlens::image {
namespace {

Result<Decoded> DecodeAs(Format format, ByteSpan bytes, const DecodeLimits& limits) {
  switch (format) {
    case Format::kJpeg: return DecodeJpeg(bytes, limits);
    case Format::kPng: return DecodePng(bytes, limits);
    case Format::kGif: return DecodeGif(bytes, limits);
    case Format::kBmp: return DecodeBmp(bytes, limits);
    case Format::kTiff: return DecodeTiff(bytes, limits);
    case Format::kWebp: return DecodeWebp(bytes, limits);
    case Format::kHeif: return DecodeHeif(bytes, limits);
    case Format::kDicom: return DecodeDicom(bytes, limits);
    case Format::kNone: break;
  }
  return Fail(ErrorKind::kBadInput, "{}", NameOther(bytes));
}

Image Upright(Image stored, int orientation) {
  if (orientation == 1) return stored;
  const bool turned = orientation >= 5;
  Image upright = MakeImage(turned ? stored.height : stored.width, turned ? stored.width : stored.height);
  HL_CHECK(hl_orient(stored.rgb.data(), stored.width, stored.height, orientation, upright.rgb.data()) ==
           HL_OK);
  return upright;
}

constexpr std::array<std::pair<const char*, Fit>, 3> kFits = {
    {{"crop", Fit::kCrop}, {"stretch", Fit::kStretch}, {"letterbox", Fit::kLetterbox}}};

}  // namespace

Result<Decoded> Decode(std::span<const uint8_t> bytes, const DecodeLimits& limits) {
  try {
    HL_ASSIGN(Decoded decoded, DecodeAs(SniffFormat(bytes), bytes, limits));
    decoded.image = Upright(std::move(decoded.image), decoded.facts.orientation);
    return decoded;
  } catch (const std::bad_alloc&) {
    return Fail(ErrorKind::kResources, "no memory left to decode the picture");
  }
}

Result<Decoded> DecodeFile(const std::filesystem::path& path, const DecodeLimits& limits) {
  HL_ASSIGN(const Bytes bytes, ReadFile(path));
  auto decoded = Decode(bytes, limits);
  if (!decoded) return Fail(decoded.error().kind, "{}: {}", path.string(), decoded.error().message);
  return decoded;
}

const char* FitName(Fit fit) {
  for (const auto& [name, value] : kFits) {
    if (value == fit) return name;
  }
  HL_CHECK(false);  // a value that is no Fit
  return "";
}

Result<Fit> ParseFit(std::string_view name) {
  for (const auto& [known, value] : kFits) {
    if (name == known) return value;
  }
  return Fail(ErrorKind::kUsage, "unknown fit '{}'; it is crop, stretch or letterbox", name);
}

std::vector<uint8_t> ModelInput(const Image& image, int n, Fit fit) {
  const int code = fit == Fit::kCrop ? HL_FIT_CROP : fit == Fit::kStretch ? HL_FIT_STRETCH : HL_FIT_LETTERBOX;
  const size_t scratch_bytes = hl_fit_resize_scratch(image.width, image.height, n, code);
  HL_CHECK(scratch_bytes > 0);
  const size_t pixels = static_cast<size_t>(image.width) * static_cast<size_t>(image.height);
  HL_CHECK(image.rgb.size() == pixels * 3);
  const auto scratch = std::make_unique_for_overwrite<uint64_t[]>((scratch_bytes + 7) / 8);
  std::vector<uint8_t> out(static_cast<size_t>(n) * static_cast<size_t>(n) * 3);
  HL_CHECK(hl_fit_resize(image.rgb.data(), image.width, image.height, n, code, out.data(), scratch.get()) ==
           HL_OK);
  return out;
}

void DecodeShare::Give() {
  if (held_bytes_ == 0) return;
  {
    const std::scoped_lock lock(memory_.mutex_);
    memory_.free_bytes_ += held_bytes_;
  }
  held_bytes_ = 0;
  memory_.freed_.notify_all();
}

void DecodeShare::Take(int64_t bytes) {
  bytes = std::min(bytes, memory_.all_bytes_);
  if (bytes <= held_bytes_) return;
  Give();
  std::unique_lock lock(memory_.mutex_);
  memory_.freed_.wait(lock, [&] { return memory_.free_bytes_ >= bytes; });
  memory_.free_bytes_ -= bytes;
  held_bytes_ = bytes;
}

Result<void> CheckSize(int64_t width, int64_t height, const DecodeLimits& limits, int64_t bytes_per_pixel) {
  if (width < 1 || height < 1)
    return Fail(ErrorKind::kBadInput, "an empty picture ({} x {} pixels)", width, height);
  // Sides fit 31 bits in every format, so that the product fits 62.
  if (width * height > limits.max_pixels) {
    return Fail(ErrorKind::kBadInput, "{} pixels ({} x {}) are over the limit of {}", width * height, width,
                height, limits.max_pixels);
  }
  if (width > HL_MAX_SIDE_PX || height > HL_MAX_SIDE_PX) {
    return Fail(ErrorKind::kBadInput, "a side of {} pixels is over the limit of {}", std::max(width, height),
                HL_MAX_SIDE_PX);
  }
  if (limits.share != nullptr) limits.share->Take(width * height * bytes_per_pixel);
  return {};
}

Result<void> CheckPlausible(int64_t pixels, size_t bytes, int64_t max_pixels_per_byte) {
  if (pixels / max_pixels_per_byte <= static_cast<int64_t>(bytes)) return {};
  return Fail(ErrorKind::kBadInput, "a damaged picture: {} bytes cannot hold the {} pixels it claims", bytes,
              pixels);
}

Image MakeImage(int width, int height) {
  Image image;
  image.width = width;
  image.height = height;
  image.rgb.resize(static_cast<size_t>(width) * static_cast<size_t>(height) * 3);
  return image;
}

void OverWhite(const uint8_t* rgba, size_t count, uint8_t* rgb) {
  for (size_t i = 0; i < count; ++i, rgba += 4, rgb += 3) {
    for (int c = 0; c < 3; ++c) rgb[c] = OverWhite(rgba[c], rgba[3]);
  }
}

void InvertedCmykToRgb(const uint8_t* cmyk, size_t count, uint8_t* rgb) {
  for (size_t i = 0; i < count; ++i, cmyk += 4, rgb += 3) {
    for (int c = 0; c < 3; ++c) rgb[c] = static_cast<uint8_t>((cmyk[c] * cmyk[3] + 127) / 255);
  }
}

}  // namespace handlens::image
