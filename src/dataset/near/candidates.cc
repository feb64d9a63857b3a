#include "dataset/near/candidates.h"

#include <algorithm>
#include <atomic>
#include <cmath>
#include <map>

#include "base/parallel.h"

namespace handlens::dataset {
namespace {

constexpr int kSide = kDescriptorSide;
constexpr size_t kCells = kSide * kSide;
constexpr size_t kMostCandidates = 12;
constexpr double kLeastCandidateAlike = 0.45;
constexpr double kNorm = kDescriptorNorm;

struct Turn {
  double cosine, sine;
};
// 0, +-7, +-14 degrees, written out: the C library's last bits differ between machines.
constexpr std::array<Turn, 5> kTurns = {
    {{1, 0}, {0.992546, 0.121869}, {0.992546, -0.121869}, {0.970296, 0.241922}, {0.970296, -0.241922}}};
constexpr std::array<double, 3> kZooms = {1, 0.87, 1.15};
constexpr double kShift = 0.14;  // 7 % of the side

// All maps that are tried. Mirrored and not: turns x zooms and eight shifts; quarter turns of both alone.
std::vector<Affine> Maps() {
  std::vector<Affine> maps;
  for (const double mirror : {1.0, -1.0}) {
    for (const Turn& turn : kTurns) {
      for (const double zoom : kZooms) {
        maps.push_back({mirror * zoom * turn.cosine, -mirror * zoom * turn.sine, 0, zoom * turn.sine,
                        zoom * turn.cosine, 0});
      }
    }
    for (const double x : {-kShift, 0.0, kShift}) {
      for (const double y : {-kShift, 0.0, kShift}) {
        if (x != 0 || y != 0) maps.push_back({mirror, 0, x, 0, 1, y});
      }
    }
    maps.push_back({0, -mirror, 0, 1, 0, 0});
    maps.push_back({-mirror, 0, 0, 0, -1, 0});
    maps.push_back({0, mirror, 0, -1, 0, 0});
  }
  return maps;
}

int Dot(const Descriptor& a, const Descriptor& b) {
  int sum = 0;
  for (size_t i = 0; i < kCells; ++i) sum += int{a[i]} * int{b[i]};
  return sum;
}

// The most alike pictures of one, the picture itself moving.
std::vector<CandidatePair> Neighbours(size_t moving, const View& view, const std::vector<Descriptor>& all,
                                      const std::vector<Affine>& maps) {
  std::vector<Descriptor> seen;
  for (const Affine& map : maps) seen.push_back(Describe(view, map));
  std::vector<CandidatePair> found;
  const int least = static_cast<int>(kLeastCandidateAlike * kNorm * kNorm);
  for (size_t still = 0; still < all.size(); ++still) {
    if (still == moving) continue;
    int best = least;
    size_t best_map = maps.size();
    for (size_t m = 0; m < maps.size(); ++m) {
      const int dot = Dot(seen[m], all[still]);
      if (dot <= best) continue;
      best = dot;
      best_map = m;
    }
    if (best_map < maps.size()) found.push_back({still, moving, maps[best_map], best / (kNorm * kNorm)});
  }
  const size_t keep = std::min(kMostCandidates, found.size());
  std::partial_sort(found.begin(), found.begin() + static_cast<std::ptrdiff_t>(keep), found.end(),
                    [](const CandidatePair& a, const CandidatePair& b) {
                      return a.alike != b.alike ? a.alike > b.alike : a.still < b.still;
                    });
  found.resize(keep);
  return found;
}

}  // namespace

View Blur(const View& in) {
  View out{in.side, std::vector<int8_t>(in.values.size())};
  for (int y = 0; y < in.side; ++y) {
    for (int x = 0; x < in.side; ++x) {
      int sum = 0, n = 0;
      for (int v = std::max(0, y - 1); v <= std::min(in.side - 1, y + 1); ++v) {
        for (int u = std::max(0, x - 1); u <= std::min(in.side - 1, x + 1); ++u, ++n)
          sum += in.values[static_cast<size_t>(v * in.side + u)];
      }
      out.values[static_cast<size_t>(y * in.side + x)] = static_cast<int8_t>(sum / n);
    }
  }
  return out;
}

Descriptor Describe(const View& view, const Affine& map) {
  std::array<double, kCells> seen{};
  double squares = 0;
  for (int y = 0; y < kSide; ++y) {
    for (int x = 0; x < kSide; ++x) {
      const double u = (2 * x + 1.0) / kSide - 1, v = (2 * y + 1.0) / kSide - 1;
      const double level_x = (map.a * u + map.b * v + map.c + 1) / 2 * view.side - 0.5;
      const double level_y = (map.d * u + map.e * v + map.f + 1) / 2 * view.side - 0.5;
      double value = 0;
      if (!Sample(view, level_x, level_y, value)) value = 0;
      seen[static_cast<size_t>(y * kSide + x)] = value;
      squares += value * value;
    }
  }
  Descriptor descriptor{};
  if (squares < kCells) return descriptor;  // about 1/31 of the local deviation: a blank picture
  const double scale = kNorm / std::sqrt(squares);
  for (size_t i = 0; i < kCells; ++i) descriptor[i] = static_cast<int16_t>(seen[i] * scale);
  return descriptor;
}

Result<std::vector<CandidatePair>> FindCandidates(std::span<const Views> views, int jobs,
                                                  Progress& progress) {
  std::vector<View> blurred(views.size());
  std::vector<Descriptor> plain(views.size());
  ParallelFor(views.size(), jobs, [&](size_t i) {
    blurred[i] = Blur(views[i].coarse);
    plain[i] = Describe(blurred[i], {});
  });
  const std::vector<Affine> maps = Maps();
  std::vector<std::vector<CandidatePair>> neighbours(views.size());
  std::atomic<size_t> done{0};
  ParallelFor(views.size(), jobs, [&](size_t i) {
    if (progress.StopRequested()) return;
    neighbours[i] = Neighbours(i, blurred[i], plain, maps);
    progress.Update(static_cast<double>(++done), "");
  });
  if (done != views.size()) return Interrupted();
  std::map<std::pair<size_t, size_t>, CandidatePair> pairs;
  for (const auto& list : neighbours) {
    for (const CandidatePair& pair : list) {
      const auto [it, is_new] = pairs.try_emplace(std::minmax(pair.still, pair.moving), pair);
      if (!is_new && pair.alike > it->second.alike) it->second = pair;
    }
  }
  std::vector<CandidatePair> all;
  for (const auto& [key, pair] : pairs) all.push_back(pair);
  return all;
}

}  // namespace handlens::dataset
