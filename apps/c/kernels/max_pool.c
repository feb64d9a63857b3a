// The largest number of each window and channel.
static void hl_max_pool_run(const hl_pool* op, const uint8_t* in, uint8_t* out) {
  for (int y = 0; y < op->out_height; ++y) {
    for (int x = 0; x < op->out_width; ++x, out += op->channels) {
      const hl_window w = hl_window_at(op, x, y);
      memset(out, 0, (size_t)op->channels);
      for (int iy = w.top; iy < w.bottom; ++iy) {
        const uint8_t* pixel = in + (size_t)(iy * op->in_width + w.left) * (size_t)op->channels;
        for (int ix = w.left; ix < w.right; ++ix, pixel += op->channels) {
          for (int c = 0; c < op->channels; ++c) out[c] = out[c] > pixel[c] ? out[c] : pixel[c];
        }
      }
      for (int c = 0; c < op->channels; ++c) out[c] = hl_clamp(out[c], op->low, op->high);
    }
  }
}
