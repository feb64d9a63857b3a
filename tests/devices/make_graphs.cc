// Random graphs of every operator and option as plans, with pictures and the scores of the official runtime's
// reference kernels, in one file for check_graphs.c. Usage: make_graphs OUT COUNT
#include <cstdio>
#include <cstdlib>
#include <cstring>

#include "base/rng.h"
#include "inference/inference.h"
#include "inference/random_graph.h"
#include "tflite/tflite.h"

namespace handlens {
namespace {

constexpr uint64_t kPictures = 3;

// Whatever comes next begins at a multiple of 16 bytes, as plans ask for.
void Append(Bytes& to, const void* from, size_t bytes) {
  const auto* const first = static_cast<const uint8_t*>(from);
  to.insert(to.end(), first, first + bytes);
  to.resize((to.size() + 15) / 16 * 16);
}

// (bytes of the plan, side, classes, pictures; the plan; picture and scores for each picture)
Result<void> AppendGraph(uint64_t number, Bytes& to) {
  const Bytes model = tflite::WriteModel(inference::sample::RandomGraph(number));
  HL_ASSIGN(const Bytes plan, inference::WritePlan(model));
  HL_ASSIGN(const auto judge, tflite::Judge::Load(model, tflite::Kernels::kReference));
  const int side = judge->input_size_px();
  Bytes pictures;
  uint32_t classes = 0;
  for (uint64_t p = 0; p < kPictures; ++p) {
    Rng rng(number * kPictures + p, "picture", {});
    std::vector<uint8_t> rgb(static_cast<size_t>(side * side * 3));
    for (uint8_t& byte : rgb) byte = static_cast<uint8_t>(rng.Below(256));
    HL_ASSIGN(const std::vector<float> scores, judge->Classify(rgb));
    classes = static_cast<uint32_t>(scores.size());
    Append(pictures, rgb.data(), rgb.size());
    Append(pictures, scores.data(), scores.size() * sizeof scores[0]);
  }
  const uint32_t head[4] = {static_cast<uint32_t>(plan.size()), static_cast<uint32_t>(side), classes,
                            static_cast<uint32_t>(kPictures)};
  Append(to, head, sizeof head);
  Append(to, plan.data(), plan.size());
  Append(to, pictures.data(), pictures.size());
  return {};
}

Result<void> Make(const char* out, uint64_t count) {
  Bytes all;
  for (uint64_t g = 0; g < count; ++g) HL_TRY(AppendGraph(g, all));
  return WriteFileAtomic(out, all);
}

}  // namespace
}  // namespace handlens

int main(int argc, char** argv) {
  if (argc != 3) return 2;
  const auto made = handlens::Make(argv[1], std::strtoull(argv[2], nullptr, 10));
  if (made) return 0;
  std::fprintf(stderr, "%s\n", made.error().message.c_str());
  return 1;
}
