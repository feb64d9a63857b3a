// Claims about assignments, against trying out every order of small tables.
#include "base/assignment.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <numeric>

#include "base/rng.h"

namespace handlens {
namespace {

using Table = std::vector<std::vector<double>>;

Table RandomTable(size_t n, Rng& rng, float own) {
  Table values(n, std::vector<double>(n));
  for (size_t a = 0; a < n; ++a) {
    for (size_t b = 0; b < n; ++b)
      values[a][b] = static_cast<double>(rng.Uniform()) + (a == b ? static_cast<double>(own) : 0);
  }
  return values;
}

double Sum(const Table& values, const std::vector<size_t>& columns) {
  double sum = 0;
  for (size_t a = 0; a < values.size(); ++a) sum += values[a][columns[a]];
  return sum;
}

// The largest sum over all orders; without "each to its own" when it is left out.
double BestByTrying(const Table& values, const std::vector<size_t>& left_out) {
  std::vector<size_t> order(values.size());
  std::iota(order.begin(), order.end(), size_t{0});
  double best = -1e9;
  do {
    if (order != left_out) best = std::max(best, Sum(values, order));
  } while (std::next_permutation(order.begin(), order.end()));
  return best;
}

TEST(Assignment, IsTheBestOfAllOrders) {
  Rng rng(1, "assignment");
  for (int trial = 0; trial < 200; ++trial) {
    const Table values = RandomTable(1 + static_cast<size_t>(trial) % 6, rng, 0);
    EXPECT_NEAR(Sum(values, BestAssignment(values)), BestByTrying(values, {}), 1e-12);
  }
}

TEST(Assignment, TheNearestRivalIsTheBestOfAllOtherOrders) {
  Rng rng(2, "assignment");
  int ahead = 0, rings = 0;
  for (int trial = 0; trial < 400; ++trial) {
    const size_t n = 2 + static_cast<size_t>(trial) % 5;
    const Table values = RandomTable(n, rng, rng.Uniform(0.0f, 1.0f));
    std::vector<size_t> own(n);
    std::iota(own.begin(), own.end(), size_t{0});
    const double margin = Sum(values, own) - BestByTrying(values, own);
    const Rival rival = NearestRival(values);
    EXPECT_EQ(rival.margin > 0, margin > 0);
    ASSERT_GE(rival.cycle.size(), 2u);
    double lost = 0;
    for (size_t i = 0; i < rival.cycle.size(); ++i) {
      const size_t row = rival.cycle[i];
      lost += values[row][row] - values[row][rival.cycle[(i + 1) % rival.cycle.size()]];
    }
    EXPECT_NEAR(rival.margin, lost, 1e-12);
    if (margin <= 0) continue;
    EXPECT_NEAR(rival.margin, margin, 1e-12);
    ++ahead;
    if (rival.cycle.size() > 2) ++rings;
  }
  EXPECT_GT(ahead, 50);
  EXPECT_GT(rings, 5);
}

TEST(Assignment, ATieIsNotAhead) {
  EXPECT_DOUBLE_EQ(NearestRival({{1, 1}, {1, 1}}).margin, 0);
  EXPECT_TRUE(NearestRival({{1}}).cycle.empty());
}

TEST(Assignment, NamesTheRingThatChangedPlaces) {
  // Row 0 is at column 2, 2 at 3, 3 at 0; row 1 is at home.
  const Table values = {{0, 0, 9, 0}, {0, 9, 0, 0}, {0, 0, 0, 9}, {9, 0, 0, 0}};
  const Rival rival = NearestRival(values);
  EXPECT_EQ(rival.cycle, (std::vector<size_t>{0, 2, 3}));
  EXPECT_DOUBLE_EQ(rival.margin, -27);
}

}  // namespace
}  // namespace handlens
