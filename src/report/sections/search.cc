// The search: tables in the paper's layout, every fold, and the learning curves of the chosen cell.
#include <fmt/format.h>

#include <algorithm>

#include "base/grouped.h"
#include "base/text.h"
#include "report/sections/sections.h"

namespace handlens::report {
namespace {

// Values in order of first appearance: the candidates' order is the preset's and means something.
template <class T, class Get>
std::vector<T> Distinct(const std::vector<search::CellResult>& cells, Get&& get) {
  std::vector<T> values;
  for (const auto& cell : cells) {
    if (std::find(values.begin(), values.end(), get(cell)) == values.end()) values.push_back(get(cell));
  }
  return values;
}

std::string CellName(const search::CellResult& cell) {
  return fmt::format("{} · {} px · {}", cell.candidate.model, cell.candidate.size_px,
                     cell.candidate.generator.name);
}

// A cell that never ran says so itself ("not begun: ...").
std::string WhyStopped(const search::CellResult& cell) {
  if (!cell.eliminated) return "";
  return (cell.folds.empty() ? "" : "stopped early: ") + cell.eliminated_because;
}

std::string CellHint(const search::CellResult& cell) {
  std::string hint = fmt::format(
      "n = {} test pictures over {}, {} correct, 95 % interval {}; validation {:.1f} ± {:.1f}; {} parameters",
      cell.test_n, Plural(cell.folds.size(), "fold", "folds"), cell.test_correct, RangeText(cell.test_ci95),
      100 * cell.validation_accuracy.mean, 100 * cell.validation_accuracy.std, Thousands(cell.parameters));
  if (cell.yardstick != search::Yardstick::kPictures)
    hint += fmt::format("; validation by camera {:.1f} ± {:.1f}", 100 * cell.camera_accuracy.mean,
                        100 * cell.camera_accuracy.std);
  if (cell.eliminated) hint += "; stopped early: " + cell.eliminated_because;
  return hint;
}

// Rows = sizes, columns = generators, one table a model (the paper's Table 5).
void AddPaperTable(const search::SearchResult& result, const std::string& model, size_t index,
                   Section& section) {
  const auto generators =
      Distinct<std::string>(result.cells, [](const auto& c) { return c.candidate.generator.name; });
  std::vector<int> sizes = Distinct<int>(result.cells, [](const auto& c) { return c.candidate.size_px; });
  std::sort(sizes.begin(), sizes.end());
  Table table{
      .id = fmt::format("search-{}", index + 1),
      .caption = fmt::format("Model {}: test accuracy in %, mean ± standard deviation over folds", model),
      .columns = {{"Picture size"}}};
  for (const std::string& generator : generators) table.columns.push_back({generator, Align::kNumber});
  for (const int size : sizes) {
    std::vector<Cell> row = {Text(fmt::format("{} px", size))};
    bool any = false;
    for (const std::string& generator : generators) {
      Cell shown = Missing();
      for (size_t i = 0; i < result.cells.size(); ++i) {
        const search::CellResult& cell = result.cells[i];
        if (cell.candidate.model != model || cell.candidate.size_px != size ||
            cell.candidate.generator.name != generator)
          continue;
        any = true;
        if (cell.folds.empty()) continue;
        shown = PercentStd(cell.test_accuracy);
        shown.hint = CellHint(cell);
        if (static_cast<int>(i) == result.chosen) shown.mark = "chosen";
        else if (cell.eliminated) shown.text += " *";
      }
      row.push_back(std::move(shown));
    }
    if (any) table.rows.push_back(std::move(row));
  }
  section.blocks.emplace_back(std::move(table));
}

void AddCells(const search::SearchResult& result, Section& section) {
  Table table{.id = "search-cells",
              .caption = "All combinations with n and 95 % interval",
              .columns = {{"Model"},
                          {"Size in px", Align::kNumber},
                          {"Augmentation"},
                          {"Folds", Align::kNumber},
                          {"Validation, %", Align::kNumber},
                          {"Test, %", Align::kNumber},
                          {"Correct", Align::kNumber},
                          {"n", Align::kNumber},
                          {"95 % interval", Align::kNumber},
                          {"Parameters", Align::kNumber},
                          {"Remark"}},
              .fold = Fold::kClosed};
  const bool camera = std::any_of(result.cells.begin(), result.cells.end(),
                                  [](const auto& c) { return c.yardstick != search::Yardstick::kPictures; });
  if (camera) table.columns.insert(table.columns.begin() + 5, {"Validation by camera, %", Align::kNumber});
  for (size_t i = 0; i < result.cells.size(); ++i) {
    const search::CellResult& cell = result.cells[i];
    const bool chosen = static_cast<int>(i) == result.chosen, ran = !cell.folds.empty();
    Cell name = Text(cell.candidate.model);
    if (chosen) name.mark = "chosen";
    table.rows.push_back({name, Count(cell.candidate.size_px), Text(cell.candidate.generator.name),
                          Count(static_cast<int64_t>(cell.folds.size())),
                          ran ? PercentStd(cell.validation_accuracy) : Missing(),
                          ran ? PercentStd(cell.test_accuracy) : Missing(),
                          Count(static_cast<int64_t>(cell.test_correct)),
                          Count(static_cast<int64_t>(cell.test_n)), ran ? Range(cell.test_ci95) : Missing(),
                          Count(cell.parameters), Text(chosen ? "chosen" : WhyStopped(cell))});
    if (camera)
      table.rows.back().insert(table.rows.back().begin() + 5,
                               ran ? PercentStd(cell.camera_accuracy) : Missing());
  }
  section.blocks.emplace_back(std::move(table));
}

void AddFoldRows(const search::SearchResult& result, Section& section) {
  Table table{.id = "search-folds",
              .caption = "Every fold: accuracy and loss",
              .columns = {{"Model"},
                          {"Size in px", Align::kNumber},
                          {"Augmentation"},
                          {"Fold", Align::kNumber},
                          {"Test accuracy", Align::kNumber},
                          {"95 % interval", Align::kNumber},
                          {"n", Align::kNumber},
                          {"Test loss", Align::kNumber},
                          {"Validation accuracy", Align::kNumber},
                          {"Validation loss", Align::kNumber},
                          {"Training accuracy", Align::kNumber},
                          {"Training loss", Align::kNumber},
                          {"Epochs", Align::kNumber}},
              .fold = Fold::kClosed};
  for (const search::CellResult& cell : result.cells) {
    for (const train::TrialResult& fold : cell.folds) {
      const size_t n = fold.test.pictures.size();
      const auto correct = static_cast<size_t>(fold.test_accuracy * static_cast<double>(n) + 0.5);
      table.rows.push_back({Text(cell.candidate.model), Count(cell.candidate.size_px),
                            Text(cell.candidate.generator.name), Count(fold.spec.fold + 1),
                            Percent(fold.test_accuracy), n > 0 ? Range(Wilson95(correct, n)) : Missing(),
                            Count(static_cast<int64_t>(n)), Number(fold.test_loss, 3),
                            Percent(fold.validation_accuracy), Number(fold.validation_loss, 3),
                            Percent(fold.train_accuracy), Number(fold.train_loss, 3),
                            Count(static_cast<int64_t>(fold.epochs.size()))});
    }
  }
  table.shown_rows = 200;
  section.blocks.emplace_back(std::move(table));
}

void AddChart(const search::SearchResult& result, Section& section) {
  std::vector<size_t> order;
  for (size_t i = 0; i < result.cells.size(); ++i) {
    if (result.cells[i].test_n > 0) order.push_back(i);
  }
  std::stable_sort(order.begin(), order.end(), [&](size_t a, size_t b) {
    return result.cells[a].test_accuracy.mean > result.cells[b].test_accuracy.mean;
  });
  const size_t all = order.size();
  constexpr size_t kPoints = 24;
  if (order.size() > kPoints) {
    // The chosen cell is always among those shown.
    const auto chosen = std::find(order.begin(), order.end(), static_cast<size_t>(result.chosen));
    if (chosen != order.end() && chosen - order.begin() >= static_cast<std::ptrdiff_t>(kPoints))
      order[kPoints - 1] = *chosen;
    order.resize(kPoints);
  }
  Json points = Json::array();
  for (const size_t i : order) {
    const search::CellResult& cell = result.cells[i];
    const double pooled = static_cast<double>(cell.test_correct) / static_cast<double>(cell.test_n);
    points.push_back({{"name", CellName(cell)},
                      {"value", 100 * pooled},
                      {"low", 100 * cell.test_ci95.low},
                      {"high", 100 * cell.test_ci95.high},
                      {"note", CellHint(cell)},
                      {"marked", static_cast<int>(i) == result.chosen}});
  }
  std::string caption =
      "Test accuracy over all folds together, with its 95 % interval. The diamond is the chosen one; "
      "validation pictures chose it, so it need not stand on top.";
  if (all > order.size()) caption += fmt::format(" {} of {} combinations are shown.", order.size(), all);
  section.blocks.emplace_back(Chart{.id = "search",
                                    .kind = "intervals",
                                    .caption = std::move(caption),
                                    .height_px = static_cast<int>(70 + 26 * points.size()),
                                    .data = {{"points", points}, {"x_name", "test accuracy in %"}}});
}

// Every combination against the chosen one, fold by fold on the same test pictures.
void AddPaired(const search::SearchResult& result, Section& section) {
  if (result.chosen < 0 || static_cast<size_t>(result.chosen) >= result.cells.size()) return;
  const search::CellResult& chosen = result.cells[static_cast<size_t>(result.chosen)];
  if (chosen.folds.size() < 3) return;
  std::vector<const search::CellResult*> others;
  std::vector<PairedFolds> pairs;
  std::vector<double> p_values;
  for (const search::CellResult& cell : result.cells) {
    if (&cell == &chosen || cell.folds.size() != chosen.folds.size()) continue;
    std::vector<double> differences;
    double tested = 0, trained = 0;
    for (size_t k = 0; k < cell.folds.size(); ++k) {
      if (cell.folds[k].spec.fold != chosen.folds[k].spec.fold) continue;
      differences.push_back(cell.folds[k].test_accuracy - chosen.folds[k].test_accuracy);
      tested += static_cast<double>(cell.folds[k].test.pictures.size());
      trained += static_cast<double>(cell.folds[k].train.pictures.size());
    }
    if (differences.size() != chosen.folds.size() || trained == 0) continue;
    others.push_back(&cell);
    pairs.push_back(CorrectedResampledT(differences, tested, trained));
    p_values.push_back(pairs.back().p);
  }
  if (others.empty()) return;
  const std::vector<double> adjusted = Holm(p_values);
  Table table{.id = "search-paired",
              .caption = fmt::format("Against the chosen one on the same test pictures: {}. Corrected "
                                     "resampled t over folds (Nadeau and Bengio 2003); p also after Holm's "
                                     "correction for their number",
                                     Plural(others.size(), "comparison", "comparisons")),
              .columns = {{"Model"},
                          {"Size in px", Align::kNumber},
                          {"Augmentation"},
                          {"Folds", Align::kNumber},
                          {"Difference, points", Align::kNumber},
                          {"95 % interval", Align::kNumber},
                          {"p", Align::kNumber},
                          {"p, corrected", Align::kNumber}},
              .fold = Fold::kClosed};
  for (size_t i = 0; i < others.size(); ++i) {
    const search::Candidate& candidate = others[i]->candidate;
    table.rows.push_back(
        {Text(candidate.model), Count(candidate.size_px), Text(candidate.generator.name),
         Count(static_cast<int64_t>(others[i]->folds.size())), Number(100 * pairs[i].mean, 1),
         Text(fmt::format("{:+.1f} to {:+.1f}", 100 * pairs[i].ci95.low, 100 * pairs[i].ci95.high)),
         Number(pairs[i].p, 3), Number(adjusted[i], 3)});
  }
  section.blocks.emplace_back(std::move(table));
}

struct Curve {
  const char* name;
  const char* style;
  int colour;
  float train::Epoch::*value;
};

// Thin lines are folds; the thick one their mean over the folds that reached the epoch.
Json CurveSeries(const search::CellResult& cell, const Curve& curve, double scale) {
  Json series = Json::array();
  Json mean = Json::array();
  size_t longest = 0;
  for (const train::TrialResult& fold : cell.folds) longest = std::max(longest, fold.epochs.size());
  for (size_t e = 0; e < longest; ++e) {
    double sum = 0;
    int count = 0;
    for (const train::TrialResult& fold : cell.folds) {
      if (e >= fold.epochs.size()) continue;
      sum += scale * static_cast<double>(fold.epochs[e].*curve.value);
      ++count;
    }
    mean.push_back({e + 1, sum / count});
  }
  for (const train::TrialResult& fold : cell.folds) {
    Json points = Json::array();
    for (size_t e = 0; e < fold.epochs.size(); ++e)
      points.push_back({e + 1, scale * static_cast<double>(fold.epochs[e].*curve.value)});
    series.push_back({{"name", fmt::format("{}, fold {}", curve.name, fold.spec.fold + 1)},
                      {"style", "thin"},
                      {"colour", curve.colour},
                      {"points", points}});
  }
  series.push_back(
      {{"name", curve.name}, {"style", curve.style}, {"colour", curve.colour}, {"points", mean}});
  return series;
}

Json Both(const search::CellResult& cell, const Curve& first, const Curve& second, double scale) {
  Json series = CurveSeries(cell, first, scale);
  for (Json& one : CurveSeries(cell, second, scale)) series.push_back(std::move(one));
  return series;
}

}  // namespace

Section SearchSection(const Records& records) {
  Section section{.id = "search",
                  .title = "Which model, size and augmentation",
                  .lead =
                      "Every combination was trained anew on each division of the pictures. Validation "
                      "pictures made the choice; the accuracies are those of test pictures.",
                  .blocks = {}};
  if (!records.search || records.search->cells.empty()) {
    section.made_by = "search RUN";
    return section;
  }
  const search::SearchResult& result = *records.search;
  if (!result.exhaustive) {
    section.lead =
        "The combinations raced: what fell behind was stopped, and larger pictures were tried only where "
        "they promised a gain. Validation pictures "
        "made the choice; the accuracies are those of test pictures.";
  }
  if (!result.rule.empty())
    section.blocks.emplace_back(Note{Tone::kPlain, "How the choice was made", {result.rule}});
  AddResampling(records, section);
  const auto models = Distinct<std::string>(result.cells, [](const auto& c) { return c.candidate.model; });
  for (size_t m = 0; m < models.size(); ++m) AddPaperTable(result, models[m], m, section);
  const bool raced =
      std::any_of(result.cells.begin(), result.cells.end(), [](const auto& c) { return c.eliminated; });
  if (raced) {
    section.blocks.emplace_back(
        Paragraph{"* was stopped early because it was behind; its mean is over fewer folds and says less. – "
                  "was not trained: a smaller size had been stopped, gained too little, or left nothing to "
                  "gain. The list of all combinations gives the reason for each."});
  }
  AddChart(result, section);
  AddCells(result, section);
  AddPaired(result, section);
  AddFoldRows(result, section);
  return section;
}

Section LearningSection(const Records& records) {
  Section section{
      .id = "learning",
      .title = "How it learnt",
      .lead = "Loss and accuracy after every pass over the training pictures, for the chosen model.",
      .blocks = {}};
  const search::CellResult* cell = FinalCell(records);
  if (cell == nullptr || cell->folds.empty()) {
    section.made_by = "search RUN";
    return section;
  }
  section.blocks.emplace_back(
      Chart{.id = "loss-curves",
            .kind = "lines",
            .caption = "Loss falls while the model learns. When validation rises again and training goes on "
                       "falling, the model has begun to learn by heart. Thin lines are single folds.",
            .height_px = 340,
            .data = {{"x_name", "epoch"},
                     {"y_name", "loss"},
                     {"x_min", 1},
                     {"series", Both(*cell, {"training", "solid", 0, &train::Epoch::train_loss},
                                     {"validation", "dashed", 1, &train::Epoch::validation_loss}, 1)}}});
  section.blocks.emplace_back(Chart{
      .id = "accuracy-curves",
      .kind = "lines",
      .caption = "Accuracy on training pictures (varied, so harder) and on validation pictures. A wide gap "
                 "means that more pictures, or more varied ones, would help.",
      .height_px = 340,
      .data = {{"x_name", "epoch"},
               {"y_name", "accuracy in %"},
               {"unit", "%"},
               {"x_min", 1},
               {"series", Both(*cell, {"training", "solid", 0, &train::Epoch::train_accuracy},
                               {"validation", "dashed", 1, &train::Epoch::validation_accuracy}, 100)}}});
  Table table{.id = "epochs",
              .caption = "Numbers of the learning curves",
              .columns = {{"Fold"},
                          {"Epoch", Align::kNumber},
                          {"Training loss", Align::kNumber},
                          {"Validation loss", Align::kNumber},
                          {"Training accuracy", Align::kNumber},
                          {"Validation accuracy", Align::kNumber}},
              .fold = Fold::kClosed};
  for (const train::TrialResult& fold : cell->folds) {
    for (size_t e = 0; e < fold.epochs.size(); ++e) {
      const train::Epoch& epoch = fold.epochs[e];
      Cell number = Count(static_cast<int64_t>(e + 1));
      if (static_cast<int>(e) == fold.best_epoch) number.mark = "kept";
      table.rows.push_back({Count(fold.spec.fold + 1), number,
                            Number(static_cast<double>(epoch.train_loss), 4),
                            Number(static_cast<double>(epoch.validation_loss), 4),
                            Percent(static_cast<double>(epoch.train_accuracy)),
                            Percent(static_cast<double>(epoch.validation_accuracy))});
    }
  }
  table.shown_rows = 120;
  section.blocks.emplace_back(std::move(table));
  return section;
}

}  // namespace handlens::report
