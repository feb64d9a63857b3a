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
  const hl_8 zero_a = hl_set8(op->zero_a), zero_b = hl_set8(op->zero_b);
  const hl_scaler of_a = hl_scaler_of(hl_set8(op->multiplier_a), hl_set8(op->shift_a));
  const hl_scaler of_b = hl_scaler_of(hl_set8(op->multiplier_b), hl_set8(op->shift_b));
  const hl_scaler of_sum = hl_scaler_of(hl_set8(op->multiplier), hl_set8(op->shift));
  const hl_8 low = hl_set8(op->low), high = hl_set8(op->high), zero = hl_set8(op->zero);
  for (; i + 8 <= op->count; i += 8) {
    const hl_8 u = hl_scale8(hl_raise8(hl_sub8(hl_load8_bytes(a + i), zero_a)), &of_a);
    const hl_8 v = hl_scale8(hl_raise8(hl_sub8(hl_load8_bytes(b + i), zero_b)), &of_b);
    hl_store8_bytes(out + i, hl_add8(hl_scale8(hl_add8(u, v), &of_sum), zero), low, high);
  }
#endif
  for (; i < op->count; ++i) {
    const int32_t u = hl_scale((a[i] - op->zero_a) * (1 << 20), op->multiplier_a, op->shift_a);
    const int32_t v = hl_scale((b[i] - op->zero_b) * (1 << 20), op->multiplier_b, op->shift_b);
    out[i] = hl_clamp(hl_scale(u + v, op->multiplier, op->shift) + op->zero, op->low, op->high);
  }
}
