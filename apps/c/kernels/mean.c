// The mean of each channel over all pixels: one factor holds the scales and the division by the number of
// pixels.
typedef struct {
  int pixels, channels;
  int32_t in_zero, multiplier;
  int shift;
  int32_t zero;
} hl_mean;

static void hl_mean_run(const hl_mean* op, const uint8_t* in, uint8_t* out) {
  enum { kAtOnce = 32 };
  for (int first = 0; first < op->channels; first += kAtOnce) {
    const int channels = op->channels - first < kAtOnce ? op->channels - first : kAtOnce;
    const uint8_t* pixel = in + first;
    int32_t sums[kAtOnce];
    for (int c = 0; c < channels; ++c) sums[c] = -op->in_zero * op->pixels;
    for (int p = 0; p < op->pixels; ++p, pixel += op->channels) {
      for (int c = 0; c < channels; ++c) sums[c] += pixel[c];
    }
    for (int c = 0; c < channels; ++c)
      out[first + c] = hl_clamp(hl_scale(sums[c], op->multiplier, op->shift) + op->zero, 0, 255);
  }
}
