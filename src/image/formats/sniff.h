// What a file is, by its first bytes, never by its name: the pictures that the room decodes, and names for
// what people keep among pictures by mistake.
#pragma once

#include <string_view>

#include "image/formats/codec.h"

namespace handlens::image {

enum class Format { kNone, kJpeg, kPng, kGif, kBmp, kTiff, kWebp, kHeif, kDicom };

// The picture format that these bytes begin with; kNone for everything else.
Format SniffFormat(ByteSpan bytes);

// Of a kHeif file: "AVIF", "HEIC", or "HEIF" where its brands do not say how it is compressed.
std::string_view HeifName(ByteSpan bytes);

// For bytes that are no picture of ours: what they are and what to do, as one phrase without the path, such
// as "a PDF document, not a picture" or "a Photoshop file; save it as PNG first".
std::string_view NameOther(ByteSpan bytes);

}  // namespace handlens::image
