#include "split/split.h"

#include <algorithm>
#include <map>
#include <numeric>

#include "split/deal.h"
#include "split/paper_order.h"
#include "split/split_part.h"
#include "split/usual.h"

namespace handlens::split {
namespace {

// What dealing needs of a Dataset, as plain numbers.
struct Pool {
  std::vector<int> label, cluster;
  int labels = 0;
};

Pool PoolOf(const dataset::Dataset& dataset, Order order) {
  Pool pool;
  pool.labels = static_cast<int>(dataset.labels.size());
  for (size_t i = 0; i < dataset.pictures.size(); ++i) {
    pool.label.push_back(dataset.pictures[i].label);
    pool.cluster.push_back(order == Order::kPaper ? static_cast<int>(i) : dataset.pictures[i].cluster);
  }
  return pool;
}

std::vector<int> CountUnits(const std::vector<Unit>& units, int labels) {
  std::vector<int> counts(static_cast<size_t>(labels));
  for (const Unit& unit : units) {
    for (const auto& [label, count] : unit.counts) ++counts[static_cast<size_t>(label)];
  }
  return counts;
}

Result<void> CheckOptions(const SplitOptions& options) {
  if (options.folds < 2 || options.folds > 20)
    return Fail(ErrorKind::kUsage, "{} folds: give 2 to 20", options.folds);
  if (!(options.validation_share >= 0 && options.validation_share <= 0.5)) {
    return Fail(ErrorKind::kUsage, "validation share {}: give 0 to 0.5", options.validation_share);
  }
  if (options.holdout_per_class < kUsualHoldout) {
    return Fail(ErrorKind::kUsage, "hold-out of {} pictures a class: give 0 or more",
                options.holdout_per_class);
  }
  return {};
}

// All classes that cannot be divided, in one message.
Result<void> CheckDivisible(const dataset::Dataset& dataset, const std::vector<Unit>& units, int folds) {
  std::vector<int> pictures(dataset.labels.size());
  for (const Unit& unit : units) {
    for (const auto& [label, count] : unit.counts) pictures[static_cast<size_t>(label)] += count;
  }
  const std::vector<int> clusters = CountUnits(units, static_cast<int>(dataset.labels.size()));
  std::string problems;
  for (size_t l = 0; l < pictures.size(); ++l) {
    const std::string separator = problems.empty() ? "" : "; ";
    if (pictures[l] == 0 && dataset.test_folder) {
      problems += fmt::format("{}class {} is only in the test folder, so nothing can learn it", separator,
                              dataset.labels[l]);
    } else if (pictures[l] < folds) {
      problems += fmt::format("{}class {} has {} picture{}; {} folds need at least {}", separator,
                              dataset.labels[l], pictures[l], pictures[l] == 1 ? "" : "s", folds, folds);
    } else if (clusters[l] < 2) {
      problems += fmt::format(
          "{}all {} pictures of class {} belong together (one group, or near-duplicates of each other), so "
          "it cannot be both trained and tested{}",
          separator, pictures[l], dataset.labels[l],
          dataset.groups_from.starts_with("folders")
              ? " (if its folders are no groups, inspect again with --subfolders ignore)"
              : "");
    }
  }
  if (problems.empty()) return {};
  // Fewer folds help where every class has three pictures or more that may be apart.
  const bool fewer = folds > 2 && std::all_of(clusters.begin(), clusters.end(), [](int c) { return c > 2; });
  return Fail(ErrorKind::kBadInput, "{}: {}; add pictures{}", dataset.root, problems,
              fewer ? ", remove the class, or use fewer folds (--folds)" : ", or remove the class");
}

// Chooses whole units at random until each class has its hold-out; leaves at least `folds` units of each
// class.
class HoldoutPicker {
 public:
  HoldoutPicker(const std::vector<Unit>& units, const Pool& pool, int per_class, int folds)
      : units_(units), left_units_(CountUnits(units, pool.labels)), folds_(folds) {
    wanted_.resize(static_cast<size_t>(pool.labels));
    for (const int label : pool.label) ++wanted_[static_cast<size_t>(label)];
    for (int& wanted : wanted_) wanted = HeldOutOf(wanted, per_class);
    held_.assign(units.size(), false);
  }

