// The pixel contract as this model needs it.
size_t handlens_see_scratch(int w, int h) { return hl_fit_resize_scratch(w, h, HANDLENS_SIDE, kFit); }

int handlens_see(const uint8_t* rgb, int w, int h, int stride, uint8_t* out, void* scratch) {
  return hl_fit_resize_rows(rgb, w, h, stride, HANDLENS_SIDE, kFit, out, scratch);
}

// What resizing needs, then two pictures: as the camera held it, and upright.
size_t handlens_see_yuv_scratch(int w, int h) {
  const size_t across = handlens_see_scratch(w, h), upright = handlens_see_scratch(h, w);
  if (across == 0) return 0;
  return (across > upright ? across : upright) + 2 * 3 * (size_t)w * (size_t)h;
}

int handlens_see_yuv(const handlens_yuv* frame, int degrees, uint8_t* out, void* scratch) {
  if (!frame || !out || !scratch || handlens_see_yuv_scratch(frame->width, frame->height) == 0)
    return HL_BAD_ARGUMENT;
  const int w = frame->width, h = frame->height, turned = degrees == 90 || degrees == 270;
  const size_t bytes = 3 * (size_t)w * (size_t)h;
  uint8_t* const held = (uint8_t*)scratch + handlens_see_yuv_scratch(w, h) - 2 * bytes;
  const hl_yuv_frame planes = {frame->y,
                               frame->u,
                               frame->v,
                               frame->y_row_stride,
                               frame->y_pixel_stride,
                               frame->uv_row_stride,
                               frame->uv_pixel_stride,
                               w,
                               h};
  if (hl_yuv_to_rgb(&planes, held) != HL_OK) return HL_BAD_ARGUMENT;
  if (degrees == 0) return handlens_see(held, w, h, 3 * w, out, scratch);
  if (hl_rotate(held, w, h, degrees, held + bytes) != HL_OK) return HL_BAD_ARGUMENT;
  return handlens_see(held + bytes, turned ? h : w, turned ? w : h, 3 * (turned ? h : w), out, scratch);
}
