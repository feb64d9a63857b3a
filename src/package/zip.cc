#include "package/zip.h"

#include <zlib.h>

#include <algorithm>
#include <set>

#include "package/little_endian.h"

namespace handlens::package {
namespace {

constexpr uint32_t kLocalSignature = 0x04034b50, kDirectorySignature = 0x02014b50, kEndSignature = 0x06054b50;
constexpr size_t kLocalSize = 30, kDirectorySize = 46, kEndSize = 22;
constexpr uint16_t kAlignmentExtraId = 0xd935;
constexpr uint16_t kDosDate = (1 << 9) | (1 << 5) | 1;  // 1981-01-01, the date zip tools give to "no date"
constexpr uint16_t kUtf8Names = 1 << 11;

tl::unexpected<Error> Broken(const char* why) {
  return Fail(ErrorKind::kBadInput, "not a zip archive that can be read: {}", why);
}

// Offset of the end record: the last one whose comment reaches exactly to the end of the file.
Result<size_t> FindEnd(Reader& reader, size_t size) {
  for (size_t back = kEndSize; back <= std::min(size, kEndSize + 65535); ++back) {
    const size_t offset = size - back;
    if (reader.At<uint32_t>(offset) == kEndSignature && reader.At<uint16_t>(offset + 20) == back - kEndSize)
      return offset;
  }
  return Broken("no end record");
}

size_t AlignmentOf(const ZipEntry& entry) {
  if (entry.method != 0) return 1;
  return entry.name.ends_with(".so") ? 16384 : 4;
}

// The extra field that moves an entry's data, which would start at `data_offset`, to a multiple of
// `alignment`.
Bytes AlignmentExtra(size_t data_offset, size_t alignment) {
  Bytes extra;
  if (alignment == 1 || data_offset % alignment == 0) return extra;
  constexpr size_t kHeader = 6;
  const size_t padding = (alignment - (data_offset + kHeader) % alignment) % alignment;
  Put<uint16_t>(extra, kAlignmentExtraId);
  Put<uint16_t>(extra, static_cast<uint16_t>(2 + padding));
  Put<uint16_t>(extra, static_cast<uint16_t>(alignment));
  extra.resize(kHeader + padding, 0);
  return extra;
}

// The fields that a local header and a directory record share, from "version needed" to "name length".
void PutShared(Bytes& out, const ZipEntry& entry) {
  Put<uint16_t>(out, 20);
  Put<uint16_t>(out, kUtf8Names);
  Put<uint16_t>(out, entry.method);
  Put<uint16_t>(out, 0);
  Put<uint16_t>(out, kDosDate);
  Put<uint32_t>(out, entry.crc32);
  Put<uint32_t>(out, static_cast<uint32_t>(entry.data.size()));
  Put<uint32_t>(out, entry.size_bytes);
  Put<uint16_t>(out, static_cast<uint16_t>(entry.name.size()));
}

void PutName(Bytes& out, const std::string& name) { out.insert(out.end(), name.begin(), name.end()); }

}  // namespace

Result<std::vector<ZipEntry>> ReadZip(std::span<const uint8_t> archive) {
  Reader reader(archive);
  HL_ASSIGN(const size_t end, FindEnd(reader, archive.size()));
  const size_t count = reader.At<uint16_t>(end + 10);
  size_t offset = reader.At<uint32_t>(end + 16);
  if (count == 0xffff || offset == 0xffffffff) return Broken("zip64");
  std::vector<ZipEntry> entries;
  std::set<std::string> names;
  size_t all_data = 0;
  for (size_t i = 0; i < count; ++i) {
    if (reader.At<uint32_t>(offset) != kDirectorySignature) return Broken("a directory record is damaged");
    if (reader.At<uint16_t>(offset + 8) & 1) return Broken("encrypted");
    ZipEntry entry;
    entry.method = reader.At<uint16_t>(offset + 10);
    entry.crc32 = reader.At<uint32_t>(offset + 16);
    const size_t data_size = reader.At<uint32_t>(offset + 20);
    entry.size_bytes = reader.At<uint32_t>(offset + 24);
    const size_t name_size = reader.At<uint16_t>(offset + 28);
    const size_t local = reader.At<uint32_t>(offset + 42);
    const auto name = reader.Slice(offset + kDirectorySize, name_size);
    entry.name.assign(name.begin(), name.end());
    const size_t data_offset =
        local + kLocalSize + reader.At<uint16_t>(local + 26) + reader.At<uint16_t>(local + 28);
    if (reader.At<uint32_t>(local) != kLocalSignature) return Broken("a local header is damaged");
    const auto data = reader.Slice(data_offset, data_size);
    if (!reader.ok()) return Broken("it ends early");
    all_data += data_size;
    if (all_data > archive.size()) return Broken("entries share their bytes");
    entry.data.assign(data.begin(), data.end());
    if (!names.insert(entry.name).second) return Broken("a name occurs twice");
    offset +=
        kDirectorySize + name_size + reader.At<uint16_t>(offset + 30) + reader.At<uint16_t>(offset + 32);
    entries.push_back(std::move(entry));
  }
  return entries;
}

ZipEntry StoredEntry(std::string name, std::span<const uint8_t> bytes) {
  ZipEntry entry;
  entry.name = std::move(name);
  entry.crc32 = static_cast<uint32_t>(::crc32_z(0, bytes.data(), bytes.size()));
  entry.size_bytes = static_cast<uint32_t>(bytes.size());
  entry.data.assign(bytes.begin(), bytes.end());
  return entry;
}

Result<Bytes> EntryBytes(const ZipEntry& entry) {
  Bytes bytes = entry.data;
  if (entry.method == 8) {
    // The claimed size is believed only as far as deflate can grow data (1032 to 1).
    if (entry.size_bytes / 1032 > entry.data.size())
      return Fail(ErrorKind::kBadInput, "{}: an impossible size", entry.name);
    bytes.assign(entry.size_bytes, 0);
    z_stream stream{};
    if (::inflateInit2(&stream, -MAX_WBITS) != Z_OK)
      return Fail(ErrorKind::kResources, "{}: no memory", entry.name);
    stream.next_in = const_cast<Bytef*>(entry.data.data());
    stream.avail_in = static_cast<uInt>(entry.data.size());
    stream.next_out = bytes.data();
    stream.avail_out = static_cast<uInt>(bytes.size());
    const int status = ::inflate(&stream, Z_FINISH);
    const size_t written = stream.total_out;
    ::inflateEnd(&stream);
    if (status != Z_STREAM_END || written != bytes.size())
      return Fail(ErrorKind::kBadInput, "{}: damaged", entry.name);
  } else if (entry.method != 0) {
    return Fail(ErrorKind::kBadInput, "{}: unknown compression {}", entry.name, entry.method);
  }
  if (::crc32_z(0, bytes.data(), bytes.size()) != entry.crc32)
    return Fail(ErrorKind::kBadInput, "{}: wrong CRC", entry.name);
  return bytes;
}

ZipLayout WriteZip(const std::vector<ZipEntry>& entries) {
  ZipLayout zip;
  Bytes directory;
  for (const ZipEntry& entry : entries) {
    const auto local = static_cast<uint32_t>(zip.bytes.size());
    const Bytes extra = AlignmentExtra(local + kLocalSize + entry.name.size(), AlignmentOf(entry));
    Put<uint32_t>(zip.bytes, kLocalSignature);
    PutShared(zip.bytes, entry);
    Put<uint16_t>(zip.bytes, static_cast<uint16_t>(extra.size()));
    PutName(zip.bytes, entry.name);
    Append(zip.bytes, extra);
    Append(zip.bytes, entry.data);

    Put<uint32_t>(directory, kDirectorySignature);
    Put<uint16_t>(directory, 20);
    PutShared(directory, entry);
    directory.resize(directory.size() + 12, 0);  // extra, comment, disk, attributes
    Put<uint32_t>(directory, local);
    PutName(directory, entry.name);
  }
  zip.directory_offset = zip.bytes.size();
  Append(zip.bytes, directory);
  zip.end_offset = zip.bytes.size();
  Put<uint32_t>(zip.bytes, kEndSignature);
  Put<uint32_t>(zip.bytes, 0);
  Put<uint16_t>(zip.bytes, static_cast<uint16_t>(entries.size()));
  Put<uint16_t>(zip.bytes, static_cast<uint16_t>(entries.size()));
  Put<uint32_t>(zip.bytes, static_cast<uint32_t>(directory.size()));
  Put<uint32_t>(zip.bytes, static_cast<uint32_t>(zip.directory_offset));
  Put<uint16_t>(zip.bytes, 0);
  return zip;
}

}  // namespace handlens::package
