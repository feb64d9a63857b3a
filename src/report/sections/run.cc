// The run itself: how long each step took, beside the paper's, and how to make all of it again.
#include <fmt/format.h>

#include <algorithm>
#include <optional>
#include <vector>

#include "report/paper.h"
#include "report/sections/sections.h"

namespace handlens::report {
namespace {

constexpr double kSecondsADay = 86400;

struct Step {
  std::string name;
  double seconds = 0;
};

std::vector<Step> Steps(const Json& timings) {
  std::vector<Step> steps;
  for (const Json& json : At(timings, "steps")) {
    if (const auto seconds = NumberAt(json, "seconds")) steps.push_back({TextAt(json, "name"), *seconds});
  }
  return steps;
}

Cell Duration(double seconds) {
  Cell cell = Text(DurationText(seconds));
  cell.value = seconds;
  return cell;
}

// Seconds of the steps that make up one of the paper's; nothing where none of them ran.
std::optional<double> SecondsOf(const PaperStep& paper, const std::vector<Step>& steps) {
  std::optional<double> seconds;
  for (const Step& step : steps) {
    if (PaperStepOf(step.name) == &paper) seconds = seconds.value_or(0) + step.seconds;
  }
  return seconds;
}

// Bars of both in seconds, with their words beside them; null = not known.
Chart TimeChart(const Json& names, const Json& ours, const Json& our_texts, const Json& papers,
                const Json& paper_texts) {
  return Chart{.id = "timings",
               .kind = "bars",
               .caption =
                   "Time of each step; each line to the right is ten times longer. The paper's times are "
                   "for its own pictures, models and computer: they compare the work, not the machines.",
               .height_px = 480,
               .data = {{"categories", names},
                        {"series",
                         {{{"name", "here"}, {"values", ours}, {"texts", our_texts}},
                          {{"name", "the paper"}, {"values", papers}, {"texts", paper_texts}}}},
                        {"x_name", "seconds (logarithmic)"},
                        {"unit", "s"},
                        {"log", true}}};
}

}  // namespace

Section TimeSection(const Records& records) {
  Section section{
      .id = "time",
      .title = "Time",
      .lead = "How long each step took here, beside the times that the paper reports for the work by hand.",
      .blocks = {}};
  const std::vector<Step> steps = Steps(records.timings);
  if (steps.empty()) {
    section.made_by = "run PICTURES -o RUN";
    return section;
  }
  Table table{.id = "timings",
              .caption = "Time per step",
              .columns = {{"Step"},
                          {"Here", Align::kNumber},
                          {"The paper"},
                          {"The paper, s, from", Align::kNumber},
                          {"to", Align::kNumber}}};
  Json names = Json::array(), ours = Json::array(), papers = Json::array(), our_texts = Json::array(),
       paper_texts = Json::array();
  double total = 0;
  for (const PaperStep& paper : PaperSteps()) {
    const std::optional<double> seconds = SecondsOf(paper, steps);
    const bool reported = paper.low_s > 0;
    table.rows.push_back({Text(std::string(paper.title)), seconds ? Duration(*seconds) : Text("not run"),
                          Text(std::string(paper.words)),
                          reported ? Count(static_cast<int64_t>(paper.low_s)) : Missing(),
                          reported ? Count(static_cast<int64_t>(paper.high_s)) : Missing()});
    total += seconds.value_or(0);
    names.push_back(paper.title);
    ours.push_back(seconds && *seconds > 0 ? Json(*seconds) : Json());
    our_texts.push_back(seconds ? DurationText(*seconds) : "");
    papers.push_back(reported ? Json((paper.low_s + paper.high_s) / 2) : Json());
    paper_texts.push_back(reported ? Json(paper.words) : Json(""));
  }
  for (const Step& step : steps) {
    if (PaperStepOf(step.name) != nullptr) continue;
    table.rows.push_back(
        {Text(step.name), Duration(step.seconds), Text("not reported"), Missing(), Missing()});
    total += step.seconds;
  }
  table.rows.push_back({Text("All"), Duration(total), Text("about 3 days"),
                        Count(static_cast<int64_t>(3 * kSecondsADay)),
                        Count(static_cast<int64_t>(3 * kSecondsADay))});
  for (Json& texts : paper_texts) {
    const std::string text = texts.get<std::string>();
    texts = text.substr(0, text.find(" ("));
  }
  section.blocks.emplace_back(Facts{{{DurationText(total), "all steps here", ""},
                                     {"about 3 days", "all steps in the paper",
                                      "744 CT pictures, by hand, with Python and Android Studio"}}});
  section.blocks.emplace_back(TimeChart(names, ours, our_texts, papers, paper_texts));
  section.blocks.emplace_back(std::move(table));
  return section;
}

Section ReproduceSection(const Records& records) {
  Section section{.id = "reproduce",
                  .title = "How to make it again",
                  .lead =
                      "The same pictures, settings and seed give the same numbers, bit for bit, on every "
                      "supported computer.",
                  .blocks = {}};
  Table table{.id = "versions", .caption = "What made this report", .columns = {{"What"}, {"Value"}}};
  table.rows.push_back({Text("handlens"), Text(HANDLENS_VERSION)});
  const std::string fingerprint = dataset::Fingerprint(records.dataset);
  table.rows.push_back(
      {Text("Fingerprint of pictures, labels and groups"),
       {.text = fingerprint.substr(0, 16) + " …", .value = fingerprint, .hint = fingerprint, .mark = {}}});
  if (records.split)
    table.rows.push_back({Text("Seed of the division"), Text(fmt::format("{}", records.split->seed))});
  if (records.search && !records.search->preset.empty())
    table.rows.push_back({Text("Preset"), Text(records.search->preset)});
  for (const char* key : {"runtime", "runtime_version"}) {
    if (const std::string runtime = Printed(At(records.verdict, key)); runtime != "–")
      table.rows.push_back({Text("Judge (TensorFlow Lite runtime)"), Text(runtime)});
  }
  section.blocks.emplace_back(std::move(table));
  std::string commands = "handlens run PICTURES -o RUN";
  if (!records.config.empty()) commands += " --config handlens.toml";
  else if (records.search && !records.search->preset.empty())
    commands += " --preset " + records.search->preset;
  commands +=
      "\nhandlens check RUN        # proves the chain from pictures to app by hashes\nhandlens report RUN    "
      "   # makes this page again";
  section.blocks.emplace_back(Code{"Commands", std::move(commands)});
  if (!records.config.empty())
    section.blocks.emplace_back(Code{"handlens.toml, the effective configuration", records.config});
  section.blocks.emplace_back(Paragraph{
      "Everything on this page is also in report.json, and every table in the folder report as CSV."});
  return section;
}

}  // namespace handlens::report