  std::vector<bool> Pick(Rng rng) {
    std::vector<size_t> order(units_.size());
    std::iota(order.begin(), order.end(), size_t{0});
    rng.Shuffle(std::span<size_t>(order));
    for (const size_t u : order) {
      if (Fits(u)) Hold(u);
    }
    // Classes whose every unit is larger than the hold-out give their smallest unit.
    std::stable_sort(order.begin(), order.end(), [&](size_t a, size_t b) {
      return units_[a].pictures.size() < units_[b].pictures.size();
    });
    for (size_t l = 0; l < wanted_.size(); ++l) {
      if (wanted_[l] <= 0 || taken_.contains(static_cast<int>(l))) continue;
      for (const size_t u : order) {
        if (held_[u] || units_[u].counts.size() != 1 || units_[u].counts[0].first != static_cast<int>(l) ||
            !Spared(u))
          continue;
        Hold(u);
        break;
      }
    }
    return held_;
  }

 private:
  bool Spared(size_t u) const {
    return std::all_of(units_[u].counts.begin(), units_[u].counts.end(), [&](const auto& entry) {
      return left_units_[static_cast<size_t>(entry.first)] > folds_;
    });
  }
  bool Fits(size_t u) const {
    return Spared(u) && std::all_of(units_[u].counts.begin(), units_[u].counts.end(), [&](const auto& entry) {
             return wanted_[static_cast<size_t>(entry.first)] >= entry.second;
           });
  }
  void Hold(size_t u) {
    held_[u] = true;
    for (const auto& [label, count] : units_[u].counts) {
      wanted_[static_cast<size_t>(label)] -= count;
      --left_units_[static_cast<size_t>(label)];
      taken_.emplace(label, 0);
    }
  }

