// A packed classifier as a program for the Raspberry Pi and other Linux boxes: pictures, a camera, a page in
// the network, the self-check and the field test. What is said of answers goes to standard output, all else
// to standard error.
#include <chrono>
#include <cstdio>
#include <thread>

#include "base/stats.h"
#include "base/text.h"
#include "field_log.h"
#include "frames.h"
#include "options.h"
#include "package/field_words.h"
#include "page.h"
#include "record.h"
#include "self_check.h"

namespace handlens::device {
namespace {

void Print(std::FILE* to, const std::string& text) {
  std::fwrite(text.data(), 1, text.size(), to);
  std::fflush(to);  // whoever reads a pipe acts on each line
}

int Complain(const Facts* facts, const Error& error) {
  Print(stderr, fmt::format("{}: {}\n", facts == nullptr ? "handlens" : facts->program, error.message));
  return static_cast<int>(error.kind);
}

std::string LineOf(const Facts& facts, const Answer& answer, std::string_view where) {
  std::string possible;
  for (const size_t label : answer.possible)
    possible += (possible.empty() ? "\t" : " / ") + Visible(facts.labels[label]);
  return fmt::format("{}\t{:.4f}\t{}\t{}{}\n", WordOf(answer.say), answer.score(),
                     Visible(facts.labels[answer.label]), Visible(where), possible);
}

// Each picture, whatever became of those before it.
int Pictures(Engine& engine, const Options& options) {
  int status = 0;
  for (const std::string& path : options.pictures) {
    if (StopRequested()) return static_cast<int>(ErrorKind::kInterrupted);
    const auto decoded = image::DecodeFile(path);
    if (decoded) Print(stdout, LineOf(engine.facts(), engine.Classify(decoded->image), path));
    else status = Complain(&engine.facts(), decoded.error());
  }
  return status;
}

// Says an answer once it was the same for a few frames, and again only when it changed.
class Steady {
 public:
  explicit Steady(const Options& options) : options_(options) {}
  bool Counts(const Answer& answer) {
    const What now(answer.label, answer.say);
    in_a_row_ = now == last_ ? in_a_row_ + 1 : 1;
    last_ = now;
    if (options_.every_frame) return true;
    if (in_a_row_ < options_.hold || now == said_) return false;
    said_ = now;
    return true;
  }

