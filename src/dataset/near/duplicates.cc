#include "dataset/near/duplicates.h"

#include <algorithm>
#include <map>
#include <numeric>
#include <span>

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

// Of files with the same bytes and different labels nobody but the user knows which is right. A reason names
// a few of the others: all of them, for each, would be a list that grows with the square of their number.
void RejectContradiction(const std::vector<Picture>& pictures, const std::vector<std::string>& class_names,
                         std::span<const uint32_t> copies, Dataset& dataset) {
  constexpr size_t kMostNamed = 3;
  std::map<int, size_t> of_label;
  for (const uint32_t i : copies) ++of_label[pictures[i].label];
  for (const uint32_t i : copies) {
    const Picture& picture = pictures[i];
    const size_t others = copies.size() - of_label[picture.label];
    std::string named;
    size_t count = 0;
    for (const uint32_t j : copies) {
      const Picture& other = pictures[j];
      if (other.label == picture.label) continue;
      if (count++ == kMostNamed) break;
      named += fmt::format("{}{} ({})", named.empty() ? "" : ", ",
                           class_names[static_cast<size_t>(other.label)], other.path);
    }
    if (others > kMostNamed) named += fmt::format(" and {} more", others - kMostNamed);
    dataset.rejected.push_back(
        {picture.path, fmt::format("the same file is {} here and {} elsewhere; keep it where it belongs",
                                   class_names[static_cast<size_t>(picture.label)], named)});
  }
}

}  // namespace

std::vector<std::pair<std::string, std::string>> RemoveExactCopies(
    Candidates& candidates, const std::vector<std::string>& class_names, Dataset& dataset) {
  std::vector<Picture>& pictures = candidates.pictures;
  std::vector<uint32_t> order(pictures.size());
  std::iota(order.begin(), order.end(), uint32_t{0});
  std::stable_sort(order.begin(), order.end(),
                   [&](uint32_t a, uint32_t b) { return pictures[a].id < pictures[b].id; });
  std::vector<std::span<const uint32_t>> sets;  // files with the same bytes, rising
  for (size_t begin = 0, end = 0; begin < order.size(); begin = end) {
    while (end < order.size() && pictures[order[end]].id == pictures[order[begin]].id) ++end;
    if (end - begin > 1) sets.emplace_back(order.data() + begin, end - begin);
  }
  std::sort(sets.begin(), sets.end(), [](auto a, auto b) { return a[0] < b[0]; });
  std::vector<bool> keep(pictures.size(), true);
  std::vector<std::pair<std::string, std::string>> tied;
  for (const auto copies : sets) {
    const Picture& first = pictures[copies[0]];
    const bool contradicts = std::any_of(copies.begin(), copies.end(),
                                         [&](uint32_t i) { return pictures[i].label != first.label; });
    for (const uint32_t i : copies.subspan(1)) {
      const Picture& copy = pictures[i];
      dataset.duplicates.push_back(
          {first.path, copy.path, DuplicateKind::kExact, copy.label != first.label, 1});
      keep[i] = false;
      if (first.group != copy.group) tied.emplace_back(first.group, copy.group);
    }
    if (!contradicts) continue;
    keep[copies[0]] = false;
    RejectContradiction(pictures, class_names, copies, dataset);
  }
  size_t kept = 0;
  for (size_t i = 0; i < pictures.size(); ++i) {
    if (!keep[i] || kept++ == i) continue;
    pictures[kept - 1] = std::move(pictures[i]);
    candidates.looks[kept - 1] = std::move(candidates.looks[i]);
  }
  pictures.resize(kept);
  candidates.looks.resize(kept);
  return tied;
}

void AssignClusters(const std::vector<NearPair>& pairs,
                    const std::vector<std::pair<std::string, std::string>>& tied_groups,
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
