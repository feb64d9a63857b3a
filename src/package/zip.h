// Zip archives as Android needs them: entries keep their compressed bytes, stored entries start at aligned
// offsets so that they can be mapped into memory. libzip cannot align, hence these few lines; compression is
// not done here. Format: PKWARE APPNOTE 6.3; alignment extra field 0xd935 as zipalign writes it.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "base/disk.h"
#include "base/result.h"

namespace handlens::package {

struct ZipEntry {
  std::string name;
  uint16_t method = 0;  // 0 stored, 8 deflated
  uint32_t crc32 = 0;
  uint32_t size_bytes = 0;  // uncompressed
  Bytes data;               // as stored in the archive
};

// Reads all entries, in the order of the central directory. Kind kBadInput for anything but a plain zip (no
// zip64, no encryption, no duplicate names); never reads outside `archive`.
Result<std::vector<ZipEntry>> ReadZip(std::span<const uint8_t> archive);

// A stored entry of these bytes.
ZipEntry StoredEntry(std::string name, std::span<const uint8_t> bytes);

// The uncompressed bytes of a stored entry or, through zlib, of a deflated one. Kind kBadInput when they do
// not match their CRC or length.
Result<Bytes> EntryBytes(const ZipEntry& entry);

// Where the parts of a written archive are, which the APK signature needs.
struct ZipLayout {
  Bytes bytes;
  size_t directory_offset = 0;  // central directory
  size_t end_offset = 0;        // end of central directory record
};

// Writes the entries in order. Stored entries start at multiples of 4 bytes, stored shared libraries (*.so)
// at multiples of 16,384 (pages of 16 KB). All times are 1981-01-01, so that equal contents give equal bytes.
ZipLayout WriteZip(const std::vector<ZipEntry>& entries);

}  // namespace handlens::package
