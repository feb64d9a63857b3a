// The run itself: how long each step took, beside the paper's, and how to make all of it again.
#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <vector>

#include "report/sections.h"

namespace handlens::report {
namespace {

struct PaperStep {
  const char* title;
  std::vector<std::string_view> steps;  // ours that do this work
  double low_s, high_s;                 // 0 = not reported
  const char* words;
};

constexpr double kMinute = 60, kHour = 3600, kDay = 86400;

// Section 3.4 of the paper, for its 744 CT pictures.
const std::vector<PaperStep>& PaperSteps() {
  static const std::vector<PaperStep> steps = {
      {"Reading and preparing the pictures", {"inspect", "prepare"}, 20 * kMinute, 30 * kMinute, "20 – 30 min"},
      {"Dividing them into folds", {"split"}, 0, 0, "not reported"},
      {"Training all combinations", {"search"}, 14 * kHour, 14 * kHour, "14 h (10, 17, 50, 180, 600 min by size)"},
      {"Reducing the parameters", {"reduce"}, 1 * kDay, 2 * kDay, "1 – 2 days"},
      {"Converting, adding metadata", {"convert", "describe"}, 5 * kMinute, 5 * kMinute, "5 min"},
      {"Making the app", {"app"}, 6.5 * kHour, 6.5 * kHour, "6 h 30 min (template 30 min, build and deploy 6 h)"},
      {"Verifying", {"verify"}, 0, 0, "not reported"},
  };
  return steps;
}

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

// Seconds of the steps that make up one of the paper's; their names are added to `used`.
double SecondsOf(const PaperStep& paper, const std::vector<Step>& steps, std::vector<std::string_view>& used) {
  double seconds = 0;
  for (const Step& step : steps) {
    if (std::find(paper.steps.begin(), paper.steps.end(), step.name) == paper.steps.end()) continue;
    seconds += step.seconds;
    used.push_back(step.name);
  }
  return seconds;
}

}  // namespace

Section TimeSection(const Records& records) {
  Section section{.id = "time", .title = "Time", .lead = "How long each step took here, beside the times that the paper reports for doing it by hand.", .blocks = {}};
  const std::vector<Step> steps = Steps(records.timings);
  if (steps.empty()) {
    section.blocks.emplace_back(NotRunYet(records, "run PICTURES -o RUN"));
    return section;
  }
  Table table{.id = "timings", .caption = "Time per step", .columns = {{"Step"}, {"Here", Align::kNumber}, {"The paper"}, {"Paper's time in s, low", Align::kNumber}, {"high", Align::kNumber}}};
  Json names = Json::array(), ours = Json::array(), papers = Json::array(), our_texts = Json::array(), paper_texts = Json::array();
  double total = 0;
  std::vector<std::string_view> used;
  for (const PaperStep& paper : PaperSteps()) {
    const size_t used_before = used.size();
    const double seconds = SecondsOf(paper, steps, used);
    const bool ran = used.size() > used_before;
    const bool reported = paper.low_s > 0;
    table.rows.push_back({Text(paper.title), ran ? Duration(seconds) : Text("not run"), Text(paper.words), reported ? Count(static_cast<int64_t>(paper.low_s)) : Missing(),
                          reported ? Count(static_cast<int64_t>(paper.high_s)) : Missing()});
    total += seconds;
    names.push_back(paper.title);
    ours.push_back(ran && seconds > 0 ? Json(seconds) : Json());
    our_texts.push_back(ran ? DurationText(seconds) : "");
    papers.push_back(reported ? Json((paper.low_s + paper.high_s) / 2) : Json());
    paper_texts.push_back(reported ? paper.words : "");
  }
  for (const Step& step : steps) {
    if (std::find(used.begin(), used.end(), step.name) != used.end()) continue;
    table.rows.push_back({Text(step.name), Duration(step.seconds), Text("not reported"), Missing(), Missing()});
    total += step.seconds;
  }
  table.rows.push_back({Text("All"), Duration(total), Text("about 3 days"), Count(static_cast<int64_t>(3 * kDay)), Count(static_cast<int64_t>(3 * kDay))});
  for (Json& texts : paper_texts) {
    const std::string text = texts.get<std::string>();
    texts = text.substr(0, text.find(" ("));
  }
  section.blocks.emplace_back(Facts{{{DurationText(total), "all steps here", ""}, {"about 3 days", "all steps in the paper", "744 CT pictures, by hand, with Python and Android Studio"}}});
  section.blocks.emplace_back(Chart{.id = "timings", .kind = "bars",
      .caption = "Seconds for each step; each step to the right on the axis is ten times longer. The paper's times are for its own pictures, models and computer, so they compare the work, not the machines.",
      .height_px = 480,
      .data = {{"categories", names}, {"series", {{{"name", "here"}, {"values", ours}, {"texts", our_texts}}, {{"name", "the paper"}, {"values", papers}, {"texts", paper_texts}}}},
               {"x_name", "seconds (logarithmic)"}, {"unit", "s"}, {"log", true}}});
  section.blocks.emplace_back(std::move(table));
  return section;
}

Section ReproduceSection(const Records& records) {
  Section section{.id = "reproduce", .title = "How to make it again",
                  .lead = "The same pictures, configuration and seed give the same numbers, bit for bit, on any supported computer.", .blocks = {}};
  Table table{.id = "versions", .caption = "What made this report", .columns = {{"What"}, {"Value"}}};
  table.rows.push_back({Text("handlens"), Text(HANDLENS_VERSION)});
  const std::string fingerprint = dataset::Fingerprint(records.dataset);
  table.rows.push_back({Text("Fingerprint of pictures, labels and groups"), {.text = fingerprint.substr(0, 16) + " …", .value = fingerprint, .hint = fingerprint, .mark = {}}});
  if (records.split) table.rows.push_back({Text("Seed of the folds"), Text(fmt::format("{}", records.split->seed))});
  if (records.search && !records.search->preset.empty()) table.rows.push_back({Text("Preset"), Text(records.search->preset)});
  for (const char* key : {"runtime", "runtime_version"}) {
    if (const std::string runtime = Printed(At(records.verdict, key)); runtime != "–") table.rows.push_back({Text("Judge (TensorFlow Lite runtime)"), Text(runtime)});
  }
  section.blocks.emplace_back(std::move(table));
  std::string commands = "handlens run PICTURES -o RUN";
  if (!records.config.empty()) commands += " --config handlens.toml";
  else if (records.search && !records.search->preset.empty()) commands += " --preset " + records.search->preset;
  commands += "\nhandlens check RUN        # proves the chain from pictures to app by hashes\nhandlens report RUN       # makes this page again";
  section.blocks.emplace_back(Code{"Commands", std::move(commands)});
  if (!records.config.empty()) section.blocks.emplace_back(Code{"handlens.toml, the effective configuration", records.config});
  section.blocks.emplace_back(Paragraph{"Everything on this page is also in report.json, and every table in the folder report as CSV."});
  return section;
}

}  // namespace handlens::report
