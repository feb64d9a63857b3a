// Convolutions and fully connected layers (a picture of 1 x 1 pixels). Each output is a sum over a patch of
// the input, laid out (kernel_height, kernel_width, channels) and padded to whole quads of bytes. The weights
// are packed (out_channels / 8, quads, 8, 4): as they are read, and with zeros where a block or a quad is not
// full. What the zero point of the input adds stands in the bias.
typedef struct {
  int in_height, in_width, in_channels, out_height, out_width, out_channels;
  int kernel_height, kernel_width, stride, pad_top, pad_left;
  uint8_t in_zero;
  const int8_t* weights;
  const int32_t* bias;
  hl_output to;
} hl_conv;

static int hl_quads(const hl_conv* op) {
  return (op->kernel_height * op->kernel_width * op->in_channels + 3) / 4;
}

// Sums of 8 channels for HL_PIXELS patches.
#if defined(__AVX512VNNI__) && defined(__AVX512VL__)
static void hl_dot(const uint8_t* const* patches, const int8_t* weights, const int32_t* bias, int quads,
                   int32_t (*sums)[HL_BLOCK]) {
  __m256i acc[HL_PIXELS];
  for (int p = 0; p < HL_PIXELS; ++p) acc[p] = _mm256_loadu_si256((const __m256i*)bias);
  for (int q = 0; q < quads; ++q) {
    const __m256i w = _mm256_loadu_si256((const __m256i*)(weights + 32 * q));
    for (int p = 0; p < HL_PIXELS; ++p) {
      int32_t x;
      memcpy(&x, patches[p] + 4 * q, 4);
      acc[p] = _mm256_dpbusd_epi32(acc[p], _mm256_set1_epi32(x), w);
    }
  }
  for (int p = 0; p < HL_PIXELS; ++p) _mm256_storeu_si256((__m256i*)sums[p], acc[p]);
}
#elif HL_AVX2
static void hl_dot(const uint8_t* const* patches, const int8_t* weights, const int32_t* bias, int quads,
                   int32_t (*sums)[HL_BLOCK]) {
  // Four channels' sums in two halves each, added up at the end.
  __m256i acc[HL_PIXELS], more[HL_PIXELS];
  for (int p = 0; p < HL_PIXELS; ++p) acc[p] = more[p] = _mm256_setzero_si256();
  for (int q = 0; q < quads; ++q) {
    const __m256i w = _mm256_cvtepi8_epi16(_mm_loadu_si128((const __m128i*)(weights + 32 * q)));
    const __m256i v = _mm256_cvtepi8_epi16(_mm_loadu_si128((const __m128i*)(weights + 32 * q + 16)));
    for (int p = 0; p < HL_PIXELS; ++p) {
      int32_t bytes;
      memcpy(&bytes, patches[p] + 4 * q, 4);
      const __m256i x = _mm256_cvtepu8_epi16(_mm_set1_epi32(bytes));
      acc[p] = _mm256_add_epi32(acc[p], _mm256_madd_epi16(x, w));
      more[p] = _mm256_add_epi32(more[p], _mm256_madd_epi16(x, v));
    }
  }
  for (int p = 0; p < HL_PIXELS; ++p) {
    const __m256i pairs = _mm256_permute4x64_epi64(_mm256_hadd_epi32(acc[p], more[p]), 0xd8);
    _mm256_storeu_si256((__m256i*)sums[p], _mm256_add_epi32(pairs, _mm256_loadu_si256((const __m256i*)bias)));
  }
}
#elif HL_NEON
// The four bytes of quad `q`.
static inline int32_t hl_quad(const uint8_t* patch, int q) {
  int32_t bytes;
  memcpy(&bytes, patch + 4 * q, 4);
  return bytes;
}

