// Temperature scaling, see temperature.h.
#include "convert/temperature.h"

#include <algorithm>
#include <cmath>

#include "base/stats.h"
#include "convert/convert.h"
#include "image/exact_math.h"

namespace handlens::convert {
namespace {

constexpr double kCoolest = 0.05, kHottest = 20;

// Logits over the temperature, but for a constant that softmax does not see: they are the logarithms of the
// scores, here less the largest.
std::vector<double> Logits(std::span<const float> scores, double temperature) {
  std::vector<double> logits;
  for (const float score : scores)
    logits.push_back(image::Log(std::max(static_cast<double>(score), 1e-30)) / temperature);
  const double top = *std::max_element(logits.begin(), logits.end());
  for (double& logit : logits) logit -= top;
  return logits;
}

double LogSum(const std::vector<double>& logits) {
  double sum = 0;
  for (const double logit : logits) sum += image::Exp(std::max(logit, -600.0));  // of what exact_math can
  return image::Log(sum);
}

double Loss(std::span<const ScoredTruth> pictures, double temperature) {
  const double n = static_cast<double>(pictures.size()), certain = (n + 1) / (n + 2);
  double loss = 0;
  for (const ScoredTruth& picture : pictures) {
    const size_t classes = picture.scores.size();
    const double other = classes > 1 ? (1 - certain) / static_cast<double>(classes - 1) : 0;
    const std::vector<double> logits = Logits(picture.scores, temperature);
    double expected = 0;
    for (size_t c = 0; c < classes; ++c)
      expected += (static_cast<int>(c) == picture.truth ? certain : other) * logits[c];
    loss += LogSum(logits) - expected;
  }
  return loss / n;
}

// How honest scores are that were divided by temperatures: each picture's cross-entropy, and what the
// expected calibration error is made of.
struct Honesty {
  std::vector<double> losses, tops;
  std::vector<bool> right;

  void Add(const ScoredTruth& picture, double temperature) {
    const std::vector<double> logits = Logits(picture.scores, temperature);
    const double sum = LogSum(logits);
    const auto truth = static_cast<size_t>(picture.truth);
    losses.push_back(sum - logits[truth]);
    tops.push_back(image::Exp(-sum));  // the largest logit is 0
    right.push_back(std::max_element(logits.begin(), logits.end()) - logits.begin() == picture.truth);
  }
  double CalibrationError() const { return handlens::Calibration(tops, right).error; }
};

constexpr int kParts = 5;
constexpr size_t kFewestPictures = 10;
constexpr double kOneSided95 = 1.645;

bool Helps(std::span<const ScoredTruth> pictures) {
  Honesty before, after;
  for (int part = 0; part < kParts; ++part) {
    std::vector<ScoredTruth> others;
    for (const ScoredTruth& p : pictures) {
      if (p.picture % kParts != part) others.push_back(p);
    }
    const double temperature = FitTemperature(others);
    for (const ScoredTruth& p : pictures) {
      if (p.picture % kParts != part) continue;
      before.Add(p, 1);
      after.Add(p, temperature);
    }
  }
  std::vector<double> saved;
  for (size_t i = 0; i < before.losses.size(); ++i) saved.push_back(before.losses[i] - after.losses[i]);
  const MeanStd mean = Summarize(saved);
  return mean.mean > kOneSided95 * mean.std / std::sqrt(static_cast<double>(saved.size())) &&
         after.CalibrationError() <= before.CalibrationError();
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

Temperature ChooseTemperature(std::span<const ScoredTruth> pictures) {
  const double fitted = FitTemperature(pictures);
  const bool helps = pictures.size() >= kFewestPictures && Helps(pictures);
  return {fitted, helps ? fitted : 1};
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
