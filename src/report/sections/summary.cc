// The first screen: the verdict in one sentence, one number, the weakest class, three mistakes, what to do
// next, the files.
#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <set>

#include "base/shell_word.h"
#include "base/text.h"
#include "package/targets.h"
#include "report/routes.h"
#include "report/sections/sections.h"
#include "verify/words.h"

namespace handlens::report {
namespace {

constexpr size_t kShownMistakes = 3, kNext = 4;

// A verdict of an older handlens has no words of its own: the rules are counted.
std::string CountedHeadline(const Json& verdict) {
  const Json& rules = At(verdict, "rules");
  const size_t all = rules.is_array() ? rules.size() : 0;
  size_t passed = 0;
  for (size_t i = 0; i < all; ++i) passed += At(rules[i], "passed") == Json(true) ? 1 : 0;
  if (passed < all) return fmt::format("Failed {} of {}", all - passed, Plural(all, "check", "checks"));
  return fmt::format("Passed {} of {} on pictures like yours", all, Plural(all, "check", "checks"));
}

// What failed and by how much, without the advice, which stands under what to do next.
std::vector<std::string> Reasons(const Json& verdict) {
  std::vector<std::string> reasons;
  for (const Json& rule : At(verdict, "rules")) {
    const std::string text = TextAt(rule, "text");
    if (At(rule, "passed") == Json(false) && !text.empty()) reasons.push_back(AsSentence(text));
  }
  return reasons.empty() ? Sentences(At(verdict, "reasons")) : reasons;
}

void SetVerdict(const Records& records, Summary& summary) {
  const Json& verdict = records.verdict;
  const Json& deployable = At(verdict, "deployable");
  if (!deployable.is_boolean()) {
    summary.headline = "No verdict yet";
    summary.caveats = {records.search ? "Models were trained; none was judged yet."
                                      : "The pictures were checked; no model was trained."};
    return;
  }
  const Json& words = At(verdict, "summary");
  summary.tone = deployable.get<bool>() ? Tone::kGood : Tone::kBad;
  summary.headline = TextAt(words, "headline");
  if (summary.headline.empty()) summary.headline = CountedHeadline(verdict);
  summary.reasons = Reasons(verdict);
  summary.caveats = Sentences(At(words, "caveats"));
}

void SetNumber(const Records& records, const std::vector<Route>& routes, Summary& summary) {
  const auto set = [&](double accuracy, int64_t correct, int64_t n, const Interval& ci, std::string of) {
    summary.number = {
        PercentText(accuracy), std::move(of),
        fmt::format("{} of {}. The true value plausibly lies between {} and {} (95 % interval).",
                    Thousands(correct), Thousands(n), PercentText(ci.low), PercentText(ci.high))};
    summary.bar = Bar{accuracy, ci};
  };
  if (const Route* route = MainRoute(routes)) {
    set(route->accuracy, route->correct, route->n, route->ci,
        "of pictures that the model had never seen are named correctly");
    if (route->groups > 0)
      summary.number.detail +=
          fmt::format(" It respects that the pictures come from {} groups.", Thousands(route->groups));
    if (const Route* own = records.dataset.test_folder ? FindRoute(routes, "quantized-holdout") : nullptr)
      summary.number.detail +=
          fmt::format(" Of what your test folder held out: {} of {}, {} (95 % interval {} to {}).",
                      Thousands(own->correct), Thousands(own->n), PercentText(own->accuracy),
                      PercentText(own->ci.low), PercentText(own->ci.high));
    return;
  }
  const search::CellResult* cell = FinalCell(records);
  if (cell == nullptr || cell->test_n == 0) return;
  const auto n = static_cast<int64_t>(cell->test_n), correct = static_cast<int64_t>(cell->test_correct);
  set(static_cast<double>(correct) / static_cast<double>(n), correct, n, cell->test_ci95,
      "of test pictures are named correctly; no file for phones was judged yet");
}

int LabelIndex(const Records& records, const std::string& label) {
  const auto& labels = records.dataset.labels;
  const auto found = std::find(labels.begin(), labels.end(), label);
  return found == labels.end() ? -1 : static_cast<int>(found - labels.begin());
}

void SetWeakest(const Records& records, Summary& summary) {
  const Json& weakest = At(At(records.verdict, "summary"), "weakest");
  const std::string label = TextAt(weakest, "label"), other = TextAt(weakest, "taken_for");
  const auto n = static_cast<int64_t>(NumberAt(weakest, "n").value_or(0)),
             correct = static_cast<int64_t>(NumberAt(weakest, "correct").value_or(0));
  if (label.empty() || n == 0) return;
  if (correct == n) {
    summary.weakest = "No class is weak: every test picture of every class is named correctly.";
    return;
  }
  summary.weakest =
      fmt::format("Weakest class: {}. Of its {}, {} are recognised{}.", label,
                  Plural(static_cast<size_t>(n), "test picture", "test pictures"), Thousands(correct),
                  other.empty() ? "" : "; it is most often taken for " + other);
  if (const int c = LabelIndex(records, label); c >= 0) summary.weakest_pick = fmt::format("{},", c);
}

void SetMistakes(const Records& records, Summary& summary) {
  for (const Mistake& mistake : WorstMistakes(records)) {
    if (summary.mistakes.pictures.size() == kShownMistakes) break;
    const dataset::Picture& picture = records.dataset.pictures[static_cast<size_t>(mistake.picture)];
    std::string source = ThumbnailUri(records, picture);
    if (source.empty()) continue;
    const auto& labels = records.dataset.labels;
    summary.mistakes.pictures.push_back({std::move(source),
                                         picture.path,
                                         {"Called " + labels[static_cast<size_t>(mistake.called)],
                                          "is " + labels[static_cast<size_t>(mistake.truth)]},
                                         mistake.picture});
  }
  if (!summary.mistakes.pictures.empty()) summary.mistakes.title = "Its most confident mistakes";
}

// By the files of the run and what the verdict found, most urgent first. What cannot be deployed is packed
// into no app.
void SetNext(const Records& records, Summary& summary) {
  const std::string run = ShellWord(records.run_name);
  const auto add = [&](std::string text, std::string command = "") {
    if (summary.next.size() < kNext) summary.next.push_back({std::move(text), std::move(command)});
  };
  const Json& deployable = At(records.verdict, "deployable");
  if (!deployable.is_boolean()) {
    if (records.search)
      add("Judge the model by every way in which a picture reaches a phone.", "handlens verify " + run);
    else add("Train models on these pictures.", "handlens run PICTURES -o " + run);
    return;
  }
  std::set<std::string> advice;  // two checks may ask for the same
  for (const Json& rule : At(records.verdict, "rules")) {
    if (At(rule, "passed") == Json(false) && advice.size() < 2 &&
        advice.insert(TextAt(rule, "advice")).second)
      add(fmt::format("To pass \"{}\": {}.", TextAt(rule, "title"), TextAt(rule, "advice")));
  }
  if (!summary.mistakes.pictures.empty())
    add("Look at the mistakes. A wrong label, or a picture of something else, is quickly put right.");
  if (!dataset::GroupsKnown(records.dataset))
    add("Say which pictures belong together: one folder for each patient, plant or object inside the folder "
        "of its class.");
  std::error_code error;
  if (std::filesystem::exists(records.run / "apps", error)) {
    add("Try the app on a phone, and bring back what its field test says.",
        fmt::format("handlens verify {} --import FILE", run));
  } else if (deployable.get<bool>()) {
    add("Make an app and try it on a phone.", verify::CommandAfterPass(records.run_name));
  } else {
    add("With other pictures, begin a run of its own (-o), so that you can compare.");
  }
}

void SetFiles(const Records& records, Summary& summary) {
  constexpr std::array<std::pair<std::string_view, std::string_view>, 4> kFiles = {{
      {"model/quantizedmodel.tflite", "for phones"},
      {"model/model.tflite", "float, the reference"},
      {"model/modelcard.md", "what to know about the model"},
      {"predictions.csv", "every answer, for a spreadsheet"},
  }};
  for (const auto& [path, what] : kFiles) {
    std::error_code error;
    const auto bytes = std::filesystem::file_size(records.run / path, error);
    if (!error)
      summary.files.push_back({std::string(path), std::string(what), ByteCount(static_cast<double>(bytes))});
  }
  const auto apps = ListFolder(records.run / "apps");
  if (!apps) return;
  for (const std::string& app : *apps) {
    const package::TargetFacts* const facts = package::FindTarget(app);
    if (std::error_code error; std::filesystem::is_directory(records.run / "apps" / app, error))
      summary.files.push_back({"apps/" + app, facts ? fmt::format("the {}", facts->title) : "", ""});
  }
}

}  // namespace

Summary MakeSummary(const Records& records) {
  Summary summary;
  const std::vector<Route> routes = RoutesOf(records.verdict);
  SetVerdict(records, summary);
  SetNumber(records, routes, summary);
  SetWeakest(records, summary);
  SetMistakes(records, summary);
  SetNext(records, summary);
  SetFiles(records, summary);
  return summary;
}

}  // namespace handlens::report
