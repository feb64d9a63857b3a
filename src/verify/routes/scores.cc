// From scores to figures: pure functions over one route.
#include <algorithm>
#include <cmath>
#include <limits>
#include <map>

#include "base/grouped.h"
#include "verify/verify.h"

namespace handlens::verify {
namespace {

size_t Top(std::span<const float> scores) {
  return static_cast<size_t>(std::max_element(scores.begin(), scores.end()) - scores.begin());
}

double MacroAuc(const Route& route, int classes) {
  double sum = 0;
  int defined = 0;
  for (int c = 0; c < classes; ++c) {
    std::vector<double> positives, negatives;
    for (size_t i = 0; i < route.scores.size(); ++i) {
      const auto score = static_cast<double>(route.scores[i][static_cast<size_t>(c)]);
      (route.truth[i] == c ? positives : negatives).push_back(score);
    }
    const double auc = Auc(positives, negatives);
    if (std::isnan(auc)) continue;
    sum += auc;
    ++defined;
  }
  return defined == 0 ? std::numeric_limits<double>::quiet_NaN() : sum / defined;
}

}  // namespace

Comparison Compare(std::span<const std::vector<float>> a, std::span<const std::vector<float>> b,
                   double tolerance) {
  HL_CHECK(a.size() == b.size());
  Comparison result;
  result.tolerance = tolerance;
  for (size_t i = 0; i < a.size(); ++i) {
    if (a[i].empty() || b[i].empty()) continue;
    HL_CHECK(a[i].size() == b[i].size());
    ++result.n;
    for (size_t c = 0; c < a[i].size(); ++c) {
      const double difference = std::abs(static_cast<double>(a[i][c]) - static_cast<double>(b[i][c]));
      // A score that is not a number is as far away as can be, never "no difference".
      result.max_score_difference =
          std::max(result.max_score_difference, std::isnan(difference) ? 1.0 : difference);
    }
    const size_t top_a = Top(a[i]), top_b = Top(b[i]);
    if (top_a == top_b) continue;
    ++result.label_flips;
    const double margin = static_cast<double>(a[i][top_a]) - static_cast<double>(a[i][top_b]);
    if (margin > 2 * tolerance) ++result.flips_beyond_ties;
  }
  return result;
}

void Score(Route& route, int classes) {
  HL_CHECK(route.truth.size() == route.scores.size());
  route.status = "done";
  route.n = route.truth.size();
  route.predicted.clear();
  for (const auto& scores : route.scores) route.predicted.push_back(static_cast<int>(Top(scores)));
  route.confusion = Confuse(route.truth, route.predicted, classes);
  route.per_class = PerClass(route.confusion);
  route.correct = 0;
  size_t largest = 0;
  for (size_t c = 0; c < route.per_class.size(); ++c) {
    route.correct += route.confusion[c][c];
    largest = std::max(largest, route.per_class[c].support);
  }
  const double n = std::max(1.0, static_cast<double>(route.n));
  route.accuracy = static_cast<double>(route.correct) / n;
  route.majority_rate = static_cast<double>(largest) / n;
  route.ci95 = Wilson95(route.correct, route.n);
  route.auc = MacroAuc(route, classes);
}

void RespectGroups(const dataset::Dataset& dataset, Route& route) {
  if (!dataset::GroupsKnown(dataset) || route.status != "done" || route.pictures.empty()) return;
  std::map<int, GroupCount> groups;
  for (size_t i = 0; i < route.pictures.size(); ++i) {
    GroupCount& group = groups[dataset.pictures[static_cast<size_t>(route.pictures[i])].cluster];
    ++group.n;
    group.correct += route.predicted[i] == route.truth[i] ? 1 : 0;
  }
  if (groups.size() == route.pictures.size()) return;
  std::vector<GroupCount> counts;
  for (const auto& [cluster, group] : groups) counts.push_back(group);
  route.groups = counts.size();
  route.ci95 = GroupedInterval95(counts);
}

void CompareWithBaseline(const Route& baseline, Route& route) {
  HL_CHECK(baseline.pictures == route.pictures);
  size_t same = 0;
  route.only_baseline = route.only_this = 0;
  for (size_t i = 0; i < route.n; ++i) {
    if (baseline.predicted[i] == route.predicted[i]) ++same;
    const bool baseline_right = baseline.predicted[i] == baseline.truth[i];
    const bool this_right = route.predicted[i] == route.truth[i];
    if (baseline_right && !this_right) ++route.only_baseline;
    if (!baseline_right && this_right) ++route.only_this;
  }
  route.agreement = route.n == 0 ? 1 : static_cast<double>(same) / static_cast<double>(route.n);
  route.mcnemar_p = McNemarExact(route.only_baseline, route.only_this);
}

}  // namespace handlens::verify
