// From an upright picture to the frame that a phone hands to an app, and back by `pixels`.
#include <algorithm>

#include "image/camera/camera.h"
#include "pixels/pixels.h"

namespace handlens::image {
namespace {

constexpr int kPadding = 16;  // bytes after each row, as some phones have

uint8_t Level(int fixed) { return static_cast<uint8_t>(std::clamp((fixed + 32768) >> 16, 0, 255)); }

uint8_t Luma(const uint8_t* p) { return Level(19595 * p[0] + 38470 * p[1] + 7471 * p[2]); }

}  // namespace

// BT.601 full range, the inverse of section 5 of the pixel contract. The pixel (x, y) of the upright picture
// lies at row width - 1 - x, column y; the four pixels of a chroma sample are the same either way, as the
// sides are even.
CameraFrame Deliver(const Image& upright) {
  HL_CHECK(upright.width % 2 == 0 && upright.height % 2 == 0);
  CameraFrame frame;
  frame.width = upright.height;
  frame.height = upright.width;
  frame.y_row_stride = frame.uv_row_stride = frame.width + kPadding;
  const auto stride = static_cast<size_t>(frame.y_row_stride),
             luma = stride * static_cast<size_t>(frame.height);
  frame.y.resize(luma);
  frame.u.resize(luma / 2);
  frame.v.resize(luma / 2);
  const auto width = static_cast<size_t>(upright.width);
  for (size_t y = 0; y < static_cast<size_t>(upright.height); y += 2) {
    const uint8_t* upper = upright.rgb.data() + y * width * 3;
    for (size_t x = 0; x < width; x += 2, upper += 6) {
      const uint8_t* const lower = upper + width * 3;
      uint8_t* const right = frame.y.data() + (width - 2 - x) * stride + y;  // the column x + 1
      right[0] = Luma(upper + 3);
      right[1] = Luma(lower + 3);
      right[stride] = Luma(upper);
      right[stride + 1] = Luma(lower);
      int mean[3];
      for (size_t c = 0; c < 3; ++c) mean[c] = (upper[c] + upper[c + 3] + lower[c] + lower[c + 3] + 2) / 4;
      const size_t place = (width - 2 - x) / 2 * stride + y;
      frame.u[place] = Level((128 << 16) - 11059 * mean[0] - 21709 * mean[1] + 32768 * mean[2]);
      frame.v[place] = Level((128 << 16) + 32768 * mean[0] - 27439 * mean[1] - 5329 * mean[2]);
    }
  }
  return frame;
}

Image Receive(const CameraFrame& frame) {
  const hl_yuv_frame planes = {
      frame.y.data(),      frame.u.data(),        frame.v.data(), frame.y_row_stride, 1,
      frame.uv_row_stride, frame.uv_pixel_stride, frame.width,    frame.height};
  std::vector<uint8_t> lying(static_cast<size_t>(frame.width) * static_cast<size_t>(frame.height) * 3);
  HL_CHECK(hl_yuv_to_rgb(&planes, lying.data()) == HL_OK);
  Image upright{frame.height, frame.width, std::vector<uint8_t>(lying.size())};
  HL_CHECK(hl_rotate(lying.data(), frame.width, frame.height, 90, upright.rgb.data()) == HL_OK);
  return upright;
}

}  // namespace handlens::image
