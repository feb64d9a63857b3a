// PNG through libpng. Checksums of what carries pixels are checked, text and profiles are skipped unread, so
// that a text chunk that inflates to gigabytes costs nothing.
//
// libpng reports errors by longjmp, so every function that calls it holds only trivial locals.
#include <png.h>

#include <algorithm>
#include <cstring>
#include <string>

#include "image/formats/codec.h"
#include "image/formats/exif.h"

namespace handlens::image {
namespace {

// Deflate reaches 1032:1, and a byte holds eight 1-bit pixels.
constexpr int64_t kMaxPngPixelsPerByte = 1032 * 8 + 64;

struct PngReader {
  png_structp png;
  png_infop info;
  const uint8_t* data;
  size_t size, at;
  char message[200];
  bool ended;
};

[[noreturn]] void OnError(png_structp png, png_const_charp text) {
  auto* self = static_cast<PngReader*>(png_get_error_ptr(png));
  std::strncpy(self->message, text, sizeof(self->message) - 1);
  png_longjmp(png, 1);
}

void OnWarning(png_structp, png_const_charp) {}

void OnRead(png_structp png, png_bytep out, size_t count) {
  auto* self = static_cast<PngReader*>(png_get_io_ptr(png));
  if (self->size - self->at < count) {
    self->ended = true;
    png_error(png, "the file ends early");
  }
  std::memcpy(out, self->data + self->at, count);
  self->at += count;
}

bool ReadPngHeader(PngReader* self) {
  if (setjmp(png_jmpbuf(self->png))) return false;
  png_set_read_fn(self->png, self, OnRead);
  // Sizes are checked by CheckSize, in the user's words.
  png_set_user_limits(self->png, PNG_UINT_31_MAX, PNG_UINT_31_MAX);
  png_set_chunk_malloc_max(self->png, 8'000'000);
  // libpng's list form takes 5 bytes a name.
  static constexpr png_byte kSkipped[] = "tEXt\0zTXt\0iTXt\0iCCP\0eXIf\0sPLT\0hIST\0pCAL\0sCAL\0tIME";
  png_set_keep_unknown_chunks(self->png, PNG_HANDLE_CHUNK_NEVER, kSkipped, sizeof(kSkipped) / 5);
  png_read_info(self->png, self->info);
  return true;
}

// Returns channels of the transformed rows: 3 or 4; 0 on failure.
int Transform(PngReader* self) {
  if (setjmp(png_jmpbuf(self->png))) return 0;
  png_set_expand(self->png);
  png_set_strip_16(self->png);
  png_set_gray_to_rgb(self->png);
  png_set_interlace_handling(self->png);
  png_read_update_info(self->png, self->info);
  return png_get_channels(self->png, self->info);
}

bool ReadRows(PngReader* self, uint8_t** rows) {
  if (setjmp(png_jmpbuf(self->png))) return false;
  png_read_image(self->png, rows);
  return true;
}

// Checks the last checksums. A missing end marker is no damage.
bool ReadEnd(PngReader* self) {
  if (setjmp(png_jmpbuf(self->png))) return self->ended;
  png_read_end(self->png, nullptr);
  return true;
}

struct PngReaderGuard {
  PngReader reader{};
  explicit PngReaderGuard(ByteSpan bytes) {
    reader.data = bytes.data();
    reader.size = bytes.size();
    reader.png = png_create_read_struct(PNG_LIBPNG_VER_STRING, &reader, OnError, OnWarning);
    HL_CHECK(reader.png != nullptr);
    reader.info = png_create_info_struct(reader.png);
    HL_CHECK(reader.info != nullptr);
  }
  ~PngReaderGuard() { png_destroy_read_struct(&reader.png, &reader.info, nullptr); }
  PngReaderGuard(const PngReaderGuard&) = delete;
  PngReaderGuard& operator=(const PngReaderGuard&) = delete;
};

uint32_t BigEndian(ByteSpan bytes, size_t at) {
  return uint32_t{bytes[at]} << 24 | uint32_t{bytes[at + 1]} << 16 | uint32_t{bytes[at + 2]} << 8 |
         bytes[at + 3];
}

// Orientation, profile and frames, from the list of chunks: libpng would stop at a broken profile, we only
// note it.
void ReadChunks(ByteSpan bytes, FileFacts& facts) {
  for (size_t at = 8; at + 12 <= bytes.size();) {
    const size_t length = BigEndian(bytes, at);
    const std::string_view name(reinterpret_cast<const char*>(bytes.data()) + at + 4, 4);
    if (length > bytes.size() - at - 12 || name == "IEND") return;
    const ByteSpan body = bytes.subspan(at + 8, length);
    if (name == "eXIf") facts.orientation = ExifOrientation(body);
    if (name == "iCCP") facts.has_icc = true;
    if (name == "acTL" && length == 8)
      facts.frames = static_cast<int>(std::min<uint32_t>(BigEndian(body, 0), 1'000'000));
    at += length + 12;
  }
}

FileFacts ReadFacts(const PngReader& self, ByteSpan bytes) {
  FileFacts facts;
  facts.format = "PNG";
  const int type = png_get_color_type(self.png, self.info);
  const bool key = png_get_valid(self.png, self.info, PNG_INFO_tRNS) != 0;
  if (type == PNG_COLOR_TYPE_PALETTE) facts.colour = "palette";
  else if (type & PNG_COLOR_MASK_COLOR) facts.colour = type & PNG_COLOR_MASK_ALPHA || key ? "rgba" : "rgb";
  else facts.colour = type & PNG_COLOR_MASK_ALPHA || key ? "greya" : "grey";
  facts.has_alpha = (type & PNG_COLOR_MASK_ALPHA) != 0 || key;
  facts.bits = png_get_bit_depth(self.png, self.info);
  facts.stored_width = static_cast<int>(png_get_image_width(self.png, self.info));
  facts.stored_height = static_cast<int>(png_get_image_height(self.png, self.info));
  ReadChunks(bytes, facts);
  return facts;
}

Error Explain(const PngReader& self) {
  if (self.ended) return {ErrorKind::kBadInput, fmt::format("truncated PNG at byte {}", self.size)};
  return {ErrorKind::kBadInput,
          fmt::format("damaged PNG near byte {}: {}", self.at, static_cast<const char*>(self.message))};
}

void AppendBytes(png_structp png, png_bytep data, size_t size) {
  auto* bytes = static_cast<Bytes*>(png_get_io_ptr(png));
  bytes->insert(bytes->end(), data, data + size);
}

}  // namespace

Result<Decoded> DecodePng(ByteSpan bytes, const DecodeLimits& limits) {
  PngReaderGuard guard(bytes);
  PngReader& self = guard.reader;
  if (!ReadPngHeader(&self)) return tl::make_unexpected(Explain(self));
  const int64_t width = png_get_image_width(self.png, self.info),
                height = png_get_image_height(self.png, self.info);
  HL_TRY(CheckSize(width, height, limits));
  HL_TRY(CheckPlausible(width * height, bytes.size(), kMaxPngPixelsPerByte));
  Decoded decoded;
  decoded.facts = ReadFacts(self, bytes);
  const int channels = Transform(&self);
  if (channels != 3 && channels != 4) return tl::make_unexpected(Explain(self));
  const size_t row_bytes = static_cast<size_t>(width) * static_cast<size_t>(channels);
  decoded.image = MakeImage(static_cast<int>(width), static_cast<int>(height));
  std::vector<uint8_t> rgba(channels == 4 ? row_bytes * static_cast<size_t>(height) : 0);
  std::vector<uint8_t*> rows(static_cast<size_t>(height));
  uint8_t* first = channels == 4 ? rgba.data() : decoded.image.rgb.data();
  for (size_t y = 0; y < rows.size(); ++y) rows[y] = first + y * row_bytes;
  if (!ReadRows(&self, rows.data()) || !ReadEnd(&self)) return tl::make_unexpected(Explain(self));
  if (channels == 4) OverWhite(rgba.data(), rgba.size() / 4, decoded.image.rgb.data());
  if (self.ended) decoded.facts.warnings.emplace_back("the end marker is missing");
  return decoded;
}

Bytes EncodePng(std::span<const uint8_t> rgb, int width, int height) {
  HL_CHECK(width > 0 && height > 0);
  const size_t row_bytes = static_cast<size_t>(width) * 3;
  HL_CHECK(rgb.size() == row_bytes * static_cast<size_t>(height));
  Bytes bytes;
  // No error handler of ours: writing to memory fails only on a programmer's error or no memory, and then
  // libpng aborts.
  png_structp png = png_create_write_struct(PNG_LIBPNG_VER_STRING, nullptr, nullptr, nullptr);
  HL_CHECK(png != nullptr);
  png_infop info = png_create_info_struct(png);
  HL_CHECK(info != nullptr);
  png_set_write_fn(png, &bytes, AppendBytes, nullptr);
  png_set_IHDR(png, info, static_cast<png_uint_32>(width), static_cast<png_uint_32>(height), 8,
               PNG_COLOR_TYPE_RGB, PNG_INTERLACE_NONE, PNG_COMPRESSION_TYPE_DEFAULT, PNG_FILTER_TYPE_DEFAULT);
  png_write_info(png, info);
  for (size_t y = 0; y < static_cast<size_t>(height); ++y) png_write_row(png, rgb.data() + y * row_bytes);
  png_write_end(png, nullptr);
  png_destroy_write_struct(&png, &info);
  return bytes;
}

}  // namespace handlens::image
