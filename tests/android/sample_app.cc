// Makes the sample apps that tests/android/run.sh looks at: real APKs with tiny real models, packed and
// signed by the code that packs users' apps. Usage: sample_app TEMPLATES PICTURES OUT. Prints the seconds
// that each packing took.
#include <algorithm>
#include <chrono>
#include <cstdio>
#include <cstring>
#include <functional>

#include "base/json.h"
#include "describe/describe.h"
#include "package/package.h"
#include "package/zip.h"
#include "tflite/tflite.h"

namespace {

using namespace handlens;
namespace fs = std::filesystem;
using tflite::Op;
using tflite::Type;

constexpr int kSizePx = 32;

// Numbers in -1..1 that are the same everywhere (Numerical Recipes' linear congruence).
class Numbers {
 public:
  float Next() {
    state_ = state_ * 1664525u + 1013904223u;
    return static_cast<float>(static_cast<int32_t>(state_ >> 8) - (1 << 23)) / static_cast<float>(1 << 23);
  }
  Bytes Floats(size_t count, float scale) {
    Bytes bytes(count * 4);
    for (size_t i = 0; i < count; ++i) {
      const float value = Next() * scale;
      std::memcpy(bytes.data() + 4 * i, &value, 4);
    }
    return bytes;
  }
  Bytes Int8s(size_t count) {
    Bytes bytes(count);
    for (uint8_t& b : bytes) b = static_cast<uint8_t>(static_cast<int8_t>(Next() * 127));
    return bytes;
  }

