// libheif, opened at run time: it brings the patented HEVC decoder and a GPL encoder with it, so that the
// program is not linked to it and works without. Where it is missing, HEIC and AVIF pictures are refused with
// the package to install.
#pragma once

#include <libheif/heif.h>

#include "base/result.h"

namespace handlens::image {

// The functions that heif.cc calls, under their own names. All are there when a library is.
struct HeifLibrary {
// clang-format off
#define HANDLENS_HEIF_FUNCTIONS(X)                                                                \
  X(heif_context_alloc) X(heif_context_free) X(heif_context_read_from_memory_without_copy)        \
  X(heif_context_set_maximum_image_size_limit) X(heif_context_get_number_of_top_level_images)     \
  X(heif_context_get_primary_image_handle) X(heif_image_handle_release)                           \
  X(heif_image_handle_get_width) X(heif_image_handle_get_height)                                  \
  X(heif_image_handle_get_ispe_width) X(heif_image_handle_get_ispe_height)                        \
  X(heif_image_handle_has_alpha_channel) X(heif_image_handle_is_premultiplied_alpha)              \
  X(heif_image_handle_get_luma_bits_per_pixel) X(heif_image_handle_get_color_profile_type)        \
  X(heif_decode_image) X(heif_image_get_width) X(heif_image_get_height)                           \
  X(heif_image_get_plane_readonly) X(heif_image_release) X(heif_have_decoder_for_format)
// clang-format on
#define X(name) decltype(&::name) name = nullptr;
  HANDLENS_HEIF_FUNCTIONS(X)
#undef X
};

// The system's libheif, opened once. Kind kBadInput, a phrase without the path: that it is not there, and
// what to install. Thread-safe.
Result<const HeifLibrary*> OpenHeifLibrary();

}  // namespace handlens::image
