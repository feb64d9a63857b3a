// The first frame of a GIF through giflib, on a white canvas of the file's screen size.
#include <gif_lib.h>

#include <algorithm>
#include <cstring>

#include "image/formats/codec.h"

namespace handlens::image {
namespace {

// LZW: a 12-bit code stands for at most 4096 pixels.
constexpr int64_t kMaxGifPixelsPerByte = 4096;

struct GifSource {
  ByteSpan bytes;
  size_t at = 0;
};

int ReadSource(GifFileType* gif, GifByteType* out, int count) {
  auto* source = static_cast<GifSource*>(gif->UserData);
  const size_t wanted = std::min(static_cast<size_t>(count), source->bytes.size() - source->at);
  std::memcpy(out, source->bytes.data() + source->at, wanted);
  source->at += wanted;
  return static_cast<int>(wanted);
}

struct Closer {
  GifFileType* gif;
  ~Closer() { DGifCloseFile(gif, nullptr); }
};

tl::unexpected<Error> Damaged(const GifSource& source, int code) {
  if (source.at >= source.bytes.size())
    return Fail(ErrorKind::kBadInput, "truncated GIF at byte {}", source.bytes.size());
  const char* why = GifErrorString(code);
  return Fail(ErrorKind::kBadInput, "damaged GIF near byte {}: {}", source.at, why ? why : "unknown");
}

size_t SkipBlocks(ByteSpan bytes, size_t at) {
  while (at < bytes.size() && bytes[at] != 0) at += size_t{1} + bytes[at];
  return at + 1;
}

size_t TableBytes(uint8_t flags) { return flags & 0x80 ? size_t{3} << ((flags & 7) + 1) : 0; }

// Frames by walking the blocks; GIF89a specification, section 12 on.
int CountFrames(ByteSpan bytes) {
  int frames = 0;
  if (bytes.size() < 13) return 0;
  for (size_t at = 13 + TableBytes(bytes[10]); at + 10 < bytes.size();) {
    if (bytes[at] == 0x21) {
      at = SkipBlocks(bytes, at + 2);
    } else if (bytes[at] == 0x2c) {
      ++frames;
      at = SkipBlocks(bytes, at + 10 + TableBytes(bytes[at + 9]) + 1);
    } else {
      break;
    }
  }
  return frames;
}

// Moves to the first frame; the index of its transparent colour or -1.
Result<int> SeekFrame(GifFileType* gif, const GifSource& source) {
  int transparent = -1;
  while (true) {
    GifRecordType type;
    if (DGifGetRecordType(gif, &type) != GIF_OK) return Damaged(source, gif->Error);
    if (type == TERMINATE_RECORD_TYPE) return Fail(ErrorKind::kBadInput, "a GIF without any picture");
    if (type == IMAGE_DESC_RECORD_TYPE) break;
    int code = 0;
    GifByteType* block = nullptr;
    if (DGifGetExtension(gif, &code, &block) != GIF_OK) return Damaged(source, gif->Error);
    while (block) {
      GraphicsControlBlock control;
      if (code == GRAPHICS_EXT_FUNC_CODE && DGifExtensionToGCB(block[0], block + 1, &control) == GIF_OK) {
        transparent = control.TransparentColor;
      }
      if (DGifGetExtensionNext(gif, &block) != GIF_OK) return Damaged(source, gif->Error);
    }
  }
  if (DGifGetImageDesc(gif) != GIF_OK) return Damaged(source, gif->Error);
  return transparent;
}

// One line of colour numbers onto the canvas; what lies beyond it is cut.
void PaintLine(const GifFileType& gif, const std::vector<GifPixelType>& line, int y, int transparent,
               Image& canvas) {
  const ColorMapObject* map = gif.Image.ColorMap ? gif.Image.ColorMap : gif.SColorMap;
  const int row = gif.Image.Top + y;
  if (row >= canvas.height) return;
  const int count = std::min(gif.Image.Width, canvas.width - gif.Image.Left);
  for (int x = 0; x < count; ++x) {
    const int index = line[static_cast<size_t>(x)];
    if (index == transparent || index >= map->ColorCount) continue;
    const GifColorType colour = map->Colors[index];
    const size_t at = (static_cast<size_t>(row) * static_cast<size_t>(canvas.width) +
                       static_cast<size_t>(gif.Image.Left + x)) *
                      3;
    canvas.rgb[at] = colour.Red;
    canvas.rgb[at + 1] = colour.Green;
    canvas.rgb[at + 2] = colour.Blue;
  }
}

struct Pass {
  int first, step;
};
constexpr Pass kProgressive[] = {{0, 1}};
constexpr Pass kInterlaced[] = {{0, 8}, {4, 8}, {2, 4}, {1, 2}};

}  // namespace

Result<Decoded> DecodeGif(ByteSpan bytes, const DecodeLimits& limits) {
  GifSource source{bytes, 0};
  int code = 0;
  GifFileType* gif = DGifOpen(&source, ReadSource, &code);
  if (!gif) return Damaged(source, code);
  const Closer closer{gif};
  HL_TRY(CheckSize(gif->SWidth, gif->SHeight, limits));
  HL_TRY(CheckPlausible(int64_t{gif->SWidth} * gif->SHeight, bytes.size(), kMaxGifPixelsPerByte));
  HL_ASSIGN(const int transparent, SeekFrame(gif, source));
  if (!gif->Image.ColorMap && !gif->SColorMap)
    return Fail(ErrorKind::kBadInput, "a GIF without a colour table");
  HL_TRY(CheckSize(gif->Image.Width, gif->Image.Height, limits));

  Decoded decoded;
  decoded.facts.format = "GIF";
  decoded.facts.colour = "palette";
  decoded.facts.has_alpha = transparent >= 0;
  decoded.facts.stored_width = gif->SWidth;
  decoded.facts.stored_height = gif->SHeight;
  decoded.facts.frames = std::max(1, CountFrames(bytes));
  if (decoded.facts.frames > 1) decoded.facts.warnings.emplace_back("animated; the first frame is used");
  decoded.image = MakeImage(gif->SWidth, gif->SHeight);
  std::fill(decoded.image.rgb.begin(), decoded.image.rgb.end(), uint8_t{255});
  std::vector<GifPixelType> line(static_cast<size_t>(gif->Image.Width));
  for (const Pass& pass :
       gif->Image.Interlace ? std::span<const Pass>(kInterlaced) : std::span<const Pass>(kProgressive)) {
    for (int y = pass.first; y < gif->Image.Height; y += pass.step) {
      if (DGifGetLine(gif, line.data(), gif->Image.Width) != GIF_OK) return Damaged(source, gif->Error);
      PaintLine(*gif, line, y, transparent, decoded.image);
    }
  }
  return decoded;
}

}  // namespace handlens::image