 private:
  using What = std::pair<size_t, Say>;
  const Options& options_;
  What last_{SIZE_MAX, Say::kSure}, said_{SIZE_MAX, Say::kSure};
  int in_a_row_ = 0;
};

Result<void> Live(Engine& engine, const Options& options) {
  const Facts& facts = engine.facts();
  HL_ASSIGN(const Frames next,
            OpenFrames(options.camera.empty() ? "/dev/video0" : options.camera, options.repeat));
  std::optional<Page> page;
  if (options.serve) {
    HL_ASSIGN(page, Page::Start(facts, options.port,
                                options.loopback ? serve::Scope::kLoopback : serve::Scope::kLan));
    Print(stderr, page->words());
  }
  Steady steady(options);
  for (int64_t frame = 0; !StopRequested(); ++frame) {
    HL_ASSIGN(const std::optional<image::Image> picture, next());
    if (!picture) break;
    const Answer answer = engine.Classify(*picture);
    if (steady.Counts(answer)) Print(stdout, LineOf(facts, answer, fmt::format("{}", frame)));
    if (page) page->Show(facts, answer, engine.side(), frame);
  }
  return {};
}

Result<bool> Check(const Pack& pack, Engine& engine, const Options& options) {
  HL_ASSIGN(const SelfCheck check, RunSelfCheck(pack, engine));
  if (options.self_check) Print(stdout, Words(check));
  else if (!check.passed()) Print(stderr, Words(check));
  if (!options.record.empty()) {
    HL_TRY(WriteSelfCheck(options.record, engine.facts(), check));
    Print(stderr, fmt::format("{}: take it to the computer: handlens verify RUN --import {}\n",
                              options.record, options.record));
  }
  return check.passed();
}

Result<void> TakeShots(Engine& engine, const Options& options, FieldLog& log) {
  HL_ASSIGN(const Frames next,
            OpenFrames(options.camera.empty() ? "/dev/video0" : options.camera, options.repeat));
  for (int shot = 0; shot < options.shots && !StopRequested(); ++shot) {
    if (shot > 0) std::this_thread::sleep_for(std::chrono::seconds(options.pause_s));
    HL_ASSIGN(const std::optional<image::Image> picture, next());
    if (!picture) break;
    const Answer answer = engine.Classify(*picture);
    HL_TRY(log.Add(answer, engine.side(), *picture));
    Print(stdout, LineOf(engine.facts(), answer, fmt::format("shot {} of {}", shot + 1, options.shots)));
  }
  return {};
}

Result<void> FieldTest(Engine& engine, const Options& options) {
  const Facts& facts = engine.facts();
  HL_ASSIGN(FieldLog log, FieldLog::Open(options.field_test, facts, options.conditions));
  const auto shot = TakeShots(engine, options, log);
  HL_TRY(log.End());  // what was taken stays, whatever ended the series
  HL_TRY(shot);
  if (log.without_photograph() > 0) {
    Print(stderr,
          fmt::format("{} shots without their photographs: the file has room for {} and {} MB; begin "
                      "another\n",
                      log.without_photograph(), package::kMostPhotographs, FieldZip::kMostBytes / 1'000'000));
  }
  if (log.taken() == 0) return Fail(ErrorKind::kBadInput, "no picture came, so no shot was taken");
  const Interval interval = Wilson95(log.right(), log.taken());
  Print(stderr, fmt::format("{} of {} right, 95 % interval {:.1f} to {:.1f} %\n{}: take it to the computer: "
                            "handlens verify RUN --import {}\n",
                            log.right(), log.taken(), 100 * interval.low, 100 * interval.high,
                            options.field_test, options.field_test));
  return {};
}

std::string About(const Pack& pack, const Engine& engine) {
  const Facts& facts = engine.facts();
  std::string text = fmt::format(
      "{} {}\nmodel {}, SHA-256 {}, {} x {} pixels\nruns by plain C, {}\n\"not sure\" below "
      "{:.2f}\nlabels:\n",
      VisibleLines(facts.name), facts.version_name, facts.model_file, facts.model_sha256, engine.side(),
      engine.side(), engine.kernels(), facts.not_sure_below);
  for (const std::string& label : facts.labels) text += fmt::format("  {}\n", Visible(label));
  if (facts.refer_class)
    text += fmt::format("\"refer\", whatever is likeliest, from a score of {:.3f} for {} on: ask an expert\n",
                        facts.refer_from, Visible(facts.labels[*facts.refer_class]));
  if (!facts.notice.empty()) text += VisibleLines(facts.notice) + "\n";
  return text + "\n" + VisibleLines(pack.Text("modelcard.md"));
}

bool IsLive(const Options& options) { return options.serve || !options.camera.empty(); }

bool AsksForNothing(const Options& options) {
  return options.pictures.empty() && !IsLive(options) && !options.self_check && options.field_test.empty() &&
         !options.about;
}

// All that was asked for, in turn.
int Do(const Pack& pack, Engine& engine, const Options& options) {
  if (options.about) Print(stdout, About(pack, engine));
  if (options.self_check || !options.field_test.empty()) {
    const auto passed = Check(pack, engine, options);
    if (!passed) return Complain(&engine.facts(), passed.error());
    if (!*passed) return static_cast<int>(ErrorKind::kGate);
  }
  const int status = Pictures(engine, options);
  const auto done = !options.field_test.empty() ? FieldTest(engine, options)
                    : IsLive(options)           ? Live(engine, options)
                                                : Result<void>();
  return done ? status : Complain(&engine.facts(), done.error());
}

int Main(int argc, const char* const* argv) {
  StopOnSignals();
  const auto options = ReadOptions(argc, argv);
  if (!options) return Complain(nullptr, options.error());
  const auto pack = Pack::Read("/proc/self/exe");
  if (!pack) return Complain(nullptr, pack.error());
  const auto engine = Engine::Create(*pack);
  if (!engine) return Complain(nullptr, engine.error());
  const bool lost = AsksForNothing(*options) && !options->help;
  if (options->help || lost) Print(lost ? stderr : stdout, HelpText((*engine)->facts().program));
  if (options->help || lost) return lost ? static_cast<int>(ErrorKind::kUsage) : 0;
  return Do(*pack, **engine, *options);
}

}  // namespace
}  // namespace handlens::device

int main(int argc, char** argv) { return handlens::device::Main(argc, argv); }
