// make_pictures FOLDER CLASSES COUNT [SIZE]: small pictures for the tests of the command line. Each class has
// a colour and a shape of its own, so that a tiny model can tell them apart; no two pictures are alike. The
// same arguments make the same bytes.
#include <cstdio>
#include <cstdlib>
#include <string>
#include <vector>

#include "base/disk.h"
#include "base/rng.h"
#include "image/image.h"

namespace {

using handlens::Rng;

std::vector<uint8_t> Draw(int size, int label, int number) {
  Rng rng(7, "make_pictures", {static_cast<uint64_t>(label), static_cast<uint64_t>(number)});
  const auto side = static_cast<size_t>(size);
  std::vector<uint8_t> rgb(side * side * 3);
  for (uint8_t& value : rgb) value = static_cast<uint8_t>(60 + rng.Below(60));
  // A few blocks of the class's colour, and some of any colour, in random places.
  for (int block = 0; block < 14; ++block) {
    const bool own = block < 8;
    const auto eighth = static_cast<uint32_t>(side / 8);
    const uint32_t w = eighth + rng.Below(2 * eighth), h = eighth + rng.Below(2 * eighth);
    const uint32_t x = rng.Below(static_cast<uint32_t>(side) - w),
                   y = rng.Below(static_cast<uint32_t>(side) - h);
    uint32_t colour[3];
    for (uint32_t c = 0; c < 3; ++c)
      colour[c] =
          own ? ((static_cast<uint32_t>(label) + 1) >> c & 1u ? 200 : 30) + rng.Below(40) : rng.Below(256);
    for (size_t row = y; row < y + h; ++row) {
      for (size_t column = x; column < x + w; ++column) {
        for (size_t c = 0; c < 3; ++c) rgb[(row * side + column) * 3 + c] = static_cast<uint8_t>(colour[c]);
      }
    }
  }
  return rgb;
}

}  // namespace

int main(int argc, char** argv) {
  if (argc < 4) {
    std::fputs("usage: make_pictures FOLDER CLASSES COUNT [SIZE]\n", stderr);
    return 2;
  }
  const int classes = std::atoi(argv[2]), count = std::atoi(argv[3]),
            size = argc > 4 ? std::atoi(argv[4]) : 40;
  for (int label = 0; label < classes; ++label) {
    for (int number = 0; number < count; ++number) {
      const std::string path = fmt::format("{}/class{:03}/p{:03}.png", argv[1], label, number);
      const auto written =
          handlens::WriteFileAtomic(path, handlens::image::EncodePng(Draw(size, label, number), size, size));
      if (!written) {
        std::fprintf(stderr, "%s\n", written.error().message.c_str());
        return 1;
      }
    }
  }
  return 0;
}
