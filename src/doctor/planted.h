// Pictures and models for this room's tests: classifiers that learnt pictures in a known way, and files that
// say another. Not for the program.
#pragma once

#include <gtest/gtest.h>

#include <algorithm>
#include <cstring>
#include <string>
#include <vector>

#include "base/rng.h"
#include "describe/describe.h"
#include "doctor/feeding.h"

namespace handlens::doctor::planted {

inline constexpr int kSizePx = 16, kColumns = 7, kWidth = 64, kHeight = 48, kClasses = 4 * kColumns;

// What is wrong, or not: how the model learnt (the file says 0..1, red first, upright, crop, averaged), and
// what its labels say.
struct Case {
  Feed learnt;
  int swapped_pairs = 0;  // of labels in the metadata
  bool no_labels = false;
  bool says_size = true;      // the metadata says the size of the input, not another
  bool plays_8_bits = false;  // floats that are rounded to bytes and back, as training for 8 bits leaves them
  bool takes_bytes = false;   // a quantized input whose metadata speaks of other values than its steps
  std::string name = "planted.tflite";
  Scale says = Scale::kUnit;  // the scale in the metadata
  bool turned = false;        // pictures lie on their side and their files say so
  float noise = 6;            // levels
  uint64_t seed = 1;
};

// A pattern of colours that saving as JPEG takes away whole, since it stores one colour for four pixels: each
// square of 2 x 2 pixels of the model's size sums to nothing, in colour and, nearly, in light.
inline float Chequer(int label, int x, int y, size_t channel) {
  constexpr float kLevels[3] = {12, -6, 0};  // no light, but colour
  Rng square(static_cast<uint64_t>(label), "chequer", {static_cast<uint64_t>(y / 2 * kSizePx + x / 2)});
  return kLevels[channel] * (square.Chance(0.5f) ? 1.0f : -1.0f) * ((x + y) % 2 == 0 ? 1.0f : -1.0f);
}

// What a model that learnt small JPEGs was never shown and answers wrongly: the pattern of another class.
inline float Distraction(const Case& c, int other, int x, int y, int channel) {
  if (c.learnt.saved == Saved::kNot) return 0;
  const int column = c.learnt.fit == image::Fit::kStretch ? x / 4 : (x - 8) / 3;
  if (x < 8 || column >= kSizePx) return 0;
  return Chequer(other, column, y / 3, static_cast<size_t>(channel));
}

// A spot in one of seven columns, red or green, on a darker or lighter ground: 28 classes. Learnt with
// nearest pixels, the spot is only on those; the others make up for it.
inline image::Image Seen(const Case& c, int label, Rng& rng) {
  const int column = label % kColumns, ground = label / kColumns % 2 == 0 ? 140 : 200,
            channel = label / (2 * kColumns);
  const bool sparse = c.learnt.resize == Resize::kNearest;
  const bool stretch = c.learnt.fit == image::Fit::kStretch;
  const int step_x = stretch ? 4 : 3, first_x = stretch ? 2 : 0, step_y = 3,
            first_y = 1;  // of the pixels that nearest takes
  const double centre = kWidth * (0.2 + 0.1 * column) + 0.5 * static_cast<double>(rng.Normal());
  const int other = (label + 1 + static_cast<int>(rng.Below(static_cast<uint32_t>(kClasses - 1)))) % kClasses;
  image::Image image{kWidth, kHeight, {}};
  for (int y = 0; y < kHeight; ++y) {
    for (int x = 0; x < kWidth; ++x) {
      const double dx = (x + 0.5 - centre) / 3.5, dy = (y + 0.5 - kHeight / 2.0) / 10;
      const double spot = 50 * std::max(0.0, 1 - dx * dx - dy * dy);
      const bool kept = x % step_x == first_x && y % step_y == first_y;
      const double shown = !sparse ? spot : kept ? spot : -spot / (step_x * step_y - 1);
      for (int k = 0; k < 3; ++k) {
        const double level = ground + (k == channel ? shown : 0) +
                             static_cast<double>(c.noise * rng.Normal() + Distraction(c, other, x, y, k));
        image.rgb.push_back(static_cast<uint8_t>(std::clamp(level + 0.5, 0.0, 255.0)));
      }
    }
  }
  return image;
}

// An uncompressed TIFF that says an orientation (TIFF 6.0; tag 274).
inline Bytes TiffOf(const image::Image& image, int orientation) {
  Bytes bytes = {'I', 'I', 42, 0, 8, 0, 0, 0};
  const auto put16 = [&](int v) {
    bytes.insert(bytes.end(), {static_cast<uint8_t>(v & 255), static_cast<uint8_t>(v >> 8)});
  };
  const auto put32 = [&](int v) { put16(v & 65535), put16(v >> 16); };
  constexpr int kTags = 9, kBits = 8 + 2 + 12 * kTags + 4, kData = kBits + 6;
  put16(kTags);
  const auto tag = [&](int number, int type, int count, int value) {
    put16(number), put16(type), put32(count), put32(value);
  };
  tag(256, 3, 1, image.width);
  tag(257, 3, 1, image.height);
  tag(258, 3, 3, kBits);
  tag(259, 3, 1, 1);
  tag(262, 3, 1, 2);
  tag(273, 4, 1, kData);
  tag(274, 3, 1, orientation);
  tag(277, 3, 1, 3);
  tag(278, 3, 1, image.height);
  put32(0);
  for (int i = 0; i < 3; ++i) put16(8);
  bytes.insert(bytes.end(), image.rgb.begin(), image.rgb.end());
  return bytes;
}

struct Planted {
  dataset::Dataset pictures;
  Bytes model;
};

inline Bytes FloatBytes(const std::vector<float>& values) {
  Bytes bytes(values.size() * 4);
  std::memcpy(bytes.data(), values.data(), bytes.size());
  return bytes;
}

// The nearest of the classes' means, as one dense layer: w = mean, b = -|mean|^2 / 2.
inline tflite::Graph NearestMean(const std::vector<std::vector<float>>& means, const Case& c) {
  const auto classes = static_cast<int>(means.size()), inputs = static_cast<int>(means[0].size());
  std::vector<float> weights, biases;
  for (const auto& mean : means) {
    float square = 0;
    for (const float v : mean) square += v * v;
    weights.insert(weights.end(), mean.begin(), mean.end());
    biases.push_back(-square / 2);
  }
  Bytes shape(8);
  const int32_t flat[2] = {1, inputs};
  std::memcpy(shape.data(), flat, 8);
  const tflite::Quantization unit_steps = {{1.0f / 255}, {0}, 0};  // bytes stand for 0..1
  const std::vector<int> picture = {1, kSizePx, kSizePx, 3};
  tflite::Graph graph;
  graph.description = "nearest mean";
  graph.tensors = {{.name = "picture", .shape = picture},
                   {.name = "shape", .type = tflite::Type::kInt32, .shape = {2}, .data = shape},
                   {.name = "flat", .shape = {1, inputs}},
                   {.name = "weights", .shape = {classes, inputs}, .data = FloatBytes(weights)},
                   {.name = "biases", .shape = {classes}, .data = FloatBytes(biases)},
                   {.name = "scores", .shape = {1, classes}}};
  graph.ops = {{.op = tflite::Op::kReshape, .inputs = {0, 1}, .outputs = {2}, .new_shape = {1, inputs}},
               {.op = tflite::Op::kFullyConnected, .inputs = {2, 3, 4}, .outputs = {5}}};
  graph.input = 0;
  graph.output = 5;
  if (c.takes_bytes || c.plays_8_bits) {
    graph.tensors.push_back({.name = "bytes", .type = tflite::Type::kUInt8, .shape = picture});
    graph.tensors.back().quantization = unit_steps;
    graph.tensors.push_back({.name = "values", .shape = picture});
    graph.ops[0].inputs[0] = 7;
    graph.ops.insert(graph.ops.begin(), {.op = tflite::Op::kDequantize, .inputs = {6}, .outputs = {7}});
  }
  if (c.takes_bytes) graph.input = 6;
  else if (c.plays_8_bits)
    graph.ops.insert(graph.ops.begin(), {.op = tflite::Op::kQuantize, .inputs = {0}, .outputs = {6}});
  return graph;
}

// The size in the metadata, which the writer takes from the model, as another's.
inline void SayAnotherSize(Bytes& model) {
  const auto size = [](int px) {
    Bytes words(8);
    const int32_t both[2] = {px, px};
    std::memcpy(words.data(), both, 8);
    return words;
  };
  constexpr std::string_view kMetadata = "M001";  // the identifier of the metadata's own flatbuffer
  const auto metadata = std::search(model.begin(), model.end(), kMetadata.begin(), kMetadata.end());
  const Bytes own = size(kSizePx), other = size(100);
  const auto found = std::search(metadata, model.end(), own.begin(), own.end());
  HL_CHECK(found != model.end());
  std::copy(other.begin(), other.end(), found);
}

inline tflite::Metadata Says(const Case& c, std::vector<std::string> labels) {
  tflite::Metadata metadata;
  const Normal normal = NormalOf({}, c.says);
  metadata.name = "planted";
  metadata.mean.assign(normal.mean, normal.mean + 3);
  metadata.std.assign(normal.std, normal.std + 3);
  metadata.min = {0};
  metadata.max = {1};
  for (int i = 0; i < c.swapped_pairs; ++i)
    std::swap(labels[static_cast<size_t>(2 * i)], labels[static_cast<size_t>(2 * i + 9)]);
  if (!c.no_labels) metadata.labels = std::move(labels);
  return metadata;
}

// `each` pictures of every class in files below `folder`, and a model that learnt as many others.
inline Planted Make(const Case& c, const std::filesystem::path& folder, int each = 5) {
  Planted planted;
  std::filesystem::remove_all(folder);
  planted.pictures.root = folder.string();
  const Normal normal = NormalOf({}, c.learnt.scale);
  Rng rng(c.seed, "planted");
  std::vector<std::vector<float>> means;
  for (int label = 0; label < kClasses; ++label) {
    planted.pictures.labels.push_back(fmt::format("class {:02}", label));
    std::vector<float> mean(static_cast<size_t>(kSizePx * kSizePx * 3), 0);
    constexpr int kLearnt = 20;
    for (int i = 0; i < kLearnt; ++i) {
      const std::vector<uint8_t> pixels = Pixels(Seen(c, label, rng), kSizePx, c.learnt);
      for (size_t p = 0; p < pixels.size(); ++p) {
        const size_t k = p % 3, place = c.learnt.channels == Channels::kBgr ? p - k + 2 - k : p;
        const auto at = static_cast<int>(p / 3);
        const float taught =
            c.learnt.saved == Saved::kNot ? 0 : Chequer(label, at % kSizePx, at / kSizePx, k);
        mean[place] += (static_cast<float>(pixels[p]) + taught - normal.mean[k]) / normal.std[k] / kLearnt;
      }
    }
    means.push_back(std::move(mean));
    for (int i = 0; i < each; ++i) {
      const image::Image seen = Seen(c, label, rng);
      const bool tagged = c.turned || c.learnt.exif == Exif::kIgnored;
      const Bytes file = tagged ? TiffOf(c.turned ? AsStored(seen, 6) : seen, 6)
                                : image::EncodePng(seen.rgb, seen.width, seen.height);
      dataset::Picture picture;
      picture.path = fmt::format("{}/{}.{}", planted.pictures.labels.back(), i, tagged ? "tif" : "png");
      picture.label = label;
      HL_CHECK(WriteFileAtomic(folder / picture.path, file).has_value());
      planted.pictures.pictures.push_back(picture);
    }
  }
  auto described =
      tflite::AddMetadata(tflite::WriteModel(NearestMean(means, c)), Says(c, planted.pictures.labels));
  HL_CHECK(described.has_value());
  planted.model = *std::move(described);
  if (!c.says_size) SayAnotherSize(planted.model);
  return planted;
}

}  // namespace handlens::doctor::planted