 private:
  uint32_t state_ = 20;
};

Bytes Ints(const std::vector<int32_t>& values) {
  Bytes bytes(values.size() * 4);
  std::memcpy(bytes.data(), values.data(), bytes.size());
  return bytes;
}

// Two convolutions, the mean, a dense layer, softmax.
Bytes FloatModel(int classes) {
  Numbers numbers;
  tflite::Graph graph;
  graph.tensors = {
      {.name = "picture", .shape = {1, kSizePx, kSizePx, 3}},
      {.name = "w1", .shape = {8, 3, 3, 3}, .data = numbers.Floats(216, 0.7f)},
      {.name = "b1", .shape = {8}, .data = numbers.Floats(8, 0.1f)},
      {.name = "a1", .shape = {1, kSizePx / 2, kSizePx / 2, 8}},
      {.name = "w2", .shape = {16, 3, 3, 8}, .data = numbers.Floats(1152, 0.5f)},
      {.name = "b2", .shape = {16}, .data = numbers.Floats(16, 0.1f)},
      {.name = "a2", .shape = {1, kSizePx / 4, kSizePx / 4, 16}},
      {.name = "axes", .type = Type::kInt32, .shape = {2}, .data = Ints({1, 2})},
      {.name = "mean", .shape = {1, 16}},
      {.name = "w3", .shape = {classes, 16}, .data = numbers.Floats(static_cast<size_t>(classes) * 16, 6)},
      {.name = "b3", .shape = {classes}, .data = numbers.Floats(static_cast<size_t>(classes), 0.1f)},
      {.name = "logits", .shape = {1, classes}},
      {.name = "scores", .shape = {1, classes}}};
  const auto relu = tflite::Activation::kRelu;
  graph.ops = {{.op = Op::kConv2D,
                .inputs = {0, 1, 2},
                .outputs = {3},
                .activation = relu,
                .same_padding = true,
                .stride = 2},
               {.op = Op::kConv2D,
                .inputs = {3, 4, 5},
                .outputs = {6},
                .activation = relu,
                .same_padding = true,
                .stride = 2},
               {.op = Op::kMean, .inputs = {6, 7}, .outputs = {8}},
               {.op = Op::kFullyConnected, .inputs = {8, 9, 10}, .outputs = {11}},
               {.op = Op::kSoftmax, .inputs = {11}, .outputs = {12}}};
  graph.output = 12;
  return tflite::WriteModel(graph);
}

// The mean colour and a dense layer in int8; `io` outside: kUInt8 or kInt8.
Bytes QuantizedModel(int classes, Type io) {
  Numbers numbers;
  const tflite::Quantization in{{1.0f / 255}, {-128}, 0}, score{{1.0f / 256}, {-128}, 0};
  const tflite::Quantization weight{{4.0f / 127}, {0}, 0}, bias{{4.0f / 127 / 255}, {0}, 0},
      logit{{0.05f}, {0}, 0};
  const bool int8 = io == Type::kInt8;
  tflite::Graph graph;
  graph.tensors = {
      {.name = "picture",
       .type = io,
       .shape = {1, kSizePx, kSizePx, 3},
       .quantization = int8 ? in : tflite::Quantization{{1.0f / 255}, {0}, 0}},
      {.name = "picture_int8", .type = Type::kInt8, .shape = {1, kSizePx, kSizePx, 3}, .quantization = in},
      {.name = "axes", .type = Type::kInt32, .shape = {2}, .data = Ints({1, 2})},
      {.name = "mean", .type = Type::kInt8, .shape = {1, 3}, .quantization = in},
      {.name = "w",
       .type = Type::kInt8,
       .shape = {classes, 3},
       .quantization = weight,
       .data = numbers.Int8s(static_cast<size_t>(classes) * 3)},
      {.name = "b",
       .type = Type::kInt32,
       .shape = {classes},
       .quantization = bias,
       .data = Ints(std::vector<int32_t>(static_cast<size_t>(classes), 0))},
      {.name = "logits", .type = Type::kInt8, .shape = {1, classes}, .quantization = logit},
      {.name = "scores_int8", .type = Type::kInt8, .shape = {1, classes}, .quantization = score},
      {.name = "scores",
       .type = io,
       .shape = {1, classes},
       .quantization = int8 ? score : tflite::Quantization{{1.0f / 256}, {0}, 0}}};
  graph.ops = {{.op = Op::kQuantize, .inputs = {0}, .outputs = {1}},
               {.op = Op::kMean, .inputs = {1, 2}, .outputs = {3}},
               {.op = Op::kFullyConnected, .inputs = {3, 4, 5}, .outputs = {6}},
               {.op = Op::kSoftmax, .inputs = {6}, .outputs = {7}},
               {.op = Op::kQuantize, .inputs = {7}, .outputs = {8}}};
  graph.output = 8;
  return tflite::WriteModel(graph);
}

struct Sample {
  const char* folder;
  const char* name;
  const char* id;
  std::vector<std::string> labels;
  std::function<Bytes(int)> model;
  std::string fit;
  double not_sure_below;
};

std::vector<std::string> ManyLabels(int count) {
  std::vector<std::string> labels;
  for (int i = 0; i < count; ++i) labels.push_back(fmt::format("class {:03}", i));
  return labels;
}

std::vector<Sample> Samples() {
  return {{"float",
           "Blätter 🌿 树叶",
           "org.example.blaetter_1",
           {"Ahorn", "Büche", "枫树", "🌵", "Long label, with \"quotes\""},
           FloatModel,
           "crop",
           0.3},
          {"uint8", "Two hundred", "com.example.two.hundred", ManyLabels(200),
           [](int n) { return QuantizedModel(n, Type::kUInt8); }, "letterbox", 0.05},
          {"int8",
           "Zwei",
           "de.example.zwei",
           {"ja", "nein"},
           [](int n) { return QuantizedModel(n, Type::kInt8); },
           "stretch",
           0.9}};
}

Result<fs::path> WriteSampleModel(const Sample& sample, const fs::path& folder) {
  describe::Description description;
  description.name = sample.name;
  description.notice = "For tests only; not a diagnosis.";
  description.size_px = kSizePx;
  description.fit = sample.fit;
  description.labels = sample.labels;
  description.not_sure_below = sample.not_sure_below;
  tflite::Metadata metadata;
  metadata.name = sample.name;
  metadata.labels = sample.labels;
  metadata.preprocess_json = describe::PreprocessJson(description);
  const Bytes plain = sample.model(static_cast<int>(sample.labels.size()));
  HL_ASSIGN(const Bytes model, tflite::AddMetadata(plain, metadata));
  const fs::path path = folder / "model.tflite";
  HL_TRY(WriteFileAtomic(path, model));
  const std::string card =
      "# Sample\n\nVersion **1**, made for tests.\n\n| class | pictures |\n|---|---|\n| a\\_b | 3 |\n\n- "
      "offline\n";
  HL_TRY(WriteFileAtomic(folder / "modelcard.md", Bytes(card.begin(), card.end())));
  return path;
}

// Photographs, and one of them as PNG, which every phone decodes to the same bytes.
Result<std::vector<package::CheckPicture>> CheckPictures(const Sample& sample, const fs::path& pictures,
                                                         const fs::path& folder) {
  std::vector<fs::path> found;
  for (const auto& entry : fs::recursive_directory_iterator(pictures)) {
    if (entry.is_regular_file()) found.push_back(entry.path());
  }
  std::sort(found.begin(), found.end());
  std::vector<package::CheckPicture> check;
  const size_t step = std::max<size_t>(1, found.size() / 7);
  for (size_t i = 0; i < found.size(); i += step)
    check.push_back({found[i], sample.labels[i % sample.labels.size()]});
  HL_ASSIGN(const image::Decoded first, image::DecodeFile(found.at(0)));
  const fs::path png = folder / "held-out.png";
  HL_TRY(WriteFileAtomic(png, image::EncodePng(first.image.rgb, first.image.width, first.image.height)));
  check.push_back({png, sample.labels[0]});
  return check;
}

// The same app with the last label taken out of app.json: the app must refuse to start.
Result<void> WriteMismatch(const fs::path& apk, const fs::path& out, const package::SigningKey& key) {
  HL_ASSIGN(const Bytes archive, ReadFile(apk));
  HL_ASSIGN(std::vector<package::ZipEntry> entries, package::ReadZip(archive));
  for (package::ZipEntry& entry : entries) {
    if (entry.name != "assets/bundle/app.json") continue;
    HL_ASSIGN(const Bytes text, package::EntryBytes(entry));
    HL_ASSIGN(Json json, ParseJson(std::string_view(reinterpret_cast<const char*>(text.data()), text.size()),
                                   "app.json"));
    Json& labels = json["preprocess"]["labels"];
    labels.erase(labels.size() - 1);
    const std::string fewer = json.dump();
    entry = package::StoredEntry(entry.name, Bytes(fewer.begin(), fewer.end()));
  }
  HL_ASSIGN(const Bytes signed_apk, package::SignApk(package::WriteZip(entries), key, 24));
  return WriteFileAtomic(out, signed_apk);
}

Result<void> Make(const fs::path& templates, const fs::path& pictures, const fs::path& out) {
  const fs::path pem = out / "key.pem";
  fs::remove(pem);
  HL_ASSIGN(const package::SigningKey key, package::SigningKey::Create(pem, 1'760'000'000));
  for (const Sample& sample : Samples()) {
    const fs::path folder = out / sample.folder;
    fs::remove_all(folder);
    fs::create_directories(folder);
    HL_ASSIGN(const fs::path model, WriteSampleModel(sample, folder));
    HL_ASSIGN(const auto check, CheckPictures(sample, pictures, folder));
    HL_ASSIGN(const image::Image icon,
              package::DrawIcon({check[0].path, check[1].path, check[2].path, check[3].path}, kSizePx));
    // Two apps carry pixels, one the original photographs, so that Android's decoders meet larger ones than
    // the golden ones, too.
    const package::Carry carry =
        sample.fit == "letterbox" ? package::Carry::kOriginals : package::Carry::kPixels;
    package::AndroidRequest request{.bundle = {model, folder / "modelcard.md", sample.name, check, carry},
                                    .templates = {},
                                    .application_id = sample.id,
                                    .version_name = "2.1 β",
                                    .version_code = 7,
                                    .icon = icon,
                                    .out = folder};
    for (const char* abi : {"arm64-v8a", "armeabi-v7a", "x86_64"})
      request.templates.push_back(templates / fmt::format("template-{}.apk", abi));
    // The first alone shows examples; see ScreenTest.
    request.bundle.examples = std::string_view(sample.folder) == "float";
    // The second alone is of a model that missed checks; see ScreenTest.
    if (std::string_view(sample.folder) == "uint8") request.bundle.verdict = {11, 13};
    request.bundle_resources = templates / "template-bundle.zip";
    request.bundle_templates = request.templates;
    const auto start = std::chrono::steady_clock::now();
    HL_ASSIGN(const auto apps, package::PackAndroid(request, key));
    const std::chrono::duration<double> seconds = std::chrono::steady_clock::now() - start;
    for (const auto& app : apps) fmt::print("{} {} {} bytes\n", sample.folder, app.abi, app.bytes);
    fmt::print("{}: packed for {} processors and as an App Bundle in {:.2f} s\n", sample.folder,
               apps.size() - 1, seconds.count());
    fs::rename(apps[2].apk, folder / "x86_64.apk");
    fs::rename(apps[0].apk, folder / "arm64-v8a.apk");
    fs::rename(apps[1].apk, folder / "armeabi-v7a.apk");
    fs::rename(apps[3].apk, folder / "app.aab");
    if (std::string_view(sample.folder) == "float") {
      fs::create_directories(out / "mismatch");
      HL_TRY(WriteMismatch(folder / "x86_64.apk", out / "mismatch" / "x86_64.apk", key));
    }
  }
  return {};
}

}  // namespace

int main(int argc, char** argv) {
  if (argc != 4) {
    std::fputs("usage: sample_app TEMPLATES PICTURES OUT\n", stderr);
    return 2;
  }
  fs::create_directories(argv[3]);
  const auto made = Make(argv[1], argv[2], argv[3]);
  if (made) return 0;
  fmt::print(stderr, "{}\n", made.error().message);
  return 1;
}
