// Depthwise convolutions. The weights are packed (channels / 16, pairs of taps, 16, 2), with zeros where a
// block or a pair is not full. What the zero point of the input adds stands in the bias, so a tap beside the
// picture reads a row of zero points. Up to 15 bytes behind a pixel's channels are read and multiplied by
// zero.
enum { HL_LANES = 16, HL_MAX_PAIRS = 128 };

typedef struct {
  int in_height, in_width, channels, out_height, out_width;
  int kernel_height, kernel_width, stride, pad_top, pad_left;
  uint8_t in_zero;
  const int8_t* weights;
  const int32_t* bias;
  hl_output to;
} hl_depthwise;

// Outputs of a row that are computed together.
enum { HL_RUN = HL_PIXELS < 4 ? HL_PIXELS : 4 };

typedef const uint8_t* hl_tap_list[2 * HL_MAX_PAIRS];

// Sums of 16 channels from `channel` on over pairs of taps, for HL_RUN pixels.
#if HL_AVX2
static void hl_taps(const hl_tap_list* taps, int pairs, int channel, const int8_t* weights,
                    const int32_t* bias, int32_t (*sums)[HL_LANES]) {
  __m256i low[HL_RUN], high[HL_RUN];
  for (int p = 0; p < HL_RUN; ++p) {
    low[p] = _mm256_loadu_si256((const __m256i*)bias);
    high[p] = _mm256_loadu_si256((const __m256i*)(bias + 8));
  }
  for (int t = 0; t < pairs; ++t, weights += 2 * HL_LANES) {
    const __m256i v = _mm256_cvtepi8_epi16(_mm_loadu_si128((const __m128i*)weights));
    const __m256i w = _mm256_cvtepi8_epi16(_mm_loadu_si128((const __m128i*)(weights + HL_LANES)));
    for (int p = 0; p < HL_RUN; ++p) {
      const __m128i a = _mm_loadu_si128((const __m128i*)(taps[p][2 * t] + channel));
      const __m128i b = _mm_loadu_si128((const __m128i*)(taps[p][2 * t + 1] + channel));
      const __m256i x = _mm256_cvtepu8_epi16(_mm_unpacklo_epi8(a, b)),
                    y = _mm256_cvtepu8_epi16(_mm_unpackhi_epi8(a, b));
#if defined(__AVX512VNNI__) && defined(__AVX512VL__)
      low[p] = _mm256_dpwssd_epi32(low[p], x, v);
      high[p] = _mm256_dpwssd_epi32(high[p], y, w);
#else
      low[p] = _mm256_add_epi32(low[p], _mm256_madd_epi16(x, v));
      high[p] = _mm256_add_epi32(high[p], _mm256_madd_epi16(y, w));
#endif
    }
  }
  for (int p = 0; p < HL_RUN; ++p) {
    _mm256_storeu_si256((__m256i*)sums[p], low[p]);
    _mm256_storeu_si256((__m256i*)(sums[p] + 8), high[p]);
  }
}
#elif HL_NEON
static void hl_taps(const hl_tap_list* taps, int pairs, int channel, const int8_t* weights,
                    const int32_t* bias, int32_t (*sums)[HL_LANES]) {
  int32x4_t acc[HL_RUN][4];
  for (int p = 0; p < HL_RUN; ++p) {
    for (int i = 0; i < 4; ++i) acc[p][i] = vld1q_s32(bias + 4 * i);
  }
  for (int t = 0; t < pairs; ++t, weights += 2 * HL_LANES) {
    const int8x16x2_t w = vld2q_s8(weights);  // one tap of 16 channels each
    for (int k = 0; k < 2; ++k) {
      const int16x8_t low = vmovl_s8(vget_low_s8(w.val[k])), high = vmovl_high_s8(w.val[k]);
      for (int p = 0; p < HL_RUN; ++p) {
        const uint8x16_t bytes = vld1q_u8(taps[p][2 * t + k] + channel);
        const int16x8_t x = vreinterpretq_s16_u16(vmovl_u8(vget_low_u8(bytes))),
                        y = vreinterpretq_s16_u16(vmovl_high_u8(bytes));
        acc[p][0] = vmlal_s16(acc[p][0], vget_low_s16(x), vget_low_s16(low));
        acc[p][1] = vmlal_high_s16(acc[p][1], x, low);
        acc[p][2] = vmlal_s16(acc[p][2], vget_low_s16(y), vget_low_s16(high));
        acc[p][3] = vmlal_high_s16(acc[p][3], y, high);
      }
    }
  }
  for (int p = 0; p < HL_RUN; ++p) {
    for (int i = 0; i < 4; ++i) vst1q_s32(sums[p] + 4 * i, acc[p][i]);
  }
}
#else
static void hl_taps(const hl_tap_list* taps, int pairs, int channel, const int8_t* weights,
                    const int32_t* bias, int32_t (*sums)[HL_LANES]) {
  for (int p = 0; p < HL_RUN; ++p) {
    const int8_t* w = weights;
    memcpy(sums[p], bias, sizeof sums[p]);
    for (int t = 0; t < pairs; ++t, w += 2 * HL_LANES) {
      const uint8_t *a = taps[p][2 * t] + channel, *b = taps[p][2 * t + 1] + channel;
      for (int c = 0; c < HL_LANES; ++c) sums[p][c] += a[c] * w[2 * c] + b[c] * w[2 * c + 1];
    }
  }
}
#endif

