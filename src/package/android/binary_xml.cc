#include "package/android/binary_xml.h"

#include <set>

#include "package/little_endian.h"

namespace handlens::package {
namespace {

constexpr uint16_t kXml = 0x0003, kStringPool = 0x0001, kResourceMap = 0x0180, kStartElement = 0x0102;
constexpr uint32_t kSortedFlag = 1u << 0, kUtf8Flag = 1u << 8;
constexpr uint8_t kTypeFirstInt = 0x10, kTypeLastInt = 0x1f;

tl::unexpected<Error> BrokenXml() {
  return Fail(ErrorKind::kBadInput, "not a binary XML file that can be read");
}

struct Pool {
  std::vector<std::string> strings;  // UTF-8
  uint32_t flags = 0;
  size_t size_bytes = 0;  // of the chunk
};

void PutCodePoint(std::string& out, uint32_t c) {
  const auto byte = [&](uint32_t v) { out += static_cast<char>(v); };
  if (c < 0x80) return byte(c);
  if (c < 0x800) return byte(0xc0 | (c >> 6)), byte(0x80 | (c & 63));
  if (c < 0x10000) return byte(0xe0 | (c >> 12)), byte(0x80 | ((c >> 6) & 63)), byte(0x80 | (c & 63));
  byte(0xf0 | (c >> 18)), byte(0x80 | ((c >> 12) & 63)), byte(0x80 | ((c >> 6) & 63)), byte(0x80 | (c & 63));
}

std::string FromUtf16(std::span<const uint8_t> units) {
  std::string text;
  Reader reader(units);
  for (size_t i = 0; i + 1 < units.size(); i += 2) {
    uint32_t c = reader.At<uint16_t>(i);
    if (c >= 0xd800 && c < 0xdc00 && i + 3 < units.size()) {
      c = 0x10000 + ((c - 0xd800) << 10) + (reader.At<uint16_t>(i + 2) - 0xdc00u);
      i += 2;
    }
    PutCodePoint(text, c);
  }
  return text;
}

// The code points of valid UTF-8; callers pass checked text only.
std::vector<uint32_t> CodePoints(const std::string& text) {
  std::vector<uint32_t> points;
  for (size_t i = 0; i < text.size();) {
    const auto lead = static_cast<uint8_t>(text[i]);
    const size_t length = lead < 0x80 ? 1 : lead < 0xe0 ? 2 : lead < 0xf0 ? 3 : 4;
    uint32_t c = length == 1 ? lead : lead & (0xffu >> (length + 1));
    for (size_t k = 1; k < length && i + k < text.size(); ++k)
      c = (c << 6) | (static_cast<uint8_t>(text[i + k]) & 63u);
    points.push_back(c);
    i += length;
  }
  return points;
}

Bytes ToUtf16(const std::string& text) {
  Bytes units;
  for (const uint32_t c : CodePoints(text)) {
    if (c < 0x10000) {
      Put<uint16_t>(units, static_cast<uint16_t>(c));
    } else {
      Put<uint16_t>(units, static_cast<uint16_t>(0xd800 + ((c - 0x10000) >> 10)));
      Put<uint16_t>(units, static_cast<uint16_t>(0xdc00 + ((c - 0x10000) & 0x3ff)));
    }
  }
  return units;
}

// A length of the UTF-8 form: one byte, or two with the high bit set. Advances `offset`.
size_t ReadLength8(Reader& reader, size_t& offset) {
  const size_t first = reader.At<uint8_t>(offset++);
  if (first < 0x80) return first;
  return ((first & 0x7f) << 8) | reader.At<uint8_t>(offset++);
}

size_t ReadLength16(Reader& reader, size_t& offset) {
  const size_t first = reader.At<uint16_t>(offset);
  offset += 2;
  if (first < 0x8000) return first;
  const size_t second = reader.At<uint16_t>(offset);
  offset += 2;
  return ((first & 0x7fff) << 16) | second;
}

Result<Pool> ReadPool(Reader& reader, size_t start) {
  if (reader.At<uint16_t>(start) != kStringPool) return BrokenXml();
  Pool pool;
  pool.size_bytes = reader.At<uint32_t>(start + 4);
  const size_t count = reader.At<uint32_t>(start + 8);
  if (reader.At<uint32_t>(start + 12) != 0) return BrokenXml();  // styled strings do not occur in manifests
  pool.flags = reader.At<uint32_t>(start + 16);
  const size_t data = start + reader.At<uint32_t>(start + 20);
  const size_t offsets = start + reader.At<uint16_t>(start + 2);
  for (size_t i = 0; i < count && reader.ok(); ++i) {
    size_t at = data + reader.At<uint32_t>(offsets + 4 * i);
    if (pool.flags & kUtf8Flag) {
      ReadLength8(reader, at);  // in UTF-16 units, not needed
      const size_t size = ReadLength8(reader, at);
      const auto bytes = reader.Slice(at, size);
      pool.strings.emplace_back(bytes.begin(), bytes.end());
    } else {
      const size_t units = ReadLength16(reader, at);
      pool.strings.push_back(FromUtf16(reader.Slice(at, 2 * units)));
    }
  }
  if (!reader.ok()) return BrokenXml();
  return pool;
}

void PutLength8(Bytes& out, size_t length) {
  if (length >= 0x80) Put<uint8_t>(out, static_cast<uint8_t>(0x80 | (length >> 8)));
  Put<uint8_t>(out, static_cast<uint8_t>(length));
}

void PutString(Bytes& out, const std::string& text, uint32_t flags) {
  const Bytes utf16 = ToUtf16(text);
  if (flags & kUtf8Flag) {
    PutLength8(out, utf16.size() / 2);
    PutLength8(out, text.size());
    out.insert(out.end(), text.begin(), text.end());
    Put<uint8_t>(out, 0);
  } else {
    Put<uint16_t>(out, static_cast<uint16_t>(utf16.size() / 2));
    Append(out, utf16);
    Put<uint16_t>(out, 0);
  }
}

Bytes WritePool(const Pool& pool) {
  Bytes data, offsets;
  for (const std::string& text : pool.strings) {
    Put<uint32_t>(offsets, static_cast<uint32_t>(data.size()));
    PutString(data, text, pool.flags);
  }
  while (data.size() % 4 != 0) data.push_back(0);
  constexpr uint16_t kHeader = 28;
  Bytes out;
  Put<uint16_t>(out, kStringPool);
  Put<uint16_t>(out, kHeader);
  Put<uint32_t>(out, static_cast<uint32_t>(kHeader + offsets.size() + data.size()));
  Put<uint32_t>(out, static_cast<uint32_t>(pool.strings.size()));
  Put<uint32_t>(out, 0);                          // styles
  Put<uint32_t>(out, pool.flags & ~kSortedFlag);  // an edit may break the order
  Put<uint32_t>(out, static_cast<uint32_t>(kHeader + offsets.size()));
  Put<uint32_t>(out, 0);
  Append(out, offsets);
  Append(out, data);
  return out;
}

// Replaces in the pool; returns the keys that occurred.
std::set<std::string> ReplaceStrings(Pool& pool, const std::map<std::string, std::string>& replacements) {
  std::set<std::string> seen;
  for (std::string& text : pool.strings) {
    for (const auto& [from, to] : replacements) {
      if (text != from && !text.starts_with(from + ".")) continue;
      seen.insert(from);
      text = to + text.substr(from.size());
      break;
    }
  }
  return seen;
}

// Sets integer attributes of every element in `nodes` (the chunks after the pool); returns the ids that
// occurred.
Result<std::set<uint32_t>> ReplaceIntegers(Bytes& nodes, const std::map<uint32_t, uint32_t>& replacements) {
  std::vector<uint32_t> ids;
  std::set<uint32_t> seen;
  for (size_t at = 0; at < nodes.size();) {
    Reader reader(nodes);
    const auto type = reader.At<uint16_t>(at);
    const size_t size = reader.At<uint32_t>(at + 4);
    if (!reader.ok() || size < 8 || size > nodes.size() - at) return BrokenXml();
    if (type == kResourceMap) {
      for (size_t i = 8; i + 4 <= size; i += 4) ids.push_back(reader.At<uint32_t>(at + i));
    } else if (type == kStartElement) {
      const size_t first = at + 16 + reader.At<uint16_t>(at + 24);
      const size_t stride = reader.At<uint16_t>(at + 26), count = reader.At<uint16_t>(at + 28);
      for (size_t i = 0; i < count; ++i) {
        const size_t attribute = first + i * stride;
        const size_t name = reader.At<uint32_t>(attribute + 4);
        const auto value_type = reader.At<uint8_t>(attribute + 15);
        reader.At<uint32_t>(attribute + 16);  // the value: it must be inside, too
        if (!reader.ok()) return BrokenXml();
        const auto edit = name < ids.size() ? replacements.find(ids[name]) : replacements.end();
        if (edit == replacements.end() || value_type < kTypeFirstInt || value_type > kTypeLastInt) continue;
        PutAt<uint32_t>(nodes, attribute + 16, edit->second);
        seen.insert(edit->first);
      }
    }
    at += size;
  }
  return seen;
}

}  // namespace

Result<Bytes> EditBinaryXml(std::span<const uint8_t> xml, const ManifestEdit& edit) {
  Reader reader(xml);
  if (reader.At<uint16_t>(0) != kXml || reader.At<uint32_t>(4) != xml.size()) return BrokenXml();
  const size_t start = reader.At<uint16_t>(2);
  HL_ASSIGN(Pool pool, ReadPool(reader, start));
  const auto rest =
      reader.Slice(start + pool.size_bytes, xml.size() - std::min(xml.size(), start + pool.size_bytes));
  Bytes nodes(rest.begin(), rest.end());
  const auto strings = ReplaceStrings(pool, edit.strings);
  HL_ASSIGN(const auto integers, ReplaceIntegers(nodes, edit.integers));
  for (const auto& [from, to] : edit.strings) {
    if (!strings.contains(from)) return Fail(ErrorKind::kInternal, "the manifest does not mention {}", from);
  }
  for (const auto& [id, value] : edit.integers) {
    if (!integers.contains(id)) return Fail(ErrorKind::kInternal, "the manifest has no integer {:#010x}", id);
  }
  const Bytes new_pool = WritePool(pool);
  Bytes out;
  Put<uint16_t>(out, kXml);
  Put<uint16_t>(out, 8);
  Put<uint32_t>(out, static_cast<uint32_t>(8 + new_pool.size() + nodes.size()));
  Append(out, new_pool);
  Append(out, nodes);
  return out;
}

Result<std::vector<std::string>> BinaryXmlStrings(std::span<const uint8_t> xml) {
  Reader reader(xml);
  if (reader.At<uint16_t>(0) != kXml) return BrokenXml();
  HL_ASSIGN(Pool pool, ReadPool(reader, reader.At<uint16_t>(2)));
  return pool.strings;
}

}  // namespace handlens::package
