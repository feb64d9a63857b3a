// Augmented pictures a second on one thread, from bytes in memory to floats in 0..1: a worker of
// bench/augment.py.
//   {"generator": "gen4", "size": 100, "seconds": 1} gives {"pictures", "cpu_s", "wall_s"}.
// The pictures are 64 of smooth noise; what they show changes nothing but for where a warp reads.
#include <fmt/core.h>

#include <chrono>
#include <cstdio>
#include <ctime>
#include <iostream>
#include <string>
#include <vector>

#include "base/json.h"
#include "base/rng.h"
#include "image/augment.h"

namespace handlens::image {
namespace {

constexpr size_t kPictures = 64;

double Now() { return static_cast<double>(std::clock()) / CLOCKS_PER_SEC; }
double WallNow() {
  return std::chrono::duration<double>(std::chrono::steady_clock::now().time_since_epoch()).count();
}

std::vector<std::vector<uint8_t>> Pictures(size_t side) {
  std::vector<std::vector<uint8_t>> pictures(kPictures, std::vector<uint8_t>(side * side * 3));
  for (size_t i = 0; i < kPictures; ++i) {
    Rng rng(1, "picture", {i});
    int level = 128;
    for (uint8_t& byte : pictures[i]) {
      level = std::max(0, std::min(255, level + static_cast<int>(rng.Below(9)) - 4));
      byte = static_cast<uint8_t>(level);
    }
  }
  return pictures;
}

Result<Json> Answer(const Json& request) {
  HL_ASSIGN(const GeneratorSpec spec, NamedGenerator(request.value("generator", std::string("gen1"))));
  const int size = request.value("size", 100);
  const auto pictures = Pictures(static_cast<size_t>(size));
  std::vector<float> out(pictures[0].size());
  const double seconds = request.value("seconds", 1.0), cpu = Now(), wall = WallNow();
  uint64_t count = 0;
  for (; count % kPictures != 0 || count == 0 || WallNow() - wall < seconds; ++count) {
    Augment(pictures[count % kPictures], size, spec, Rng(1, "bench", {count}), out);
  }
  return Json{{"pictures", count}, {"cpu_s", Now() - cpu}, {"wall_s", WallNow() - wall}};
}

}  // namespace
}  // namespace handlens::image

int main() {
  using namespace handlens;
  for (std::string line; std::getline(std::cin, line);) {
    const Result<Json> answer =
        ParseJson(line, "request").and_then([](const Json& request) { return image::Answer(request); });
    fmt::print("{}\n", answer ? answer->dump() : Json{{"error", answer.error().message}}.dump());
    std::fflush(stdout);
  }
}
