// Two tables of first bytes. Signatures are from the formats' own specifications.
#include "image/formats/sniff.h"

#include <algorithm>
#include <cctype>
#include <string>
#include <vector>

namespace handlens::image {
namespace {

using namespace std::string_view_literals;

struct Signature {
  size_t at;
  std::string_view bytes;
  std::string_view name;
};

constexpr Signature kOthers[] = {
    {0, "%PDF"sv, "a PDF document, not a picture; export its pages as PNG first"},
    {0, "\0\0\0\1Bud1"sv, "a macOS folder file (.DS_Store), not a picture"},
    {0, "\x00\x05\x16\x07"sv, "a macOS companion file (AppleDouble), not a picture"},
    {0, "\x00\x05\x16\x00"sv, "a macOS companion file (AppleSingle), not a picture"},
    {0, "\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"sv,
     "a Windows file (Thumbs.db or an Office document), not a picture"},
    {0, "version https://git-lfs"sv,
     "a Git LFS pointer, not the picture itself; fetch it with 'git lfs pull'"},
    {0, "[.ShellClassInfo]"sv, "a Windows folder file (desktop.ini), not a picture"},
    {0, "\0\0\0\x0cjP  "sv, "a JPEG 2000 picture; save it as JPEG or PNG first"},
    {0, "\xff\x4f\xff\x51"sv, "a JPEG 2000 picture; save it as JPEG or PNG first"},
    {0, "\0\0\0\x0cJXL "sv, "a JPEG XL picture; save it as JPEG or PNG first"},
    {0, "\xff\x0a"sv, "a JPEG XL picture; save it as JPEG or PNG first"},
    {4, "ftypcrx "sv, "a raw camera file (CR3); develop it to JPEG or PNG first"},
    {4, "ftyp"sv, "a video, not a picture; save single frames as PNG first"},
    {0, "\x1a\x45\xdf\xa3"sv, "a video, not a picture; save single frames as PNG first"},
    {8, "AVI "sv, "a video, not a picture; save single frames as PNG first"},
    {8, "WAVE"sv, "a sound file, not a picture"},
    {0, "\0\0\1\0"sv, "a Windows icon; save it as PNG first"},
    {0, "8BPS"sv, "a Photoshop file; save it as PNG first"},
    {0, "PK\3\4"sv, "a ZIP archive or an Office document; unpack it first"},
    {0, "\x1f\x8b"sv, "a gzip archive; unpack it first"},
    {0, "7z\xbc\xaf\x27\x1c"sv, "a 7z archive; unpack it first"},
    {0, "Rar!"sv, "a RAR archive; unpack it first"},
    {0, "\x76\x2f\x31\x01"sv, "an OpenEXR picture; save it as PNG first"},
    {0, "SIMPLE  ="sv, "a FITS file; export it as PNG first"},
    {0, "\x89HDF\r\n"sv, "an HDF5 file, not a picture"},
    {0, "\x93NUMPY"sv, "a NumPy array; save it as PNG first"},
    {344, "n+1\0"sv, "a NIfTI volume; export its slices as PNG first"},
};

std::string_view AsText(ByteSpan bytes) {
  return {reinterpret_cast<const char*>(bytes.data()), bytes.size()};
}

bool Has(std::string_view text, size_t at, std::string_view part) {
  return text.size() >= at + part.size() && text.substr(at, part.size()) == part;
}

bool IsNetpbm(std::string_view text) {
  return text.size() > 3 && text[0] == 'P' && text[1] >= '1' && text[1] <= '7' &&
         (text[2] == '\n' || text[2] == ' ');
}

bool IsText(std::string_view text) {
  const std::string_view head = text.substr(0, 512);
  return std::all_of(head.begin(), head.end(), [](char c) {
    const auto byte = static_cast<unsigned char>(c);
    return byte >= 32 || byte == '\n' || byte == '\r' || byte == '\t';
  });
}

std::string LowerHead(std::string_view text) {
  std::string head(text.substr(0, 1024));
  for (char& c : head) {
    if (c >= 'A' && c <= 'Z') c = static_cast<char>(c - 'A' + 'a');
  }
  return head;
}

// The brands of an "ftyp" box, which says of what kind the file is: the main one, then those that it is
// compatible with. ISO 14496-12 section 4.3.
std::vector<std::string_view> Brands(std::string_view text) {
  if (text.size() < 12 || !Has(text, 4, "ftyp"sv)) return {};
  size_t size = 0;
  for (size_t i = 0; i < 4; ++i) size = size << 8 | static_cast<unsigned char>(text[i]);
  std::vector<std::string_view> brands = {text.substr(8, 4)};
  for (size_t at = 16; at + 4 <= std::min({size, text.size(), size_t{256}}); at += 4)
    brands.push_back(text.substr(at, 4));
  return brands;
}

// By the main brand: videos name those of pictures as compatible, too.
bool IsHeif(std::string_view text) {
  const auto brands = Brands(text);
  if (brands.empty()) return false;
  const std::string_view brand = brands[0];
  return brand.starts_with("hei") || brand.starts_with("hev") || brand == "mif1" || brand == "mif2" ||
         brand == "msf1" || brand == "avif" || brand == "avis";
}

}  // namespace

std::string_view HeifName(ByteSpan bytes) {
  std::string_view name = "HEIF";
  for (const std::string_view brand : Brands(AsText(bytes))) {
    if (brand == "avif" || brand == "avis") return "AVIF";
    if (brand.starts_with("hei") || brand.starts_with("hev")) name = "HEIC";
  }
  return name;
}

Format SniffFormat(ByteSpan bytes) {
  const std::string_view text = AsText(bytes);
  if (Has(text, 0, "\xff\xd8"sv)) return Format::kJpeg;
  if (Has(text, 0, "\x89PNG\r\n\x1a\n"sv)) return Format::kPng;
  if (Has(text, 0, "GIF87a"sv) || Has(text, 0, "GIF89a"sv)) return Format::kGif;
  if (Has(text, 0, "BM"sv) && text.size() >= 26) return Format::kBmp;
  if (Has(text, 0, "RIFF"sv) && Has(text, 8, "WEBP"sv)) return Format::kWebp;
  if (IsHeif(text)) return Format::kHeif;
  if (Has(text, 128, "DICM"sv)) return Format::kDicom;  // whose preamble may look like a TIFF
  if (Has(text, 0, "II*\0"sv) || Has(text, 0, "MM\0*"sv)) return Format::kTiff;
  if (Has(text, 0, "II+\0"sv) || Has(text, 0, "MM\0+"sv)) return Format::kTiff;
  return Format::kNone;
}

std::string_view NameOther(ByteSpan bytes) {
  const std::string_view text = AsText(bytes);
  if (text.empty()) return "an empty file; copy it again";
  for (const Signature& signature : kOthers) {
    if (Has(text, signature.at, signature.bytes)) return signature.name;
  }
  if (Has(text, 0, "\x89PNG"sv))
    return "a PNG damaged in transfer (line ends were converted); copy it again as binary";
  if (IsNetpbm(text)) return "a Netpbm picture; save it as PNG first";
  if (std::all_of(bytes.begin(), bytes.end(), [](uint8_t byte) { return byte == 0; })) {
    return "a file of zero bytes only (a failed copy or memory card)";
  }
  const std::string head = LowerHead(text);
  if (head.find("<svg") != std::string::npos) return "an SVG drawing; export it as PNG first";
  if (head.find("<!doctype html") != std::string::npos || head.find("<html") != std::string::npos) {
    return "a web page, not a picture; the download probably failed";
  }
  if (IsText(text)) return "a text file, not a picture";
  return "not a picture of a known format (JPEG, PNG, GIF, BMP, TIFF, WebP, HEIC, AVIF, DICOM)";
}

}  // namespace handlens::image
