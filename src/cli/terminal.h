// The terminal: progress lines, warnings and errors on stderr, results on stdout, Ctrl-C. The only place of
// handlens that knows of terminals, the clock for display, and signals. Whatever is printed goes through
// base/text.h's Visible: names and words of strangers can move no cursor and turn no writing around.
#pragma once

#include <chrono>
#include <mutex>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/json.h"
#include "base/progress.h"
#include "pipeline/wanted.h"

namespace handlens::cli {

struct TerminalStyle {
  bool live = false;    // stderr is a terminal: one line, rewritten in place
  bool colour = false;  // NO_COLOR is unset and the terminal is not dumb
  bool quiet = false;
  bool verbose = false;
  bool json = false;     // stdout holds one JSON document, errors are JSON on stderr
  bool may_ask = false;  // stdin and stderr are terminals, and no --no-input
};

// From the environment and the flags.
TerminalStyle DetectStyle();
// The same with the flags of a call.
TerminalStyle StyleOf(const pipeline::Wanted& wanted);

// SIGINT, SIGTERM and SIGUSR1 ask the work to stop; SIGINT after one of them ends the process at once with
// 130. Writes to a closed pipe become errors instead of a silent death.
void InstallSignalHandlers();
// Whether the system asked, and not the user: SIGTERM (Slurm, Kubernetes, a shutdown) or SIGUSR1 (Slurm's
// warning before its limit).
bool StoppedBySystem();

// Progress for people. Thread-safe.
class Terminal final : public Progress {
 public:
  explicit Terminal(TerminalStyle style) : style_(style) {}

  void Begin(std::string_view step, double total, std::string_view unit) override;
  void Update(double done, std::string_view note) override;
  void ExpectLeft(double left_s) override;
  void End(std::string_view summary) override;
  void Say(std::string_view line) override;
  void Warn(std::string_view line) override;
  bool StopRequested() const override;

  void Detail(std::string_view line) override;  // like Say, with --verbose only
  bool Confirm(std::string_view question) override;
  void PrintError(const Error& error);
  // The result: `json` with --json, else `text` as it is.
  void PrintResult(std::string_view text, const Json& json);

  const TerminalStyle& style() const { return style_; }
  // The manner of handlens.toml, once it is read. Not while a step is shown.
  void SetStyle(TerminalStyle style) { style_ = style; }

 private:
  using Clock = std::chrono::steady_clock;
  std::string_view UnitOf(double n) const;
  std::pair<std::string, std::string> Pace(Clock::time_point now) const;
  std::string StatusText(Clock::time_point now,
                         int columns) const;  // what counts less is left out where it does not fit
  void Draw(bool force);
  void Line(std::string_view text);  // a whole line on stderr, below which the live line is drawn anew
  void ClearLive();
  std::string Paint(std::string_view text, std::string_view code) const;

  TerminalStyle style_;
  std::mutex mutex_;
  std::string step_, unit_, note_;
  double total_ = 0, done_ = 0, first_done_ = -1;
  double left_s_ = -1;  // as told at left_at_; negative: judged by done_ and total_
  Clock::time_point begun_, first_at_, drawn_, left_at_;
  bool active_ = false, live_shown_ = false;
};

}  // namespace handlens::cli
