// The steps from the trained model to the report: convert, describe, verify, report; and the order of all steps
// (declared in steps.h).
#include <algorithm>

#include "base/json.h"
#include "convert/convert.h"
#include "dataset/prepare.h"
#include "describe/describe.h"
#include "pipeline/steps.h"
#include "report/report.h"
#include "verify/verify.h"

namespace handlens::pipeline {
namespace fs = std::filesystem;
namespace {

// Pictures a class that the proof of the label order may ask about.
constexpr int kProofPictures = 40;

const std::vector<std::string>& ModelFiles() {
  static const std::vector<std::string> files = {"model/model.tflite", "model/quantizedmodel.tflite", "model/model_fp16.tflite",
                                                 "model/model_dynamic.tflite"};
  return files;
}

convert::Io IoOf(const std::string& name) {
  if (name == "int8") return convert::Io::kInt8;
  return name == "float32" ? convert::Io::kFloat32 : convert::Io::kUint8;
}

std::vector<std::string> TrialFiles(const std::string& id) {
  return {"trials/" + id + "/trial.json", "trials/" + id + "/weights.safetensors"};
}

std::vector<describe::ProofPicture> ProofPictures(const Run& run, const dataset::PixelSet& pixels) {
  std::vector<bool> held(run.dataset.pictures.size(), false);
  for (const int i : run.split.holdout) held[static_cast<size_t>(i)] = true;
  std::vector<int> taken(run.dataset.labels.size(), 0);
  std::vector<describe::ProofPicture> pictures;
  for (size_t i = 0; i < run.dataset.pictures.size(); ++i) {
    const dataset::Picture& picture = run.dataset.pictures[i];
    if (held[i] || taken[static_cast<size_t>(picture.label)]++ >= kProofPictures) continue;
    const std::span<const uint8_t> bytes = pixels.Picture(i);
    pictures.push_back({picture.id, picture.path, picture.label, {bytes.begin(), bytes.end()}});
  }
  return pictures;
}

// Out-of-fold test scores of the chosen candidate: every picture by a model that never saw it.
std::vector<describe::ScoredPicture> OutOfFold(const Run& run, const search::CellResult& chosen) {
  std::vector<describe::ScoredPicture> scored;
  const size_t classes = run.dataset.labels.size();
  for (const train::TrialResult& fold : chosen.folds) {
    for (size_t i = 0; i < fold.test.pictures.size(); ++i) {
      const auto begin = fold.test.scores.begin() + static_cast<std::ptrdiff_t>(i * classes);
      const auto picture = static_cast<size_t>(fold.test.pictures[i]);
      scored.push_back({{begin, begin + static_cast<std::ptrdiff_t>(classes)}, run.dataset.pictures[picture].label});
    }
  }
  return scored;
}

describe::DescribeRequest DescribeRequestOf(const Run& run, const search::CellResult& chosen) {
  describe::DescribeRequest request;
  request.model_folder = run.At("model");
  describe::Description& d = request.description;
  d.name = run.settings.Has("name") ? run.settings.Text("name") : fs::absolute(run.folder).lexically_normal().filename().string();
  if (d.name.empty()) d.name = fs::absolute(run.folder).lexically_normal().parent_path().filename().string();
  d.version = run.settings.Text("model-version");
  d.author = run.settings.Text("author");
  d.license = run.settings.Text("license");
  d.notice = run.settings.Text("notice");
  d.size_px = chosen.candidate.size_px;
  d.fit = image::FitName(run.fit());
  d.labels = run.dataset.labels;
  const std::vector<describe::ScoredPicture> scored = OutOfFold(run, chosen);
  d.not_sure_below = describe::ChooseNotSureBelow(scored).threshold;
  request.data.source = fs::path(run.dataset.root).filename().string();
  request.data.pictures_per_class.assign(run.dataset.labels.size(), 0);
  for (const dataset::Picture& picture : run.dataset.pictures) ++request.data.pictures_per_class[static_cast<size_t>(picture.label)];
  request.data.rejected = static_cast<int>(run.dataset.rejected.size());
  request.data.folds = static_cast<int>(run.split.folds.size());
  request.data.holdout = static_cast<int>(run.split.holdout.size());
  return request;
}

Result<dataset::PixelSet> Pixels(Run& run, int size_px) {
  const std::vector<int> sizes = {size_px};
  HL_TRY(StepPrepare(run, sizes));
  return dataset::LoadPixels(run.dataset, size_px, run.fit(), run.At("cache"));
}

}  // namespace

Result<void> StepConvert(Run& run, const search::CellResult& chosen, const train::TrialResult& final_trial) {
  StepPlan plan{.name = "convert", .options = {{"io", run.settings.Text("io")}}, .inputs = {"dataset.json", "split.json"},
                .outputs = ModelFiles()};
  plan.outputs.insert(plan.outputs.end(), {"model/labels.txt", "model/engine_scores.json", "model/conversion.json", "model/folds"});
  convert::Request request;
  HL_ASSIGN(request.method, convert::ParseMethod(run.settings.Text("quantization")));
  // Runs from before there was a choice stay fresh.
  if (request.method == convert::Method::kAware) plan.options["quantization"] = convert::MethodName(request.method);
  request.final_trial = run.At("trials") / final_trial.id;
  for (const std::string& file : TrialFiles(final_trial.id)) plan.inputs.push_back(file);
  for (const train::TrialResult& fold : chosen.folds) {
    request.fold_trials.push_back(run.At("trials") / fold.id);
    for (const std::string& file : TrialFiles(fold.id)) plan.inputs.push_back(file);
  }
  const auto work = [&]() -> Result<void> {
    HL_ASSIGN(const dataset::PixelSet pixels, Pixels(run, chosen.candidate.size_px));
    request.data = {.dataset = &run.dataset, .split = &run.split, .pixels = &pixels};
    request.io = IoOf(run.settings.Text("io"));
    request.jobs = run.jobs();
    request.out = run.At("model");
    return convert::ConvertRun(request, *run.progress);
  };
  return DoStep(run, plan, work);
}

Result<void> StepDescribe(Run& run, const search::CellResult& chosen) {
  describe::DescribeRequest request = DescribeRequestOf(run, chosen);
  const describe::Description& d = request.description;
  StepPlan plan{.name = "describe", .options = {}, .inputs = ModelFiles(), .outputs = ModelFiles()};
  plan.inputs.insert(plan.inputs.end(), {"dataset.json", "model/conversion.json"});
  plan.outputs.insert(plan.outputs.end(), {"model/labels.txt", "model/preprocess.json", "model/description.json", "model/modelcard.md", "model/wrappers"});
  plan.options = {{"name", d.name}, {"version", d.version}, {"author", d.author}, {"license", d.license}, {"notice", d.notice},
                  {"size", d.size_px}, {"fit", d.fit}, {"not_sure_below", d.not_sure_below}, {"proof", 2}};  // raised when the proof changes, so that older ones are made again
  const auto work = [&]() -> Result<void> {
    HL_ASSIGN(const dataset::PixelSet pixels, Pixels(run, d.size_px));
    request.pictures = ProofPictures(run, pixels);
    HL_TRY(describe::DescribeRun(request, *run.progress));
    return {};
  };
  return DoStep(run, plan, work);
}

Result<void> StepVerify(Run& run) {
  verify::VerifyRequest request;
  request.run = run.folder;
  request.jobs = run.jobs();
  request.rules.min_accuracy = run.settings.Number("min-accuracy");
  request.rules.min_agreement = run.settings.Number("min-agreement");
  request.rules.max_bytes = run.settings.Integer("max-bytes");
  StepPlan plan{.name = "verify", .options = {}, .inputs = ModelFiles(), .outputs = {"verdict.json", "predictions.csv", "model/modelcard.md"}};
  plan.inputs.insert(plan.inputs.end(), {"dataset.json", "split.json", "model/conversion.json", "model/description.json",
                                         "model/engine_scores.json", "model/labels.txt", "model/folds"});
  std::error_code error;
  if (fs::exists(run.At("phones"), error)) plan.inputs.emplace_back("phones");
  // "routes" is raised when verify tries more, so that older verdicts are made again.
  plan.options = {{"routes", 2}, {"min_accuracy", request.rules.min_accuracy}, {"min_agreement", request.rules.min_agreement}, {"max_bytes", request.rules.max_bytes}};
  const auto work = [&]() -> Result<void> {
    HL_TRY(verify::VerifyRun(request, *run.progress));
    return describe::WriteModelCard(run.folder);
  };
  return DoStep(run, plan, work);
}

Result<void> StepReport(Run& run) {
  // The page shows timings and whatever records there are, so it is made anew each time; it takes a moment.
  HL_TRY(report::WriteReport(run.folder, *run.progress));
  run.written.emplace_back("report.html");
  return {};
}

Result<std::vector<std::string>> MissedGates(const Run& run) {
  const fs::path path = run.At("verdict.json");
  HL_ASSIGN(const Json verdict, ReadRecord(path, "handlens-verdict", 1));
  return FromJson(verdict, path.string(), [](const Json& v) {
    if (v.at("deployable").get<bool>()) return std::vector<std::string>();
    return v.at("reasons").get<std::vector<std::string>>();
  });
}

Result<void> DoStepsUpTo(Run& run, std::string_view last) {
  if (last == "prepare") {
    HL_ASSIGN(const std::vector<int> sizes, PreparedSizes(run));
    return StepPrepare(run, sizes);
  }
  HL_TRY(StepSplit(run));
  if (last == "split") return {};
  std::error_code error;
  // Before the search's clock starts; the search itself prepares only what is missing by then.
  if (!fs::exists(run.At("search.json"), error)) {
    HL_ASSIGN(const std::vector<search::Candidate> candidates, CandidatesOf(run));
    HL_TRY(StepPrepare(run, SizesOf(candidates)));
  }
  HL_ASSIGN(const search::SearchResult searched, StepSearch(run, last == "search" ? Following::kNothing : Following::kTraining));
  if (last == "search") return {};
  HL_ASSIGN(const search::CellResult chosen, StepReduce(run, searched, last == "reduce" ? Reduction::kAlways : Reduction::kAsAsked));
  if (last == "reduce") return {};
  HL_ASSIGN(const train::TrialResult final_trial, StepFinal(run, chosen));
  HL_TRY(StepConvert(run, chosen, final_trial));
  if (last == "convert") return {};
  HL_TRY(StepDescribe(run, chosen));
  if (last == "describe") return {};
  HL_TRY(StepVerify(run));
  if (last == "verify") return {};
  return StepReport(run);
}

}  // namespace handlens::pipeline
