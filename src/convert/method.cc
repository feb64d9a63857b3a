#include "convert/method.h"

#include <algorithm>
#include <array>

namespace handlens::convert {

constexpr double kMostLost = 0.007;  // of the answers
constexpr size_t kLeastLost = 2;

Comparison& Comparison::operator+=(const Comparison& other) {
  n += other.n;
  agree += other.agree;
  float_right += other.float_right;
  int8_right += other.int8_right;
  return *this;
}

Result<Comparison> CompareFiles(std::span<const uint8_t> float_model, std::span<const uint8_t> int8_model,
                                const train::TrialData& data, std::span<const int> pictures,
                                Progress& progress) {
  HL_ASSIGN(auto plain, tflite::Judge::Load(float_model, tflite::Kernels::kXnnpack));
  HL_ASSIGN(auto quantized, tflite::Judge::Load(int8_model, tflite::Kernels::kXnnpack));
  Comparison comparison{pictures.size(), 0, 0, 0};
  for (const int i : pictures) {
    if (progress.StopRequested()) return Interrupted();
    std::array<std::ptrdiff_t, 2> labels{};
    size_t k = 0;
    for (tflite::Judge* judge : {plain.get(), quantized.get()}) {
      HL_ASSIGN(const auto scores, judge->Classify(data.pixels->Picture(static_cast<size_t>(i))));
      labels[k++] = std::max_element(scores.begin(), scores.end()) - scores.begin();
    }
    const int truth = data.dataset->pictures[static_cast<size_t>(i)].label;
    comparison.agree += labels[0] == labels[1] ? 1 : 0;
    comparison.float_right += labels[0] == truth ? 1 : 0;
    comparison.int8_right += labels[1] == truth ? 1 : 0;
  }
  return comparison;
}

Json ToJson(const Comparison& c) {
  return {
      {"n", c.n}, {"agree", c.agree}, {"float_correct", c.float_right}, {"quantized_correct", c.int8_right}};
}

bool LosesTooMuch(const Comparison& c) {
  return c.float_right >= c.int8_right + kLeastLost &&
         static_cast<double>(c.float_right - c.int8_right) > kMostLost * static_cast<double>(c.n);
}

bool IsBetter(const Comparison& aware, const Comparison& post_training) {
  if (aware.agree < post_training.agree) return false;
  return aware.int8_right > post_training.int8_right ||
         (aware.int8_right == post_training.int8_right && aware.agree > post_training.agree);
}

}  // namespace handlens::convert
