// The pixel contract (docs/pixels.md), sections 2 to 5: fit, resize, feed, camera frames, turning upright.
// What does not live here: decoding files (room `image`), memory, threads, errors with words.
//
// C11 that is C++ as well: hosts and phones compile it as C++, and what `handlens app --target c` writes
// carries these lines within its one file of plain C. Freestanding: compile with -ffreestanding -fno-builtin
// -nostdlib. -fno-builtin keeps the compiler from turning the copying loops into calls of memcpy, which
// wasm32 and bare targets do not have. Plain loops on purpose: baseline SSE2 has no 32-bit multiply, and an
// 8-row transposed variant is not worth its lines while the JPEG decoder before it takes four times as long.
#include "pixels/pixels.h"

// One rounding per operation, on every target: the resize weights must have Pillow's bits. GCC has no such
// pragma; the build passes -ffp-contract=off to both.
#ifdef __clang__
#pragma STDC FP_CONTRACT OFF
#endif

enum {
  kMaxN = 4096,
  kWeightBits = 32 - 8 - 2  // Pillow's PRECISION_BITS
};

static uint8_t Clip8(int32_t value) { return (uint8_t)(value < 0 ? 0 : value > 255 ? 255 : value); }

// The canvas that is resized: a whole picture, a box within it, or a square around it. A pixel of the canvas
// at position p is the picture's pixel p - offset, or 0 where the picture has none.
typedef struct {
  int width, height;
  int offset_x, offset_y;
} Canvas;

static int KnownFit(int fit) {
  return fit == HL_FIT_CROP || fit == HL_FIT_STRETCH || fit == HL_FIT_LETTERBOX;
}

static int GoodSide(int side) { return side >= 1 && side <= HL_MAX_SIDE_PX; }

static Canvas FitCanvas(int width, int height, int fit) {
  const int small = width < height ? width : height;
  const int large = width < height ? height : width;
  Canvas canvas = {width, height, 0, 0};
  if (fit == HL_FIT_STRETCH) return canvas;
  canvas.width = canvas.height = fit == HL_FIT_CROP ? small : large;
  // Halves are rounded to the left and to the top, whether they are cut off or added.
  canvas.offset_x = fit == HL_FIT_CROP ? -((width - small) / 2) : (large - width) / 2;
  canvas.offset_y = fit == HL_FIT_CROP ? -((height - small) / 2) : (large - height) / 2;
  return canvas;
}

// How many weights one output can have when `in` pixels become `out`.
static int MaxTaps(int in, int out) {
  const int support = in <= out ? 1 : (in + out - 1) / out;
  return 2 * support + 1;
}

// The weights of one axis: output i is the sum over k < count[i] of weight[i * taps + k] * pixel[first[i] +
// k], where the pixel is counted in the picture, not in the canvas.
typedef struct {
  int32_t* first;   // (n)
  int32_t* count;   // (n)
  int32_t* weight;  // (n, taps)
  int taps;
} Axis;

static size_t RoundUp8(size_t bytes) { return (bytes + 7) / 8 * 8; }

static size_t AxisBytes(int in, int n) {
  const size_t outputs = (size_t)n;
  return 2 * RoundUp8(outputs * 4) + RoundUp8(outputs * (size_t)(MaxTaps(in, n)) * 4);
}

static uint8_t* PlaceAxis(uint8_t* memory, int in, int n, Axis* axis) {
  const size_t outputs = (size_t)n;
  axis->taps = MaxTaps(in, n);
  axis->first = (int32_t*)memory;
  axis->count = (int32_t*)(memory + RoundUp8(outputs * 4));
  axis->weight = (int32_t*)(memory + 2 * RoundUp8(outputs * 4));
  return memory + AxisBytes(in, n);
}

// Fills an axis for `in` canvas pixels to n outputs, of which only those in [offset, offset + picture) exist:
// the others are 0 and their weights are left out, which changes no sum. `exact` holds MaxTaps doubles. The
// order of operations is that of Pillow's precompute_coeffs; another order gives other last bits.
static void FillAxis(int in, int n, int offset, int picture, const Axis* axis, double* exact) {
  const double scale = (double)in / n;
  const double support = scale < 1.0 ? 1.0 : scale;
  const double inverse = 1.0 / support;
  for (int i = 0; i < n; ++i) {
    const double center = (i + 0.5) * scale;
    int lo = (int)(center - support + 0.5);
    int hi = (int)(center + support + 0.5);
    if (lo < 0) lo = 0;
    if (hi > in) hi = in;
    double sum = 0.0;
    for (int k = 0; k < hi - lo; ++k) {
      double distance = (k + lo - center + 0.5) * inverse;
      if (distance < 0.0) distance = -distance;
      exact[k] = distance < 1.0 ? 1.0 - distance : 0.0;
      sum += exact[k];
    }
    const int begin = lo < offset ? offset : lo;
    const int end = hi > offset + picture ? offset + picture : hi;
    int32_t* weight = axis->weight + (size_t)i * (size_t)axis->taps;
    axis->first[i] = begin - offset;
    axis->count[i] = end > begin ? end - begin : 0;
    for (int k = begin; k < end; ++k) {
      const double share = sum != 0.0 ? exact[k - lo] / sum : exact[k - lo];
      weight[k - begin] = (int32_t)(share * (1 << kWeightBits) + 0.5);
    }
    while (axis->count[i] > 0 && weight[axis->count[i] - 1] == 0) --axis->count[i];
  }
}

