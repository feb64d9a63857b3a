// WebP through libwebp: still and first frame of animated files, transparency over white.
#include <webp/decode.h>
#include <webp/demux.h>

#include <algorithm>
#include <memory>

#include "image/formats/codec.h"
#include "image/formats/exif.h"

namespace handlens::image {
namespace {

// RGB, RGBA, and the library's own copy of a lossless picture.
constexpr int64_t kWebpBytesPerPixel = 11;

struct DeleteDemuxer {
  void operator()(WebPDemuxer* demuxer) const { WebPDemuxDelete(demuxer); }
};

struct FrameGuard {
  WebPIterator frame{};
  ~FrameGuard() { WebPDemuxReleaseIterator(&frame); }
};

void ReadExif(const WebPDemuxer* demuxer, FileFacts& facts) {
  WebPChunkIterator chunk;
  if (WebPDemuxGetChunk(demuxer, "EXIF", 1, &chunk))
    facts.orientation = ExifOrientation({chunk.chunk.bytes, chunk.chunk.size});
  WebPDemuxReleaseChunkIterator(&chunk);
  facts.has_icc = (WebPDemuxGetI(demuxer, WEBP_FF_FORMAT_FLAGS) & ICCP_FLAG) != 0;
}

// The frame's pixels, (height, width, 4), straight alpha. A lossless stream stores an alpha channel even
// where its header says that there is none; it is to be ignored then.
Result<std::vector<uint8_t>> DecodeFrame(const WebPIterator& frame, const WebPBitstreamFeatures& features,
                                         size_t file_size) {
  std::vector<uint8_t> rgba(static_cast<size_t>(frame.width) * static_cast<size_t>(frame.height) * 4);
  if (!WebPDecodeRGBAInto(frame.fragment.bytes, frame.fragment.size, rgba.data(), rgba.size(),
                          frame.width * 4)) {
    return Fail(ErrorKind::kBadInput, "damaged or truncated WebP of {} bytes", file_size);
  }
  if (!features.has_alpha) {
    for (size_t i = 3; i < rgba.size(); i += 4) rgba[i] = 255;
  }
  return rgba;
}

// The same where nothing shines through and the frame is the whole canvas: no copy, four sevenths of the
// memory less.
Result<void> DecodeWhole(const WebPIterator& frame, size_t file_size, Image& canvas) {
  if (WebPDecodeRGBInto(frame.fragment.bytes, frame.fragment.size, canvas.rgb.data(), canvas.rgb.size(),
                        frame.width * 3))
    return {};
  return Fail(ErrorKind::kBadInput, "damaged or truncated WebP of {} bytes", file_size);
}

// Places the frame on the white canvas; the demuxer has checked that it lies inside.
void Paint(const WebPIterator& frame, const std::vector<uint8_t>& rgba, Image& canvas) {
  std::fill(canvas.rgb.begin(), canvas.rgb.end(), uint8_t{255});
  const auto width = static_cast<size_t>(frame.width);
  for (int y = 0; y < frame.height; ++y) {
    const size_t row = static_cast<size_t>(frame.y_offset + y) * static_cast<size_t>(canvas.width) +
                       static_cast<size_t>(frame.x_offset);
    OverWhite(rgba.data() + static_cast<size_t>(y) * width * 4, width, canvas.rgb.data() + row * 3);
  }
}

}  // namespace

Result<Decoded> DecodeWebp(ByteSpan bytes, const DecodeLimits& limits) {
  const WebPData data{bytes.data(), bytes.size()};
  WebPDemuxState state;
  const std::unique_ptr<WebPDemuxer, DeleteDemuxer> demuxer(WebPDemuxPartial(&data, &state));
  if (state == WEBP_DEMUX_PARSE_ERROR || !demuxer)
    return Fail(ErrorKind::kBadInput, "damaged WebP: its parts do not fit together");
  const int64_t width = WebPDemuxGetI(demuxer.get(), WEBP_FF_CANVAS_WIDTH);
  const int64_t height = WebPDemuxGetI(demuxer.get(), WEBP_FF_CANVAS_HEIGHT);
  if (state != WEBP_DEMUX_DONE) return Fail(ErrorKind::kBadInput, "truncated WebP at byte {}", bytes.size());
  HL_TRY(CheckSize(width, height, limits, kWebpBytesPerPixel));
  FrameGuard guard;
  if (!WebPDemuxGetFrame(demuxer.get(), 1, &guard.frame))
    return Fail(ErrorKind::kBadInput, "a WebP without any picture");
  const WebPIterator& frame = guard.frame;
  HL_TRY(CheckSize(frame.width, frame.height, limits, kWebpBytesPerPixel));
  WebPBitstreamFeatures features;
  if (WebPGetFeatures(frame.fragment.bytes, frame.fragment.size, &features) != VP8_STATUS_OK ||
      features.width != frame.width || features.height != frame.height) {
    return Fail(ErrorKind::kBadInput, "damaged WebP: contradicting sizes");
  }

  Decoded decoded;
  decoded.facts.format = "WebP";
  decoded.facts.colour = features.has_alpha ? "rgba" : "rgb";
  decoded.facts.has_alpha = features.has_alpha != 0;
  decoded.facts.stored_width = static_cast<int>(width);
  decoded.facts.stored_height = static_cast<int>(height);
  decoded.facts.frames = frame.num_frames;
  if (frame.num_frames > 1) decoded.facts.warnings.emplace_back("animated; the first frame is used");
  ReadExif(demuxer.get(), decoded.facts);
  if (!features.has_alpha && frame.width == width && frame.height == height) {
    decoded.image = MakeImage(static_cast<int>(width), static_cast<int>(height));
    HL_TRY(DecodeWhole(frame, bytes.size(), decoded.image));
    return decoded;
  }
  // Pixels before the canvas: a broken frame of a huge canvas must not cost the canvas.
  HL_ASSIGN(const std::vector<uint8_t> rgba, DecodeFrame(frame, features, bytes.size()));
  decoded.image = MakeImage(static_cast<int>(width), static_cast<int>(height));
  Paint(frame, rgba, decoded.image);
  return decoded;
}

}  // namespace handlens::image
