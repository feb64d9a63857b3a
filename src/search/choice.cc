// Who wins, see choice.h.
#include "search/choice.h"

#include <algorithm>
#include <numeric>
#include <tuple>

#include "train/camera_check.h"

namespace handlens::search {
namespace {

void AppendHits(const dataset::Dataset& dataset, const train::Predictions& predictions,
                std::vector<bool>& hits) {
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

// Among candidates that cannot be told apart: where the camera was not looked through, those that practised
// for it, which validation pictures do not ask for and the phone will; of these the smallest; then the
// better, then the first.
bool Unpractised(const CellResult& cell) {
  return cell.yardstick == Yardstick::kPictures && !PractisedCamera(cell);
}

auto Preference(const CellResult& cell, size_t index) {
  return std::tuple(Unpractised(cell), cell.parameters, -cell.standing.mean, index);
}

// "Highest mean validation accuracy", and what it is the mean of where a camera was looked through.
std::string Measure(const CellResult& best) {
  if (best.yardstick == Yardstick::kPictures) return "Highest mean validation accuracy";
  return fmt::format("Highest mean accuracy on {} ({} photographs each)", YardstickWords(best.yardstick),
                     train::kCameraShots);
}

std::string RuleSentence(const CellResult& best, const CellResult& chosen, const Paired& paired,
                         double margin) {
  std::string rule =
      fmt::format("{} over {} folds: {} ({:.4f}, {} parameters). ", Measure(best), best.folds.size(),
                  CandidateName(best.candidate), best.standing.mean, best.parameters);
  const bool plain = best.yardstick == Yardstick::kPictures;
  const std::string condition = fmt::format(
      "at most {:.3f} below it and not significantly worse (exact {}, p >= {})", margin,
      plain ? "McNemar test on the same validation predictions" : "sign test on the same validation pictures",
      kSignificance);
  const bool practised = plain && PractisedCamera(chosen);
  const char* const of = practised ? " trained on simulated camera pictures" : "";
  if (&best == &chosen) {
    rule += fmt::format("Nothing smaller{} is {}, so it is chosen.", of, condition);
  } else {
    const char* const which = practised ? " that are" : "";
    rule += fmt::format(
        "Smallest of those{}{} {}: {} ({:.4f}, {} parameters; {} {}, {} {} in the best, {} {} in "
        "this one, p = {:.3f}), so it is chosen.",
        of, which, condition, CandidateName(chosen.candidate), chosen.standing.mean, chosen.parameters,
        paired.n, plain ? "predictions" : "pictures", paired.only_a,
        plain ? "right only" : "more often right", paired.only_b, plain ? "only" : "more often", paired.p);
  }
  return rule + " Test pictures were not looked at.";
}

}  // namespace

std::vector<bool> Hits(const dataset::Dataset& dataset, const train::Predictions& predictions) {
  std::vector<bool> hits;
  AppendHits(dataset, predictions, hits);
  return hits;
}

const char* YardstickName(Yardstick yardstick) {
  return yardstick == Yardstick::kPictures ? "pictures" : yardstick == Yardstick::kCamera ? "camera" : "both";
}

Result<Yardstick> YardstickFromName(std::string_view name) {
  for (const Yardstick yardstick : {Yardstick::kPictures, Yardstick::kCamera, Yardstick::kBoth}) {
    if (name == YardstickName(yardstick)) return yardstick;
  }
  return Fail(ErrorKind::kBadInput, "candidates cannot be compared by '{}'; it is pictures, camera or both",
              name);
}

const char* YardstickWords(Yardstick yardstick) {
  switch (yardstick) {
    case Yardstick::kPictures: return "validation pictures";
    case Yardstick::kCamera: return "validation pictures as a simulated camera shows them";
    case Yardstick::kBoth: return "validation pictures, as they are and as a simulated camera shows them";
  }
  return "";
}

std::string CandidateName(const Candidate& candidate) {
  return fmt::format("{}, {} px, {}", candidate.model, candidate.size_px, candidate.generator.name);
}

std::vector<double> RightShares(const dataset::Dataset& dataset, const train::TrialResult& fold,
                                Yardstick yardstick) {
  const std::vector<bool> plain = Hits(dataset, fold.validation), camera = Hits(dataset, fold.camera);
  HL_CHECK(yardstick == Yardstick::kPictures || camera.size() == plain.size() * train::kCameraShots);
  std::vector<double> shares;
  for (size_t i = 0; i < plain.size(); ++i) {
    const double as_it_is = plain[i] ? 1 : 0;
    if (yardstick == Yardstick::kPictures) {
      shares.push_back(as_it_is);
      continue;
    }
    const auto first = camera.begin() + static_cast<std::ptrdiff_t>(i * train::kCameraShots);
    const double photographed =
        static_cast<double>(std::count(first, first + train::kCameraShots, true)) / train::kCameraShots;
    shares.push_back(yardstick == Yardstick::kCamera ? photographed : (as_it_is + photographed) / 2);
  }
  return shares;
}

double PooledValidation(const dataset::Dataset& dataset, const CellResult& cell) {
  double right = 0;
  size_t n = 0;
  for (const train::TrialResult& fold : cell.folds) {
    const std::vector<double> shares = RightShares(dataset, fold, cell.yardstick);
    right = std::accumulate(shares.begin(), shares.end(), right);
    n += shares.size();
  }
  return n == 0 ? 0 : right / static_cast<double>(n);
}

Paired Compare(const dataset::Dataset& dataset, const CellResult& a, const CellResult& b) {
  Paired result;
  for (const train::TrialResult& fold_a : a.folds) {
    for (const train::TrialResult& fold_b : b.folds) {
      if (fold_a.spec.fold != fold_b.spec.fold) continue;
      HL_CHECK(fold_a.validation.pictures == fold_b.validation.pictures);
      const std::vector<double> shares_a = RightShares(dataset, fold_a, a.yardstick),
                                shares_b = RightShares(dataset, fold_b, b.yardstick);
      result.n += shares_a.size();
      for (size_t i = 0; i < shares_a.size(); ++i) {
        const double gain = shares_a[i] - shares_b[i];
        if (gain > 0) ++result.only_a;
        if (gain < 0) ++result.only_b;
        result.gain += gain;
        result.squares += gain * gain;
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
  // Better first: accuracy as a number (never as text, never rounded), then size, then the order of the
  // candidates.
  const auto key = [&](size_t i) { return std::tuple(-cells[i].standing.mean, cells[i].parameters, i); };
  const size_t best = *std::min_element(contenders.begin(), contenders.end(),
                                        [&](size_t a, size_t b) { return key(a) < key(b); });
  size_t chosen = best;
  // A hair of tolerance, so that 0.90 is "at most 0.01 below" 0.91 in binary too.
  const double floor = cells[best].standing.mean - margin - 1e-9;
  for (const size_t i : contenders) {
    const CellResult& cell = cells[i];
    if (cell.standing.mean < floor) continue;
    const Paired paired = Compare(dataset, cells[best], cell);
    if (paired.only_a > paired.only_b && paired.p < kSignificance) continue;
    if (Preference(cell, i) < Preference(cells[chosen], chosen)) chosen = i;
  }
  const Paired paired = Compare(dataset, cells[best], cells[chosen]);
  return {static_cast<int>(best), static_cast<int>(chosen),
          RuleSentence(cells[best], cells[chosen], paired, margin)};
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
  const auto key = [&](const Rank& rank) {
    return std::tuple(-rank.accuracy, Preference(cells[rank.cell], rank.cell));
  };
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
          "{}: {:.3f} against {:.3f} of {} on the same {} validation pictures (McNemar p = {:.4f})", folds,
          accuracy, leader_accuracy, CandidateName(leader.candidate), paired.n, paired.p);
    } else if (accuracy < cut) {
      cell.eliminated_because =
          fmt::format("{}: not in the better half ({:.3f}, the half ends at {:.3f})", folds, accuracy, cut);
    } else if (rank >= keep) {
      cell.eliminated_because =
          fmt::format("{}: level with {} ({:.3f}), which would be chosen before it", folds,
                      CandidateName(cells[alive[keep - 1].cell].candidate), accuracy);
    }
    cell.eliminated = !cell.eliminated_because.empty();
  }
}

void FillSummary(const dataset::Dataset& dataset, CellResult& cell) {
  std::vector<double> validation, test, camera, standing;
  std::vector<bool> hits;
  for (const train::TrialResult& fold : cell.folds) {
    validation.push_back(fold.validation_accuracy);
    test.push_back(fold.test_accuracy);
    AppendHits(dataset, fold.test, hits);
    if (cell.yardstick != Yardstick::kPictures) {
      const auto mean = [&](Yardstick yardstick) {
        const std::vector<double> shares = RightShares(dataset, fold, yardstick);
        return std::accumulate(shares.begin(), shares.end(), 0.0) /
               static_cast<double>(std::max<size_t>(shares.size(), 1));
      };
      camera.push_back(mean(Yardstick::kCamera));
      standing.push_back(mean(cell.yardstick));
    }
    cell.parameters = fold.parameters;
  }
  cell.validation_accuracy = Summarize(validation);
  cell.camera_accuracy = Summarize(camera);
  cell.standing = cell.yardstick == Yardstick::kPictures ? cell.validation_accuracy : Summarize(standing);
  cell.test_accuracy = Summarize(test);
  cell.test_n = hits.size();
  cell.test_correct = static_cast<size_t>(std::count(hits.begin(), hits.end(), true));
  cell.test_ci95 = Wilson95(cell.test_correct, cell.test_n);
}

}  // namespace handlens::search
