// Measures the near-duplicate search on a folder of pictures: every candidate pair with its measures, and,
// where a CSV tells which pictures share an original (columns file,group), recall and precision of pairs and
// of clusters.
//   duplicate_study FOLDER [groups.csv]
// Prints one CSV row per candidate pair on standard output and the summary on standard error.
#include <chrono>
#include <cstdio>
#include <map>

#include "base/disk.h"
#include "base/parallel.h"
#include "dataset/csv.h"
#include "dataset/near/align.h"
#include "dataset/near/candidates.h"
#include "dataset/near/duplicates.h"
#include "dataset/near/marks.h"
#include "dataset/scan.h"

namespace handlens::dataset {
namespace {

using Clock = std::chrono::steady_clock;

double Seconds(Clock::time_point since) {
  return std::chrono::duration<double>(Clock::now() - since).count();
}

Result<std::map<std::string, std::string>> ReadGroups(const char* path) {
  std::map<std::string, std::string> groups;
  if (path == nullptr) return groups;
  HL_ASSIGN(const std::string text, ReadText(path));
  HL_ASSIGN(const auto rows, ParseCsv(text, path));
  for (const CsvRow& row : rows) {
    if (row.fields.size() >= 2) groups[row.fields[0]] = row.fields[1];
  }
  return groups;
}

struct Score {
  size_t right = 0, wrong = 0, truth = 0;
  void Print(const char* what) const {
    std::fprintf(stderr, "%s: %zu right, %zu wrong, of %zu true pairs: recall %.4f, precision %.4f\n", what,
                 right, wrong, truth,
                 truth > 0 ? static_cast<double>(right) / static_cast<double>(truth) : 1.0,
                 right + wrong > 0 ? static_cast<double>(right) / static_cast<double>(right + wrong) : 1.0);
  }
};

// Pairs that share a cluster, or, when `direct` names them, pairs found as such.
Score Judge(const std::vector<Picture>& pictures, const std::map<std::pair<size_t, size_t>, bool>* direct) {
  Score score;
  for (size_t i = 0; i < pictures.size(); ++i) {
    for (size_t j = i + 1; j < pictures.size(); ++j) {
      const bool same = !pictures[i].group.empty() && pictures[i].group == pictures[j].group;
      const bool found =
          direct != nullptr ? direct->contains({i, j}) : pictures[i].cluster == pictures[j].cluster;
      score.truth += same ? 1 : 0;
      score.right += same && found ? 1 : 0;
      score.wrong += !same && found ? 1 : 0;
    }
  }
  return score;
}

// What the search for large sets finds of what the search of all pairs found.
Result<void> CompareMany(std::vector<Look> looks, const std::map<std::pair<size_t, size_t>, bool>& direct,
                         int jobs) {
  const auto start = Clock::now();
  ParallelFor(looks.size(), jobs, [&](size_t i) { looks[i].marks = MarksOf(looks[i]); });
  const auto again = [&](size_t i) { return std::optional<Look>(looks[i]); };
  HL_ASSIGN(const auto pairs, FindNearDuplicatesAmongMany(looks, again, jobs, SilentProgress()));
  size_t both = 0;
  for (const NearPair& pair : pairs) both += direct.contains({pair.a, pair.b}) ? 1 : 0;
  std::fprintf(stderr, "as one of many: %zu pairs, %zu of the %zu above, in %.1f s\n", pairs.size(), both,
               direct.size(), Seconds(start));
  return {};
}

Result<void> Study(const char* folder, const char* groups_file) {
  constexpr int kJobs = 2;
  HL_ASSIGN(const auto groups, ReadGroups(groups_file));
  HL_ASSIGN(const Listing listing, ListPictures(folder, {}, SilentProgress()));
  std::vector<Picture> pictures;
  std::vector<Look> looks;
  auto start = Clock::now();
  for (const Entry& entry : listing.entries) {
    const auto decoded = image::DecodeFile(std::filesystem::path(listing.root) / entry.path);
    if (!decoded) continue;
    Picture picture;
    picture.path = entry.path;
    if (const auto it = groups.find(entry.path); it != groups.end()) picture.group = it->second;
    pictures.push_back(picture);
    looks.push_back(LookAt(*decoded));
  }
  std::fprintf(stderr, "%zu pictures decoded in %.1f s\n", pictures.size(), Seconds(start));
  start = Clock::now();
  std::vector<Views> views(looks.size());
  ParallelFor(looks.size(), kJobs, [&](size_t i) { views[i] = MakeViews(looks[i]); });
  HL_ASSIGN(const auto candidates, FindCandidates(views, kJobs, SilentProgress()));
  std::fprintf(stderr, "%zu candidate pairs after %.1f s\n", candidates.size(), Seconds(start));
  std::vector<Agreement> agreements(candidates.size());
  ParallelFor(candidates.size(), kJobs, [&](size_t i) {
    agreements[i] = Compare(views[candidates[i].still], views[candidates[i].moving], candidates[i].map);
  });
  std::fprintf(stderr, "%zu pairs compared after %.1f s (%d threads)\n", candidates.size(), Seconds(start),
               kJobs);
  HL_ASSIGN(const auto pairs, FindNearDuplicates(looks, kJobs, SilentProgress()));
  std::map<std::pair<size_t, size_t>, bool> direct;
  for (const NearPair& pair : pairs) direct[{pair.a, pair.b}] = true;
  std::printf("a,b,found,same_group,alike,overall,typical,overlap,blocks\n");
  for (size_t i = 0; i < candidates.size(); ++i) {
    const auto [a, b] = std::minmax(candidates[i].still, candidates[i].moving);
    const bool same = !pictures[a].group.empty() && pictures[a].group == pictures[b].group;
    std::printf("\"%s\",\"%s\",%d,%d,%.3f,%.3f,%.3f,%.3f,%zu\n", pictures[a].path.c_str(),
                pictures[b].path.c_str(), direct.contains({a, b}) ? 1 : 0, same ? 1 : 0, candidates[i].alike,
                agreements[i].overall, agreements[i].typical, agreements[i].overlap, agreements[i].blocks);
  }
  for (Picture& picture : pictures) picture.group.swap(picture.id);  // the truth must not help the clusters
  AssignClusters(pairs, {}, pictures);
  for (Picture& picture : pictures) picture.group.swap(picture.id);
  std::map<int, size_t> sizes;
  size_t largest = 0;
  for (const Picture& picture : pictures) largest = std::max(largest, ++sizes[picture.cluster]);
  std::fprintf(stderr, "%zu pairs found, %zu clusters, the largest of %zu\n", pairs.size(), sizes.size(),
               largest);
  HL_TRY(CompareMany(std::move(looks), direct, kJobs));
  if (groups_file != nullptr) {
    Judge(pictures, &direct).Print("pairs");
    Judge(pictures, nullptr).Print("clusters");
  }
  return {};
}

}  // namespace
}  // namespace handlens::dataset

int main(int argc, char** argv) {
  if (argc < 2 || argc > 3) {
    std::fprintf(stderr, "usage: duplicate_study FOLDER [groups.csv]\n");
    return 2;
  }
  const auto result = handlens::dataset::Study(argv[1], argc == 3 ? argv[2] : nullptr);
  if (!result) std::fprintf(stderr, "%s\n", result.error().message.c_str());
  return result ? 0 : static_cast<int>(result.error().kind);
}
