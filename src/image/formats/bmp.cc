// BMP through stb_image, with the checks that it leaves out: a file that ends before its pixels is refused.
#define STB_IMAGE_STATIC
#define STB_IMAGE_IMPLEMENTATION
#define STBI_ONLY_BMP
#define STBI_NO_STDIO
#define STBI_NO_LINEAR
#define STBI_NO_HDR
#include <stb/stb_image.h>

#include <algorithm>
#include <cstdlib>
#include <iterator>
#include <memory>

#include "image/formats/codec.h"

namespace handlens::image {
namespace {

uint32_t LittleEndian(ByteSpan bytes, size_t at, size_t size) {
  uint32_t value = 0;
  for (size_t i = size; i-- > 0;) value = value << 8 | bytes[at + i];
  return value;
}

// The fields of BITMAPCOREHEADER and BITMAPINFOHEADER that a reader needs to know how long the file must be.
struct Header {
  int64_t width, height;
  uint32_t bits, compression, pixels_at;
};

Result<Header> ReadHeader(ByteSpan bytes) {
  if (bytes.size() < 26) return Fail(ErrorKind::kBadInput, "truncated BMP at byte {}", bytes.size());
  const uint32_t pixels_at = LittleEndian(bytes, 10, 4), header_size = LittleEndian(bytes, 14, 4);
  if (header_size == 12) {
    return Header{LittleEndian(bytes, 18, 2), LittleEndian(bytes, 20, 2), LittleEndian(bytes, 24, 2), 0,
                  pixels_at};
  }
  if (bytes.size() < 54) return Fail(ErrorKind::kBadInput, "truncated BMP at byte {}", bytes.size());
  const int64_t width = static_cast<int32_t>(LittleEndian(bytes, 18, 4));
  const int64_t height = static_cast<int32_t>(LittleEndian(bytes, 22, 4));  // negative: top row first
  return Header{width, std::abs(height), LittleEndian(bytes, 28, 2), LittleEndian(bytes, 30, 4), pixels_at};
}

struct FreePixels {
  void operator()(stbi_uc* pixels) const { stbi_image_free(pixels); }
};

}  // namespace

Result<Decoded> DecodeBmp(ByteSpan bytes, const DecodeLimits& limits) {
  HL_ASSIGN(const Header header, ReadHeader(bytes));
  HL_TRY(CheckSize(header.width, header.height, limits));
  if (header.compression != 0 && header.compression != 3) {
    return Fail(ErrorKind::kBadInput, "a compressed BMP (kind {}); save it as PNG first", header.compression);
  }
  constexpr uint32_t kKnownBits[] = {1, 4, 8, 16, 24, 32};
  if (std::find(std::begin(kKnownBits), std::end(kKnownBits), header.bits) == std::end(kKnownBits)) {
    return Fail(ErrorKind::kBadInput, "damaged or unusual BMP: {} bits a pixel", header.bits);
  }
  const int64_t row_bytes = (header.width * header.bits + 31) / 32 * 4;
  if (header.pixels_at + row_bytes * header.height > static_cast<int64_t>(bytes.size()) + 3) {
    return Fail(ErrorKind::kBadInput, "truncated BMP at byte {}", bytes.size());
  }
  int width = 0, height = 0, channels = 0;
  const std::unique_ptr<stbi_uc, FreePixels> pixels(
      stbi_load_from_memory(bytes.data(), static_cast<int>(std::min<size_t>(bytes.size(), 0x7fffffff)),
                            &width, &height, &channels, 0));
  if (!pixels || width != header.width || height != header.height) {
    return Fail(ErrorKind::kBadInput, "damaged or unusual BMP: {}",
                pixels ? "contradicting sizes" : stbi_failure_reason());
  }
  Decoded decoded;
  decoded.facts.format = "BMP";
  decoded.facts.colour = header.bits <= 8 ? "palette" : channels == 4 ? "rgba" : "rgb";
  decoded.facts.has_alpha = channels == 4;
  decoded.facts.bits = header.bits <= 8 ? static_cast<int>(header.bits) : 8;
  decoded.facts.stored_width = width;
  decoded.facts.stored_height = height;
  decoded.image = MakeImage(width, height);
  const size_t count = static_cast<size_t>(width) * static_cast<size_t>(height);
  if (channels == 4) {
    OverWhite(pixels.get(), count, decoded.image.rgb.data());
  } else if (channels == 3) {
    std::copy_n(pixels.get(), count * 3, decoded.image.rgb.data());
  } else {
    return Fail(ErrorKind::kBadInput, "an unusual BMP of {} channels; save it as PNG first", channels);
  }
  return decoded;
}

}  // namespace handlens::image
