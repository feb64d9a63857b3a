// Claims about times on phones: the reference is the network whose times are published, and the estimate is
// the plain rule of three with its range.
#include "verify/routes/phone_time.h"

#include <gtest/gtest.h>

#include <numeric>

#include "tflite/tflite.h"

namespace handlens::verify {
namespace {

// Counted from the file: outputs x (inputs of one output).
int64_t MultiplyAdds(const tflite::Graph& graph) {
  int64_t sum = 0;
  const auto elements = [&](int tensor) {
    const std::vector<int>& shape = graph.tensors[static_cast<size_t>(tensor)].shape;
    return std::accumulate(shape.begin(), shape.end(), int64_t{1}, std::multiplies<>());
  };
  for (const tflite::OpDef& op : graph.ops) {
    if (op.inputs.size() < 3) continue;
    const int64_t weights = elements(op.inputs[1]), outputs = elements(op.outputs[0]);
    const int64_t channels = graph.tensors[static_cast<size_t>(op.outputs[0])].shape.back();
    sum += outputs / channels * weights;  // both kinds of convolution, and dense layers
  }
  return sum;
}

TEST(PhoneTime, TheReferenceIsMobileNetV1) {
  const Bytes file = ReferenceNetwork();
  const auto graph = tflite::ReadGraph(file);
  ASSERT_TRUE(graph.has_value()) << graph.error().message;
  EXPECT_EQ(MultiplyAdds(*graph), 568'740'352);  // 569 million in the paper's table 8
  size_t convolutions = 0, weights = 0;
  for (const tflite::OpDef& op : graph->ops) {
    convolutions += op.op == tflite::Op::kConv2D || op.op == tflite::Op::kDepthwiseConv2D ? 1 : 0;
    if (op.inputs.size() == 3) weights += graph->tensors[static_cast<size_t>(op.inputs[1])].data.size() / 4;
  }
  EXPECT_EQ(convolutions, 27u);
  EXPECT_EQ(weights, 4'209'088u);  // 4.2 million
  if (!tflite::RuntimeVersion()) return;
  auto judge = tflite::Judge::Load(file, tflite::Kernels::kXnnpack);
  ASSERT_TRUE(judge.has_value()) << judge.error().message;
  const auto scores = (*judge)->Classify(std::vector<uint8_t>(3 * 224 * 224, 128));
  ASSERT_TRUE(scores.has_value());
  EXPECT_NEAR(std::accumulate(scores->begin(), scores->end(), 0.0), 1, 1e-4);
}

TEST(PhoneTime, IsTheRuleOfThreeWithARange) {
  const std::vector<PhoneTime> times = PhoneTimes(5, 20);  // a quarter of MobileNet
  ASSERT_EQ(times.size(), 3u);
  EXPECT_DOUBLE_EQ(times[1].low_ms, 82.0 / 4 / 2);  // Pixel to Pixel 3a: 82 to 88 ms published
  EXPECT_DOUBLE_EQ(times[1].high_ms, 88.0 / 4 * 2);
  for (size_t i = 1; i < times.size(); ++i) EXPECT_LT(times[i].high_ms, times[i - 1].high_ms);
  const std::vector<PhoneTime> twice = PhoneTimes(10, 20);
  for (size_t i = 0; i < times.size(); ++i) EXPECT_DOUBLE_EQ(twice[i].low_ms, 2 * times[i].low_ms);
  EXPECT_TRUE(PhoneTimes(5, 0).empty());
}

}  // namespace
}  // namespace handlens::verify
