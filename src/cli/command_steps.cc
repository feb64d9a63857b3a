// The commands of single steps: open the run, do what is missing up to the step, say what came out.
#include <algorithm>
#include <map>

#include "base/json.h"
#include "cli/summary.h"
#include "pipeline/steps.h"
#include "split/split.h"
#include "verify/phone.h"

namespace handlens::cli {
namespace fs = std::filesystem;
using namespace pipeline;
namespace {

// The frame of all steps on RUN: everything up to the step, then its summary.
Result<Outcome> StepOnRun(Call& call, Result<Outcome> (*summarize)(const Run&)) {
  HL_ASSIGN(const std::unique_ptr<Run> run, Open(call, call.arguments[0]));
  HL_TRY(SaveSettings(*run));
  HL_TRY(DoStepsUpTo(*run, call.command));
  HL_ASSIGN(Outcome outcome, summarize(*run));
  AddWritten(*run, call.command, outcome);
  return outcome;
}

}  // namespace

Result<Outcome> CommandInspect(Call& call) {
  HL_ASSIGN(const std::unique_ptr<Run> run, OpenFor(call, call.arguments[0]));
  HL_TRY(StepInspect(*run, call.arguments[0]));
  HL_TRY(SaveSettings(*run));
  HL_TRY(StepReport(*run));
  HL_ASSIGN(Outcome outcome, SummarizeDataset(*run));
  AddWritten(*run, call.command, outcome);
  return outcome;
}

Result<Outcome> CommandPrepare(Call& call) { return StepOnRun(call, SummarizePrepared); }

Result<Outcome> CommandSplit(Call& call) {
  HL_ASSIGN(const std::unique_ptr<Run> run, Open(call, call.arguments[0]));
  HL_TRY(SaveSettings(*run));
  HL_TRY(DoStepsUpTo(*run, "split"));
  HL_ASSIGN(Outcome outcome, SummarizeSplit(*run));
  if (run->settings.Has("export-tree")) {
    const fs::path out = run->settings.Text("export-tree");
    HL_ASSIGN(const std::vector<int> sizes, PreparedSizes(*run));
    HL_TRY(StepPrepare(*run, sizes));
    for (const int size : sizes) {
      HL_ASSIGN(const dataset::PixelSet pixels, dataset::LoadPixels(run->dataset, size, run->fit(), run->At("cache")));
      // ExportTree wants an empty folder; with several sizes each gets its own.
      HL_TRY(split::ExportTree(run->dataset, run->split, pixels, sizes.size() == 1 ? out : out / std::to_string(size)));
    }
    outcome.text += fmt::format("The folds as folders: {}\n", out.string());
    outcome.json["tree"] = out.string();
  }
  AddWritten(*run, call.command, outcome);
  return outcome;
}

Result<Outcome> CommandSearch(Call& call) { return StepOnRun(call, SummarizeSearch); }
Result<Outcome> CommandReduce(Call& call) { return StepOnRun(call, SummarizeReduce); }
Result<Outcome> CommandConvert(Call& call) { return StepOnRun(call, SummarizeModel); }
Result<Outcome> CommandDescribe(Call& call) { return StepOnRun(call, SummarizeModel); }
Result<Outcome> CommandVerify(Call& call) {
  HL_ASSIGN(const std::unique_ptr<Run> run, Open(call, call.arguments[0]));
  HL_TRY(SaveSettings(*run));
  if (!run->settings.Has("import")) {
    HL_TRY(DoStepsUpTo(*run, "verify"));
    HL_ASSIGN(Outcome outcome, SummarizeVerdict(*run));
    AddWritten(*run, call.command, outcome);
    return outcome;
  }
  HL_TRY(DoStepsUpTo(*run, "describe"));
  std::vector<fs::path> paths;
  for (const std::string& path : SplitList(run->settings.Text("import"), '\n')) paths.emplace_back(path);
  HL_ASSIGN(const auto imported, verify::ImportPhoneRecords(run->folder, paths));
  HL_TRY(DoStepsUpTo(*run, "verify"));
  HL_TRY(StepReport(*run));
  HL_ASSIGN(Outcome outcome, SummarizeVerdict(*run));
  std::string text;
  outcome.json["imported"] = Json::array();
  for (const verify::Imported& one : imported) {
    text += fmt::format("{}: {} ({})\n", one.source, one.stored, one.what);
    outcome.json["imported"].push_back({{"source", one.source}, {"stored", one.stored}, {"what", one.what}});
  }
  outcome.text = text + outcome.text;
  AddWritten(*run, call.command, outcome);
  return outcome;
}

// Shows what there is: the one step that needs nothing before it.
Result<Outcome> CommandReport(Call& call) {
  HL_ASSIGN(const std::unique_ptr<Run> run, Open(call, call.arguments[0]));
  HL_TRY(StepReport(*run));
  Outcome outcome;
  outcome.json["report"] = run->At("report.html").string();
  AddWritten(*run, call.command, outcome);
  return outcome;
}

}  // namespace handlens::cli
