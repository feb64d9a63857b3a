// Makes classifiers with random weights for the tests of the plain C on other processors and for its
// benchmark: files in full int8, as C and as plans, and pictures with the scores of the official runtime's
// reference kernels. Usage: make_models OUT MODEL:SIZE ...
#include <cstdio>

#include "backbone/efficientnet_lite.h"
#include "base/rng.h"
#include "convert/convert.h"
#include "inference/inference.h"
#include "nn/zoo.h"
#include "pixels/pixels.h"

namespace handlens {
namespace {

namespace fs = std::filesystem;
constexpr int kClasses = 5, kPictures = 3, kWidth = 41, kHeight = 57;

Result<nn::ModelSpec> SpecOf(const std::string& name, int size_px) {
  if (name != "lite0") return nn::NamedModel(name, size_px, kClasses);
  nn::ModelSpec spec = backbone::LiteBackbone(backbone::Lite::kLite0).spec;
  spec.size_px = size_px;
  spec.classes = kClasses;
  spec.layers.push_back({.kind = nn::LayerKind::kGlobalAvgPool});
  spec.layers.push_back({.kind = nn::LayerKind::kDense, .units = kClasses});
  HL_TRY(nn::InferShapes(spec));
  return spec;
}

// Fresh weights, but statistics and factors of batch norms that are not the trivial ones.
Result<nn::Weights> WeightsOf(const nn::ModelSpec& spec) {
  HL_ASSIGN(const auto network, nn::Network::Create(spec, 1, {}));
  network->Initialize(1);
  nn::Weights weights = network->SaveWeights();
  for (size_t t = 0; t < weights.size(); ++t) {
    Rng rng(2, "weights", {t});
    const std::string& name = weights[t].name;
    for (float& value : weights[t].values) {
      if (name.ends_with("bias") || name.ends_with("beta") || name.ends_with("mean"))
        value = rng.Uniform(-0.2f, 0.2f);
      if (name.ends_with("gamma") || name.ends_with("variance")) value = rng.Uniform(0.6f, 1.4f);
    }
  }
  return weights;
}

// Patches of colours: what a network sees is neither noise nor flat.
std::vector<uint8_t> Picture(int width, int height, uint64_t seed) {
  Rng rng(seed, "picture");
  std::vector<uint8_t> rgb;
  uint32_t patches[64];
  for (uint32_t& patch : patches) patch = static_cast<uint32_t>(rng.Next());
  for (int y = 0; y < height; ++y) {
    for (int x = 0; x < width; ++x) {
      const uint32_t patch = patches[y * 8 / height * 8 + x * 8 / width];
      for (int c = 0; c < 3; ++c)
        rgb.push_back(static_cast<uint8_t>(((patch >> (8 * c)) & 0xdf) + rng.Below(32)));
    }
  }
  return rgb;
}

template <class T>
std::string Row(const std::vector<T>& values) {
  std::string text = "{";
  for (size_t i = 0; i < values.size(); ++i) {
    if constexpr (std::is_same_v<T, float>) text += fmt::format("{:a}f,", values[i]);
    else text += fmt::format("{}{},", i % 30 == 0 ? "\n" : "", values[i]);
  }
  return text + "}";
}

// What check.c compares with: scores of pictures, and a picture as the pixel contract makes it.
Result<std::string> CheckHeader(const Bytes& file, int size_px) {
  HL_ASSIGN(const auto judge, tflite::Judge::Load(file, tflite::Kernels::kReference));
  std::string pictures, scores;
  for (uint64_t p = 0; p < kPictures; ++p) {
    const std::vector<uint8_t> rgb = Picture(size_px, size_px, p);
    HL_ASSIGN(const std::vector<float> row, judge->Classify(rgb));
    pictures += Row(rgb) + ",\n";
    scores += Row(row) + ",\n";
  }
  const std::vector<uint8_t> raw = Picture(kWidth, kHeight, 9);
  std::vector<uint8_t> seen(static_cast<size_t>(size_px * size_px * 3));
  std::vector<uint64_t> scratch(hl_fit_resize_scratch(kWidth, kHeight, size_px, HL_FIT_CROP) / 8 + 1);
  HL_CHECK(hl_fit_resize(raw.data(), kWidth, kHeight, size_px, HL_FIT_CROP, seen.data(), scratch.data()) ==
           HL_OK);
  uint32_t sum = 1;  // of positions and bytes: enough to tell pictures apart, and quick on small processors
  for (const uint8_t byte : seen) sum = sum * 31 + byte;
  return fmt::format(
      "#include \"model.h\"\nenum {{ kPictures = {}, kWidth = {}, kHeight = {} }};\nstatic const uint32_t "
      "seen_sum = {}u;\n"
      "static const uint8_t raw_picture[kWidth * kHeight * 3] = {};\n"
      "static const uint8_t pictures[kPictures][HANDLENS_SIDE * HANDLENS_SIDE * 3] = {{{}}};\n"
      "static const float scores_wanted[kPictures][HANDLENS_CLASSES] = {{{}}};\n",
      kPictures, kWidth, kHeight, sum, Row(raw), pictures, scores);
}

Result<void> Make(const fs::path& out, const std::string& name, int size_px) {
  HL_ASSIGN(const nn::ModelSpec spec, SpecOf(name, size_px));
  HL_ASSIGN(const nn::Weights weights, WeightsOf(spec));
  std::vector<std::vector<uint8_t>> pictures;
  for (uint64_t p = 0; p < 8; ++p) pictures.push_back(Picture(size_px, size_px, 100 + p));
  HL_ASSIGN(const convert::Calibration calibration,
            convert::Calibrate(spec, weights, {pictures.begin(), pictures.end()}, 1, SilentProgress()));
  HL_ASSIGN(const Bytes file,
            convert::Convert(spec, weights, convert::Variant::kInt8, convert::Io::kUint8, &calibration));
  const inference::CRequest request{
      .model = file, .name = name, .labels = std::vector<std::string>(kClasses, "label")};
  HL_ASSIGN(const inference::CModel model, inference::WriteC(request));
  HL_ASSIGN(const Bytes plan, inference::WritePlan(file));
  HL_ASSIGN(const std::string header, CheckHeader(file, size_px));
  const fs::path folder = out / fmt::format("{}-{}", name, size_px);
  HL_TRY(WriteFileAtomic(folder / "model.tflite", file));
  HL_TRY(WriteFileAtomic(folder / "model.plan", plan));
  HL_TRY(WriteFileAtomic(folder / "model.h", std::string_view(model.header)));
  HL_TRY(WriteFileAtomic(folder / "model.c", std::string_view(model.source)));
  HL_TRY(WriteFileAtomic(folder / "check.h", std::string_view(header)));
  fmt::print("{}-{}: {} bytes of constants, {} bytes of working memory\n", name, size_px,
             model.constant_bytes, model.arena_bytes);
  return {};
}

}  // namespace
}  // namespace handlens

int main(int argc, char** argv) {
  for (int i = 2; i < argc; ++i) {
    const std::string text = argv[i];
    const size_t colon = text.find(':');
    const auto made = handlens::Make(argv[1], text.substr(0, colon),
                                     colon == std::string::npos ? 0 : std::atoi(text.c_str() + colon + 1));
    if (made) continue;
    fmt::print(stderr, "{}: {}\n", text, made.error().message);
    return 1;
  }
  return argc < 3 ? 2 : 0;
}
