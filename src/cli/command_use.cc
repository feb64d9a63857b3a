// The commands on finished models and runs, and help: predict, check, help, version.
#include <algorithm>

#include "base/suggest.h"
#include "base/text.h"
#include "cli/command.h"
#include "pipeline/chain.h"
#include "verify/predict.h"

namespace handlens::cli {
namespace fs = std::filesystem;
using namespace pipeline;
namespace {

// A folder stands for the files directly in it; hidden files are no pictures of the user's.
Result<std::vector<fs::path>> PictureFiles(const std::vector<std::string>& arguments) {
  std::vector<fs::path> files;
  for (const std::string& argument : arguments) {
    std::error_code error;
    if (!fs::is_directory(argument, error)) {
      files.emplace_back(argument);
      continue;
    }
    HL_ASSIGN(const std::vector<std::string> names, ListFolder(argument));
    const size_t before = files.size();
    for (const std::string& name : names) {
      if (!name.starts_with('.') && fs::is_regular_file(fs::path(argument) / name, error)) files.push_back(fs::path(argument) / name);
    }
    if (files.size() == before) return Fail(ErrorKind::kBadInput, "{}: no files in this folder", argument);
  }
  return files;
}

Json PredictionJson(const verify::Prediction& p, const std::vector<std::string>& labels) {
  Json json = {{"path", p.path}};
  if (!p.error.empty()) {
    json["error"] = p.error;
    return json;
  }
  json["label"] = p.label;
  json["score"] = p.score;
  json["not_sure"] = p.not_sure;
  Json scores = Json::object();
  for (size_t i = 0; i < labels.size(); ++i) scores[labels[i]] = p.scores[i];
  json["scores"] = std::move(scores);
  if (!p.saved_input.empty()) json["saved_input"] = p.saved_input;
  return json;
}

// The best three, for people.
std::string PredictionText(const verify::Prediction& p, const std::vector<std::string>& labels) {
  if (!p.error.empty()) return "";
  std::vector<size_t> order(labels.size());
  for (size_t i = 0; i < order.size(); ++i) order[i] = i;
  std::stable_sort(order.begin(), order.end(), [&](size_t a, size_t b) { return p.scores[a] > p.scores[b]; });
  std::string text = Visible(p.path) + ": " + (p.not_sure ? "not sure, perhaps " : "");
  for (size_t i = 0; i < std::min<size_t>(3, order.size()); ++i) {
    text += fmt::format("{}{} {:.1f} %", i == 0 ? "" : ", ", labels[order[i]], 100 * static_cast<double>(p.scores[order[i]]));
  }
  return text + "\n";
}

}  // namespace

Result<Outcome> CommandPredict(Call& call) {
  HL_ASSIGN(const Settings settings, MergeSettings(call));
  fs::path model = call.arguments[0];
  std::error_code error;
  if (fs::is_directory(model, error)) model /= "model/model.tflite";
  HL_ASSIGN(const Bytes bytes, ReadFile(model));
  verify::PredictOptions options;
  HL_ASSIGN(options.pictures, PictureFiles({call.arguments.begin() + 1, call.arguments.end()}));
  options.save_input = settings.wanted().call.save_input;
  options.jobs = settings.wanted().manner.jobs.value_or(options.jobs);
  HL_ASSIGN(const verify::Predictions predicted, verify::Predict(bytes, model.string(), options, *call.terminal));
  for (const std::string& warning : predicted.warnings) call.terminal->Warn(warning);
  Outcome outcome;
  outcome.json["command"] = "predict";
  outcome.json["model"] = model.string();
  outcome.json["size_px"] = predicted.size_px;
  outcome.json["fit"] = predicted.fit;
  outcome.json["runtime"] = predicted.runtime_version;
  if (!predicted.notice.empty()) outcome.json["notice"] = predicted.notice;
  outcome.json["pictures"] = Json::array();
  std::string failed;
  for (const verify::Prediction& p : predicted.pictures) {
    outcome.json["pictures"].push_back(PredictionJson(p, predicted.labels));
    outcome.text += PredictionText(p, predicted.labels);
    if (!p.error.empty()) failed += (failed.empty() ? "" : "\n") + p.error;
  }
  if (!predicted.notice.empty()) outcome.text += predicted.notice + "\n";
  if (failed.empty()) return outcome;
  // The others' scores are printed all the same; then the exit code tells that not all could be read.
  call.terminal->PrintResult(outcome.text, outcome.json);
  return Fail(ErrorKind::kBadInput, "{}", failed);
}

Result<Outcome> CommandCheck(Call& call) {
  const fs::path folder = call.arguments[0];
  HL_ASSIGN(const std::unique_ptr<Run> run, Open(call, folder));
  HL_ASSIGN(const ChainCheck check, CheckRun(folder, run->space.jobs, *call.terminal));
  Outcome outcome;
  outcome.json = {{"command", "check"}, {"run", folder.string()}, {"holds", check.findings.empty()}, {"steps", check.steps},
                  {"pictures", check.pictures}, {"hashed_files", check.files}, {"findings", Json::array()}};
  outcome.text = fmt::format("hashed {} and {}; steps: {}\n", Count(static_cast<int64_t>(check.pictures), "picture"),
                             Count(static_cast<int64_t>(check.files), "file"), fmt::join(check.steps, ", "));
  for (const Finding& finding : check.findings) {
    outcome.json["findings"].push_back({{"kind", FindingName(finding.kind)}, {"path", finding.path}, {"text", finding.text}});
    outcome.text += fmt::format("  {}: {}\n", FindingName(finding.kind), Visible(finding.text));
  }
  outcome.text += check.findings.empty() ? "the chain from the pictures to the model files holds\n" : "the chain is broken\n";
  if (check.findings.empty()) return outcome;
  call.terminal->PrintResult(outcome.text, outcome.json);
  return Fail(ErrorKind::kBadInput, "{}: {} not as recorded", folder.string(), Count(static_cast<int64_t>(check.findings.size()), "thing"));
}

Result<Outcome> CommandHelp(Call& call) {
  Outcome outcome;
  const Wanted::Call asked = FlagsOnly(call.asked()).call;
  if (asked.man) {
    outcome.text = ManPage();
  } else if (asked.markdown) {
    outcome.text = OptionsMarkdown();
  } else if (asked.completion) {
    outcome.text = Completion(*asked.completion);
  } else if (call.arguments.empty()) {
    outcome.text = HelpOverview();
  } else {
    const Command* command = FindCommand(call.arguments[0]);
    if (command == nullptr) {
      return Fail(ErrorKind::kUsage, "unknown command '{}'{}; `handlens help` lists the commands", call.arguments[0],
                  DidYouMean(call.arguments[0], CommandNames()));
    }
    outcome.text = HelpCommand(*command);
  }
  outcome.json = {{"help", outcome.text}};
  return outcome;
}

Result<Outcome> CommandVersion(Call&) {
  Outcome outcome;
  outcome.text = "handlens " HANDLENS_VERSION "\n";
  outcome.json = {{"version", HANDLENS_VERSION}};
  return outcome;
}

}  // namespace handlens::cli
