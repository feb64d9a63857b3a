// The time budget of one call: it counts from the call's beginning, and at its end it asks the work to stop.
// The one place of this room that looks at a clock for it.
#pragma once

#include <chrono>

#include "base/progress.h"

namespace handlens::pipeline {

// Passes everything on to another Progress, and asks to stop when the budget is over, too. Thread-safe.
class Budget final : public Progress {
 public:
  explicit Budget(Progress& outer) : outer_(outer), begun_(Clock::now()) {}

  // Seconds of the whole call; 0 = no end. kGoOn: shares are counted by it, but nothing is stopped at its
  // end.
  enum class AtEnd { kStop, kGoOn };
  void Set(double budget_s, AtEnd at_end);
  // What is left of it, never below zero; infinite without a budget.
  double LeftSeconds() const;
  // Whether the budget has asked to stop.
  bool IsOver() const;
  double seconds() const { return budget_s_; }

  void Begin(std::string_view step, double total, std::string_view unit) override {
    outer_.Begin(step, total, unit);
  }
  void Update(double done, std::string_view note) override { outer_.Update(done, note); }
  void ExpectLeft(double left_s) override { outer_.ExpectLeft(left_s); }
  void End(std::string_view summary) override { outer_.End(summary); }
  void Say(std::string_view line) override { outer_.Say(line); }
  void Warn(std::string_view line) override { outer_.Warn(line); }
  void Detail(std::string_view line) override { outer_.Detail(line); }
  bool Confirm(std::string_view question) override { return outer_.Confirm(question); }
  bool StopRequested() const override { return outer_.StopRequested() || IsOver(); }

 private:
  using Clock = std::chrono::steady_clock;
  double UsedSeconds() const { return std::chrono::duration<double>(Clock::now() - begun_).count(); }

  Progress& outer_;
  Clock::time_point begun_;
  double budget_s_ = 0;
  bool hard_ = false;
};

}  // namespace handlens::pipeline
