// Whatever bytes come as an APK or AAB: its entries, each within the file, which written again are the same
// entries; or an error.
#include "fuzz.h"
#include "package/zip.h"

namespace {

using namespace handlens;
using namespace handlens::package;

const fuzz::Seeds& SomeArchives() {
  static const fuzz::Seeds seeds = [] {
    const std::string text(300, 'a');
    // "deflated" as zlib writes 300 times 'a' (raw, level 9).
    const Bytes deflated = {0x4b, 0x4c, 0x1c, 0x05, 0xc4, 0x02, 0x00};
    ZipEntry packed = StoredEntry("AndroidManifest.xml", fuzz::BytesOf(text));
    packed.method = 8;
    packed.data = deflated;
    HL_CHECK(EntryBytes(packed).value() == fuzz::BytesOf(text));
    const std::vector<ZipEntry> entries = {StoredEntry("lib/arm64-v8a/libx.so", fuzz::BytesOf("elf")), packed,
                                           StoredEntry("assets/a.json", fuzz::BytesOf("{}"))};
    return fuzz::Seeds{fuzz::Text(WriteZip(entries).bytes), fuzz::Text(WriteZip({}).bytes)};
  }();
  return seeds;
}

}  // namespace

extern "C" size_t LLVMFuzzerCustomMutator(uint8_t* data, size_t size, size_t max_size, unsigned seed) {
  return fuzz::MutateBytes({data, size, max_size, seed}, SomeArchives());
}

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const auto entries = ReadZip({data, size});
  if (!entries) return 0;
  size_t bytes = 0;
  for (const ZipEntry& entry : *entries) {
    bytes += entry.data.size();
    if (const auto plain = EntryBytes(entry))
      HL_CHECK(plain->size() == entry.size_bytes || entry.method == 0);
  }
  HL_CHECK(bytes <= size);
  const auto again = ReadZip(WriteZip(*entries).bytes);
  HL_CHECK(again.has_value() && again->size() == entries->size());
  for (size_t i = 0; i < again->size(); ++i) {
    HL_CHECK((*again)[i].name == (*entries)[i].name && (*again)[i].data == (*entries)[i].data);
    HL_CHECK((*again)[i].crc32 == (*entries)[i].crc32 && (*again)[i].size_bytes == (*entries)[i].size_bytes);
  }
  return 0;
}
