// How near a training step comes to what its arithmetic allows.
//   bench_roofline [--rounds N] [model:size:batch ...]     m1:100:10; models of a convolution with its pool,
//   then dense layers
// prints a JSON object a row: the core's peak and the step's speed, measured in turn; the multiply-adds that
// a step does; the pictures a second that the peak allows, and the share of them that is reached. Of the
// backward pass the pools' largest places count, and those neurons that have a gradient: under plain SGD they
// are the ones whose weights a step changes.
#include <fmt/core.h>

#include <algorithm>
#include <cstdio>

#include "nn/spec.h"
#include "row.h"

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "../bench/roofline.cc"
#include <hwy/foreach_target.h>
// After foreach_target.
#include <hwy/highway.h>

HWY_BEFORE_NAMESPACE();
namespace handlens::nn::HWY_NAMESPACE {

namespace hn = hwy::HWY_NAMESPACE;

// `times` x 16 chains of multiply-adds. How many they were; `numbers` keeps the compiler from knowing any.
double MultiplyAdds(size_t times, float* numbers) {
  const hn::ScalableTag<float> d;
  const auto a = hn::Set(d, numbers[0]), b = hn::Set(d, numbers[1]);
  hn::Vec<decltype(d)> acc[16];
  for (auto& v : acc) v = hn::Set(d, numbers[2]);
  for (size_t i = 0; i < times; ++i) {
    HWY_UNROLL(16)
    for (auto& v : acc) v = hn::MulAdd(v, a, b);
  }
  for (const auto& v : acc) numbers[2] += hn::GetLane(v);
  return static_cast<double>(times * 16 * hn::Lanes(d));
}

}  // namespace handlens::nn::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace handlens::nn {
namespace {

HWY_EXPORT(MultiplyAdds);

// Multiply-adds a second of this core.
double Peak() {
  float numbers[3] = {0.999f, 1e-3f, 1.0f};
  const double start = Now();
  double done = 0;
  while (Now() - start < 0.05) done += HWY_DYNAMIC_DISPATCH(MultiplyAdds)(100000, numbers);
  return done / (Now() - start);
}

// Multiply-adds of a step.
struct Work {
  double conv_forward = 0, conv_backward = 0, dense_forward = 0, dense_backward = 0;
  double alive = 0;  // share of the first dense layer's neurons
  double Sum() const { return conv_forward + conv_backward + dense_forward + dense_backward; }
};

// Neurons of a dense kernel (inputs, neurons) that differ.
double Changed(const Tensor& before, const Tensor& after) {
  const size_t neurons = Size(before.shape[1]);
  size_t changed = 0;
  for (size_t o = 0; o < neurons; ++o) {
    bool differs = false;
    for (size_t i = o; i < before.values.size() && !differs; i += neurons)
      differs = before.values[i] != after.values[i];
    changed += differs ? 1 : 0;
  }
  return static_cast<double>(changed);
}

Result<GraphSpec> OneConvolution(const Row& row) {
  HL_ASSIGN(GraphSpec graph, Resolve(row.spec));
  int convolutions = 0;
  for (const Node& node : graph.nodes) {
    const LayerKind kind = node.layer.kind;
    convolutions += kind == LayerKind::kConv ? 1 : 0;
    const bool counted = kind == LayerKind::kConv || kind == LayerKind::kRelu ||
                         kind == LayerKind::kMaxPool || kind == LayerKind::kDense;
    if (!counted || convolutions > 1) {
      return Fail(ErrorKind::kUsage,
                  "{}: only a convolution with its pool and dense layers are counted, as in m1", row.model);
    }
  }
  return graph;
}

Work Count(const GraphSpec& graph, Row& row) {
  const Weights before = row.network->SaveWeights();
  Step(row);
  const Weights after = row.network->SaveWeights();
  const double batch = row.batch;
  Work work;
  double taps = 0;  // of the convolution's outputs, all channels
  for (size_t i = 0; i < graph.nodes.size(); ++i) {
    const Node& node = graph.nodes[i];
    if (node.layer.kind == LayerKind::kConv) taps = node.layer.kernel * node.layer.kernel * node.in.channels;
    if (node.layer.kind == LayerKind::kMaxPool) {
      work.conv_backward = batch * taps * static_cast<double>(Elements(node.out));
      work.conv_forward = 4 * work.conv_backward;
    }
    if (node.layer.kind != LayerKind::kDense) continue;
    const auto kernel = [name = fmt::format("{}.kernel", i)](const Weights& weights) -> const Tensor& {
      return *std::find_if(weights.begin(), weights.end(), [&](const Tensor& t) { return t.name == name; });
    };
    const double inputs = static_cast<double>(Elements(node.in)),
                 changed = Changed(kernel(before), kernel(after));
    if (work.dense_forward == 0) work.alive = changed / node.out.channels;
    work.dense_forward += batch * inputs * node.out.channels;
    work.dense_backward += 2 * batch * inputs * changed;
  }
  return work;
}

double Median(std::vector<double> values) {
  std::sort(values.begin(), values.end());
  return values[values.size() / 2];
}

Result<void> Print(std::string_view text, int rounds) {
  HL_ASSIGN(Row row, MakeRow(text, Backend::kFast));
  HL_ASSIGN(const GraphSpec graph, OneConvolution(row));
  Round(row, Now);  // warm-up
  std::vector<double> peaks, bounds, speeds, shares;
  Work work;
  for (int r = 0; r < rounds; ++r) {
    work = Count(graph, row);
    peaks.push_back(Peak());
    Round(row, Now);
    bounds.push_back(row.batch * peaks.back() / work.Sum());
    speeds.push_back(row.batch / row.seconds.back());
    shares.push_back(speeds.back() / bounds.back());
  }
  const Json counts = {{"conv_forward", work.conv_forward},
                       {"conv_backward", work.conv_backward},
                       {"dense_forward", work.dense_forward},
                       {"dense_backward", work.dense_backward}};
  const Json found = {{"model", row.model},
                      {"size", row.size_px},
                      {"batch", row.batch},
                      {"peak_gflops", 2e-9 * Median(peaks)},
                      {"multiply_adds", counts},
                      {"neurons_alive", work.alive},
                      {"bound_pictures_per_s", Median(bounds)},
                      {"pictures_per_s", Median(speeds)},
                      {"share", Median(shares)},
                      {"share_least", *std::min_element(shares.begin(), shares.end())},
                      {"share_most", *std::max_element(shares.begin(), shares.end())}};
  fmt::print("{}\n", found.dump());
  return {};
}

}  // namespace
}  // namespace handlens::nn

int main(int argc, char** argv) {
  std::vector<std::string_view> arguments(argv + 1, argv + argc);
  int rounds = 9;
  if (arguments.size() > 1 && arguments[0] == "--rounds") {
    rounds = std::max(1, handlens::nn::Number(arguments[1]));
    arguments.erase(arguments.begin(), arguments.begin() + 2);
  }
  if (arguments.empty()) arguments = {"m1:100:10"};
  for (const std::string_view row : arguments) {
    if (const auto printed = handlens::nn::Print(row, rounds); !printed) {
      fmt::print(stderr, "{}\n", printed.error().message);
      return static_cast<int>(printed.error().kind);
    }
  }
  return 0;
}
#endif
