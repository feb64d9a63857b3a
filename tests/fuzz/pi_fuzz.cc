// What the program for the Raspberry Pi reads: the files at its own end and a video. An even first byte
// stands for files with the right hash, so that what follows is looked at. (A plan among them is data that
// the hash vouches for.)
#include <algorithm>

#include "base/hash.h"
#include "frames.h"
#include "fuzz.h"
#include "pack.h"

namespace {

using namespace handlens;

std::string Packed(std::string_view tar) {
  std::string program = "program" + std::string(tar);
  for (size_t i = 0; i < 8; ++i) program += static_cast<char>(tar.size() >> (8 * i));
  return program + Sha256(tar) + "HLPACK01";
}

std::string Tar(std::string_view name, std::string_view content) {
  std::string head(512, '\0');
  std::copy(name.begin(), name.end(), head.begin());
  const std::string size = fmt::format("{:011o}", content.size());
  std::copy(size.begin(), size.end(), head.begin() + 124);
  std::string tar = head + std::string(content);
  tar.resize((tar.size() + 511) / 512 * 512);
  return tar;
}

const fuzz::Seeds& SomeInputs() {
  static const fuzz::Seeds seeds = {
      "0" + Tar("app.json", "{\"name\": \"a\"}") + Tar("model.plan", "plan") + std::string(1024, '\0'),
      "1YUV4MPEG2 W4 H2 F25:1 C420jpeg XCOLORRANGE=FULL\nFRAME\n123456789012FRAME\n123456789012",
      "1YUV4MPEG2 W3 H3\nFRAME\n12345678901234567"};
  return seeds;
}

void ReadVideo(const std::string& path) {
  const auto frames = device::OpenY4m(path);
  if (!frames) return;
  for (int i = 0; i < 4; ++i) {
    const auto frame = (*frames)();
    if (!frame || !*frame) return;
    const image::Image& picture = **frame;
    HL_CHECK(picture.rgb.size() ==
             static_cast<size_t>(picture.width) * static_cast<size_t>(picture.height) * 3);
  }
}

}  // namespace

extern "C" size_t LLVMFuzzerCustomMutator(uint8_t* data, size_t size, size_t max_size, unsigned seed) {
  return fuzz::MutateBytes({data, size, max_size, seed}, SomeInputs());
}

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  if (size == 0) return 0;
  static fuzz::MemoryFile memory;
  const std::string text(reinterpret_cast<const char*>(data) + 1, size - 1);
  memory.Set(data[0] % 2 == 0 ? Packed(text) : text);
  if (const auto pack = device::Pack::Read(memory.path())) {
    (void)pack->Record("app.json");
    if (const auto plan = pack->File("model.plan")) HL_CHECK(plan->size() <= size);
  }
  if (data[0] % 2 == 0) return 0;
  ReadVideo(memory.path().string());
  return 0;
}
