// When the app answers and when it says "not sure": what is promised, what the threshold does on every route,
// how honest the scores are.
#include <fmt/format.h>

#include <algorithm>
#include <array>

#include "base/stats.h"
#include "report/routes.h"
#include "report/sections/sections.h"
#include "verify/words.h"

namespace handlens::report {
namespace {

size_t WholeAt(const Json& json, std::string_view key) {
  return static_cast<size_t>(NumberAt(json, key).value_or(0));
}

void AddRoutes(const Json& routes, Section& section) {
  Table table{.id = "not-sure",
              .caption = "What the threshold does with pictures that the model had not seen",
              .columns = {{"Pictures"},
                          {"n", Align::kNumber},
                          {"Answered", Align::kNumber},
                          {"Wrong", Align::kNumber},
                          {"Wrong of the answered, %", Align::kNumber},
                          {"95 % interval", Align::kNumber},
                          {"ECE, points", Align::kNumber}}};
  for (const Json& route : routes) {
    const Json& a = At(route, "answering");
    if (!a.is_object()) continue;
    const size_t answered = WholeAt(a, "answered"), wrong = WholeAt(a, "wrong");
    const double share = answered == 0 ? 0 : static_cast<double>(wrong) / static_cast<double>(answered);
    table.rows.push_back({Text(verify::RouteTitle(TextAt(route, "name"))),
                          Count(static_cast<int64_t>(WholeAt(route, "n"))),
                          Count(static_cast<int64_t>(answered)), Count(static_cast<int64_t>(wrong)),
                          Percent(share), answered > 0 ? Range(Wilson95(wrong, answered)) : Missing(),
                          Number(100 * NumberAt(a, "ece").value_or(0), 1)});
  }
  section.blocks.emplace_back(std::move(table));
}

constexpr std::array<std::string_view, 3> kDrawn = {"quantized", "camera", "camera-hard"};

// Pairs of shares as points in %.
Json PercentPoints(const Json& pairs) {
  Json line = Json::array();
  for (const Json& point : pairs) {
    if (point.is_array() && point.size() == 2 && point[0].is_number() && point[1].is_number()) {
      line.push_back({100 * point[0].get<double>(), 100 * point[1].get<double>()});
    }
  }
  return line;
}

// One line a route out of fold.
template <class Points>
Json Lines(const Json& routes, std::string_view key, Points points) {
  Json series = Json::array();
  for (const Json& route : routes) {
    const Json& a = At(route, key);
    const std::string name = TextAt(route, "name");
    if (!a.is_object() || std::find(kDrawn.begin(), kDrawn.end(), name) == kDrawn.end()) continue;
    const size_t colour = series.size();
    series.push_back({{"name", verify::RouteTitle(name)},
                      {"style", colour == 0 ? "solid" : "dashed"},
                      {"colour", colour},
                      {"points", points(a)}});
  }
  return series;
}

void AddCharts(const Json& routes, Section& section) {
  const Json risk = Lines(routes, "answering", [](const Json& a) { return PercentPoints(At(a, "risk")); });
  section.blocks.emplace_back(Chart{
      .id = "risk-coverage",
      .kind = "lines",
      .caption = "The most confident answers first: when so many are answered, so many of the answers are "
                 "wrong. A curve that stays low to the left means that the model knows what it knows.",
      .height_px = 320,
      .data = {{"x_name", "answered in %"},
               {"y_name", "wrong of the answered in %"},
               {"unit", "%"},
               {"x_min", 0},
               {"series", risk}}});
  Json reliability = Lines(routes, "answering", [](const Json& a) {
    Json line = Json::array();
    for (const Json& bin : At(a, "reliability")) {
      if (WholeAt(bin, "n") > 0)
        line.push_back(
            {100 * NumberAt(bin, "mean_score").value_or(0), 100 * NumberAt(bin, "accuracy").value_or(0)});
    }
    return line;
  });
  section.blocks.emplace_back(Chart{.id = "reliability-shipped",
                                    .kind = "lines",
                                    .caption = "Does a score of 80 % of the quantized file mean right in 80 "
                                               "% of cases? A line below the diagonal: too sure of itself.",
                                    .height_px = 320,
                                    .data = SquareData({"score of the answer in %", "right in %",
                                                        "perfectly calibrated", std::move(reliability)})});
}

void AddReferral(const Json& verdict, const Json& routes, Section& section) {
  const Json& refer = At(verdict, "refer");
  if (!refer.is_object()) return;
  const std::string label = TextAt(refer, "label");
  const bool shown = At(refer, "shown").is_boolean() && At(refer, "shown").get<bool>();
  section.blocks.emplace_back(
      Note{shown ? Tone::kGood : Tone::kWarning,
           fmt::format("\"Refer\" from a score of {:.3f} for {}", NumberAt(refer, "from").value_or(0), label),
           {TextAt(refer, "sentence")}});
  Table table{.id = "refer",
              .caption = fmt::format("What is referred because of {}", label),
              .columns = {{"Pictures"},
                          {fmt::format("Of {}", label), Align::kNumber},
                          {"Referred", Align::kNumber},
                          {"Sensitivity, %", Align::kNumber},
                          {"95 % interval", Align::kNumber},
                          {"Of other classes", Align::kNumber},
                          {"Not referred", Align::kNumber},
                          {"Specificity, %", Align::kNumber},
                          {"95 % interval", Align::kNumber}}};
  for (const Json& route : routes) {
    const Json& r = At(route, "refer");
    if (!r.is_object()) continue;
    const auto cells = [&](size_t k, size_t n) {
      for (const size_t count : {n, k}) table.rows.back().push_back(Count(static_cast<int64_t>(count)));
      table.rows.back().push_back(n > 0 ? Percent(static_cast<double>(k) / static_cast<double>(n))
                                        : Missing());
      table.rows.back().push_back(n > 0 ? Range(Wilson95(k, n)) : Missing());
    };
    table.rows.push_back({Text(verify::RouteTitle(TextAt(route, "name")))});
    cells(WholeAt(r, "referred"), WholeAt(r, "pictures"));
    cells(WholeAt(r, "others") - WholeAt(r, "others_referred"), WholeAt(r, "others"));
  }
  section.blocks.emplace_back(std::move(table));
  Json roc = Lines(routes, "refer", [](const Json& r) { return PercentPoints(At(r, "roc")); });
  section.blocks.emplace_back(
      Chart{.id = "refer-roc",
            .kind = "lines",
            .caption = fmt::format("ROC curve: how many pictures of {} are referred (up) against how many "
                                   "others are referred, too (right), for every threshold.",
                                   label),
            .height_px = 320,
            .data = SquareData({"others referred in %", fmt::format("{} referred in %", label), "guessing",
                                std::move(roc)})});
}

void AddStrangers(const Json& answering, Section& section) {
  const Json& strangers = At(answering, "strangers");
  if (!strangers.is_object()) return;
  const size_t n = WholeAt(strangers, "pictures"), refused = WholeAt(strangers, "not_sure");
  const Interval ci = Wilson95(refused, n);
  section.blocks.emplace_back(Paragraph{fmt::format(
      "Pictures of nothing that it knows: of {} photographs of a background alone (plain colours, textures, "
      "heaps of things), taken by the simulated camera, {} get \"not sure\" (95 % interval {:.1f} to {:.1f} "
      "%). None of them set anything. Pictures of other things are harder, those of similar things hardest.",
      n, refused, 100 * ci.low, 100 * ci.high)});
}

}  // namespace

Section AnsweringSection(const Records& records) {
  Section section{.id = "answering",
                  .title = "When it answers, and when it says \"not sure\"",
                  .lead =
                      "An app that answers every picture is wrong on those that it should not answer. The "
                      "file carries a threshold on its top score.",
                  .blocks = {}};
  const Json &answering = At(records.verdict, "answering"), &routes = At(records.verdict, "routes");
  if (!routes.is_array()) {
    section.made_by = "verify RUN";
    return section;
  }
  if (!answering.is_object()) {
    section.blocks.emplace_back(
        Paragraph{"The model files say nothing about it: they were made before handlens knew how. The "
                  "command `handlens run` makes them anew; nothing is trained again."});
    return section;
  }
  const bool promised = At(answering, "promised").is_boolean() && At(answering, "promised").get<bool>();
  section.blocks.emplace_back(
      Note{promised ? Tone::kGood : Tone::kWarning,
           fmt::format("\"Not sure\" below {:.2f}", NumberAt(answering, "not_sure_below").value_or(0)),
           {TextAt(answering, "sentence")}});
  if (const std::string sets = TextAt(At(answering, "sets"), "sentence"); !sets.empty())
    section.blocks.emplace_back(Paragraph{sets});
  AddStrangers(answering, section);
  AddRoutes(routes, section);
  AddCharts(routes, section);
  AddReferral(records.verdict, routes, section);
  return section;
}

}  // namespace handlens::report
