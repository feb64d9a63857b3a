// Logistic regression, see logistic.h. Every sum has a stated order (eight interleaved partial sums over the
// samples of a block, then the blocks in turn), so vector widths change nothing.
#include "train/logistic.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <deque>

#include "image/exact_math.h"

namespace handlens::train {
namespace {

constexpr size_t kBlock = LogisticSamples::kBlock;
constexpr size_t kLanes = 8;
constexpr size_t kMemory = 10;
constexpr int kAskEvery =
    4;  // iterations between two questions whether to stop: of large ones there are several a second
constexpr int kMostIterations = 1000;
constexpr double kSmallGradient = 1e-6;

double Dot(const std::vector<double>& a, const std::vector<double>& b) {
  double sum = 0;
  for (size_t i = 0; i < a.size(); ++i) sum += a[i] * b[i];
  return sum;
}

double Largest(const std::vector<double>& values) {
  double largest = 0;
  for (const double value : values) largest = std::max(largest, std::abs(value));
  return largest;
}

bool GoesOn(int iteration, const std::vector<double>& gradient, const Progress& progress) {
  if (iteration % kAskEvery == 0 && progress.StopRequested()) return false;
  return iteration < kMostIterations && Largest(gradient) > kSmallGradient;
}

// The same bits whatever the width of the vectors: no two roundings become one (-ffp-contract=off).
#if defined(__x86_64__) && defined(__GNUC__) && !defined(__clang__) && !defined(__SANITIZE_ADDRESS__)
#define HL_WIDE __attribute__((target_clones("avx512f", "avx2", "default")))
#else
#define HL_WIDE
#endif

// to (kBlock) += factor * from (kBlock)
HL_WIDE void AddScaled(double factor, const float* from, double* to) {
  for (size_t n = 0; n < kBlock; ++n) to[n] += factor * static_cast<double>(from[n]);
}

HL_WIDE double BlockDot(const double* a, const float* b) {
  std::array<double, kLanes> lanes{};
  for (size_t n = 0; n < kBlock; n += kLanes) {
    for (size_t lane = 0; lane < kLanes; ++lane)
      lanes[lane] += a[n + lane] * static_cast<double>(b[n + lane]);
  }
  return ((lanes[0] + lanes[4]) + (lanes[1] + lanes[5])) + ((lanes[2] + lanes[6]) + (lanes[3] + lanes[7]));
}

// `logits` (classes, kBlock) become w (p - y), the loss's gradient; gives the sum of w * cross-entropy.
double ToResiduals(const LogisticSamples& samples, size_t block, std::vector<double>& logits) {
  const auto classes = static_cast<size_t>(samples.Classes());
  double loss = 0;
  for (size_t n = 0; n < kBlock; ++n) {
    const size_t sample = block * kBlock + n;
    if (sample >= samples.Count()) {
      for (size_t c = 0; c < classes; ++c) logits[c * kBlock + n] = 0;
      continue;
    }
    double largest = logits[n], sum = 0;
    for (size_t c = 1; c < classes; ++c) largest = std::max(largest, logits[c * kBlock + n]);
    const auto label = static_cast<size_t>(samples.Label(sample));
    const double weight = samples.Weight(sample), own = logits[label * kBlock + n] - largest;
    for (size_t c = 0; c < classes; ++c) {
      double& logit = logits[c * kBlock + n];
      logit = image::Exp(std::max(logit - largest, -700.0));
      sum += logit;
    }
    loss += weight * (image::Log(sum) - own);
    for (size_t c = 0; c < classes; ++c) {
      double& residual = logits[c * kBlock + n];
      residual = weight * (residual / sum - (c == label ? 1.0 : 0.0));
    }
  }
  return loss;
}

// What L-BFGS remembers of its last steps: the direction of the next one.
class Memory {
 public:
  void Add(std::vector<double> step, std::vector<double> change) {
    const double curvature = Dot(step, change);
    if (curvature <= 1e-12 * Dot(change, change)) return;  // would not keep the direction downhill
    if (pairs_.size() == kMemory) pairs_.pop_front();
    pairs_.push_back({std::move(step), std::move(change), 1 / curvature});
  }
  void Forget() { pairs_.clear(); }
  std::vector<double> Direction(const std::vector<double>& gradient) const {
    std::vector<double> q = gradient, alpha(pairs_.size());
    for (size_t i = pairs_.size(); i-- > 0;) {
      alpha[i] = pairs_[i].inverse_curvature * Dot(pairs_[i].step, q);
      for (size_t k = 0; k < q.size(); ++k) q[k] -= alpha[i] * pairs_[i].change[k];
    }
    if (!pairs_.empty()) {
      const Pair& last = pairs_.back();
      const double scale = 1 / (last.inverse_curvature * Dot(last.change, last.change));
      for (double& value : q) value *= scale;
    }
    for (size_t i = 0; i < pairs_.size(); ++i) {
      const double beta = pairs_[i].inverse_curvature * Dot(pairs_[i].change, q);
      for (size_t k = 0; k < q.size(); ++k) q[k] += (alpha[i] - beta) * pairs_[i].step[k];
    }
    for (double& value : q) value = -value;
    return q;
  }

