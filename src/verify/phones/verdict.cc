// What phones sent back as evidence: routes, facts and rules (phone_routes.h).
#include <algorithm>
#include <array>
#include <set>

#include "base/hash.h"
#include "base/text.h"
#include "package/field_words.h"
#include "package/targets.h"
#include "verify/phone.h"
#include "verify/phones/routes.h"
#include "verify/routes/camera_route.h"

namespace handlens::verify {
namespace {

// All that one installation sent about one model.
struct Sender {
  std::string model;  // file in RUN/model
  std::vector<StoredRecord> records;

  // On the web the user may name the phone in one record and not in another.
  const PhoneRecord& Named() const {
    const auto named = std::find_if(records.rbegin(), records.rend(),
                                    [](const StoredRecord& r) { return r.record.title != kNamelessPhone; });
    return named == records.rend() ? records.back().record : named->record;
  }
};

const PhoneRecord* LatestCheck(const Sender& sender) {
  const PhoneRecord* latest = nullptr;
  for (const StoredRecord& stored : sender.records) {
    if (stored.record.check && (latest == nullptr || stored.record.made_at > latest->made_at))
      latest = &stored.record;
  }
  return latest;
}

// Every shot once, by series and time. Two records of one installation may hold the same shots.
std::vector<PhoneShot> AllShots(const Sender& sender) {
  std::vector<PhoneShot> shots;
  for (const StoredRecord& stored : sender.records) {
    if (!stored.record.shots) continue;
    std::vector<PhoneShot> before = shots;
    for (const PhoneShot& shot : *stored.record.shots) {
      const auto is_it = [&](const PhoneShot& s) {
        return s.at == shot.at && s.series == shot.series && s.label == shot.label &&
               s.scores == shot.scores && s.milliseconds == shot.milliseconds;
      };
      const auto same = std::find_if(before.begin(), before.end(), is_it);
      if (same == before.end()) {
        shots.push_back(shot);
        continue;
      }
      before.erase(same);
      // One of the two records may be without the photograph.
      if (!shot.archive.empty()) *std::find_if(shots.begin(), shots.end(), is_it) = shot;
    }
  }
  std::stable_sort(shots.begin(), shots.end(),
                   [](const PhoneShot& a, const PhoneShot& b) { return a.at < b.at; });
  return shots;
}

int IndexOf(const std::vector<std::string>& labels, const std::string& label) {
  return static_cast<int>(std::find(labels.begin(), labels.end(), label) - labels.begin());
}

// "hand, phone-2" -> "phone-self-check", then "phone-self-check-2", ...
std::string RouteName(const char* kind, int phone) {
  return phone == 0 ? kind : fmt::format("{}-{}", kind, phone + 1);
}

double Median(std::vector<double> values) {
  if (values.empty()) return 0;
  std::sort(values.begin(), values.end());
  return values[values.size() / 2];
}

// What one class, distance, place or background came to.
void AddConditions(const std::vector<PhoneShot>& shots, const char* fact, std::string PhoneShot::*value,
                   Route& route) {
  std::vector<Condition> conditions;
  for (const PhoneShot& shot : shots) {
    auto place = std::find_if(conditions.begin(), conditions.end(),
                              [&](const Condition& c) { return c.facts[0].second == shot.*value; });
    if (place == conditions.end())
      place = conditions.insert(conditions.end(), Condition{{{fact, shot.*value}}, 0, 0, {}});
    ++place->n;
    if (shot.label == shot.predicted) ++place->correct;
  }
  std::sort(conditions.begin(), conditions.end(),
            [](const Condition& a, const Condition& b) { return a.facts < b.facts; });
  for (Condition& c : conditions) {
    c.ci95 = Wilson95(c.correct, c.n);
    route.conditions.push_back(std::move(c));
  }
}

class Evidence {
 public:
  Evidence(const std::filesystem::path& run, const Shipped& shipped, const HoldoutScores& holdout,
           Verdict& verdict)
      : run_(run), shipped_(shipped), holdout_(holdout), verdict_(verdict) {}

