// A function of one number for each channel, looked up: a depthwise convolution of one tap, such as the one
// that brings a picture to the scale that a network was trained on.
static void hl_channel_map_run(const uint8_t* tables, int channels, int pixels, const uint8_t* in,
                               uint8_t* out) {
  for (int p = 0; p < pixels; ++p) {
    for (int c = 0; c < channels; ++c) *out++ = tables[256 * c + *in++];
  }
}
