// The verdict, which stands first, and what was not done, which stands last.
#include <fmt/format.h>

#include <algorithm>
#include <array>

#include "base/text.h"
#include "dataset/moved.h"
#include "report/sections.h"

namespace handlens::report {
namespace {

struct KnownRoute {
  std::string_view name, title;
};
// The needed ones among the first, in the order of the paper's step 7: gallery before camera.
constexpr std::array<KnownRoute, 11> kRoutes = {{
    {"computer", "Float model on the computer (baseline)"},
    {"quantized", "Quantized model on the computer"},
    {"gallery", "Pictures from the phone's gallery"},
    {"camera", "A simulated camera"},
    {"camera-hard", "A simulated camera, little care"},
    {"camera-holdout", "A simulated camera, held-out pictures"},
    {"camera-hard-holdout", "A simulated camera, little care, held-out pictures"},
    {"computer-holdout", "Float model, held-out pictures"},
    {"quantized-holdout", "Quantized model, held-out pictures"},
    {"float16-holdout", "Float16 model, held-out pictures"},
    {"dynamic-holdout", "Dynamic-range model, held-out pictures"},
}};
// The first four are those that a verdict needs; the others are looked at besides.
constexpr size_t kNeededRoutes = 4;

struct Route {
  std::string name, title;
  const Json* json = nullptr;
  int64_t n = 0, correct = 0;
  double accuracy = 0;
  Interval ci = {};
};

// A phone's route is named after the phone.
std::string TitleOf(const Json& verdict, const Json& route) {
  const std::string name = TextAt(route, "name");
  const auto phone = NumberAt(route, "phone");
  const Json& phones = At(verdict, "phones");
  if (!phone || !phones.is_array() || *phone < 0 || *phone >= static_cast<double>(phones.size())) return RouteTitle(name);
  const std::string who = TextAt(phones[static_cast<size_t>(*phone)], "title");
  return (name.find("field-test") != std::string::npos ? "Field test with " : "Self-check on ") + who;
}

std::vector<Route> Routes(const Json& verdict) {
  std::vector<Route> routes;
  for (const Json& json : At(verdict, "routes")) {
    if (const std::string status = TextAt(json, "status"); !status.empty() && status != "done") continue;
    Route route{.name = TextAt(json, "name"), .title = {}, .json = &json};
    route.title = TitleOf(verdict, json);
    route.n = static_cast<int64_t>(NumberAt(json, "n").value_or(0));
    route.correct = static_cast<int64_t>(NumberAt(json, "correct").value_or(0));
    const double share = route.n > 0 ? static_cast<double>(route.correct) / static_cast<double>(route.n) : 0;
    route.accuracy = NumberAt(json, "accuracy").value_or(share);
    const Json& ci = At(json, "ci95");
    if (ci.is_array() && ci.size() == 2 && ci[0].is_number() && ci[1].is_number()) {
      route.ci = {ci[0].get<double>(), ci[1].get<double>()};
    } else {
      route.ci = Wilson95(static_cast<size_t>(std::max<int64_t>(0, route.correct)), static_cast<size_t>(std::max<int64_t>(0, route.n)));
    }
    routes.push_back(std::move(route));
  }
  return routes;
}

// Sentences of an array of texts or of small records.
std::vector<std::string> Sentences(const Json& list) {
  std::vector<std::string> lines;
  if (!list.is_array()) return lines;
  for (const Json& entry : list) lines.push_back(Printed(entry));
  return lines;
}

Note Headline(const Records& records) {
  const Json& deployable = At(records.verdict, "deployable");
  if (!deployable.is_boolean()) {
    return {.tone = Tone::kPlain, .title = "No verdict yet",
            .lines = {records.search ? "Models were trained, but none was verified by all routes. Next: handlens verify RUN"
                                     : "The pictures were checked; no model was trained. Next: handlens run PICTURES -o RUN"}};
  }
  std::vector<std::string> reasons = Sentences(At(records.verdict, "reasons"));
  if (deployable.get<bool>()) return {.tone = Tone::kGood, .title = "This model can be deployed", .lines = std::move(reasons)};
  return {.tone = Tone::kBad, .title = "This model cannot be deployed", .lines = std::move(reasons)};
}

// "agreement" stands with a route or, by route, at the top.
Cell Agreement(const Records& records, const Route& route) {
  for (const Json* place : {&At(*route.json, "agreement"), &At(At(records.verdict, "agreement"), route.name)}) {
    if (place->is_number()) return Percent(place->get<double>());
    for (const char* key : {"share", "agreement", "value"}) {
      if (auto share = NumberAt(*place, key)) return Percent(*share);
    }
  }
  return Missing();
}

Cell RouteAuc(const Route& route) {
  const auto auc = NumberAt(*route.json, "auc");
  return auc ? Number(*auc, 3) : Missing();
}

void AddRoutes(const Records& records, const std::vector<Route>& routes, Section& section) {
  Table table{.id = "routes", .caption = "The same kind of pictures by every route",
              .columns = {{"Route"}, {"n", Align::kNumber}, {"Correct", Align::kNumber}, {"Accuracy", Align::kNumber}, {"95 % interval", Align::kNumber},
                          {"Agrees with baseline", Align::kNumber}, {"AUC", Align::kNumber}, {"Pictures judged"}, {"Model"}}};
  Json points = Json::array();
  Facts facts;
  for (const Route& route : routes) {
    Cell scope = Text(TextAt(*route.json, "scope"));
    if (const std::string kernels = TextAt(*route.json, "kernels"); !kernels.empty()) scope.hint = "kernels: " + kernels;
    table.rows.push_back({Text(route.title), Count(route.n), Count(route.correct), Percent(route.accuracy), Range(route.ci),
                          Agreement(records, route), RouteAuc(route), scope, Text(TextAt(*route.json, "model"))});
    const std::string detail = fmt::format("{} of {} correct; 95 % interval {}", Thousands(route.correct), Thousands(route.n), RangeText(route.ci));
    points.push_back({{"name", route.title}, {"value", 100 * route.accuracy}, {"low", 100 * route.ci.low}, {"high", 100 * route.ci.high},
                      {"note", detail + (scope.text.empty() ? "" : "; " + scope.text)}});
    if (facts.facts.size() < 4) facts.facts.push_back({PercentText(route.accuracy), route.title, detail});
  }
  section.blocks.emplace_back(std::move(facts));
  section.blocks.emplace_back(Chart{.id = "routes", .kind = "intervals",
      .caption = "Accuracy by each route. The bar is the 95 % interval: the true accuracy plausibly lies anywhere on it. Routes whose bars "
                 "overlap widely are not shown to differ.",
      .height_px = static_cast<int>(80 + 44 * points.size()), .data = {{"points", points}, {"x_name", "accuracy in %"}}});
  section.blocks.emplace_back(std::move(table));
}

// Which classes suffer on which route.
void AddRecallByRoute(const Records& records, const std::vector<Route>& routes, Section& section) {
  Table table{.id = "route-classes", .caption = "Each class by each route: how many of its pictures were recognised", .columns = {{"Class"}}, .fold = Fold::kClosed};
  for (const std::string& label : records.dataset.labels) table.rows.push_back({Text(label)});
  for (const Route& route : routes) {
    const Json& classes = At(*route.json, "per_class");
    if (!classes.is_array() || classes.size() != table.rows.size()) continue;
    table.columns.push_back({route.title, Align::kNumber});
    for (size_t c = 0; c < table.rows.size(); ++c) {
      Cell cell = Percent(NumberAt(classes[c], "recall").value_or(0));
      cell.hint = fmt::format("n = {}", Printed(At(classes[c], "n")));
      table.rows[c].push_back(std::move(cell));
    }
  }
  if (table.columns.size() > 1) section.blocks.emplace_back(std::move(table));
}

void AddRules(const Records& records, Section& section) {
  const Json& rules = At(records.verdict, "rules");
  if (!rules.is_array() || rules.empty()) return;
  Table table{.id = "rules", .caption = "The rules of this verdict", .columns = {{"Rule"}, {"Outcome"}, {"What was found"}, {"What to try"}}};
  for (const Json& rule : rules) {
    const Json& passed = At(rule, "passed");
    const std::string outcome = !passed.is_boolean() ? "" : passed.get<bool>() ? "kept" : "broken";
    if (!rule.is_object()) {
      table.rows.push_back({Text(Printed(rule)), Text(""), Text(""), Text("")});
      continue;
    }
    Cell result = Text(outcome);
    if (outcome == "broken") result = {.text = "", .value = outcome, .hint = {}, .mark = outcome};
    table.rows.push_back({Text(TextAt(rule, "rule")), result, Text(TextAt(rule, "text")), Text(outcome == "kept" ? "" : TextAt(rule, "advice"))});
  }
  section.blocks.emplace_back(std::move(table));
}

// Of a text; empty ones are left out.
std::vector<std::string> Lines(const std::string& text) {
  std::vector<std::string> lines;
  for (size_t at = 0; at < text.size();) {
    const size_t end = std::min(text.find('\n', at), text.size());
    if (end > at) lines.push_back(text.substr(at, end - at));
    at = end + 1;
  }
  return lines;
}

void AddBestSoFar(const Records& records, Section& section) {
  const search::CellResult* cell = FinalCell(records);
  if (cell == nullptr) {
    section.blocks.emplace_back(Facts{{{Thousands(static_cast<int64_t>(records.dataset.pictures.size())), "usable pictures", ""},
                                       {Thousands(static_cast<int64_t>(records.dataset.labels.size())), "classes", ""},
                                       {Thousands(static_cast<int64_t>(records.dataset.rejected.size())), "files refused", "each with its reason, below"}}});
    return;
  }
  section.blocks.emplace_back(Facts{{{PercentText(cell->test_accuracy.mean), "accuracy on test pictures",
      fmt::format("{} of {} correct over all folds; 95 % interval {}", cell->test_correct, cell->test_n, RangeText(cell->test_ci95))},
      {Thousands(cell->parameters), "parameters", cell->candidate.model}}});
}

}  // namespace

std::string RouteTitle(const std::string& name) {
  for (const KnownRoute& route : kRoutes) {
    if (route.name == name) return std::string(route.title);
  }
  return name;
}

Note NotRunYet(const Records&, std::string_view command) {
  return {.tone = Tone::kPlain, .title = "Not run yet", .lines = {fmt::format("handlens {} makes this section.", command)}};
}

Section VerdictSection(const Records& records) {
  Section section{.id = "verdict", .title = "Can it be deployed?",
                  .lead = "What the model does with pictures it has never seen, by every way in which a picture can reach it.", .blocks = {}};
  section.blocks.emplace_back(Headline(records));
  if (!records.changed.empty()) {
    std::vector<std::string> lines = records.changed;
    lines.emplace_back("What stands on this page may come from what was changed. `handlens check RUN` tells more; running the step again makes it right.");
    section.blocks.emplace_back(Note{Tone::kBad, "Not everything is as handlens made it", std::move(lines)});
  }
  if (!records.problems.empty()) {
    section.blocks.emplace_back(Note{Tone::kWarning, "Records that could not be read; what they hold is missing here", records.problems});
  }
  if (auto notes = Lines(TextAt(At(records.description, "data"), "notes")); !notes.empty()) {
    section.blocks.emplace_back(Note{Tone::kWarning, "The author's notes", std::move(notes)});
  }
  const std::vector<Route> routes = Routes(records.verdict);
  if (routes.empty()) AddBestSoFar(records, section);
  else AddRoutes(records, routes, section);
  AddRecallByRoute(records, routes, section);
  AddRules(records, section);
  if (auto notes = Sentences(At(records.verdict, "notes")); !notes.empty()) {
    section.blocks.emplace_back(Note{Tone::kPlain, "Notes", std::move(notes)});
  }
  return section;
}

Section NotDoneSection(const Records& records) {
  Section section{.id = "not-done", .title = "What was not done", .lead = "What this report does not show, so that nobody reads it into it.", .blocks = {}};
  std::vector<std::string> lines;
  const std::vector<Route> routes = Routes(records.verdict);
  for (size_t i = 0; i < kNeededRoutes; ++i) {
    const KnownRoute& known = kRoutes[i];
    const bool ran = std::any_of(routes.begin(), routes.end(), [&](const Route& r) { return r.name == known.name && r.n > 0; });
    if (!ran) lines.push_back(fmt::format("{}: not run.", known.title));
  }
  if (!records.search) lines.emplace_back("No model was trained.");
  else if (!records.search->exhaustive) lines.emplace_back("The search was a race: cells that fell behind early were not trained on every fold.");
  if (!records.reduce) lines.emplace_back("The model was not reduced; a smaller one may do as well.");
  if (records.conversion.is_null()) lines.emplace_back("No model file for phones was made.");
  const Json& phones = At(records.verdict, "phones");
  if (!phones.is_array() || phones.empty()) {
    lines.emplace_back("No phone was tried. Whatever stands here about gallery and camera comes from a simulation; try the app on a real phone with the held-out pictures before anyone relies on it.");
  } else {
    for (const Json& phone : phones) {
      if (!At(phone, "field_test").is_object()) lines.push_back(TextAt(phone, "title") + " was tried with the held-out pictures only: no field test was taken in.");
    }
  }
  lines.emplace_back("Nobody checked the labels by eye as part of this run; an expert should look at the contact sheet and the worst mistakes.");
  lines.emplace_back("The accuracies hold for pictures like these. Another place, device or population needs its own test pictures.");
  lines.emplace_back("Classification only: the model does not outline, count or measure anything in a picture.");
  section.blocks.emplace_back(Note{Tone::kPlain, "", std::move(lines)});
  return section;
}

Document MakeDocument(const Records& records) {
  std::string name = dataset::NameOf(records.dataset);
  if (name.empty()) name = "pictures";
  Document document{.title = "Classifying " + name, .subtitle = "", .tone = Tone::kPlain, .sections = {}};
  document.subtitle = fmt::format("{} in {}, checked, divided, learnt and judged on this computer. Made by handlens {}.",
                                  Plural(records.dataset.pictures.size(), "picture", "pictures"),
                                  Plural(records.dataset.labels.size(), "class", "classes"), HANDLENS_VERSION);
  for (Section (*make)(const Records&) : {VerdictSection, DataSection, FoldsSection, SearchSection, LearningSection, ModelSection,
                                          ErrorsSection, MistakesSection, ReduceSection, ConvertSection, PhonesSection, TimeSection,
                                          ReproduceSection, NotDoneSection}) {
    document.sections.push_back(make(records));
  }
  return document;
}

}  // namespace handlens::report
