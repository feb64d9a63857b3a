// A Progress that asks to stop at the n-th question, from any thread. For tests only.
#pragma once

#include <atomic>

#include "base/quiet_progress.h"

namespace handlens {

class StopAfter final : public QuietProgress {
 public:
  explicit StopAfter(int questions) : left_(questions) {}
  bool StopRequested() const override { return left_-- <= 0; }

 private:
  mutable std::atomic<int> left_;
};

}  // namespace handlens
