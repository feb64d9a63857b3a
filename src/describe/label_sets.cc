// Sets of classes, see label_sets.h.
#include "describe/label_sets.h"

#include <algorithm>
#include <cmath>
#include <set>

#include "base/stats.h"
#include "describe/answering.h"

namespace handlens::describe {
namespace {

constexpr double kCoverage = 0.95;

double ScoreOfRight(const JudgedPicture& picture) {
  return static_cast<double>(picture.scores[static_cast<size_t>(picture.truth)]);
}

std::optional<double> FromOf(std::span<const JudgedPicture> one_of_each) {
  const auto k = static_cast<size_t>((1 - kCoverage) * static_cast<double>(one_of_each.size() + 1) + 1e-9);
  if (k == 0) return std::nullopt;
  std::vector<double> rising;
  for (const JudgedPicture& p : one_of_each) rising.push_back(ScoreOfRight(p));
  std::sort(rising.begin(), rising.end());
  const double from = std::floor(1000 * rising[k - 1] + 1e-9) / 1000;
  if (from <= 0) return std::nullopt;  // every class would be possible for every picture: nothing is said
  return from;
}

void CrossFit(std::span<const JudgedPicture> pictures, LabelSets& sets) {
  std::set<int> folds;
  for (const JudgedPicture& p : pictures) folds.insert(p.fold);
  if (folds.size() < 2) return;
  for (const int fold : folds) {
    std::vector<JudgedPicture> others;
    for (const JudgedPicture& p : pictures) {
      if (p.fold != fold) others.push_back(p);
    }
    const std::optional<double> from = FromOf(OneOfEach(others));
    for (const JudgedPicture& p : pictures) {
      if (p.fold != fold) continue;
      const size_t labels = LabelsFrom(from.value_or(0), p.scores).size();
      ++sets.cross_pictures;
      sets.cross_covered += ScoreOfRight(p) >= from.value_or(0) ? 1 : 0;
      sets.cross_empty += labels == 0 ? 1 : 0;
      sets.cross_labels += labels;
    }
  }
}

std::string SentenceOf(const LabelSets& s) {
  std::string text = fmt::format(
      "Possible are the classes that score {:.3f} or more: for at least {:.3g} % of pictures like these, the "
      "right one is among them (set by {} pictures, one of each that belong together; an average over all "
      "pictures).",
      s.from, 100 * s.coverage, s.pictures);
  if (s.cross_pictures == 0) return text;
  const auto n = static_cast<double>(s.cross_pictures);
  const Interval ci = Wilson95(s.cross_covered, s.cross_pictures);
  return text +
         fmt::format(
             " With scores set on other pictures: {} of {} ({:.1f} %; {:.1f} to {:.1f} %), {:.2f} classes a "
             "picture, none for {}.",
             s.cross_covered, s.cross_pictures, 100 * static_cast<double>(s.cross_covered) / n, 100 * ci.low,
             100 * ci.high, static_cast<double>(s.cross_labels) / n, s.cross_empty);
}

}  // namespace

std::optional<LabelSets> ChooseLabelSets(std::span<const JudgedPicture> pictures) {
  const bool whole = std::all_of(pictures.begin(), pictures.end(), [](const JudgedPicture& p) {
    return p.truth >= 0 && static_cast<size_t>(p.truth) < p.scores.size();
  });
  if (!whole) return std::nullopt;
  const std::vector<JudgedPicture> one_of_each = OneOfEach(pictures);
  const std::optional<double> from = FromOf(one_of_each);
  if (!from) return std::nullopt;
  LabelSets sets;
  sets.coverage = kCoverage;
  sets.from = *from;
  sets.pictures = one_of_each.size();
  CrossFit(pictures, sets);
  sets.sentence = SentenceOf(sets);
  return sets;
}

std::vector<size_t> LabelsFrom(double from, std::span<const float> scores) {
  std::vector<size_t> labels;
  for (size_t i = 0; i < scores.size(); ++i) {
    if (static_cast<double>(scores[i]) >= from) labels.push_back(i);
  }
  std::stable_sort(labels.begin(), labels.end(), [&](size_t a, size_t b) { return scores[a] > scores[b]; });
  return labels;
}

Json ToJson(const LabelSets& s) {
  return {{"from", s.from},
          {"coverage", s.coverage},
          {"pictures", s.pictures},
          {"elsewhere",
           {{"pictures", s.cross_pictures},
            {"covered", s.cross_covered},
            {"empty", s.cross_empty},
            {"labels", s.cross_labels}}},
          {"sentence", s.sentence}};
}

LabelSets LabelSetsFrom(const Json& json) {
  const Json& elsewhere = json.at("elsewhere");
  return {json.at("coverage").get<double>(),     json.at("from").get<double>(),
          json.at("pictures").get<size_t>(),     elsewhere.at("pictures").get<size_t>(),
          elsewhere.at("covered").get<size_t>(), elsewhere.at("empty").get<size_t>(),
          elsewhere.at("labels").get<size_t>(),  json.at("sentence").get<std::string>()};
}

}  // namespace handlens::describe