// `count` patches, a constant where this is called.
#if defined(__ARM_FEATURE_DOTPROD)
// SDOT multiplies signed bytes: x - 128, so the sums lack 128 times the weights' sums.
static inline __attribute__((always_inline)) void hl_dot_some(const uint8_t* const* patches,
                                                              const int8_t* weights, const int32_t* bias,
                                                              int quads, int32_t (*sums)[HL_BLOCK],
                                                              const int count) {
  const int8x16_t ones = vdupq_n_s8(1);
  const uint8x16_t top = vdupq_n_u8(128);
  hl_8 acc[HL_PIXELS], all = hl_set8(0);
  int q = 0;
  for (int p = 0; p < count; ++p) acc[p] = hl_load8(bias);
  for (; q + 4 <= quads; q += 4, weights += 128) {
    int8x16_t w[8];
    for (int i = 0; i < 8; ++i) w[i] = vld1q_s8(weights + 16 * i);
    for (int i = 0; i < 8; i += 2) {
      all.a = vdotq_s32(all.a, w[i], ones);
      all.b = vdotq_s32(all.b, w[i + 1], ones);
    }
    for (int p = 0; p < count; ++p) {
      const int8x16_t x = vreinterpretq_s8_u8(veorq_u8(vld1q_u8(patches[p] + 4 * q), top));
      acc[p].a = vdotq_laneq_s32(acc[p].a, w[0], x, 0);
      acc[p].b = vdotq_laneq_s32(acc[p].b, w[1], x, 0);
      acc[p].a = vdotq_laneq_s32(acc[p].a, w[2], x, 1);
      acc[p].b = vdotq_laneq_s32(acc[p].b, w[3], x, 1);
      acc[p].a = vdotq_laneq_s32(acc[p].a, w[4], x, 2);
      acc[p].b = vdotq_laneq_s32(acc[p].b, w[5], x, 2);
      acc[p].a = vdotq_laneq_s32(acc[p].a, w[6], x, 3);
      acc[p].b = vdotq_laneq_s32(acc[p].b, w[7], x, 3);
    }
  }
  for (; q < quads; ++q, weights += 32) {
    const int8x16_t v = vld1q_s8(weights), w = vld1q_s8(weights + 16);
    all.a = vdotq_s32(all.a, v, ones);
    all.b = vdotq_s32(all.b, w, ones);
    for (int p = 0; p < count; ++p) {
      const int8x16_t x =
          vreinterpretq_s8_u8(veorq_u8(vreinterpretq_u8_s32(vdupq_n_s32(hl_quad(patches[p], q))), top));
      acc[p].a = vdotq_s32(acc[p].a, v, x);
      acc[p].b = vdotq_s32(acc[p].b, w, x);
    }
  }
  for (int p = 0; p < count; ++p) {
    vst1q_s32(sums[p], vaddq_s32(acc[p].a, vshlq_n_s32(all.a, 7)));
    vst1q_s32(sums[p] + 4, vaddq_s32(acc[p].b, vshlq_n_s32(all.b, 7)));
  }
}
#else
static inline __attribute__((always_inline)) void hl_dot_some(const uint8_t* const* patches,
                                                              const int8_t* weights, const int32_t* bias,
                                                              int quads, int32_t (*sums)[HL_BLOCK],
                                                              const int count) {
  hl_8 acc[HL_PIXELS];
  for (int p = 0; p < count; ++p) acc[p] = hl_load8(bias);
  for (int q = 0; q < quads; ++q, weights += 32) {
    const int8x8x4_t w = vld4_s8(weights);  // one tap of 8 channels each
    const int16x8_t w0 = vmovl_s8(w.val[0]), w1 = vmovl_s8(w.val[1]), w2 = vmovl_s8(w.val[2]),
                    w3 = vmovl_s8(w.val[3]);
    for (int p = 0; p < count; ++p) {
      const uint8x8_t bytes = vreinterpret_u8_s32(vdup_n_s32(hl_quad(patches[p], q)));
      const int16x4_t x = vget_low_s16(vreinterpretq_s16_u16(vmovl_u8(bytes)));
      acc[p].a = vmlal_lane_s16(acc[p].a, vget_low_s16(w0), x, 0);
      acc[p].b = vmlal_high_lane_s16(acc[p].b, w0, x, 0);
      acc[p].a = vmlal_lane_s16(acc[p].a, vget_low_s16(w1), x, 1);
      acc[p].b = vmlal_high_lane_s16(acc[p].b, w1, x, 1);
      acc[p].a = vmlal_lane_s16(acc[p].a, vget_low_s16(w2), x, 2);
      acc[p].b = vmlal_high_lane_s16(acc[p].b, w2, x, 2);
      acc[p].a = vmlal_lane_s16(acc[p].a, vget_low_s16(w3), x, 3);
      acc[p].b = vmlal_high_lane_s16(acc[p].b, w3, x, 3);
    }
  }
  for (int p = 0; p < count; ++p) {
    vst1q_s32(sums[p], acc[p].a);
    vst1q_s32(sums[p] + 4, acc[p].b);
  }
}
#endif

