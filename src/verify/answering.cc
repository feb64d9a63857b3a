// What becomes of the shipped threshold in the verdict, see answering.h.
#include "verify/answering.h"

#include <algorithm>

#include "describe/describe.h"
#include "tflite/tflite.h"
#include "verify/phone_routes.h"

namespace handlens::verify {
namespace {

constexpr size_t kRiskPoints = 50;

double TopOf(const std::vector<float>& scores) { return static_cast<double>(*std::max_element(scores.begin(), scores.end())); }

// The share that is wrong of the surest 1, 2, ... pictures.
std::vector<std::pair<double, double>> RiskCurve(const std::vector<double>& tops, const std::vector<bool>& right) {
  std::vector<size_t> order(tops.size());
  for (size_t i = 0; i < order.size(); ++i) order[i] = i;
  std::stable_sort(order.begin(), order.end(), [&](size_t a, size_t b) { return tops[a] > tops[b]; });
  std::vector<std::pair<double, double>> curve;
  size_t wrong = 0;
  const size_t n = order.size(), step = std::max<size_t>(1, (n + kRiskPoints - 1) / kRiskPoints);
  for (size_t i = 0; i < n; ++i) {
    wrong += right[order[i]] ? 0 : 1;
    if ((i + 1) % step != 0 && i + 1 != n) continue;
    const auto answered = static_cast<double>(i + 1);
    curve.emplace_back(answered / static_cast<double>(n), static_cast<double>(wrong) / answered);
  }
  return curve;
}

// The quantized fold models' answers, as the threshold was set by them.
std::vector<describe::JudgedPicture> OutOfFold(const Shipped& shipped, const Route& route) {
  std::vector<int> fold_of(shipped.dataset.pictures.size(), -1);
  for (size_t k = 0; k < shipped.split.folds.size(); ++k) {
    for (const int picture : shipped.split.folds[k].test) fold_of[static_cast<size_t>(picture)] = static_cast<int>(k);
  }
  std::vector<std::pair<int, size_t>> order;   // fold after fold, as they were answered
  for (size_t i = 0; i < route.pictures.size(); ++i) order.emplace_back(fold_of[static_cast<size_t>(route.pictures[i])], i);
  std::stable_sort(order.begin(), order.end(), [](const auto& a, const auto& b) { return a.first < b.first; });
  std::vector<describe::JudgedPicture> judged;
  for (const auto& [fold, i] : order) {
    const auto picture = static_cast<size_t>(route.pictures[i]);
    judged.push_back({TopOf(route.scores[i]), route.predicted[i] == route.truth[i], shipped.dataset.pictures[picture].cluster, fold});
  }
  return judged;
}

// What the file that `handlens app` packs says of itself; nothing for an older one.
std::optional<describe::Answering> AnsweringOf(const Shipped& shipped) {
  const ModelFile* const packed = PackedModel(shipped);
  if (packed == nullptr) return std::nullopt;
  const auto info = tflite::ReadModelInfo(packed->bytes);
  if (!info || info->preprocess_json.empty()) return std::nullopt;
  const auto description = describe::DescriptionFromJson(info->preprocess_json, packed->file);
  return description ? description->answering : std::nullopt;
}

std::string Percent(double share) { return fmt::format("{:.1f} %", 100 * share); }

std::string Counts(const Route& route) {
  const Answered& a = *route.answering;
  const Interval wrong = Wilson95(a.wrong, a.answered);
  return fmt::format("{} of {} answered, {} of these wrong ({}; {} to {})", a.answered, route.n, a.wrong,
                     Percent(a.answered == 0 ? 0 : static_cast<double>(a.wrong) / static_cast<double>(a.answered)), Percent(wrong.low), Percent(wrong.high));
}

}  // namespace

Answered AnsweredAt(double not_sure_below, const Route& route) {
  Answered result;
  std::vector<double> tops;
  std::vector<bool> right;
  for (size_t i = 0; i < route.scores.size(); ++i) {
    tops.push_back(TopOf(route.scores[i]));
    right.push_back(route.predicted[i] == route.truth[i]);
    if (tops.back() < not_sure_below) continue;
    ++result.answered;
    if (!right.back()) ++result.wrong;
  }
  result.reliability = Calibration(tops, right);
  result.risk = RiskCurve(tops, right);
  return result;
}

void JudgeAnswering(const Shipped& shipped, Verdict& verdict) {
  verdict.answering = AnsweringOf(shipped);
  if (!verdict.answering) return;
  const describe::Answering& said = *verdict.answering;
  for (Route& route : verdict.routes) {
    if (route.status == "done" && !route.scores.empty()) route.answering = AnsweredAt(said.not_sure_below, route);
  }
  const Route* quantized = FindRoute(verdict, "quantized");
  if (quantized == nullptr || quantized->status != "done") return;
  const describe::Answering found = describe::ChooseAnswering(OutOfFold(shipped, *quantized), said.promise.max_wrong);
  const auto differs = [&](std::string_view what, auto file, auto here) {
    if (file != here) verdict.answering_problems.push_back(fmt::format("the file says {} {}, its pictures say {}", what, file, here));
  };
  differs("\"not sure\" below", said.not_sure_below, found.not_sure_below);
  differs("that a promise is given:", said.promise.given, found.promise.given);
  differs("pictures counted:", said.promise.pictures, found.promise.pictures);
  differs("pictures answered:", said.promise.answered, found.promise.answered);
  differs("answers wrong:", said.promise.wrong, found.promise.wrong);
}

std::optional<RuleResult> AnsweringRule(const Verdict& verdict) {
  if (!verdict.answering) return std::nullopt;
  std::string text;
  for (const std::string& problem : verdict.answering_problems) text += (text.empty() ? "" : "; ") + problem;
  const bool passed = text.empty();
  if (passed) text = fmt::format("\"not sure\" below {:.2f}. {}", verdict.answering->not_sure_below, verdict.answering->sentence);
  return RuleResult{"not-sure", passed, text, passed ? "" : "convert and describe again: the file's threshold is not that of its pictures"};
}

std::vector<std::string> AnsweringNotes(const Verdict& verdict) {
  std::vector<std::string> notes;
  for (const std::string_view name : {"camera", "camera-hard", "quantized-holdout"}) {
    const Route* route = FindRoute(verdict, name);
    if (route == nullptr || !route->answering) continue;
    notes.push_back(fmt::format("\"not sure\" on the route {}: {}", name, Counts(*route)));
  }
  return notes;
}

}  // namespace handlens::verify
