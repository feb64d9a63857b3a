// Parallel loops over independent items. What an item computes may not depend on which thread runs it or
// when.
#pragma once

#include <atomic>
#include <cstddef>
#include <functional>

namespace handlens {

// Calls work(i) for every i in [0, count) from `jobs` threads (at least 1), in rising order of start. Returns
// when all are done. `work` must not throw.
void ParallelFor(size_t count, int jobs, const std::function<void(size_t)>& work);

// Threads that a job may use and at the moment does not: workers that find nothing left to do give theirs,
// and one that is still busy may borrow it as a helper. Thread-safe.
class SpareThreads {
 public:
  explicit SpareThreads(int count = 0) : count_(count) {}
  void Give() { ++count_; }
  bool Take() {
    int count = count_;
    while (count > 0 && !count_.compare_exchange_weak(count, count - 1)) {}
    return count > 0;
  }

 private:
  std::atomic<int> count_;
};

// One of them for as long as this lives, or none: there was none to spare, or `spare` is null.
class BorrowedThread {
 public:
  explicit BorrowedThread(SpareThreads* spare) : from_(spare && spare->Take() ? spare : nullptr) {}
  ~BorrowedThread() {
    if (from_) from_->Give();
  }
  BorrowedThread(const BorrowedThread&) = delete;
  BorrowedThread& operator=(const BorrowedThread&) = delete;
  explicit operator bool() const { return from_ != nullptr; }

 private:
  SpareThreads* from_;
};

}  // namespace handlens
