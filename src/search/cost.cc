// What trials cost, see cost.h.
#include "search/cost.h"

#include <algorithm>
#include <chrono>
#include <numeric>

#include "base/rng.h"

namespace handlens::search {
namespace {

constexpr double kMeasureBudget_s = 0.8, kStepBudget_s = 0.25;

double Now() {
  return std::chrono::duration<double>(std::chrono::steady_clock::now().time_since_epoch()).count();
}

bool IsProbe(const Candidate& candidate) {
  return candidate.start && candidate.start->method == train::Method::kProbe;
}

// Multiply-adds of a probe's fit for one training picture: some 150 evaluations, each twice over views x
// features x classes, in double precision and half as fast as the engine's.
double FitCost(const Candidate& candidate) {
  if (!IsProbe(candidate)) return 0;
  const auto shapes = nn::InferShapes(candidate.architecture);
  if (!shapes || shapes->size() < 2) return 0;
  return 150.0 * 2 * 8 * (1 + candidate.start->views) * (*shapes)[shapes->size() - 2].channels *
         candidate.architecture.classes;
}

// Forward, and backward twice as dear; each weight is read three times and written once a step.
double PictureCost(const Candidate& candidate) {
  const auto cost = nn::Cost(candidate.architecture, candidate.recipe.batch);
  if (!cost) return 1;
  if (IsProbe(candidate)) return static_cast<double>(cost->multiply_adds);  // forward only
  return 3.0 * static_cast<double>(cost->multiply_adds) +
         4.0 * static_cast<double>(cost->parameters) / std::max(candidate.recipe.batch, 1);
}

// Seconds of one training step, the best of a few (other programs only ever add time).
Result<double> TimeStep(const Candidate& candidate, const Progress& progress) {
  const auto side = static_cast<size_t>(candidate.size_px);
  HL_ASSIGN(auto network,
            nn::Network::Create(candidate.architecture, candidate.recipe.batch, candidate.recipe.optimizer));
  network->Initialize(1);
  const auto batch = static_cast<size_t>(candidate.recipe.batch), picture = side * side * 3;
  std::vector<float> inputs(batch * picture);
  Rng rng(1, "measure");
  for (float& value : inputs) value = rng.Uniform();
  std::vector<int> labels(batch);
  for (size_t i = 0; i < batch; ++i) labels[i] = static_cast<int>(i) % candidate.architecture.classes;
  const auto step = [&](size_t count, uint64_t number) {
    const double from = Now();
    network->TrainStep({std::span(inputs).first(count * picture), std::span(labels).first(count), {}, 0},
                       0.0f, {1, number});
    return Now() - from;
  };
  const auto count = static_cast<size_t>(PicturesToTime(step(1, 0), candidate.recipe.batch));
  if (progress.StopRequested()) return Interrupted();
  step(count, 1);  // the first touches the memory
  double best_s = 1e30;
  const double begin = Now();
  for (uint64_t number = 2; number <= 4 && (number == 2 || Now() - begin < 0.05); ++number) {
    if (progress.StopRequested()) return Interrupted();
    best_s = std::min(best_s, step(count, number));
  }
  return best_s * static_cast<double>(batch) / static_cast<double>(count);
}

Result<double> TimeAugment(const Candidate& candidate, const Progress& progress) {
  const auto side = static_cast<size_t>(candidate.size_px);
  const std::vector<uint8_t> in(side * side * 3, 128);
  std::vector<float> out(in.size());
  // The same few pictures, because those through a simulated camera take longer; the best round, as for
  // steps.
  constexpr uint64_t kPictures = 12;
  double best_s = 1e30;
  const double begin = Now();
  for (int round = 0; round < 5 && (round == 0 || Now() - begin < 0.01); ++round) {
    if (progress.StopRequested()) return Interrupted();
    const double from = Now();
    for (uint64_t i = 0; i < kPictures; ++i) {
      image::Augment(in, candidate.size_px, candidate.generator, Rng(1, "measure", {i}), out);
    }
    best_s = std::min(best_s, Now() - from);
  }
  return best_s / static_cast<double>(kPictures);
}

bool SameNetwork(const Candidate& a, const Candidate& b) {
  return a.architecture == b.architecture && a.recipe.batch == b.recipe.batch &&
         a.recipe.optimizer == b.recipe.optimizer;
}

// Seconds of one step for each candidate: each distinct network once, cheap ones first, the rest by their
// cost.
Result<std::vector<double>> StepSeconds(const std::vector<Candidate>& candidates, double deadline,
                                        const Progress& progress) {
  std::vector<double> cost(candidates.size()), step_s(candidates.size(), 0);
  std::vector<size_t> order(candidates.size());
  std::iota(order.begin(), order.end(), size_t{0});
  for (size_t i = 0; i < cost.size(); ++i) cost[i] = PictureCost(candidates[i]) * candidates[i].recipe.batch;
  std::stable_sort(order.begin(), order.end(), [&](size_t a, size_t b) { return cost[a] < cost[b]; });
  double cost_per_s = 0;
  std::vector<size_t> known;
  for (const size_t i : order) {
    const auto same = std::find_if(known.begin(), known.end(),
                                   [&](size_t k) { return SameNetwork(candidates[k], candidates[i]); });
    if (same != known.end()) {
      step_s[i] = step_s[*same];
      continue;
    }
    // Creating and a first and a second step take about four.
    const bool affordable = cost_per_s == 0 || Now() + 4 * cost[i] / cost_per_s < deadline;
    if (progress.StopRequested()) return Interrupted();
    if (affordable) {
      HL_ASSIGN(step_s[i], TimeStep(candidates[i], progress));
      cost_per_s = cost[i] / std::max(step_s[i], 1e-9);
    } else {
      step_s[i] = cost[i] / cost_per_s;
    }
    known.push_back(i);
  }
  return step_s;
}

}  // namespace

double Passes(const Candidate& candidate) {
  return IsProbe(candidate) ? (1 + candidate.start->views) / (5 * 0.7) : candidate.recipe.epochs;
}

double TrialCost(const Candidate& candidate, size_t training_pictures) {
  return (PictureCost(candidate) * Passes(candidate) + FitCost(candidate)) *
         static_cast<double>(training_pictures);
}

int PicturesToTime(double first_s, int batch) {
  const double most = kStepBudget_s / std::max(first_s, 1e-9);
  return most < batch ? std::max(1, static_cast<int>(most)) : batch;
}

Result<std::vector<double>> MeasureTrials(const std::vector<Candidate>& candidates, size_t training_pictures,
                                          const Progress& progress) {
  const double deadline = Now() + kMeasureBudget_s;
  HL_ASSIGN(const std::vector<double> step_s, StepSeconds(candidates, deadline, progress));
  const auto n = static_cast<double>(training_pictures);
  std::vector<double> trial_s;
  std::vector<double> augment_s;
  for (size_t i = 0; i < candidates.size(); ++i) {
    const Candidate& candidate = candidates[i];
    const auto same = std::find_if(
        candidates.begin(), candidates.begin() + static_cast<std::ptrdiff_t>(i), [&](const Candidate& c) {
          return c.size_px == candidate.size_px && c.generator == candidate.generator;
        });
    const auto first = static_cast<size_t>(same - candidates.begin());
    double augment = first < i ? augment_s[first] : 0;
    if (first == i) {
      HL_ASSIGN(augment, TimeAugment(candidate, progress));
    }
    augment_s.push_back(augment);
    // A seventh as many validation pictures, each a forward pass: a third of a step.
    const double picture_s =
        step_s[i] / std::max(candidate.recipe.batch, 1) * (1 + 1.0 / 21) + augment_s.back();
    const double fit_s = picture_s * FitCost(candidate) / PictureCost(candidate);
    trial_s.push_back(n * (picture_s * Passes(candidate) + fit_s));
  }
  return trial_s;
}

}  // namespace handlens::search
