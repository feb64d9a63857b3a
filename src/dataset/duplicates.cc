#include "dataset/duplicates.h"

#include <algorithm>
#include <map>
#include <numeric>

namespace handlens::dataset {
namespace {

class UnionFind {
 public:
  explicit UnionFind(size_t count) : parent_(count) { std::iota(parent_.begin(), parent_.end(), size_t{0}); }
  size_t Find(size_t i) {
    while (parent_[i] != i) i = parent_[i] = parent_[parent_[i]];
    return i;
  }
  void Join(size_t a, size_t b) {
    a = Find(a);
    b = Find(b);
    parent_[std::max(a, b)] = std::min(a, b);
  }

 private:
  std::vector<size_t> parent_;
};

void RejectContradiction(const std::vector<Candidate>& candidates, const std::vector<size_t>& copies, Dataset& dataset) {
  for (const size_t i : copies) {
    std::string others;
    for (const size_t j : copies) {
      if (candidates[j].label != candidates[i].label) {
        others += fmt::format("{}{} ({})", others.empty() ? "" : ", ", candidates[j].label, candidates[j].picture.path);
      }
    }
    dataset.rejected.push_back({candidates[i].picture.path,
                                fmt::format("the same file is {} here and {} elsewhere; keep it where it belongs",
                                            candidates[i].label, others)});
  }
}

}  // namespace

std::vector<std::pair<std::string, std::string>> RemoveExactCopies(std::vector<Candidate>& candidates, Dataset& dataset) {
  std::map<std::string, std::vector<size_t>> by_id;
  for (size_t i = 0; i < candidates.size(); ++i) by_id[candidates[i].picture.id].push_back(i);
  std::vector<bool> keep(candidates.size(), true);
  std::vector<std::pair<std::string, std::string>> tied;
  std::vector<std::vector<size_t>> sets;
  for (auto& [id, copies] : by_id) {
    if (copies.size() > 1) sets.push_back(copies);
  }
  std::sort(sets.begin(), sets.end());
  for (const auto& copies : sets) {
    const Candidate& first = candidates[copies[0]];
    const bool contradicts = std::any_of(copies.begin(), copies.end(), [&](size_t i) { return candidates[i].label != first.label; });
    for (size_t i = 1; i < copies.size(); ++i) {
      const Candidate& copy = candidates[copies[i]];
      dataset.duplicates.push_back({first.picture.path, copy.picture.path, DuplicateKind::kExact, copy.label != first.label, 1});
      keep[copies[i]] = false;
      if (first.picture.group != copy.picture.group) tied.emplace_back(first.picture.group, copy.picture.group);
    }
    if (contradicts) {
      keep[copies[0]] = false;
      RejectContradiction(candidates, copies, dataset);
    }
  }
  std::vector<Candidate> kept;
  for (size_t i = 0; i < candidates.size(); ++i) {
    if (keep[i]) kept.push_back(std::move(candidates[i]));
  }
  candidates = std::move(kept);
  return tied;
}

void AssignClusters(const std::vector<NearPair>& pairs, const std::vector<std::pair<std::string, std::string>>& tied_groups,
                    std::vector<Picture>& pictures) {
  UnionFind joined(pictures.size());
  std::map<std::string, size_t> first_of_group;
  for (size_t i = 0; i < pictures.size(); ++i) {
    if (pictures[i].group.empty()) continue;
    joined.Join(i, first_of_group.try_emplace(pictures[i].group, i).first->second);
  }
  for (const auto& [a, b] : tied_groups) {
    const auto at_a = first_of_group.find(a), at_b = first_of_group.find(b);
    if (at_a != first_of_group.end() && at_b != first_of_group.end()) joined.Join(at_a->second, at_b->second);
  }
  for (const NearPair& pair : pairs) joined.Join(pair.a, pair.b);
  std::map<size_t, int> number;
  for (size_t i = 0; i < pictures.size(); ++i) {
    pictures[i].cluster = number.try_emplace(joined.Find(i), static_cast<int>(number.size())).first->second;
  }
}

}  // namespace handlens::dataset
