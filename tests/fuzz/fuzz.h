// What the fuzz targets share: inputs that the program's own writers made to begin with, changes that keep an
// input readable (random bytes hardly ever pass the first check of a format), and files that are no more than
// memory.
#pragma once

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/disk.h"

namespace handlens::fuzz {

using Seeds = std::vector<std::string>;

inline std::string Text(std::span<const uint8_t> bytes) { return {bytes.begin(), bytes.end()}; }
inline Bytes BytesOf(std::string_view text) { return {text.begin(), text.end()}; }
// A file of the repository, such as "src/package/testdata/manifest.axml"; it must be there.
std::string SourceFile(std::string_view path);
// All files directly in a folder of the repository.
Seeds SourceFolder(std::string_view path);

// What LLVMFuzzerCustomMutator gets: `size` of the `max_size` bytes at `data` are an input to change in
// place.
struct Place {
  uint8_t* data;
  size_t size, max_size;
  unsigned seed;

  std::string_view text() const { return {reinterpret_cast<const char*>(data), size}; }
  size_t Take(std::string_view text) const;  // the new size
};
// libFuzzer's own change, now and then of a fresh seed.
size_t MutateBytes(Place place, const Seeds& seeds);
// An input whose first `front` bytes stay as they are and whose rest is JSON: a value is replaced, doubled,
// moved, taken away or made absurd, and the result is JSON again. Sometimes MutateBytes instead.
size_t MutateJson(Place place, const Seeds& seeds, size_t front);
// The same of a JSON text alone; texts that are none are returned as they are.
std::string ChangedJson(std::string_view text, unsigned seed);

// A new empty folder in memory (/dev/shm where there is one), removed when the program ends.
std::filesystem::path NewFolder();

// A file without a name in any folder; its path is the same for all contents.
class MemoryFile {
 public:
  MemoryFile();
  void Set(std::string_view text);
  const std::filesystem::path& path() const { return path_; }

 private:
  int descriptor_;
  std::filesystem::path path_;
};

}  // namespace handlens::fuzz
