// Repeated and nested cross-validation, see resampling.h.
#include "search/resampling.h"

#include <algorithm>
#include <limits>
#include <map>

#include "base/text.h"
#include "search/choice.h"
#include "split/split_part.h"

namespace handlens::search {
namespace {

TestedFolds TestedOf(const CellResult& cell) {
  TestedFolds estimate{{}, cell.test_correct, cell.test_n};
  for (const train::TrialResult& fold : cell.folds) estimate.folds.push_back(fold.test_accuracy);
  return estimate;
}

std::string Points(double share) { return fmt::format("{:.1f}", 100 * share); }

// All pictures that some fold tests.
std::vector<int> Dealt(const split::Split& split) {
  std::vector<int> pictures;
  for (const split::Fold& fold : split.folds)
    pictures.insert(pictures.end(), fold.test.begin(), fold.test.end());
  std::sort(pictures.begin(), pictures.end());
  return pictures;
}

// `number` keeps one dealing from another.
Result<split::Split> DealAnew(const dataset::Dataset& dataset, const split::Split& split,
                              const std::vector<int>& pictures, int folds, uint64_t number) {
  return split::MakeSplitOf(dataset, pictures, {.folds = folds, .seed = split.seed + 1000003 * number});
}

int MostFolds(const dataset::Dataset& dataset, const std::vector<int>& pictures, int wanted) {
  std::vector<int> counts(dataset.labels.size());
  for (const int picture : pictures)
    ++counts[static_cast<size_t>(dataset.pictures[static_cast<size_t>(picture)].label)];
  int fewest = std::numeric_limits<int>::max();
  for (const int count : counts) {
    if (count > 0) fewest = std::min(fewest, count);
  }
  return std::clamp(fewest, 2, wanted);
}

// The fold's own pictures, judged by the candidate that the others chose.
Result<const train::TrialResult*> OnFold(const CellResult& cell, int fold) {
  for (const train::TrialResult& trial : cell.folds) {
    if (trial.spec.fold == fold) return &trial;
  }
  return Fail(ErrorKind::kInternal, "fold {} of {} was not trained", fold + 1, CandidateName(cell.candidate));
}

Json ToJson(const TestedFolds& estimate) {
  return {{"correct", estimate.correct},
          {"n", estimate.n},
          {"accuracy", estimate.Accuracy()},
          {"folds", estimate.folds}};
}

Json ToJson(const PairedFolds& difference) {
  return {{"mean", difference.mean}, {"ci95", {difference.ci95.low, difference.ci95.high}}};
}

Json ToJson(const Repeats& repeats) {
  Json runs = Json::array();
  for (const TestedFolds& run : repeats.runs) runs.push_back(ToJson(run));
  return {{"runs", runs},
          {"mean", repeats.over.mean},
          {"std", repeats.over.std},
          {"ci95", {repeats.ci95.low, repeats.ci95.high}},
          {"sentence", repeats.sentence}};
}

Json ToJson(const Nested& nested) {
  Json folds = Json::array();
  for (const OuterFold& fold : nested.folds) {
    folds.push_back({{"chosen", fold.chosen},
                     {"inner_folds", fold.inner_folds},
                     {"validation_accuracy", fold.validation},
                     {"inner", ToJson(fold.inner)},
                     {"outer", {{"correct", fold.correct}, {"n", fold.n}, {"accuracy", fold.Outer()}}}});
  }
  return {{"folds", folds},
          {"outer",
           {{"correct", nested.correct},
            {"n", nested.n},
            {"accuracy",
             static_cast<double>(nested.correct) / static_cast<double>(std::max<size_t>(nested.n, 1))},
            {"ci95", {nested.ci95.low, nested.ci95.high}}}},
          {"optimism", ToJson(nested.optimism)},
          {"optimism_of_validation", ToJson(nested.chosen_by_optimism)},
          {"sentence", nested.sentence}};
}

}  // namespace

Repeats SummarizeRepeats(std::vector<TestedFolds> runs, size_t tested, size_t trained) {
  Repeats repeats;
  std::vector<double> accuracies, folds;
  for (const TestedFolds& run : runs) {
    accuracies.push_back(run.Accuracy());
    folds.insert(folds.end(), run.folds.begin(), run.folds.end());
  }
  repeats.over = Summarize(accuracies);
  const PairedFolds all =
      CorrectedResampledT(folds, static_cast<double>(tested), static_cast<double>(trained));
  repeats.ci95 = {std::max(0.0, all.ci95.low), std::min(1.0, all.ci95.high)};
  const auto [low, high] = std::minmax_element(accuracies.begin(), accuracies.end());
  repeats.sentence = fmt::format(
      "With the pictures dealt to folds in {} ways the chosen model's accuracy on test pictures is {} on "
      "average, from {} to {} (standard deviation {} points; 95 % interval {} to {}, by the t test corrected "
      "for pictures that folds share).",
      runs.size(), Percent(repeats.over.mean), Percent(*low), Percent(*high), Points(repeats.over.std),
      Percent(repeats.ci95.low), Percent(repeats.ci95.high));
  repeats.runs = std::move(runs);
  return repeats;
}

Nested SummarizeNested(std::vector<OuterFold> folds, size_t tested, size_t trained) {
  Nested nested;
  std::vector<double> expected_less_outer, seen_less_outer;
  double expected = 0;
  for (const OuterFold& fold : folds) {
    nested.correct += fold.correct;
    nested.n += fold.n;
    expected += fold.inner.Accuracy() / static_cast<double>(folds.size());
    expected_less_outer.push_back(fold.inner.Accuracy() - fold.Outer());
    seen_less_outer.push_back(fold.validation - fold.Outer());
  }
  const auto over_folds = [&](const std::vector<double>& differences) {
    return CorrectedResampledT(differences, static_cast<double>(tested), static_cast<double>(trained));
  };
  nested.ci95 = Wilson95(nested.correct, nested.n);
  nested.optimism = over_folds(expected_less_outer);
  nested.chosen_by_optimism = over_folds(seen_less_outer);
  nested.sentence = fmt::format(
      "With the whole search repeated without each fold (nested cross-validation), {} of {} pictures that "
      "had no part in the choice are right: {} ({} to {}). The searches themselves expected {}: the choice "
      "flatters by {} points (95 % interval {} to {}; below 0: not at all). By the validation pictures that "
      "it chose by, it is {} points ({} to {}).",
      nested.correct, nested.n,
      Percent(static_cast<double>(nested.correct) / static_cast<double>(std::max<size_t>(nested.n, 1))),
      Percent(nested.ci95.low), Percent(nested.ci95.high), Percent(expected), Points(nested.optimism.mean),
      Points(nested.optimism.ci95.low), Points(nested.optimism.ci95.high),
      Points(nested.chosen_by_optimism.mean), Points(nested.chosen_by_optimism.ci95.low),
      Points(nested.chosen_by_optimism.ci95.high));
  nested.folds = std::move(folds);
  return nested;
}

Result<Repeats> RunRepeats(const dataset::Dataset& dataset, const split::Split& split,
                           const CellResult& chosen, int repeats, const Searcher& search) {
  std::vector<TestedFolds> runs = {TestedOf(chosen)};
  for (int r = 1; r < repeats; ++r) {
    HL_ASSIGN(const split::Split dealt,
              DealAnew(dataset, split, Dealt(split), static_cast<int>(split.folds.size()),
                       static_cast<uint64_t>(r)));
    HL_ASSIGN(const SearchResult result, search(dealt, {chosen.candidate}));
    runs.push_back(TestedOf(result.cells[0]));
  }
  return SummarizeRepeats(std::move(runs), split.folds[0].test.size(), split.folds[0].train.size());
}

Result<Nested> RunNested(const dataset::Dataset& dataset, const split::Split& split,
                         const std::vector<Candidate>& candidates, const Searcher& search) {
  std::vector<OuterFold> folds;
  std::map<int, SearchResult> on_folds;  // by the candidate's number: all its folds of the outer loop
  for (size_t k = 0; k < split.folds.size(); ++k) {
    std::vector<int> others = split.folds[k].train;
    others.insert(others.end(), split.folds[k].validation.begin(), split.folds[k].validation.end());
    const int inner = MostFolds(dataset, others, static_cast<int>(split.folds.size()));
    HL_ASSIGN(const split::Split dealt, DealAnew(dataset, split, others, inner, 500 + k));
    HL_ASSIGN(const SearchResult found, search(dealt, candidates));
    const CellResult& chosen = found.cells[static_cast<size_t>(found.chosen)];
    if (!on_folds.contains(found.chosen)) {
      HL_ASSIGN(on_folds[found.chosen], search(split, {chosen.candidate}));
    }
    HL_ASSIGN(const train::TrialResult* const trial,
              OnFold(on_folds.at(found.chosen).cells[0], static_cast<int>(k)));
    const std::vector<bool> hits = Hits(dataset, trial->test);
    folds.push_back({CandidateName(chosen.candidate), inner, chosen.validation_accuracy.mean,
                     TestedOf(chosen), static_cast<size_t>(std::count(hits.begin(), hits.end(), true)),
                     hits.size()});
  }
  return SummarizeNested(std::move(folds), split.folds[0].test.size(), split.folds[0].train.size());
}

Json ToJson(const Resampling& resampling) {
  Json json = Json::object();
  if (resampling.repeats) json["repeats"] = ToJson(*resampling.repeats);
  if (resampling.nested) json["nested"] = ToJson(*resampling.nested);
  return json;
}

}  // namespace handlens::search
