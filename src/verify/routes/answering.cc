// What becomes of the shipped threshold in the verdict, see answering.h.
#include "verify/routes/answering.h"

#include <algorithm>
#include <cmath>

#include "base/text.h"
#include "describe/describe.h"
#include "tflite/tflite.h"
#include "verify/phones/routes.h"

namespace handlens::verify {
namespace {

constexpr size_t kRiskPoints = 50;

double TopOf(const std::vector<float>& scores) {
  return static_cast<double>(*std::max_element(scores.begin(), scores.end()));
}

// The share that is wrong of the surest 1, 2, ... pictures.
std::vector<std::pair<double, double>> RiskCurve(const std::vector<double>& tops,
                                                 const std::vector<bool>& right) {
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
    for (const int picture : shipped.split.folds[k].test)
      fold_of[static_cast<size_t>(picture)] = static_cast<int>(k);
  }
  std::vector<std::pair<int, size_t>> order;  // fold after fold, as they were answered
  for (size_t i = 0; i < route.pictures.size(); ++i)
    order.emplace_back(fold_of[static_cast<size_t>(route.pictures[i])], i);
  std::stable_sort(order.begin(), order.end(),
                   [](const auto& a, const auto& b) { return a.first < b.first; });
  std::vector<describe::JudgedPicture> judged;
  for (const auto& [fold, i] : order) {
    const auto picture = static_cast<size_t>(route.pictures[i]);
    judged.push_back({TopOf(route.scores[i]), route.predicted[i] == route.truth[i],
                      shipped.dataset.pictures[picture].cluster, fold, route.truth[i], route.scores[i]});
  }
  return judged;
}

// What the file that `handlens app` packs says of itself; nothing for one that does not come from handlens.
std::optional<describe::Description> DescriptionOf(const Shipped& shipped) {
  const ModelFile* const packed = PackedModel(shipped);
  if (packed == nullptr) return std::nullopt;
  const auto info = tflite::ReadModelInfo(packed->bytes);
  if (!info || info->preprocess_json.empty()) return std::nullopt;
  auto description = describe::DescriptionFromJson(info->preprocess_json, packed->file);
  return description ? std::optional(*std::move(description)) : std::nullopt;
}

std::string AnsweredText(const Route& route) {
  const Answered& a = *route.answering;
  const Interval wrong = Wilson95(a.wrong, a.answered);
  return fmt::format(
      "{} of {} answered, {} of these wrong ({}; {} to {})", a.answered, route.n, a.wrong,
      Percent(a.answered == 0 ? 0 : static_cast<double>(a.wrong) / static_cast<double>(a.answered)),
      Percent(wrong.low), Percent(wrong.high));
}

// Where fewer are refused, and chance does not explain it, users are to know.
constexpr double kRefusedWanted = 0.8;

std::string StrangersText(const Verdict& verdict) {
  const size_t n = verdict.strangers.size(),
               refused = RefusedAt(verdict.answering->not_sure_below, verdict.strangers);
  std::string text = fmt::format("\"not sure\" for {} of photographs of a background alone",
                                 describe::ShareText(refused, n));
  if (const Route* own = FindRoute(verdict, "quantized"); own != nullptr && own->answering && own->n > 0)
    text += fmt::format(", while {} of the own pictures are answered",
                        describe::ShareText(own->answering->answered, own->n));
  if (Wilson95(refused, n).high < kRefusedWanted)
    text += ": the app often names a class where there is none; its users should know";
  return text;
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

size_t RefusedAt(double not_sure_below, const std::vector<double>& strangers) {
  return static_cast<size_t>(
      std::count_if(strangers.begin(), strangers.end(), [&](double top) { return top < not_sure_below; }));
}

Refers RefersAt(double from, size_t label, const Route& route) {
  std::vector<describe::JudgedPicture> pictures;
  for (size_t i = 0; i < route.scores.size(); ++i)
    pictures.push_back({.truth = route.truth[i], .scores = route.scores[i]});
  Refers result{describe::ReferredAt(from, label, pictures), {}};
  if (result.counts.pictures == 0 || result.counts.others == 0) return result;
  std::vector<double> thresholds = {0};
  for (const describe::JudgedPicture& p : pictures)
    thresholds.push_back(static_cast<double>(p.scores[label]));
  std::sort(thresholds.begin(), thresholds.end());
  thresholds.erase(std::unique(thresholds.begin(), thresholds.end()), thresholds.end());
  const size_t step = std::max<size_t>(1, (thresholds.size() + kRiskPoints - 1) / kRiskPoints);
  for (size_t i = 0; i < thresholds.size(); i += step) {
    const describe::Referred at = describe::ReferredAt(thresholds[i], label, pictures);
    result.roc.emplace_back(static_cast<double>(at.others_referred) / static_cast<double>(at.others),
                            static_cast<double>(at.referred) / static_cast<double>(at.pictures));
  }
  result.roc.emplace_back(0, 0);
  return result;
}

namespace {

// "the file says X 0.4, its pictures say 0.5"
template <class Value>
void Differ(std::string_view what, const Value& file, const Value& here, std::vector<std::string>& problems) {
  if (file != here)
    problems.push_back(fmt::format("the file says {} {}, its pictures say {}", what, file, here));
}

void CompareReferral(const describe::Referral& said, const std::vector<describe::JudgedPicture>& pictures,
                     Verdict& verdict) {
  const auto found = describe::ChooseReferral(pictures, verdict.labels, said.wanted);
  if (!found) {
    verdict.referral_problems.push_back(found.error().message);
    return;
  }
  std::vector<std::string>& problems = verdict.referral_problems;
  Differ("\"refer\" from", said.from, found->from, problems);
  Differ("that it is shown:", said.shown, found->shown, problems);
  Differ("pictures counted:", said.counted.pictures, found->counted.pictures, problems);
  Differ("pictures referred:", said.counted.referred, found->counted.referred, problems);
  Differ("others referred:", said.counted.others_referred, found->counted.others_referred, problems);
}

// What to do where too few pictures of the class show nothing.
std::string MoreToShow(const describe::Referral& said) {
  std::string advice = fmt::format("more pictures of {}", said.wanted.label);
  // A share of s can be shown by n pictures when s^n <= 1 - confidence.
  const auto n = static_cast<double>(std::max<size_t>(1, said.counted.pictures));
  const double share = std::floor(100 * std::pow(1 - said.confidence, 1 / n)) / 100;
  if (share >= describe::kLeastSensitivity)
    advice += fmt::format("; --sensitivity {}={:.2f} is the most that {} can show", said.wanted.label, share,
                          Count(static_cast<int64_t>(said.counted.pictures), "picture"));
  return advice;
}

}  // namespace

void JudgeAnswering(const Shipped& shipped, Verdict& verdict) {
  const auto description = DescriptionOf(shipped);
  if (!description) return;
  verdict.answering = description->answering;
  verdict.referral = description->referral;
  for (Route& route : verdict.routes) {
    if (route.status != "done" || route.scores.empty()) continue;
    if (verdict.answering) route.answering = AnsweredAt(verdict.answering->not_sure_below, route);
    if (verdict.referral) route.refers = RefersAt(verdict.referral->from, verdict.referral->label, route);
  }
  const Route* quantized = FindRoute(verdict, "quantized");
  if (quantized == nullptr || quantized->status != "done") return;
  const std::vector<describe::JudgedPicture> pictures = OutOfFold(shipped, *quantized);
  if (verdict.referral) CompareReferral(*verdict.referral, pictures, verdict);
  if (!verdict.answering) return;
  const describe::Answering& said = *verdict.answering;
  const describe::Answering found = describe::ChooseAnswering(pictures, said.promise.max_wrong);
  std::vector<std::string>& problems = verdict.answering_problems;
  Differ("\"not sure\" below", said.not_sure_below, found.not_sure_below, problems);
  Differ("that a promise is given:", said.promise.given, found.promise.given, problems);
  Differ("pictures counted:", said.promise.pictures, found.promise.pictures, problems);
  Differ("pictures answered:", said.promise.answered, found.promise.answered, problems);
  Differ("answers wrong:", said.promise.wrong, found.promise.wrong, problems);
  if (!said.sets) return;
  Differ("classes are possible from", said.sets->from, found.sets ? found.sets->from : 0.0, problems);
}

std::optional<RuleResult> AnsweringRule(const Verdict& verdict) {
  if (!verdict.answering) return std::nullopt;
  std::string text;
  for (const std::string& problem : verdict.answering_problems) text += (text.empty() ? "" : "; ") + problem;
  const bool passed = text.empty();
  if (passed)
    text = fmt::format("\"not sure\" below {:.2f}. {}", verdict.answering->not_sure_below,
                       verdict.answering->sentence);
  return RuleResult{
      "not-sure", passed, text,
      passed ? "" : "convert and describe again: the file's threshold is not that of its pictures"};
}

std::optional<RuleResult> ReferralRule(const Verdict& verdict) {
  if (!verdict.referral) return std::nullopt;
  const describe::Referral& said = *verdict.referral;
  if (!verdict.referral_problems.empty()) {
    return RuleResult{"sensitivity", false, fmt::format("{}", fmt::join(verdict.referral_problems, "; ")),
                      "convert and describe again: the file's threshold is not that of its pictures"};
  }
  if (!said.shown) return RuleResult{"sensitivity", false, said.sentence, MoreToShow(said)};
  const describe::Referred& elsewhere = said.elsewhere.pictures > 0 ? said.elsewhere : said.counted;
  const bool passed = Wilson95(elsewhere.referred, elsewhere.pictures).high >= said.wanted.share;
  return RuleResult{"sensitivity", passed, said.sentence,
                    passed ? ""
                           : fmt::format("more pictures of {}, or a lower --sensitivity: on pictures that "
                                         "did not set the threshold fewer are referred than wanted",
                                         said.wanted.label)};
}

std::vector<std::string> AnsweringNotes(const Verdict& verdict) {
  std::vector<std::string> notes;
  if (verdict.answering && !verdict.strangers.empty()) notes.push_back(StrangersText(verdict));
  for (const std::string_view name : {"camera", "camera-hard", "quantized-holdout"}) {
    const Route* route = FindRoute(verdict, name);
    if (route == nullptr || !route->answering) continue;
    notes.push_back(fmt::format("\"not sure\" on the route {}: {}", name, AnsweredText(*route)));
  }
  for (const std::string_view name : {"camera", "camera-hard", "quantized-holdout"}) {
    const Route* route = FindRoute(verdict, name);
    if (route == nullptr || !route->refers) continue;
    const describe::Referred& r = route->refers->counts;
    notes.push_back(fmt::format("\"refer\" on the route {}: sensitivity {}, specificity {}", name,
                                describe::ShareText(r.referred, r.pictures),
                                describe::ShareText(r.others - r.others_referred, r.others)));
  }
  return notes;
}

}  // namespace handlens::verify
