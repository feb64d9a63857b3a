#include "split/deal.h"

#include <algorithm>
#include <map>

namespace handlens::split {
namespace {

std::vector<double> Totals(const std::vector<Unit>& units, int labels) {
  std::vector<double> totals(static_cast<size_t>(labels));
  for (const Unit& unit : units) {
    for (const auto& [label, count] : unit.counts) totals[static_cast<size_t>(label)] += count;
  }
  return totals;
}

bool Holds(const Unit& unit, int label) {
  return std::any_of(unit.counts.begin(), unit.counts.end(),
                     [&](const auto& entry) { return entry.first == label; });
}

// Gives validation a unit of every class that has none there but two or more in training; the smallest one,
// the last of equals. Never takes a class's last training unit.
void CoverEveryClass(const std::vector<Unit>& units, int labels, std::vector<bool>& picked) {
  const auto training_units = [&](int label) {
    int count = 0;
    for (size_t u = 0; u < units.size(); ++u) count += !picked[u] && Holds(units[u], label) ? 1 : 0;
    return count;
  };
  for (int label = 0; label < labels; ++label) {
    bool covered = false;
    for (size_t u = 0; u < units.size(); ++u) covered = covered || (picked[u] && Holds(units[u], label));
    if (covered || training_units(label) < 2) continue;
    for (size_t u = units.size(); u-- > 0;) {  // units are ordered by falling size
      const auto& counts = units[u].counts;
      if (picked[u] || !Holds(units[u], label)) continue;
      if (std::any_of(counts.begin(), counts.end(),
                      [&](const auto& entry) { return training_units(entry.first) < 2; }))
        continue;
      picked[u] = true;
      break;
    }
  }
}

}  // namespace

std::vector<Unit> UnitsOfClusters(const std::vector<int>& members, const std::vector<int>& cluster,
                                  const std::vector<int>& label) {
  std::map<int, size_t> unit_of;
  std::vector<Unit> units;
  std::vector<std::map<int, int>> counts;
  for (const int i : members) {
    const auto [it, is_new] = unit_of.try_emplace(cluster[static_cast<size_t>(i)], units.size());
    if (is_new) {
      units.emplace_back();
      counts.emplace_back();
    }
    units[it->second].pictures.push_back(i);
    ++counts[it->second][label[static_cast<size_t>(i)]];
  }
  for (size_t u = 0; u < units.size(); ++u) units[u].counts.assign(counts[u].begin(), counts[u].end());
  return units;
}

void OrderForDealing(std::vector<Unit>& units, Rng rng) {
  rng.Shuffle(std::span<Unit>(units));
  std::stable_sort(units.begin(), units.end(),
                   [](const Unit& a, const Unit& b) { return a.pictures.size() > b.pictures.size(); });
}

std::vector<int> DealToFolds(const std::vector<Unit>& units, int folds, int labels) {
  const std::vector<double> totals = Totals(units, labels);
  std::vector<std::vector<double>> have(static_cast<size_t>(folds),
                                        std::vector<double>(static_cast<size_t>(labels)));
  std::vector<size_t> size(static_cast<size_t>(folds));
  std::vector<int> fold_of;
  for (const Unit& unit : units) {
    size_t best = 0;
    double least = 0;
    for (size_t f = 0; f < have.size(); ++f) {
      // Growth of the sum over classes of (pictures in the fold)^2 / pictures in all: least where they are
      // missing most.
      double cost = 0;
      for (const auto& [label, count] : unit.counts) {
        const auto l = static_cast<size_t>(label);
        cost += count * (2 * have[f][l] + count) / totals[l];
      }
      if (f == 0 || cost < least || (cost == least && size[f] < size[best])) {
        least = cost;
        best = f;
      }
    }
    fold_of.push_back(static_cast<int>(best));
    size[best] += unit.pictures.size();
    for (const auto& [label, count] : unit.counts) have[best][static_cast<size_t>(label)] += count;
  }
  return fold_of;
}

std::vector<bool> PickShare(const std::vector<Unit>& units, double share, int labels) {
  std::vector<bool> picked(units.size(), false);
  if (share <= 0) return picked;
  const std::vector<double> totals = Totals(units, labels);
  std::vector<double> validation(static_cast<size_t>(labels)), training(static_cast<size_t>(labels));
  for (size_t u = 0; u < units.size(); ++u) {
    // A unit goes where its classes would be fuller relative to what they should get, the less full first.
    double balance = 0;
    for (const auto& [label, count] : units[u].counts) {
      const auto l = static_cast<size_t>(label);
      balance += count * ((validation[l] + count) / (share * totals[l]) -
                          (training[l] + count) / ((1 - share) * totals[l]));
    }
    picked[u] = balance < 0;
    for (const auto& [label, count] : units[u].counts)
      (picked[u] ? validation : training)[static_cast<size_t>(label)] += count;
  }
  CoverEveryClass(units, labels, picked);
  return picked;
}

}  // namespace handlens::split