  Result<void> Add(const Sender& sender) {
    const int phone = static_cast<int>(verdict_.phones.size());
    const PhoneRecord& any = sender.Named();
    PhoneResult result{.title = any.title,
                       .system = any.system,
                       .app = any.app,
                       .target = any.target,
                       .app_version = any.app_version,
                       .runtime = any.runtime,
                       .kernels = any.kernels,
                       .model_file = sender.model,
                       .files = {},
                       .self_check = {},
                       .field_test = {},
                       .photographs = {}};
    for (const StoredRecord& stored : sender.records) result.files.push_back(stored.file);
    if (const PhoneRecord* check = LatestCheck(sender)) {
      result.kernels = check->kernels;
      result.app_version = check->app_version;
      Route route = CheckRoute(*check, sender.model);
      route.name = RouteName("phone-self-check", phone);
      route.phone = phone;
      result.self_check = CheckFacts(*check, route);
      if (route.n > 0) verdict_.routes.push_back(std::move(route));
    }
    const std::vector<PhoneShot> shots = AllShots(sender);
    if (!shots.empty()) {
      result.field_test = FieldFacts(shots);
      Route route = FieldRoute(shots, sender.model);
      route.name = RouteName("phone-field-test", phone);
      route.kernels = result.kernels;
      route.phone = phone;
      verdict_.routes.push_back(std::move(route));
      HL_TRY(AddPhotographs(shots, phone, result));
    }
    verdict_.phones.push_back(std::move(result));
    return {};
  }

 private:
  Result<void> AddPhotographs(const std::vector<PhoneShot>& shots, int phone, PhoneResult& result) {
    PhoneResult::Photographs facts;
    const std::string kernels = result.runtime == package::kOwnRuntime ? "reference" : result.kernels;
    HL_ASSIGN(Route route, JudgePhotographs(run_, shipped_, {result.model_file, kernels, shots}, facts));
    if (route.status != "done") return {};
    route.name = RouteName("phone-camera", phone);
    route.phone = phone;
    result.photographs = std::move(facts);
    verdict_.routes.push_back(std::move(route));
    return {};
  }
  int PictureOf(const std::string& id) const {
    const auto found = std::find_if(holdout_.pictures.begin(), holdout_.pictures.end(),
                                    [&](int i) { return Facts(i).id == id; });
    return found == holdout_.pictures.end() ? -1 : *found;
  }
  const dataset::Picture& Facts(int picture) const {
    return shipped_.dataset.pictures[static_cast<size_t>(picture)];
  }

  // Against what the runtime says here and now, not against what the record says that the computer said.
  Route CheckRoute(const PhoneRecord& record, const std::string& model) const {
    Route route;
    route.scope = "hold-out";
    route.model = "model/" + model;
    route.kernels = record.kernels;
    std::vector<std::pair<int, const PhonePicture*>> rows;
    for (const PhonePicture& picture : record.check->pictures) {
      if (!picture.scores.empty()) rows.emplace_back(PictureOf(picture.id), &picture);
    }
    std::sort(rows.begin(), rows.end());
    std::vector<std::vector<float>> computer;
    const auto scores = holdout_.models.find(model);
    for (const auto& [picture, row] : rows) {
      route.pictures.push_back(picture);
      route.truth.push_back(Facts(picture).label);
      route.scores.push_back(row->scores);
      if (row->input_equal == false) ++route.differing_inputs;
      if (scores == holdout_.models.end()) continue;
      const auto at = static_cast<size_t>(
          std::find(holdout_.pictures.begin(), holdout_.pictures.end(), picture) - holdout_.pictures.begin());
      computer.push_back(record.kernels == "xnnpack" ? scores->second.xnnpack[at]
                                                     : scores->second.builtin[at]);
    }
    if (computer.size() == route.scores.size())
      route.computer = Compare(computer, route.scores, kInt8Tolerance);
    Score(route, static_cast<int>(record.labels.size()));
    return route;
  }

