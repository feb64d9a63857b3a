#include "base/parallel.h"

#include <gtest/gtest.h>

#include <atomic>
#include <vector>

namespace handlens {
namespace {

TEST(ParallelFor, DoesEveryItemOnceWhateverTheThreads) {
  for (const int jobs : {-1, 1, 2, 7, 100}) {
    std::vector<std::atomic<int>> done(37);
    ParallelFor(done.size(), jobs, [&](size_t i) { ++done[i]; });
    for (const auto& count : done) EXPECT_EQ(count, 1);
  }
}

TEST(ParallelFor, NothingToDoIsDone) {
  ParallelFor(0, 4, [](size_t) { FAIL(); });
}

TEST(SpareThreads, NoMoreAreTakenThanGiven) {
  SpareThreads spare(2);
  std::atomic<int> out{0}, most{0};
  ParallelFor(8, 8, [&](size_t) {
    for (int i = 0; i < 1000; ++i) {
      const BorrowedThread mine(&spare);
      if (!mine) continue;
      const int now = ++out;
      for (int seen = most; now > seen && !most.compare_exchange_weak(seen, now);) {}
      --out;
    }
  });
  EXPECT_GE(most, 1);
  EXPECT_LE(most, 2);
  EXPECT_TRUE(spare.Take());
  EXPECT_TRUE(spare.Take());
  EXPECT_FALSE(spare.Take());
  EXPECT_FALSE(BorrowedThread(nullptr));
}

}  // namespace
}  // namespace handlens
