// Parallel loops over independent items. What an item computes may not depend on which thread runs it or when.
#pragma once

#include <cstddef>
#include <functional>

namespace handlens {

// Calls work(i) for every i in [0, count) from `jobs` threads (at least 1), in rising order of start. Returns when
// all are done. `work` must not throw.
void ParallelFor(size_t count, int jobs, const std::function<void(size_t)>& work);

}  // namespace handlens
