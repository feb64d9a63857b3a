#include "base/parallel.h"

#include <algorithm>
#include <atomic>
#include <thread>
#include <vector>

namespace handlens {

void ParallelFor(size_t count, int jobs, const std::function<void(size_t)>& work) {
  std::atomic<size_t> next{0};
  const auto loop = [&] {
    for (size_t i = next++; i < count; i = next++) work(i);
  };
  std::vector<std::jthread> threads;
  const size_t helpers = std::min(count, static_cast<size_t>(std::max(jobs, 1))) - (count > 0 ? 1 : 0);
  for (size_t i = 0; i < helpers; ++i) threads.emplace_back(loop);
  loop();
}

}  // namespace handlens