// One row of the picture to n pixels.
static void ResizeRow(const uint8_t* row, int n, const Axis* axis, uint8_t* out) {
  const int32_t* weights = axis->weight;
  for (int i = 0; i < n; ++i, weights += axis->taps, out += 3) {
    int32_t r = 1 << (kWeightBits - 1), g = r, b = r;
    const int count = axis->count[i];
    const uint8_t* pixel = row + (count > 0 ? 3 * (size_t)axis->first[i] : 0);
    for (int k = 0; k < count; ++k, pixel += 3) {
      const int32_t weight = weights[k];
      r += pixel[0] * weight;
      g += pixel[1] * weight;
      b += pixel[2] * weight;
    }
    out[0] = Clip8(r >> kWeightBits);
    out[1] = Clip8(g >> kWeightBits);
    out[2] = Clip8(b >> kWeightBits);
  }
}

// Output row i from the horizontally resized rows, (rows, bytes) with row `first_row` of the picture on top.
static void MixRows(const uint8_t* rows, int first_row, int i, const Axis* axis, int32_t* sums, int bytes,
                    uint8_t* out) {
  const int32_t* weights = axis->weight + (size_t)i * (size_t)axis->taps;
  for (int j = 0; j < bytes; ++j) sums[j] = 1 << (kWeightBits - 1);
  for (int k = 0; k < axis->count[i]; ++k) {
    const uint8_t* row = rows + (size_t)(axis->first[i] + k - first_row) * (size_t)bytes;
    const int32_t weight = weights[k];
    for (int j = 0; j < bytes; ++j) sums[j] += row[j] * weight;
  }
  for (int j = 0; j < bytes; ++j) out[j] = Clip8(sums[j] >> kWeightBits);
}

// Rows of the picture that the canvas shows.
static int VisibleRows(Canvas canvas, int height) { return canvas.height < height ? canvas.height : height; }

// out(x, y) = in at origin + x * step_x + y * step_y, all in pixels: every turn and mirror is such a walk.
typedef struct {
  ptrdiff_t origin, step_x, step_y;
} Walk;

static void CopyWalk(const uint8_t* rgb, int out_width, int out_height, const Walk* walk, uint8_t* out) {
  for (int y = 0; y < out_height; ++y) {
    const uint8_t* in = rgb + 3 * (walk->origin + y * walk->step_y);
    for (int x = 0; x < out_width; ++x, in += 3 * walk->step_x, out += 3) {
      out[0] = in[0];
      out[1] = in[1];
      out[2] = in[2];
    }
  }
}

static int GoodPlane(const uint8_t* plane, int row_stride, int pixel_stride, int width) {
  return plane && pixel_stride >= 1 && (width - 1) <= (row_stride - 1) / pixel_stride;
}

HL_API size_t hl_fit_resize_scratch(int width, int height, int n, int fit) {
  if (!GoodSide(width) || !GoodSide(height) || n < 1 || n > kMaxN || !KnownFit(fit)) return 0;
  const Canvas canvas = FitCanvas(width, height, fit);
  const int taps_x = MaxTaps(canvas.width, n), taps_y = MaxTaps(canvas.height, n);
  const size_t row_bytes = (size_t)n * 3;
  return AxisBytes(canvas.width, n) + AxisBytes(canvas.height, n) +
         (size_t)(taps_x > taps_y ? taps_x : taps_y) * sizeof(double) + RoundUp8(row_bytes * 4) +
         RoundUp8(row_bytes * (size_t)(VisibleRows(canvas, height)));
}

HL_API int hl_fit_resize(const uint8_t* rgb, int width, int height, int n, int fit, uint8_t* out,
                         void* scratch) {
  return hl_fit_resize_rows(rgb, width, height, 3 * width, n, fit, out, scratch);
}

