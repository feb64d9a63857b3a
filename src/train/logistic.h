// Multinomial logistic regression with an L2 penalty, fitted to convergence: the classifier on top of given
// features. Knows nothing of pictures, backbones or files. Same inputs, same bits, on every machine.
#pragma once

#include <cstddef>
#include <span>
#include <vector>

#include "base/progress.h"
#include "base/result.h"

namespace handlens::train {

// Samples of known class. Filled one by one; kept in blocks, feature after feature, as the fit reads them.
class LogisticSamples {
 public:
  LogisticSamples(size_t features, int classes) : features_(features), classes_(classes) {}

  // `values` (features); `weight` above 0 says how much its loss counts.
  void Add(std::span<const float> values, int label, double weight);

  size_t Count() const { return labels_.size(); }
  size_t Features() const { return features_; }
  int Classes() const { return classes_; }
  int Label(size_t sample) const { return labels_[sample]; }
  double Weight(size_t sample) const { return weights_[sample]; }

  // Samples of one block, (features, kBlock); places beyond the last sample hold zeros.
  static constexpr size_t kBlock = 128;
  size_t Blocks() const { return (Count() + kBlock - 1) / kBlock; }
  const float* Block(size_t block) const { return values_.data() + block * kBlock * features_; }

 private:
  size_t features_;
  int classes_;
  std::vector<float> values_;
  std::vector<int> labels_;
  std::vector<double> weights_;
};

// logits = kernel' x + bias: the numbers of a dense layer behind the features.
struct LinearHead {
  std::vector<float> kernel;  // (features, classes)
  std::vector<float> bias;    // (classes)
};

// The fit for one strength after another. Features are standardised first (weighted mean and deviation of the
// samples; a feature that never varies is left out), as scikit-learn's StandardScaler + LogisticRegression
// do; the heads given out take features as they are.
//
// Minimised is  sum_i w_i CE_i / sum_i w_i + strength / 2 * |W|^2  over standardised features, biases free,
// softmax over all classes. scikit-learn's C for n samples of weight 1 is 1 / (strength * n). L-BFGS (Nocedal
// and Wright 2006, algorithm 7.4), memory of 10, until no element of the gradient is above 1e-6.
class LogisticFit {
 public:
  // `samples` outlives the fit. Kind kBadInput when there are none, or a value is not finite.
  static Result<LogisticFit> Create(const LogisticSamples& samples);

  // Starts where the last call ended: go from strong to weak. `strength` above 0. When `progress` asks to
  // stop, it ends at once with a head that is worth nothing.
  LinearHead Solve(double strength, const Progress& progress = SilentProgress());

  int Iterations() const { return iterations_; }  // of the last Solve
  double Gradient() const { return gradient_; }   // its largest element at the end

 private:
  explicit LogisticFit(const LogisticSamples& samples) : samples_(&samples) {}
  std::vector<double> Mean(const std::vector<double>* about) const;
  void Standardise();
  double Evaluate(const std::vector<double>& point, double strength, std::vector<double>& gradient) const;
  size_t Size() const { return (samples_->Features() + 1) * static_cast<size_t>(samples_->Classes()); }

  const LogisticSamples* samples_;
  double total_weight_ = 0;
  std::vector<double> mean_, inverse_;  // (features); inverse deviation, 0 for a feature that never varies
  std::vector<double> point_;           // (classes, features), then (classes)
  int iterations_ = 0;
  double gradient_ = 0;
};

// Softmax scores (classes) of one sample; adds up in double.
void Score(const LinearHead& head, std::span<const float> values, std::span<float> scores);

}  // namespace handlens::train
