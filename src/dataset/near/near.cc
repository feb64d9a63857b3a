#include "dataset/near/near.h"

#include <algorithm>
#include <atomic>
#include <map>
#include <numeric>

#include "base/parallel.h"
#include "base/text.h"
#include "dataset/near/align.h"
#include "dataset/near/candidates.h"
#include "dataset/near/marks.h"

namespace handlens::dataset {
namespace {

// Different files with exactly the same pixels: each with the first of them.
std::vector<NearPair> SamePixels(std::span<const Look> looks) {
  std::vector<uint32_t> order(looks.size());
  std::iota(order.begin(), order.end(), uint32_t{0});
  std::stable_sort(order.begin(), order.end(),
                   [&](uint32_t a, uint32_t b) { return looks[a].pixel_hash < looks[b].pixel_hash; });
  std::vector<NearPair> pairs;
  size_t first = 0;
  for (size_t i = 1; i < order.size(); ++i) {
    if (looks[order[i]].pixel_hash != looks[order[first]].pixel_hash) first = i;
    else pairs.push_back({order[first], order[i], 1});
  }
  return pairs;
}

// Candidates that hold, and pictures of the same pixels; each pair once, rising.
std::vector<NearPair> Conclude(std::span<const Look> looks, const std::vector<CandidatePair>& candidates,
                               const std::vector<Agreement>& agreements) {
  std::map<std::pair<size_t, size_t>, double> found;
  for (const NearPair& pair : SamePixels(looks)) found[{pair.a, pair.b}] = pair.similarity;
  for (size_t i = 0; i < candidates.size(); ++i) {
    if (SamePhotograph(agreements[i]))
      found.try_emplace(std::minmax(candidates[i].still, candidates[i].moving), agreements[i].overall);
  }
  std::vector<NearPair> pairs;
  for (const auto& [key, similarity] : found) pairs.push_back({key.first, key.second, similarity});
  return pairs;
}

}  // namespace

bool SamePhotograph(const Agreement& agreement) {
  // The less of the picture holds detail, the more its agreement has to prove: outlines alone can be alike.
  constexpr double kOverlap = 0.5;
  constexpr double kRich = 0.55;    // 52 blocks or more: different subjects reach 0.49 on chest X-rays
  constexpr double kMedium = 0.65;  // 36 to 51: compound leaves of one species reach 0.64
  constexpr double kSparse = 0.7;   // 6 to 35: jar lids reach 0.66
  if (agreement.overlap < kOverlap || agreement.blocks < 6) return false;
  const double least = agreement.blocks >= 52 ? kRich : agreement.blocks >= 36 ? kMedium : kSparse;
  return std::min(agreement.overall, agreement.typical) >= least;
}

Result<std::vector<NearPair>> FindNearDuplicates(std::span<const Look> looks, int jobs, Progress& progress) {
  std::vector<Views> views(looks.size());
  ParallelFor(looks.size(), jobs, [&](size_t i) { views[i] = MakeViews(looks[i]); });
  progress.Begin("look for duplicates", static_cast<double>(looks.size()), "pictures");
  HL_ASSIGN(const std::vector<CandidatePair> candidates, FindCandidates(views, jobs, progress));
  std::vector<Agreement> agreements(candidates.size());
  std::atomic<size_t> done{0};
  ParallelFor(candidates.size(), jobs, [&](size_t i) {
    if (progress.StopRequested()) return;
    agreements[i] = Compare(views[candidates[i].still], views[candidates[i].moving], candidates[i].map);
    ++done;
  });
  if (done != candidates.size()) return Interrupted();
  std::vector<NearPair> pairs = Conclude(looks, candidates, agreements);
  progress.End(Plural(pairs.size(), "pair shows", "pairs show") + " the same photograph");
  return pairs;
}

Result<std::vector<NearPair>> FindNearDuplicatesAmongMany(std::span<const Look> looks, const LookAgain& again,
                                                          int jobs, Progress& progress) {
  progress.Begin("look for duplicates", static_cast<double>(looks.size()), "pictures");
  HL_ASSIGN(const std::vector<CandidatePair> candidates, FindMarkedCandidates(looks, jobs, progress));
  progress.End(fmt::format("{} pairs to look at closely", candidates.size()));
  progress.Begin("look at pairs closely", static_cast<double>(candidates.size()), "pairs");
  std::vector<Agreement> agreements(candidates.size());
  std::atomic<size_t> done{0};
  ParallelFor(candidates.size(), jobs, [&](size_t i) {
    if (progress.StopRequested()) return;
    const auto still = again(candidates[i].still), moving = again(candidates[i].moving);
    if (still && moving) agreements[i] = Compare(MakeViews(*still), MakeViews(*moving), candidates[i].map);
    progress.Update(static_cast<double>(++done), "");
  });
  if (done != candidates.size()) return Interrupted();
  std::vector<NearPair> pairs = Conclude(looks, candidates, agreements);
  progress.End(Plural(pairs.size(), "pair shows", "pairs show") + " the same photograph");
  return pairs;
}

}  // namespace handlens::dataset
