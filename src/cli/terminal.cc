#include "cli/terminal.h"

#include <sys/ioctl.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <cmath>
#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <iostream>
#include <limits>

#include "base/text.h"

namespace handlens::cli {
namespace {

// A signal handler has nothing but globals to leave its message in: the one mutable global of the program.
// Who asked to stop.
constexpr int kUser = 1, kSystem = 2;
std::atomic<int> stop_asked{0};
static_assert(std::atomic<int>::is_always_lock_free);

// A user who asks again wants no more waiting. Systems ask more than once (mpirun and srun pass a signal on
// to processes that had it already), and mean the same.
extern "C" void OnStopSignal(int signal) {
  const int before = stop_asked.fetch_or(signal == SIGINT ? kUser : kSystem);
  if (signal == SIGINT && before != 0) ::_exit(130);
}

constexpr std::string_view kBold = "1", kRed = "31;1", kYellow = "33";
// Between plain lines of progress when nobody watches: rare enough for a log.
constexpr double kPlainInterval_s = 10;
constexpr double kLiveInterval_s = 0.1;

int Columns() {
  winsize size{};
  return ::ioctl(STDERR_FILENO, TIOCGWINSZ, &size) == 0 && size.ws_col > 20 ? size.ws_col : 80;
}

// Cuts to whole UTF-8 characters of at most `columns`.
std::string Fit(const std::string& text, int columns) {
  int used = 0;
  for (size_t i = 0; i < text.size(); ++i) {
    if ((static_cast<unsigned char>(text[i]) & 0xC0) == 0x80) continue;
    if (used++ == columns) return text.substr(0, i);
  }
  return text;
}

// Columns that a text takes, a letter each.
size_t Width(std::string_view text) {
  return static_cast<size_t>(std::count_if(
      text.begin(), text.end(), [](char c) { return (static_cast<unsigned char>(c) & 0xC0) != 0x80; }));
}

double Seconds(std::chrono::steady_clock::duration d) { return std::chrono::duration<double>(d).count(); }

}  // namespace

TerminalStyle DetectStyle() {
  TerminalStyle style;
  const char* no_colour = std::getenv("NO_COLOR");
  const char* term = std::getenv("TERM");
  const bool dumb = term == nullptr || std::string_view(term) == "dumb";
  style.live = ::isatty(STDERR_FILENO) == 1 && !dumb;
  style.colour = style.live && (no_colour == nullptr || *no_colour == '\0');
  style.may_ask = ::isatty(STDIN_FILENO) == 1 && ::isatty(STDERR_FILENO) == 1;
  return style;
}

TerminalStyle StyleOf(const pipeline::Wanted& wanted) {
  TerminalStyle style = DetectStyle();
  style.json = wanted.manner.json;
  style.quiet = wanted.manner.quiet;
  style.verbose = wanted.manner.verbose && !style.quiet;
  style.may_ask = style.may_ask && !wanted.manner.no_input && !style.json;
  return style;
}

void InstallSignalHandlers() {
  struct sigaction action {};
  action.sa_handler = OnStopSignal;
  ::sigaction(SIGINT, &action, nullptr);
  ::sigaction(SIGTERM, &action, nullptr);
  ::sigaction(SIGUSR1, &action, nullptr);
  action.sa_handler = SIG_IGN;
  ::sigaction(SIGPIPE, &action, nullptr);
  // A file-size limit must come back as an error of write(), like a full disk, not kill the process.
  ::sigaction(SIGXFSZ, &action, nullptr);
}

bool StoppedBySystem() { return stop_asked.load() == kSystem; }

bool Terminal::StopRequested() const { return stop_asked.load() != 0; }

std::string Terminal::Paint(std::string_view text, std::string_view code) const {
  return style_.colour ? fmt::format("\033[{}m{}\033[0m", code, text) : std::string(text);
}

void Terminal::ClearLive() {
  if (live_shown_) std::fputs("\r\033[K", stderr);
  live_shown_ = false;
}

void Terminal::Line(std::string_view text) {
  ClearLive();
  std::fwrite(text.data(), 1, text.size(), stderr);
  std::fputc('\n', stderr);
  std::fflush(stderr);
}

void Terminal::Begin(std::string_view step, double total, std::string_view unit) {
  const std::scoped_lock lock(mutex_);
  step_ = step;
  unit_ = unit;
  note_.clear();
  total_ = total;
  done_ = 0;
  first_done_ = left_s_ = -1;
  begun_ = drawn_ = Clock::now();
  active_ = true;
  if (!style_.live && !style_.quiet) {
    Line(total > 0 ? fmt::format("{}: {:.0f} {}", step_, total, UnitOf(total))
                   : fmt::format("{} ...", step_));
  } else {
    Draw(true);
  }
}

void Terminal::Update(double done, std::string_view note) {
  const std::scoped_lock lock(mutex_);
  if (!active_) return;
  done_ = std::max(done_, done);
  if (!note.empty()) note_ = Visible(note);
  // The rate counts from the first report on: what a resumed step found finished took no time now.
  if (first_done_ < 0) {
    first_done_ = done_;
    first_at_ = Clock::now();
  }
  Draw(false);
}

void Terminal::ExpectLeft(double left_s) {
  const std::scoped_lock lock(mutex_);
  left_s_ = left_s;
  left_at_ = Clock::now();
}

// "pictures", of one "picture".
std::string_view Terminal::UnitOf(double n) const {
  std::string_view unit = unit_;
  if (fmt::format("{:.0f}", n) == "1" && unit.ends_with('s')) unit.remove_suffix(1);
  return unit;
}

// Rate and time left: "  2.1 trials/min", "  ETA 3 min"; empty while they are not known.
std::pair<std::string, std::string> Terminal::Pace(Clock::time_point now) const {
  std::string rate_text, left;
  const double seconds = Seconds(now - (first_done_ > 0 ? first_at_ : begun_));
  const double fresh = done_ - std::max(0.0, first_done_ > 0 ? first_done_ : 0.0);
  if (fresh > 0 && seconds > 0.5) {
    const double rate = fresh / seconds;
    rate_text = rate >= 1 ? fmt::format("  {:.1f} {}/s", rate, unit_)
                          : fmt::format("  {:.1f} {}/min", rate * 60, unit_);
    if (left_s_ < 0 && total_ > done_) left = "  ETA " + Duration((total_ - done_) / rate);
  }
  if (left_s_ >= 0 && (total_ <= 0 || total_ > done_))
    left = "  ETA " + Duration(std::max(1.0, left_s_ - Seconds(now - left_at_)));
  return {rate_text, left};
}

// Step, share done, rate, time left and the note: "search  3/10 trials (30 %)  2.1 trials/min  ETA 3 min
// best 93.1 % (validation): nano24, 64 px, mild". In a narrow window the rate goes first, then the share,
// then what the note says behind its colon, so that the count, the time left and the score stay.
std::string Terminal::StatusText(Clock::time_point now, int columns) const {
  std::string count, share;
  if (total_ > 0) {
    count = fmt::format("  {:.0f}/{:.0f} {}", std::floor(done_), total_, UnitOf(total_));
    share = fmt::format(" ({:.0f} %)", 100 * std::min(1.0, done_ / total_));
  } else if (done_ > 0) {
    count = fmt::format("  {:.0f} {}", done_, UnitOf(done_));
  }
  auto [rate, left] = Pace(now);
  const size_t colon = std::min(note_.find(": "), note_.size());
  const std::string note = note_.empty() ? "" : "  " + note_.substr(0, colon);
  std::string detail = note_.substr(colon);
  for (std::string* part : {&rate, &share, &detail, &count, &left}) {
    if (Width(step_ + count + share + rate + left + note + detail) > static_cast<size_t>(columns))
      part->clear();
  }
  return step_ + count + share + rate + left + note + detail;
}

void Terminal::Draw(bool force) {
  if (style_.quiet || !active_) return;
  const auto now = Clock::now();
  if (!force && Seconds(now - drawn_) < (style_.live ? kLiveInterval_s : kPlainInterval_s)) return;
  drawn_ = now;
  if (!style_.live) return Line(StatusText(now, std::numeric_limits<int>::max()));
  ClearLive();
  const int columns = Columns() - 1;
  const std::string text = Fit(StatusText(now, columns), columns);
  const size_t head = std::min(step_.size(), text.size());
  std::fputs((Paint(text.substr(0, head), kBold) + text.substr(head)).c_str(), stderr);
  std::fflush(stderr);
  live_shown_ = true;
}

void Terminal::End(std::string_view summary) {
  const std::scoped_lock lock(mutex_);
  if (!active_) return;
  active_ = false;
  if (style_.quiet) return;
  const double seconds = Seconds(Clock::now() - begun_);
  Line(fmt::format("{}: {} ({})", Paint(step_, kBold), summary.empty() ? "done" : Visible(summary),
                   Duration(seconds)));
}

void Terminal::Say(std::string_view line) {
  const std::scoped_lock lock(mutex_);
  if (style_.quiet) return;
  Line(VisibleLines(line));
  Draw(style_.live);
}

void Terminal::Detail(std::string_view line) {
  if (style_.verbose) Say(line);
}

void Terminal::Warn(std::string_view line) {
  const std::scoped_lock lock(mutex_);
  Line(Paint("warning:", kYellow) + " " + Visible(line));
  Draw(style_.live);
}

void Terminal::PrintError(const Error& error) {
  const std::scoped_lock lock(mutex_);
  active_ = false;
  if (style_.json) {
    const Json json = {{"error", {{"exit", static_cast<int>(error.kind)}, {"message", error.message}}}};
    return Line(VisibleJson(json.dump(-1, ' ', false, Json::error_handler_t::replace)));
  }
  const bool stopped = error.kind == ErrorKind::kInterrupted || error.kind == ErrorKind::kSaved;
  Line(Paint(stopped ? "handlens:" : "handlens: error:", stopped ? kBold : kRed) + " " +
       VisibleLines(error.message));
}

void Terminal::PrintResult(std::string_view text, const Json& json) {
  const std::scoped_lock lock(mutex_);
  ClearLive();
  if (style_.json) {
    std::cout << VisibleJson(json.dump(2, ' ', false, Json::error_handler_t::replace)) << "\n";
  } else {
    std::cout << VisibleLines(text);
  }
}

bool Terminal::Confirm(std::string_view question) {
  const std::scoped_lock lock(mutex_);
  if (!style_.may_ask) return false;
  ClearLive();
  std::fputs(fmt::format("{} [y/N] ", Visible(question)).c_str(), stderr);
  std::fflush(stderr);
  std::string line;
  std::getline(std::cin, line);
  return line == "y" || line == "Y" || line == "yes";
}

}  // namespace handlens::cli
