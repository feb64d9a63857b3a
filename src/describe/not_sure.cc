// When an app should say "not sure": the rule of ChooseNotSureBelow. Pure arithmetic.
#include <algorithm>

#include "describe/describe.h"

namespace handlens::describe {
namespace {

constexpr int kSteps = 90;  // thresholds 0.00 .. 0.90: an app that demands more would hardly ever answer
constexpr double kMinAnswered = 0.5;

struct Answer {
  float top = 0;
  bool correct = false;
};

Answer AnswerOf(const ScoredPicture& picture) {
  const auto best = std::max_element(picture.scores.begin(), picture.scores.end());  // the first of equals
  if (best == picture.scores.end()) return {};
  return {*best, best - picture.scores.begin() == picture.truth};
}

NotSureChoice At(double threshold, const std::vector<Answer>& answers) {
  size_t answered = 0, correct = 0;
  for (const Answer& a : answers) {
    if (static_cast<double>(a.top) < threshold) continue;
    ++answered;
    if (a.correct) ++correct;
  }
  NotSureChoice choice;
  choice.threshold = threshold;
  choice.answered = static_cast<double>(answered) / static_cast<double>(answers.size());
  choice.accuracy = answered == 0 ? 0 : static_cast<double>(correct) / static_cast<double>(answered);
  return choice;
}

}  // namespace

NotSureChoice ChooseNotSureBelow(std::span<const ScoredPicture> pictures, double target) {
  if (pictures.empty()) {
    return {.explanation = "no pictures with scores: the app always answers"};
  }
  std::vector<Answer> answers;
  answers.reserve(pictures.size());
  for (const ScoredPicture& p : pictures) answers.push_back(AnswerOf(p));
  NotSureChoice best = At(0, answers);
  bool reached = best.accuracy >= target;
  for (int step = 1; step <= kSteps && !reached; ++step) {
    const NotSureChoice choice = At(step / 100.0, answers);
    if (choice.answered < kMinAnswered) break;
    reached = choice.accuracy >= target;
    if (reached || choice.accuracy > best.accuracy) best = choice;
  }
  best.explanation = fmt::format(
      "answers with a score of {:.2f} or more are right in {:.1f} % ({:.0f} % of {} pictures are answered); "
      "the target of {:.0f} % is {}",
      best.threshold, 100 * best.accuracy, 100 * best.answered, pictures.size(), 100 * target,
      reached ? "reached" : "not reached");
  return best;
}

}  // namespace handlens::describe
