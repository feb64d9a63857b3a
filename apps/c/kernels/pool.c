// The window of a pool. Taps beside the picture do not count.
typedef struct {
  int in_height, in_width, channels, out_height, out_width;
  int window_height, window_width, stride, pad_top, pad_left;
  int32_t low, high;  // of the activation
} hl_pool;

typedef struct {
  int left, right, top, bottom;  // of the input, ends exclusive
} hl_window;

static hl_window hl_window_at(const hl_pool* op, int x, int y) {
  hl_window w;
  const int left = x * op->stride - op->pad_left, top = y * op->stride - op->pad_top;
  w.left = left < 0 ? 0 : left;
  w.top = top < 0 ? 0 : top;
  w.right = left + op->window_width < op->in_width ? left + op->window_width : op->in_width;
  w.bottom = top + op->window_height < op->in_height ? top + op->window_height : op->in_height;
  return w;
}
