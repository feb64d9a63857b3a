// Making it smaller: the filters x neurons heat map (the paper's Figures 8 and 9), accuracy against
// parameters, sizes.
#include <fmt/format.h>

#include <algorithm>
#include <set>

#include "base/text.h"
#include "reduce/files.h"
#include "report/sections/sections.h"

namespace handlens::report {
namespace {

bool IsLadder(const reduce::ReduceResult& result) { return result.sweeping == reduce::Sweeping::kLadder; }

std::string CellName(const reduce::ReduceCell& cell) {
  if (cell.cell.candidate.start) return fmt::format("{}, {} px", cell.cell.candidate.model, cell.neurons);
  if (cell.neurons == 0) return fmt::format("width {}", cell.filters);
  return fmt::format("{} × {}", Plural(static_cast<size_t>(cell.filters), "filter", "filters"),
                     Plural(static_cast<size_t>(cell.neurons), "neuron", "neurons"));
}

std::string Role(const reduce::ReduceResult& result, size_t i) {
  const bool best = static_cast<int>(i) == result.best, chosen = static_cast<int>(i) == result.chosen;
  if (best && chosen) return "best and chosen";
  return chosen ? "chosen" : best ? "best" : "";
}

constexpr const char* kLadderCaption =
    "Test accuracy in % for every depth of the backbone and every size of picture. Framed: the best and the "
    "chosen cell (chosen on validation pictures). Where a model was tuned, its accuracy; else its probe's.";
constexpr const char* kSweepCaption =
    "Test accuracy in % for every number of filters in the first layer and neurons in the second. Framed: "
    "the best and the chosen cell (chosen on validation pictures). With ~: not trained, expected from its "
    "neighbours. Empty: not trained.";

// Axes are the sweep's own values, whatever they start with and however they are spaced (the grid need not be
// square).
void AddHeatMap(const reduce::ReduceResult& result, Section& section) {
  std::set<int> filters, neurons;
  for (const auto& cell : result.cells) {
    filters.insert(cell.filters);
    neurons.insert(cell.neurons);
  }
  const auto place = [](const std::set<int>& values, int value) {
    return static_cast<size_t>(std::distance(values.begin(), values.find(value)));
  };
  Json values(neurons.size(), Json(filters.size(), Json())), texts = values, notes = values;
  Json marks = Json::array();
  double low = 100, high = 0;
  for (size_t i = 0; i < result.cells.size(); ++i) {
    const reduce::ReduceCell& cell = result.cells[i];
    if (cell.cell.folds.empty() && !cell.expected_test) continue;
    const size_t x = place(filters, cell.filters), y = place(neurons, cell.neurons);
    const double accuracy =
        100 * (cell.cell.folds.empty() ? *cell.expected_test : cell.cell.test_accuracy.mean);
    values[y][x] = accuracy;
    low = std::min(low, accuracy);
    high = std::max(high, accuracy);
    if (cell.cell.folds.empty()) {
      texts[y][x] = fmt::format("~{:.0f}", accuracy);
      notes[y][x] =
          fmt::format("not trained; about {:.1f} % to be expected from its neighbours, {} parameters",
                      accuracy, Thousands(cell.cell.parameters));
      continue;
    }
    texts[y][x] = fmt::format("{:.0f}", accuracy);
    notes[y][x] = fmt::format("{} % test accuracy (n = {}, 95 % interval {}), {} parameters",
                              PercentStd(cell.cell.test_accuracy).text, cell.cell.test_n,
                              RangeText(cell.cell.test_ci95), Thousands(cell.cell.parameters));
    if (const std::string role = Role(result, i); !role.empty())
      marks.push_back({{"x", x}, {"y", y}, {"name", role}});
  }
  Json x_names = Json::array(), y_names = Json::array();
  for (const int f : filters) x_names.push_back(fmt::format("{}", f));
  for (const int n : neurons) y_names.push_back(n == 0 ? "–" : fmt::format("{}", n));
  section.blocks.emplace_back(
      Chart{.id = "reduce-heat",
            .kind = "heat",
            .caption = IsLadder(result) ? kLadderCaption : kSweepCaption,
            .height_px = static_cast<int>(std::min<size_t>(760, 160 + 34 * neurons.size())),
            .data = {{"x", x_names},
                     {"y", y_names},
                     {"x_name", IsLadder(result) ? "blocks kept" : "filters"},
                     {"y_name", IsLadder(result) ? "px" : "neurons"},
                     {"y_up", true},
                     {"values", values},
                     {"texts", texts},
                     {"notes", notes},
                     {"palette", "share"},
                     {"low", low},
                     {"high", high},
                     {"unit", "%"},
                     {"marks", marks}}});
}

void AddAgainstParameters(const reduce::ReduceResult& result, Section& section) {
  Json all = Json::array(), best = Json::array(), chosen = Json::array();
  for (size_t i = 0; i < result.cells.size(); ++i) {
    const reduce::ReduceCell& cell = result.cells[i];
    if (cell.cell.folds.empty()) continue;
    Json point = {cell.cell.parameters, 100 * cell.cell.test_accuracy.mean, CellName(cell)};
    if (static_cast<int>(i) == result.best && result.best != result.chosen) best.push_back(point);
    else if (static_cast<int>(i) == result.chosen) chosen.push_back(point);
    else all.push_back(point);
  }
  Json series = {{{"name", "models"}, {"points", all}},
                 {{"name", "chosen"}, {"large", true}, {"points", chosen}}};
  if (!best.empty()) series.push_back({{"name", "best on validation"}, {"large", true}, {"points", best}});
  section.blocks.emplace_back(
      Chart{.id = "parameters",
            .kind = "scatter",
            .caption = "Test accuracy against the number of parameters; each step to the right on the axis "
                       "is ten times more. Left and up is better.",
            .height_px = 360,
            .data = {{"x_name", "parameters (logarithmic)"},
                     {"y_name", "test accuracy in %"},
                     {"log_x", true},
                     {"series", series}}});
}

Json BytesPoint(const reduce::ReduceCell& cell, const std::string& name) {
  return {static_cast<double>(cell.int8_bytes) / 1000, 100 * cell.cell.test_accuracy.mean,
          fmt::format("{}: {} % (n = {}, 95 % interval {})", name, PercentStd(cell.cell.test_accuracy).text,
                      cell.cell.test_n, RangeText(cell.cell.test_ci95))};
}

// The search's models that begin with no backbone, such as the nano ones, to stand beside the ladder.
Json FromScratch(const Records& records) {
  Json points = Json::array();
  if (!records.search) return points;
  for (const search::CellResult& searched : records.search->cells) {
    if (searched.folds.empty() || searched.candidate.start) continue;
    reduce::ReduceCell cell{.filters = 0,
                            .neurons = 0,
                            .cell = searched,
                            .float_bytes = 0,
                            .expected_validation = {},
                            .expected_test = {}};
    reduce::EstimateFiles(cell);
    points.push_back(
        BytesPoint(cell, fmt::format("{}, {} px, {}", searched.candidate.model, searched.candidate.size_px,
                                     searched.candidate.generator.name)));
  }
  return points;
}

// What a phone would hold, and what it would know.
void AddAgainstBytes(const Records& records, Section& section) {
  const reduce::ReduceResult& result = *records.reduce;
  Json probes = Json::array(), tuned = Json::array(), chosen = Json::array();
  for (size_t i = 0; i < result.cells.size(); ++i) {
    const reduce::ReduceCell& cell = result.cells[i];
    if (cell.cell.folds.empty()) continue;
    const Json point = BytesPoint(cell, CellName(cell));
    const bool probe =
        cell.cell.candidate.start && cell.cell.candidate.start->method == train::Method::kProbe;
    (static_cast<int>(i) == result.chosen ? chosen : probe ? probes : tuned).push_back(point);
  }
  Json series = {{{"name", "probes"}, {"points", probes}},
                 {{"name", "tuned"}, {"points", tuned}},
                 {{"name", "chosen"}, {"large", true}, {"points", chosen}}};
  if (Json small = FromScratch(records); !small.empty())
    series.push_back({{"name", "without a backbone"}, {"points", std::move(small)}});
  section.blocks.emplace_back(
      Chart{.id = "reduce-bytes",
            .kind = "scatter",
            .caption = "Test accuracy against the estimated size of the int8 file on the phone; each line to "
                       "the right is ten times more. A probe trains a classifier on frozen layers; a tuned "
                       "model trains them all; models without a backbone are those of the search.",
            .height_px = 360,
            .data = {{"x_name", "KB of the int8 file (logarithmic)"},
                     {"y_name", "test accuracy in %"},
                     {"log_x", true},
                     {"series", series}}});
}

void AddTable(const reduce::ReduceResult& result, Section& section) {
  Table table{.id = "reduce-cells",
              .caption = "All sizes that were trained",
              .columns = {{IsLadder(result) ? "Model" : "Filters"},
                          {IsLadder(result) ? "px" : "Neurons", Align::kNumber},
                          {"Validation, %", Align::kNumber},
                          {"Test, %", Align::kNumber},
                          {"n", Align::kNumber},
                          {"95 % interval", Align::kNumber},
                          {"Parameters", Align::kNumber},
                          {IsLadder(result) ? "Int8 file" : "Float file", Align::kNumber},
                          {"Remark"}},
              .fold = Fold::kClosed};
  for (size_t i = 0; i < result.cells.size(); ++i) {
    const reduce::ReduceCell& cell = result.cells[i];
    if (cell.cell.folds.empty()) continue;
    Cell filters = IsLadder(result) ? Text(cell.cell.candidate.model) : Count(cell.filters);
    filters.mark = Role(result, i);
    const int64_t file_bytes = IsLadder(result) ? cell.int8_bytes : cell.float_bytes;
    Cell bytes = Text(ByteCount(static_cast<double>(file_bytes)));
    bytes.value = file_bytes;
    table.rows.push_back(
        {filters, Count(cell.neurons), PercentStd(cell.cell.validation_accuracy),
         PercentStd(cell.cell.test_accuracy), Count(static_cast<int64_t>(cell.cell.test_n)),
         Range(cell.cell.test_ci95), Count(cell.cell.parameters), bytes,
         Text(Role(result, i) +
              (cell.cell.eliminated ? " stopped early: " + cell.cell.eliminated_because : ""))});
  }
  table.shown_rows = 400;
  section.blocks.emplace_back(std::move(table));
}

}  // namespace

Section ReduceSection(const Records& records) {
  Section section{
      .id = "reduce",
      .title = "Making it smaller",
      .lead = "The smallest model that does as well as the best, as far as these pictures can tell.",
      .blocks = {}};
  if (!records.reduce || records.reduce->cells.empty()) {
    section.made_by = "reduce RUN";
    return section;
  }
  const reduce::ReduceResult& result = *records.reduce;
  const auto change = [](int64_t before, int64_t after) {
    return after > 0 && before > after
               ? fmt::format("{:.1f} times smaller", static_cast<double>(before) / static_cast<double>(after))
               : std::string();
  };
  section.blocks.emplace_back(
      Facts{{{ByteCount(static_cast<double>(result.bytes_before)), "before",
              Plural(static_cast<size_t>(std::max<int64_t>(0, result.parameters_before)), "parameter",
                     "parameters")},
             {ByteCount(static_cast<double>(result.bytes_after)), "after",
              Plural(static_cast<size_t>(std::max<int64_t>(0, result.parameters_after)), "parameter",
                     "parameters")},
             {change(result.bytes_before, result.bytes_after).empty()
                  ? "unchanged"
                  : change(result.bytes_before, result.bytes_after),
              "as a float file", ""}}});
  if (!result.rule.empty())
    section.blocks.emplace_back(Note{Tone::kPlain, "How the choice was made", {result.rule}});
  if (result.cells.size() > 1) {
    AddHeatMap(result, section);
    if (IsLadder(result)) AddAgainstBytes(records, section);
    else AddAgainstParameters(result, section);
  }
  AddTable(result, section);
  return section;
}

}  // namespace handlens::report
