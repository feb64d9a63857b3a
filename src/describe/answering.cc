// The threshold of "not sure" and its promise, see answering.h.
#include "describe/answering.h"

#include <algorithm>
#include <cmath>
#include <functional>
#include <map>
#include <optional>
#include <set>

#include "base/rng.h"
#include "base/stats.h"
#include "describe/describe.h"

namespace handlens::describe {
namespace {

// Fixed before any picture is looked at.
constexpr double kShares[] = {0.95, 0.9, 0.8, 0.65,
                              0.5};  // of the pictures that a threshold lets through at most
constexpr int kFixed = 95;           // hundredths: for models whose scores are nearly all the same
constexpr double kTests = static_cast<double>(std::size(kShares) + 1);
constexpr double kConfidence = 0.95;

struct Counts {
  size_t answered = 0, wrong = 0;
};

Counts At(int hundredths, std::span<const JudgedPicture> pictures) {
  Counts counts;
  for (const JudgedPicture& p : pictures) {
    if (p.top < hundredths / 100.0) continue;
    ++counts.answered;
    if (!p.right) ++counts.wrong;
  }
  return counts;
}

// The lowest multiple of 0.01 above the score that `share` of the pictures are above at most.
int ThresholdFor(double share, std::span<const JudgedPicture> pictures) {
  std::vector<double> tops;
  for (const JudgedPicture& p : pictures) tops.push_back(p.top);
  std::sort(tops.begin(), tops.end(), std::greater<>());
  const auto at = static_cast<size_t>(share * static_cast<double>(tops.size()));
  return at < tops.size() ? static_cast<int>(std::floor(100 * tops[at] + 1e-9)) + 1 : 0;
}

// The lowest threshold that may be promised.
std::optional<int> Promised(std::span<const JudgedPicture> one_of_each, double max_wrong) {
  std::vector<int> thresholds = {kFixed};
  for (const double share : kShares) thresholds.push_back(ThresholdFor(share, one_of_each));
  std::sort(thresholds.begin(), thresholds.end());
  for (const int hundredths : thresholds) {
    const Counts counts = At(hundredths, one_of_each);
    if (counts.answered > 0 &&
        BinomialTail(counts.wrong, counts.answered, max_wrong) <= (1 - kConfidence) / kTests)
      return hundredths;
  }
  return std::nullopt;
}

int FamiliarFrom(std::span<const JudgedPicture> pictures) {
  int hundredths = 0;
  const double wanted = kAnswered * static_cast<double>(pictures.size()) - 1e-9;
  while (hundredths < 99 && static_cast<double>(At(hundredths + 1, pictures).answered) >= wanted)
    ++hundredths;
  return hundredths;
}

struct Threshold {
  int hundredths = 0;
  bool promised = false;
};

Threshold Choose(std::span<const JudgedPicture> pictures, double max_wrong) {
  if (const auto promised = Promised(OneOfEach(pictures), max_wrong)) return {*promised, true};
  std::vector<ScoredPicture>
      scored;  // two scores stand for all: the top one and whether it is the right one's
  for (const JudgedPicture& p : pictures)
    scored.push_back({{static_cast<float>(p.top), -1.0f}, p.right ? 0 : 1});
  const int old = static_cast<int>(std::lround(100 * ChooseNotSureBelow(scored).threshold));
  return {std::max(FamiliarFrom(pictures), old), false};
}

// What the rule does on pictures that did not set its threshold.
void CrossFit(std::span<const JudgedPicture> pictures, Promise& promise) {
  std::set<int> folds;
  for (const JudgedPicture& p : pictures) folds.insert(p.fold);
  if (folds.size() < 2) return;
  for (const int fold : folds) {
    std::vector<JudgedPicture> others, own;
    for (const JudgedPicture& p : pictures) (p.fold == fold ? own : others).push_back(p);
    const Counts counts = At(Choose(others, promise.max_wrong).hundredths, own);
    promise.cross_pictures += own.size();
    promise.cross_answered += counts.answered;
    promise.cross_wrong += counts.wrong;
  }
}

std::string Percent(double share) { return fmt::format("{:.3g} %", 100 * share); }

std::string SentenceOf(const Answering& a) {
  const Promise& p = a.promise;
  if (p.pictures == 0) return "There are no pictures with scores: the app always answers.";
  std::string text;
  if (p.given) {
    text = fmt::format(
        "Of the answers it gives, at most {} are wrong, with {} confidence, if its pictures are like these: "
        "of {} pictures that the models of the folds had not seen (one of each that belong together), {} "
        "were answered, {} of them wrong.",
        Percent(p.max_wrong), Percent(p.confidence), p.pictures, p.answered, p.wrong);
  } else {
    const size_t fewest = FewestForPromise(p.max_wrong, p.confidence);
    text = fmt::format(
        "Nothing can be promised about how many of its answers are wrong: that at most {} are, with {} "
        "confidence, takes at least {} answers that are all right, or more with some wrong. Of {} pictures "
        "(one of each that belong together), {} were answered, {} of them wrong.",
        Percent(p.max_wrong), Percent(p.confidence), fewest, p.pictures, p.answered, p.wrong);
  }
  if (p.cross_pictures > 0) {
    const Interval wrong = Wilson95(p.cross_wrong, p.cross_answered);
    text += fmt::format(
        " With thresholds set on other pictures: {} of {} answered, {} of these wrong ({:.1f} %; {:.1f} to "
        "{:.1f} %).",
        p.cross_answered, p.cross_pictures, p.cross_wrong,
        p.cross_answered == 0
            ? 0.0
            : 100.0 * static_cast<double>(p.cross_wrong) / static_cast<double>(p.cross_answered),
        100 * wrong.low, 100 * wrong.high);
  }
  return text;
}

}  // namespace

std::vector<JudgedPicture> OneOfEach(std::span<const JudgedPicture> pictures) {
  std::map<int, std::vector<const JudgedPicture*>> clusters;
  for (const JudgedPicture& p : pictures) clusters[p.cluster].push_back(&p);
  std::vector<JudgedPicture> drawn;
  for (auto& [cluster, members] : clusters) {
    std::sort(members.begin(), members.end(), [](const auto* a, const auto* b) {
      return std::pair(a->top, a->right) < std::pair(b->top, b->right);
    });
    Rng rng(1, "one picture of a cluster", {static_cast<uint64_t>(cluster)});
    drawn.push_back(*members[rng.Below(static_cast<uint32_t>(members.size()))]);
  }
  return drawn;
}

size_t FewestForPromise(double max_wrong, double confidence) {
  const double level = (1 - confidence) / kTests;
  size_t n = 1;
  while (BinomialTail(0, n, max_wrong) > level) ++n;
  return n;
}

Answering ChooseAnswering(std::span<const JudgedPicture> pictures, double max_wrong) {
  Answering answering;
  answering.promise.max_wrong = max_wrong;
  answering.promise.confidence = kConfidence;
  if (!pictures.empty()) {
    const Threshold threshold = Choose(pictures, max_wrong);
    const std::vector<JudgedPicture> one_of_each = OneOfEach(pictures);
    const Counts counts = At(threshold.hundredths, one_of_each);
    answering.not_sure_below = threshold.hundredths / 100.0;
    answering.familiar_from = FamiliarFrom(pictures) / 100.0;
    answering.promise.given = threshold.promised;
    answering.promise.pictures = one_of_each.size();
    answering.promise.answered = counts.answered;
    answering.promise.wrong = counts.wrong;
    CrossFit(pictures, answering.promise);
    answering.sets = ChooseLabelSets(pictures);
  }
  answering.sentence = SentenceOf(answering);
  return answering;
}

Json ToJson(const Answering& a) {
  const Promise& p = a.promise;
  Json json = {{"familiar_from", a.familiar_from},
               {"promised", p.given},
               {"max_wrong", p.max_wrong},
               {"confidence", p.confidence},
               {"pictures", p.pictures},
               {"answered", p.answered},
               {"wrong", p.wrong},
               {"elsewhere",
                {{"pictures", p.cross_pictures}, {"answered", p.cross_answered}, {"wrong", p.cross_wrong}}},
               {"sentence", a.sentence}};
  if (a.sets) json["sets"] = ToJson(*a.sets);
  return json;
}

Result<Answering> AnsweringFromJson(const Json& json, std::string_view where) {
  return FromJson(json, where, [](const Json& j) {
    Answering a;
    a.familiar_from = j.at("familiar_from").get<double>();
    Promise& p = a.promise;
    p.given = j.at("promised").get<bool>();
    p.max_wrong = j.at("max_wrong").get<double>();
    p.confidence = j.at("confidence").get<double>();
    p.pictures = j.at("pictures").get<size_t>();
    p.answered = j.at("answered").get<size_t>();
    p.wrong = j.at("wrong").get<size_t>();
    const Json& elsewhere = j.at("elsewhere");
    p.cross_pictures = elsewhere.at("pictures").get<size_t>();
    p.cross_answered = elsewhere.at("answered").get<size_t>();
    p.cross_wrong = elsewhere.at("wrong").get<size_t>();
    a.sentence = j.at("sentence").get<std::string>();
    if (j.contains("sets")) a.sets = LabelSetsFrom(j.at("sets"));
    return a;
  });
}

}  // namespace handlens::describe