  static PhoneResult::SelfCheck CheckFacts(const PhoneRecord& record, const Route& route) {
    const PhoneCheck& check = *record.check;
    PhoneResult::SelfCheck facts{.made_at = record.made_at,
                                 .ok = check.ok,
                                 .problems = {},
                                 .golden = check.golden.count,
                                 .golden_equal = check.golden.equal + check.golden.within_bound,
                                 .differing_bytes = check.golden.differing_bytes,
                                 .differing_inputs = route.differing_inputs,
                                 .largest_jpeg_difference = check.golden.largest_jpeg_difference,
                                 .delegate = check.delegate};
    if (!check.model_intact) facts.problems.emplace_back("the model file in the app is damaged");
    if (!check.golden.failed.empty())
      facts.problems.push_back(fmt::format("{} golden vectors failed", check.golden.failed.size()));
    const auto wrong = std::count_if(check.pictures.begin(), check.pictures.end(),
                                     [](const PhonePicture& p) { return !p.ok; });
    if (wrong > 0)
      facts.problems.push_back(fmt::format("{} of {} held-out pictures are not scored as on the computer",
                                           wrong, check.pictures.size()));
    if (!check.ok && facts.problems.empty()) facts.problems.emplace_back("the phone calls it red");
    return facts;
  }

  static PhoneResult::FieldTest FieldFacts(const std::vector<PhoneShot>& shots) {
    PhoneResult::FieldTest facts{.first_at = shots.front().at,
                                 .last_at = shots.back().at,
                                 .shots = shots.size(),
                                 .not_sure = 0,
                                 .median_ms = 0};
    std::vector<double> times;
    for (const PhoneShot& shot : shots) {
      times.push_back(shot.milliseconds);
      if (shot.not_sure) ++facts.not_sure;
    }
    facts.median_ms = Median(std::move(times));
    return facts;
  }

  Route FieldRoute(const std::vector<PhoneShot>& shots, const std::string& model) const {
    Route route;
    route.scope = "field test";
    route.model = "model/" + model;
    const std::vector<std::string>& labels = shipped_.dataset.labels;
    for (const PhoneShot& shot : shots) {
      route.truth.push_back(IndexOf(labels, shot.label));
      route.scores.push_back(shot.scores);
    }
    Score(route, static_cast<int>(labels.size()));
    AddConditions(shots, "distance", &PhoneShot::distance, route);
    AddConditions(shots, "place", &PhoneShot::place, route);
    AddConditions(shots, "background", &PhoneShot::background, route);
    return route;
  }

