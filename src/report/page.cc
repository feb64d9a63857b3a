// The page as a whole: its title, and its sections in order. The results stand open; how they came about is a
// line until opened.
#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cctype>

#include "base/shell_word.h"
#include "base/text.h"
#include "dataset/moved.h"
#include "report/sections/sections.h"

namespace handlens::report {
namespace {

// "2026-11-27T14:00:00Z" -> "27 November 2026"; empty for anything else.
std::string DateText(const std::string& at) {
  constexpr std::array<std::string_view, 12> kMonths = {"January",   "February", "March",    "April",
                                                        "May",       "June",     "July",     "August",
                                                        "September", "October",  "November", "December"};
  const bool date =
      at.size() >= 10 && at[4] == '-' && at[7] == '-' && std::isdigit(at[8]) != 0 && std::isdigit(at[9]) != 0;
  const int month = date ? 10 * (at[5] - '0') + at[6] - '0' : 0;
  if (month < 1 || month > 12) return "";
  const int day = 10 * (at[8] - '0') + at[9] - '0';
  return fmt::format("{} {} {}", day, kMonths[static_cast<size_t>(month - 1)], at.substr(0, 4));
}

// When the last step ran; ISO 8601 texts sort by time.
std::string LastDate(const Json& timings) {
  std::string last;
  for (const Json& step : At(timings, "steps")) last = std::max(last, TextAt(step, "at"));
  return DateText(last);
}

// "Hand signs", else what the folder of pictures is called.
std::string TitleOf(const Records& records) {
  std::string name = TextAt(At(records.description, "model"), "name");
  if (name.empty()) name = dataset::NameOf(records.dataset);
  return name.empty() ? "Pictures" : name;
}

// Model, picture size, and what a phone holds of it.
std::string SubtitleOf(const Records& records) {
  std::string text = fmt::format("{} in {}", Plural(records.dataset.pictures.size(), "picture", "pictures"),
                                 Plural(records.dataset.labels.size(), "class", "classes"));
  if (const search::CellResult* cell = FinalCell(records)) {
    text += fmt::format(" · model {}, {} × {} pixels", cell->candidate.model, cell->candidate.size_px,
                        cell->candidate.size_px);
  }
  for (const char* file : {"quantizedmodel.tflite", "model.tflite"}) {
    std::error_code error;
    const auto bytes = std::filesystem::file_size(records.run / "model" / file, error);
    if (error) continue;
    return text + fmt::format(" · {} on the phone", ByteCount(static_cast<double>(bytes)));
  }
  return text;
}

using Make = Section (*)(const Records&);
constexpr Make kResults[] = {VerdictSection, RoutesSection, ErrorsSection, MistakesSection};
constexpr Make kBehind[] = {AnsweringSection, PhonesSection,  DataSection,     ReviewSection,
                            FoldsSection,     SearchSection,  LearningSection, ModelSection,
                            ReduceSection,    ConvertSection, WaysSection,     TimeSection,
                            ReproduceSection, NotDoneSection};

// Sections whose steps were not run: one table in the last section, in place of as many empty ones.
class NotRun {
 public:
  explicit NotRun(const Records& records) : run_(" " + ShellWord(records.run_name)) {}

  // Whether the page has to do without the section.
  bool Take(const Section& section) {
    if (section.made_by.empty()) return section.blocks.empty();  // no review
    std::string command = "handlens " + section.made_by;
    const std::string_view run = " RUN";
    if (command.ends_with(run)) command.replace(command.size() - run.size(), run.size(), run_);
    table_.rows.push_back({Text(section.title), Text(std::move(command))});
    return true;
  }

  void AddTo(Section& section) const {
    if (!table_.rows.empty()) section.blocks.emplace_back(table_);
  }

 private:
  std::string run_;
  Table table_{.id = "not-run",
               .caption = "Not run yet: sections that this page will have, and the command that makes each",
               .columns = {{"Section"}, {"Command"}}};
};

}  // namespace

Document MakeDocument(const Records& records) {
  Document document{.title = TitleOf(records),
                    .subtitle = SubtitleOf(records),
                    .date = LastDate(records.timings),
                    .tone = Tone::kPlain,
                    .sections = {}};
  NotRun missing(records);
  for (const Make make : kResults) {
    Section section = make(records);
    if (!missing.Take(section)) document.sections.push_back(std::move(section));
  }
  for (const Make make : kBehind) {
    Section section = make(records);
    if (missing.Take(section)) continue;
    // Before anything is trained these are what there is to read.
    const bool first = !records.search && (section.id == "data" || section.id == "review");
    section.fold = first ? Fold::kOpen : Fold::kClosed;
    document.sections.push_back(std::move(section));
  }
  missing.AddTo(document.sections.back());  // what was not done
  return document;
}

}  // namespace handlens::report
