// What all kernels share. A number q of the int8 model is kept as q + 128, 0..255: products of an unsigned
// and a signed byte are what processors multiply fastest, and the picture's own bytes are the first layer's
// numbers as they are. Zero points and limits below are meant so. Tensors are (height, width, channels).
//
// Results are, bit for bit, those of TensorFlow Lite's reference kernels. Sums are whole numbers, so their
// order, and with it the width of vectors, changes nothing.

#if defined(__GNUC__)
#define HL_UNUSED __attribute__((unused))
#else
#define HL_UNUSED
#endif
#if defined(__FAST_MATH__)
#error "-ffast-math changes results; compile without it"
#endif

#if defined(__AVX2__)
#include <immintrin.h>
#define HL_AVX2 1
#define HL_NEON 0
#elif defined(__AARCH64EL__) && defined(__ARM_NEON)
#include <arm_neon.h>
#define HL_AVX2 0
#define HL_NEON 1
#else
#define HL_AVX2 0
#define HL_NEON 0
#endif
#define HL_VECTOR (HL_AVX2 || HL_NEON)

// Outputs that are computed together.
#if HL_VECTOR
enum { HL_PIXELS = 8 };
#elif defined(__x86_64__) || defined(__aarch64__)
enum { HL_PIXELS = 4 };
#else
enum { HL_PIXELS = 1 };
#endif

enum { HL_BLOCK = 8 };  // channels that are computed together

// How a sum becomes an output: times multiplier / 2^31 (rounded half up), times 2^shift (rounded half away
// from zero), as the reference kernels round twice.
static inline HL_UNUSED int32_t hl_scale(int32_t sum, int32_t multiplier, int shift) {
  const int left = shift > 0 ? shift : 0, right = shift > 0 ? 0 : -shift;
  const int64_t product = (int64_t)(int32_t)((uint32_t)sum << left) * multiplier;
  const int32_t high = (int32_t)((product + ((int64_t)1 << 30)) >> 31);
  const int32_t mask = (int32_t)(((uint32_t)1 << right) - 1);
  return (high >> right) + ((high & mask) > (mask >> 1) + (high < 0));
}

// The same, rounded once (half up): so fully connected layers do.
static inline HL_UNUSED int32_t hl_scale_once(int32_t sum, int32_t multiplier, int shift) {
  const int64_t product = (int64_t)sum * multiplier;
  return (int32_t)((product + ((int64_t)1 << (30 - shift))) >> (31 - shift));
}

static inline HL_UNUSED uint8_t hl_clamp(int32_t value, int32_t low, int32_t high) {
  return (uint8_t)(value < low ? low : value > high ? high : value);
}

// The numbers for that, one a channel, padded to whole blocks of channels; limits are those of the
// activation.
typedef struct {
  const int32_t* multiplier;
  const int8_t* shift;
  int once;  // 1 = rounded once
  int32_t zero, low, high;
} hl_output;
