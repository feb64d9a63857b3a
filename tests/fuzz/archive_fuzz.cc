// Whatever bytes come as a zip of pictures, or as a field test's: files below the folder that was given, or
// an error; never one anywhere else.
#include <algorithm>

#include "dataset/unpack.h"
#include "fuzz.h"
#include "package/zip.h"
#include "verify/field_file.h"

namespace {

using namespace handlens;
namespace fs = std::filesystem;

std::string Zip(const std::vector<std::pair<std::string, std::string>>& members) {
  std::vector<package::ZipEntry> entries;
  for (const auto& [name, text] : members) entries.push_back(package::StoredEntry(name, fuzz::BytesOf(text)));
  return fuzz::Text(package::WriteZip(entries).bytes);
}

const fuzz::Seeds& SomeArchives() {
  static const fuzz::Seeds seeds = {
      Zip({{"birds/red/a.png", "x"}, {"birds/blue/b.png", "y"}, {"__MACOSX/._a", "z"}}),
      Zip({{"../a.png", "x"}, {"/b/c.png", "y"}, {"c\\d.png", "z"}}),
      Zip({{"a/", ""}, {"a/b", "x"}, {"a/b/c", "y"}}),
      Zip({{"record.json", "{}"}, {"seen/001.png", "x"}, {"whole/001.jpg", "y"}})};
  return seeds;
}

}  // namespace

extern "C" size_t LLVMFuzzerCustomMutator(uint8_t* data, size_t size, size_t max_size, unsigned seed) {
  return fuzz::MutateBytes({data, size, max_size, seed}, SomeArchives());
}

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  static const fs::path folder = fuzz::NewFolder(), inside = folder / "in";
  static fuzz::MemoryFile memory;
  memory.Set({reinterpret_cast<const char*>(data), size});
  (void)verify::ReadFieldFile(memory.path());
  fs::create_directory(inside);
  const auto unpacked = dataset::UnpackInto(memory.path(), inside, SilentProgress());
  if (!unpacked) HL_CHECK(!unpacked.error().message.empty());
  for (const auto& entry : fs::directory_iterator(folder)) HL_CHECK(entry.path() == inside);
  for (const auto& entry : fs::recursive_directory_iterator(inside)) HL_CHECK(!entry.is_symlink());
  fs::remove_all(inside);
  return 0;
}
