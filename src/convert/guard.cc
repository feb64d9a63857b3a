// The guard against strangers, see guard.h.
#include "convert/guard.h"

#include <algorithm>
#include <cmath>
#include <numeric>

#include "image/exact_math.h"

namespace handlens::convert {
namespace {

// Added to every channel of a class's mean, as a share of the mean channel: a channel that never lit up in
// training may light up once. With a tenth of it such channels decide alone, and pictures that light up few
// channels look familiar (docs/studies/abstain.md).
constexpr double kSurprise = 1;
constexpr double kNotAtAll = 0.01;
// The share of validation pictures that lose more than the least: what is taken off familiar pictures makes
// their scores say less than the true share.
constexpr double kTouched = 0.1;
// A logit this far below a picture's highest is worth less than a quarter of a step of a score: e^-7 is 0.23
// / 256.
constexpr float kUnheard = 7;

size_t FeaturesIn(const std::vector<float>& log_means, int classes) {
  return log_means.size() / static_cast<size_t>(classes);
}

// sum f_i w_ci for every class.
std::vector<double> Products(std::span<const float> weights, std::span<const float> features, int classes) {
  std::vector<double> sums(static_cast<size_t>(classes), 0.0);
  for (size_t c = 0; c < sums.size(); ++c) {
    for (size_t i = 0; i < features.size(); ++i)
      sums[c] += static_cast<double>(weights[c * features.size() + i]) * static_cast<double>(features[i]);
  }
  return sums;
}

double Sum(std::span<const float> features) { return std::accumulate(features.begin(), features.end(), 0.0); }

double AboveZero(const std::vector<double>& values) {
  double sum = 0;
  for (const double value : values) sum += std::max(value, 0.0);
  return sum;
}

// The value that `share` of them lie below; not empty.
double Quantile(std::vector<double> values, double share) {
  const auto at = values.begin() + static_cast<std::ptrdiff_t>(share * static_cast<double>(values.size()));
  std::nth_element(values.begin(), at, values.end());
  return *at;
}

// A layer before the last one, a dropout aside; -1 where that is the picture.
int Before(const nn::ModelSpec& spec, int layer) {
  const auto& inputs = spec.layers[static_cast<size_t>(layer)].inputs;
  int before = inputs.empty() ? layer - 1 : inputs[0];
  while (before >= 0 && spec.layers[static_cast<size_t>(before)].kind == nn::LayerKind::kDropout)
    before = Before(spec, before);
  return before;
}

FoldedLayer Dense(std::string name, int input, const nn::Shape& in, int units) {
  FoldedLayer layer;
  layer.kind = FoldedKind::kDense;
  layer.name = std::move(name);
  layer.inputs = {input};
  layer.in = in;
  layer.out = {1, 1, units};
  layer.weights.assign(static_cast<size_t>(in.height * in.width * in.channels) * static_cast<size_t>(units),
                       0.0f);
  layer.bias.assign(static_cast<size_t>(units), 0.0f);
  return layer;
}

}  // namespace

std::optional<int> FeatureLayer(const nn::ModelSpec& spec) {
  using enum nn::LayerKind;
  const int last = static_cast<int>(spec.layers.size()) - 1;
  if (last < 1 || spec.layers.back().kind != kDense) return std::nullopt;
  const int pool = Before(spec, last);
  if (pool < 1 || spec.layers[static_cast<size_t>(pool)].kind != kGlobalAvgPool) return std::nullopt;
  const int from = Before(spec, pool);
  if (from < 0) return std::nullopt;
  const nn::LayerKind kind = spec.layers[static_cast<size_t>(from)].kind;
  return kind == kRelu || kind == kRelu6 ? std::optional(from) : std::nullopt;
}

std::vector<float> LogMeans(const Seen& trained, int classes) {
  HL_CHECK(!trained.features.empty());
  const size_t width = trained.features[0].size();
  std::vector<float> result(static_cast<size_t>(classes) * width);
  std::vector<double> all(width, 0.0);  // stands for a class without pictures
  std::vector<std::vector<double>> means(static_cast<size_t>(classes), all);
  std::vector<size_t> counts(static_cast<size_t>(classes), 0);
  for (size_t k = 0; k < trained.features.size(); ++k) {
    const auto label = static_cast<size_t>(trained.labels[k]);
    ++counts[label];
    for (size_t i = 0; i < width; ++i) {
      means[label][i] += static_cast<double>(trained.features[k][i]);
      all[i] += static_cast<double>(trained.features[k][i]);
    }
  }
  for (size_t c = 0; c < means.size(); ++c) {
    const std::vector<double>& mean = counts[c] > 0 ? means[c] : all;
    const double sum = std::max(std::accumulate(mean.begin(), mean.end(), 0.0), 1e-12),
                 even = kSurprise / static_cast<double>(width);
    for (size_t i = 0; i < width; ++i)
      result[c * width + i] = static_cast<float>(image::Log(mean[i] / sum + even));
  }
  return result;
}

std::vector<std::vector<double>> Familiarities(const std::vector<float>& log_means, const Seen& pictures) {
  std::vector<std::vector<double>> familiarities;
  for (const auto& features : pictures.features) {
    const int classes = static_cast<int>(log_means.size() / features.size());
    familiarities.push_back(Products(log_means, features, classes));
    const double sum = std::max(Sum(features), 1e-12);
    for (double& familiarity : familiarities.back()) familiarity /= sum;
  }
  return familiarities;
}

std::optional<Bounds> FitBounds(std::vector<std::vector<double>> familiarities) {
  if (familiarities.size() < kFewestOthers) return std::nullopt;
  std::vector<double> nearest, above;
  for (const auto& classes : familiarities)
    nearest.push_back(*std::max_element(classes.begin(), classes.end()));
  const double least = Quantile(std::move(nearest), kNotAtAll);
  for (auto& classes : familiarities) {
    for (double& familiarity : classes) familiarity -= least;
    above.push_back(AboveZero(classes));
  }
  const double enough = Quantile(std::move(above), kTouched);
  if (!(enough > 0)) return std::nullopt;  // they all look alike: nothing to measure by
  return Bounds{least, enough};
}

Guard MakeGuard(const std::vector<float>& log_means, const Bounds& bounds, const Seen& trained) {
  HL_CHECK(!trained.features.empty());
  double sum = 0;
  for (const auto& features : trained.features)
    sum += Sum(features) / static_cast<double>(trained.features.size());
  Guard guard{static_cast<int>(log_means.size() / trained.features[0].size()), log_means,
              static_cast<float>(bounds.enough * sum)};
  for (float& weight : guard.weights) weight = static_cast<float>(weight - bounds.least);
  return guard;
}

double FactorOf(const Guard& guard, std::span<const float> features) {
  const double above = AboveZero(Products(guard.weights, features, guard.classes));
  const double strange = std::max(0.0, 1 - above / static_cast<double>(guard.enough));
  return 1 / (1 + image::Exp(kFamiliar + (kStrange - kFamiliar) * strange));
}

void AddGuard(const Guard& guard, FoldedModel& model) {
  const auto classes = static_cast<size_t>(guard.classes);
  const size_t width = FeaturesIn(guard.weights, guard.classes);
  FoldedLayer& head = model.layers.back();
  HL_CHECK(head.kind == FoldedKind::kDense && head.weights.size() == guard.weights.size() && !model.guarded);
  const int features = head.inputs[0];
  const nn::Shape in = head.in;
  // The classes' logits twice, the second time less by what a familiar picture loses nothing by.
  head.weights.insert(head.weights.end(), head.weights.begin(),
                      head.weights.begin() + static_cast<std::ptrdiff_t>(classes * width));
  for (size_t c = 0; c < classes; ++c) head.bias.push_back(static_cast<float>(head.bias[c] + kFamiliar));
  head.out.channels = 2 * guard.classes;
  const int logits = static_cast<int>(model.layers.size()) - 1;

  FoldedLayer familiar = Dense("guard_familiar", features, in, guard.classes);
  familiar.weights = guard.weights;
  familiar.activation = tflite::Activation::kRelu;
  model.layers.push_back(std::move(familiar));

  FoldedLayer strange = Dense("guard_strange", logits + 1, {1, 1, guard.classes}, 2 * guard.classes);
  for (size_t c = 0; c < classes; ++c) {
    const auto most = static_cast<float>(kStrange - kFamiliar);
    strange.bias[classes + c] = most;
    std::fill_n(strange.weights.begin() + static_cast<std::ptrdiff_t>((classes + c) * classes), classes,
                -most / guard.enough);
  }
  strange.activation = tflite::Activation::kRelu;
  model.layers.push_back(std::move(strange));

  FoldedLayer sum;
  sum.kind = FoldedKind::kAdd;
  sum.name = "guard_logits";
  sum.inputs = {logits, logits + 2};
  sum.in = sum.out = {1, 1, 2 * guard.classes};
  model.layers.push_back(std::move(sum));
  model.guarded = true;
}

void AddGuard(const Guard& guard, Calibration& calibration) {
  const auto most = static_cast<float>(kStrange - kFamiliar);
  const float low = calibration.low.back(), high = calibration.high.back();
  const auto twice = [](std::vector<double> means, double more) {
    const size_t n = means.size();
    for (size_t i = 0; i < n; ++i) means.push_back(means[i] + more);
    return means;
  };
  const std::vector<double> means = calibration.means.back();
  // The steps of the logits decide how often rounding turns an answer, so the range holds no more than it
  // must: what lies kUnheard below the top of the least sure picture is no part of any score. Before and
  // after the addition it is the same range, so that the classes' logits, to which nothing is added, are
  // rounded once.
  const float lowest = std::max(low, calibration.least_top - kUnheard) + static_cast<float>(kFamiliar);
  const float highest = std::max(high, high + static_cast<float>(kStrange));
  calibration.low.back() = lowest;
  calibration.high.back() = highest;
  calibration.means.back() = twice(means, kFamiliar);
  // Familiar pictures reach `enough` in the sum of all classes; what is beyond changes nothing.
  calibration.low.insert(calibration.low.end(), {0, 0, lowest});
  calibration.high.insert(calibration.high.end(), {guard.enough, most, highest});
  calibration.means.push_back(std::vector<double>(static_cast<size_t>(guard.classes), 0.0));
  calibration.means.push_back(std::vector<double>(static_cast<size_t>(2 * guard.classes), 0.0));
  calibration.means.push_back(twice(means, kFamiliar));
}

}  // namespace handlens::convert
