// Occlusion, see occlusion.h.
#include "verify/routes/occlusion.h"

#include <algorithm>
#include <array>
#include <set>

#include "verify/routes/each_picture.h"
#include "verify/routes/judge_pool.h"

namespace handlens::verify {
namespace {

constexpr size_t kMistakes = 8, kClasses = 12;

// The rows of `route` to be explained.
std::vector<size_t> Chosen(const Route& route, size_t classes) {
  std::vector<size_t> order(route.pictures.size());
  for (size_t i = 0; i < order.size(); ++i) order[i] = i;
  const auto top = [&](size_t i) { return route.scores[i][static_cast<size_t>(route.predicted[i])]; };
  std::stable_sort(order.begin(), order.end(), [&](size_t a, size_t b) { return top(a) > top(b); });
  std::vector<size_t> chosen;
  for (const size_t i : order) {
    if (route.predicted[i] != route.truth[i] && chosen.size() < kMistakes) chosen.push_back(i);
  }
  std::set<int> seen;
  for (const size_t i : order) {
    const bool right = route.predicted[i] == route.truth[i] &&
                       static_cast<size_t>(route.truth[i]) < std::min(classes, kClasses);
    if (right && seen.insert(route.truth[i]).second) chosen.push_back(i);
  }
  return chosen;
}

// The fold's model that never saw the picture; nullptr where there is none.
const ModelFile* ModelOf(const Shipped& shipped, int picture, std::string_view variant) {
  for (size_t k = 0; k < shipped.folds.size(); ++k) {
    const std::vector<int>& test = shipped.split.folds[k].test;
    if (std::find(test.begin(), test.end(), picture) == test.end()) continue;
    for (const ModelFile& model : shipped.folds[k].models) {
      if (model.variant == variant) return &model;
    }
  }
  return nullptr;
}

}  // namespace

std::vector<uint8_t> Covered(std::span<const uint8_t> pixels, int size_px, int row, int column) {
  std::array<uint64_t, 3> sums{};
  for (size_t i = 0; i < pixels.size(); ++i) sums[i % 3] += pixels[i];
  const auto count = static_cast<uint64_t>(size_px) * static_cast<uint64_t>(size_px);
  std::vector<uint8_t> covered(pixels.begin(), pixels.end());
  // From half a cell before the cell to half a cell behind it.
  const auto edge = [&](int halves) { return std::clamp(halves * size_px / (2 * kWhyCells), 0, size_px); };
  for (int y = edge(2 * row - 1); y < edge(2 * row + 3); ++y) {
    for (int x = edge(2 * column - 1); x < edge(2 * column + 3); ++x) {
      for (size_t c = 0; c < 3; ++c)
        covered[3 * (static_cast<size_t>(y) * static_cast<size_t>(size_px) + static_cast<size_t>(x)) + c] =
            static_cast<uint8_t>(sums[c] / count);
    }
  }
  return covered;
}

Result<std::vector<double>> CoveredScores(tflite::Judge& judge, std::span<const uint8_t> pixels, int size_px,
                                          size_t label) {
  std::vector<double> scores;
  const auto ask = [&](std::span<const uint8_t> input) -> Result<void> {
    HL_ASSIGN(const auto all, judge.Classify(input));
    scores.push_back(static_cast<double>(all[label]));
    return {};
  };
  HL_TRY(ask(pixels));
  for (int row = 0; row < kWhyCells; ++row) {
    for (int column = 0; column < kWhyCells; ++column) HL_TRY(ask(Covered(pixels, size_px, row, column)));
  }
  return scores;
}

Result<void> ExplainAnswers(const Shipped& shipped, Reading& reading, Verdict& verdict) {
  const Route* route = FindRoute(verdict, "quantized");
  if (route == nullptr || route->status != "done") route = FindRoute(verdict, "computer");
  if (route == nullptr || route->status != "done") return {};
  const std::string variant = route->name == "quantized" ? "int8" : "float32";
  for (const size_t i : Chosen(*route, shipped.dataset.labels.size())) {
    const int picture = route->pictures[i];
    const ModelFile* const model = ModelOf(shipped, picture, variant);
    if (model == nullptr) continue;
    JudgePool pool(std::span(model, 1), reading);
    HL_ASSIGN(const JudgeSet judges, pool.Take());
    const int one[] = {picture};
    HL_ASSIGN(const auto answers,
              ForEachPicture<std::vector<double>>(
                  one, reading, [&](const image::Image& opened, const dataset::Picture&) {
                    return CoveredScores(*judges[0], image::ModelInput(opened, reading.size_px, reading.fit),
                                         reading.size_px, static_cast<size_t>(route->predicted[i]));
                  }));
    const std::vector<double>& scores = answers[0];
    if (scores.empty()) continue;
    Explained explained{shipped.dataset.pictures[static_cast<size_t>(picture)].id,
                        route->truth[i],
                        route->predicted[i],
                        scores[0],
                        {}};
    for (size_t cell = 1; cell < scores.size(); ++cell) explained.drops.push_back(scores[0] - scores[cell]);
    verdict.explained.push_back(std::move(explained));
  }
  return {};
}

}  // namespace handlens::verify
