// From sums to the bytes of an output.
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
    const hl_scaler scaler =
        hl_scaler_of(hl_load8(to->multiplier + channel), hl_load8_signed(to->shift + channel));
    const hl_8 zero = hl_set8(to->zero), low = hl_set8(to->low), high = hl_set8(to->high);
    for (int p = 0; p < count; ++p, sums += step, out += stride) {
      const hl_8 y = hl_add8(hl_scale8(hl_load8(sums), &scaler), zero);
      if (channels == HL_BLOCK) {
        hl_store8_bytes(out, y, low, high);
      } else {
        uint8_t some[HL_BLOCK];
        hl_store8_bytes(some, y, low, high);
        for (int c = 0; c < channels; ++c) out[c] = some[c];
      }
    }
    return;
  }
#endif
  for (int p = 0; p < count; ++p, sums += step, out += stride)
    hl_write_plain(sums, to, channel, channels, out);
}
