// HEIC (iPhones, newer Android phones) and AVIF through libheif: the main picture, transparency over white.
// libheif turns and mirrors by irot and imir; EXIF's orientation, which says the same once more, counts for
// nothing here (ISO 23008-12, A.2.1).
#include <algorithm>
#include <memory>

#include "image/formats/codec.h"
#include "image/formats/heif_library.h"
#include "image/formats/sniff.h"
#include "pixels/pixels.h"

namespace handlens::image {
namespace {

// The library's planes and its interleaved copy, a tile and its parent, and the picture itself: of 12
// megapixels, 15 bytes a pixel at the most were seen (AVIF of 4:4:4; HEIC of 4:2:0 took 9).
constexpr int64_t kHeifBytesPerPixel = 16;

template <class Function>
struct Release {
  Function function;
  template <class T>
  void operator()(T* thing) const {
    function(thing);
  }
};
template <class T, class Function>
using Owned = std::unique_ptr<T, Release<Function>>;
using Context = Owned<heif_context, decltype(&heif_context_free)>;
using Handle = Owned<heif_image_handle, decltype(&heif_image_handle_release)>;
using Pixels = Owned<heif_image, decltype(&heif_image_release)>;

tl::unexpected<Error> Refuse(const heif_error& error, std::string_view format) {
  if (error.code == heif_error_Unsupported_filetype || error.code == heif_error_Unsupported_feature) {
    return Fail(ErrorKind::kBadInput,
                "an {} picture of a kind that this computer's libheif does not read ({}); save it as JPEG",
                format, error.message);
  }
  if (error.code == heif_error_Memory_allocation_error) {
    return Fail(ErrorKind::kBadInput, "a damaged {} picture, or larger than the limits allow: {}", format,
                error.message);
  }
  return Fail(ErrorKind::kBadInput, "a damaged or truncated {} picture: {}", format, error.message);
}

// Distributions of 2024 and later have the decoders in packages of their own.
Result<void> CheckDecoder(const HeifLibrary& heif, std::string_view format) {
  const bool av1 = format == "AVIF";
  if (format == "HEIF" ||
      heif.heif_have_decoder_for_format(av1 ? heif_compression_AV1 : heif_compression_HEVC) != 0)
    return {};
  return Fail(ErrorKind::kBadInput,
              "an {} picture, for which libheif has no decoder here; install the package {}, or save the "
              "picture as JPEG",
              format, av1 ? "libheif-plugin-dav1d" : "libheif-plugin-libde265");
}

Result<Handle> OpenPrimary(const HeifLibrary& heif, heif_context* context, ByteSpan bytes,
                           std::string_view format) {
  if (const auto read =
          heif.heif_context_read_from_memory_without_copy(context, bytes.data(), bytes.size(), nullptr);
      read.code != heif_error_Ok) {
    return Refuse(read, format);
  }
  heif_image_handle* primary = nullptr;
  const auto found = heif.heif_context_get_primary_image_handle(context, &primary);
  if (found.code != heif_error_Ok || primary == nullptr) return Refuse(found, format);
  return Handle(primary, {heif.heif_image_handle_release});
}

FileFacts FactsOf(const HeifLibrary& heif, heif_context* context, const heif_image_handle* handle,
                  std::string_view format) {
  FileFacts facts;
  facts.format = format;
  facts.has_alpha = heif.heif_image_handle_has_alpha_channel(handle) != 0;
  facts.colour = facts.has_alpha ? "rgba" : "rgb";
  facts.bits = std::max(1, heif.heif_image_handle_get_luma_bits_per_pixel(handle));
  const auto profile = heif.heif_image_handle_get_color_profile_type(handle);
  facts.has_icc = profile == heif_color_profile_type_prof || profile == heif_color_profile_type_rICC;
  facts.frames = std::max(1, heif.heif_context_get_number_of_top_level_images(context));
  facts.stored_width = heif.heif_image_handle_get_ispe_width(handle);
  facts.stored_height = heif.heif_image_handle_get_ispe_height(handle);
  if (facts.frames > 1) facts.warnings.emplace_back("several pictures in the file; the main one is used");
  return facts;
}

// The library's rows into ours.
Result<Image> Copy(const HeifLibrary& heif, const heif_image* pixels, bool has_alpha,
                   std::string_view format) {
  const int width = heif.heif_image_get_width(pixels, heif_channel_interleaved);
  const int height = heif.heif_image_get_height(pixels, heif_channel_interleaved);
  int stride = 0;
  const uint8_t* rows = heif.heif_image_get_plane_readonly(pixels, heif_channel_interleaved, &stride);
  const int channels = has_alpha ? 4 : 3;
  if (rows == nullptr || width < 1 || height < 1 || stride < width * channels)
    return Fail(ErrorKind::kBadInput, "a damaged {} picture: it has no pixels", format);
  Image image = MakeImage(width, height);
  for (int y = 0; y < height; ++y) {
    const uint8_t* row = rows + static_cast<ptrdiff_t>(y) * stride;
    uint8_t* out = image.rgb.data() + static_cast<size_t>(y) * static_cast<size_t>(width) * 3;
    if (has_alpha) OverWhite(row, static_cast<size_t>(width), out);
    else std::copy_n(row, static_cast<size_t>(width) * 3, out);
  }
  return image;
}

}  // namespace

Result<void> CanDecodeHeif(std::string_view format) {
  HL_ASSIGN(const HeifLibrary* library, OpenHeifLibrary());
  return CheckDecoder(*library, format);
}

Result<Decoded> DecodeHeif(ByteSpan bytes, const DecodeLimits& limits) {
  HL_ASSIGN(const HeifLibrary* library, OpenHeifLibrary());
  const HeifLibrary& heif = *library;
  const std::string_view format = HeifName(bytes);
  HL_TRY(CheckDecoder(heif, format));
  const Context context(heif.heif_context_alloc(), {heif.heif_context_free});
  if (!context) return Fail(ErrorKind::kResources, "no memory left to decode the picture");
  heif.heif_context_set_maximum_image_size_limit(context.get(), HL_MAX_SIDE_PX);
  HL_ASSIGN(const Handle handle, OpenPrimary(heif, context.get(), bytes, format));
  Decoded decoded;
  decoded.facts = FactsOf(heif, context.get(), handle.get(), format);
  // Before and after cropping and turning: neither may be too large.
  HL_TRY(CheckSize(heif.heif_image_handle_get_width(handle.get()),
                   heif.heif_image_handle_get_height(handle.get()), limits, kHeifBytesPerPixel));
  HL_TRY(CheckSize(decoded.facts.stored_width, decoded.facts.stored_height, limits, kHeifBytesPerPixel));
  if (decoded.facts.has_alpha && heif.heif_image_handle_is_premultiplied_alpha(handle.get()) != 0) {
    return Fail(ErrorKind::kBadInput,
                "an {} picture whose colours are multiplied with its transparency; save it as PNG", format);
  }
  heif_image* raw = nullptr;
  const auto done = heif.heif_decode_image(
      handle.get(), &raw, heif_colorspace_RGB,
      decoded.facts.has_alpha ? heif_chroma_interleaved_RGBA : heif_chroma_interleaved_RGB, nullptr);
  const Pixels pixels(raw, {heif.heif_image_release});
  if (done.code != heif_error_Ok || !pixels) return Refuse(done, format);
  HL_ASSIGN(decoded.image, Copy(heif, pixels.get(), decoded.facts.has_alpha, format));
  return decoded;
}

}  // namespace handlens::image