// Where each tap of output (x, y) reads; an odd one more reads zeros.
static void hl_find_taps(const hl_depthwise* op, const uint8_t* in, int x, int y, const uint8_t* zeros,
                         const uint8_t** taps) {
  const int left = x * op->stride - op->pad_left, top = y * op->stride - op->pad_top;
  const int inside = left >= 0 && left + op->kernel_width <= op->in_width;
  int count = 0;
  for (int ky = 0; ky < op->kernel_height; ++ky) {
    const int iy = top + ky, row = iy >= 0 && iy < op->in_height;
    ptrdiff_t at = ((ptrdiff_t)iy * op->in_width + left) * op->channels;
    for (int kx = 0; kx < op->kernel_width; ++kx, at += op->channels) {
      taps[count++] = row && (inside || (left + kx >= 0 && left + kx < op->in_width)) ? in + at : zeros;
    }
  }
  taps[count] = zeros;
}

// `zeros`: room for one pixel's channels, rounded up to 16.
static void hl_depthwise_run(const hl_depthwise* op, const uint8_t* in, uint8_t* out, uint8_t* zeros) {
  const int pairs = (op->kernel_height * op->kernel_width + 1) / 2;
  memset(zeros, op->in_zero, (size_t)((op->channels + HL_LANES - 1) / HL_LANES * HL_LANES));
  for (int y = 0; y < op->out_height; ++y) {
    for (int x = 0; x < op->out_width; x += HL_RUN) {
      hl_tap_list taps[HL_RUN];
      const int count = op->out_width - x < HL_RUN ? op->out_width - x : HL_RUN;
      for (int p = 0; p < HL_RUN; ++p) hl_find_taps(op, in, x + (p < count ? p : 0), y, zeros, taps[p]);
      for (int c = 0; c < op->channels; c += HL_LANES) {
        const int left = op->channels - c;
        int32_t sums[HL_RUN][HL_LANES];
        hl_taps((const hl_tap_list*)taps, pairs, c, op->weights + (size_t)(2 * c * pairs), op->bias + c,
                sums);
        hl_write(sums[0], HL_LANES, count, &op->to, c, left < HL_BLOCK ? left : HL_BLOCK, out + c,
                 op->channels);
        if (left > HL_BLOCK) {
          hl_write(sums[0] + 8, HL_LANES, count, &op->to, c + 8, left < HL_LANES ? left - 8 : HL_BLOCK,
                   out + c + 8, op->channels);
        }
      }
      out += count * op->channels;
    }
  }
}
