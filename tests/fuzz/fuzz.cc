#include "fuzz.h"

#include <sys/mman.h>
#include <unistd.h>

#include <algorithm>
#include <cstdlib>
#include <iterator>
#include <random>

#include "base/json.h"

extern "C" size_t LLVMFuzzerMutate(uint8_t* data, size_t size, size_t max_size);

namespace handlens::fuzz {
namespace {

namespace fs = std::filesystem;
using Random = std::minstd_rand;

size_t Below(Random& random, size_t end) { return end == 0 ? 0 : random() % end; }

// Every value of a document, itself first.
void Collect(Json& json, std::vector<Json*>& all) {
  all.push_back(&json);
  if (!json.is_structured()) return;
  for (Json& inner : json) Collect(inner, all);
}

Json Absurd(Random& random) {
  static const std::vector<Json> kValues = {nullptr,
                                            true,
                                            false,
                                            0,
                                            1,
                                            -1,
                                            2,
                                            255,
                                            256,
                                            1000,
                                            65536,
                                            2147483647,
                                            2147483648,
                                            -2147483649LL,
                                            INT64_MIN,
                                            UINT64_MAX,
                                            0.5,
                                            1e-30,
                                            1e30,
                                            1e308,
                                            -1e308,
                                            "",
                                            "a",
                                            "..",
                                            "../../etc/passwd",
                                            "\x1b[2J",
                                            "\xe2\x80\xae",
                                            std::string(300, 'x'),
                                            "0",
                                            "final",
                                            "fold",
                                            "float32",
                                            "int8",
                                            Json::array(),
                                            Json::object(),
                                            Json::array({Json::array({1})}),
                                            {{"a", 1}}};
  return kValues[Below(random, kValues.size())];
}

void ChangeNumber(Json& json, Random& random) {
  const double value = json.get<double>();
  switch (Below(random, 4)) {
    case 0: json = value + 1; break;
    case 1: json = -value; break;
    case 2: json = value * 1000; break;
    default: json = static_cast<int64_t>(Below(random, 32)); break;
  }
}

void ChangeList(Json& json, Random& random) {
  const size_t at = Below(random, json.size());
  switch (Below(random, 3)) {
    case 0: json.erase(at); break;
    case 1: json.push_back(Json(json[at])); break;
    default: json = Json::array(); break;
  }
}

void ChangeObject(Json& json, Random& random) {
  const auto at = std::next(json.begin(), static_cast<ptrdiff_t>(Below(random, json.size())));
  const std::string key = at.key();
  if (Below(random, 2) == 0) json[key + "x"] = Json(at.value());
  else json.erase(key);
}

void ChangeOne(Json& json, Random& random) {
  std::vector<Json*> all;
  Collect(json, all);
  Json& value = *all[Below(random, all.size())];
  const size_t choice = Below(random, 6);
  if (choice == 0) {
    const Json other = *all[Below(random, all.size())];
    if (other.dump(-1, ' ', false, Json::error_handler_t::replace).size() < 4096) value = other;
  } else if (choice == 1) {
    value = Absurd(random);
  } else if (value.is_number()) {
    ChangeNumber(value, random);
  } else if (value.is_array() && !value.empty()) {
    ChangeList(value, random);
  } else if (value.is_object() && !value.empty()) {
    ChangeObject(value, random);
  } else {
    value = Absurd(random);
  }
}

}  // namespace

std::string SourceFile(std::string_view path) {
  const auto text = ReadText(fs::path(HANDLENS_SOURCE_DIR) / path);
  HL_CHECK(text.has_value());
  return *text;
}

Seeds SourceFolder(std::string_view path) {
  Seeds seeds;
  const auto names = ListFolder(fs::path(HANDLENS_SOURCE_DIR) / path);
  HL_CHECK(names.has_value());
  for (const std::string& name : *names) {
    const fs::path file = fs::path(HANDLENS_SOURCE_DIR) / path / name;
    if (fs::is_regular_file(file)) seeds.push_back(*ReadText(file));
  }
  return seeds;
}

size_t Place::Take(std::string_view text) const {
  const size_t taken = std::min(text.size(), max_size);
  std::copy_n(text.begin(), taken, data);
  return taken;
}

size_t MutateBytes(Place place, const Seeds& seeds) {
  Random random(place.seed);
  if (!seeds.empty() && (place.size < 4 || Below(random, 64) == 0))
    place.size = place.Take(seeds[Below(random, seeds.size())]);
  return LLVMFuzzerMutate(place.data, place.size, place.max_size);
}

std::string ChangedJson(std::string_view text, unsigned seed) {
  Random random(seed);
  Json json = Json::parse(text, nullptr, false);
  if (json.is_discarded()) return std::string(text);
  for (size_t changes = 1 + Below(random, 3); changes > 0; --changes) ChangeOne(json, random);
  return json.dump(-1, ' ', false, Json::error_handler_t::replace);
}

size_t MutateJson(Place place, const Seeds& seeds, size_t front) {
  Random random(place.seed);
  const bool fresh = place.size <= front + 1 || Below(random, 32) == 0;
  std::string text = fresh ? seeds[Below(random, seeds.size())] : std::string(place.text());
  if (!fresh && Below(random, 8) == 0) return MutateBytes(place, seeds);
  text = text.substr(0, front) +
         ChangedJson(std::string_view(text).substr(front), static_cast<unsigned>(random()));
  return place.Take(text);
}

fs::path NewFolder() {
  std::error_code error;
  const fs::path parent = fs::is_directory("/dev/shm", error) ? "/dev/shm" : fs::temp_directory_path();
  static std::vector<fs::path> made;
  made.push_back(parent /
                 ("handlens-fuzz-" + std::to_string(::getpid()) + "-" + std::to_string(made.size())));
  fs::create_directories(made.back());
  if (made.size() == 1) {
    std::atexit([] {
      std::error_code ignored;
      for (const fs::path& folder : made) fs::remove_all(folder, ignored);
    });
  }
  return made.back();
}

MemoryFile::MemoryFile() : descriptor_(::memfd_create("fuzz", 0)) {
  HL_CHECK(descriptor_ >= 0);
  path_ = "/proc/self/fd/" + std::to_string(descriptor_);
}

void MemoryFile::Set(std::string_view text) {
  HL_CHECK(::ftruncate(descriptor_, 0) == 0);
  HL_CHECK(::pwrite(descriptor_, text.data(), text.size(), 0) == static_cast<ssize_t>(text.size()));
}

}  // namespace handlens::fuzz
