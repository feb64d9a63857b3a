// Scores from logits, in fixed point. `exps[d]` is exp(-d * scale) as a fraction of 2^31; 0 = too small to
// count.
typedef struct {
  int count;
  const int32_t* exps;  // (256)
} hl_softmax;

// a * b / 2^31, rounded half up.
static int32_t hl_multiply_high(int32_t a, int32_t b) {
  return (int32_t)(((int64_t)a * b + ((int64_t)1 << 30)) >> 31);
}

static int32_t hl_shift_right(int32_t x, int bits) {
  const int32_t mask = (int32_t)(((uint32_t)1 << bits) - 1);
  return (x >> bits) + ((x & mask) > (mask >> 1) + (x < 0));
}

static int32_t hl_shift_left_2(int32_t x) {
  return x > INT32_MAX / 4 ? INT32_MAX : x < -(INT32_MAX / 4) ? INT32_MIN : x * 4;
}

// 1 / (1 + fraction / 2^31) as a fraction of 2^31, by three steps of Newton's method from 48/17 - 32/17 d.
static int32_t hl_one_over_one_plus(int32_t fraction) {
  const int32_t half_d = (int32_t)(((int64_t)fraction + INT32_MAX + 1) / 2);
  int32_t x = 1515870810 + hl_multiply_high(half_d, -1010580540);
  for (int step = 0; step < 3; ++step) {
    const int32_t rest = (1 << 29) - hl_multiply_high(half_d, x);
    x += hl_shift_left_2(hl_multiply_high(x, rest));
  }
  return x > INT32_MAX / 2 ? INT32_MAX : x * 2;
}

static void hl_softmax_run(const hl_softmax* op, const uint8_t* in, uint8_t* out) {
  int most = 0;
  for (int i = 0; i < op->count; ++i) most = in[i] > most ? in[i] : most;
  int32_t sum = 0;
  for (int i = 0; i < op->count; ++i) sum += hl_shift_right(op->exps[most - in[i]], 12);
  int headroom = 0;
  while (((uint32_t)sum << headroom) < 0x80000000u) ++headroom;
  const int32_t reciprocal = hl_one_over_one_plus((int32_t)(((uint32_t)sum << headroom) - 0x80000000u));
  const int shift = 12 - headroom + 31 - 8;  // 12 whole bits in the sum, 8 in a score
  for (int i = 0; i < op->count; ++i) {
    const int32_t exp = op->exps[most - in[i]];
    const int32_t score = exp == 0 ? 0 : hl_shift_right(hl_multiply_high(reciprocal, exp), shift);
    out[i] = (uint8_t)(score > 255 ? 255 : score);
  }
}
