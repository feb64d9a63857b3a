// Temperature scaling, see temperature.h.
#include "convert/temperature.h"

#include <algorithm>
#include <cmath>

#include "convert/convert.h"
#include "image/exact_math.h"

namespace handlens::convert {
namespace {

constexpr double kCoolest = 0.05, kHottest = 20;

double Loss(std::span<const ScoredTruth> pictures, double temperature) {
  const double n = static_cast<double>(pictures.size()), certain = (n + 1) / (n + 2);
  double loss = 0;
  for (const ScoredTruth& picture : pictures) {
    const size_t classes = picture.scores.size();
    const double other = classes > 1 ? (1 - certain) / static_cast<double>(classes - 1) : 0;
    // Logits are the logarithms of the scores, but for a constant that softmax does not see: here it makes
    // the largest 0.
    const auto logit = [&](float score) {
      return image::Log(std::max(static_cast<double>(score), 1e-30)) / temperature;
    };
    const double top = logit(*std::max_element(picture.scores.begin(), picture.scores.end()));
    double sum = 0, expected = 0;
    for (size_t c = 0; c < classes; ++c) {
      const double below = logit(picture.scores[c]) - top;
      sum += image::Exp(std::max(below, -600.0));  // of what exact_math can
      expected += (static_cast<int>(c) == picture.truth ? certain : other) * below;
    }
    loss += image::Log(sum) - expected;
  }
  return loss / n;
}

}  // namespace

double FitTemperature(std::span<const ScoredTruth> pictures) {
  if (pictures.empty()) return 1;
  // The loss is convex in 1 / temperature, so it has one valley in the logarithm too: golden section.
  constexpr double kGolden = 0.6180339887498949;
  double low = image::Log(kCoolest), high = image::Log(kHottest);
  const auto at = [&](double logarithm) { return Loss(pictures, image::Exp(logarithm)); };
  double left = high - kGolden * (high - low), right = low + kGolden * (high - low);
  double at_left = at(left), at_right = at(right);
  while (high - low > 1e-4) {
    if (at_left <= at_right) {
      high = right;
      right = left;
      at_right = at_left;
      at_left = at(left = high - kGolden * (high - low));
    } else {
      low = left;
      left = right;
      at_left = at_right;
      at_right = at(right = low + kGolden * (high - low));
    }
  }
  return std::round(1000 * image::Exp((low + high) / 2)) / 1000;
}

bool CanCool(const FoldedModel& model) {
  const FoldedLayer& last = model.layers.back();
  return !last.weights.empty() && last.activation == tflite::Activation::kNone;
}

void Cool(double temperature, FoldedModel& model) {
  FoldedLayer& last = model.layers.back();
  for (std::vector<float>* numbers : {&last.weights, &last.bias}) {
    for (float& value : *numbers) value = static_cast<float>(value / temperature);
  }
}

void Cool(double temperature, Calibration& calibration) {
  calibration.low.back() = static_cast<float>(calibration.low.back() / temperature);
  calibration.high.back() = static_cast<float>(calibration.high.back() / temperature);
  calibration.least_top = static_cast<float>(calibration.least_top / temperature);
  for (double& mean : calibration.means.back()) mean /= temperature;
}

void Cool(double temperature, const nn::ModelSpec& spec, nn::Weights& weights) {
  const std::string last = std::to_string(spec.layers.size() - 1) + ".";
  for (nn::Tensor& tensor : weights) {
    if (!tensor.name.starts_with(last)) continue;
    for (float& value : tensor.values) value = static_cast<float>(value / temperature);
  }
}

}  // namespace handlens::convert
