// The race's decisions, see race.h.
#include "search/race.h"

#include <algorithm>
#include <cmath>
#include <functional>
#include <numeric>

#include "search/choice.h"

namespace handlens::search {
namespace {

// Cells of one chain are tried one after the other, each only where the one before it promises more.
std::string ChainOf(const Candidate& c) {
  if (!c.start) return fmt::format("{}\n{}", c.model, c.generator.name);
  return fmt::format("{}\n{}\n{}\n{}", c.start->hash, c.start->cut, c.generator.name, c.size_px);
}

// A backbone's probe before what is trained from it, and of two trainings the one that freezes more; else by
// size.
std::pair<int, int64_t> Step(const Candidate& c) {
  if (!c.start) return {c.size_px, 0};
  const auto trained = std::count_if(c.architecture.layers.begin(), c.architecture.layers.end(),
                                     [](const nn::LayerSpec& layer) { return !layer.frozen; });
  return {c.start->method == train::Method::kProbe ? 0 : 1, trained};
}

// Whether both are probes of one cut backbone at one size, so that they differ in the generator alone.
bool AreRivalProbes(const Candidate& a, const Candidate& b) {
  return a.start && b.start && a.start->method == train::Method::kProbe &&
         b.start->method == train::Method::kProbe && a.start->hash == b.start->hash &&
         a.start->cut == b.start->cut && a.size_px == b.size_px;
}

std::string AfterFolds(int folds) {
  return folds == 1 ? "after 1 fold" : fmt::format("after {} folds", folds);
}

}  // namespace

Gain GainOver(const dataset::Dataset& dataset, const CellResult& below, const CellResult& above) {
  const Paired paired = Compare(dataset, above, below);
  if (paired.n == 0) return {};
  const auto n = static_cast<double>(paired.n);
  const double mean = paired.gain / n;
  // One picture at least that only one of them gets right, so that equal predictions are not certainty.
  const double variance = std::max(paired.squares, 1.0) / n - mean * mean;
  return {paired.n, mean, std::sqrt(std::max(variance, 0.0) / n)};
}

Race::Race(const dataset::Dataset& dataset, int folds, std::vector<CellResult>& cells,
           std::optional<Standard> standard)
    : dataset_(dataset), folds_(folds), cells_(cells), standard_(standard) {
  std::map<std::string, size_t> known;
  for (size_t c = 0; c < cells.size(); ++c) {
    const auto [found, fresh] = known.emplace(ChainOf(cells[c].candidate), chains_.size());
    if (fresh) chains_.emplace_back();
    chains_[found->second].push_back(c);
  }
  for (size_t chain = 0; chain < chains_.size(); ++chain) {
    std::stable_sort(chains_[chain].begin(), chains_[chain].end(),
                     [&](size_t a, size_t b) { return Step(cells[a].candidate) < Step(cells[b].candidate); });
    for (size_t i = 0; i < chains_[chain].size(); ++i) place_[chains_[chain][i]] = {chain, i};
    active_.push_back(chains_[chain][0]);
  }
  std::sort(active_.begin(), active_.end());
}

std::vector<RaceTrial> Race::Next() {
  rung_ = asked_;
  if (rung_ > 0) Judge();
  if (rung_ == folds_ || active_.empty()) {
    if (!BeginClimb()) return {};
  }
  asked_ = NextRung();
  return Ask();
}

void Race::Judge() {
  const auto drop_eliminated = [this] {
    std::erase_if(active_, [this](size_t c) {
      if (!cells_[c].eliminated) return false;
      const auto [chain, place] = place_[c];
      DropRest(chain, place + 1,
               fmt::format("not begun: {} was stopped", CandidateName(cells_[c].candidate)));
      return true;
    });
  };
  drop_eliminated();  // by the caller
  if (rung_ < folds_) {
    if (standard_) JudgeByStandard();
    else if (heat_ == 0) Eliminate(dataset_, rung_, active_, cells_);
    else JudgeClimbers();
    drop_eliminated();
  }
  std::stable_sort(active_.begin(), active_.end(), [this](size_t a, size_t b) {
    return PooledValidation(dataset_, cells_[a]) > PooledValidation(dataset_, cells_[b]);
  });
}

void Race::JudgeClimbers() {
  for (const size_t c : active_) {
    CellResult& cell = cells_[c];
    const auto [chain, place] = place_[c];
    const CellResult& below = cells_[chains_[chain][place - 1]];
    cell.eliminated_because = WhyBelow(below, cell, kSearchMargin,
                                       fmt::format("the next step has to promise {:.3f}", kSearchMargin));
    for (const size_t f : finished_) {
      const Paired paired = Compare(dataset_, cells_[f], cell);
      if (!cell.eliminated_because.empty() || paired.only_a <= paired.only_b || paired.p >= kSignificance)
        continue;
      cell.eliminated_because = fmt::format(
          "{}: significantly worse than {} on the same {} validation pictures (McNemar p = {:.4f})",
          AfterFolds(rung_), CandidateName(cells_[f].candidate), paired.n, paired.p);
    }
    cell.eliminated = !cell.eliminated_because.empty();
  }
}

void Race::JudgeByStandard() {
  for (const size_t c : active_) {
    CellResult& cell = cells_[c];
    cell.eliminated_because = WhyBelow(*standard_->cell, cell, -standard_->margin,
                                       fmt::format("at most {:.3f} below it is allowed", standard_->margin));
    cell.eliminated = !cell.eliminated_because.empty();
  }
}

// Why `cell` is stopped where its gain over `other` does not reach `least`, its error included; `rule` says
// what is asked for. Empty when it goes on.
std::string Race::WhyBelow(const CellResult& other, const CellResult& cell, double least,
                           const std::string& rule) const {
  const Gain gain = GainOver(dataset_, other, cell);
  if (gain.mean + gain.error >= least) return "";
  return fmt::format("{}: {:+.3f} ± {:.3f} against {} on the same {} validation pictures; {}",
                     AfterFolds(rung_), gain.mean, gain.error, CandidateName(other.candidate), gain.n, rule);
}

// The next heat from those that finished this one; false when nobody climbs.
bool Race::BeginClimb() {
  std::vector<size_t> climbers;
  finished_.insert(finished_.end(), active_.begin(), active_.end());
  const auto [best, right] = BestFinished();
  for (const size_t c : active_) {
    const auto [chain, place] = place_[c];
    if (place + 1 == chains_[chain].size()) continue;
    if (1 - right < kSearchMargin) {
      DropRest(chain, place + 1,
               fmt::format("not begun: {} is right on {:.3f} of its validation pictures, and the next step "
                           "has to promise {:.3f} more",
                           CandidateName(cells_[best].candidate), right, kSearchMargin));
      continue;
    }
    if (const auto better = BetterProbe(c)) {
      DropRest(
          chain, place + 1,
          fmt::format("not begun: {} is right on {:.3f} of its validation pictures, {} on {:.3f}; only "
                      "the better generator's probe is trained further",
                      CandidateName(cells_[c].candidate), PooledValidation(dataset_, cells_[c]),
                      CandidateName(cells_[*better].candidate), PooledValidation(dataset_, cells_[*better])));
      continue;
    }
    if (place > 0) {
      const CellResult& below = cells_[chains_[chain][place - 1]];
      const Gain gain = GainOver(dataset_, below, cells_[c]);
      if (gain.mean / 2 <= kSearchMargin) {
        DropRest(chain, place + 1,
                 fmt::format("not begun: {} gained {:+.3f} over {}, and half of that is not above {:.3f}",
                             CandidateName(cells_[c].candidate), gain.mean, CandidateName(below.candidate),
                             kSearchMargin));
        continue;
      }
    }
    climbers.push_back(chains_[chain][place + 1]);
  }
  active_ = climbers;
  rung_ = asked_ = 0;
  ++heat_;
  return !active_.empty();
}

// The first of those that finished this heat, the leader first, that is before `cell` and its rival.
std::optional<size_t> Race::BetterProbe(size_t cell) const {
  for (const size_t other : active_) {
    if (other == cell) return std::nullopt;
    if (AreRivalProbes(cells_[other].candidate, cells_[cell].candidate)) return other;
  }
  return std::nullopt;
}

std::pair<size_t, double> Race::BestFinished() const {
  std::pair<size_t, double> best{0, -1};
  for (const size_t c : finished_) {
    const double right = PooledValidation(dataset_, cells_[c]);
    if (right > best.second) best = {c, right};
  }
  return best;
}

void Race::DropRest(size_t chain, size_t from, const std::string& because) {
  for (size_t i = from; i < chains_[chain].size(); ++i) {
    CellResult& cell = cells_[chains_[chain][i]];
    if (cell.eliminated) continue;
    cell.eliminated = true;
    cell.eliminated_because = because;
  }
}

int Race::NextRung() const {
  if (standard_ && rung_ == 0) return std::min(2, folds_);
  // Two that remain cannot halve: their folds run side by side. Climbers are judged early, they are dear.
  const bool to_the_end = heat_ == 0 ? active_.size() <= 2 : rung_ >= 2;
  return to_the_end ? folds_ : rung_ + 1;
}

std::vector<RaceTrial> Race::Ask() {
  std::vector<RaceTrial> trials;
  for (const size_t c : active_) {
    for (int fold = rung_; fold < asked_; ++fold) trials.push_back({c, fold});
  }
  return trials;
}

// Folds of a larger size from fold `from` on. It is judged after its first two, and half of those that climb
// are stopped there.
double Race::ClimberFolds(int from) const {
  constexpr double kGoesOn = 0.7;
  double sum = 0, chance = 1;
  for (int fold = from; fold < folds_; ++fold) {
    if (fold == 1 || fold == 2) chance *= kGoesOn;
    sum += chance;
  }
  return sum;
}

// Mean of those `some` of `costs`, the leader's first, that will probably go on: the leaders, once folds have
// been judged. Before that nobody knows; but practice for the camera and wide networks, which cost more, win
// more often than not: half-way between all and the dearest.
double Race::LikelyCost(std::vector<double> costs, size_t some) const {
  const auto mean_of_first = [&costs](size_t n) {
    return std::accumulate(costs.begin(), costs.begin() + static_cast<ptrdiff_t>(n), 0.0) /
           static_cast<double>(n);
  };
  if (rung_ > 0) return mean_of_first(some);
  const double all = mean_of_first(costs.size());
  std::sort(costs.begin(), costs.end(), std::greater<>());
  return (all + mean_of_first(some)) / 2;
}

double Race::ExpectedLater(const std::vector<double>& trial_cost) const {
  if (active_.empty()) return 0;
  std::vector<double> costs, larger;
  for (const size_t c : active_) {
    costs.push_back(trial_cost[c]);
    const auto& [chain, place] = place_.at(c);
    const bool climbs = place + 1 < chains_[chain].size() && !BetterProbe(c);
    if (climbs) larger.push_back(trial_cost[chains_[chain][place + 1]]);
  }
  if (heat_ > 0) return std::accumulate(costs.begin(), costs.end(), 0.0) * ClimberFolds(asked_);
  size_t alive = active_.size();
  double cost = 0;
  for (int rung = asked_; rung < folds_; ++rung) {
    if (alive > 2) alive = std::max<size_t>(2, (alive + 1) / 2);
    cost += static_cast<double>(alive) * LikelyCost(costs, alive);
  }
  const size_t climbers = std::min<size_t>(2, larger.size());
  return climbers > 0 ? cost + static_cast<double>(climbers) * LikelyCost(larger, climbers) * ClimberFolds(0)
                      : cost;
}

}  // namespace handlens::search
