// The commands of single steps: open the run, do what is missing up to the step, say what came out.
#include <algorithm>
#include <map>

#include "base/json.h"
#include "cli/commands/shards.h"
#include "cli/summary.h"
#include "pipeline/asking.h"
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
  SayKept(*run, call.command);
  HL_TRY(CheckTrainingAsked(*run, call.command));
  HL_TRY(SaveSettings(*run));
  HL_TRY(DoStepsUpTo(*run, call.command));
  HL_ASSIGN(Outcome outcome, summarize(*run));
  AddWritten(*run, call.command, outcome);
  return outcome;
}

}  // namespace

Result<Outcome> CommandInspect(Call& call) {
  HL_ASSIGN(const fs::path pictures, PicturesOf(call, call.arguments[0]));
  HL_ASSIGN(const std::unique_ptr<Run> run, OpenFor(call, pictures));
  HL_TRY(DoInspect(*run, pictures));
  HL_TRY(SaveSettings(*run));
  HL_TRY(DoOne(*run, kReportStep));
  HL_ASSIGN(Outcome outcome, SummarizeDataset(*run));
  AddWritten(*run, call.command, outcome);
  return outcome;
}

Result<Outcome> CommandPrepare(Call& call) { return StepOnRun(call, SummarizePrepared); }

Result<Outcome> CommandSplit(Call& call) {
  HL_ASSIGN(const std::unique_ptr<Run> run, Open(call, call.arguments[0]));
  SayKept(*run, call.command);
  HL_TRY(SaveSettings(*run));
  HL_TRY(DoStepsUpTo(*run, kSplitStep));
  HL_ASSIGN(Outcome outcome, SummarizeSplit(*run));
  if (const fs::path out = run->wanted().call.export_tree; !out.empty()) {
    HL_ASSIGN(const std::vector<int> sizes, PreparedSizes(*run));
    HL_TRY(PrepareSizes(run->space, run->fit(), sizes));
    for (const int size : sizes) {
      HL_ASSIGN(const dataset::PixelSet pixels,
                dataset::LoadPixels(run->space.dataset, size, run->fit(), run->At("cache")));
      // ExportTree wants an empty folder; with several sizes each gets its own.
      HL_TRY(split::ExportTree(run->space.dataset, run->space.split, pixels,
                               sizes.size() == 1 ? out : out / std::to_string(size)));
    }
    outcome.text += fmt::format("The folds as folders: {}\n", out.string());
    outcome.json["tree"] = out.string();
  }
  AddWritten(*run, call.command, outcome);
  return outcome;
}

Result<Outcome> CommandReview(Call& call) {
  HL_ASSIGN(const std::unique_ptr<Run> run, Open(call, call.arguments[0]));
  SayKept(*run, call.command);
  if (run->space.backbones.empty()) {
    return Fail(
        ErrorKind::kBadInput, "a review needs a pre-trained network, and there is none: {}",
        run->wanted().search.from_scratch
            ? "this run is --from-scratch"
            : "`handlens backbone list` says where it is looked for, docs/backbones.md how to get one");
  }
  HL_TRY(SaveSettings(*run));
  HL_TRY(DoStepsUpTo(*run, kReviewStep));
  HL_TRY(DoOne(*run, kReportStep));
  HL_ASSIGN(Outcome outcome, SummarizeReview(*run));
  AddWritten(*run, call.command, outcome);
  return outcome;
}

namespace {

Result<Outcome> TrainOnRun(Call& call, Result<Outcome> (*summarize)(const Run&)) {
  if (call.line.values.contains("shard")) return WorkAsShard(call);
  WarnOfUnusedShare(call);
  return StepOnRun(call, summarize);
}

}  // namespace

Result<Outcome> CommandSearch(Call& call) { return TrainOnRun(call, SummarizeSearch); }
Result<Outcome> CommandReduce(Call& call) { return TrainOnRun(call, SummarizeReduce); }
Result<Outcome> CommandConvert(Call& call) { return StepOnRun(call, SummarizeModel); }
Result<Outcome> CommandDescribe(Call& call) { return StepOnRun(call, SummarizeModel); }
Result<Outcome> CommandVerify(Call& call) {
  HL_ASSIGN(const std::unique_ptr<Run> run, Open(call, call.arguments[0]));
  SayKept(*run, call.command);
  HL_TRY(CheckTrainingAsked(*run, kVerifyStep));
  HL_TRY(SaveSettings(*run));
  const std::vector<fs::path>& files = run->wanted().call.import_files;
  if (files.empty()) {
    HL_TRY(DoStepsUpTo(*run, kVerifyStep));
    HL_TRY(DoOne(*run, kReportStep));
    HL_ASSIGN(Outcome outcome, SummarizeVerdict(*run));
    AddWritten(*run, call.command, outcome);
    return outcome;
  }
  HL_TRY(DoStepsUpTo(*run, kDescribeStep));
  HL_ASSIGN(const auto imported, verify::ImportPhoneRecords(run->space.folder, files));
  HL_TRY(DoStepsUpTo(*run, kVerifyStep));
  HL_TRY(DoOne(*run, kReportStep));
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
  run->space.names_anew = true;
  HL_TRY(DoOne(*run, kReportStep));
  Outcome outcome;
  outcome.json["report"] = run->At("report.html").string();
  AddWritten(*run, call.command, outcome);
  return outcome;
}

}  // namespace handlens::cli