  const std::filesystem::path& run_;
  const Shipped& shipped_;
  const HoldoutScores& holdout_;
  Verdict& verdict_;
};

RuleResult GalleryRule(const Rules& rules, const Route& route) {
  const Comparison c = route.computer.value_or(Comparison{});
  const bool same =
      route.differing_inputs == 0 && c.flips_beyond_ties == 0 && c.max_score_difference <= c.tolerance;
  const bool enough = rules.purpose == Purpose::kCamera || route.ci95.high >= rules.min_accuracy;
  std::string advice;
  if (!same)
    advice =
        "this is a defect: the app and the computer treat a picture differently; verify again with this "
        "version of handlens and report it";
  if (!enough)
    advice += std::string(advice.empty() ? "" : "; ") +
              "more pictures of every class, like those on the phone; --preset thorough";
  return {
      "gallery", same && enough,
      fmt::format("treated as the app treats pictures of the gallery, {} of {} held-out pictures are right "
                  "(95 % interval {} to {}; it must reach {}); {} reach the model with other bytes than on "
                  "the computer, scores are at most {:.2g} "
                  "apart, {}",
                  route.correct, route.n, Percent(route.ci95.low), Percent(route.ci95.high),
                  Percent(rules.min_accuracy), route.differing_inputs, c.max_score_difference,
                  c.flips_beyond_ties == 0
                      ? "all answers are the same"
                      : fmt::format("{} differ", Count(static_cast<int64_t>(c.flips_beyond_ties), "answer"))),
      same && enough ? "" : advice};
}

std::string NameOf(const PhoneResult& phone) {
  const package::TargetFacts* const facts = package::FindTarget(phone.target);
  return fmt::format("{}, {}", phone.title, facts == nullptr ? phone.target : facts->title);
}

const Route* RouteOf(const Verdict& verdict, int phone, std::string_view scope) {
  const auto found = std::find_if(verdict.routes.begin(), verdict.routes.end(),
                                  [&](const Route& r) { return r.phone == phone && r.scope == scope; });
  return found == verdict.routes.end() ? nullptr : &*found;
}

// Red where a phone's own check is red, or where its scores are not the computer's.
RuleResult CheckRule(const Verdict& verdict) {
  RuleResult rule{"phone-self-check", true, "", ""};
  for (size_t i = 0; i < verdict.phones.size(); ++i) {
    const PhoneResult& phone = verdict.phones[i];
    if (!phone.self_check) continue;
    const Route* route = RouteOf(verdict, static_cast<int>(i), "hold-out");
    const Comparison c = route != nullptr && route->computer ? *route->computer : Comparison{};
    // Labels of other decoders' pictures are judged by the phone's own, wider limits.
    const bool right =
        phone.self_check->ok && (c.flips_beyond_ties == 0 || phone.self_check->differing_inputs > 0);
    rule.passed = rule.passed && right;
    rule.text +=
        fmt::format("{}{}: {}", rule.text.empty() ? "" : "; ", NameOf(phone),
                    right ? "green" : fmt::format("red ({})", fmt::join(phone.self_check->problems, ", ")));
    if (route != nullptr) {
      rule.text += fmt::format(", {} of {} right, {} differ from the computer's, scores at most {:.2g} apart",
                               route->correct, route->n, Count(static_cast<int64_t>(c.label_flips), "answer"),
                               c.max_score_difference);
    }
  }
  if (!rule.passed) {
    rule.advice =
        "pack and install the app again, run its self-check and import its record; if the pixels still "
        "differ, report the phone with that record, and use the other app (Android or web) until then";
  }
  return rule;
}

// The condition that suffers most, to say what to do.
std::string WorstCondition(const Route& route) {
  const Condition* worst = nullptr;
  const auto share = [](const Condition& c) {
    return static_cast<double>(c.correct) / static_cast<double>(c.n);
  };
  for (const Condition& c : route.conditions) {
    if (worst == nullptr || share(c) < share(*worst)) worst = &c;
  }
  if (worst == nullptr || worst->facts.empty()) return "";
  return fmt::format("; worst at {} {}: {} of {}", worst->facts[0].first, worst->facts[0].second,
                     worst->correct, worst->n);
}

RuleResult FieldRule(const Rules& rules, const Verdict& verdict) {
  RuleResult rule{"phone-field-test", true, "", ""};
  for (size_t i = 0; i < verdict.phones.size(); ++i) {
    const Route* route = RouteOf(verdict, static_cast<int>(i), "field test");
    if (route == nullptr) continue;
    const bool right = route->ci95.high >= rules.min_accuracy;
    rule.passed = rule.passed && right;
    rule.text += fmt::format("{}{}: {} of {} shots right ({} to {}){}", rule.text.empty() ? "" : "; ",
                             NameOf(verdict.phones[i]), route->correct, route->n, Percent(route->ci95.low),
                             Percent(route->ci95.high), right ? "" : WorstCondition(*route));
  }
  rule.text += fmt::format("; the interval must reach {}", Percent(rules.min_accuracy));
  if (!rule.passed) {
    rule.advice = "let the subject fill the square, on a plain background; " + CameraTraining(verdict);
  }
  return rule;
}

// Red where a photograph that came home gets another answer here, beyond ties: then the phone computed
// something else.
RuleResult PhotographRule(const Verdict& verdict) {
  RuleResult rule{"phone-camera", true, "", ""};
  for (size_t i = 0; i < verdict.phones.size(); ++i) {
    const Route* route = RouteOf(verdict, static_cast<int>(i), "field test, judged here");
    if (route == nullptr || !route->computer) continue;
    const Comparison& c = *route->computer;
    rule.passed = rule.passed && c.flips_beyond_ties == 0;
    const size_t differing = verdict.phones[i].photographs->all_differing;
    rule.text += fmt::format(
        "{}{}: {} of {} get another answer here than on the phone, by the same file from the pixels that it "
        "saw there; scores are at most {:.2g} apart{}",
        rule.text.empty() ? "" : "; ", NameOf(verdict.phones[i]), c.label_flips,
        Count(static_cast<int64_t>(c.n), "photograph"), c.max_score_difference,
        differing == 0 ? "" : fmt::format(", beyond {:.2g} for {} of them", c.tolerance, differing));
  }
  if (!rule.passed) {
    rule.advice =
        "the phone computes something else than this computer: run the app's self-check on it and import "
        "that, too; if it is green, report the phone with both records";
  }
  return rule;
}

}  // namespace

bool GalleryHolds(const Rules& rules, const Route& gallery) {
  return gallery.status == "done" && GalleryRule(rules, gallery).passed;
}

std::vector<RuleResult> PhoneRules(const Rules& rules, const Verdict& verdict) {
  std::vector<RuleResult> results;
  const Route* gallery = FindRoute(verdict, "gallery");
  if (gallery != nullptr && gallery->status == "done") results.push_back(GalleryRule(rules, *gallery));
  const auto& phones = verdict.phones;
  if (std::any_of(phones.begin(), phones.end(),
                  [](const PhoneResult& p) { return p.self_check.has_value(); }))
    results.push_back(CheckRule(verdict));
  if (std::any_of(phones.begin(), phones.end(),
                  [](const PhoneResult& p) { return p.field_test.has_value(); }))
    results.push_back(FieldRule(rules, verdict));
  if (std::any_of(phones.begin(), phones.end(),
                  [](const PhoneResult& p) { return p.photographs.has_value(); }))
    results.push_back(PhotographRule(verdict));
  return results;
}

Result<void> AddPhones(const std::filesystem::path& run, const Shipped& shipped, const HoldoutScores& holdout,
                       Verdict& verdict) {
  HL_ASSIGN(const auto records, ReadStoredRecords(run));
  if (records.empty()) return {};
  HL_ASSIGN(const PhoneRun facts, ReadPhoneRun(run));
  std::map<std::string, Sender> senders;  // by key
  for (const StoredRecord& stored : records) {
    HL_ASSIGN(const auto model, ModelOfRecord(facts, stored.record, (run / stored.file).string()));
    if (!model) {
      verdict.phone_notes.push_back(
          fmt::format("{} is about a model that this run no longer has and was not judged: pack the app "
                      "again, install it, and import what it says then; or delete the file",
                      stored.file));
      continue;
    }
    Sender& sender = senders[stored.record.key];
    sender.model = *model;
    sender.records.push_back(stored);
  }
  std::vector<const Sender*> sorted;
  for (const auto& [key, sender] : senders) sorted.push_back(&sender);
  // Keys are random numbers; people look for names.
  std::stable_sort(sorted.begin(), sorted.end(),
                   [](const Sender* a, const Sender* b) { return a->Named().title < b->Named().title; });
  Evidence evidence(run, shipped, holdout, verdict);
  for (const Sender* sender : sorted) HL_TRY(evidence.Add(*sender));
  return {};
}

}  // namespace handlens::verify
