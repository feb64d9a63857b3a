// Learning rates, see schedule.h.
#include "train/schedule.h"

#include <algorithm>
#include <cmath>

namespace handlens::train {
namespace {

constexpr double kPi = 3.14159265358979323846;

// sum over k of (-1)^k y^k / (first * ...)!, y the square of the angle: cos for odd = 0, sin(x)/x for odd
// = 1.
double TaylorSeries(double square, int odd) {
  double term = 1, sum = 1;
  for (int k = 1; k <= 9; ++k) {
    term *= -square / static_cast<double>((2 * k - 1 + odd) * (2 * k + odd));
    sum += term;
  }
  return sum;
}

}  // namespace

double CosPi(double x) {
  if (x > 0.5) return -CosPi(1 - x);
  if (x > 0.25) {
    const double angle = kPi * (0.5 - x);
    return angle * TaylorSeries(angle * angle, 1);
  }
  const double angle = kPi * x;
  return TaylorSeries(angle * angle, 0);
}

float LearningRate(const Recipe& recipe, int64_t step, int64_t steps_per_epoch) {
  const double total = static_cast<double>(recipe.epochs) * static_cast<double>(steps_per_epoch);
  // A warm-up longer than half of a short training would leave nothing to learn with.
  const double warmup =
      std::min(std::floor(static_cast<double>(recipe.warmup_epochs) * static_cast<double>(steps_per_epoch)),
               total / 2);
  const auto at = static_cast<double>(step);
  const auto peak = static_cast<double>(recipe.learning_rate);
  if (at < warmup) return static_cast<float>(peak * (at + 1) / (warmup + 1));
  if (recipe.schedule == Schedule::kConstant) return recipe.learning_rate;
  const double done = total > warmup ? (at - warmup) / (total - warmup) : 0;
  return static_cast<float>(peak * 0.5 * (1 + CosPi(std::clamp(done, 0.0, 1.0))));
}

}  // namespace handlens::train
