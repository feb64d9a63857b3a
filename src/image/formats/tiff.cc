// TIFF through libtiff: strips and tiles, any compression the library has, 1 to 16 bits, grey, palette, RGB,
// CMYK, alpha.
//
// Samples are read and brought to 8 bits here, because libtiff's own RGBA reader rounds 16 bits another way
// than docs/pixels.md section 1; only what is rare (YCbCr without JPEG, Lab, old JPEG) goes through that
// reader. Floating point has no stated range and is refused.
#include <tiffio.h>

#include <algorithm>
#include <cstdarg>
#include <cstdio>
#include <cstring>
#include <memory>

#include "image/formats/codec.h"

namespace handlens::image {
namespace {

constexpr uint64_t kSmallBlock = 64u << 20;

struct TiffSource {
  ByteSpan bytes;
  uint64_t at = 0;
  char message[200] = "";
};

tmsize_t OnRead(thandle_t handle, void* out, tmsize_t count) {
  auto* source = static_cast<TiffSource*>(handle);
  if (count < 0 || source->at >= source->bytes.size()) return 0;
  const size_t wanted =
      std::min(static_cast<size_t>(count), source->bytes.size() - static_cast<size_t>(source->at));
  std::memcpy(out, source->bytes.data() + source->at, wanted);
  source->at += wanted;
  return static_cast<tmsize_t>(wanted);
}

tmsize_t OnWrite(thandle_t, void*, tmsize_t) { return 0; }

toff_t OnSeek(thandle_t handle, toff_t offset, int whence) {
  auto* source = static_cast<TiffSource*>(handle);
  if (whence == SEEK_SET) source->at = offset;
  if (whence == SEEK_CUR) source->at += offset;
  if (whence == SEEK_END) source->at = source->bytes.size() + offset;
  return source->at;
}

int OnClose(thandle_t) { return 0; }

toff_t OnSize(thandle_t handle) { return static_cast<TiffSource*>(handle)->bytes.size(); }

// The whole file is in memory already: libtiff reads it in place, and a false length costs nothing.
int OnMap(thandle_t handle, void** base, toff_t* size) {
  const ByteSpan bytes = static_cast<TiffSource*>(handle)->bytes;
  *base = const_cast<uint8_t*>(bytes.data());
  *size = bytes.size();
  return 1;
}

void OnUnmap(thandle_t, void*, toff_t) {}

int OnError(TIFF*, void* user, const char*, const char* format, va_list arguments) {
  auto* source = static_cast<TiffSource*>(user);
  if (!source->message[0]) std::vsnprintf(source->message, sizeof(source->message), format, arguments);
  return 1;
}

int OnWarning(TIFF*, void*, const char*, const char*, va_list) { return 1; }

struct CloseTiff {
  void operator()(TIFF* tiff) const { TIFFClose(tiff); }
};
using TiffHandle = std::unique_ptr<TIFF, CloseTiff>;

TiffHandle Open(TiffSource& source) {
  TIFFOpenOptions* options = TIFFOpenOptionsAlloc();
  if (!options) return nullptr;
  TIFFOpenOptionsSetMaxSingleMemAlloc(options, 512 << 20);
  TIFFOpenOptionsSetErrorHandlerExtR(options, OnError, &source);
  TIFFOpenOptionsSetWarningHandlerExtR(options, OnWarning, nullptr);
  TiffHandle tiff(TIFFClientOpenExt("picture", "r", &source, OnRead, OnWrite, OnSeek, OnClose, OnSize, OnMap,
                                    OnUnmap, options));
  TIFFOpenOptionsFree(options);
  return tiff;
}

Error Damaged(const TiffSource& source) {
  return {ErrorKind::kBadInput,
          fmt::format("damaged or unusual TIFF: {}",
                      source.message[0] ? static_cast<const char*>(source.message) : "no reason given")};
}

uint16_t ShortField(TIFF* tiff, uint32_t tag) {
  uint16_t value = 0;
  TIFFGetFieldDefaulted(tiff, tag, &value);
  return value;
}

enum class Alpha { kNone, kStraight, kPremultiplied };

struct Layout {
  uint32_t width = 0, height = 0;
  size_t samples = 0;  // in the file
  size_t colours = 0;  // of them, that make the colour: 1, 3 or 4
  size_t alpha_at = 0;
  Alpha alpha = Alpha::kNone;
  unsigned bits = 0;
  uint16_t photometric = 0;
  bool separate = false, tiled = false;
  uint32_t block_width = 0, block_height = 0;

