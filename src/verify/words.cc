#include "verify/words.h"

#include <algorithm>
#include <array>

#include "base/shell_word.h"
#include "base/text.h"

namespace handlens::verify {
namespace {

constexpr std::array<std::pair<std::string_view, std::string_view>, 19> kTitles = {{
    {"better-than-guessing", "Better than guessing"},
    {"accuracy", "Right often enough"},
    {"every-class", "Every class is recognised"},
    {"quantized", "The small file is as good as the large one"},
    {"agreement", "Both files give the same answers"},
    {"engine", "The phone's runtime gives the scores of the training"},
    {"kernels", "Fast and plain arithmetic agree"},
    {"label-order", "The names stand in the right order"},
    {"shipped-files", "The files are the ones that were made"},
    {"size", "Small enough"},
    {"memory", "Takes little enough memory"},
    {"not-sure", "Its limit of \"not sure\" is the one that these pictures give"},
    {"sensitivity", "It refers the class that must not be missed"},
    {"gallery", "Pictures from the phone's gallery"},
    {"camera", "Right often enough with a simulated camera"},
    {"camera-loss", "The simulated camera costs little"},
    {"phone-self-check", "The phone's own check"},
    {"phone-field-test", "Photographs taken with the phone"},
    {"phone-camera", "Those photographs get the same answers here"},
}};

constexpr std::array<std::pair<std::string_view, std::string_view>, 11> kRouteTitles = {{
    {"computer", "Float file on the computer"},
    {"quantized", "Int8 file on the computer"},
    {"gallery", "Pictures from the phone's gallery"},
    {"camera", "A simulated camera, usual care"},
    {"camera-hard", "A simulated camera, little care"},
    {"camera-holdout", "A simulated camera, usual care"},
    {"camera-hard-holdout", "A simulated camera, little care"},
    {"computer-holdout", "Float file"},
    {"quantized-holdout", "Int8 file"},
    {"float16-holdout", "Float16 file"},
    {"dynamic-holdout", "Dynamic-range file"},
}};

template <size_t n>
std::string TitleIn(const std::array<std::pair<std::string_view, std::string_view>, n>& titles,
                    std::string_view name) {
  const auto found =
      std::find_if(titles.begin(), titles.end(), [&](const auto& title) { return title.first == name; });
  return std::string(found == titles.end() ? name : found->second);
}

// Below these a reader must be told how few they were.
constexpr size_t kFewPictures = 200, kFewOfAClass = 30;

bool WasRun(const Verdict& verdict, std::string_view prefix) {
  return std::any_of(verdict.routes.begin(), verdict.routes.end(), [&](const Route& r) {
    return r.status == "done" && r.n > 0 && r.name.starts_with(prefix);
  });
}

bool GroupsUnknown(const Verdict& verdict) { return verdict.groups.find("not known") != std::string::npos; }

}  // namespace

std::string RuleTitle(std::string_view rule) { return TitleIn(kTitles, rule); }

std::string RouteTitle(std::string_view name) { return TitleIn(kRouteTitles, name); }

std::string RouteTitle(const Verdict& verdict, const Route& route) {
  if (route.phone < 0 || static_cast<size_t>(route.phone) >= verdict.phones.size())
    return RouteTitle(route.name);
  const std::string& who = verdict.phones[static_cast<size_t>(route.phone)].title;
  if (route.name.starts_with("phone-camera")) return "A real camera, of " + who;
  return (route.name.find("field-test") != std::string::npos ? "Field test with " : "Self-check on ") + who;
}

size_t FailedChecks(const Verdict& verdict) {
  return static_cast<size_t>(std::count_if(verdict.rules.begin(), verdict.rules.end(),
                                           [](const RuleResult& rule) { return !rule.passed; }));
}

std::string Headline(const Verdict& verdict) {
  const size_t all = verdict.rules.size(), failures = FailedChecks(verdict);
  std::string failed;
  for (const RuleResult& rule : verdict.rules) {
    if (!rule.passed) failed += (failed.empty() ? "" : "; ") + RuleTitle(rule.rule);
  }
  if (failures > 0)
    return fmt::format("Failed {} of {}: {}", failures, Count(static_cast<int64_t>(all), "check"), failed);
  const std::string passed =
      fmt::format("Passed {} of {} on pictures like yours", all, Count(static_cast<int64_t>(all), "check"));
  if (WasRun(verdict, "phone-field-test")) return passed + ", and tried on a phone";
  if (WasRun(verdict, "phone-self-check"))
    return passed + "; a phone repeats the answers, but nobody photographed with it";
  return passed + "; not tried on a phone";
}

const Route* MainRoute(const Verdict& verdict) {
  for (const std::string_view name : {"quantized", "computer"}) {
    const Route* route = FindRoute(verdict, name);
    if (route != nullptr && route->status == "done" && route->n > 0) return route;
  }
  return nullptr;
}

std::optional<WeakestClass> Weakest(const Verdict& verdict) {
  const Route* route = MainRoute(verdict);
  if (route == nullptr || route->per_class.empty() || route->confusion.size() != route->per_class.size())
    return {};
  std::optional<size_t> worst;
  for (size_t c = 0; c < route->per_class.size(); ++c) {
    if (route->per_class[c].support == 0) continue;
    if (!worst || route->per_class[c].recall < route->per_class[*worst].recall) worst = c;
  }
  if (!worst) return {};
  const auto& row = route->confusion[*worst];
  WeakestClass weakest{.label = verdict.labels[*worst],
                       .taken_for = {},
                       .n = route->per_class[*worst].support,
                       .correct = static_cast<size_t>(row[*worst]),
                       .ci95 = {}};
  weakest.ci95 = Wilson95(weakest.correct, weakest.n);
  size_t most = 0;
  for (size_t c = 0; c < row.size(); ++c) {
    if (c == *worst || static_cast<size_t>(row[c]) <= most) continue;
    most = static_cast<size_t>(row[c]);
    weakest.taken_for = verdict.labels[c];
  }
  return weakest;
}

std::vector<std::string> ResamplingSentences(const Json& crossvalidation) {
  std::vector<std::string> sentences;
  for (const char* const part : {"repeats", "nested"}) {
    if (!crossvalidation.is_object() || !crossvalidation.contains(part)) continue;
    const Json& said = crossvalidation[part];
    if (said.is_object() && said.contains("sentence") && said["sentence"].is_string())
      sentences.push_back(said["sentence"].get<std::string>());
  }
  return sentences;
}

std::string CommandAfterPass(const std::string& run) { return "handlens app " + ShellWord(run); }

Guide GuideOf(const CameraFindings& camera) {
  constexpr std::array<std::pair<std::string_view, std::string_view>, 14> kGuides = {{
      {"distance", "distance"},
      {"close", "close"},
      {"place", "place"},
      {"tilt", "tilt"},
      {"rotation", "rotation"},
      {"background", "background"},
      {"white-balance", "light"},
      {"exposure", "light"},
      {"noise", "light"},
      {"glare", "light"},
      {"vignetting", "light"},
      {"defocus", "still"},
      {"motion", "still"},
      {"moire", "screen"},
  }};
  for (const CameraFindings::Advised& advised : camera.advised) {
    const auto found =
        std::find_if(kGuides.begin(), kGuides.end(), [&](const auto& g) { return g.first == advised.axis; });
    if (found == kGuides.end()) continue;
    const std::string_view name = found->second;
    const double number = name == "distance" || name == "place"  ? 100 * advised.value
                          : name == "tilt" || name == "rotation" ? advised.value
                                                                 : 0;
    return {std::string(name), static_cast<int>(std::lround(number))};
  }
  return {};
}

std::vector<std::string> Caveats(const Verdict& verdict) {
  std::vector<std::string> all;
  if (GroupsUnknown(verdict)) {
    all.emplace_back(
        "It is not known which pictures show the same patient, plant or object. If some do, the accuracy is "
        "too high.");
  }
  const auto weakest = Weakest(verdict);
  if (const Route* route = MainRoute(verdict);
      route != nullptr && weakest && (route->n < kFewPictures || weakest->n < kFewOfAClass)) {
    all.push_back(fmt::format(
        "These are few pictures: {} in all, {} of class {}. More would make the number more certain.",
        route->n, weakest->n, weakest->label));
  }
  all.push_back(
      fmt::format("A picture of something else gets \"not sure\" at best, else one of its {} classes.",
                  verdict.labels.size()));
  all.emplace_back(
      "The accuracy holds for pictures like these. Another place, camera or kind of subject needs a test of "
      "its own.");
  all.emplace_back("Nobody has checked the labels by eye. A wrong label here is learnt as if it were right.");
  all.resize(3);
  return all;
}

}  // namespace handlens::verify
