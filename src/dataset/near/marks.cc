#include "dataset/near/marks.h"

#include <algorithm>
#include <array>
#include <atomic>
#include <bit>
#include <cmath>
#include <numbers>

#include "base/parallel.h"
#include "base/rng.h"

namespace handlens::dataset {
namespace {

constexpr size_t kSigns = 128;
constexpr size_t kTables = 16;
constexpr size_t kSignsPerTable = 18;
constexpr int kMostDiffering = 34;  // of 128: a correlation of about 0.67; of unlike pictures 64 +- 6 differ
constexpr size_t kNeighbours = 3;
constexpr size_t kMostInBucket =
    48;  // looked at in one bucket, so that many alike pictures cost no more than others

using Plane = std::array<int16_t, std::tuple_size_v<Descriptor>>;

const std::array<Plane, kSigns>& Planes() {
  static const std::array<Plane, kSigns> planes = [] {
    std::array<Plane, kSigns> made{};
    Rng rng(1, "marks of pictures");
    for (Plane& plane : made) {
      for (int16_t& value : plane) value = rng.Below(2) == 0 ? int16_t{-1} : int16_t{1};
    }
    return made;
  }();
  return planes;
}

// Which signs make a table's key.
const std::array<std::array<uint8_t, kSignsPerTable>, kTables>& TableSigns() {
  static const auto tables = [] {
    std::array<std::array<uint8_t, kSignsPerTable>, kTables> made{};
    Rng rng(2, "marks of pictures");
    for (auto& table : made) {
      std::array<uint8_t, kSigns> order{};
      for (size_t i = 0; i < kSigns; ++i) order[i] = static_cast<uint8_t>(i);
      for (size_t i = 0; i < kSignsPerTable; ++i) {
        std::swap(order[i], order[i + rng.Below(static_cast<uint32_t>(kSigns - i))]);
        table[i] = order[i];
      }
    }
    return made;
  }();
  return tables;
}

// The view as it is first; then mirrored, and both by quarter turns.
constexpr std::array<Affine, Marks::kViews> kMaps = {{{1, 0, 0, 0, 1, 0},
                                                      {-1, 0, 0, 0, 1, 0},
                                                      {0, -1, 0, 1, 0, 0},
                                                      {-1, 0, 0, 0, -1, 0},
                                                      {0, 1, 0, -1, 0, 0},
                                                      {0, 1, 0, 1, 0, 0},
                                                      {1, 0, 0, 0, -1, 0},
                                                      {0, -1, 0, -1, 0, 0}}};

std::array<uint64_t, 2> SignsOf(const Descriptor& descriptor) {
  std::array<uint64_t, 2> signs{};
  const auto& planes = Planes();
  for (size_t p = 0; p < kSigns; ++p) {
    int sum = 0;
    for (size_t i = 0; i < descriptor.size(); ++i) sum += int{descriptor[i]} * int{planes[p][i]};
    if (sum >= 0) signs[p / 64] |= uint64_t{1} << (p % 64);
  }
  return signs;
}

int Differing(const std::array<uint64_t, 2>& a, const std::array<uint64_t, 2>& b) {
  return std::popcount(a[0] ^ b[0]) + std::popcount(a[1] ^ b[1]);
}

uint32_t KeyOf(const std::array<uint64_t, 2>& signs, const std::array<uint8_t, kSignsPerTable>& table) {
  uint32_t key = 0;
  for (const uint8_t sign : table)
    key = key << 1 | static_cast<uint32_t>(signs[sign / 64] >> (sign % 64) & 1);
  return key;
}

constexpr size_t kSmallSide = 8;
constexpr double kSmallNorm = 320;    // of `small`; its values stay far below 127
constexpr double kLeastAlike = 0.72;  // correlation of the 8 x 8 descriptors

// The mean of 2 x 2 cells.
std::array<int8_t, 64> SmallOf(const Descriptor& descriptor) {
  std::array<double, 64> means{};
  double squares = 0;
  for (size_t y = 0; y < kSmallSide; ++y) {
    for (size_t x = 0; x < kSmallSide; ++x) {
      const size_t at = 2 * y * kDescriptorSide + 2 * x;
      const int sum = descriptor[at] + descriptor[at + 1] + descriptor[at + kDescriptorSide] +
                      descriptor[at + kDescriptorSide + 1];
      const double mean = sum / 4.0;
      means[y * kSmallSide + x] = mean;
      squares += mean * mean;
    }
  }
  std::array<int8_t, 64> small{};
  if (squares == 0) return small;
  for (size_t i = 0; i < small.size(); ++i)
    small[i] = static_cast<int8_t>(std::clamp(means[i] * kSmallNorm / std::sqrt(squares), -127.0, 127.0));
  return small;
}

// Where a view's cells stand in the picture as it is.
const std::array<std::array<uint8_t, 64>, Marks::kViews>& CellsOfViews() {
  static const auto cells = [] {
    std::array<std::array<uint8_t, 64>, Marks::kViews> made{};
    const auto place = [](double centred) { return static_cast<size_t>((centred + 1) / 2 * kSmallSide); };
    for (size_t v = 0; v < Marks::kViews; ++v) {
      for (size_t i = 0; i < 64; ++i) {
        const double x = (2.0 * static_cast<double>(i % kSmallSide) + 1) / kSmallSide - 1,
                     y = (2.0 * static_cast<double>(i / kSmallSide) + 1) / kSmallSide - 1;
        const Affine& map = kMaps[v];
        made[v][i] =
            static_cast<uint8_t>(place(map.d * x + map.e * y) * kSmallSide + place(map.a * x + map.b * y));
      }
    }
    return made;
  }();
  return cells;
}

// Correlation of one picture with a view of another.
double SmallAlike(const Marks& still, const Marks& moving, size_t view) {
  const auto& cells = CellsOfViews()[view];
  int sum = 0;
  for (size_t i = 0; i < 64; ++i) sum += int{still.small[i]} * int{moving.small[cells[i]]};
  return sum / (kSmallNorm * kSmallNorm);
}

double AlikeOf(int differing) { return std::cos(std::numbers::pi * differing / static_cast<double>(kSigns)); }

// Pictures by key, each key's in rising order: one counting sort.
struct Table {
  std::vector<uint32_t> begins, members;
};

Table MakeTable(std::span<const Look> looks, const std::array<uint8_t, kSignsPerTable>& signs) {
  Table table{std::vector<uint32_t>((size_t{1} << kSignsPerTable) + 1), {}};
  for (const Look& look : looks) {
    if (!look.marks.blank) ++table.begins[KeyOf(look.marks.signs[0], signs) + 1];
  }
  for (size_t k = 1; k < table.begins.size(); ++k) table.begins[k] += table.begins[k - 1];
  table.members.resize(table.begins.back());
  std::vector<uint32_t> next(table.begins.begin(), table.begins.end() - 1);
  for (size_t i = 0; i < looks.size(); ++i) {
    if (!looks[i].marks.blank)
      table.members[next[KeyOf(looks[i].marks.signs[0], signs)]++] = static_cast<uint32_t>(i);
  }
  return table;
}

struct Neighbour {
  uint32_t picture = 0;
  uint8_t view = 0;
  uint8_t differing = 255;
};
using Nearest = std::array<Neighbour, kNeighbours>;

void Remember(Nearest& nearest, const Neighbour& found) {
  for (const Neighbour& known : nearest) {
    if (known.differing != 255 && known.picture == found.picture && known.differing <= found.differing)
      return;
  }
  // A better view of a picture that is known already takes its place.
  const auto same = std::find_if(nearest.begin(), nearest.end(), [&](const Neighbour& n) {
    return n.differing != 255 && n.picture == found.picture;
  });
  if (same != nearest.end()) *same = found;
  else if (found.differing < nearest.back().differing) nearest.back() = found;
  std::stable_sort(nearest.begin(), nearest.end(), [](const Neighbour& a, const Neighbour& b) {
    return a.differing != b.differing ? a.differing < b.differing : a.picture < b.picture;
  });
}

// Looks into the buckets of all eight views of one picture.
void Search(std::span<const Look> looks, const Table& table, const std::array<uint8_t, kSignsPerTable>& signs,
            size_t picture, Nearest& nearest) {
  const Marks& marks = looks[picture].marks;
  for (uint8_t view = 0; view < Marks::kViews; ++view) {
    const uint32_t key = KeyOf(marks.signs[view], signs);
    const std::span bucket(table.members.begin() + table.begins[key],
                           table.members.begin() + table.begins[key + 1]);
    // From the picture's own place on and around, so that neighbours by name are looked at where there are
    // too many.
    const auto own =
        std::upper_bound(bucket.begin(), bucket.end(), static_cast<uint32_t>(picture)) - bucket.begin();
    for (size_t i = 0; i < std::min(bucket.size(), kMostInBucket); ++i) {
      const uint32_t other = bucket[(static_cast<size_t>(own) + i) % bucket.size()];
      if (other == picture) continue;
      const int differing = Differing(marks.signs[view], looks[other].marks.signs[0]);
      if (differing > kMostDiffering || SmallAlike(looks[other].marks, marks, view) < kLeastAlike) continue;
      Remember(nearest, {other, view, static_cast<uint8_t>(differing)});
    }
  }
}

}  // namespace

Marks MarksOf(const Look& look) {
  const View view = Blur(MakeCoarseView(look));
  Marks marks;
  for (size_t v = 0; v < Marks::kViews; ++v) {
    const Descriptor descriptor = Describe(view, kMaps[v]);
    if (v == 0)
      marks.blank =
          std::all_of(descriptor.begin(), descriptor.end(), [](int16_t value) { return value == 0; });
    if (marks.blank) return marks;
    if (v == 0) marks.small = SmallOf(descriptor);
    marks.signs[v] = SignsOf(descriptor);
  }
  return marks;
}

Result<std::vector<CandidatePair>> FindMarkedCandidates(std::span<const Look> looks, int jobs,
                                                        Progress& progress) {
  std::vector<Nearest> nearest(looks.size());
  constexpr size_t kBlock = 1024;
  const size_t blocks = (looks.size() + kBlock - 1) / kBlock;
  for (size_t t = 0; t < kTables; ++t) {
    const auto& signs = TableSigns()[t];
    const Table table = MakeTable(looks, signs);
    std::atomic<size_t> done{0};
    ParallelFor(blocks, jobs, [&](size_t block) {
      if (progress.StopRequested()) return;
      for (size_t i = block * kBlock; i < std::min(looks.size(), (block + 1) * kBlock); ++i) {
        if (!looks[i].marks.blank) Search(looks, table, signs, i, nearest[i]);
      }
      ++done;
    });
    if (done != blocks) return Interrupted();
    progress.Update(static_cast<double>(looks.size()) * static_cast<double>(t + 1) / kTables, "");
  }
  std::vector<CandidatePair> pairs;
  for (size_t i = 0; i < nearest.size(); ++i) {
    for (const Neighbour& n : nearest[i]) {
      if (n.differing != 255) pairs.push_back({n.picture, i, kMaps[n.view], AlikeOf(n.differing)});
    }
  }
  const auto key = [](const CandidatePair& p) { return std::minmax(p.still, p.moving); };
  std::stable_sort(pairs.begin(), pairs.end(), [&](const CandidatePair& a, const CandidatePair& b) {
    return key(a) != key(b) ? key(a) < key(b) : a.alike > b.alike;
  });
  pairs.erase(
      std::unique(pairs.begin(), pairs.end(), [&](const auto& a, const auto& b) { return key(a) == key(b); }),
      pairs.end());
  return pairs;
}

}  // namespace handlens::dataset
