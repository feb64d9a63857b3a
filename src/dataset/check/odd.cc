// Odd ones out: pictures whose plain measures lie far from the middle of their class, in units of the class's
// spread.
#include <algorithm>
#include <array>
#include <cmath>

#include "dataset/check/checks.h"

namespace handlens::dataset {
namespace {

constexpr size_t kLeastClass = 8;  // fewer pictures have no "usual"
constexpr double kFar = 7;         // robust standard deviations, mean of the two most deviating measures
constexpr size_t kMeasures = 7;

using OddMeasures = std::array<double, kMeasures>;

OddMeasures Measure(const Picture& picture, const Look& look) {
  const double aspect = static_cast<double>(picture.width) / picture.height;
  // aspect - 1/aspect: as far for 2:1 as for 1:2.
  return {look.mean[0],
          look.mean[1],
          look.mean[2],
          look.deviation,
          look.colourfulness,
          look.detail,
          20 * (aspect - 1 / aspect)};
}

double Median(std::vector<double> values) {
  std::sort(values.begin(), values.end());
  return values[values.size() / 2];
}

// Least spread counted as real: a set of nearly equal pictures would otherwise flag every speck.
constexpr OddMeasures kLeastSpread = {6, 6, 6, 4, 3, 1, 2};

}  // namespace

std::vector<std::string> FindOddOnesOut(const Dataset& dataset, std::span<const Look> looks) {
  std::vector<std::vector<size_t>> members(dataset.labels.size());
  for (size_t i = 0; i < looks.size(); ++i)
    members[static_cast<size_t>(dataset.pictures[i].label)].push_back(i);
  std::vector<std::string> odd;
  for (const std::vector<size_t>& rows : members) {
    if (rows.size() < kLeastClass) continue;
    std::vector<OddMeasures> measures;
    for (const size_t i : rows) measures.push_back(Measure(dataset.pictures[i], looks[i]));
    OddMeasures middle{}, spread{};
    for (size_t m = 0; m < kMeasures; ++m) {
      std::vector<double> values;
      for (const OddMeasures& row : measures) values.push_back(row[m]);
      middle[m] = Median(values);
      for (double& value : values) value = std::fabs(value - middle[m]);
      spread[m] =
          std::max(1.4826 * Median(values), kLeastSpread[m]);  // the normal distribution's MAD to deviation
    }
    for (size_t r = 0; r < rows.size(); ++r) {
      OddMeasures far{};
      for (size_t m = 0; m < kMeasures; ++m) far[m] = std::fabs(measures[r][m] - middle[m]) / spread[m];
      std::sort(far.rbegin(), far.rend());
      if ((far[0] + far[1]) / 2 > kFar) odd.push_back(dataset.pictures[rows[r]].path);
    }
  }
  std::sort(odd.begin(), odd.end());
  return odd;
}

}  // namespace handlens::dataset
