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

}  // namespace
}  // namespace handlens
