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
#define HL_VECTOR 1
enum { HL_PIXELS = 8 };  // outputs that are computed together
#elif defined(__x86_64__) || defined(__aarch64__)
#define HL_VECTOR 0
enum { HL_PIXELS = 4 };
#else
#define HL_VECTOR 0
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

#if HL_VECTOR
// What scaling 8 sums needs: multipliers, those of the odd lanes in the even ones, shifts to the right, and
// their halves.
typedef struct {
  __m256i multiplier, odd, left, right, mask, half;
} hl_scaler;

static inline HL_UNUSED hl_scaler hl_scaler_of(__m256i multipliers, __m256i shifts) {
  const __m256i zero = _mm256_setzero_si256(), one = _mm256_set1_epi32(1);
  hl_scaler s;
  s.multiplier = multipliers;
  s.odd = _mm256_srli_epi64(multipliers, 32);
  s.left = _mm256_max_epi32(shifts, zero);
  s.right = _mm256_max_epi32(_mm256_sub_epi32(zero, shifts), zero);
  s.mask = _mm256_sub_epi32(_mm256_sllv_epi32(one, s.right), one);
  s.half = _mm256_srli_epi32(s.mask, 1);
  return s;
}

// hl_scale of 8 sums.
static inline HL_UNUSED __m256i hl_scale8(__m256i sums, const hl_scaler* s) {
  const __m256i up = _mm256_set1_epi64x((int64_t)1 << 30), x = _mm256_sllv_epi32(sums, s->left);
  const __m256i even = _mm256_add_epi64(_mm256_mul_epi32(x, s->multiplier), up);
  const __m256i odd = _mm256_add_epi64(_mm256_mul_epi32(_mm256_srli_epi64(x, 32), s->odd), up);
  const __m256i high = _mm256_blend_epi32(_mm256_srli_epi64(even, 31), _mm256_slli_epi64(odd, 1), 0xaa);
  const __m256i limit = _mm256_sub_epi32(s->half, _mm256_srai_epi32(high, 31));
  const __m256i more = _mm256_cmpgt_epi32(_mm256_and_si256(high, s->mask), limit);
  return _mm256_sub_epi32(_mm256_srav_epi32(high, s->right), more);
}

// 8 numbers within limits, as the lower 8 bytes.
static inline HL_UNUSED __m128i hl_bytes8(__m256i numbers, __m256i low, __m256i high) {
  const __m256i y = _mm256_min_epi32(_mm256_max_epi32(numbers, low), high);
  const __m128i words = _mm_packs_epi32(_mm256_castsi256_si128(y), _mm256_extracti128_si256(y, 1));
  return _mm_packus_epi16(words, words);
}
#endif

static HL_UNUSED void hl_write_plain(const int32_t* sums, const hl_output* to, int channel, int channels,
                                     uint8_t* out) {
  for (int c = 0; c < channels; ++c) {
    const int32_t multiplier = to->multiplier[channel + c];
    const int shift = to->shift[channel + c];
    const int32_t y =
        to->once ? hl_scale_once(sums[c], multiplier, shift) : hl_scale(sums[c], multiplier, shift);
    out[c] = hl_clamp(y + to->zero, to->low, to->high);
  }
}

// Writes the outputs of up to 8 channels of `count` pixels: their sums are `step` apart, the pixels `stride`
// bytes.
static inline HL_UNUSED void hl_write(const int32_t* sums, int step, int count, const hl_output* to,
                                      int channel, int channels, uint8_t* out, int stride) {
#if HL_VECTOR
  if (!to->once) {
    const __m256i multipliers = _mm256_loadu_si256((const __m256i*)(to->multiplier + channel));
    const hl_scaler scaler = hl_scaler_of(
        multipliers, _mm256_cvtepi8_epi32(_mm_loadl_epi64((const __m128i*)(to->shift + channel))));
    const __m256i zero = _mm256_set1_epi32(to->zero), low = _mm256_set1_epi32(to->low),
                  high = _mm256_set1_epi32(to->high);
    for (int p = 0; p < count; ++p, sums += step, out += stride) {
      const __m256i y = _mm256_add_epi32(hl_scale8(_mm256_loadu_si256((const __m256i*)sums), &scaler), zero);
      const __m128i bytes = hl_bytes8(y, low, high);
      if (channels == HL_BLOCK) {
        _mm_storel_epi64((__m128i*)out, bytes);
      } else {
        uint8_t some[HL_BLOCK];
        _mm_storel_epi64((__m128i*)some, bytes);
        for (int c = 0; c < channels; ++c) out[c] = some[c];
      }
    }
    return;
  }
#endif
  for (int p = 0; p < count; ++p, sums += step, out += stride)
    hl_write_plain(sums, to, channel, channels, out);
}
