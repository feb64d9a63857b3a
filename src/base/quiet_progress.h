// A Progress that says nothing and never stops; whoever only asks to stop overrides StopRequested.
#pragma once

#include "base/progress.h"

namespace handlens {

class QuietProgress : public Progress {
 public:
  void Begin(std::string_view, double, std::string_view) override {}
  void Update(double, std::string_view) override {}
  void End(std::string_view) override {}
  void Say(std::string_view) override {}
  void Warn(std::string_view) override {}
  bool StopRequested() const override { return false; }
};

}  // namespace handlens
