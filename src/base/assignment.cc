#include "base/assignment.h"

#include <algorithm>
#include <limits>
#include <utility>

#include "base/result.h"

namespace handlens {
namespace {

constexpr double kInfinity = std::numeric_limits<double>::infinity();

// The shortest augmenting path from a free row through the table of costs, by Dijkstra over columns with
// potentials.
class Augmenter {
 public:
  explicit Augmenter(const std::vector<std::vector<double>>& values)
      : values_(values),
        n_(values.size()),
        row_potential_(n_ + 1, 0),
        column_potential_(n_ + 1, 0),
        row_of_(n_ + 1, 0) {}

  // Rows and columns count from 1 here; 0 stands for "none".
  void Add(size_t row) {
    std::vector<double> distance(n_ + 1, kInfinity);
    std::vector<size_t> from(n_ + 1, 0);
    std::vector<bool> seen(n_ + 1, false);
    row_of_[0] = row;
    size_t column = 0;
    while (row_of_[column] != 0) column = Step(column, distance, from, seen);
    for (; column != 0; column = from[column]) row_of_[column] = row_of_[from[column]];
  }

  std::vector<size_t> Columns() const {
    std::vector<size_t> columns(n_, 0);
    for (size_t c = 1; c <= n_; ++c) columns[row_of_[c] - 1] = c - 1;
    return columns;
  }

 private:
  size_t Step(size_t column, std::vector<double>& distance, std::vector<size_t>& from,
              std::vector<bool>& seen) {
    seen[column] = true;
    const size_t row = row_of_[column];
    double least = kInfinity;
    size_t next = 0;
    for (size_t c = 1; c <= n_; ++c) {
      if (seen[c]) continue;
      const double reduced = -values_[row - 1][c - 1] - row_potential_[row] - column_potential_[c];
      if (reduced < distance[c]) {
        distance[c] = reduced;
        from[c] = column;
      }
      if (distance[c] < least) {
        least = distance[c];
        next = c;
      }
    }
    for (size_t c = 0; c <= n_; ++c) {
      if (seen[c]) {
        row_potential_[row_of_[c]] += least;
        column_potential_[c] -= least;
      } else {
        distance[c] -= least;
      }
    }
    return next;
  }

  const std::vector<std::vector<double>>& values_;
  size_t n_;
  std::vector<double> row_potential_, column_potential_;
  std::vector<size_t> row_of_;  // a column
};

// What row a loses by taking column b.
double Lost(const std::vector<std::vector<double>>& values, size_t a, size_t b) {
  return values[a][a] - values[a][b];
}

// Of the rings by which an assignment beats "each to its own", the one that gains most.
Rival WorstRing(const std::vector<std::vector<double>>& values, const std::vector<size_t>& best) {
  Rival worst;
  for (size_t first = 0; first < values.size(); ++first) {
    if (best[first] == first) continue;
    Rival ring;
    for (size_t row = first; ring.cycle.empty() || row != first; row = best[row]) {
      ring.cycle.push_back(row);
      ring.margin += Lost(values, row, best[row]);
    }
    if (worst.cycle.empty() || ring.margin < worst.margin) worst = std::move(ring);
  }
  return worst;
}

// Shortest walks between rows, by Floyd (1962) and Warshall; a ring is a walk there and one back. No ring
// gains anything.
class Walks {
 public:
  explicit Walks(const std::vector<std::vector<double>>& values)
      : n_(values.size()),
        lost_(n_, std::vector<double>(n_, kInfinity)),
        next_(n_, std::vector<size_t>(n_, 0)) {
    for (size_t a = 0; a < n_; ++a) {
      for (size_t b = 0; b < n_; ++b) {
        if (a != b) lost_[a][b] = Lost(values, a, b);
        next_[a][b] = b;
      }
    }
    for (size_t by = 0; by < n_; ++by) {
      for (size_t a = 0; a < n_; ++a) Shorten(a, by);
    }
  }

  Rival ShortestRing() const {
    std::pair<size_t, size_t> ends{0, 1};
    for (size_t a = 0; a < n_; ++a) {
      for (size_t b = a + 1; b < n_; ++b) {
        if (Ring(a, b) < Ring(ends.first, ends.second)) ends = {a, b};
      }
    }
    Rival rival{{}, Ring(ends.first, ends.second)};
    for (const auto& [from, to] : {ends, std::pair{ends.second, ends.first}}) {
      for (size_t row = from; row != to; row = next_[row][to]) rival.cycle.push_back(row);
    }
    return rival;
  }

 private:
  double Ring(size_t a, size_t b) const { return lost_[a][b] + lost_[b][a]; }
  void Shorten(size_t a, size_t by) {
    if (a == by) return;
    for (size_t b = 0; b < n_; ++b) {
      if (a == b || b == by || lost_[a][by] + lost_[by][b] >= lost_[a][b]) continue;
      lost_[a][b] = lost_[a][by] + lost_[by][b];
      next_[a][b] = next_[a][by];
    }
  }

  size_t n_;
  std::vector<std::vector<double>> lost_;
  std::vector<std::vector<size_t>> next_;
};

}  // namespace

std::vector<size_t> BestAssignment(const std::vector<std::vector<double>>& values) {
  for (const auto& row : values) HL_CHECK(row.size() == values.size());
  Augmenter augmenter(values);
  for (size_t row = 1; row <= values.size(); ++row) augmenter.Add(row);
  return augmenter.Columns();
}

Rival NearestRival(const std::vector<std::vector<double>>& values) {
  const size_t n = values.size();
  if (n < 2) return {};
  const std::vector<size_t> best = BestAssignment(values);
  for (size_t row = 0; row < n; ++row) {
    if (best[row] != row) return WorstRing(values, best);
  }
  Walks walks(values);
  return walks.ShortestRing();
}

}  // namespace handlens
