// What the chosen model gets right and wrong: confusion, per-class scores, calibration, and the worst
// mistakes.
#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <map>
#include <numeric>

#include "base/grouped.h"
#include "base/text.h"
#include "dataset/look.h"
#include "report/sections/sections.h"

namespace handlens::report {
namespace {

constexpr size_t kMistakes = 16;

// Counts by true class (rows) and answer (columns); a click on a number shows its pictures.
void AddConfusion(const Records& records, const Judged& judged, std::string_view part, Section& section) {
  const auto& labels = records.dataset.labels;
  const Confusion counts = Confuse(judged.truth, judged.predicted, judged.classes);
  const auto scores = PerClass(counts);
  const bool test = part == "test";
  Table table{
      .id = fmt::format("confusion-{}", part),
      .caption = test
                     ? "What it calls them (confusion matrix of the test pictures)"
                     : "The same for training pictures; each counts once for every model that learnt from it",
      .columns = {{"True class"}},
      .fold = test ? Fold::kOpen : Fold::kClosed,
      .look = Look::kMatrix};
  for (const std::string& label : labels) table.columns.push_back({label, Align::kNumber, "called " + label});
  for (size_t t = 0; t < labels.size(); ++t) {
    Cell name = Text(labels[t]);
    name.hint = labels[t];  // long names are cut short
    if (test) name.pick = fmt::format("{},", t);
    table.rows.push_back({std::move(name)});
    for (size_t p = 0; p < labels.size(); ++p) {
      const double share = scores[t].support > 0
                               ? static_cast<double>(counts[t][p]) / static_cast<double>(scores[t].support)
                               : 0;
      Cell cell = Count(static_cast<int64_t>(counts[t][p]));
      cell.hint = fmt::format("{} called {}: {} of {} ({})", labels[t], labels[p], counts[t][p],
                              scores[t].support, PercentText(share));
      if (counts[t][p] == 0) {
        cell.text.clear();
      } else {
        cell.shade = share;
        cell.mark_wrong = t != p;
        if (test) cell.pick = fmt::format("{},{}", t, p);
      }
      table.rows.back().push_back(std::move(cell));
    }
  }
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
  Table table{
      .id = "per-class",
      .caption = "Each class",
      .columns = {{"Class"},
                  {"Recognised", Align::kNumber,
                   "recall: of the pictures of this class, how many the model names so"},
                  {"95 % interval"},
                  {"Pictures", Align::kNumber},
                  {"Right when named", Align::kNumber,
                   "precision: of the pictures named so, how many are of this class", true},
                  {"F1", Align::kNumber, "the two shares in one number", true},
                  {"AUC", Align::kNumber, "1 = its scores never mix with those of other classes", true}}};
  double recall_sum = 0, precision_sum = 0, f1_sum = 0, auc_sum = 0;
  for (size_t c = 0; c < labels.size(); ++c) {
    const double auc = ClassAuc(judged, static_cast<int>(c));
    const auto hits =
        static_cast<size_t>(std::llround(scores[c].recall * static_cast<double>(scores[c].support)));
    const Interval ci = Wilson95(hits, scores[c].support);
    Cell name = Text(labels[c]), range = Range(ci);
    name.pick = fmt::format("{},", c);
    range.bar = Bar{scores[c].recall, ci};
    range.pick = name.pick;
    table.rows.push_back({name, Percent(scores[c].recall), range,
                          Count(static_cast<int64_t>(scores[c].support)), Percent(scores[c].precision),
                          Percent(scores[c].f1), Number(auc, 3)});
    recall_sum += scores[c].recall;
    precision_sum += scores[c].precision;
    f1_sum += scores[c].f1;
    auc_sum += auc;
  }
  const auto classes = static_cast<double>(labels.size());
  table.rows.push_back({Text("mean of the classes"), Percent(recall_sum / classes), Missing(),
                        Count(static_cast<int64_t>(judged.truth.size())), Percent(precision_sum / classes),
                        Percent(f1_sum / classes), Number(auc_sum / classes, 3)});
  section.blocks.emplace_back(std::move(table));
}

// The groups that the user gave (patients, plants), the worst first; how far they differ says how much a new
// one may.
void AddGroups(const Records& records, const Judged& judged, Section& section) {
  if (!dataset::GroupsKnown(records.dataset)) return;
  std::map<std::string, GroupCount> counts;
  std::map<std::string, std::map<std::string, int>> mistakes;
  for (size_t i = 0; i < judged.truth.size(); ++i) {
    const std::string& name = records.dataset.pictures[static_cast<size_t>(judged.picture[i])].group;
    if (name.empty()) continue;
    GroupCount& group = counts[name];
    ++group.n;
    if (judged.truth[i] == judged.predicted[i]) ++group.correct;
    else
      ++mistakes[name]
                [fmt::format("{} called {}", records.dataset.labels[static_cast<size_t>(judged.truth[i])],
                             records.dataset.labels[static_cast<size_t>(judged.predicted[i])])];
  }
  if (counts.empty()) return;
  const auto share = [](const GroupCount& group) {
    return static_cast<double>(group.correct) / static_cast<double>(group.n);
  };
  std::vector<std::pair<std::string, GroupCount>> order(counts.begin(), counts.end());
  std::stable_sort(order.begin(), order.end(), [&](const auto& a, const auto& b) {
    return share(a.second) != share(b.second) ? share(a.second) < share(b.second) : a.second.n > b.second.n;
  });
  const auto none =
      std::count_if(order.begin(), order.end(), [](const auto& group) { return group.second.correct == 0; });
  const auto all = std::count_if(order.begin(), order.end(),
                                 [](const auto& group) { return group.second.correct == group.second.n; });
  Table table{.id = "groups",
              .caption = fmt::format("Each group, the worst first: {} are all right, {} all wrong",
                                     Plural(static_cast<size_t>(all), "group", "groups"), none),
              .columns = {{"Group"},
                          {"Recognised", Align::kNumber},
                          {"Right", Align::kNumber},
                          {"Pictures", Align::kNumber},
                          {"Most frequent mistake"}},
              .fold = Fold::kClosed};
  for (const auto& [name, group] : order) {
    const auto& made = mistakes[name];
    const auto most = std::max_element(made.begin(), made.end(),
                                       [](const auto& a, const auto& b) { return a.second < b.second; });
    table.rows.push_back({Text(name), Percent(share(group)), Count(static_cast<int64_t>(group.correct)),
                          Count(static_cast<int64_t>(group.n)),
                          Text(most == made.end() ? "" : fmt::format("{} ({})", most->first, most->second))});
  }
  table.shown_rows = 50;
  section.blocks.emplace_back(std::move(table));
}

// The ROC curve of one class against the rest, at most `limit` points.
Json RocPoints(const Judged& judged, int c, size_t limit) {
  std::vector<size_t> order(judged.truth.size());
  std::iota(order.begin(), order.end(), size_t{0});
  std::stable_sort(order.begin(), order.end(),
                   [&](size_t a, size_t b) { return judged.Score(a, c) > judged.Score(b, c); });
  const auto positives = static_cast<double>(std::count(judged.truth.begin(), judged.truth.end(), c));
  const double negatives = static_cast<double>(judged.truth.size()) - positives;
  Json points = Json::array({Json::array({0, 0})});
  if (positives == 0 || negatives == 0) return points;
  double hits = 0, alarms = 0;
  const size_t step = std::max<size_t>(1, order.size() / limit);
  for (size_t i = 0; i < order.size(); ++i) {
    (judged.truth[order[i]] == c ? hits : alarms) += 1;
    const bool tie = i + 1 < order.size() && judged.Score(order[i], c) == judged.Score(order[i + 1], c);
    if (!tie && ((i + 1) % step == 0 || i + 1 == order.size()))
      points.push_back({100 * alarms / negatives, 100 * hits / positives});
  }
  if (points.back()[0] != 100) points.push_back({100, 100});
  return points;
}

void AddRoc(const Records& records, const Judged& judged, Section& section) {
  Json series = Json::array();
  for (int c = 0; c < judged.classes && c < 10; ++c) {
    series.push_back({{"name", fmt::format("{} (AUC {:.3f})", records.dataset.labels[static_cast<size_t>(c)],
                                           ClassAuc(judged, c))},
                      {"style", "solid"},
                      {"colour", c},
                      {"points", RocPoints(judged, c, 150)}});
    if (judged.classes == 2) break;  // the second is the first, mirrored
  }
  section.blocks.emplace_back(
      Chart{.id = "roc",
            .kind = "lines",
            .caption = "ROC curve: how many pictures of a class are found (up) against how many others are "
                       "wrongly called it (right), for every threshold. The dashed line is guessing.",
            .height_px = 400,
            .data = SquareData({"false alarms in %", "found in %", "guessing", std::move(series)}),
            .fold = Fold::kClosed});
}

void AddCalibration(const Judged& judged, Section& section) {
  std::vector<double> top;
  std::vector<bool> correct;
  for (size_t i = 0; i < judged.truth.size(); ++i) {
    top.push_back(static_cast<double>(judged.Score(i, judged.predicted[i])));
    correct.push_back(judged.truth[i] == judged.predicted[i]);
  }
  const Reliability reliability = Calibration(top, correct);
  Table table{.id = "reliability",
              .caption = fmt::format("Reliability; expected calibration error (ECE) {:.1f} %",
                                     100 * reliability.error),
              .columns = {{"Score of the answer"},
                          {"n", Align::kNumber},
                          {"Mean score", Align::kNumber},
                          {"Accuracy", Align::kNumber},
                          {"95 % interval", Align::kNumber}},
              .fold = Fold::kClosed};
  Json points = Json::array();
  for (size_t b = 0; b < reliability.bins.size(); ++b) {
    const ReliabilityBin& bin = reliability.bins[b];
    if (bin.n == 0) continue;
    const Interval ci =
        Wilson95(static_cast<size_t>(std::llround(bin.accuracy * static_cast<double>(bin.n))), bin.n);
    points.push_back({100 * bin.mean_score, 100 * bin.accuracy,
                      fmt::format("n = {}, 95 % interval {}", bin.n, RangeText(ci))});
    table.rows.push_back({Text(fmt::format("{} – {} %", 10 * b, 10 * (b + 1))),
                          Count(static_cast<int64_t>(bin.n)), Percent(bin.mean_score), Percent(bin.accuracy),
                          Range(ci)});
  }
  Json series = Json::array(
      {{{"name", "this model"}, {"style", "solid"}, {"colour", 0}, {"symbols", true}, {"points", points}}});
  section.blocks.emplace_back(Chart{
      .id = "reliability",
      .kind = "lines",
      .caption =
          fmt::format("Is a score of 80 % right in 80 % of cases? Points below the dashed line: the model is "
                      "too sure of itself. On average, score and accuracy differ by {:.1f} points (ECE).",
                      100 * reliability.error),
      .height_px = 360,
      .data = SquareData(
          {"score of the answer in %", "accuracy in %", "perfectly calibrated", std::move(series)}),
      .fold = Fold::kClosed});
  section.blocks.emplace_back(std::move(table));
}

size_t RightOf(const Judged& judged) {
  return static_cast<size_t>(std::inner_product(judged.truth.begin(), judged.truth.end(),
                                                judged.predicted.begin(), 0, std::plus<>(),
                                                std::equal_to<>()));
}

// Test pictures in the order in which their thumbnails are worth bytes: mistakes, the most confident first,
// then right answers, one of each class after the other.
std::vector<int> ByWorth(const Records& records, const Judged& test) {
  std::vector<int> order;
  for (const Mistake& mistake : WorstMistakes(records)) order.push_back(mistake.picture);
  std::vector<size_t> seen(records.dataset.labels.size(), 0);
  std::vector<std::pair<size_t, int>> right;  // how many of its class come before it, picture
  for (size_t i = 0; i < test.truth.size(); ++i) {
    if (test.truth[i] == test.predicted[i])
      right.emplace_back(seen[static_cast<size_t>(test.truth[i])]++, test.picture[i]);
  }
  std::stable_sort(right.begin(), right.end(),
                   [](const auto& a, const auto& b) { return a.first < b.first; });
  for (const auto& [before, picture] : right) order.push_back(picture);
  return order;
}

// What the page's viewer shows. Thumbnails go along as far as the page does not grow heavy; others are seen
// where a gallery of the page holds them.
void AddPictures(const Records& records, const Judged& test, Section& section) {
  constexpr size_t kRows = 20'000, kThumbnailBytes = 2'000'000;
  // Of a large set they are made here, from whole pictures.
  const size_t most = records.dataset.pictures.size() > dataset::kMostThumbnails ? 150 : 2'000;
  Pictures pictures{.labels = records.dataset.labels, .rows = {}};
  std::map<int, std::string> sources;
  size_t bytes = 0;
  for (const int picture : ByWorth(records, test)) {
    if (bytes >= kThumbnailBytes || sources.size() == most) break;
    std::string source = ThumbnailUri(records, records.dataset.pictures[static_cast<size_t>(picture)]);
    bytes += source.size();
    sources.emplace(picture, std::move(source));
  }
  for (size_t i = 0; i < test.truth.size() && i < kRows; ++i) {
    const auto source = sources.find(test.picture[i]);
    pictures.rows.push_back({.picture = test.picture[i],
                             .truth = test.truth[i],
                             .called = test.predicted[i],
                             .score = static_cast<double>(test.Score(i, test.predicted[i])),
                             .path = records.dataset.pictures[static_cast<size_t>(test.picture[i])].path,
                             .source = source == sources.end() ? std::string() : source->second});
  }
  std::sort(pictures.rows.begin(), pictures.rows.end(),
            [](const auto& a, const auto& b) { return a.picture < b.picture; });
  section.blocks.emplace_back(std::move(pictures));
}

}  // namespace

std::vector<Mistake> WorstMistakes(const Records& records) {
  const Judged test = TestAnswers(records);
  std::vector<Mistake> wrong;
  for (size_t i = 0; i < test.truth.size(); ++i) {
    if (test.truth[i] == test.predicted[i]) continue;
    wrong.push_back({test.picture[i], test.truth[i], test.predicted[i],
                     static_cast<double>(test.Score(i, test.predicted[i])),
                     static_cast<double>(test.Score(i, test.truth[i]))});
  }
  std::stable_sort(wrong.begin(), wrong.end(), [](const Mistake& a, const Mistake& b) {
    return a.score != b.score ? a.score > b.score : a.picture < b.picture;
  });
  return wrong;
}

Section ErrorsSection(const Records& records) {
  Section section{.id = "errors",
                  .title = "What it gets right and wrong",
                  .lead =
                      "Test pictures only: each was judged by a model that had not learnt from it. Click a "
                      "number, a line or a class to see its pictures.",
                  .blocks = {}};
  const search::CellResult* cell = FinalCell(records);
  const Judged test = TestAnswers(records);
  if (test.picture.empty()) {
    section.made_by = "search RUN";
    return section;
  }
  AddConfusion(records, test, "test", section);
  AddPerClass(records, test, section);
  AddGroups(records, test, section);
  AddPictures(records, test, section);
  const Judged train = cell == nullptr ? Judged{} : Pool(*cell, records.dataset, Part::kTrain);
  if (!train.truth.empty()) {
    const size_t learnt = RightOf(train);
    section.blocks.emplace_back(Paragraph{fmt::format(
        "The model names {} of the pictures that it learnt from correctly, and {} of the test pictures. "
        "Where the first is far above the second, it has learnt them by heart; more pictures help.",
        PercentText(static_cast<double>(learnt) / static_cast<double>(train.truth.size())),
        PercentText(static_cast<double>(RightOf(test)) / static_cast<double>(test.truth.size())))});
    AddConfusion(records, train, "training", section);
  }
  AddRoc(records, test, section);
  AddCalibration(test, section);
  return section;
}

Section MistakesSection(const Records& records) {
  Section section{
      .id = "mistakes",
      .title = "Mistakes",
      .lead =
          "Test pictures that the model named wrongly, the most confident first. Each is worth a look: a "
          "wrong label, a picture of something else, or a real weakness.",
      .blocks = {}};
  const Judged test = TestAnswers(records);
  if (test.picture.empty()) {
    section.made_by = "search RUN";
    return section;
  }
  const std::vector<Mistake> wrong = WorstMistakes(records);
  if (wrong.empty()) {
    section.blocks.emplace_back(
        Paragraph{fmt::format("There are none: all {} are named correctly.",
                              Plural(test.truth.size(), "test picture", "test pictures"))});
    AddWhy(records, section);
    return section;
  }
  Gallery gallery{.title = wrong.size() > kMistakes
                               ? fmt::format("The {} most confident of {} mistakes", kMistakes, wrong.size())
                               : "",
                  .note = "",
                  .pictures = {}};
  Table table{.id = "mistakes",
              .caption = "All mistakes on test pictures",
              .columns = {{"Picture"},
                          {"True class"},
                          {"Called"},
                          {"Score", Align::kNumber},
                          {"Score of the true class", Align::kNumber}},
              .fold = Fold::kClosed};
  for (const Mistake& mistake : wrong) {
    const dataset::Picture& picture = records.dataset.pictures[static_cast<size_t>(mistake.picture)];
    const std::string& truth = records.dataset.labels[static_cast<size_t>(mistake.truth)];
    const std::string& called = records.dataset.labels[static_cast<size_t>(mistake.called)];
    table.rows.push_back({Text(picture.path), Text(truth), Text(called), Percent(mistake.score),
                          Percent(mistake.score_of_truth)});
    if (gallery.pictures.size() < kMistakes) {
      gallery.pictures.push_back(
          {ThumbnailUri(records, picture),
           picture.path,
           {"called " + called, "is " + truth, fmt::format("score {:.0f} %", 100 * mistake.score)},
           mistake.picture});
    }
  }
  section.blocks.emplace_back(std::move(gallery));
  AddWhy(records, section);
  section.blocks.emplace_back(std::move(table));
  return section;
}

}  // namespace handlens::report
