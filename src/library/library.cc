// handlens as a library, see include/handlens/handlens.h: requests become what the rooms want, and their
// records results.
#include <algorithm>
#include <map>

#include "base/hash.h"
#include "base/program.h"
#include "base/stats.h"
#include "convert/convert.h"
#include "handlens/handlens.h"
#include "pipeline/plan.h"
#include "pipeline/steps.h"
#include "search/presets.h"
#include "split/split.h"
#include "train/train.h"
#include "verify/verify.h"
#include "verify/words.h"

namespace handlens {
namespace {

namespace fs = std::filesystem;

Accuracy AccuracyOf(size_t correct, size_t n, const Interval& interval) {
  const double share = n == 0 ? 0 : static_cast<double>(correct) / static_cast<double>(n);
  return {static_cast<int>(correct), static_cast<int>(n), share, interval.low, interval.high};
}

Result<pipeline::Asked> AskedBy(const RunRequest& request) {
  pipeline::Asked asked;
  asked.around.data = request.data_folder;
  asked.around.now_s = request.now_s;
  std::map<std::string, std::string> options = request.options;
  options["out"] = request.folder.string();
  for (const auto& [name, text] : options) {
    const pipeline::Option* const option = pipeline::FindOption(name);
    if (!option)
      return Fail(ErrorKind::kUsage, "there is no option \"{}\"; docs/options.md lists them", name);
    HL_ASSIGN(asked.flags[name], pipeline::CheckValue(*option, text, "\"" + name + "\""));
  }
  return asked;
}

Result<RunResult> ResultOf(const pipeline::Run& run) {
  HL_ASSIGN(const verify::VerdictRecord record, verify::ReadVerdict(run.space.folder));
  const verify::Verdict& verdict = record.verdict;
  RunResult result;
  result.deployable = verdict.deployable;
  result.summary = verify::Headline(verdict);
  result.reasons = verdict.reasons;
  if (const verify::Route* const shipped = verify::MainRoute(verdict))
    result.accuracy = AccuracyOf(shipped->correct, shipped->n, shipped->ci95);
  result.model_file = run.At("model/quantizedmodel.tflite");
  result.labels_file = run.At("model/labels.txt");
  result.report = run.At("report.html");
  return result;
}

// The pictures as the data check would have recorded them; equal ones are one cluster.
Result<dataset::Dataset> DatasetOf(const MemoryPictures& pictures) {
  const size_t side = static_cast<size_t>(std::max(pictures.size_px, 0)), stride = side * side * 3,
               n = pictures.label_of.size();
  if (stride == 0 || pictures.rgb.size() != n * stride) {
    return Fail(ErrorKind::kBadInput, "{} pictures of {} px are {} bytes, not {}", n, pictures.size_px,
                n * stride, pictures.rgb.size());
  }
  dataset::Dataset dataset;
  dataset.labels = pictures.labels;
  std::map<std::string, int> clusters;
  for (size_t i = 0; i < n; ++i) {
    const int label = pictures.label_of[i];
    if (label < 0 || static_cast<size_t>(label) >= pictures.labels.size()) {
      return Fail(ErrorKind::kBadInput, "picture {} has label {}; there are {} labels", i, label,
                  pictures.labels.size());
    }
    dataset::Picture picture;
    const std::string hash = Sha256(std::span(pictures.rgb).subspan(i * stride, stride));
    picture.id = Sha256(fmt::format("{} {}", i, hash));
    picture.path = fmt::format("{}/{:08}", pictures.labels[static_cast<size_t>(label)], i);
    picture.label = label;
    picture.cluster = clusters.try_emplace(hash, static_cast<int>(clusters.size())).first->second;
    picture.width = picture.height = pictures.size_px;
    dataset.pictures.push_back(std::move(picture));
  }
  return dataset;
}

Result<train::TrialSpec> SpecOf(const dataset::Dataset& dataset, const MemoryPictures& pictures,
                                const TrainRequest& request) {
  search::GridChoice choice;
  choice.models = {request.model};
  choice.generators = {request.generator};
  choice.sizes_px = {pictures.size_px};
  choice.epochs = request.epochs;
  HL_ASSIGN(const std::vector<search::Candidate> candidates,
            search::PresetCandidates("quick", dataset, choice));
  const search::Candidate& candidate = candidates.front();
  return train::TrialSpec{.model = candidate.model,
                          .architecture = candidate.architecture,
                          .generator = candidate.generator,
                          .recipe = candidate.recipe,
                          .size_px = pictures.size_px,
                          .fold = 0,
                          .seed = request.seed};
}

}  // namespace

Result<RunResult> RunPictures(const RunRequest& request, Progress& progress) {
  if (!request.program_folder.empty()) UseProgramFolder(request.program_folder);
  HL_ASSIGN(const pipeline::Asked asked, AskedBy(request));
  HL_ASSIGN(const std::unique_ptr<pipeline::Run> run,
            pipeline::OpenRunFor(asked, request.pictures, progress));
  run->command = "run";
  run->trains = true;
  HL_TRY(pipeline::CheckByNames(*run, request.pictures));
  HL_TRY(pipeline::DoInspect(*run, request.pictures));
  HL_ASSIGN(const pipeline::RunPlan plan, pipeline::MakePlan(*run));
  HL_TRY(pipeline::CheckBeforeBegin(*run, plan));
  HL_TRY(pipeline::SaveSettings(*run));
  HL_TRY(pipeline::DoStepsUpTo(*run, pipeline::kReportStep));
  return ResultOf(*run);
}

Result<TrainResult> TrainPixels(const MemoryPictures& pictures, const TrainRequest& request,
                                Progress& progress) {
  HL_ASSIGN(const dataset::Dataset dataset, DatasetOf(pictures));
  split::SplitOptions options;
  options.holdout_per_class = 0;
  options.seed = request.seed;
  HL_ASSIGN(const split::Split split, split::MakeSplit(dataset, options));
  HL_ASSIGN(const train::TrialSpec spec, SpecOf(dataset, pictures, request));
  const dataset::PixelSet pixels{pictures.size_px, image::Fit::kCrop, pictures.rgb};
  const train::TrialData data{.dataset = &dataset, .split = &split, .pixels = &pixels};
  const fs::path folder =
      request.folder / train::TrialId(spec, train::DataFingerprint(dataset, split, pixels.fit));
  HL_ASSIGN(const train::TrialResult trial, train::RunTrial(spec, data, folder, progress));
  HL_ASSIGN(const nn::Weights weights, train::ReadTrialWeights(folder));
  HL_ASSIGN(const Bytes model, convert::Convert(trial.trained, weights, convert::Variant::kFloat32,
                                                convert::Io::kFloat32, nullptr));
  TrainResult result;
  result.model_file = request.folder / "model.tflite";
  HL_TRY(WriteFileAtomic(result.model_file, model));
  const std::vector<int> answers = train::PredictedLabels(trial.test);
  size_t correct = 0;
  for (size_t i = 0; i < answers.size(); ++i) {
    correct += answers[i] == pictures.label_of[static_cast<size_t>(trial.test.pictures[i])] ? 1 : 0;
  }
  result.accuracy = AccuracyOf(correct, answers.size(), Wilson95(correct, answers.size()));
  return result;
}

}  // namespace handlens
