// JPEG through libjpeg-turbo's default path (slow integer DCT, fancy upsampling), docs/pixels.md section 1.
//
// libjpeg reports errors by a callback that must not return, so every function that calls it holds only
// trivial locals and a setjmp. Missing data is an error, not a grey rest: computer and phone must agree.
// Damage that the decoder can step over is a warning, because it cannot always be detected.
#include <csetjmp>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <string>

#include <jpeglib.h>
// After jpeglib.h, which it needs.
#include <jerror.h>

#include "image/formats/codec.h"
#include "image/formats/exif.h"

namespace handlens::image {
namespace {

constexpr int kMaxScans =
    100;  // real progressive files have about ten; a thousand scans of 200 MB hang a decoder
// A grey 8x8 block of a DC-only progressive scan takes one bit; arithmetic coding may take a few times less.
constexpr int64_t kMaxJpegPixelsPerByte = 4096;

struct JpegReader {
  jpeg_decompress_struct info;
  jpeg_error_mgr errors;
  jpeg_progress_mgr progress;
  std::jmp_buf escape;
  char message[JMSG_LENGTH_MAX];
  bool warned;
  bool ended;      // the source ran out
  bool truncated;  // and the decoder needed more
};

JpegReader* Self(j_common_ptr info) { return static_cast<JpegReader*>(info->client_data); }

[[noreturn]] void OnError(j_common_ptr info) {
  JpegReader* self = Self(info);
  self->errors.format_message(info, self->message);
  std::longjmp(self->escape, 1);
}

void OnMessage(j_common_ptr info, int level) {
  if (level >= 0) return;
  JpegReader* self = Self(info);
  const int code = self->errors.msg_code;
  if (code == JWRN_JPEG_EOF) {
    self->ended = true;
    return;
  }
  if (code == JWRN_HIT_MARKER && self->ended) {
    self->truncated = true;
    std::longjmp(self->escape, 1);
  }
  if (!self->warned) self->errors.format_message(info, self->message);
  self->warned = true;
}

void OnProgress(j_common_ptr info) {
  JpegReader* self = Self(info);
  if (self->info.input_scan_number > kMaxScans) {
    std::snprintf(self->message, sizeof(self->message), "more than %d scans", kMaxScans);
    std::longjmp(self->escape, 1);
  }
}

void Open(JpegReader* self, ByteSpan bytes) {
  std::memset(self, 0, sizeof(*self));
  self->info.err = jpeg_std_error(&self->errors);
  self->errors.error_exit = OnError;
  self->errors.emit_message = OnMessage;
  self->info.client_data = self;
  jpeg_create_decompress(&self->info);
  self->info.client_data = self;
  self->progress.progress_monitor = OnProgress;
  self->info.progress = &self->progress;
  jpeg_mem_src(&self->info, bytes.data(), static_cast<unsigned long>(bytes.size()));
}

bool ReadJpegHeader(JpegReader* self) {
  if (setjmp(self->escape)) return false;
  jpeg_save_markers(&self->info, JPEG_APP0 + 1, 0xffff);
  jpeg_save_markers(&self->info, JPEG_APP0 + 2, 0xffff);
  jpeg_read_header(&self->info, TRUE);
  const bool four = self->info.jpeg_color_space == JCS_CMYK || self->info.jpeg_color_space == JCS_YCCK;
  self->info.out_color_space = four ? JCS_CMYK : JCS_RGB;
  return true;
}

// A progressive file whose last scans are missing decodes without complaint, only coarser than it was saved.
bool LacksScans(const jpeg_decompress_struct& info) {
  if (!info.progressive_mode || !info.coef_bits) return false;
  for (int component = 0; component < info.num_components; ++component) {
    for (int i = 0; i < DCTSIZE2; ++i) {
      if (info.coef_bits[component][i] != 0) return true;
    }
  }
  return false;
}

// `row` is scratch of width * 4 bytes for CMYK.
bool ReadPixels(JpegReader* self, uint8_t* rgb, uint8_t* row) {
  if (setjmp(self->escape)) return false;
  jpeg_start_decompress(&self->info);
  if (self->ended && LacksScans(self->info)) {
    self->truncated = true;
    return false;
  }
  const size_t width = self->info.output_width;
  while (self->info.output_scanline < self->info.output_height) {
    uint8_t* out = rgb + size_t{self->info.output_scanline} * width * 3;
    JSAMPROW rows[1] = {self->info.out_color_space == JCS_CMYK ? row : out};
    if (jpeg_read_scanlines(&self->info, rows, 1) != 1) return false;
    if (self->info.out_color_space != JCS_CMYK) continue;
    if (!self->info.saw_Adobe_marker) {
      for (size_t i = 0; i < width * 4; ++i) row[i] = static_cast<uint8_t>(255 - row[i]);
    }
    InvertedCmykToRgb(row, width, out);
  }
  return true;
}

// What follows the pixels can spoil nothing any more.
void Finish(JpegReader* self) {
  if (setjmp(self->escape)) return;
  jpeg_finish_decompress(&self->info);
}

bool StartsWith(const jpeg_marker_struct& marker, std::string_view prefix) {
  return marker.data_length >= prefix.size() && std::memcmp(marker.data, prefix.data(), prefix.size()) == 0;
}

FileFacts ReadFacts(const jpeg_decompress_struct& info) {
  FileFacts facts;
  facts.format = "JPEG";
  facts.colour = info.num_components == 1 ? "grey" : info.out_color_space == JCS_CMYK ? "cmyk" : "rgb";
  facts.bits = info.data_precision;
  facts.stored_width = static_cast<int>(info.image_width);
  facts.stored_height = static_cast<int>(info.image_height);
  constexpr std::string_view kExif("Exif\0\0", 6), kIcc("ICC_PROFILE\0", 12), kMpf("MPF\0", 4);
  bool oriented = false;
  for (const jpeg_marker_struct* marker = info.marker_list; marker; marker = marker->next) {
    if (!oriented && marker->marker == JPEG_APP0 + 1 && StartsWith(*marker, kExif)) {
      facts.orientation = ExifOrientation({marker->data, marker->data_length});
      oriented = true;
    } else if (StartsWith(*marker, kIcc)) {
      facts.has_icc = true;
    } else if (StartsWith(*marker, kMpf)) {
      facts.frames = MpfPictures({marker->data + kMpf.size(), marker->data_length - kMpf.size()});
    }
  }
  return facts;
}

// Why reading stopped, in the user's words.
Error Explain(const JpegReader& self, size_t size) {
  if (self.truncated || self.ended) {
    return {ErrorKind::kBadInput, fmt::format("truncated JPEG at byte {}", size)};
  }
  return {ErrorKind::kBadInput,
          fmt::format("damaged or unusual JPEG: {}", static_cast<const char*>(self.message))};
}

struct JpegReaderGuard {
  JpegReader reader;
  explicit JpegReaderGuard(ByteSpan bytes) { Open(&reader, bytes); }
  ~JpegReaderGuard() { jpeg_destroy_decompress(&reader.info); }
  JpegReaderGuard(const JpegReaderGuard&) = delete;
  JpegReaderGuard& operator=(const JpegReaderGuard&) = delete;
};

struct Writer {
  jpeg_compress_struct info;
  jpeg_error_mgr errors;
};

}  // namespace

Result<Decoded> DecodeJpeg(ByteSpan bytes, const DecodeLimits& limits) {
  JpegReaderGuard guard(bytes);
  JpegReader& self = guard.reader;
  if (!ReadJpegHeader(&self)) return tl::make_unexpected(Explain(self, bytes.size()));
  const int64_t width = self.info.image_width, height = self.info.image_height;
  HL_TRY(CheckSize(width, height, limits));
  HL_TRY(CheckPlausible(width * height, bytes.size(), kMaxJpegPixelsPerByte));
  Decoded decoded;
  decoded.facts = ReadFacts(self.info);
  decoded.image = MakeImage(static_cast<int>(width), static_cast<int>(height));
  std::vector<uint8_t> row(static_cast<size_t>(width) * 4);
  if (!ReadPixels(&self, decoded.image.rgb.data(), row.data()))
    return tl::make_unexpected(Explain(self, bytes.size()));
  Finish(&self);
  if (self.warned) decoded.facts.warnings.emplace_back(static_cast<const char*>(self.message));
  if (self.ended) decoded.facts.warnings.emplace_back("the end marker is missing");
  if (decoded.facts.frames > 1)
    decoded.facts.warnings.emplace_back("several pictures in the file; the first is used");
  return decoded;
}

Bytes EncodeJpeg(std::span<const uint8_t> rgb, int width, int height, int quality) {
  HL_CHECK(width > 0 && height > 0 && quality >= 1 && quality <= 100);
  HL_CHECK(rgb.size() == static_cast<size_t>(width) * static_cast<size_t>(height) * 3);
  // The default error handler ends the program: encoding to memory fails only on a programmer's error or no
  // memory.
  Writer writer{};
  writer.info.err = jpeg_std_error(&writer.errors);
  jpeg_create_compress(&writer.info);
  unsigned char* memory = nullptr;
  unsigned long size = 0;
  jpeg_mem_dest(&writer.info, &memory, &size);
  writer.info.image_width = static_cast<JDIMENSION>(width);
  writer.info.image_height = static_cast<JDIMENSION>(height);
  writer.info.input_components = 3;
  writer.info.in_color_space = JCS_RGB;
  jpeg_set_defaults(&writer.info);
  jpeg_set_quality(&writer.info, quality, TRUE);
  jpeg_start_compress(&writer.info, TRUE);
  std::vector<uint8_t> row(static_cast<size_t>(width) * 3);
  while (writer.info.next_scanline < writer.info.image_height) {
    std::memcpy(row.data(), rgb.data() + writer.info.next_scanline * row.size(), row.size());
    JSAMPROW rows[1] = {row.data()};
    jpeg_write_scanlines(&writer.info, rows, 1);
  }
  jpeg_finish_compress(&writer.info);
  Bytes bytes(memory, memory + size);
  jpeg_destroy_compress(&writer.info);
  std::free(memory);
  return bytes;
}

}  // namespace handlens::image
