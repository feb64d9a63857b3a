// The pixel contract (docs/pixels.md): picture in, tensor out, in integers, written once. Freestanding: no
// libc, no allocation, no exceptions, plain C interface, so that these very lines run on the host, on Android
// (through JNI), on the web (wasm32), on arm Linux and, through FFI, under Dart and Swift. All of them give
// the same bytes.
//
// Pictures are upright 8-bit RGB, row after row, 3 bytes a pixel, no padding. Sizes are in pixels.
#pragma once

#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

#ifndef HL_API
#define HL_API  // before each function; a file that carries the whole source within it makes them static
#endif

#define HL_PIXELS_VERSION 1
#define HL_MAX_SIDE_PX 65535

// How a picture that is not square becomes one. The fit belongs to the model.
enum { HL_FIT_CROP = 0, HL_FIT_STRETCH = 1, HL_FIT_LETTERBOX = 2 };

// Return codes of every function below that returns int.
enum { HL_OK = 0, HL_BAD_ARGUMENT = 1 };

// Bytes of scratch that hl_fit_resize needs for a width x height picture and an n x n result; 0 if an
// argument is out of range (sides 1..HL_MAX_SIDE_PX, n 1..4096, a known fit).
HL_API size_t hl_fit_resize_scratch(int width, int height, int n, int fit);

// Sections 2 and 3: fits and resizes `rgb` (width x height) to `out` (n x n x 3 bytes), bit for bit as
// Pillow's BILINEAR. `scratch` is 8-byte aligned.
HL_API int hl_fit_resize(const uint8_t* rgb, int width, int height, int n, int fit, uint8_t* out,
                         void* scratch);

// The same for a picture whose rows begin `stride` bytes apart (at least 3 * width).
HL_API int hl_fit_resize_rows(const uint8_t* rgb, int width, int height, int stride, int n, int fit,
                              uint8_t* out, void* scratch);

// Section 4: out[i] = in[i] / 255, a true division.
HL_API void hl_feed_float(const uint8_t* in, size_t count, float* out);

// Section 5: one YUV_420_888 frame to RGB, BT.601 full range. Strides in bytes; a plane's pixel stride is 1
// or 2 or more; no byte beyond a plane's last pixel is read.
typedef struct {
  const uint8_t* y;
  const uint8_t* u;
  const uint8_t* v;
  int y_row_stride, y_pixel_stride;
  int uv_row_stride, uv_pixel_stride;
  int width, height;
} hl_yuv_frame;
HL_API int hl_yuv_to_rgb(const hl_yuv_frame* frame, uint8_t* rgb);

// Turns a picture clockwise by 0, 90, 180 or 270 degrees. `out` has the same number of bytes and is not
// `rgb`.
HL_API int hl_rotate(const uint8_t* rgb, int width, int height, int degrees, uint8_t* out);

// Makes a picture upright by its EXIF orientation 1..8; anything else counts as 1. For 5..8 the result is
// height x width. `out` is not `rgb`.
HL_API int hl_orient(const uint8_t* rgb, int width, int height, int orientation, uint8_t* out);

#ifdef __cplusplus
}  // extern "C"
#endif
