#include "base/assignment.h"

#include <algorithm>
#include <limits>
#include <utility>

#include "base/result.h"

namespace handlens {
namespace {

constexpr double kInfinity = std::numeric_limits<double>::infinity();

// The shortest augmenting path from a free row through the table of costs, by Dijkstra over columns with potentials.
class Augmenter {
 public:
  explicit Augmenter(const std::vector<std::vector<double>>& values)
      : values_(values), n_(values.size()), row_potential_(n_ + 1, 0), column_potential_(n_ + 1, 0), row_of_(n_ + 1, 0) {}

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
  size_t Step(size_t column, std::vector<double>& distance, std::vector<size_t>& from, std::vector<bool>& seen) {
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
  // lost[a][b]: what row a loses by taking column b. Shortest walks by Floyd (1962) and Warshall; a ring is a walk back.
  std::vector<std::vector<double>> lost(n, std::vector<double>(n, kInfinity));
  std::vector<std::vector<size_t>> next(n, std::vector<size_t>(n, 0));
  for (size_t a = 0; a < n; ++a) {
    HL_CHECK(values[a].size() == n);
    for (size_t b = 0; b < n; ++b) {
      if (a != b) lost[a][b] = values[a][a] - values[a][b];
      next[a][b] = b;
    }
  }
  const std::vector<size_t> best = BestAssignment(values);
  Rival rival;
  for (size_t first = 0; first < n; ++first) {
    if (best[first] == first) continue;  // "each to its own" is beaten: say by which ring
    Rival ring;
    for (size_t row = first; ring.cycle.empty() || row != first; row = best[row]) {
      ring.cycle.push_back(row);
      ring.margin += lost[row][best[row]];
    }
    if (rival.cycle.empty() || ring.margin < rival.margin) rival = std::move(ring);
  }
  if (!rival.cycle.empty()) return rival;
  for (size_t k = 0; k < n; ++k) {
    for (size_t a = 0; a < n; ++a) {
      for (size_t b = 0; b < n; ++b) {
        if (a == b || a == k || b == k || lost[a][k] + lost[k][b] >= lost[a][b]) continue;
        lost[a][b] = lost[a][k] + lost[k][b];
        next[a][b] = next[a][k];
      }
    }
  }
  std::pair<size_t, size_t> ends{0, 1};
  for (size_t a = 0; a < n; ++a) {
    for (size_t b = a + 1; b < n; ++b) {
      if (lost[a][b] + lost[b][a] < lost[ends.first][ends.second] + lost[ends.second][ends.first]) ends = {a, b};
    }
  }
  rival.margin = lost[ends.first][ends.second] + lost[ends.second][ends.first];
  for (const auto& [from, to] : {ends, std::pair{ends.second, ends.first}}) {
    for (size_t row = from; row != to; row = next[row][to]) rival.cycle.push_back(row);
  }
  return rival;
}

}  // namespace handlens