 private:
  struct Pair {
    std::vector<double> step, change;
    double inverse_curvature;
  };
  std::deque<Pair> pairs_;
};

}  // namespace

void LogisticSamples::Add(std::span<const float> values, int label, double weight) {
  HL_CHECK(values.size() == features_ && label >= 0 && label < classes_ && weight > 0);
  const size_t place = Count() % kBlock;
  if (place == 0) values_.resize(values_.size() + kBlock * features_, 0.0f);
  float* block = values_.data() + (Blocks() + (place == 0 ? 1 : 0) - 1) * kBlock * features_;
  for (size_t f = 0; f < features_; ++f) block[f * kBlock + place] = values[f];
  labels_.push_back(label);
  weights_.push_back(weight);
}

Result<LogisticFit> LogisticFit::Create(const LogisticSamples& samples) {
  if (samples.Count() == 0) return Fail(ErrorKind::kBadInput, "there are no pictures to fit a classifier on");
  LogisticFit fit(samples);
  fit.Standardise();
  for (size_t f = 0; f < samples.Features(); ++f) {
    if (!std::isfinite(fit.mean_[f])) {
      return Fail(ErrorKind::kBadInput,
                  "feature {} of the backbone is not a finite number; its weights do not fit it", f);
    }
  }
  fit.point_.assign(fit.Size(), 0.0);
  return fit;
}

// Weighted means of each feature, or of the squares about `about`.
std::vector<double> LogisticFit::Mean(const std::vector<double>* about) const {
  const size_t features = samples_->Features();
  std::vector<double> sums(features, 0.0), weights(kBlock);
  for (size_t block = 0; block < samples_->Blocks(); ++block) {
    for (size_t n = 0; n < kBlock; ++n) {
      const size_t sample = block * kBlock + n;
      weights[n] = sample < samples_->Count() ? samples_->Weight(sample) : 0.0;
    }
    const float* values = samples_->Block(block);
    for (size_t f = 0; f < features; ++f, values += kBlock) {
      for (size_t n = 0; n < kBlock; ++n) {
        const double value = static_cast<double>(values[n]), centred = about ? value - (*about)[f] : value;
        sums[f] += weights[n] * (about ? centred * centred : value);
      }
    }
  }
  for (double& sum : sums) sum /= total_weight_;
  return sums;
}

void LogisticFit::Standardise() {
  for (size_t sample = 0; sample < samples_->Count(); ++sample) total_weight_ += samples_->Weight(sample);
  mean_ = Mean(nullptr);
  inverse_ = Mean(&mean_);
  for (size_t f = 0; f < mean_.size(); ++f) {
    const double deviation = std::sqrt(inverse_[f]);
    const bool varies = deviation > 1e-7 * std::max(1.0, std::abs(mean_[f]));
    inverse_[f] = varies || !std::isfinite(deviation) ? 1 / deviation : 0.0;
  }
}

// The samples stay as they are: weights and biases are turned to plain features, and the gradient is turned
// back.
double LogisticFit::Evaluate(const std::vector<double>& point, double strength,
                             std::vector<double>& gradient) const {
  const size_t features = samples_->Features();
  const auto classes = static_cast<size_t>(samples_->Classes());
  std::vector<double> plain(point.size()), logits(classes * kBlock);
  for (size_t c = 0; c < classes; ++c) {
    double bias = point[classes * features + c];
    for (size_t f = 0; f < features; ++f) {
      plain[c * features + f] = point[c * features + f] * inverse_[f];
      bias -= plain[c * features + f] * mean_[f];
    }
    plain[classes * features + c] = bias;
  }
  gradient.assign(point.size(), 0.0);
  double loss = 0;
  for (size_t block = 0; block < samples_->Blocks(); ++block) {
    for (size_t c = 0; c < classes; ++c)
      std::fill_n(logits.begin() + static_cast<std::ptrdiff_t>(c * kBlock), kBlock,
                  plain[classes * features + c]);
    const float* values = samples_->Block(block);
    for (size_t f = 0; f < features; ++f) {
      for (size_t c = 0; c < classes; ++c)
        AddScaled(plain[c * features + f], values + f * kBlock, logits.data() + c * kBlock);
    }
    loss += ToResiduals(*samples_, block, logits);
    for (size_t f = 0; f < features; ++f) {
      for (size_t c = 0; c < classes; ++c)
        gradient[c * features + f] += BlockDot(logits.data() + c * kBlock, values + f * kBlock);
    }
    for (size_t c = 0; c < classes; ++c) {
      for (size_t n = 0; n < kBlock; ++n) gradient[classes * features + c] += logits[c * kBlock + n];
    }
  }
  double penalty = 0;
  for (size_t c = 0; c < classes; ++c) {
    const double bias_gradient = gradient[classes * features + c];
    for (size_t f = 0; f < features; ++f) {
      const double w = point[c * features + f];
      double& g = gradient[c * features + f];
      g = (g - bias_gradient * mean_[f]) * inverse_[f] / total_weight_ + strength * w;
      penalty += w * w;
    }
    gradient[classes * features + c] = bias_gradient / total_weight_;
  }
  return loss / total_weight_ + strength / 2 * penalty;
}

LinearHead LogisticFit::Solve(double strength, const Progress& progress) {
  HL_CHECK(strength > 0);
  std::vector<double> gradient, trial_gradient, trial(point_.size());
  double value = Evaluate(point_, strength, gradient);
  Memory memory;
  for (iterations_ = 0; GoesOn(iterations_, gradient, progress); ++iterations_) {
    std::vector<double> direction = memory.Direction(gradient);
    double slope = Dot(direction, gradient);
    if (!(slope < 0)) {
      memory.Forget();
      direction = memory.Direction(gradient);
      slope = -Dot(gradient, gradient);
    }
    // Backtracking; near the end rounding hides the decrease, so a slope that has turned flat counts as well
    // (approximate Wolfe condition, Hager and Zhang 2005).
    double rate = iterations_ == 0 ? std::min(1.0, 1 / std::sqrt(-slope)) : 1.0, trial_value = value;
    bool accepted = false;
    for (int tries = 0; tries < 40 && !accepted; ++tries, rate /= 2) {
      for (size_t k = 0; k < trial.size(); ++k) trial[k] = point_[k] + rate * direction[k];
      trial_value = Evaluate(trial, strength, trial_gradient);
      const bool lower = trial_value <= value + 1e-4 * rate * slope;
      const bool flat = trial_value <= value + 1e-12 * std::abs(value) &&
                        std::abs(Dot(trial_gradient, direction)) <= -0.9 * slope;
      accepted = lower || flat;
    }
    if (!accepted) break;  // no step is small enough: rounding has the last word
    std::vector<double> step(trial.size()), change(trial.size());
    for (size_t k = 0; k < trial.size(); ++k) {
      step[k] = trial[k] - point_[k];
      change[k] = trial_gradient[k] - gradient[k];
    }
    memory.Add(std::move(step), std::move(change));
    point_.swap(trial);
    gradient.swap(trial_gradient);
    value = trial_value;
  }
  gradient_ = Largest(gradient);
  const size_t features = samples_->Features();
  const auto classes = static_cast<size_t>(samples_->Classes());
  LinearHead head{std::vector<float>(features * classes), std::vector<float>(classes)};
  for (size_t c = 0; c < classes; ++c) {
    double bias = point_[classes * features + c];
    for (size_t f = 0; f < features; ++f) {
      const double w = point_[c * features + f] * inverse_[f];
      head.kernel[f * classes + c] = static_cast<float>(w);
      bias -= w * mean_[f];
    }
    head.bias[c] = static_cast<float>(bias);
  }
  return head;
}

void Score(const LinearHead& head, std::span<const float> values, std::span<float> scores) {
  const size_t classes = scores.size();
  HL_CHECK(head.kernel.size() == values.size() * classes);
  std::vector<double> logits(head.bias.begin(), head.bias.end());
  for (size_t f = 0; f < values.size(); ++f) {
    for (size_t c = 0; c < classes; ++c)
      logits[c] += static_cast<double>(values[f]) * static_cast<double>(head.kernel[f * classes + c]);
  }
  const double largest = *std::max_element(logits.begin(), logits.end());
  double sum = 0;
  for (double& logit : logits) sum += logit = image::Exp(std::max(logit - largest, -700.0));
  for (size_t c = 0; c < classes; ++c) scores[c] = static_cast<float>(logits[c] / sum);
}

}  // namespace handlens::train
