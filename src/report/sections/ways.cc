// The four ways of the paper's Figure 6 through its steps: photographs taken on the spot or digital pictures,
// a model of one's own or an existing one. Steps that a way skips are grey; the way of this run is marked.
#include <array>

#include "report/sections/sections.h"

namespace handlens::report {
namespace {

struct Way {
  const char* title;
  const char* note;
  bool live, own;  // photographs taken on the spot; a model of one's own
};
constexpr std::array<Way, 4> kWays = {{
    {"Camera, own model", "things photographed on the spot; every step is needed", true, true},
    {"Camera, existing model", "its size is right already: no reduction", true, false},
    {"Gallery, own model",
     "digital pictures, such as CT scans: their size is fixed, varying them gains little", false, true},
    {"Gallery, existing model", "the shortest way", false, false},
}};

struct WayStep {
  const char* title;
  bool needs_live, needs_own;  // skipped otherwise
};
// The paper's Section 2; its sizes and image generators are for photographs, its reduction for models of
// one's own.
constexpr std::array<WayStep, 8> kSteps = {{
    {"Sizes", true, false},
    {"Divide", false, false},
    {"Vary pictures", true, false},
    {"Train", false, false},
    {"Reduce", false, true},
    {"Convert", false, false},
    {"Describe", false, false},
    {"App", false, false},
}};

// "both" and "camera" are ways of the camera; a run begun from a backbone has an existing model.
bool IsOfThisRun(const Records& records, const Way& way) {
  const search::CellResult* cell = FinalCell(records);
  if (cell == nullptr) return false;
  const bool live = TextAt(At(records.verdict, "thresholds"), "for") != "gallery";
  return way.live == live && way.own == !cell->candidate.start.has_value();
}

}  // namespace

Section WaysSection(const Records& records) {
  Section section{
      .id = "ways",
      .title = "Four ways through the pipeline",
      .lead =
          "The paper's Figure 6: by where pictures come from and whose model it is. Grey steps are skipped.",
      .blocks = {}};
  if (!records.search && !records.verdict.is_object()) {
    section.made_by = "run PICTURES -o RUN";
    return section;
  }
  Table table{.id = "ways", .caption = "Steps of each way", .columns = {{"Way"}}, .look = Look::kSteps};
  for (const WayStep& step : kSteps) table.columns.push_back({step.title});
  for (const Way& way : kWays) {
    Cell name = Text(way.title);
    name.note = way.note;
    if (IsOfThisRun(records, way)) name.mark = "this run";
    std::vector<Cell> row = {std::move(name)};
    for (const WayStep& step : kSteps) {
      const bool skipped = (step.needs_live && !way.live) || (step.needs_own && !way.own);
      row.push_back({.text = step.title,
                     .value = skipped ? "skipped" : "done",
                     .hint = skipped ? std::string(step.title) + ": skipped" : "",
                     .mark = {}});
    }
    table.rows.push_back(std::move(row));
  }
  section.blocks.emplace_back(std::move(table));
  return section;
}

}  // namespace handlens::report
