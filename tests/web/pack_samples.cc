// Packs web apps for the browser tests: small real models (float32 and uint8; 2, 5 and 200 classes) with
// pictures made here, through the same PackWeb as `handlens app --target web`. Usage: pack_samples SITE OUT.
// Not for the program.
#include <fmt/format.h>

#include <cstdio>
#include <cstring>
#include <filesystem>

#include "base/rng.h"
#include "describe/describe.h"
#include "describe/sample_models.h"
#include "image/image.h"
#include "package/package.h"
#include "tflite/tflite.h"

namespace handlens {
namespace {

namespace fs = std::filesystem;

constexpr int kSizePx = 48;

Bytes FloatBytes(const std::vector<float>& values) {
  Bytes bytes(values.size() * 4);
  std::memcpy(bytes.data(), values.data(), bytes.size());
  return bytes;
}

std::vector<float> Weights(std::string_view name, size_t count, float scale) {
  Rng rng(1, name);
  std::vector<float> values(count);
  for (float& value : values) value = scale * static_cast<float>(2 * rng.Uniform() - 1);
  return values;
}

// conv 5x5x3 -> 8, stride 2, relu; mean; dense; softmax. Random weights: every pixel matters, no answer means
// anything.
Bytes ConvModel(int classes) {
  const auto outputs = static_cast<size_t>(classes);
  tflite::Graph graph;
  graph.description = "random convolution";
  graph.tensors = {
      {.name = "picture", .shape = {1, kSizePx, kSizePx, 3}},
      {.name = "filter", .shape = {8, 5, 5, 3}, .data = FloatBytes(Weights("filter", 600, 0.4f))},
      {.name = "filter_bias", .shape = {8}, .data = FloatBytes(Weights("filter_bias", 8, 0.1f))},
      {.name = "maps", .shape = {1, kSizePx / 2, kSizePx / 2, 8}},
      {.name = "axes",
       .type = tflite::Type::kInt32,
       .shape = {2},
       .data = describe::sample::Int32Bytes({1, 2})},
      {.name = "means", .shape = {1, 8}},
      {.name = "dense", .shape = {classes, 8}, .data = FloatBytes(Weights("dense", outputs * 8, 1.5f))},
      {.name = "dense_bias", .shape = {classes}, .data = FloatBytes(Weights("dense_bias", outputs, 0.1f))},
      {.name = "logits", .shape = {1, classes}},
      {.name = "scores", .shape = {1, classes}}};
  graph.ops = {{.op = tflite::Op::kConv2D,
                .inputs = {0, 1, 2},
                .outputs = {3},
                .activation = tflite::Activation::kRelu,
                .same_padding = true,
                .stride = 2},
               {.op = tflite::Op::kMean, .inputs = {3, 4}, .outputs = {5}},
               {.op = tflite::Op::kFullyConnected, .inputs = {5, 6, 7}, .outputs = {8}},
               {.op = tflite::Op::kSoftmax, .inputs = {8}, .outputs = {9}}};
  graph.input = 0;
  graph.output = 9;
  return tflite::WriteModel(graph);
}

// A smooth picture with texture: a gradient of two colours, squares, some noise.
image::Image Picture(int index, int width, int height) {
  Rng rng(1, "picture", {static_cast<uint64_t>(index)});
  image::Image picture{width, height, {}};
  int colour[2][3];
  for (auto& end : colour)
    for (int& channel : end) channel = static_cast<int>(rng.Uniform() * 220) + 15;
  const int square = 7 + static_cast<int>(rng.Uniform() * 20);
  for (int y = 0; y < height; ++y)
    for (int x = 0; x < width; ++x)
      for (int c = 0; c < 3; ++c) {
        const int smooth = (colour[0][c] * (width - x) + colour[1][c] * x) / width;
        const int texture = (x / square + y / square) % 2 * 24 + static_cast<int>(rng.Uniform() * 9);
        picture.rgb.push_back(static_cast<uint8_t>(std::min(255, smooth + texture)));
      }
  return picture;
}

struct Sample {
  std::string folder, name;
  Bytes model;
  int size_px;
  std::vector<std::string> labels;
  std::string notice;
};

std::vector<std::string> Labels(const char* stem, int count) {
  std::vector<std::string> labels;
  for (int i = 0; i < count; ++i) labels.push_back(fmt::format("{} {:03}", stem, i + 1));
  return labels;
}

Result<std::vector<package::CheckPicture>> WritePictures(const fs::path& folder,
                                                         const std::vector<std::string>& labels) {
  std::vector<package::CheckPicture> pictures;
  constexpr int kSides[][2] = {{200, 150}, {131, 173}, {96, 96}, {31, 40}};
  for (int i = 0; i < 12; ++i) {
    const auto& side = kSides[i % 4];
    const image::Image picture = Picture(i, side[0], side[1]);
    const Bytes bytes = i % 3 == 0 ? image::EncodeJpeg(picture.rgb, side[0], side[1], 90)
                                   : image::EncodePng(picture.rgb, side[0], side[1]);
    const std::string& label = labels[static_cast<size_t>(i) % labels.size()];
    pictures.push_back({folder / label / fmt::format("{}.{}", i, i % 3 == 0 ? "jpg" : "png"), label});
    HL_TRY(WriteFileAtomic(pictures.back().path, bytes));
  }
  return pictures;
}

Result<void> Pack(const Sample& sample, const fs::path& site, const fs::path& out) {
  describe::Description description;
  description.name = sample.name;
  description.size_px = sample.size_px;
  description.labels = sample.labels;
  description.notice = sample.notice;
  description.not_sure_below = 0.4;
  tflite::Metadata metadata;
  metadata.name = sample.name;
  metadata.mean = {0};
  metadata.std = {255};
  metadata.min = {0};
  metadata.max = {1};
  metadata.labels = sample.labels;
  metadata.preprocess_json = describe::PreprocessJson(description);
  HL_ASSIGN(const Bytes model, tflite::AddMetadata(sample.model, metadata));
  const fs::path work = out / "work" / sample.folder;
  HL_TRY(WriteFileAtomic(work / "model.tflite", model));
  HL_TRY(WriteFileAtomic(work / "modelcard.md",
                         fmt::format("# {}\n\nA model of the tests. **Random weights.**\n\n"
                                     "| what | how many |\n|---|---|\n| classes | {} |\n\n"
                                     "- <script>alert(1)</script> stays text\n"
                                     "- leaf\\_01 \\| \\[two\\]\n",
                                     sample.name, sample.labels.size())));
  HL_ASSIGN(const auto pictures, WritePictures(work / "pictures", sample.labels));
  package::FolderRequest request;
  request.bundle = {work / "model.tflite", work / "modelcard.md", sample.name, pictures};
  // One app carries the original files, so that browsers' decoders meet larger pictures than the golden ones,
  // too.
  if (sample.folder == "many") request.bundle.carry = package::Carry::kOriginals;
  request.bundle.examples = sample.folder == "five";
  request.built = site;
  request.out = out / sample.folder;
  HL_ASSIGN(request.icon,
            package::DrawIcon({pictures[0].path, pictures[1].path, pictures[2].path, pictures[4].path},
                              sample.size_px));
  HL_ASSIGN(const auto files, package::PackWeb(request));
  fmt::print("{}: {} files\n", sample.folder, files.size());
  return {};
}

Result<void> Main(const fs::path& site, const fs::path& out) {
  const std::vector<Sample> samples = {
      {"two", "Zwei Blätter 叶", ConvModel(2), kSizePx, {"oak", "maple"}, "Not a diagnosis: a test."},
      {"five", "Five", ConvModel(5), kSizePx, Labels("kind", 5), ""},
      {"many", "Two hundred", ConvModel(200), kSizePx, Labels("species", 200), ""},
      {"uint8",
       "Colours",
       describe::sample::QuantizedModel(),
       describe::sample::kSizePx,
       {"red", "green", "blue"},
       ""}};
  for (const Sample& sample : samples) HL_TRY(Pack(sample, site, out));
  return {};
}

}  // namespace
}  // namespace handlens

int main(int argc, char** argv) {
  if (argc != 3) return 2;
  const auto done = handlens::Main(argv[1], argv[2]);
  if (!done) fmt::print(stderr, "{}\n", done.error().message);
  return done ? 0 : 1;
}