  const std::vector<Unit>& units_;
  std::vector<int> left_units_;
  std::vector<int> wanted_;
  std::vector<bool> held_;
  std::map<int, int> taken_;
  int folds_;
};

void Append(const Unit& unit, std::vector<int>& pictures) {
  pictures.insert(pictures.end(), unit.pictures.begin(), unit.pictures.end());
}

// Divides what is not test into training and validation.
Fold MakeFold(const std::vector<Unit>& units, const std::vector<int>& fold_of, int fold,
              const SplitOptions& options, int labels) {
  Fold result;
  std::vector<Unit> rest;
  for (size_t u = 0; u < units.size(); ++u) {
    if (fold_of[u] == fold) Append(units[u], result.test);
    else rest.push_back(units[u]);
  }
  OrderForDealing(rest, Rng(options.seed, "split validation", {static_cast<uint64_t>(fold)}));
  const std::vector<bool> picked = PickShare(rest, options.validation_share, labels);
  for (size_t u = 0; u < rest.size(); ++u) Append(rest[u], picked[u] ? result.validation : result.train);
  for (std::vector<int>* part : {&result.train, &result.validation, &result.test})
    std::sort(part->begin(), part->end());
  return result;
}

bool Contains(const std::vector<int>& pictures, const Pool& pool, int label) {
  return std::any_of(pictures.begin(), pictures.end(),
                     [&](int i) { return pool.label[static_cast<size_t>(i)] == label; });
}

void WarnOfGaps(const dataset::Dataset& dataset, const Pool& pool, const std::vector<Unit>& units,
                Split& split) {
  const std::vector<int> clusters = CountUnits(units, pool.labels);
  for (int label = 0; label < pool.labels; ++label) {
    const std::string& name = dataset.labels[static_cast<size_t>(label)];
    size_t untrained = 0, unvalidated = 0, untested = 0;
    for (const Fold& fold : split.folds) {
      untrained += Contains(fold.train, pool, label) ? 0 : 1;
      unvalidated += Contains(fold.validation, pool, label) ? 0 : 1;
      untested += Contains(fold.test, pool, label) ? 0 : 1;
    }
    const auto clusters_here = clusters[static_cast<size_t>(label)];
    if (untested > 0) {
      split.warnings.push_back(
          fmt::format("class {}: {} clusters for {} folds, so {} of them test without it", name,
                      clusters_here, split.folds.size(), untested));
    }
    if (untrained > 0)
      split.warnings.push_back(fmt::format(
          "class {}: {} folds train without it; its pictures there count as errors", name, untrained));
    if (unvalidated > 0)
      split.warnings.push_back(
          fmt::format("class {}: {} folds validate without it; too few clusters", name, unvalidated));
  }
  if (split.order == Order::kPaper) {
    split.warnings.push_back(
        "These are the paper's unshuffled folds: groups and near-duplicates may lie in training and test at "
        "once, so accuracies are for comparison with the paper only.");
  }
}

void WarnOfHoldout(const dataset::Dataset& dataset, const Pool& pool, int wanted, Split& split) {
  if (wanted == 0) return;
  for (int label = 0; label < pool.labels; ++label) {
    const auto held = std::count_if(split.holdout.begin(), split.holdout.end(),
                                    [&](int i) { return pool.label[static_cast<size_t>(i)] == label; });
    if (held == wanted) continue;
    split.warnings.push_back(
        fmt::format("class {}: {} pictures are held out for the phone instead of {}; {}",
                    dataset.labels[static_cast<size_t>(label)], held, wanted,
                    held < wanted ? "it has too few pictures or clusters" : "they belong together"));
  }
}

void DealFolds(std::vector<Unit> kept, const Pool& pool, const SplitOptions& options, Split& split) {
  std::vector<int> fold_of;
  if (options.order == Order::kPaper) {
    std::vector<int> labels;  // every unit is one picture, in file order
    for (const Unit& unit : kept) labels.push_back(unit.counts[0].first);
    fold_of = PaperFolds(labels, options.folds);
  } else {
    OrderForDealing(kept, Rng(options.seed, "split folds"));
    fold_of = DealToFolds(kept, options.folds, pool.labels);
  }
  for (int fold = 0; fold < options.folds; ++fold)
    split.folds.push_back(MakeFold(kept, fold_of, fold, options, pool.labels));
}

}  // namespace

Result<Split> MakeSplit(const dataset::Dataset& dataset, const SplitOptions& options) {
  HL_TRY(CheckOptions(options));
  if (const dataset::TestFolder folder = dataset::HeldByFolder(dataset); !folder.held.empty()) {
    std::vector<int> rest;
    for (int i = 0, next = 0; i < static_cast<int>(dataset.pictures.size()); ++i) {
      const bool held =
          next < static_cast<int>(folder.held.size()) && folder.held[static_cast<size_t>(next)] == i;
      if (held) ++next;
      else rest.push_back(i);
    }
    return MakeSplitOf(dataset, rest, options);
  }
  const Pool pool = PoolOf(dataset, options.order);
  std::vector<int> all(pool.label.size());
  std::iota(all.begin(), all.end(), 0);
  std::vector<Unit> units = UnitsOfClusters(all, pool.cluster, pool.label);
  HL_TRY(CheckDivisible(dataset, units, options.folds));
  Split split{.seed = options.seed, .order = options.order, .folds = {}, .holdout = {}, .warnings = {}};
  const int usual = options.order == Order::kPaper ? 0 : kHoldoutPerClass;
  const int per_class = options.holdout_per_class == kUsualHoldout ? usual : options.holdout_per_class;
  const std::vector<bool> held =
      HoldoutPicker(units, pool, per_class, options.folds).Pick(Rng(options.seed, "split holdout"));
  std::vector<Unit> kept;
  for (size_t u = 0; u < units.size(); ++u) {
    if (held[u]) Append(units[u], split.holdout);
    else kept.push_back(units[u]);
  }
  std::sort(split.holdout.begin(), split.holdout.end());
  DealFolds(kept, pool, options, split);
  WarnOfHoldout(dataset, pool, per_class, split);
  WarnOfGaps(dataset, pool, kept, split);
  return split;
}

Result<Split> MakeSplitOf(const dataset::Dataset& dataset, const std::vector<int>& pictures,
                          const SplitOptions& options) {
  HL_TRY(CheckOptions(options));
  const Pool pool = PoolOf(dataset, options.order);
  std::vector<Unit> units = UnitsOfClusters(pictures, pool.cluster, pool.label);
  HL_TRY(CheckDivisible(dataset, units, options.folds));
  Split split{.seed = options.seed, .order = options.order, .folds = {}, .holdout = {}, .warnings = {}};
  std::vector<bool> dealt(pool.label.size(), false);
  for (const int picture : pictures) dealt[static_cast<size_t>(picture)] = true;
  for (size_t i = 0; i < dealt.size(); ++i) {
    if (!dealt[i]) split.holdout.push_back(static_cast<int>(i));
  }
  DealFolds(units, pool, options, split);
  WarnOfGaps(dataset, pool, units, split);
  return split;
}

}  // namespace handlens::split
