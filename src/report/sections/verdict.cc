// The verdict, which stands first, its ways and checks, and what was not done, which stands last.
#include <fmt/format.h>

#include "base/text.h"
#include "report/routes.h"
#include "report/sections/sections.h"
#include "verify/words.h"

namespace handlens::report {
namespace {

// "agreement" stands with a route or, by route, at the top.
Cell Agreement(const Records& records, const Route& route) {
  for (const Json* place :
       {&At(*route.json, "agreement"), &At(At(records.verdict, "agreement"), route.name)}) {
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

Table RoutesTable(const Records& records, const std::vector<const Route*>& routes, std::string id,
                  std::string caption) {
  Table table{
      .id = std::move(id),
      .caption = std::move(caption),
      .columns = {{"Way"},
                  {"Named correctly", Align::kNumber},
                  {"95 % interval"},
                  {"Pictures", Align::kNumber},
                  {"Same answer as the float file", Align::kNumber, "", true},
                  {"AUC", Align::kNumber, "1 = the scores of right and wrong classes never mix", true}}};
  for (const Route* route : routes) {
    Cell title = Text(route->title);
    title.note = route->pictures;
    if (const std::string model = TextAt(*route->json, "model"); !model.empty()) {
      const std::string kernels = TextAt(*route->json, "kernels");
      title.hint = model + (kernels.empty() ? "" : ", kernels: " + kernels);
    }
    Cell share = Percent(route->accuracy), range = Range(route->ci), n = Count(route->n);
    range.bar = Bar{route->accuracy, route->ci};
    n.hint = fmt::format("{} right", Thousands(route->correct));
    table.rows.push_back({title, share, range, n, Agreement(records, *route), RouteAuc(*route)});
  }
  return table;
}

// Each route once: its accuracy with the interval drawn beside it. The few held-out pictures say less, so
// they are folded.
void AddRoutes(const Records& records, const std::vector<Route>& routes, Section& section) {
  std::vector<const Route*> shown, finished;
  for (const Route& route : routes) (route.name.ends_with("-holdout") ? finished : shown).push_back(&route);
  section.blocks.emplace_back(
      RoutesTable(records, shown, "routes", "Every way in which a picture can reach the model"));
  if (finished.empty()) return;
  Table table = RoutesTable(records, finished, "routes-holdout",
                            "The finished files, on the pictures held out from all training");
  table.fold = Fold::kClosed;
  section.blocks.emplace_back(std::move(table));
}

// Which classes suffer on which route.
void AddRecallByRoute(const Records& records, const std::vector<Route>& routes, Section& section) {
  Table table{.id = "route-classes",
              .caption = "Each class by each way: how many of its pictures were recognised",
              .columns = {{"Class"}},
              .fold = Fold::kClosed};
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
  Table table{.id = "rules",
              .caption = "The checks of this verdict",
              .columns = {{"Check"}, {"Outcome"}, {"What was found"}, {"What to try"}},
              .fold = Fold::kClosed};
  for (const Json& rule : rules) {
    const Json& passed = At(rule, "passed");
    const std::string outcome = !passed.is_boolean() ? "" : passed.get<bool>() ? "passed" : "failed";
    if (!rule.is_object()) {
      table.rows.push_back({Text(Printed(rule)), Text(""), Text(""), Text("")});
      continue;
    }
    Cell result = Text(outcome);
    if (outcome == "failed") result = {.text = "", .value = outcome, .hint = {}, .mark = outcome};
    const std::string id = TextAt(rule, "rule"), title = TextAt(rule, "title");
    Cell name = {.text = title.empty() ? verify::RuleTitle(id) : title, .value = id, .hint = id, .mark = {}};
    table.rows.push_back(
        {name, result, Text(TextAt(rule, "text")), Text(outcome == "passed" ? "" : TextAt(rule, "advice"))});
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

}  // namespace

Section VerdictSection(const Records& records) {
  Section section{.id = "verdict", .title = "Result", .lead = "", .blocks = {}};
  if (!records.changed.empty()) {
    std::vector<std::string> lines = records.changed;
    lines.emplace_back(
        "What stands on this page may come from what was changed. `handlens check RUN` says more; running "
        "the step again puts it right.");
    section.blocks.emplace_back(Note{Tone::kBad, "Not everything is as handlens made it", std::move(lines)});
  }
  if (!records.problems.empty()) {
    section.blocks.emplace_back(Note{
        Tone::kWarning, "These records could not be read; what they hold is missing here", records.problems});
  }
  section.blocks.emplace_back(MakeSummary(records));
  if (auto notes = Lines(TextAt(At(records.description, "data"), "notes")); !notes.empty()) {
    section.blocks.emplace_back(Note{Tone::kWarning, "The author's notes", std::move(notes)});
  }
  return section;
}

Section RoutesSection(const Records& records) {
  Section section{.id = "routes",
                  .title = "How pictures reach the model",
                  .lead =
                      "The same kind of pictures, on the computer, from a phone's gallery, and before a "
                      "simulated camera. A line is the 95 % interval: the true "
                      "accuracy plausibly lies on it. Where lines overlap widely, no difference is shown.",
                  .blocks = {}};
  const std::vector<Route> routes = RoutesOf(records.verdict);
  if (routes.empty()) {
    section.made_by = "verify RUN";
    return section;
  }
  AddRoutes(records, routes, section);
  AddRules(records, section);
  AddRecallByRoute(records, routes, section);
  if (auto notes = Sentences(At(records.verdict, "notes")); !notes.empty()) {
    Table table{.id = "notes",
                .caption = "Notes",
                .columns = {{"Note"}},
                .fold = Fold::kClosed,
                .row_headers = false};
    for (std::string& note : notes) table.rows.push_back({Text(std::move(note))});
    section.blocks.emplace_back(std::move(table));
  }
  return section;
}

Section NotDoneSection(const Records& records) {
  Section section{.id = "not-done",
                  .title = "What was not done",
                  .lead = "What this report does not show.",
                  .blocks = {}};
  std::vector<std::string> lines;
  for (const std::string& title : RoutesNotRun(RoutesOf(records.verdict)))
    lines.push_back(title + ": not run.");
  if (!records.search) lines.emplace_back("No model was trained.");
  else if (!records.search->exhaustive)
    lines.emplace_back("The search was a race: what fell behind early was not trained to the end.");
  if (!records.reduce) lines.emplace_back("No smaller model was looked for; one may do as well.");
  if (records.conversion.is_null()) lines.emplace_back("No model file for phones was made.");
  const Json& phones = At(records.verdict, "phones");
  if (!phones.is_array() || phones.empty()) {
    lines.emplace_back(
        "No phone was tried. What stands here about gallery and camera comes from a simulation. Try the app "
        "on a real phone before anyone relies on it.");
  } else {
    for (const Json& phone : phones) {
      if (!At(phone, "field_test").is_object())
        lines.push_back(TextAt(phone, "title") +
                        " was tried with the held-out pictures only; nobody photographed with it.");
    }
  }
  lines.emplace_back(
      "Nobody checked the labels by eye. Someone who knows the pictures should look at them and at the "
      "mistakes.");
  lines.emplace_back(
      "The accuracies hold for pictures like these. Another place, device or population needs its own test "
      "pictures.");
  lines.emplace_back("The model names a class. It does not outline, count or measure anything in a picture.");
  section.blocks.emplace_back(Note{Tone::kPlain, "", std::move(lines)});
  return section;
}

}  // namespace handlens::report
