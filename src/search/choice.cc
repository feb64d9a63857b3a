// Who wins, see choice.h.
#include "search/choice.h"

#include <algorithm>
#include <tuple>

namespace handlens::search {
namespace {

void AppendHits(const dataset::Dataset& dataset, const train::Predictions& predictions, std::vector<bool>& hits) {
  const std::vector<int> predicted = train::PredictedLabels(predictions);
  for (size_t i = 0; i < predicted.size(); ++i) {
    hits.push_back(predicted[i] == dataset.pictures[static_cast<size_t>(predictions.pictures[i])].label);
  }
}

std::vector<size_t> Contenders(const std::vector<CellResult>& cells) {
  size_t most_folds = 0;
  for (const CellResult& cell : cells) {
    if (!cell.eliminated) most_folds = std::max(most_folds, cell.folds.size());
  }
  std::vector<size_t> contenders;
  for (size_t i = 0; i < cells.size(); ++i) {
    if (!cells[i].eliminated && cells[i].folds.size() == most_folds) contenders.push_back(i);
  }
  return contenders;
}

bool PractisedCamera(const CellResult& cell) { return cell.candidate.generator.camera_share > 0; }

// Among candidates that cannot be told apart: those that practised on simulated camera pictures, which validation pictures
// do not ask for and the phone will; of these the smallest; then the better, then the first.
auto Preference(const CellResult& cell, size_t index) {
  return std::tuple(!PractisedCamera(cell), cell.parameters, -cell.validation_accuracy.mean, index);
}

std::string RuleSentence(const CellResult& best, const CellResult& chosen, const Paired& paired, double margin) {
  std::string rule = fmt::format(
      "Highest mean validation accuracy over {} folds: {} ({:.4f}, {} parameters). ", best.folds.size(),
      CandidateName(best.candidate), best.validation_accuracy.mean, best.parameters);
  const std::string condition = fmt::format(
      "at most {:.3f} below it and not significantly worse (exact McNemar test on the same validation predictions, p >= {})",
      margin, kSignificance);
  const char* const of = PractisedCamera(chosen) ? " trained on simulated camera pictures" : "";
  if (&best == &chosen) {
    rule += fmt::format("Nothing smaller{} is {}, so it is chosen.", of, condition);
  } else {
    const char* const which = PractisedCamera(chosen) ? " that are" : "";
    rule += fmt::format("Smallest of those{}{} {}: {} ({:.4f}, {} parameters; {} predictions, {} right only in the best, {} only in "
                        "this one, p = {:.3f}), so it is chosen.",
                        of, which, condition, CandidateName(chosen.candidate), chosen.validation_accuracy.mean, chosen.parameters,
                        paired.n, paired.only_a, paired.only_b, paired.p);
  }
  return rule + " Test pictures were not looked at.";
}

}  // namespace

std::string CandidateName(const Candidate& candidate) {
  return fmt::format("{}, {} px, {}", candidate.model, candidate.size_px, candidate.generator.name);
}

double PooledValidation(const dataset::Dataset& dataset, const CellResult& cell) {
  std::vector<bool> hits;
  for (const train::TrialResult& fold : cell.folds) AppendHits(dataset, fold.validation, hits);
  if (hits.empty()) return 0;
  return static_cast<double>(std::count(hits.begin(), hits.end(), true)) / static_cast<double>(hits.size());
}

Paired Compare(const dataset::Dataset& dataset, const CellResult& a, const CellResult& b) {
  Paired result;
  for (const train::TrialResult& fold_a : a.folds) {
    for (const train::TrialResult& fold_b : b.folds) {
      if (fold_a.spec.fold != fold_b.spec.fold) continue;
      HL_CHECK(fold_a.validation.pictures == fold_b.validation.pictures);
      std::vector<bool> hits_a, hits_b;
      AppendHits(dataset, fold_a.validation, hits_a);
      AppendHits(dataset, fold_b.validation, hits_b);
      result.n += hits_a.size();
      for (size_t i = 0; i < hits_a.size(); ++i) {
        if (hits_a[i] && !hits_b[i]) ++result.only_a;
        if (!hits_a[i] && hits_b[i]) ++result.only_b;
      }
    }
  }
  result.p = McNemarExact(result.only_a, result.only_b);
  return result;
}

Choice Choose(const dataset::Dataset& dataset, const std::vector<CellResult>& cells, double margin) {
  HL_CHECK(!cells.empty());
  const std::vector<size_t> contenders = Contenders(cells);
  HL_CHECK(!contenders.empty());
  // Better first: accuracy as a number (never as text, never rounded), then size, then the order of the candidates.
  const auto key = [&](size_t i) { return std::tuple(-cells[i].validation_accuracy.mean, cells[i].parameters, i); };
  const size_t best = *std::min_element(contenders.begin(), contenders.end(),
                                        [&](size_t a, size_t b) { return key(a) < key(b); });
  size_t chosen = best;
  // A hair of tolerance, so that 0.90 is "at most 0.01 below" 0.91 in binary too.
  const double floor = cells[best].validation_accuracy.mean - margin - 1e-9;
  for (const size_t i : contenders) {
    const CellResult& cell = cells[i];
    if (cell.validation_accuracy.mean < floor) continue;
    const Paired paired = Compare(dataset, cells[best], cell);
    if (paired.only_a > paired.only_b && paired.p < kSignificance) continue;
    if (Preference(cell, i) < Preference(cells[chosen], chosen)) chosen = i;
  }
  const Paired paired = Compare(dataset, cells[best], cells[chosen]);
  return {static_cast<int>(best), static_cast<int>(chosen), RuleSentence(cells[best], cells[chosen], paired, margin)};
}

void Eliminate(const dataset::Dataset& dataset, int folds_done, const std::vector<size_t>& among,
               std::vector<CellResult>& cells) {
  struct Rank {
    double accuracy;
    size_t cell;
  };
  std::vector<Rank> alive;
  for (const size_t i : among) {
    if (!cells[i].eliminated) alive.push_back({PooledValidation(dataset, cells[i]), i});
  }
  if (alive.size() <= 2) return;
  const auto key = [&](const Rank& rank) { return std::tuple(-rank.accuracy, Preference(cells[rank.cell], rank.cell)); };
  std::sort(alive.begin(), alive.end(), [&](const Rank& a, const Rank& b) { return key(a) < key(b); });
  const CellResult& leader = cells[alive[0].cell];
  const double leader_accuracy = alive[0].accuracy;
  const size_t keep = std::max<size_t>(2, (alive.size() + 1) / 2);
  const double cut = alive[keep - 1].accuracy;
  for (size_t rank = 2; rank < alive.size(); ++rank) {
    CellResult& cell = cells[alive[rank].cell];
    const double accuracy = alive[rank].accuracy;
    const Paired paired = Compare(dataset, leader, cell);
    const std::string folds = folds_done == 1 ? "after 1 fold" : fmt::format("after {} folds", folds_done);
    if (paired.only_a > paired.only_b && paired.p < kSignificance) {
      cell.eliminated_because = fmt::format(
          "{}: {:.3f} against {:.3f} of {} on the same {} validation pictures (McNemar p = {:.4f})", folds, accuracy,
          leader_accuracy, CandidateName(leader.candidate), paired.n, paired.p);
    } else if (accuracy < cut) {
      cell.eliminated_because =
          fmt::format("{}: not in the better half ({:.3f}, the half ends at {:.3f})", folds, accuracy, cut);
    } else if (rank >= keep) {
      cell.eliminated_because = fmt::format("{}: level with {} ({:.3f}), which would be chosen before it", folds,
                                            CandidateName(cells[alive[keep - 1].cell].candidate), accuracy);
    }
    cell.eliminated = !cell.eliminated_because.empty();
  }
}

void FillSummary(const dataset::Dataset& dataset, CellResult& cell) {
  std::vector<double> validation, test;
  std::vector<bool> hits;
  for (const train::TrialResult& fold : cell.folds) {
    validation.push_back(fold.validation_accuracy);
    test.push_back(fold.test_accuracy);
    AppendHits(dataset, fold.test, hits);
    cell.parameters = fold.parameters;
  }
  cell.validation_accuracy = Summarize(validation);
  cell.test_accuracy = Summarize(test);
  cell.test_n = hits.size();
  cell.test_correct = static_cast<size_t>(std::count(hits.begin(), hits.end(), true));
  cell.test_ci95 = Wilson95(cell.test_correct, cell.test_n);
}

}  // namespace handlens::search
