// The two numbers of EXIF and MPF blocks that a picture needs: its orientation and how many pictures the file
// holds. An own reader of one TIFF directory, 60 lines, because everything else in EXIF (position, owner,
// thumbnails) must never enter the program. Broken blocks count as absent.
#pragma once

#include <cstdint>
#include <optional>
#include <span>

namespace handlens::image {

// The value of a tag of type SHORT or LONG in the first directory of a TIFF structure ("II*\0" or "MM\0*"),
// or nothing. Never reads beyond the span. CIPA DC-008 section 4.6.
std::optional<uint32_t> FirstDirectoryValue(std::span<const uint8_t> tiff, uint16_t tag);

// Orientation 1..8 of an EXIF block with or without its "Exif\0\0" prefix; absent or nonsense gives 1.
int ExifOrientation(std::span<const uint8_t> block);

// Number of pictures that an MPF block (after its "MPF\0" prefix) announces; at least 1. CIPA DC-007
// section 5.2.3.
int MpfPictures(std::span<const uint8_t> block);

}  // namespace handlens::image
