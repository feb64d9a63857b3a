// Photographs that came home with a field test, judged again: a real camera's route (phone_routes.h).
#include <algorithm>
#include <cmath>
#include <map>

#include "base/grouped.h"
#include "tflite/tflite.h"
#include "verify/field_file.h"
#include "verify/phones/routes.h"

namespace handlens::verify {
namespace {

constexpr size_t kMostNamed = 10;

Result<const ModelFile*> ModelNamed(const Shipped& shipped, const std::string& file) {
  for (const ModelFile& model : shipped.finals) {
    if (model.file == file) return &model;
  }
  return Fail(ErrorKind::kBadInput, "model/{}: not among the converted models; convert again", file);
}

// How often each series was right: the interval draws whole series.
std::vector<GroupCount> CountSeries(const std::vector<int>& series, const Route& route) {
  std::map<int, GroupCount> counts;
  for (size_t i = 0; i < series.size(); ++i) {
    GroupCount& count = counts[series[i]];
    ++count.n;
    count.correct += route.predicted[i] == route.truth[i] ? 1 : 0;
  }
  std::vector<GroupCount> groups;
  for (const auto& [number, count] : counts) groups.push_back(count);
  return groups;
}

tflite::Kernels KernelsNamed(std::string_view name) {
  return name == "xnnpack"     ? tflite::Kernels::kXnnpack
         : name == "reference" ? tflite::Kernels::kReference
                               : tflite::Kernels::kBuiltin;
}

double LargestDifference(const std::vector<float>& a, const std::vector<float>& b) {
  double largest = 0;
  for (size_t c = 0; c < a.size(); ++c)
    largest = std::max(largest, std::abs(static_cast<double>(a[c]) - static_cast<double>(b[c])));
  return largest;
}

// Where the phone's scores are not the computer's.
void FindDifferences(const std::vector<PhoneShot>& shots, const Route& route, double tolerance,
                     PhoneResult::Photographs& facts) {
  for (size_t i = 0; i < shots.size(); ++i) {
    const double difference = LargestDifference(shots[i].scores, route.scores[i]);
    if (difference > tolerance) facts.differing.push_back({shots[i].at, shots[i].label, difference});
  }
  std::stable_sort(facts.differing.begin(), facts.differing.end(),
                   [](const auto& a, const auto& b) { return a.difference > b.difference; });
  facts.all_differing = facts.differing.size();
  facts.differing.resize(std::min(facts.differing.size(), kMostNamed));
}

}  // namespace

Result<Route> JudgePhotographs(const std::filesystem::path& run, const Shipped& shipped, SentShots sent,
                               PhoneResult::Photographs& facts) {
  Route route;
  std::vector<PhoneShot>& shots = sent.shots;
  std::erase_if(shots, [](const PhoneShot& shot) { return shot.archive.empty(); });
  if (shots.empty()) return route;
  route.scope = "field test, judged here";
  route.model = "model/" + sent.model;
  route.kernels = sent.kernels;
  HL_ASSIGN(const ModelFile* const file, ModelNamed(shipped, sent.model));
  HL_ASSIGN(const auto judge, tflite::Judge::Load(file->bytes, KernelsNamed(sent.kernels)));
  std::map<std::string, FieldFile> archives;
  std::vector<std::vector<float>> theirs;
  const std::vector<std::string>& labels = shipped.dataset.labels;
  for (const PhoneShot& shot : shots) {
    if (!archives.contains(shot.archive)) {
      HL_ASSIGN(archives[shot.archive], ReadFieldFile(run / shot.archive));
    }
    const std::string where = fmt::format("{}: seen/{:03}.png", (run / shot.archive).string(), shot.picture);
    HL_ASSIGN(const image::Image seen,
              SeenPixels(archives[shot.archive].photographs[shot.picture], shipped.size_px, where));
    HL_ASSIGN(route.scores.emplace_back(), judge->Classify(seen.rgb));
    route.truth.push_back(
        static_cast<int>(std::find(labels.begin(), labels.end(), shot.label) - labels.begin()));
    theirs.push_back(shot.scores);
  }
  Score(route, static_cast<int>(labels.size()));
  const double tolerance = ToleranceOf(file->variant);
  route.computer = Compare(route.scores, theirs, tolerance);
  const std::vector<GroupCount> series = CountSeries(ShotSeries(shots), route);
  route.groups = series.size();
  route.ci95 = GroupedInterval95(series);
  facts.judged = shots.size();
  facts.series = series.size();
  FindDifferences(shots, route, tolerance, facts);
  return route;
}

}  // namespace handlens::verify
