// What the decoders of this room share, and their entry functions: one file a format, all of the same shape.
// Internal to `image`; other rooms call image.h. What does not live here: choosing the decoder (image.cc,
// sniff.h).
//
// Every decoder takes a whole file's bytes, refuses over-large pictures before it takes memory for pixels,
// and returns the picture as stored: image.cc turns it upright by facts.orientation. Messages come without
// the path.
#pragma once

#include <cstdint>
#include <span>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "image/image.h"

namespace handlens::image {

using ByteSpan = std::span<const uint8_t>;

Result<Decoded> DecodeJpeg(ByteSpan bytes, const DecodeLimits& limits);
Result<Decoded> DecodePng(ByteSpan bytes, const DecodeLimits& limits);
Result<Decoded> DecodeGif(ByteSpan bytes, const DecodeLimits& limits);
Result<Decoded> DecodeBmp(ByteSpan bytes, const DecodeLimits& limits);
Result<Decoded> DecodeTiff(ByteSpan bytes, const DecodeLimits& limits);
Result<Decoded> DecodeWebp(ByteSpan bytes, const DecodeLimits& limits);
Result<Decoded> DecodeHeif(ByteSpan bytes, const DecodeLimits& limits);  // HEIC and AVIF
Result<Decoded> DecodeDicom(ByteSpan bytes, const DecodeLimits& limits);

// Bytes a pixel that a decoder holds at most: RGB, and RGBA or a turned copy beside it.
constexpr int64_t kBytesPerPixel = 7;

// Refuses empty pictures, sides over HL_MAX_SIDE_PX and more pixels than the limit; then waits for the
// memory.
Result<void> CheckSize(int64_t width, int64_t height, const DecodeLimits& limits,
                       int64_t bytes_per_pixel = kBytesPerPixel);

// Refuses a picture of more pixels than `bytes` can hold at the format's best compression: a file of 100
// bytes that claims 100 megapixels is broken, and must not cost the memory it claims.
Result<void> CheckPlausible(int64_t pixels, size_t bytes, int64_t max_pixels_per_byte);

// A black picture of a checked size.
Image MakeImage(int width, int height);

// One channel over white: (c * a + 255 * (255 - a) + 127) / 255, docs/pixels.md section 1.
inline uint8_t OverWhite(int channel, int alpha) {
  return static_cast<uint8_t>((channel * alpha + 255 * (255 - alpha) + 127) / 255);
}

// `count` straight RGBA pixels over white to RGB.
void OverWhite(const uint8_t* rgba, size_t count, uint8_t* rgb);

// `count` pixels of inverted CMYK (0 is full ink, as Adobe stores it) to RGB: (C' * K' + 127) / 255.
void InvertedCmykToRgb(const uint8_t* cmyk, size_t count, uint8_t* rgb);

}  // namespace handlens::image
