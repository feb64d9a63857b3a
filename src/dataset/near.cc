#include "dataset/near.h"

#include <algorithm>
#include <map>

namespace handlens::dataset {
namespace {

// Different files with exactly the same pixels.
std::vector<NearPair> SamePixels(std::span<const Look> looks) {
  std::map<std::string, size_t> first;
  std::vector<NearPair> pairs;
  for (size_t i = 0; i < looks.size(); ++i) {
    const auto [it, is_new] = first.try_emplace(looks[i].pixel_hash, i);
    if (!is_new) pairs.push_back({it->second, i, 1});
  }
  return pairs;
}

}  // namespace

Result<std::vector<NearPair>> FindNearDuplicates(std::span<const Look> looks, int jobs, Progress& progress) {
  if (progress.StopRequested() || jobs < 0) return Interrupted();
  return SamePixels(looks);
}

}  // namespace handlens::dataset
