#include "handlens_ffi.h"

#include <math.h>

#include "handlens_packed.h"
#include "model.h"
#include "pixels.h"

int handlens_ffi_side(void) { return HANDLENS_SIDE; }
int handlens_ffi_classes(void) { return HANDLENS_CLASSES; }
size_t handlens_ffi_arena_bytes(void) { return handlens_arena_bytes(); }

const char* handlens_ffi_label(int index) {
  return index < 0 || index >= HANDLENS_CLASSES ? NULL : handlens_labels[index];
}

const char* handlens_ffi_model_sha256(void) { return HANDLENS_MODEL_SHA256; }

int handlens_ffi_classify(const uint8_t* rgb, void* arena, float* scores) {
  const int best = handlens_classify(rgb, arena, scores);
  return best < 0 || best >= HANDLENS_CLASSES;
}

static int part_fits(int32_t part, int32_t pixel_bytes) { return part >= 0 && part < pixel_bytes; }

static int possible(size_t count, const handlens_ffi_layout* l) {
  size_t last_row;
  if (l->width < 1 || l->height < 1 || l->width > 65535 || l->height > 65535 || l->pixel_bytes < 1 ||
      l->pixel_bytes > 8)
    return 0;
  if (!part_fits(l->red, l->pixel_bytes) || !part_fits(l->green, l->pixel_bytes) ||
      !part_fits(l->blue, l->pixel_bytes))
    return 0;
  if (l->alpha != -1 && !part_fits(l->alpha, l->pixel_bytes)) return 0;
  last_row = (size_t)l->width * (size_t)l->pixel_bytes;
  if (l->row_bytes < 1 || (size_t)l->row_bytes < last_row) return 0;
  return (size_t)l->row_bytes * ((size_t)l->height - 1) + last_row <= count;
}

int handlens_ffi_flatten(const uint8_t* bytes, size_t count, const handlens_ffi_layout* l, uint8_t* out) {
  int32_t x, y;
  if (!possible(count, l)) return 1;
  for (y = 0; y < l->height; ++y) {
    const uint8_t* from = bytes + (size_t)y * (size_t)l->row_bytes;
    for (x = 0; x < l->width; ++x, from += l->pixel_bytes, out += 3) {
      const uint32_t a = l->alpha < 0 ? 255u : from[l->alpha];
      const uint32_t white = 255u * (255u - a) + 127u;
      out[0] = (uint8_t)((from[l->red] * a + white) / 255u);
      out[1] = (uint8_t)((from[l->green] * a + white) / 255u);
      out[2] = (uint8_t)((from[l->blue] * a + white) / 255u);
    }
  }
  return 0;
}

void handlens_ffi_widen(const uint8_t* rgb, size_t pixels, uint8_t* rgba) {
  size_t i;
  for (i = 0; i < pixels; ++i) {
    rgba[4 * i] = rgb[3 * i];
    rgba[4 * i + 1] = rgb[3 * i + 1];
    rgba[4 * i + 2] = rgb[3 * i + 2];
    rgba[4 * i + 3] = 255;
  }
}

static int32_t apart(int32_t a, int32_t b) { return a > b ? a - b : b - a; }

void handlens_ffi_measure(const uint8_t* seen, const uint8_t* before, size_t count,
                          handlens_ffi_light* light) {
  int64_t sum = 0, spread = 0, change = 0;
  const int64_t n = count > 0 ? (int64_t)count : 1;
  size_t i;
  for (i = 0; i < count; ++i) sum += seen[i];
  light->mean = (int32_t)(sum / n);
  for (i = 0; i < count; ++i) {
    spread += apart(seen[i], light->mean);
    if (before) change += apart(seen[i], before[i]);
  }
  light->spread = (int32_t)(spread / n);
  light->change = (int32_t)(change / n);
}

void handlens_ffi_interval(int32_t right, int32_t n, double* low, double* high) {
  const double z = 1.959963984540054;
  double p, centre, half, scale;
  *low = 0;
  *high = 1;
  if (n < 1 || right < 0 || right > n) return;
  p = (double)right / n;
  centre = p + z * z / (2.0 * n);
  half = z * sqrt(p * (1 - p) / n + z * z / (4.0 * n * n));
  scale = 1 + z * z / n;
  if ((centre - half) / scale > 0) *low = (centre - half) / scale;
  if ((centre + half) / scale < 1) *high = (centre + half) / scale;
}

void handlens_ffi_compare(const uint8_t* a, const uint8_t* b, size_t count, int64_t difference[2]) {
  size_t i;
  difference[0] = difference[1] = 0;
  for (i = 0; i < count; ++i) {
    const int32_t d = apart(a[i], b[i]);
    if (d > 0) difference[0] += 1;
    if (d > difference[1]) difference[1] = d;
  }
}

int handlens_ffi_yuv_to_rgb(const uint8_t* y, const uint8_t* u, const uint8_t* v, const int32_t layout[6],
                            uint8_t* rgb) {
  hl_yuv_frame frame;
  frame.y = y;
  frame.u = u;
  frame.v = v;
  frame.y_row_stride = layout[0];
  frame.y_pixel_stride = layout[1];
  frame.uv_row_stride = layout[2];
  frame.uv_pixel_stride = layout[3];
  frame.width = layout[4];
  frame.height = layout[5];
  return hl_yuv_to_rgb(&frame, rgb);
}
