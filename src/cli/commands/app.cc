// The command `app`: a verified model becomes an app, in seconds.
#include <algorithm>
#include <map>

#include "base/json.h"
#include "base/text.h"
#include "cli/summary.h"
#include "pipeline/asking.h"
#include "pipeline/steps.h"
#include "verify/words.h"

namespace handlens::cli {
namespace fs = std::filesystem;
using namespace pipeline;
namespace {

// An app may be made of a model that was not verified or not found good enough, to look at it on the phone;
// nobody shall do so without knowing, and no script either: what the verdict or a gate of this call asks for
// and the model has not makes the exit code 4, after all is packed.
Result<void> JudgeByVerdict(const Run& run, Outcome& outcome) {
  std::error_code error;
  if (!std::filesystem::exists(run.At("verdict.json"), error)) {
    run.space.progress->Warn(
        fmt::format("the model is not verified yet: run `handlens verify {}` before you rely on the app",
                    run.space.folder.string()));
    return {};
  }
  HL_ASSIGN(const verify::Verdict verdict, VerdictByGates(run));
  outcome.json["deployable"] = verdict.deployable;
  if (verdict.reasons.empty()) return {};
  const std::string& first = verdict.reasons[0];
  outcome.missed.push_back(
      fmt::format("the app is packed, but its model failed {} of {}; the first: {}. {} has all of them",
                  verify::FailedChecks(verdict), Count(static_cast<int64_t>(verdict.rules.size()), "check"),
                  first.substr(0, first.find("; try:")), run.At("verdict.json").string()));
  return {};
}

std::string KeyText(const AndroidResult& result) {
  std::string text =
      fmt::format("signed with {} (certificate SHA-256 {})\n", result.key.string(), result.fingerprint);
  if (result.key_made) {
    text +=
        "This signing key was made now. Keep a copy in a safe place: an update installs only over an app "
        "with the same key, and\n"
        "without it users must uninstall the app first. Nobody can make the key again. Do not give it "
        "away.\n";
  }
  return text;
}

// "patient 7 (2), patient 9 (1)"; groups as the user named them.
std::string Owners(const std::map<std::string, size_t>& groups) {
  constexpr size_t kMostNamed = 12;
  std::string text;
  size_t named = 0;
  for (const auto& [group, count] : groups) {
    if (named++ < kMostNamed) text += fmt::format("{}{} ({})", text.empty() ? "" : ", ", group, count);
  }
  if (groups.size() > kMostNamed) text += fmt::format(" and {} more", groups.size() - kMostNamed);
  return text;
}

// What is given away with the app, said each time: how many pictures, what of them, and whose.
Result<std::string> WhatTravels(const Run& run) {
  const std::vector<int> pictures = PicturesForApps(run.space);
  if (pictures.empty()) return std::string("No pictures go along: this run held none out.\n");
  std::map<std::string, size_t> groups;
  size_t ungrouped = 0;
  for (const int index : pictures) {
    const dataset::Picture& picture = run.space.dataset.pictures[static_cast<size_t>(index)];
    if (picture.group.empty()) ++ungrouped;
    else ++groups[picture.group];
  }
  const std::string count = Count(static_cast<int64_t>(pictures.size()), "held-out picture");
  if (run.wanted().app.check_pictures == package::Carry::kPixels) {
    const fs::path path = run.At("model/preprocess.json");
    HL_ASSIGN(const Json description, ReadRecord(path, "handlens-preprocess", 1));
    HL_ASSIGN(const int size_px,
              FromJson(description, path.string(), [](const Json& j) { return j.at("size_px").get<int>(); }));
    return fmt::format(
        "{0} go{1} along for the self-check: as the {2} x {2} pixels that the model sees, without metadata "
        "and names.\n",
        count, pictures.size() == 1 ? "es" : "", size_px);
  }
  std::string text = fmt::format(
      "{} go{} along AS ORIGINAL FILES (as many as 12 MB hold), with whatever stands in them: names, dates, "
      "places\n",
      count, pictures.size() == 1 ? "es" : "");
  if (!groups.empty())
    text += fmt::format("  of {}: {}\n", Count(static_cast<int64_t>(groups.size()), "group"), Owners(groups));
  if (ungrouped > 0) text += fmt::format("  of nobody knows whom (no groups were given): {}\n", ungrouped);
  return text +
         "  Whoever gets the app can take them out. Leave --check-pictures away to pack pixels alone.\n";
}

Result<void> AddTravellers(const Run& run, Outcome& outcome) {
  HL_ASSIGN(const std::string text, WhatTravels(run));
  outcome.text += text;
  const bool examples = run.wanted().app.examples && !run.space.split.holdout.empty();
  if (examples) {
    outcome.text +=
        "One of each class is shown to the app's users as an example (--examples): as the pixels that the "
        "model sees.\n";
  }
  outcome.json["examples"] = examples;
  outcome.json["check_pictures"] = {
      {"count", PicturesForApps(run.space).size()},
      {"what", run.wanted().app.check_pictures == package::Carry::kPixels ? "pixels" : "originals"}};
  return {};
}

// Examples only where users would see them.
Result<void> CheckExamples(const Run& run, const package::TargetFacts& facts) {
  if (!run.wanted().app.examples || facts.shows_examples) return {};
  std::vector<std::string_view> names;
  for (const package::TargetFacts& other : package::kTargets)
    if (other.shows_examples) names.push_back(other.name);
  return Fail(ErrorKind::kUsage, "--examples: --target {} shows none; leave it away, or take --target {}",
              facts.name, fmt::join(names, " or "));
}

std::string WithRun(std::string_view text, const Run& run) {
  constexpr std::string_view kPlace = "{run}";
  std::string filled(text);
  if (const size_t at = filled.find(kPlace); at != std::string::npos)
    filled.replace(at, kPlace.size(), run.space.folder.string());
  return filled;
}

Result<Outcome> AppAndroid(Run& run, const package::TargetFacts& facts) {
  HL_TRY(DoOne(run, facts.step));
  const AndroidResult& result = run.space.android;
  Outcome outcome;
  Json apps = Json::array();
  for (const package::AndroidApp& app : result.apps) {
    outcome.text += fmt::format("{:<12} {:>6.1f} MB  {}\n", app.abi, static_cast<double>(app.bytes) / 1e6,
                                app.apk.string());
    apps.push_back({{"file", app.apk.string()}, {"abi", app.abi}, {"bytes", app.bytes}});
  }
  outcome.text += fmt::format("application id {}\n{}", result.application_id, KeyText(result));
  outcome.text += WithRun(facts.next, run) + "\n";
  if (run.wanted().app.aab) {
    outcome.text +=
        "The .aab is for stores, not for phones: upload it, with the key above as the upload key. A store "
        "signs what phones get with a key of its own.\n";
  }
  outcome.json = {{"target", facts.name},
                  {"apps", apps},
                  {"application_id", result.application_id},
                  {"key", result.key.string()},
                  {"key_made", result.key_made},
                  {"certificate_sha256", result.fingerprint},
                  {"seconds", result.seconds}};
  if (!result.project.empty()) outcome.json["project"] = result.project.string();
  return outcome;
}

// What the model in C takes of a device.
Result<void> AddMemory(const fs::path& path, Outcome& outcome) {
  HL_ASSIGN(const Json record, ReadRecord(path, "handlens-c", 1));
  for (const char* key : {"constant_bytes", "arena_bytes"}) outcome.json[key] = record.at(key);
  outcome.text += fmt::format("weights and tables (flash) {:.1f} KB, working memory (RAM) {:.1f} KB\n",
                              record.at("constant_bytes").get<double>() / 1e3,
                              record.at("arena_bytes").get<double>() / 1e3);
  return {};
}

Result<Outcome> AppFolder(Run& run, const package::TargetFacts& facts) {
  HL_TRY(DoOne(run, facts.step));
  const FolderResult& result = run.space.app_folder;
  Outcome outcome;
  outcome.text = fmt::format("{}, {:.1f} MB in {}\n{}\n", result.folder.string(),
                             static_cast<double>(result.bytes) / 1e6,
                             Count(static_cast<int64_t>(result.files), "file"), WithRun(facts.next, run));
  outcome.json = {{"target", facts.name},
                  {"folder", result.folder.string()},
                  {"file_count", result.files},
                  {"bytes", result.bytes},
                  {"seconds", result.seconds}};
  if (facts.target == package::Target::kC) HL_TRY(AddMemory(result.folder / "handlens-c.json", outcome));
  return outcome;
}

}  // namespace

Result<Outcome> CommandApp(Call& call) {
  HL_ASSIGN(const std::unique_ptr<Run> run, Open(call, call.arguments[0]));
  const package::TargetFacts& facts = package::FactsOf(run->wanted().app.target);
  HL_TRY(CheckExamples(*run, facts));
  std::error_code error;
  if (!std::filesystem::exists(run->At("model/preprocess.json"), error)) {
    HL_TRY(CheckTrainingAsked(*run, kVerifyStep));
    HL_TRY(SaveSettings(*run));
    HL_TRY(DoStepsUpTo(*run, kVerifyStep));
  }
  HL_ASSIGN(Outcome outcome,
            facts.target == package::Target::kAndroid ? AppAndroid(*run, facts) : AppFolder(*run, facts));
  if (facts.carries_pictures) HL_TRY(AddTravellers(*run, outcome));
  else
    outcome.text +=
        "One held-out picture goes along for the check: as the pixels that the model sees, without metadata "
        "and name.\n";
  if (std::filesystem::exists(run->At("report.html"), error)) HL_TRY(DoOne(*run, kReportStep));
  HL_TRY(JudgeByVerdict(*run, outcome));
  AddWritten(*run, call.command, outcome);
  return outcome;
}

}  // namespace handlens::cli
