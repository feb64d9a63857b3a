// What the checks remember of a picture after its pixels are gone: a small grey version and a few measures.
#pragma once

#include <array>
#include <cstdint>
#include <string>
#include <vector>

#include "image/image.h"

namespace handlens::dataset {

constexpr int kLookSide_px = 128;

struct Look {
  std::string pixel_hash;           // SHA-256 of size and upright pixels: equal pictures in different files
  std::vector<uint8_t> grey;        // (kLookSide_px, kLookSide_px), the whole picture squeezed to a square
  std::array<double, 3> mean{};     // of R, G, B, 0..255
  double deviation = 0;             // of grey, 0..127.5
  double border_mean = 0;           // of grey along the outermost 3 % of each side
  double border_deviation = 0;
  double colourfulness = 0;         // mean of max(R,G,B) - min(R,G,B); 0 for a grey picture
  int bits = 8;
  bool has_icc = false;
};

// Measures a decoded picture. Pure; safe from any thread.
Look LookAt(const image::Decoded& decoded);

// Area average of (height, width, 3) to (out_height, out_width, 3); only shrinks, sizes >= 1. For thumbnails and
// descriptors, never for what a model sees.
std::vector<uint8_t> Shrink(const image::Image& image, int out_width, int out_height);

// A JPEG whose longer side is at most `side_px`.
Bytes Thumbnail(const image::Image& image, int side_px);

}  // namespace handlens::dataset
