// Writes the appended archive byte by byte (libzip cannot write one behind other bytes); reads with libzip,
// which knows what other tools write.
#include "tflite/archive.h"

#include <zip.h>
#include <zlib.h>

#include <memory>

namespace handlens::tflite {
namespace {

constexpr uint32_t kLocalHeader = 0x04034b50, kCentralHeader = 0x02014b50, kEndOfCentral = 0x06054b50;
constexpr uint16_t kVersion = 10, kStored = 0, kNoTime = 0, kFirstOf1980 = 0x21;
constexpr zip_uint64_t kMaxFileBytes = 16 << 20;

void Put16(Bytes& out, uint32_t value) {
  out.push_back(static_cast<uint8_t>(value & 255));
  out.push_back(static_cast<uint8_t>(value >> 8 & 255));
}

void Put32(Bytes& out, uint32_t value) {
  Put16(out, value & 0xffff);
  Put16(out, value >> 16);
}

// The fields that both headers of a file share, from "version needed" to the extra field's length.
void PutShared(Bytes& out, const ArchiveFile& file) {
  const auto& [name, content] = file;
  const auto size = static_cast<uint32_t>(content.size());
  const auto crc = crc32(0, reinterpret_cast<const Bytef*>(content.data()), size);
  for (const uint16_t value : {kVersion, uint16_t{0}, kStored, kNoTime, kFirstOf1980}) Put16(out, value);
  for (const uint32_t value : {static_cast<uint32_t>(crc), size, size}) Put32(out, value);
  Put16(out, static_cast<uint16_t>(name.size()));
  Put16(out, 0);
}

}  // namespace

void AppendArchive(Bytes& model, std::span<const ArchiveFile> files) {
  Bytes central;
  for (const ArchiveFile& file : files) {
    const auto offset = static_cast<uint32_t>(model.size());
    Put32(model, kLocalHeader);
    PutShared(model, file);
    model.insert(model.end(), file.first.begin(), file.first.end());
    model.insert(model.end(), file.second.begin(), file.second.end());
    Put32(central, kCentralHeader);
    Put16(central, kVersion);
    PutShared(central, file);
    for (int i = 0; i < 3; ++i) Put16(central, 0);  // comment length, disk, internal attributes
    Put32(central, 0);                              // external attributes
    Put32(central, offset);
    central.insert(central.end(), file.first.begin(), file.first.end());
  }
  const auto central_offset = static_cast<uint32_t>(model.size());
  model.insert(model.end(), central.begin(), central.end());
  Put32(model, kEndOfCentral);
  for (const size_t value : {size_t{0}, size_t{0}, files.size(), files.size()})
    Put16(model, static_cast<uint16_t>(value));
  Put32(model, static_cast<uint32_t>(central.size()));
  Put32(model, central_offset);
  Put16(model, 0);
}

std::string ReadArchived(std::span<const uint8_t> model, std::string_view name) {
  zip_error_t error;
  zip_error_init(&error);
  zip_source_t* const source = zip_source_buffer_create(model.data(), model.size(), 0, &error);
  if (source == nullptr) return "";
  const std::unique_ptr<zip_t, decltype(&zip_discard)> archive(
      zip_open_from_source(source, ZIP_RDONLY, &error), &zip_discard);
  zip_error_fini(&error);
  if (archive == nullptr) {
    zip_source_free(source);
    return "";
  }
  zip_stat_t status;
  const std::string file(name);
  if (zip_stat(archive.get(), file.c_str(), 0, &status) != 0 || (status.valid & ZIP_STAT_SIZE) == 0 ||
      status.size > kMaxFileBytes) {
    return "";
  }
  const std::unique_ptr<zip_file_t, decltype(&zip_fclose)> opened(zip_fopen(archive.get(), file.c_str(), 0),
                                                                  &zip_fclose);
  if (opened == nullptr) return "";
  std::string content(status.size, '\0');
  const zip_int64_t got = zip_fread(opened.get(), content.data(), content.size());
  if (got != static_cast<zip_int64_t>(content.size())) return "";
  return content;
}

}  // namespace handlens::tflite
