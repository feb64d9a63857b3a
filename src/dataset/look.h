// What the checks remember of a picture after its pixels are gone: a small grey version and a few measures.
#pragma once

#include <array>
#include <cstdint>
#include <vector>

#include "image/image.h"

namespace handlens::dataset {

constexpr int kLookSide_px = 128;
constexpr int kThumbnailSide_px = 96;
// Of more pictures none are kept; the report makes the few that it shows.
constexpr size_t kMostThumbnails = 10'000;

// Signs of 128 random projections of the picture's 16 x 16 descriptor, as it is, mirrored and by quarter
// turns: how alike two pictures are is told by how many signs agree (Charikar 2002). None of a picture
// without detail.
struct Marks {
  static constexpr size_t kViews = 8;
  std::array<std::array<uint64_t, 2>, kViews> signs{};
  std::array<int8_t, 64> small{};  // the descriptor as it is, 8 x 8: a second look that costs nothing
  bool blank = true;
};

struct Look {
  std::array<uint8_t, 16>
      pixel_hash{};  // front of the SHA-256 of size and upright pixels: equal pictures in different files
  std::vector<uint8_t>
      grey;  // (kLookSide_px, kLookSide_px), the whole picture squeezed to a square; empty with Keep::kMarks
  Marks marks;                   // with Keep::kMarks
  std::array<double, 3> mean{};  // of R, G, B, 0..255
  double deviation = 0;          // of grey, 0..127.5
  double border_mean = 0;        // of grey along the outermost 3 % of each side
  double border_deviation = 0;
  double colourfulness = 0;  // mean of max(R,G,B) - min(R,G,B); 0 for a grey picture
  double detail = 0;         // mean absolute difference of neighbouring grey pixels
  int bits = 8;
  bool has_icc = false;
};

// What is kept for the search for near-duplicates: the grey picture (16 KB), or marks (200 bytes), for large
// sets.
enum class Keep { kGrey, kMarks };
// Measures a decoded picture. Pure; safe from any thread.
Look LookAt(const image::Decoded& decoded, Keep keep = Keep::kGrey);

// Area average of (height, width, 3) to (out_height, out_width, 3); only shrinks, sizes >= 1. For thumbnails
// and descriptors, never for what a model sees.
std::vector<uint8_t> Shrink(const image::Image& image, int out_width, int out_height);

// A JPEG whose longer side is at most `side_px`.
Bytes Thumbnail(const image::Image& image, int side_px);

}  // namespace handlens::dataset
