// Depthwise convolutions. The weights are packed (channels / 16, pairs of taps, 16, 2), with zeros where a block or a pair is
// not full. What the zero point of the input adds stands in the bias, so a tap beside the picture reads a row of zero points.
// Up to 15 bytes behind a pixel's channels are read and multiplied by zero.
enum { HL_LANES = 16, HL_MAX_PAIRS = 128 };

typedef struct {
  int in_height, in_width, channels, out_height, out_width;
  int kernel_height, kernel_width, stride, pad_top, pad_left;
  uint8_t in_zero;
  const int8_t *weights;
  const int32_t *bias;
  hl_output to;
} hl_depthwise;

// Sums of 16 channels from `channel` on over pairs of taps.
static void hl_taps(const uint8_t *const *taps, int pairs, int channel, const int8_t *weights, const int32_t *bias,
                    int32_t *sums) {
#if HL_VECTOR
  __m256i low = _mm256_loadu_si256((const __m256i *)bias), high = _mm256_loadu_si256((const __m256i *)(bias + 8));
  for (int t = 0; t < pairs; ++t, weights += 2 * HL_LANES) {
    const __m128i a = _mm_loadu_si128((const __m128i *)(taps[2 * t] + channel));
    const __m128i b = _mm_loadu_si128((const __m128i *)(taps[2 * t + 1] + channel));
    const __m256i x = _mm256_cvtepu8_epi16(_mm_unpacklo_epi8(a, b)), y = _mm256_cvtepu8_epi16(_mm_unpackhi_epi8(a, b));
    const __m256i v = _mm256_cvtepi8_epi16(_mm_loadu_si128((const __m128i *)weights));
    const __m256i w = _mm256_cvtepi8_epi16(_mm_loadu_si128((const __m128i *)(weights + HL_LANES)));
#if defined(__AVX512VNNI__) && defined(__AVX512VL__)
    low = _mm256_dpwssd_epi32(low, x, v);
    high = _mm256_dpwssd_epi32(high, y, w);
#else
    low = _mm256_add_epi32(low, _mm256_madd_epi16(x, v));
    high = _mm256_add_epi32(high, _mm256_madd_epi16(y, w));
#endif
  }
  _mm256_storeu_si256((__m256i *)sums, low);
  _mm256_storeu_si256((__m256i *)(sums + 8), high);
#else
  memcpy(sums, bias, HL_LANES * sizeof sums[0]);
  for (int t = 0; t < pairs; ++t, weights += 2 * HL_LANES) {
    const uint8_t *a = taps[2 * t] + channel, *b = taps[2 * t + 1] + channel;
    for (int c = 0; c < HL_LANES; ++c) sums[c] += a[c] * weights[2 * c] + b[c] * weights[2 * c + 1];
  }
#endif
}

// Where each tap of output (x, y) reads; an odd one more reads zeros. Returns the number of pairs.
static int hl_find_taps(const hl_depthwise *op, const uint8_t *in, int x, int y, const uint8_t *zeros, const uint8_t **taps) {
  const int left = x * op->stride - op->pad_left, top = y * op->stride - op->pad_top;
  int count = 0;
  for (int ky = 0; ky < op->kernel_height; ++ky) {
    for (int kx = 0; kx < op->kernel_width; ++kx) {
      const int iy = top + ky, ix = left + kx;
      const int inside = iy >= 0 && iy < op->in_height && ix >= 0 && ix < op->in_width;
      taps[count++] = inside ? in + (size_t)(iy * op->in_width + ix) * (size_t)op->channels : zeros;
    }
  }
  if (count % 2 == 1) taps[count++] = zeros;
  return count / 2;
}

// `zeros`: room for one pixel's channels, rounded up to 16.
static void hl_depthwise_run(const hl_depthwise *op, const uint8_t *in, uint8_t *out, uint8_t *zeros) {
  memset(zeros, op->in_zero, (size_t)((op->channels + HL_LANES - 1) / HL_LANES * HL_LANES));
  for (int y = 0; y < op->out_height; ++y) {
    for (int x = 0; x < op->out_width; ++x, out += op->channels) {
      const uint8_t *taps[2 * HL_MAX_PAIRS];
      const int pairs = hl_find_taps(op, in, x, y, zeros, taps);
      for (int c = 0; c < op->channels; c += HL_LANES) {
        int32_t sums[HL_LANES];
        hl_taps(taps, pairs, c, op->weights + (size_t)(2 * c * pairs), op->bias + c, sums);
        const int left = op->channels - c;
        hl_write(sums, &op->to, c, left < HL_BLOCK ? left : HL_BLOCK, out + c);
        if (left > HL_BLOCK) hl_write(sums + 8, &op->to, c + 8, left < HL_LANES ? left - 8 : HL_BLOCK, out + c + 8);
      }
    }
  }
}
