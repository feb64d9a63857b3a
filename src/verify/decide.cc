// The rules of the verdict (docs/verdict.md). Each is a function from the evidence to one RuleResult.
#include <algorithm>

#include "base/text.h"
#include "verify/phones/routes.h"
#include "verify/routes/answering.h"
#include "verify/routes/camera_route.h"
#include "verify/routes/memory.h"
#include "verify/verify.h"
#include "verify/words.h"

namespace handlens::verify {
namespace {

// Where two ways disagree and it is no tie of two scores.
std::string Answers(size_t flips) {
  if (flips == 0) return "same answers";
  return Count(static_cast<int64_t>(flips), "answer") + (flips == 1 ? " differs" : " differ");
}

RuleResult Rule(std::string name, bool passed, std::string text, std::string advice) {
  return {std::move(name), passed, std::move(text), passed ? "" : std::move(advice)};
}

// The class that is recognised worst, with its recall: what to collect more pictures of.
std::string WeakestClassWords(const Verdict& verdict, const Route& route) {
  size_t weakest = 0;
  double lowest = 2;
  for (size_t c = 0; c < route.per_class.size(); ++c) {
    if (route.per_class[c].support == 0 || route.per_class[c].recall >= lowest) continue;
    lowest = route.per_class[c].recall;
    weakest = c;
  }
  return fmt::format("more pictures of class {} (recall {:.2f}, n={})", verdict.labels[weakest],
                     route.per_class[weakest].recall, route.per_class[weakest].support);
}

RuleResult NotJudged(std::string name, std::string_view route) {
  return Rule(std::move(name), false, fmt::format("no picture was judged by the route {}", route),
              "convert again, so that every part of the pictures has its model, then verify again");
}

// ", in 31 groups", where the interval respects them.
std::string InGroups(const Route& route) {
  return route.groups > 0 ? fmt::format(", in {} groups", route.groups) : "";
}

RuleResult BetterThanGuessing(const Verdict& v) {
  const Route* route = FindRoute(v, "computer");
  if (!IsJudged(route)) return NotJudged("better-than-guessing", "computer");
  const bool passed = route->ci95.low > route->majority_rate;
  return Rule(
      "better-than-guessing", passed,
      fmt::format("{} of {} test pictures are right: {} (95 % interval {} to {}{}); always guessing the "
                  "largest class gives {}",
                  route->correct, route->n, Percent(route->accuracy), Percent(route->ci95.low),
                  Percent(route->ci95.high), InGroups(*route), Percent(route->majority_rate)),
      "more pictures of every class; a search for wrong labels with `handlens inspect`; --preset thorough");
}

RuleResult Accuracy(const Rules& rules, const Verdict& v) {
  // Of the file that apps carry.
  const Route* route = FindRoute(v, "quantized");
  if (!IsJudged(route)) route = FindRoute(v, "computer");
  if (!IsJudged(route)) return NotJudged("accuracy", "computer");
  // The lower end, so that luck with few pictures does not pass.
  return Rule(
      "accuracy", route->ci95.low >= rules.min_accuracy,
      fmt::format("the accuracy is {} (95 % interval {} to {}, n={}{}); even the lower end must reach {}",
                  Percent(route->accuracy), Percent(route->ci95.low), Percent(route->ci95.high), route->n,
                  InGroups(*route), Percent(rules.min_accuracy)),
      WeakestClassWords(v, *route) + "; --preset thorough; pictures taken like those on the phone");
}

RuleResult EveryClass(const Verdict& v) {
  std::string never;
  for (const std::string_view name : {"computer", "quantized"}) {
    const Route* route = FindRoute(v, name);
    if (!IsJudged(route)) continue;
    for (size_t c = 0; c < route->per_class.size(); ++c) {
      const ClassScores& scores = route->per_class[c];
      if (scores.support == 0 || scores.recall > 0) continue;
      never += fmt::format("{}{} ({}, n={})", never.empty() ? "" : ", ", v.labels[c], name, scores.support);
    }
  }
  if (never.empty()) return Rule("every-class", true, "every class is recognised at least once", "");
  return Rule(
      "every-class", false, fmt::format("no picture of these classes is recognised: {}", never),
      "more pictures of these classes; or leave them out; or join each with the class that it is taken for");
}

RuleResult Quantized(const Verdict& v) {
  const Route* base = FindRoute(v, "computer");
  const Route* route = FindRoute(v, "quantized");
  if (!IsJudged(base) || !IsJudged(route)) return NotJudged("quantized", "quantized");
  const double loss = base->accuracy - route->accuracy;
  const bool passed = loss < 0.01 || route->mcnemar_p >= 0.05;
  return Rule(
      "quantized", passed,
      fmt::format("the int8 file is right in {}, the float file in {} (n={}; only the float file right: {}, "
                  "only the int8 file: {}; McNemar p={:.3g})",
                  Percent(route->accuracy), Percent(base->accuracy), route->n, route->only_baseline,
                  route->only_this, route->mcnemar_p),
      fmt::format(
          "{}ship model_fp16.tflite, or use a wider model",
          v.quantization == "post-training quantization" ? "train for int8 (--quantization aware), " : ""));
}

RuleResult Agreement(const Rules& rules, const Verdict& v) {
  const Route* route = FindRoute(v, "quantized");
  if (!IsJudged(route)) return NotJudged("agreement", "quantized");
  return Rule("agreement", route->agreement >= rules.min_agreement,
              fmt::format("the int8 file and the float file give the same answer for {} of {} pictures; at "
                          "least {} is asked for",
                          Percent(route->agreement), route->n, Percent(rules.min_agreement)),
              "more training pictures to calibrate with, or ship model_fp16.tflite");
}

RuleResult Engine(const Rules& rules, const Verdict& v) {
  size_t n = 0, beyond = 0;
  double difference = 0;
  std::string worst;
  for (const auto& [file, c] : v.engine) {
    n += c.n;
    beyond += c.flips_beyond_ties;
    if (worst.empty() || c.max_score_difference > difference) worst = file;
    difference = std::max(difference, c.max_score_difference);
  }
  if (n == 0) {
    return Rule("engine", false, "there are no scores of the training to compare the phone's runtime with",
                "convert again; that writes engine_scores.json");
  }
  return Rule(
      "engine", beyond == 0 && difference <= rules.max_engine_difference,
      fmt::format("the phone's runtime gives the scores of the training, at most {:.2g} apart ({}, {}; {})",
                  difference, worst, Count(static_cast<int64_t>(n), "picture"), Answers(beyond)),
      "this is a defect: the .tflite file is not the model that was trained; convert again and report it");
}

// Of n answers of an int8 model, between two arithmetics: one in a hundred, a fifth of what it may differ
// from the float model by; and one in any case, since of few pictures one says nothing of a share.
size_t MostTurned(size_t n) { return std::max<size_t>(n / 100, 1); }

RuleResult KernelsAgree(const Verdict& v) {
  std::string text;
  bool passed = true, any = false;
  for (const std::string_view name : {"computer", "quantized"}) {
    const Route* route = FindRoute(v, name);
    if (!IsJudged(route) || !route->builtin) continue;
    any = true;
    const Comparison& c = *route->builtin;
    // Roundings add up over the layers of an int8 model: its scores may stray, and of many answers one may
    // turn that was nearly another.
    const bool float_model = name == "computer";
    passed = passed && c.flips_beyond_ties <= (float_model ? 0 : MostTurned(c.n)) &&
             (!float_model || c.max_score_difference <= c.tolerance);
    text += fmt::format("{}{}: scores at most {:.2g} apart, {}", text.empty() ? "" : "; ", name,
                        c.max_score_difference, Answers(c.flips_beyond_ties));
  }
  if (!any) return NotJudged("kernels", "computer");
  return Rule(
      "kernels", passed, "fast arithmetic (XNNPACK) against plain arithmetic: " + text,
      "phones would disagree with each other: use another model (--preset thorough) or model_fp16.tflite");
}

// All four files often have the same problem: the first is told, `handlens check` lists them all.
RuleResult Listed(std::string name, const std::vector<std::string>& problems, std::string fine,
                  std::string advice) {
  std::string text = problems.empty() ? "" : problems.front();
  if (problems.size() > 1)
    text += fmt::format("; and {} more, which handlens check lists", problems.size() - 1);
  return Rule(std::move(name), problems.empty(), problems.empty() ? std::move(fine) : text,
              std::move(advice));
}

RuleResult Size(const Rules& rules, const Verdict& v) {
  return Rule("size", v.shipped_bytes <= rules.max_bytes,
              fmt::format("the model takes {}; at most {} are allowed",
                          ByteCount(static_cast<double>(v.shipped_bytes)),
                          ByteCount(static_cast<double>(rules.max_bytes))),
              "`handlens reduce`, smaller pictures, or fewer filters");
}

std::vector<std::string> Notes(const Rules& rules, const Verdict& v) {
  std::vector<std::string> notes;
  if (!v.groups.empty()) notes.push_back(v.groups);
  if (!v.test_folder.empty()) notes.push_back(v.test_folder);
  for (const std::string_view name : {"gallery", "camera"}) {
    const Route* route = FindRoute(v, name);
    if (route != nullptr && route->status == "done") continue;
    const Route* gallery = FindRoute(v, "gallery");
    const bool waits = name == "camera" && gallery != nullptr && gallery->status == "done";
    notes.push_back(fmt::format(
        "the {} route was not run{}: this verdict says nothing about pictures that reach the phone that way",
        name, waits ? ", because the gallery route failed, which comes first" : ""));
  }
  for (std::string& note : ResamplingSentences(v.crossvalidation)) notes.push_back(std::move(note));
  for (std::string& note : CameraNotes(rules, v)) notes.push_back(std::move(note));
  for (std::string& note : AnsweringNotes(v)) notes.push_back(std::move(note));
  notes.insert(notes.end(), v.phone_notes.begin(), v.phone_notes.end());
  const Route* holdout = FindRoute(v, "computer-holdout");
  if (IsJudged(holdout)) {
    notes.push_back(
        fmt::format("of the pictures held out from all training, {} of {} are right (95 % interval {} to {})",
                    holdout->correct, holdout->n, Percent(holdout->ci95.low), Percent(holdout->ci95.high)));
  }
  return notes;
}

// What the rules come to.
void Conclude(Verdict& verdict) {
  verdict.deployable = true;
  verdict.reasons.clear();
  for (const RuleResult& rule : verdict.rules) {
    if (rule.passed) continue;
    verdict.deployable = false;
    verdict.reasons.push_back(fmt::format("{}: {}; try: {}", rule.rule, rule.text, rule.advice));
  }
}

}  // namespace

const char* PurposeName(Purpose purpose) {
  switch (purpose) {
    case Purpose::kBoth: return "both";
    case Purpose::kCamera: return "camera";
    case Purpose::kGallery: return "gallery";
  }
  return "unknown";
}

Result<Purpose> ParsePurpose(std::string_view name) {
  for (const Purpose purpose : {Purpose::kBoth, Purpose::kCamera, Purpose::kGallery}) {
    if (name == PurposeName(purpose)) return purpose;
  }
  return Fail(ErrorKind::kUsage, "'{}' is no use of a model; they are camera, gallery and both", name);
}

const Route* FindRoute(const Verdict& verdict, std::string_view name) {
  const auto found = std::find_if(verdict.routes.begin(), verdict.routes.end(),
                                  [&](const Route& r) { return r.name == name; });
  return found == verdict.routes.end() ? nullptr : &*found;
}

void Decide(const Rules& rules, Verdict& verdict) {
  verdict.rules = {
      BetterThanGuessing(verdict),
      Accuracy(rules, verdict),
      EveryClass(verdict),
      Quantized(verdict),
      Agreement(rules, verdict),
      Engine(rules, verdict),
      KernelsAgree(verdict),
      Listed(
          "label-order", verdict.label_order_problems, "the names stand in the model's order",
          "where names have changed places, the labels or the model are not this run's: convert and describe "
          "again; where an order cannot be shown, the model hardly tells those classes apart: more pictures "
          "of them, or join them"),
      Listed("shipped-files", verdict.shipped_file_problems,
             "the files are those that were converted and described", "convert, describe and verify again")};
  if (rules.max_bytes > 0) verdict.rules.push_back(Size(rules, verdict));
  if (rules.max_memory > 0) verdict.rules.push_back(MemoryRule(rules, verdict));
  if (auto rule = AnsweringRule(verdict)) verdict.rules.push_back(*std::move(rule));
  if (auto rule = ReferralRule(verdict)) verdict.rules.push_back(*std::move(rule));
  for (RuleResult& rule : CameraRules(rules, verdict)) verdict.rules.push_back(std::move(rule));
  for (RuleResult& rule : PhoneRules(rules, verdict)) verdict.rules.push_back(std::move(rule));
  Conclude(verdict);
  verdict.notes = Notes(rules, verdict);
}

void DecideGates(const Rules& rules, Verdict& verdict) {
  std::erase_if(verdict.rules,
                [](const RuleResult& rule) { return rule.rule == "size" || rule.rule == "memory"; });
  std::vector<RuleResult> anew = CameraRules(rules, verdict);
  anew.push_back(Accuracy(rules, verdict));
  anew.push_back(Agreement(rules, verdict));
  for (RuleResult& rule : verdict.rules) {
    const auto found = std::find_if(anew.begin(), anew.end(),
                                    [&](const RuleResult& other) { return other.rule == rule.rule; });
    if (found != anew.end()) rule = *found;
  }
  if (rules.max_bytes > 0) verdict.rules.push_back(Size(rules, verdict));
  if (rules.max_memory > 0) verdict.rules.push_back(MemoryRule(rules, verdict));
  Conclude(verdict);
}

Result<void> AddPhoneRoute(Route route, Verdict& verdict) {
  if (route.name != "gallery" && route.name != "camera") {
    return Fail(ErrorKind::kUsage, "'{}' is no route of the phone; they are gallery and camera", route.name);
  }
  const Route* gallery = FindRoute(verdict, "gallery");
  if (route.name == "camera" && (gallery == nullptr || gallery->status != "done")) {
    return Fail(ErrorKind::kUsage,
                "the gallery route comes before the camera route: a model that fails on pictures from the "
                "gallery cannot do better on the camera's; run the gallery route first");
  }
  const std::string name = route.name;
  const auto place = std::find_if(verdict.routes.begin(), verdict.routes.end(),
                                  [&](const Route& r) { return r.name == name; });
  if (place == verdict.routes.end()) {
    verdict.routes.push_back(std::move(route));
  } else {
    *place = std::move(route);
  }
  return {};
}

}  // namespace handlens::verify
