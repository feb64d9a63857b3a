// What happened on phones: the simulated camera, and each real phone that sent records back.
#include <fmt/format.h>

#include "package/targets.h"
#include "report/sections/sections.h"

namespace handlens::report {
namespace {

constexpr const char* kWhatHelps =
    "The app shares its self-check and its field test as files; handlens verify RUN --import FILE takes them "
    "in, with the photographs where the app kept them.";

const Json* RouteOfPhone(const Records& records, size_t phone, std::string_view scope) {
  for (const Json& route : At(records.verdict, "routes")) {
    if (NumberAt(route, "phone") == static_cast<double>(phone) && TextAt(route, "scope") == scope)
      return &route;
  }
  return nullptr;
}

Interval IntervalOf(const Json& json) {
  const Json& ci = At(json, "ci95");
  if (ci.is_array() && ci.size() == 2 && ci[0].is_number() && ci[1].is_number())
    return {ci[0].get<double>(), ci[1].get<double>()};
  return {0, 1};
}

std::vector<Cell> CountCells(const Json& row) {
  const double n = NumberAt(row, "n").value_or(0), correct = NumberAt(row, "correct").value_or(0);
  return {Count(static_cast<int64_t>(n)), Count(static_cast<int64_t>(correct)),
          n > 0 ? Percent(correct / n) : Missing(), Range(IntervalOf(row))};
}

void AddCountColumns(Table& table) {
  for (const char* name : {"n", "Correct", "Accuracy", "95 % interval"})
    table.columns.push_back({name, Align::kNumber});
}

Note SelfCheckNote(const Json& check, const Json* route) {
  const bool ok = At(check, "ok").is_boolean() && At(check, "ok").get<bool>();
  Note note{.tone = ok ? Tone::kGood : Tone::kBad,
            .title = ok ? "Self-check: green" : "Self-check: red",
            .lines = {}};
  for (const Json& problem : At(check, "problems")) note.lines.push_back(Printed(problem));
  note.lines.push_back(fmt::format("{} of {} built-in test pictures right, {} bytes differ",
                                   Printed(At(check, "golden_right")), Printed(At(check, "golden")),
                                   Printed(At(check, "differing_bytes"))));
  if (route != nullptr) {
    const Json& computer = At(*route, "computer");
    note.lines.push_back(fmt::format(
        "held-out pictures: {} of {} right (95 % interval {}); {} answers differ from the computer's, scores "
        "are at most {:.2g} apart; {} pictures reach the model with other bytes than on the computer",
        Printed(At(*route, "correct")), Printed(At(*route, "n")), RangeText(IntervalOf(*route)),
        Printed(At(computer, "label_flips")), NumberAt(computer, "max_score_difference").value_or(0),
        Printed(At(*route, "differing_inputs"))));
  }
  note.lines.push_back("made " + TextAt(check, "made_at"));
  return note;
}

Table FieldTable(const Records& records, std::string id, std::string caption, const Json& route) {
  Table table{.id = std::move(id), .caption = std::move(caption), .columns = {{"By"}, {"Value"}}};
  AddCountColumns(table);
  const Json& classes = At(route, "per_class");
  const Json& confusion = At(route, "confusion");
  for (size_t c = 0; c < records.dataset.labels.size() && c < classes.size() && c < confusion.size(); ++c) {
    const auto n = static_cast<size_t>(NumberAt(classes[c], "n").value_or(0));
    if (n == 0 || !confusion[c].is_array() || confusion[c].size() <= c ||
        !confusion[c][c].is_number_unsigned())
      continue;
    const auto correct = confusion[c][c].get<size_t>();
    const Interval ci = Wilson95(correct, n);
    table.rows.push_back({Text("class"), Text(records.dataset.labels[c])});
    for (Cell& cell : CountCells({{"n", n}, {"correct", correct}, {"ci95", {ci.low, ci.high}}}))
      table.rows.back().push_back(std::move(cell));
  }
  for (const Json& row : At(route, "conditions")) {
    for (const char* fact : {"distance", "place", "background"}) {
      if (TextAt(row, fact).empty()) continue;
      table.rows.push_back({Text(fact), Text(TextAt(row, fact))});
      for (Cell& cell : CountCells(row)) table.rows.back().push_back(std::move(cell));
    }
  }
  return table;
}

std::string_view DevicesOf(std::string_view target) {
  const package::TargetFacts* const facts = package::FindTarget(target);
  return facts == nullptr ? target : facts->devices;
}

// The photographs that came home, beside what the simulated camera promised.
void AddPhotographs(const Records& records, size_t index, const Json& phone, Section& section) {
  const Json& facts = At(phone, "photographs");
  const Json* route = RouteOfPhone(records, index, "field test, judged here");
  if (!facts.is_object() || route == nullptr) return;
  const Json& computer = At(*route, "computer");
  const auto differing = static_cast<int64_t>(NumberAt(facts, "differing").value_or(0));
  Note note{.tone = NumberAt(computer, "flips_beyond_ties").value_or(0) > 0 ? Tone::kBad : Tone::kGood,
            .title = "Photographs that came home, judged here again",
            .lines = {fmt::format("{} of {} right (95 % interval {}, which respects {} series)",
                                  Printed(At(*route, "correct")), Printed(At(*route, "n")),
                                  RangeText(IntervalOf(*route)), Printed(At(facts, "series")))}};
  for (const Json& simulated : At(records.verdict, "routes")) {
    if (TextAt(simulated, "name") != "camera" || TextAt(simulated, "status") != "done") continue;
    note.lines.push_back(fmt::format("the simulated camera, with usual care, promised {} (n = {}, {})",
                                     PercentText(NumberAt(simulated, "accuracy").value_or(0)),
                                     Printed(At(simulated, "n")), RangeText(IntervalOf(simulated))));
  }
  note.lines.push_back(
      differing == 0
          ? fmt::format("every score is the phone's, at most {:.2g} apart",
                        NumberAt(computer, "max_score_difference").value_or(0))
          : fmt::format("{} of them are scored otherwise than on the phone (more than {:.2g} apart):",
                        differing, NumberAt(computer, "tolerance").value_or(0)));
  for (const Json& one : At(facts, "largest_differences"))
    note.lines.push_back(fmt::format("{}, {}: {:.2g} apart", TextAt(one, "at"), TextAt(one, "label"),
                                     NumberAt(one, "difference").value_or(0)));
  section.blocks.emplace_back(std::move(note));
  section.blocks.emplace_back(FieldTable(
      records, fmt::format("phone-{}-camera", index + 1),
      "The photographs of " + TextAt(phone, "title") + " that came home, judged on this computer", *route));
}

void AddPhone(const Records& records, size_t index, const Json& phone, Section& section) {
  const std::string title = TextAt(phone, "title");
  section.blocks.emplace_back(Note{
      Tone::kPlain,
      title,
      {fmt::format("{}; {} {} for {}, {} by {} kernels (runtime {})", TextAt(phone, "system"),
                   TextAt(phone, "app"), TextAt(phone, "app_version"), DevicesOf(TextAt(phone, "target")),
                   TextAt(phone, "model"), TextAt(phone, "kernels"), TextAt(phone, "runtime"))}});
  if (const Json& check = At(phone, "self_check"); check.is_object()) {
    section.blocks.emplace_back(SelfCheckNote(check, RouteOfPhone(records, index, "hold-out")));
  }
  const Json& test = At(phone, "field_test");
  const Json* route = RouteOfPhone(records, index, "field test");
  if (!test.is_object() || route == nullptr) return;
  const int64_t n = static_cast<int64_t>(NumberAt(*route, "n").value_or(0)),
                correct = static_cast<int64_t>(NumberAt(*route, "correct").value_or(0));
  section.blocks.emplace_back(Facts{
      {{PercentText(n > 0 ? static_cast<double>(correct) / static_cast<double>(n) : 0),
        "of the field test's photographs right",
        fmt::format("{} of {}; 95 % interval {}", correct, n, RangeText(IntervalOf(*route)))},
       {Printed(At(test, "not_sure")), "answered \"not sure\"", "counted here by the best class"},
       {fmt::format("{:.0f} ms", NumberAt(test, "median_ms").value_or(0)), "for one photograph (median)", ""},
       {TextAt(test, "last_at").substr(0, 10), "last photograph", "first " + TextAt(test, "first_at")}}});
  section.blocks.emplace_back(
      FieldTable(records, fmt::format("phone-{}-field-test", index + 1),
                 "Field test with " + title + ": the same photographs counted four ways", *route));
  AddPhotographs(records, index, phone, section);
}

}  // namespace

Section PhonesSection(const Records& records) {
  Section section{.id = "phones",
                  .title = "On phones",
                  .lead = "What real phones said, and what a simulated camera lets you expect.",
                  .blocks = {}};
  const Json& phones = At(records.verdict, "phones");
  if (!records.verdict.is_object()) {
    section.made_by = "verify RUN";
    return section;
  }
  AddCamera(records, section);
  for (size_t i = 0; phones.is_array() && i < phones.size(); ++i) AddPhone(records, i, phones[i], section);
  if (!phones.is_array() || phones.empty())
    section.blocks.emplace_back(Note{Tone::kPlain, "No phone has sent anything back", {kWhatHelps}});
  else
    section.blocks.emplace_back(
        Paragraph{"Photographs of one series resemble each other, so a field test is less certain than its "
                  "interval says."});
  return section;
}

}  // namespace handlens::report
