// Which output belongs to which label: the best one-to-one assignment of a square table of values, and how
// far the assignment "each to its own" is ahead of its nearest rival. Pure; doubles; thread-safe.
#pragma once

#include <cstddef>
#include <span>
#include <vector>

namespace handlens {

// values[row][column], square and finite. Returns the column of each row so that every column is used once
// and the sum of the values is as large as can be. Of equal sums, one that leaves as many rows as possible
// with their own number is not promised: use NearestRival to see ties. O(n^3) (Kuhn 1955 and Munkres 1957,
// with potentials).
std::vector<size_t> BestAssignment(const std::vector<std::vector<double>>& values);

// Another assignment than "each to its own" that comes nearest to it: the rows that would change places, in a
// ring (row cycle[0] takes the column cycle[1], ..., the last takes cycle[0]).
struct Rival {
  std::vector<size_t> cycle;  // at least two rows; empty for a table of one row
  double margin = 0;  // what "each to its own" is ahead of it; not above 0: it is not the best, or not alone
};

// The ring with the smallest margin, the first of equals. Every other assignment is rings beside each other,
// so when this margin is above 0, "each to its own" is the best assignment and no other is as good. O(n^3).
Rival NearestRival(const std::vector<std::vector<double>>& values);

}  // namespace handlens
