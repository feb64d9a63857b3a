// Occlusion, see occlusion.h.
#include "verify/routes/occlusion.h"

#include <algorithm>
#include <array>
#include <map>
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

// A picture to be explained, by the file of a fold that never saw it.
struct Question {
  size_t row = 0;  // of the route
  int picture = 0;
  JudgePool* model = nullptr;
};

// One pool a fold whose file of this kind there is, nullptr for others.
std::vector<std::unique_ptr<JudgePool>> PoolsOf(const Shipped& shipped, std::string_view variant,
                                                const Reading& reading) {
  std::vector<std::unique_ptr<JudgePool>> pools(shipped.folds.size());
  for (size_t k = 0; k < pools.size(); ++k) {
    for (const ModelFile& model : shipped.folds[k].models) {
      if (model.variant == variant) pools[k] = std::make_unique<JudgePool>(std::span(&model, 1), reading);
    }
  }
  return pools;
}

std::vector<Question> QuestionsOf(const Shipped& shipped, const Route& route,
                                  std::span<const std::unique_ptr<JudgePool>> pools) {
  std::vector<Question> questions;
  for (const size_t row : Chosen(route, shipped.dataset.labels.size())) {
    const int picture = route.pictures[row];
    for (size_t k = 0; k < pools.size(); ++k) {
      const std::vector<int>& test = shipped.split.folds[k].test;
      if (!pools[k] || std::find(test.begin(), test.end(), picture) == test.end()) continue;
      questions.push_back({row, picture, pools[k].get()});
      break;
    }
  }
  return questions;
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
  const auto pools = PoolsOf(shipped, variant, reading);
  const std::vector<Question> questions = QuestionsOf(shipped, *route, pools);
  std::vector<int> pictures;
  std::map<int, const Question*> by_picture;
  for (const Question& question : questions) {
    pictures.push_back(question.picture);
    by_picture[question.picture] = &question;
  }
  const auto ask = [&](const image::Image& opened,
                       const dataset::Picture& picture) -> Result<std::vector<double>> {
    const Question& question = *by_picture.at(static_cast<int>(&picture - reading.dataset.pictures.data()));
    HL_ASSIGN(JudgeSet judges, question.model->Take());
    auto scores = CoveredScores(*judges[0], image::ModelInput(opened, reading.size_px, reading.fit),
                                reading.size_px, static_cast<size_t>(route->predicted[question.row]));
    question.model->Return(std::move(judges));
    return scores;
  };
  HL_ASSIGN(const auto answers, ForEachPicture<std::vector<double>>(pictures, reading, ask));
  for (size_t i = 0; i < questions.size(); ++i) {
    const std::vector<double>& scores = answers[i];
    if (scores.empty()) continue;
    const size_t row = questions[i].row;
    Explained explained{shipped.dataset.pictures[static_cast<size_t>(pictures[i])].id,
                        route->truth[row],
                        route->predicted[row],
                        scores[0],
                        {}};
    for (size_t cell = 1; cell < scores.size(); ++cell) explained.drops.push_back(scores[0] - scores[cell]);
    verdict.explained.push_back(std::move(explained));
  }
  return {};
}

}  // namespace handlens::verify
