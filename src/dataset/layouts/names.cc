// Names of files and classes: what is valid, what looks alike, how odd bytes are shown.
#include <utf8proc.h>

#include <algorithm>
#include <array>
#include <cstdlib>
#include <filesystem>

#include "base/text.h"
#include "dataset/scan.h"

namespace handlens::dataset {
namespace {

// Length in bytes of the valid character at the front of `text`, or 0; its code point in `point`.
size_t FrontCharacter(std::string_view text, utf8proc_int32_t& point) {
  const auto length = utf8proc_iterate(reinterpret_cast<const utf8proc_uint8_t*>(text.data()),
                                       static_cast<utf8proc_ssize_t>(text.size()), &point);
  return length > 0 ? static_cast<size_t>(length) : 0;
}

}  // namespace

bool IsUtf8(std::string_view text) {
  utf8proc_int32_t point = 0;
  while (!text.empty()) {
    const size_t length = FrontCharacter(text, point);
    if (length == 0) return false;
    text.remove_prefix(length);
  }
  return true;
}

std::string Printable(std::string_view name) { return Visible(name); }

std::string FoldedName(std::string_view text) {
  utf8proc_uint8_t* folded = nullptr;
  const auto length = utf8proc_map(
      reinterpret_cast<const utf8proc_uint8_t*>(text.data()), static_cast<utf8proc_ssize_t>(text.size()),
      &folded, static_cast<utf8proc_option_t>(UTF8PROC_STABLE | UTF8PROC_COMPOSE | UTF8PROC_CASEFOLD));
  if (length < 0) return std::string(text);
  std::string result(reinterpret_cast<const char*>(folded), static_cast<size_t>(length));
  std::free(folded);  // NOLINT: utf8proc_map allocates with malloc
  return result;
}

bool IsLitter(std::string_view name) {
  constexpr std::array<std::string_view, 8> kLitter = {"Thumbs.db",  "desktop.ini", "Desktop.ini",
                                                       "__MACOSX",   "@eaDir",      "$RECYCLE.BIN",
                                                       "lost+found", "ehthumbs.db"};
  return name.starts_with('.') || std::find(kLitter.begin(), kLitter.end(), name) != kLitter.end();
}

bool HasPictureExtension(const std::string& name) {
  constexpr std::array<std::string_view, 16> kExtensions = {
      ".jpg",  ".jpeg", ".jpe",  ".jfif", ".png", ".gif",  ".bmp", ".tif",
      ".tiff", ".webp", ".heic", ".heif", ".hif", ".avif", ".mpo", ".dcm"};
  const std::string extension = FoldedName(std::filesystem::path(name).extension().string());
  return std::find(kExtensions.begin(), kExtensions.end(), extension) != kExtensions.end();
}

std::string LabelProblem(std::string_view label) {
  if (label.empty()) return "the class name is empty";
  if (!IsUtf8(label)) return "the class name is not valid UTF-8; rename the folder";
  for (const char c : label) {
    if (static_cast<unsigned char>(c) < 0x20 || c == 0x7F) {
      return "the class name holds a control character (a line break, perhaps); the labels file has one "
             "class a line, so rename it";
    }
  }
  if (const std::string seen = Visible(label); seen != label) {
    return fmt::format(
        "the class name holds characters that nobody sees and that can turn the writing around "
        "({}); rename it",
        seen);
  }
  if (label.find_first_not_of(' ') == std::string_view::npos) return "the class name is only blanks";
  return "";
}

}  // namespace handlens::dataset
