// What stands in for the decoders that are left out of this program: each needs a library more.
#include "image/formats/codec.h"

namespace handlens::image {
namespace {

Result<Decoded> LeftOut(const char* format) {
  return Fail(ErrorKind::kBadInput,
              "a {} picture; this program reads JPEG, PNG and BMP: save it as one of these", format);
}

}  // namespace

Result<Decoded> DecodeGif(ByteSpan, const DecodeLimits&) { return LeftOut("GIF"); }
Result<Decoded> DecodeTiff(ByteSpan, const DecodeLimits&) { return LeftOut("TIFF"); }
Result<Decoded> DecodeWebp(ByteSpan, const DecodeLimits&) { return LeftOut("WebP"); }
Result<Decoded> DecodeHeif(ByteSpan, const DecodeLimits&) { return LeftOut("HEIC, HEIF or AVIF"); }
Result<Decoded> DecodeDicom(ByteSpan, const DecodeLimits&) { return LeftOut("DICOM"); }

}  // namespace handlens::image
