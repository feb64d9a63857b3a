// A function of one number, looked up: another scale, or an activation that stands alone.
static void hl_map_run(const uint8_t* table, int count, const uint8_t* in, uint8_t* out) {
  for (int i = 0; i < count; ++i) out[i] = table[in[i]];
}