HL_API int hl_fit_resize_rows(const uint8_t* rgb, int width, int height, int stride, int n, int fit,
                              uint8_t* out, void* scratch) {
  if (!rgb || !out || !scratch || hl_fit_resize_scratch(width, height, n, fit) == 0 || stride / 3 < width)
    return HL_BAD_ARGUMENT;
  const Canvas canvas = FitCanvas(width, height, fit);
  Axis across, down;
  uint8_t* memory = PlaceAxis((uint8_t*)scratch, canvas.width, n, &across);
  memory = PlaceAxis(memory, canvas.height, n, &down);
  double* exact = (double*)memory;
  memory += (size_t)(across.taps > down.taps ? across.taps : down.taps) * sizeof(double);
  const int row_bytes = 3 * n;
  int32_t* sums = (int32_t*)memory;
  uint8_t* rows = memory + RoundUp8((size_t)row_bytes * 4);

  FillAxis(canvas.width, n, canvas.offset_x, width, &across, exact);
  FillAxis(canvas.height, n, canvas.offset_y, height, &down, exact);
  const int first_row = canvas.offset_y < 0 ? -canvas.offset_y : 0;
  const int visible = VisibleRows(canvas, height);
  for (int y = 0; y < visible; ++y) {
    ResizeRow(rgb + (size_t)(first_row + y) * (size_t)stride, n, &across,
              rows + (size_t)y * (size_t)row_bytes);
  }
  for (int i = 0; i < n; ++i) {
    MixRows(rows, first_row, i, &down, sums, row_bytes, out + (size_t)i * (size_t)row_bytes);
  }
  return HL_OK;
}

HL_API void hl_feed_float(const uint8_t* in, size_t count, float* out) {
  // in / 255 to the last bit for all 256 values (tested), with or without fused multiply-adds: the first
  // product is exact. A division takes nearly twice as long.
  for (size_t i = 0; i < count; ++i) {
    const float byte = (float)in[i];
    out[i] = byte * 0x1.01p-8f + byte * 0x1.010102p-24f;
  }
}

HL_API int hl_yuv_to_rgb(const hl_yuv_frame* frame, uint8_t* rgb) {
  if (!frame || !rgb || !GoodSide(frame->width) || !GoodSide(frame->height)) return HL_BAD_ARGUMENT;
  const int width = frame->width;
  if (!GoodPlane(frame->y, frame->y_row_stride, frame->y_pixel_stride, width) ||
      !GoodPlane(frame->u, frame->uv_row_stride, frame->uv_pixel_stride, (width + 1) / 2) ||
      !GoodPlane(frame->v, frame->uv_row_stride, frame->uv_pixel_stride, (width + 1) / 2)) {
    return HL_BAD_ARGUMENT;
  }
  for (int row = 0; row < frame->height; ++row) {
    const uint8_t* y_row = frame->y + (ptrdiff_t)row * frame->y_row_stride;
    const ptrdiff_t uv_row = (ptrdiff_t)(row / 2) * frame->uv_row_stride;
    for (int x = 0; x < width; ++x, rgb += 3) {
      const ptrdiff_t uv = uv_row + (ptrdiff_t)(x / 2) * frame->uv_pixel_stride;
      const int y = y_row[(ptrdiff_t)x * frame->y_pixel_stride];
      const int u = frame->u[uv] - 128;
      const int v = frame->v[uv] - 128;
      rgb[0] = Clip8(y + ((91881 * v + 32768) >> 16));
      rgb[1] = Clip8(y - ((22554 * u + 46802 * v + 32768) >> 16));
      rgb[2] = Clip8(y + ((116130 * u + 32768) >> 16));
    }
  }
  return HL_OK;
}

HL_API int hl_rotate(const uint8_t* rgb, int width, int height, int degrees, uint8_t* out) {
  if (degrees != 0 && degrees != 90 && degrees != 180 && degrees != 270) return HL_BAD_ARGUMENT;
  const int orientation = degrees == 0 ? 1 : degrees == 90 ? 6 : degrees == 180 ? 3 : 8;
  return hl_orient(rgb, width, height, orientation, out);
}

HL_API int hl_orient(const uint8_t* rgb, int width, int height, int orientation, uint8_t* out) {
  if (!rgb || !out || rgb == out || !GoodSide(width) || !GoodSide(height)) return HL_BAD_ARGUMENT;
  const ptrdiff_t w = width;
  const ptrdiff_t right = w - 1;
  const ptrdiff_t bottom = ((ptrdiff_t)height - 1) * w;
  // By the orientation: CIPA DC-008, tag 0x0112.
  const Walk walks[] = {{0, 1, w},       {0, 1, w}, {right, -1, w},  {bottom + right, -1, -w},
                        {bottom, 1, -w}, {0, w, 1}, {bottom, -w, 1}, {bottom + right, -w, -1},
                        {right, w, -1}};
  const Walk walk = walks[orientation >= 1 && orientation <= 8 ? orientation : 0];
  const int turned = orientation >= 5 && orientation <= 8;
  CopyWalk(rgb, turned ? height : width, turned ? width : height, &walk, out);
  return HL_OK;
}
