// Progress: what long work tells whoever waits, and asks whether to go on. Rooms below `cli` report here and
// never touch the terminal, a clock for display, or signals themselves.
#pragma once

#include <string_view>

#include "base/result.h"

namespace handlens {

// Implementations are thread-safe.
class Progress {
 public:
  virtual ~Progress() = default;
  // A step begins: `total` units of work (0 = unknown), named for people ("search", "trials").
  virtual void Begin(std::string_view step, double total, std::string_view unit) = 0;
  // `done` units are finished; `note` is the best score so far or the like, with its interval.
  virtual void Update(double done, std::string_view note) = 0;
  // Seconds until this step ends, where the work knows better than `done` of `total` (units of unlike cost).
  // Counted down until the next call; most listeners need not care.
  virtual void ExpectLeft(double /*left_s*/) {}
  virtual void End(std::string_view summary) = 0;
  // A line that the user should read: a warning or a fact. Kept in order.
  virtual void Say(std::string_view line) = 0;
  virtual void Warn(std::string_view line) = 0;
  // A line for those who want to know why: which step is skipped, and for what reason. Most listeners need
  // not care.
  virtual void Detail(std::string_view /*line*/) {}
  // Asks a yes-or-no question; false where nobody can be asked.
  virtual bool Confirm(std::string_view /*question*/) { return false; }
  // True when the user or the time budget asks to stop; long loops ask at least once a second.
  virtual bool StopRequested() const = 0;
};

// A Progress that is silent and never stops, for tests and library use.
Progress& SilentProgress();

// The error of work that was stopped on request. Kind kInterrupted.
inline tl::unexpected<Error> Interrupted() {
  return Fail(ErrorKind::kInterrupted, "stopped; run the same command again to continue where it stopped");
}

}  // namespace handlens
