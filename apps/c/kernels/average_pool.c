// The mean of each window and channel, rounded half away from the model's zero number.
static void hl_average_pool_run(const hl_pool* op, const uint8_t* in, uint8_t* out) {
  enum { kAtOnce = 32 };
  for (int y = 0; y < op->out_height; ++y) {
    for (int x = 0; x < op->out_width; ++x, out += op->channels) {
      const hl_window w = hl_window_at(op, x, y);
      const int count = (w.right - w.left) * (w.bottom - w.top);
      for (int first = 0; first < op->channels; first += kAtOnce) {
        const int channels = op->channels - first < kAtOnce ? op->channels - first : kAtOnce;
        int32_t sums[kAtOnce];
        for (int c = 0; c < channels; ++c) sums[c] = -128 * count;
        for (int iy = w.top; iy < w.bottom; ++iy) {
          const uint8_t* pixel = in + (size_t)(iy * op->in_width + w.left) * (size_t)op->channels + first;
          for (int ix = w.left; ix < w.right; ++ix, pixel += op->channels) {
            for (int c = 0; c < channels; ++c) sums[c] += pixel[c];
          }
        }
        for (int c = 0; c < channels; ++c) {
          const int32_t mean = (sums[c] + (sums[c] > 0 ? count / 2 : -(count / 2))) / count;
          out[first + c] = hl_clamp(mean + 128, op->low, op->high);
        }
      }
    }
  }
}
