#include "split/paper_order.h"

#include <algorithm>
#include <map>

namespace handlens::split {

std::vector<int> PaperFolds(const std::vector<int>& labels, int folds) {
  // Classes count in the order in which they first occur.
  std::map<int, size_t> order;
  for (const int label : labels) order.try_emplace(label, order.size());
  std::vector<size_t> encoded;
  for (const int label : labels) encoded.push_back(order[label]);
  // Fold f gets as many pictures of a class as every folds-th entry from f of the sorted labels holds.
  std::vector<size_t> sorted = encoded;
  std::sort(sorted.begin(), sorted.end());
  const auto fold_count = static_cast<size_t>(folds);
  std::vector<std::vector<size_t>> allocation(order.size(), std::vector<size_t>(fold_count));
  for (size_t i = 0; i < sorted.size(); ++i) ++allocation[sorted[i]][i % fold_count];
  // Within a class, blocks in file order: the first allocation to fold 0, the next to fold 1, ...
  std::vector<size_t> fold(order.size());
  std::vector<int> result;
  for (const size_t label : encoded) {
    while (allocation[label][fold[label]] == 0) ++fold[label];
    --allocation[label][fold[label]];
    result.push_back(static_cast<int>(fold[label]));
  }
  return result;
}

}  // namespace handlens::split
