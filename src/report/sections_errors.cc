// What the chosen model gets right and wrong: confusion, per-class scores, calibration, and the worst mistakes.
#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <numeric>

#include "base/text.h"
#include "report/sections.h"

namespace handlens::report {
namespace {

constexpr size_t kMistakes = 24;


void AddConfusion(const Records& records, const Judged& judged, std::string_view part, Section& section) {
  const auto& labels = records.dataset.labels;
  const Confusion counts = Confuse(judged.truth, judged.predicted, judged.classes);
  const auto scores = PerClass(counts);
  const bool test = part == "test";
  Table table{.id = fmt::format("confusion-{}", part),
              .caption = test ? "Confusion matrix, test pictures" : "Confusion matrix, training pictures (each counted once a fold that trained on it)",
              .columns = {{"True class"}}, .fold = Fold::kClosed};
  for (const std::string& label : labels) table.columns.push_back({"called " + label, Align::kNumber});
  Json values = Json::array(), texts = Json::array(), notes = Json::array();
  for (size_t t = 0; t < labels.size(); ++t) {
    table.rows.push_back({Text(labels[t])});
    Json value_row = Json::array(), text_row = Json::array(), note_row = Json::array();
    for (size_t p = 0; p < labels.size(); ++p) {
      const auto n = static_cast<double>(counts[t][p]);
      const double share = scores[t].support > 0 ? n / static_cast<double>(scores[t].support) : 0;
      table.rows.back().push_back(Count(static_cast<int64_t>(counts[t][p])));
      value_row.push_back(share);
      text_row.push_back(Thousands(static_cast<int64_t>(counts[t][p])));
      note_row.push_back(fmt::format("{} of {} pictures ({})", counts[t][p], scores[t].support, PercentText(share)));
    }
    values.push_back(value_row);
    texts.push_back(text_row);
    notes.push_back(note_row);
  }
  section.blocks.emplace_back(Chart{.id = fmt::format("confusion-{}", part), .kind = "heat",
      .caption = test ? "Test pictures: each row is a true class, each column what the model called it. The diagonal is right; the darker a cell off the diagonal, the commoner the mistake."
                      : "Training pictures, the same way. Much better here than on test pictures means that the model learnt these pictures by heart.",
      .height_px = static_cast<int>(std::min<size_t>(720, 130 + 46 * labels.size())),
      .data = {{"x", labels}, {"y", labels}, {"x_name", "called"}, {"y_name", "true class"}, {"values", values}, {"texts", texts},
               {"notes", notes}, {"palette", "counts"}, {"low", 0}, {"high", 1}, {"unit", ""}}});
  section.blocks.emplace_back(std::move(table));
}

// One class against the rest.
double ClassAuc(const Judged& judged, int c) {
  std::vector<double> positives, negatives;
  for (size_t i = 0; i < judged.truth.size(); ++i) {
    (judged.truth[i] == c ? positives : negatives).push_back(static_cast<double>(judged.Score(i, c)));
  }
  return Auc(positives, negatives);
}

void AddPerClass(const Records& records, const Judged& judged, Section& section) {
  const auto& labels = records.dataset.labels;
  const auto scores = PerClass(Confuse(judged.truth, judged.predicted, judged.classes));
  Table table{.id = "per-class", .caption = "Each class by itself, test pictures",
              .columns = {{"Class"}, {"n", Align::kNumber}, {"Recall", Align::kNumber}, {"95 % interval of recall", Align::kNumber}, {"Precision", Align::kNumber},
                          {"F1", Align::kNumber}, {"AUC", Align::kNumber}}};
  Json recall = Json::array(), precision = Json::array();
  double recall_sum = 0, precision_sum = 0, f1_sum = 0, auc_sum = 0;
  for (size_t c = 0; c < labels.size(); ++c) {
    const double auc = ClassAuc(judged, static_cast<int>(c));
    const auto hits = static_cast<size_t>(std::llround(scores[c].recall * static_cast<double>(scores[c].support)));
    table.rows.push_back({Text(labels[c]), Count(static_cast<int64_t>(scores[c].support)), Percent(scores[c].recall), Range(Wilson95(hits, scores[c].support)),
                          Percent(scores[c].precision), Percent(scores[c].f1), Number(auc, 3)});
    recall.push_back(100 * scores[c].recall);
    precision.push_back(100 * scores[c].precision);
    recall_sum += scores[c].recall;
    precision_sum += scores[c].precision;
    f1_sum += scores[c].f1;
    auc_sum += auc;
  }
  const auto classes = static_cast<double>(labels.size());
  table.rows.push_back({Text("mean of the classes"), Count(static_cast<int64_t>(judged.truth.size())), Percent(recall_sum / classes), Missing(),
                        Percent(precision_sum / classes), Percent(f1_sum / classes), Number(auc_sum / classes, 3)});
  section.blocks.emplace_back(Chart{.id = "per-class", .kind = "bars",
      .caption = "Recall: of the pictures that are this class, how many the model found. Precision: of the pictures it called this class, how many are.",
      .height_px = static_cast<int>(90 + 54 * labels.size()),
      .data = {{"categories", labels}, {"series", {{{"name", "recall"}, {"values", recall}}, {{"name", "precision"}, {"values", precision}}}}, {"x_name", "%"}, {"unit", "%"}, {"x_max", 100}}});
  section.blocks.emplace_back(std::move(table));
}

// The ROC curve of one class against the rest, at most `limit` points.
Json RocPoints(const Judged& judged, int c, size_t limit) {
  std::vector<size_t> order(judged.truth.size());
  std::iota(order.begin(), order.end(), size_t{0});
  std::stable_sort(order.begin(), order.end(), [&](size_t a, size_t b) { return judged.Score(a, c) > judged.Score(b, c); });
  const auto positives = static_cast<double>(std::count(judged.truth.begin(), judged.truth.end(), c));
  const double negatives = static_cast<double>(judged.truth.size()) - positives;
  Json points = Json::array({Json::array({0, 0})});
  if (positives == 0 || negatives == 0) return points;
  double hits = 0, alarms = 0;
  const size_t step = std::max<size_t>(1, order.size() / limit);
  for (size_t i = 0; i < order.size(); ++i) {
    (judged.truth[order[i]] == c ? hits : alarms) += 1;
    const bool tie = i + 1 < order.size() && judged.Score(order[i], c) == judged.Score(order[i + 1], c);
    if (!tie && ((i + 1) % step == 0 || i + 1 == order.size())) points.push_back({100 * alarms / negatives, 100 * hits / positives});
  }
  if (points.back()[0] != 100) points.push_back({100, 100});
  return points;
}

void AddRoc(const Records& records, const Judged& judged, Section& section) {
  Json series = Json::array();
  for (int c = 0; c < judged.classes && c < 10; ++c) {
    series.push_back({{"name", fmt::format("{} (AUC {:.3f})", records.dataset.labels[static_cast<size_t>(c)], ClassAuc(judged, c))},
                      {"style", "solid"}, {"colour", c}, {"points", RocPoints(judged, c, 150)}});
    if (judged.classes == 2) break;  // the second is the first, mirrored
  }
  series.push_back({{"name", "guessing"}, {"style", "guide"}, {"colour", 0}, {"points", {{0, 0}, {100, 100}}}});
  section.blocks.emplace_back(Chart{.id = "roc", .kind = "lines",
      .caption = "ROC curve: how many of a class are found (up) against how many others are wrongly called it (right), for every threshold. The dashed line is guessing.",
      .height_px = 400, .data = {{"x_name", "false alarms in %"}, {"y_name", "found in %"}, {"unit", "%"}, {"x_min", 0}, {"x_max", 100}, {"y_min", 0}, {"y_max", 100}, {"series", series}}});
}

void AddCalibration(const Judged& judged, Section& section) {
  std::vector<double> top;
  std::vector<bool> correct;
  for (size_t i = 0; i < judged.truth.size(); ++i) {
    top.push_back(static_cast<double>(judged.Score(i, judged.predicted[i])));
    correct.push_back(judged.truth[i] == judged.predicted[i]);
  }
  const Reliability reliability = Calibration(top, correct);
  Table table{.id = "reliability", .caption = fmt::format("Reliability; expected calibration error (ECE) {:.1f} %", 100 * reliability.error),
              .columns = {{"Score of the answer"}, {"n", Align::kNumber}, {"Mean score", Align::kNumber}, {"Accuracy", Align::kNumber}, {"95 % interval", Align::kNumber}}, .fold = Fold::kClosed};
  Json points = Json::array();
  for (size_t b = 0; b < reliability.bins.size(); ++b) {
    const ReliabilityBin& bin = reliability.bins[b];
    if (bin.n == 0) continue;
    const Interval ci = Wilson95(static_cast<size_t>(std::llround(bin.accuracy * static_cast<double>(bin.n))), bin.n);
    points.push_back({100 * bin.mean_score, 100 * bin.accuracy, fmt::format("n = {}, 95 % interval {}", bin.n, RangeText(ci))});
    table.rows.push_back({Text(fmt::format("{} – {} %", 10 * b, 10 * (b + 1))), Count(static_cast<int64_t>(bin.n)), Percent(bin.mean_score), Percent(bin.accuracy), Range(ci)});
  }
  Json series = {{{"name", "this model"}, {"style", "solid"}, {"colour", 0}, {"symbols", true}, {"points", points}},
                 {{"name", "perfectly calibrated"}, {"style", "guide"}, {"colour", 0}, {"points", {{0, 0}, {100, 100}}}}};
  section.blocks.emplace_back(Chart{.id = "reliability", .kind = "lines",
      .caption = fmt::format("Does a score of 80 % mean right in 80 % of cases? Points below the dashed line: the model is too sure of itself. On average score and accuracy differ by {:.1f} points (ECE).", 100 * reliability.error),
      .height_px = 360, .data = {{"x_name", "score of the answer in %"}, {"y_name", "accuracy in %"}, {"unit", "%"}, {"x_min", 0}, {"x_max", 100}, {"y_min", 0}, {"y_max", 100}, {"series", series}}});
  section.blocks.emplace_back(std::move(table));
}

}  // namespace

Section ErrorsSection(const Records& records) {
  Section section{.id = "errors", .title = "What it gets right and wrong",
                  .lead = "The chosen model on test pictures, each judged by the one fold that never saw it in training.", .blocks = {}};
  const search::CellResult* cell = FinalCell(records);
  const Judged test = cell == nullptr ? Judged{} : Pool(*cell, records.dataset, Part::kTest);
  if (test.picture.empty()) {
    section.blocks.emplace_back(NotRunYet(records, "search RUN"));
    return section;
  }
  const size_t correct = static_cast<size_t>(std::inner_product(test.truth.begin(), test.truth.end(), test.predicted.begin(), 0, std::plus<>(), std::equal_to<>()));
  const Judged train = Pool(*cell, records.dataset, Part::kTrain);
  Facts facts{{{PercentText(static_cast<double>(correct) / static_cast<double>(test.truth.size())), "right on test pictures",
                fmt::format("{} of {}; 95 % interval {}", Thousands(static_cast<int64_t>(correct)), Thousands(static_cast<int64_t>(test.truth.size())),
                            RangeText(Wilson95(correct, test.truth.size())))}}};
  if (!train.truth.empty()) {
    const auto learnt = static_cast<size_t>(std::inner_product(train.truth.begin(), train.truth.end(), train.predicted.begin(), 0, std::plus<>(), std::equal_to<>()));
    facts.facts.push_back({PercentText(static_cast<double>(learnt) / static_cast<double>(train.truth.size())), "right on training pictures",
                           fmt::format("{} of {}, over all folds", Thousands(static_cast<int64_t>(learnt)), Thousands(static_cast<int64_t>(train.truth.size())))});
  }
  section.blocks.emplace_back(std::move(facts));
  AddConfusion(records, test, "test", section);
  AddPerClass(records, test, section);
  AddRoc(records, test, section);
  AddCalibration(test, section);
  if (!train.truth.empty()) AddConfusion(records, train, "training", section);
  return section;
}

Section MistakesSection(const Records& records) {
  Section section{.id = "mistakes", .title = "Worst mistakes",
                  .lead = "Test pictures on which the model was wrong and most sure of itself. Many of them are worth a second look: a wrong label, a picture of something else, or a real weakness.", .blocks = {}};
  const search::CellResult* cell = FinalCell(records);
  const Judged test = cell == nullptr ? Judged{} : Pool(*cell, records.dataset, Part::kTest);
  if (test.picture.empty()) {
    section.blocks.emplace_back(NotRunYet(records, "search RUN"));
    return section;
  }
  std::vector<size_t> wrong;
  for (size_t i = 0; i < test.truth.size(); ++i) {
    if (test.truth[i] != test.predicted[i]) wrong.push_back(i);
  }
  std::stable_sort(wrong.begin(), wrong.end(), [&](size_t a, size_t b) {
    const float score_a = test.Score(a, test.predicted[a]), score_b = test.Score(b, test.predicted[b]);
    return score_a != score_b ? score_a > score_b : test.picture[a] < test.picture[b];
  });
  if (wrong.empty()) {
    section.blocks.emplace_back(Paragraph{fmt::format("None: all {} test pictures were classified correctly.", test.truth.size())});
    return section;
  }
  Gallery gallery{.title = fmt::format("The {} most confident of {}", std::min(kMistakes, wrong.size()), Plural(wrong.size(), "mistake", "mistakes")), .note = "", .pictures = {}};
  Table table{.id = "mistakes", .caption = "All mistakes on test pictures", .columns = {{"Picture"}, {"True class"}, {"Called"}, {"Score", Align::kNumber}, {"Score of the true class", Align::kNumber}}, .fold = Fold::kClosed};
  for (const size_t i : wrong) {
    const dataset::Picture& picture = records.dataset.pictures[static_cast<size_t>(test.picture[i])];
    const std::string& truth = records.dataset.labels[static_cast<size_t>(test.truth[i])];
    const std::string& called = records.dataset.labels[static_cast<size_t>(test.predicted[i])];
    const auto score = static_cast<double>(test.Score(i, test.predicted[i]));
    table.rows.push_back({Text(picture.path), Text(truth), Text(called), Percent(score), Percent(static_cast<double>(test.Score(i, test.truth[i])))});
    if (gallery.pictures.size() < kMistakes) {
      gallery.pictures.push_back({ThumbnailUri(records, picture), picture.path, {"called " + called, "is " + truth, fmt::format("score {}", PercentText(score))}});
    }
  }
  section.blocks.emplace_back(std::move(gallery));
  section.blocks.emplace_back(std::move(table));
  return section;
}

}  // namespace handlens::report