  size_t kept() const { return colours + (alpha == Alpha::kNone ? 0 : 1); }
};

void ReadAlpha(TIFF* tiff, Layout& layout) {
  uint16_t count = 0;
  uint16_t* kinds = nullptr;
  if (!TIFFGetFieldDefaulted(tiff, TIFFTAG_EXTRASAMPLES, &count, &kinds) || layout.colours == 4) return;
  for (size_t i = 0; i < count && layout.colours + i < layout.samples; ++i) {
    if (kinds[i] != EXTRASAMPLE_ASSOCALPHA && kinds[i] != EXTRASAMPLE_UNASSALPHA) continue;
    layout.alpha = kinds[i] == EXTRASAMPLE_ASSOCALPHA ? Alpha::kPremultiplied : Alpha::kStraight;
    layout.alpha_at = layout.colours + i;
    return;
  }
}

// Samples that make a colour, 0 for what goes through libtiff's own reader.
size_t ColourSamples(TIFF* tiff, Layout& layout) {
  switch (layout.photometric) {
    case PHOTOMETRIC_MINISBLACK:
    case PHOTOMETRIC_MINISWHITE: return 1;
    case PHOTOMETRIC_PALETTE: return layout.bits <= 8 ? 1 : 0;
    case PHOTOMETRIC_RGB: return 3;
    case PHOTOMETRIC_SEPARATED: return ShortField(tiff, TIFFTAG_INKSET) == INKSET_CMYK ? 4 : 0;
    case PHOTOMETRIC_YCBCR: {
      if (ShortField(tiff, TIFFTAG_COMPRESSION) != COMPRESSION_JPEG || layout.separate) return 0;
      TIFFSetField(tiff, TIFFTAG_JPEGCOLORMODE, JPEGCOLORMODE_RGB);
      return 3;
    }
    default: return 0;
  }
}

Result<Layout> ReadLayout(TIFF* tiff, const DecodeLimits& limits) {
  Layout layout;
  TIFFGetField(tiff, TIFFTAG_IMAGEWIDTH, &layout.width);
  TIFFGetField(tiff, TIFFTAG_IMAGELENGTH, &layout.height);
  HL_TRY(CheckSize(layout.width, layout.height, limits));
  uint32_t kind = 0;
  uint16_t count = 0;
  void* offsets = nullptr;
  TIFFGetFieldDefaulted(tiff, TIFFTAG_SUBFILETYPE, &kind);
  const bool has_others = TIFFGetField(tiff, TIFFTAG_SUBIFD, &count, &offsets) != 0;
  void* version = nullptr;
  if (TIFFGetField(tiff, TIFFTAG_DNGVERSION, &version) || (kind & FILETYPE_REDUCEDIMAGE && has_others)) {
    return Fail(ErrorKind::kBadInput, "a raw camera file; develop it to JPEG or PNG first");
  }
  const uint16_t format = ShortField(tiff, TIFFTAG_SAMPLEFORMAT);
  layout.bits = ShortField(tiff, TIFFTAG_BITSPERSAMPLE);
  if (format != SAMPLEFORMAT_UINT && format != SAMPLEFORMAT_VOID) {
    return Fail(
        ErrorKind::kBadInput,
        "a TIFF of {}-bit signed or floating-point samples; save it with 8 or 16 bits a channel first",
        layout.bits);
  }
  if (layout.bits < 1 || layout.bits > 16) {
    return Fail(ErrorKind::kBadInput, "a TIFF of {} bits a sample; save it with 8 or 16 bits a channel first",
                layout.bits);
  }
  layout.samples = ShortField(tiff, TIFFTAG_SAMPLESPERPIXEL);
  layout.photometric = ShortField(tiff, TIFFTAG_PHOTOMETRIC);
  layout.separate = ShortField(tiff, TIFFTAG_PLANARCONFIG) == PLANARCONFIG_SEPARATE && layout.samples > 1;
  layout.tiled = TIFFIsTiled(tiff) != 0;
  layout.colours = ColourSamples(tiff, layout);
  if (layout.samples < layout.colours || layout.samples > 64) layout.colours = 0;
  if (layout.colours > 0) ReadAlpha(tiff, layout);
  layout.block_width = layout.width;
  if (layout.tiled) {
    TIFFGetField(tiff, TIFFTAG_TILEWIDTH, &layout.block_width);
    TIFFGetField(tiff, TIFFTAG_TILELENGTH, &layout.block_height);
  } else {
    TIFFGetFieldDefaulted(tiff, TIFFTAG_ROWSPERSTRIP, &layout.block_height);
    layout.block_height = std::min(layout.block_height, layout.height);
  }
  return layout;
}

// Sample number `index` of a packed row as stored: 8 bits a byte, 16 in the host's order, others high bit
// first.
uint32_t RawSample(const uint8_t* row, size_t index, unsigned bits) {
  if (bits == 8) return row[index];
  if (bits == 16) {
    uint16_t value;
    std::memcpy(&value, row + index * 2, 2);
    return value;
  }
  uint32_t value = 0;
  for (size_t bit = index * bits; bit < (index + 1) * bits; ++bit)
    value = value << 1 | (row[bit / 8] >> (7 - bit % 8) & 1);
  return value;
}

uint8_t Level(uint32_t raw, const Layout& layout) {
  if (layout.photometric == PHOTOMETRIC_PALETTE || layout.bits == 8) return static_cast<uint8_t>(raw);
  if (layout.bits > 8) return static_cast<uint8_t>(raw >> (layout.bits - 8));
  const uint32_t top = (1u << layout.bits) - 1;
  return static_cast<uint8_t>((raw * 255 + top / 2) / top);
}

// A tile or strip of the picture that is being read, and where its samples go.
struct Block {
  uint32_t x, y, columns, rows;
  size_t row_bytes;
};

// A kept sample: its place in a pixel of the levels, and in a pixel of the block, which holds `step` samples.
struct Sample {
  size_t slot, stored, step;
};

// Copies one sample of every pixel from a block to (height, width, kept) levels.
void CopySamples(const uint8_t* buffer, const Block& block, Sample sample, const Layout& layout,
                 std::vector<uint8_t>& levels) {
  const size_t kept = layout.kept();
  for (size_t y = 0; y < block.rows; ++y) {
    const uint8_t* row = buffer + y * block.row_bytes;
    uint8_t* out = levels.data() + ((block.y + y) * layout.width + block.x) * kept + sample.slot;
    for (size_t x = 0; x < block.columns; ++x) {
      out[x * kept] = Level(RawSample(row, x * sample.step + sample.stored, layout.bits), layout);
    }
  }
}

bool ReadBlock(TIFF* tiff, const Layout& layout, const Block& block, uint16_t plane,
               std::vector<uint8_t>& buffer) {
  const auto size = static_cast<tmsize_t>(buffer.size());
  if (layout.tiled)
    return TIFFReadEncodedTile(tiff, TIFFComputeTile(tiff, block.x, block.y, 0, plane), buffer.data(),
                               size) >= 0;
  const tmsize_t wanted = static_cast<tmsize_t>(block.rows * block.row_bytes);
  return TIFFReadEncodedStrip(tiff, TIFFComputeStrip(tiff, block.y, plane), buffer.data(), wanted) == wanted;
}

// A buffer for one tile or strip, refused when the file could not fill it.
Result<std::vector<uint8_t>> BlockBuffer(TIFF* tiff, const Layout& layout, const TiffSource& source) {
  const uint64_t size = layout.tiled ? TIFFTileSize64(tiff) : TIFFStripSize64(tiff);
  const uint64_t pixels = uint64_t{layout.width} * layout.height;
  const bool raw = ShortField(tiff, TIFFTAG_COMPRESSION) == COMPRESSION_NONE;
  if (size == 0 || layout.block_width == 0 || layout.block_height == 0)
    return tl::make_unexpected(Damaged(source));
  if (size > std::max(kSmallBlock, 4 * pixels * layout.samples * 2) || (raw && size > source.bytes.size())) {
    return Fail(ErrorKind::kBadInput, "a damaged TIFF: {} bytes cannot hold a block of {} bytes",
                source.bytes.size(), size);
  }
  return std::vector<uint8_t>(static_cast<size_t>(size));
}

// All kept samples as levels, (height, width, kept).
Result<std::vector<uint8_t>> ReadLevels(TIFF* tiff, const Layout& layout, const TiffSource& source) {
  HL_ASSIGN(std::vector<uint8_t> buffer, BlockBuffer(tiff, layout, source));
  const auto row_bytes = static_cast<size_t>(layout.tiled ? TIFFTileRowSize(tiff) : TIFFScanlineSize(tiff));
  std::vector<uint8_t> levels;
  for (uint32_t y = 0; y < layout.height; y += layout.block_height) {
    for (uint32_t x = 0; x < layout.width; x += layout.block_width) {
      const Block block{x, y, std::min(layout.block_width, layout.width - x),
                        std::min(layout.block_height, layout.height - y), row_bytes};
      if (block.rows * row_bytes > buffer.size()) return tl::make_unexpected(Damaged(source));
      for (size_t slot = 0; slot < layout.kept(); ++slot) {
        const size_t stored = slot < layout.colours ? slot : layout.alpha_at;
        if ((layout.separate || slot == 0) &&
            !ReadBlock(tiff, layout, block, static_cast<uint16_t>(layout.separate ? stored : 0), buffer)) {
          return tl::make_unexpected(Damaged(source));
        }
        // Only once a block has been read: a bomb's first block fails.
        levels.resize(size_t{layout.width} * layout.height * layout.kept());
        const Sample sample = layout.separate
                                  ? Sample{.slot = slot, .stored = 0, .step = 1}
                                  : Sample{.slot = slot, .stored = stored, .step = layout.samples};
        CopySamples(buffer.data(), block, sample, layout, levels);
      }
      if (layout.block_width > layout.width - x) break;
    }
    if (layout.block_height > layout.height - y) break;
  }
  return levels;
}

// (256, 3) levels of a palette. Old writers stored 8-bit entries; then all are below 256.
Result<std::vector<uint8_t>> ReadPalette(TIFF* tiff, unsigned bits) {
  uint16_t* tables[3] = {};
  if (!TIFFGetField(tiff, TIFFTAG_COLORMAP, &tables[0], &tables[1], &tables[2])) {
    return Fail(ErrorKind::kBadInput, "a TIFF palette picture without its palette");
  }
  const size_t count = size_t{1} << bits;
  bool wide = false;
  for (const uint16_t* table : tables)
    wide = wide || std::any_of(table, table + count, [](uint16_t v) { return v >= 256; });
  std::vector<uint8_t> palette(256 * 3);
  for (size_t i = 0; i < count; ++i) {
    for (size_t c = 0; c < 3; ++c)
      palette[i * 3 + c] = static_cast<uint8_t>(wide ? tables[c][i] >> 8 : tables[c][i]);
  }
  return palette;
}

uint8_t Composite(uint8_t colour, uint8_t alpha, Alpha kind) {
  if (kind == Alpha::kNone) return colour;
  if (kind == Alpha::kStraight) return OverWhite(colour, alpha);
  return static_cast<uint8_t>(std::min(255, colour + 255 - alpha));
}

void PaintLevels(const std::vector<uint8_t>& levels, const Layout& layout,
                 const std::vector<uint8_t>& palette, Image& image) {
  const size_t kept = layout.kept(), count = image.rgb.size() / 3;
  for (size_t i = 0; i < count; ++i) {
    const uint8_t* in = levels.data() + i * kept;
    uint8_t* out = image.rgb.data() + i * 3;
    if (layout.colours == 4) {
      const uint8_t inverted[4] = {static_cast<uint8_t>(255 - in[0]), static_cast<uint8_t>(255 - in[1]),
                                   static_cast<uint8_t>(255 - in[2]), static_cast<uint8_t>(255 - in[3])};
      InvertedCmykToRgb(inverted, 1, out);
      continue;
    }
    const uint8_t alpha = in[kept - 1];
    for (size_t c = 0; c < 3; ++c) {
      uint8_t colour = in[layout.colours == 3 ? c : 0];
      if (layout.photometric == PHOTOMETRIC_MINISWHITE) colour = static_cast<uint8_t>(255 - colour);
      if (layout.photometric == PHOTOMETRIC_PALETTE) colour = palette[size_t{in[0]} * 3 + c];
      out[c] = Composite(colour, alpha, layout.alpha);
    }
  }
}

// libtiff's own reader for what is rare. It gives premultiplied alpha.
Result<Image> ReadRare(TIFF* tiff, const Layout& layout, TiffSource& source) {
  char why[1024] = "";
  if (!TIFFRGBAImageOK(tiff, why))
    return Fail(ErrorKind::kBadInput, "an unusual TIFF: {}; save it as PNG first",
                static_cast<const char*>(why));
  HL_TRY(BlockBuffer(tiff, layout, source));
  std::vector<uint32_t> raster(size_t{layout.width} * layout.height);
  // Asking for the orientation that the file has keeps the rows as stored.
  if (!TIFFReadRGBAImageOriented(tiff, layout.width, layout.height, raster.data(),
                                 ShortField(tiff, TIFFTAG_ORIENTATION), 1)) {
    return tl::make_unexpected(Damaged(source));
  }
  Image image = MakeImage(static_cast<int>(layout.width), static_cast<int>(layout.height));
  for (size_t i = 0; i < raster.size(); ++i) {
    const auto alpha = static_cast<uint8_t>(TIFFGetA(raster[i]));
    image.rgb[i * 3] = Composite(static_cast<uint8_t>(TIFFGetR(raster[i])), alpha, Alpha::kPremultiplied);
    image.rgb[i * 3 + 1] = Composite(static_cast<uint8_t>(TIFFGetG(raster[i])), alpha, Alpha::kPremultiplied);
    image.rgb[i * 3 + 2] = Composite(static_cast<uint8_t>(TIFFGetB(raster[i])), alpha, Alpha::kPremultiplied);
  }
  return image;
}

FileFacts ReadFacts(TIFF* tiff, const Layout& layout) {
  FileFacts facts;
  facts.format = "TIFF";
  const bool alpha = layout.alpha != Alpha::kNone;
  if (layout.photometric == PHOTOMETRIC_PALETTE) facts.colour = "palette";
  else if (layout.colours == 4) facts.colour = "cmyk";
  else if (layout.colours == 1) facts.colour = alpha ? "greya" : "grey";
  else facts.colour = alpha ? "rgba" : "rgb";
  facts.has_alpha = alpha;
  facts.bits = static_cast<int>(layout.bits);
  facts.stored_width = static_cast<int>(layout.width);
  facts.stored_height = static_cast<int>(layout.height);
  const uint16_t orientation = ShortField(tiff, TIFFTAG_ORIENTATION);
  facts.orientation = orientation >= 1 && orientation <= 8 ? orientation : 1;
  uint32_t size = 0;
  void* profile = nullptr;
  facts.has_icc = TIFFGetField(tiff, TIFFTAG_ICCPROFILE, &size, &profile) != 0;
  return facts;
}

}  // namespace

Result<Decoded> DecodeTiff(ByteSpan bytes, const DecodeLimits& limits) {
  if (bytes.size() > 10 && bytes[8] == 'C' && bytes[9] == 'R') {
    return Fail(ErrorKind::kBadInput, "a raw camera file (CR2); develop it to JPEG or PNG first");
  }
  TiffSource source{bytes};
  const TiffHandle tiff = Open(source);
  if (!tiff) return tl::make_unexpected(Damaged(source));
  HL_ASSIGN(const Layout layout, ReadLayout(tiff.get(), limits));
  Decoded decoded;
  decoded.facts = ReadFacts(tiff.get(), layout);
  if (layout.colours == 0) {
    HL_ASSIGN(decoded.image, ReadRare(tiff.get(), layout, source));
  } else {
    std::vector<uint8_t> palette;
    if (layout.photometric == PHOTOMETRIC_PALETTE) {
      HL_ASSIGN(palette, ReadPalette(tiff.get(), layout.bits));
    }
    HL_ASSIGN(const std::vector<uint8_t> levels, ReadLevels(tiff.get(), layout, source));
    decoded.image = MakeImage(static_cast<int>(layout.width), static_cast<int>(layout.height));
    PaintLevels(levels, layout, palette, decoded.image);
  }
  // Last: counting walks through the other pages and leaves the first.
  decoded.facts.frames = std::max<int>(1, static_cast<int>(TIFFNumberOfDirectories(tiff.get())));
  if (decoded.facts.frames > 1) decoded.facts.warnings.emplace_back("several pages; the first is used");
  return decoded;
}

}  // namespace handlens::image
