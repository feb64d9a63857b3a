// Any arguments to the pixel contract: a refusal or exactly the promised bytes, none read or written beyond.
// Buffers are heap blocks of the smallest allowed size, so that the address sanitizer sees a step too far.
#include <algorithm>
#include <memory>

#include "base/result.h"
#include "pixels/pixels.h"

namespace {

std::unique_ptr<uint8_t[]> Filled(size_t size, uint8_t value) {
  auto memory = std::make_unique<uint8_t[]>(std::max<size_t>(size, 1));
  std::fill_n(memory.get(), size, value);
  return memory;
}

void Resize(int width, int height, int n, int fit) {
  const size_t scratch_bytes = hl_fit_resize_scratch(width, height, n, fit);
  if (scratch_bytes == 0) return;
  const auto pixels = static_cast<size_t>(width) * static_cast<size_t>(height) * 3;
  const auto rgb = Filled(pixels, 200);
  const auto out = Filled(static_cast<size_t>(n) * static_cast<size_t>(n) * 3, 0);
  const auto scratch = std::make_unique<uint64_t[]>((scratch_bytes + 7) / 8);
  HL_CHECK(hl_fit_resize(rgb.get(), width, height, n, fit, out.get(), scratch.get()) == HL_OK);
  // A flat picture stays flat within one level, whatever the weights' rounding.
  const size_t middle =
      (static_cast<size_t>(n / 2) * static_cast<size_t>(n) + static_cast<size_t>(n / 2)) * 3;
  if (fit != HL_FIT_LETTERBOX) HL_CHECK(out[middle] >= 199 && out[middle] <= 201);
}

void Frame(const uint8_t* d, int width, int height) {
  hl_yuv_frame frame = {};
  frame.width = width;
  frame.height = height;
  frame.y_row_stride = d[0] * 2;
  frame.y_pixel_stride = d[1] % 5;
  frame.uv_row_stride = d[2] * 2;
  frame.uv_pixel_stride = d[3] % 5;
  const auto last = [](int rows, int columns, int row_stride, int pixel_stride) {
    return static_cast<size_t>((rows - 1) * row_stride + (columns - 1) * pixel_stride + 1);
  };
  const size_t uv_size = last((height + 1) / 2, (width + 1) / 2, frame.uv_row_stride, frame.uv_pixel_stride);
  const auto y = Filled(last(height, width, frame.y_row_stride, frame.y_pixel_stride), 90);
  const auto u = Filled(uv_size, d[4]), v = Filled(uv_size, d[5]);
  frame.y = y.get();
  frame.u = u.get();
  frame.v = v.get();
  const auto rgb = Filled(static_cast<size_t>(width) * static_cast<size_t>(height) * 3, 0);
  hl_yuv_to_rgb(&frame, rgb.get());
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  if (size < 12) return 0;
  const int width = (data[0] | data[1] << 8) % 600, height = (data[2] | data[3] << 8) % 600;
  Resize(width, height, data[4] % 70, data[5] % 4);
  if (width < 1 || height < 1) return 0;
  Frame(data + 6, width, height);
  const auto pixels = static_cast<size_t>(width) * static_cast<size_t>(height) * 3;
  const auto rgb = Filled(pixels, 1), out = Filled(pixels, 0);
  HL_CHECK(hl_orient(rgb.get(), width, height, data[4], out.get()) == HL_OK);
  HL_CHECK(out[0] == 1 && out[pixels - 1] == 1);
  return 0;
}
