// A border of zeros.
typedef struct {
  int in_height, in_width, channels, top, bottom, left, right;
  uint8_t zero;
} hl_pad;

static void hl_pad_run(const hl_pad* op, const uint8_t* in, uint8_t* out) {
  const size_t row_bytes = (size_t)(op->in_width * op->channels);
  const size_t left_bytes = (size_t)(op->left * op->channels),
               right_bytes = (size_t)(op->right * op->channels);
  const size_t wide_bytes = left_bytes + row_bytes + right_bytes;
  memset(out, op->zero, (size_t)op->top * wide_bytes);
  out += (size_t)op->top * wide_bytes;
  for (int y = 0; y < op->in_height; ++y, in += row_bytes, out += wide_bytes) {
    memset(out, op->zero, left_bytes);
    memcpy(out + left_bytes, in, row_bytes);
    memset(out + left_bytes + row_bytes, op->zero, right_bytes);
  }
  memset(out, op->zero, (size_t)op->bottom * wide_bytes);
}
