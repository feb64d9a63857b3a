// Pictures: what a file becomes before anything learns from it. Decodes every format of docs/pixels.md
// section 1 to upright 8-bit RGB, refuses what is broken with a reason, encodes PNG and JPEG for people to
// look at. Resizing for a model is not here but in `pixels`; changing pictures for training is in augment.h.
#pragma once

#include <condition_variable>
#include <cstdint>
#include <mutex>
#include <span>
#include <string>
#include <vector>

#include "base/disk.h"
#include "base/result.h"

namespace handlens::image {

// Upright 8-bit RGB, (height, width, 3), row after row.
struct Image {
  int width = 0;
  int height = 0;
  std::vector<uint8_t> rgb;
};

// What the file said about itself, for the data check.
struct FileFacts {
  std::string format;      // "JPEG", "PNG", "GIF", "BMP", "TIFF", "WebP", "HEIC", "AVIF", "HEIF", "DICOM" by
                           // content, never by extension
  std::string colour;      // "grey", "rgb", "palette", "rgba", "greya", "cmyk"
  bool has_alpha = false;  // or a transparent colour; composited on white
  int bits = 8;            // a channel, as stored
  int orientation = 1;     // EXIF, 1..8
  bool has_icc = false;
  int frames = 1;
  int stored_width = 0;  // before orientation
  int stored_height = 0;
  std::string
      group;  // what the file says that it belongs to, under a name that tells nothing: DICOM's patient
  // What an exact reader should know although the picture decodes: "ends 12 bytes early", "profile ignored".
  std::vector<std::string> warnings;
};

struct Decoded {
  Image image;
  FileFacts facts;
};

// Memory that all threads of one loop decode in. A picture waits until there is room; one that needs more
// than all of it is decoded while no other is. Thread-safe.
class DecodeMemory {
 public:
  explicit DecodeMemory(int64_t bytes = int64_t{1} << 30) : free_bytes_(bytes), all_bytes_(bytes) {}
  int64_t all_bytes() const { return all_bytes_; }

 private:
  friend class DecodeShare;
  std::mutex mutex_;
  std::condition_variable freed_;
  int64_t free_bytes_;
  const int64_t all_bytes_;
};

// One picture's part of it, held until the picture is gone. Of one thread; a thread holds one at a time.
class DecodeShare {
 public:
  explicit DecodeShare(DecodeMemory& memory) : memory_(memory) {}
  ~DecodeShare() { Give(); }
  DecodeShare(const DecodeShare&) = delete;
  DecodeShare& operator=(const DecodeShare&) = delete;
  // Waits for `bytes` in place of what it held; decoders call it before they take the memory.
  void Take(int64_t bytes);
  int64_t held_bytes() const { return held_bytes_; }

 private:
  void Give();
  DecodeMemory& memory_;
  int64_t held_bytes_ = 0;
};

struct DecodeLimits {
  int64_t max_pixels = 200'000'000;  // refused before memory is taken
  DecodeShare* share = nullptr;      // takes the memory from there; nullptr = nothing waits
};

// Decodes a whole file's bytes. Kind kBadInput, message without the path: "truncated JPEG at byte 1043",
// "900000000 pixels (30000 x 30000) are over the limit of 200000000", "a PDF document, not a picture". Never
// crashes or hangs on hostile bytes. Thread-safe.
Result<Decoded> Decode(std::span<const uint8_t> bytes, const DecodeLimits& limits = {});

// Reads and decodes; the message begins with the path.
Result<Decoded> DecodeFile(const std::filesystem::path& path, const DecodeLimits& limits = {});

// Whether "HEIC" or "AVIF" pictures can be decoded on this computer, whose libheif does it; else a phrase
// that says what is missing.
Result<void> CanDecodeHeif(std::string_view format);

enum class Fit { kCrop, kStretch, kLetterbox };
const char* FitName(Fit fit);                 // "crop", "stretch", "letterbox"
Result<Fit> ParseFit(std::string_view name);  // kind kUsage

// The exact bytes a model sees: `pixels` on a decoded picture. Returns n * n * 3 bytes.
std::vector<uint8_t> ModelInput(const Image& image, int n, Fit fit);

// Lossless PNG of (height, width, 3) bytes; baseline JPEG of quality 1..100.
Bytes EncodePng(std::span<const uint8_t> rgb, int width, int height);
Bytes EncodeJpeg(std::span<const uint8_t> rgb, int width, int height, int quality);

}  // namespace handlens::image
