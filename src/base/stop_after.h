// A Progress that asks to stop at the n-th question, from any thread. For tests only.
#pragma once

#include <atomic>

#include "base/progress.h"

namespace handlens {

class StopAfter final : public Progress {
 public:
  explicit StopAfter(int questions) : left_(questions) {}
  void Begin(std::string_view, double, std::string_view) override {}
  void Update(double, std::string_view) override {}
  void End(std::string_view) override {}
  void Say(std::string_view) override {}
  void Warn(std::string_view) override {}
  bool StopRequested() const override { return left_-- <= 0; }

 private:
  mutable std::atomic<int> left_;
};

}  // namespace handlens
