// The zip archive behind a model's last byte, where the metadata's associated files are. Private to the room.
#pragma once

#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/disk.h"

namespace handlens::tflite {

using ArchiveFile = std::pair<std::string, std::string>;  // name, content

// Appends the files to `model` as a zip archive, stored uncompressed, with offsets from the model's first
// byte and the earliest date zip knows, so that equal files are equal bytes (PKWARE APPNOTE 6.3,
// sections 4.3.7, 4.3.12, 4.3.16).
void AppendArchive(Bytes& model, std::span<const ArchiveFile> files);

// Content of one file of the archive, or "" when there is no archive or no such file. Files over 16 MiB are
// not read.
std::string ReadArchived(std::span<const uint8_t> model, std::string_view name);

}  // namespace handlens::tflite