static void hl_dot(const uint8_t* const* patches, const int8_t* weights, const int32_t* bias, int quads,
                   int32_t (*sums)[HL_BLOCK]) {
  hl_dot_some(patches, weights, bias, quads, sums, HL_PIXELS);
}
#else
static void hl_dot(const uint8_t* const* patches, const int8_t* weights, const int32_t* bias, int quads,
                   int32_t (*sums)[HL_BLOCK]) {
  for (int p = 0; p < HL_PIXELS; ++p) memcpy(sums[p], bias, sizeof sums[p]);
  for (int q = 0; q < quads; ++q, weights += 32) {
    for (int p = 0; p < HL_PIXELS; ++p) {
      const uint8_t* x = patches[p] + 4 * q;
      for (int c = 0; c < HL_BLOCK; ++c) {
        const int8_t* w = weights + 4 * c;
        sums[p][c] += x[0] * w[0] + x[1] * w[1] + x[2] * w[2] + x[3] * w[3];
      }
    }
  }
}
#endif

// The same for one patch.
#if HL_NEON
static void hl_dot_one(const uint8_t* patch, const int8_t* weights, const int32_t* bias, int quads,
                       int32_t* sums) {
  hl_dot_some(&patch, weights, bias, quads, (int32_t(*)[HL_BLOCK])sums, 1);
}
#else
static void hl_dot_one(const uint8_t* patch, const int8_t* weights, const int32_t* bias, int quads,
                       int32_t* sums) {
  memcpy(sums, bias, HL_BLOCK * sizeof sums[0]);
  for (int q = 0; q < quads; ++q, weights += 32, patch += 4) {
    for (int c = 0; c < HL_BLOCK; ++c) {
      const int8_t* w = weights + 4 * c;
      sums[c] += patch[0] * w[0] + patch[1] * w[1] + patch[2] * w[2] + patch[3] * w[3];
    }
  }
}
#endif

// The patch of output (x, y); what lies beside the picture is zero.
static void hl_gather(const hl_conv* op, const uint8_t* in, int x, int y, uint8_t* patch) {
  const int left = x * op->stride - op->pad_left, top = y * op->stride - op->pad_top;
  const int first = left < 0 ? -left : 0;
  const int end = op->in_width - left < op->kernel_width ? op->in_width - left : op->kernel_width;
  const size_t channels = (size_t)op->in_channels, row_bytes = (size_t)op->kernel_width * channels;
  for (int ky = 0; ky < op->kernel_height; ++ky, patch += row_bytes) {
    const int iy = top + ky;
    if (iy < 0 || iy >= op->in_height || first >= end) {
      memset(patch, op->in_zero, row_bytes);
      continue;
    }
    const size_t at = ((size_t)iy * (size_t)op->in_width + (size_t)(left + first)) * channels;
    memset(patch, op->in_zero, (size_t)first * channels);
    memcpy(patch + (size_t)first * channels, in + at, (size_t)(end - first) * channels);
    memset(patch + (size_t)end * channels, op->in_zero, (size_t)(op->kernel_width - end) * channels);
  }
}

// Where a patch is a pixel's channels, in whole quads, they are read where they lie.
static int hl_is_direct(const hl_conv* op) {
  return op->kernel_height == 1 && op->kernel_width == 1 && op->in_channels % 4 == 0;
}

// `patches`: room for HL_PIXELS patches.
static void hl_conv_run(const hl_conv* op, const uint8_t* in, uint8_t* out, uint8_t* patches) {
  const int quads = hl_quads(op), pixels = op->out_height * op->out_width, direct = hl_is_direct(op);
  for (int first = 0; first < pixels; first += HL_PIXELS) {
    const uint8_t* at[HL_PIXELS];
    const int count = pixels - first < HL_PIXELS ? pixels - first : HL_PIXELS;
    for (int p = 0; p < HL_PIXELS; ++p) {
      const int pixel = first + (p < count ? p : 0), y = pixel / op->out_width, x = pixel % op->out_width;
      uint8_t* const patch = patches + (size_t)p * (size_t)quads * 4;
      if (direct) {
        at[p] = in + (size_t)(y * op->in_width + x) * (size_t)op->stride * (size_t)op->in_channels;
      } else {
        if (p < count) hl_gather(op, in, x, y, patch);
        at[p] = p < count ? patch : at[0];
      }
    }
    uint8_t* const outs = out + (size_t)first * (size_t)op->out_channels;
    for (int c = 0; c < op->out_channels; c += HL_BLOCK) {
      const int8_t* const weights = op->weights + (size_t)c * (size_t)quads * 4;
      const int channels = op->out_channels - c < HL_BLOCK ? op->out_channels - c : HL_BLOCK;
      int32_t sums[HL_PIXELS][HL_BLOCK];
      if (count == 1) hl_dot_one(at[0], weights, op->bias + c, quads, sums[0]);
      else hl_dot(at, weights, op->bias + c, quads, sums);
      hl_write(sums[0], HL_BLOCK, count, &op->to, c, channels, outs + c, op->out_channels);
    }
  }
}
