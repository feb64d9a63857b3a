// Times on phones that are not at hand, see phone_time.h.
#include "verify/routes/phone_time.h"

#include <cstring>

#include "tflite/tflite.h"

namespace handlens::verify {
namespace {

// One answer of MobileNet v1 by XNNPACK on one core, in ms.
struct PhoneClass {
  const char* name;
  double least_ms, most_ms;
};

// Published: 82, 86 and 88 ms on Pixel, Pixel 2 and Pixel 3a with one thread, and 115 ms on four cores of a
// Raspberry Pi 3+ (XNNPACK's README of March 2020). EfficientNet-Lite0, with 407 million multiply-adds, in 12
// ms on four cores of a Pixel 4 (its README): MobileNet's 569 million would take 16.8 ms. One core instead of
// four takes as long at least, and four times as long at most.
constexpr PhoneClass kPhones[] = {
    {"small cores only (Cortex-A53, as in a Raspberry Pi 3+): the smallest Android Go phones", 115, 460},
    {"Pixel, Pixel 2, Pixel 3a: good phones of 2016 to 2019", 82, 88},
    {"Pixel 4: the best of 2019, the middle class of today", 16.8, 67.1}};

// Another network, and one of integers, uses a core better or worse than MobileNet does: chosen.
constexpr double kOtherNetwork = 2;

class Builder {
 public:
  Builder() { graph_.tensors.push_back({.name = "picture", .shape = {1, kSide, kSide, 3}}); }

  void Conv(int kernel, int stride, int channels) {
    Layer(tflite::Op::kConv2D, {channels, kernel, kernel, channels_}, kernel * kernel * channels_, stride);
  }
  void Depthwise(int stride) { Layer(tflite::Op::kDepthwiseConv2D, {1, 3, 3, channels_}, 9, stride); }

  Bytes End(int classes) {
    const int axes[] = {1, 2};
    Bytes data(sizeof axes);
    std::memcpy(data.data(), axes, sizeof axes);
    const int across =
        Add({.name = "axes", .type = tflite::Type::kInt32, .shape = {2}, .data = std::move(data)});
    const int pooled = Add({.name = "pooled", .shape = {1, channels_}});
    graph_.ops.push_back({.op = tflite::Op::kMean, .inputs = {now_, across}, .outputs = {pooled}});
    const int weights = Averages({classes, channels_}, channels_), bias = Zeros(classes);
    const int logits = Add({.name = "logits", .shape = {1, classes}});
    graph_.ops.push_back(
        {.op = tflite::Op::kFullyConnected, .inputs = {pooled, weights, bias}, .outputs = {logits}});
    graph_.output = Add({.name = "scores", .shape = {1, classes}});
    graph_.ops.push_back({.op = tflite::Op::kSoftmax, .inputs = {logits}, .outputs = {graph_.output}});
    return tflite::WriteModel(graph_);
  }

 private:
  static constexpr int kSide = 224;

  int Add(tflite::TensorDef tensor) {
    graph_.tensors.push_back(std::move(tensor));
    return static_cast<int>(graph_.tensors.size()) - 1;
  }
  int Floats(const char* name, std::vector<int> shape, float value) {
    size_t count = 1;
    for (const int length : shape) count *= static_cast<size_t>(length);
    const std::vector<float> values(count, value);
    Bytes data(4 * count);
    std::memcpy(data.data(), values.data(), data.size());
    return Add({.name = name, .shape = std::move(shape), .data = std::move(data)});
  }
  // Every output is the mean of its inputs, so that no number becomes too large or too small to be counted
  // fast.
  int Averages(std::vector<int> shape, int inputs) {
    return Floats("weights", std::move(shape), 1.0f / static_cast<float>(inputs));
  }
  int Zeros(int count) { return Floats("bias", {count}, 0); }

  void Layer(tflite::Op op, const std::vector<int>& shape, int inputs, int stride) {
    const int outputs = op == tflite::Op::kConv2D ? shape[0] : shape[3];
    const int weights = Averages(shape, inputs), bias = Zeros(outputs);
    side_ = (side_ + stride - 1) / stride;
    channels_ = outputs;
    const int next = Add({.name = "layer", .shape = {1, side_, side_, channels_}});
    graph_.ops.push_back({.op = op,
                          .inputs = {now_, weights, bias},
                          .outputs = {next},
                          .activation = tflite::Activation::kRelu6,
                          .same_padding = true,
                          .stride = stride});
    now_ = next;
  }

  tflite::Graph graph_;
  int now_ = 0, side_ = kSide, channels_ = 3;
};

}  // namespace

Bytes ReferenceNetwork() {
  Builder builder;
  builder.Conv(3, 2, 32);
  struct Block {
    int stride, channels;
  };
  constexpr Block kBlocks[] = {{1, 64},  {2, 128}, {1, 128}, {2, 256}, {1, 256},  {2, 512}, {1, 512},
                               {1, 512}, {1, 512}, {1, 512}, {1, 512}, {2, 1024}, {1, 1024}};
  for (const Block& block : kBlocks) {
    builder.Depthwise(block.stride);
    builder.Conv(1, 1, block.channels);
  }
  return builder.End(1000);
}

std::vector<PhoneTime> PhoneTimes(double answer_ms, double reference_ms) {
  std::vector<PhoneTime> times;
  if (!(answer_ms > 0 && reference_ms > 0)) return times;
  const double share = answer_ms / reference_ms;
  for (const PhoneClass& phone : kPhones)
    times.push_back(
        {phone.name, share * phone.least_ms / kOtherNetwork, share * phone.most_ms * kOtherNetwork});
  return times;
}

}  // namespace handlens::verify
