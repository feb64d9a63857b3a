// Eight numbers of 32 bits at once, for processors with AVX2 or with NEON. What is done with them has the
// bits of the plain functions.
#if HL_AVX2
typedef __m256i hl_8;

static inline HL_UNUSED hl_8 hl_set8(int32_t x) { return _mm256_set1_epi32(x); }
static inline HL_UNUSED hl_8 hl_load8(const int32_t* from) {
  return _mm256_loadu_si256((const __m256i*)from);
}
static inline HL_UNUSED hl_8 hl_load8_signed(const int8_t* from) {
  return _mm256_cvtepi8_epi32(_mm_loadl_epi64((const __m128i*)from));
}
static inline HL_UNUSED hl_8 hl_load8_bytes(const uint8_t* from) {
  return _mm256_cvtepu8_epi32(_mm_loadl_epi64((const __m128i*)from));
}
static inline HL_UNUSED hl_8 hl_add8(hl_8 a, hl_8 b) { return _mm256_add_epi32(a, b); }
static inline HL_UNUSED hl_8 hl_sub8(hl_8 a, hl_8 b) { return _mm256_sub_epi32(a, b); }
static inline HL_UNUSED hl_8 hl_raise8(hl_8 a) { return _mm256_slli_epi32(a, 20); }  // times 2^20

// Writes 8 numbers within limits as bytes.
static inline HL_UNUSED void hl_store8_bytes(uint8_t* to, hl_8 numbers, hl_8 low, hl_8 high) {
  const __m256i y = _mm256_min_epi32(_mm256_max_epi32(numbers, low), high);
  const __m128i words = _mm_packs_epi32(_mm256_castsi256_si128(y), _mm256_extracti128_si256(y, 1));
  _mm_storel_epi64((__m128i*)to, _mm_packus_epi16(words, words));
}

// What scaling 8 sums needs: multipliers, those of the odd lanes in the even ones, shifts to the right, and
// their halves.
typedef struct {
  __m256i multiplier, odd, left, right, mask, half;
} hl_scaler;

static inline HL_UNUSED hl_scaler hl_scaler_of(hl_8 multipliers, hl_8 shifts) {
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
static inline HL_UNUSED hl_8 hl_scale8(hl_8 sums, const hl_scaler* s) {
  const __m256i up = _mm256_set1_epi64x((int64_t)1 << 30), x = _mm256_sllv_epi32(sums, s->left);
  const __m256i even = _mm256_add_epi64(_mm256_mul_epi32(x, s->multiplier), up);
  const __m256i odd = _mm256_add_epi64(_mm256_mul_epi32(_mm256_srli_epi64(x, 32), s->odd), up);
  const __m256i high = _mm256_blend_epi32(_mm256_srli_epi64(even, 31), _mm256_slli_epi64(odd, 1), 0xaa);
  const __m256i limit = _mm256_sub_epi32(s->half, _mm256_srai_epi32(high, 31));
  const __m256i more = _mm256_cmpgt_epi32(_mm256_and_si256(high, s->mask), limit);
  return _mm256_sub_epi32(_mm256_srav_epi32(high, s->right), more);
}
#elif HL_NEON
typedef struct {
  int32x4_t a, b;
} hl_8;

static inline HL_UNUSED hl_8 hl_both(int32x4_t a, int32x4_t b) {
  const hl_8 both = {a, b};
  return both;
}
static inline HL_UNUSED hl_8 hl_set8(int32_t x) { return hl_both(vdupq_n_s32(x), vdupq_n_s32(x)); }
static inline HL_UNUSED hl_8 hl_load8(const int32_t* from) {
  return hl_both(vld1q_s32(from), vld1q_s32(from + 4));
}
static inline HL_UNUSED hl_8 hl_widen8(int16x8_t x) {
  return hl_both(vmovl_s16(vget_low_s16(x)), vmovl_high_s16(x));
}
static inline HL_UNUSED hl_8 hl_load8_signed(const int8_t* from) {
  return hl_widen8(vmovl_s8(vld1_s8(from)));
}
static inline HL_UNUSED hl_8 hl_load8_bytes(const uint8_t* from) {
  return hl_widen8(vreinterpretq_s16_u16(vmovl_u8(vld1_u8(from))));
}
static inline HL_UNUSED hl_8 hl_add8(hl_8 x, hl_8 y) {
  return hl_both(vaddq_s32(x.a, y.a), vaddq_s32(x.b, y.b));
}
static inline HL_UNUSED hl_8 hl_sub8(hl_8 x, hl_8 y) {
  return hl_both(vsubq_s32(x.a, y.a), vsubq_s32(x.b, y.b));
}
static inline HL_UNUSED hl_8 hl_raise8(hl_8 x) {  // times 2^20
  return hl_both(vshlq_n_s32(x.a, 20), vshlq_n_s32(x.b, 20));
}

// Writes 8 numbers within limits as bytes.
static inline HL_UNUSED void hl_store8_bytes(uint8_t* to, hl_8 numbers, hl_8 low, hl_8 high) {
  const int32x4_t a = vminq_s32(vmaxq_s32(numbers.a, low.a), high.a);
  const int32x4_t b = vminq_s32(vmaxq_s32(numbers.b, low.b), high.b);
  vst1_u8(to, vmovn_u16(vreinterpretq_u16_s16(vcombine_s16(vmovn_s32(a), vmovn_s32(b)))));
}

// What scaling 8 sums needs. Shifts to the right are negative shifts to the left.
typedef struct {
  hl_8 multiplier, left, right;
} hl_scaler;

static inline HL_UNUSED hl_scaler hl_scaler_of(hl_8 multipliers, hl_8 shifts) {
  const int32x4_t zero = vdupq_n_s32(0);
  hl_scaler s;
  s.multiplier = multipliers;
  s.left = hl_both(vmaxq_s32(shifts.a, zero), vmaxq_s32(shifts.b, zero));
  s.right = hl_both(vminq_s32(shifts.a, zero), vminq_s32(shifts.b, zero));
  return s;
}

static inline HL_UNUSED int32x4_t hl_scale4(int32x4_t sums, int32x4_t multiplier, int32x4_t left,
                                            int32x4_t right) {
  // The processor rounds a shift half up: of negative numbers, 1 less makes it half away from zero.
  const int32x4_t high = vqrdmulhq_s32(vshlq_s32(sums, left), multiplier);
  return vrshlq_s32(vqaddq_s32(high, vshrq_n_s32(vandq_s32(high, right), 31)), right);
}

// hl_scale of 8 sums.
static inline HL_UNUSED hl_8 hl_scale8(hl_8 sums, const hl_scaler* s) {
  return hl_both(hl_scale4(sums.a, s->multiplier.a, s->left.a, s->right.a),
                 hl_scale4(sums.b, s->multiplier.b, s->left.b, s->right.b));
}
#endif
