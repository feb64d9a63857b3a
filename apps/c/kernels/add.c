// Two tensors of one shape, added: each is brought to a common scale, with 20 bits to spare.
typedef struct {
  int count;
  int32_t zero_a, multiplier_a, zero_b, multiplier_b;
  int shift_a, shift_b;
  int32_t multiplier, zero, low, high;
  int shift;
} hl_add;

static void hl_add_run(const hl_add* op, const uint8_t* a, const uint8_t* b, uint8_t* out) {
  int i = 0;
#if HL_VECTOR
  const __m256i zero_a = _mm256_set1_epi32(op->zero_a), zero_b = _mm256_set1_epi32(op->zero_b);
  const hl_scaler of_a = hl_scaler_of(_mm256_set1_epi32(op->multiplier_a), _mm256_set1_epi32(op->shift_a));
  const hl_scaler of_b = hl_scaler_of(_mm256_set1_epi32(op->multiplier_b), _mm256_set1_epi32(op->shift_b));
  const hl_scaler of_sum = hl_scaler_of(_mm256_set1_epi32(op->multiplier), _mm256_set1_epi32(op->shift));
  const __m256i low = _mm256_set1_epi32(op->low), high = _mm256_set1_epi32(op->high),
                zero = _mm256_set1_epi32(op->zero);
  for (; i + 8 <= op->count; i += 8) {
    const __m256i x = _mm256_cvtepu8_epi32(_mm_loadl_epi64((const __m128i*)(a + i)));
    const __m256i y = _mm256_cvtepu8_epi32(_mm_loadl_epi64((const __m128i*)(b + i)));
    const __m256i u = hl_scale8(_mm256_slli_epi32(_mm256_sub_epi32(x, zero_a), 20), &of_a);
    const __m256i v = hl_scale8(_mm256_slli_epi32(_mm256_sub_epi32(y, zero_b), 20), &of_b);
    const __m256i z = _mm256_add_epi32(hl_scale8(_mm256_add_epi32(u, v), &of_sum), zero);
    _mm_storel_epi64((__m128i*)(out + i), hl_bytes8(z, low, high));
  }
#endif
  for (; i < op->count; ++i) {
    const int32_t u = hl_scale((a[i] - op->zero_a) * (1 << 20), op->multiplier_a, op->shift_a);
    const int32_t v = hl_scale((b[i] - op->zero_b) * (1 << 20), op->multiplier_b, op->shift_b);
    out[i] = hl_clamp(hl_scale(u + v, op->multiplier, op->shift) + op->zero, op->low, op->high);
  }
}
