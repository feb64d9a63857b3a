// One TIFF directory, read by the byte.
#include "image/formats/exif.h"

#include <algorithm>
#include <array>

namespace handlens::image {
namespace {

constexpr uint16_t kShort = 3, kLong = 4;
constexpr uint16_t kOrientationTag = 0x0112, kMpfPicturesTag = 0xb001;

struct ExifReader {
  std::span<const uint8_t> bytes;
  bool big_endian = false;

  std::optional<uint32_t> Number(size_t at, size_t size) const {
    if (at > bytes.size() || bytes.size() - at < size) return std::nullopt;
    uint32_t value = 0;
    for (size_t i = 0; i < size; ++i) value = value << 8 | bytes[at + (big_endian ? i : size - 1 - i)];
    return value;
  }
};

}  // namespace

std::optional<uint32_t> FirstDirectoryValue(std::span<const uint8_t> tiff, uint16_t tag) {
  if (tiff.size() < 8) return std::nullopt;
  const bool big = tiff[0] == 'M' && tiff[1] == 'M';
  if (!big && !(tiff[0] == 'I' && tiff[1] == 'I')) return std::nullopt;
  const ExifReader reader{tiff, big};
  if (reader.Number(2, 2) != 42u) return std::nullopt;
  const size_t directory = *reader.Number(4, 4);
  const auto count = reader.Number(directory, 2);
  if (!count) return std::nullopt;
  for (size_t i = 0; i < *count; ++i) {
    const size_t entry = directory + 2 + 12 * i;
    const auto entry_tag = reader.Number(entry, 2);
    const auto type = reader.Number(entry + 2, 2);
    if (!entry_tag || !type) return std::nullopt;
    if (*entry_tag != tag) continue;
    if (*type != kShort && *type != kLong) return std::nullopt;
    return reader.Number(entry + 8, *type == kShort ? 2 : 4);
  }
  return std::nullopt;
}

int ExifOrientation(std::span<const uint8_t> block) {
  constexpr std::array<uint8_t, 6> kPrefix = {'E', 'x', 'i', 'f', 0, 0};
  if (block.size() >= kPrefix.size() && std::equal(kPrefix.begin(), kPrefix.end(), block.begin())) {
    block = block.subspan(kPrefix.size());
  }
  const uint32_t value = FirstDirectoryValue(block, kOrientationTag).value_or(1);
  return value >= 1 && value <= 8 ? static_cast<int>(value) : 1;
}

int MpfPictures(std::span<const uint8_t> block) {
  const uint32_t value = FirstDirectoryValue(block, kMpfPicturesTag).value_or(1);
  return value >= 1 && value <= 1000 ? static_cast<int>(value) : 1;
}

}  // namespace handlens::image
