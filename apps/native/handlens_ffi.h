/* What languages that read no C headers need of the C inference (model.h): constants as functions, and the
 * little arithmetic that is neither the model's nor the pixel contract's. The iPhone app and the Flutter app
 * call this and hl_* of pixels.h, and compute nothing themselves. Plain C99; no allocation, no input or
 * output. */
#ifndef HANDLENS_FFI_H
#define HANDLENS_FFI_H

#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

/* The model's side in pixels, the number of its classes, the bytes of memory that one classification needs.
 */
int handlens_ffi_side(void);
int handlens_ffi_classes(void);
size_t handlens_ffi_arena_bytes(void);
/* UTF-8, ended by a zero byte; a null pointer when there is no such class. */
const char* handlens_ffi_label(int index);
/* SHA-256 of the .tflite file that this code was made of, as 64 hexadecimal digits. */
const char* handlens_ffi_model_sha256(void);

/* One picture of side x side x 3 bytes, R, G, B. `arena`: handlens_ffi_arena_bytes() bytes, 16-byte aligned.
 * Writes one score a class. 0 when done. */
int handlens_ffi_classify(const uint8_t* rgb, void* arena, float* scores);

/* Where the parts of a pixel stand that another decoder made. Offsets in bytes within a pixel; grey: all
 * three the same; alpha: -1 when there is none or it means nothing. */
typedef struct {
  int32_t width, height, row_bytes, pixel_bytes;
  int32_t red, green, blue, alpha;
} handlens_ffi_layout;

/* Section 1 of the pixel contract: to R, G, B, straight alpha over white. `out`: width x height x 3 bytes. 0
 * when done, 1 when the layout is impossible. */
int handlens_ffi_flatten(const uint8_t* bytes, size_t count, const handlens_ffi_layout* layout, uint8_t* out);

/* R, G, B to R, G, B, 255 for screens that take four bytes a pixel. */
void handlens_ffi_widen(const uint8_t* rgb, size_t pixels, uint8_t* rgba);

/* The mean level, the mean distance from it and the mean change from `before` (null: 0), for hints to the
 * user. */
typedef struct {
  int32_t mean, spread, change;
} handlens_ffi_light;
void handlens_ffi_measure(const uint8_t* seen, const uint8_t* before, size_t count,
                          handlens_ffi_light* light);

/* Wilson's score interval at 95 % of `right` of `n` (JASA 22, 1927), as shares; 0 and 1 when n is 0. */
void handlens_ffi_interval(int32_t right, int32_t n, double* low, double* high);

/* difference[0]: how many bytes differ; difference[1]: by how much the largest of them. */
void handlens_ffi_compare(const uint8_t* a, const uint8_t* b, size_t count, int64_t difference[2]);

/* hl_yuv_to_rgb for languages that make no structures of C. layout: row and pixel stride of Y, row and pixel
 * stride of U and V, width, height. */
int handlens_ffi_yuv_to_rgb(const uint8_t* y, const uint8_t* u, const uint8_t* v, const int32_t layout[6],
                            uint8_t* rgb);

#ifdef __cplusplus
}
#endif
#endif
