#include "dataset/look.h"

#include <algorithm>
#include <cmath>

#include "base/hash.h"
#include "dataset/near/marks.h"

namespace handlens::dataset {
namespace {

// The first source pixel of output pixel i; out may exceed in, then pixels repeat.
int Edge(int i, int in, int out) { return static_cast<int>(static_cast<int64_t>(i) * in / out); }

uint8_t Grey(const uint8_t* rgb) {
  return static_cast<uint8_t>((299 * rgb[0] + 587 * rgb[1] + 114 * rgb[2] + 500) / 1000);
}

struct Sums {
  int64_t n = 0, sum = 0, squares = 0;
  void Add(int value) {
    ++n;
    sum += value;
    squares += value * value;
  }
  double Mean() const { return n == 0 ? 0 : static_cast<double>(sum) / static_cast<double>(n); }
  double Deviation() const {
    if (n == 0) return 0;
    const double variance = static_cast<double>(squares) / static_cast<double>(n) - Mean() * Mean();
    return variance > 0 ? std::sqrt(variance) : 0;
  }
};

void Measure(const std::vector<uint8_t>& small, Look& look) {
  constexpr int kSide = kLookSide_px;
  constexpr int kBorder = 4;  // 3 % of 128
  Sums grey, border;
  std::array<int64_t, 3> channels{};
  int64_t spread = 0;
  look.grey.resize(static_cast<size_t>(kSide) * kSide);
  for (int y = 0; y < kSide; ++y) {
    for (int x = 0; x < kSide; ++x) {
      const size_t at = static_cast<size_t>(y * kSide + x);
      const uint8_t* rgb = &small[at * 3];
      const uint8_t value = Grey(rgb);
      look.grey[at] = value;
      grey.Add(value);
      if (x < kBorder || y < kBorder || x >= kSide - kBorder || y >= kSide - kBorder) border.Add(value);
      for (size_t c = 0; c < 3; ++c) channels[c] += rgb[c];
      spread += std::max({rgb[0], rgb[1], rgb[2]}) - std::min({rgb[0], rgb[1], rgb[2]});
    }
  }
  for (size_t c = 0; c < 3; ++c)
    look.mean[c] = static_cast<double>(channels[c]) / static_cast<double>(grey.n);
  look.colourfulness = static_cast<double>(spread) / static_cast<double>(grey.n);
  look.deviation = grey.Deviation();
  look.border_mean = border.Mean();
  look.border_deviation = border.Deviation();
  int64_t steps = 0;
  for (size_t i = 1; i < look.grey.size(); ++i) steps += std::abs(int{look.grey[i]} - int{look.grey[i - 1]});
  look.detail = static_cast<double>(steps) / static_cast<double>(look.grey.size());
}

}  // namespace

namespace {

// Where no output pixel averages several source pixels.
std::vector<uint8_t> Repeat(const image::Image& image, int out_width, int out_height) {
  std::vector<uint8_t> out(static_cast<size_t>(out_width) * static_cast<size_t>(out_height) * 3);
  std::vector<size_t> column(static_cast<size_t>(out_width));
  for (size_t x = 0; x < column.size(); ++x)
    column[x] = static_cast<size_t>(Edge(static_cast<int>(x), image.width, out_width)) * 3;
  uint8_t* target = out.data();
  for (int y = 0; y < out_height; ++y) {
    const uint8_t* row = &image.rgb[static_cast<size_t>(Edge(y, image.height, out_height)) *
                                    static_cast<size_t>(image.width) * 3];
    for (const size_t at : column) {
      target = std::copy_n(row + at, 3, target);
    }
  }
  return out;
}

}  // namespace

std::vector<uint8_t> Shrink(const image::Image& image, int out_width, int out_height) {
  if (image.width <= out_width && image.height <= out_height) return Repeat(image, out_width, out_height);
  std::vector<uint8_t> out(static_cast<size_t>(out_width) * static_cast<size_t>(out_height) * 3);
  const auto stride = static_cast<size_t>(image.width) * 3;
  for (int y = 0; y < out_height; ++y) {
    const int top = Edge(y, image.height, out_height);
    const int bottom = std::max(Edge(y + 1, image.height, out_height), top + 1);
    for (int x = 0; x < out_width; ++x) {
      const int left = Edge(x, image.width, out_width);
      const int right = std::max(Edge(x + 1, image.width, out_width), left + 1);
      std::array<int64_t, 3> sums{};
      for (int sy = top; sy < bottom; ++sy) {
        const uint8_t* pixel = &image.rgb[static_cast<size_t>(sy) * stride + static_cast<size_t>(left) * 3];
        for (int sx = left; sx < right; ++sx, pixel += 3) {
          for (size_t c = 0; c < 3; ++c) sums[c] += pixel[c];
        }
      }
      const int64_t count = static_cast<int64_t>(bottom - top) * (right - left);
      uint8_t* target =
          &out[(static_cast<size_t>(y) * static_cast<size_t>(out_width) + static_cast<size_t>(x)) * 3];
      for (size_t c = 0; c < 3; ++c) target[c] = static_cast<uint8_t>((sums[c] + count / 2) / count);
    }
  }
  return out;
}

Bytes Thumbnail(const image::Image& image, int side_px) {
  const int longer = std::max({image.width, image.height, side_px});
  const auto scaled = [&](int side) {
    return std::max(1, static_cast<int>(static_cast<int64_t>(side) * side_px / longer));
  };
  const int width = scaled(image.width), height = scaled(image.height);
  return image::EncodeJpeg(Shrink(image, width, height), width, height, 80);
}

Look LookAt(const image::Decoded& decoded, Keep keep) {
  const image::Image& image = decoded.image;
  Look look;
  const std::string hash =
      Sha256(fmt::format("{}x{}:{}", image.width, image.height, Sha256(std::span<const uint8_t>(image.rgb))));
  std::copy_n(hash.begin(), look.pixel_hash.size(), look.pixel_hash.begin());
  look.bits = decoded.facts.bits;
  look.has_icc = decoded.facts.has_icc;
  Measure(Shrink(image, kLookSide_px, kLookSide_px), look);
  if (keep == Keep::kMarks) {
    look.marks = MarksOf(look);
    look.grey = std::vector<uint8_t>();  // = {} would keep the memory
  }
  return look;
}

}  // namespace handlens::dataset
