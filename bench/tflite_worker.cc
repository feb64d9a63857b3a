// The TensorFlow Lite runtime with XNNPACK in float32, one thread, as an opponent of the forward rows: a
// worker of bench/compare.py, which says what it is asked. Our own conversion writes the file.
#include <fmt/core.h>

#include <chrono>
#include <cstdio>
#include <ctime>
#include <iostream>

#include "base/json.h"
#include "convert/convert.h"

namespace handlens {
namespace {

struct Opponent {
  std::unique_ptr<tflite::Judge> judge;
  std::vector<uint8_t> pixels;
};

Result<void> Make(const Json& row, Opponent& opponent) {
  if (row.value("task", std::string()) != "forward")
    return Fail(ErrorKind::kUsage, "this runtime does not train");
  HL_ASSIGN(const nn::ModelSpec spec, nn::ModelFromJson(row.at("model")));
  HL_ASSIGN(const auto network, nn::Network::Create(spec, 1, {}));
  HL_ASSIGN(const Bytes file, convert::Convert(spec, network->SaveWeights(), convert::Variant::kFloat32,
                                               convert::Io::kFloat32, nullptr));
  HL_ASSIGN(opponent.judge, tflite::Judge::Load(file, tflite::Kernels::kXnnpack));
  opponent.pixels.resize(static_cast<size_t>(spec.size_px) * static_cast<size_t>(spec.size_px) * 3);
  for (size_t i = 0; i < opponent.pixels.size(); ++i) opponent.pixels[i] = static_cast<uint8_t>(i * 37 % 251);
  HL_TRY(opponent.judge->Classify(opponent.pixels));
  return {};
}

Result<Json> Timed(const Opponent& opponent, double seconds) {
  const auto wall_now = [] {
    return std::chrono::duration<double>(std::chrono::steady_clock::now().time_since_epoch()).count();
  };
  const auto cpu_now = [] { return static_cast<double>(std::clock()) / CLOCKS_PER_SEC; };
  const double cpu = cpu_now(), wall = wall_now();
  int pictures = 0;
  while (pictures == 0 || wall_now() - wall < seconds) {
    HL_TRY(opponent.judge->Classify(opponent.pixels));
    ++pictures;
  }
  return Json{{"pictures", pictures}, {"cpu_s", cpu_now() - cpu}, {"wall_s", wall_now() - wall}};
}

Result<Json> Answer(const Json& request, Opponent& opponent) {
  if (!request.contains("make")) return Timed(opponent, request.value("seconds", 0.2));
  opponent = {};
  HL_TRY(Make(request["make"], opponent));
  return Json::object();
}

}  // namespace
}  // namespace handlens

int main() {
  using namespace handlens;
  Opponent opponent;
  for (std::string line; std::getline(std::cin, line);) {
    const auto answer =
        ParseJson(line, "request").and_then([&](const Json& request) { return Answer(request, opponent); });
    fmt::print("{}\n", answer ? answer->dump() : Json{{"error", answer.error().message}}.dump());
    std::fflush(stdout);
  }
  return 0;
}
