// The command `app`: a verified model becomes an app, in seconds.
#include <algorithm>

#include "base/json.h"
#include "base/text.h"
#include "cli/summary.h"
#include "pipeline/steps.h"

namespace handlens::cli {
using namespace pipeline;
namespace {

// An app may be made of a model that was not verified or not found good enough, to look at it on the phone; nobody
// shall do so without knowing.
Result<void> WarnOfVerdict(const Run& run) {
  std::error_code error;
  if (!std::filesystem::exists(run.At("verdict.json"), error)) {
    run.space.progress->Warn(fmt::format("the model is not verified yet: run `handlens verify {}` before you rely on the app", run.space.folder.string()));
    return {};
  }
  HL_ASSIGN(const std::vector<std::string> reasons, MissedGates(run.space.folder));
  if (!reasons.empty()) run.space.progress->Warn(fmt::format("the verdict says that this model cannot be deployed: {}", fmt::join(reasons, "; ")));
  return {};
}

std::string KeyText(const AndroidResult& result) {
  std::string text = fmt::format("signed with {} (certificate SHA-256 {})\n", result.key.string(), result.fingerprint);
  if (result.key_made) {
    text += "This signing key was made now. Keep a copy in a safe place: an update installs only over an app with the same key, and\n"
            "without it users must uninstall the app first. Nobody can make the key again. Do not give it away.\n";
  }
  return text;
}

Result<Outcome> AppAndroid(Run& run) {
  HL_TRY(DoOne(run, "app-android"));
  const AndroidResult& result = run.space.android;
  Outcome outcome;
  Json apps = Json::array();
  for (const package::AndroidApp& app : result.apps) {
    outcome.text += fmt::format("{:<12} {:>6.1f} MB  {}\n", app.abi, static_cast<double>(app.bytes) / 1e6, app.apk.string());
    apps.push_back({{"file", app.apk.string()}, {"abi", app.abi}, {"bytes", app.bytes}});
  }
  outcome.text += fmt::format("application id {}\n{}", result.application_id, KeyText(result));
  outcome.text += "Copy the file to the phone and open it there, or: adb install FILE. The app proves itself at its first start.\n";
  outcome.json = {{"target", "android"}, {"apps", apps}, {"application_id", result.application_id}, {"key", result.key.string()},
                  {"key_made", result.key_made}, {"certificate_sha256", result.fingerprint}, {"seconds", result.seconds}};
  if (!result.project.empty()) outcome.json["project"] = result.project.string();
  return outcome;
}

Result<Outcome> AppWeb(Run& run) {
  HL_TRY(DoOne(run, "app-web"));
  const WebResult& result = run.space.web;
  Outcome outcome;
  outcome.text = fmt::format("{}, {:.1f} MB in {}\nCopy it to any host that speaks https, or: handlens serve {}\n",
                             result.folder.string(), static_cast<double>(result.bytes) / 1e6,
                             Count(static_cast<int64_t>(result.files), "file"), run.space.folder.string());
  outcome.json = {{"target", "web"}, {"folder", result.folder.string()}, {"file_count", result.files}, {"bytes", result.bytes},
                  {"seconds", result.seconds}};
  return outcome;
}

}  // namespace

Result<Outcome> CommandApp(Call& call) {
  HL_ASSIGN(const std::unique_ptr<Run> run, Open(call, call.arguments[0]));
  std::error_code error;
  if (!std::filesystem::exists(run->At("model/preprocess.json"), error)) {
    HL_TRY(SaveSettings(*run));
    HL_TRY(DoStepsUpTo(*run, "verify"));
  }
  HL_TRY(WarnOfVerdict(*run));
  HL_ASSIGN(Outcome outcome, run->wanted().app.target == Target::kWeb ? AppWeb(*run) : AppAndroid(*run));
  AddWritten(*run, call.command, outcome);
  return outcome;
}

}  // namespace handlens::cli
