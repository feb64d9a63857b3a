// The steps from the trained model to the report: convert, describe, verify, report.
#include <algorithm>
#include <map>

#include "base/json.h"
#include "convert/convert.h"
#include "dataset/moved.h"
#include "dataset/prepare.h"
#include "dataset/scan.h"
#include "describe/describe.h"
#include "pipeline/chain.h"
#include "pipeline/steps.h"
#include "report/report.h"
#include "verify/verify.h"

namespace handlens::pipeline {
namespace fs = std::filesystem;
namespace {

// Pictures a class that the proof of the label order may ask about.
constexpr int kProofPictures = 40;

const std::vector<std::string>& ModelFiles() {
  static const std::vector<std::string> files = {"model/model.tflite", "model/quantizedmodel.tflite",
                                                 "model/model_fp16.tflite", "model/model_dynamic.tflite"};
  return files;
}

std::vector<std::string> With(std::vector<std::string> files, std::initializer_list<const char*> more) {
  files.insert(files.end(), more.begin(), more.end());
  return files;
}

void AddTrial(const std::string& id, std::vector<std::string>& files) {
  files.push_back("trials/" + id + "/trial.json");
  files.push_back("trials/" + id + "/weights.safetensors");
}

std::vector<describe::ProofPicture> ProofPictures(const Workspace& space, const dataset::PixelSet& pixels) {
  std::vector<bool> held(space.dataset.pictures.size(), false);
  for (const int i : space.split.holdout) held[static_cast<size_t>(i)] = true;
  std::vector<int> taken(space.dataset.labels.size(), 0);
  std::vector<describe::ProofPicture> pictures;
  for (size_t i = 0; i < space.dataset.pictures.size(); ++i) {
    const dataset::Picture& picture = space.dataset.pictures[i];
    if (held[i] || taken[static_cast<size_t>(picture.label)]++ >= kProofPictures) continue;
    const std::span<const uint8_t> bytes = pixels.Picture(i);
    pictures.push_back({picture.id, picture.path, picture.label, {bytes.begin(), bytes.end()}});
  }
  return pictures;
}

// What the quantized fold models said of their test pictures, as `convert` recorded it: every picture by a
// model that never saw it.
Result<std::vector<describe::JudgedPicture>> OutOfFold(const Workspace& space) {
  const fs::path path = space.At("model/answers.json");
  HL_ASSIGN(const Json json, ReadRecord(path, "handlens-answers", 1));
  std::map<std::string, const dataset::Picture*> by_id;
  for (const dataset::Picture& picture : space.dataset.pictures) by_id[picture.id] = &picture;
  return FromJson(json, path.string(), [&](const Json& j) {
    std::vector<describe::JudgedPicture> judged;
    for (const Json& fold : j.at("folds")) {
      for (const Json& row : fold.at("pictures")) {
        const auto found = by_id.find(row.at("picture").get<std::string>());
        const auto scores = row.at("scores").get<std::vector<double>>();
        if (found == by_id.end() || scores.empty()) continue;
        const auto top = std::max_element(scores.begin(), scores.end());
        judged.push_back({*top,
                          top - scores.begin() == found->second->label,
                          found->second->cluster,
                          fold.at("fold").get<int>(),
                          found->second->label,
                          {scores.begin(), scores.end()}});
      }
    }
    return judged;
  });
}

Result<dataset::PixelSet> Pixels(Workspace& space, int size_px) {
  HL_TRY(PrepareSizes(space, space.fit, {size_px}));
  return dataset::LoadPixels(space.dataset, size_px, space.fit, space.At("cache"));
}

// The guard knows strangers where channels know more than the classes: in models that began with a backbone.
// In small networks that were trained from scratch scores alone tell strangers better
// (docs/studies/abstain.md).
convert::Strangers StrangersOf(const train::TrialSpec& spec, std::optional<convert::Strangers> wanted) {
  return spec.start ? wanted.value_or(convert::Strangers::kAnswer) : convert::Strangers::kAnswer;
}

struct Convert {
  static constexpr StepFacts kFacts{
      .name = kConvertStep, .title = "convert", .command = kConvertStep, .version = 5};
  struct Options {
    static constexpr std::string_view kNames[] = {"io", "quantization", "strangers"};
    convert::Io io = convert::Io::kUint8;
    convert::Method quantization = convert::Method::kAuto;
    std::optional<convert::Strangers> strangers;  // empty: answer
  };
  static Result<Options> Read(const Run& run) {
    const Wanted::Model& wanted = run.wanted().model;
    Options options{wanted.io, wanted.quantization, {}};
    if (wanted.strangers != convert::Strangers::kAnswer) options.strangers = wanted.strangers;
    return options;
  }
  static Files Touches(const Workspace& space, const Options&) {
    Files files{{"dataset.json", "split.json"},
                With(ModelFiles(), {"model/labels.txt", "model/engine_scores.json", "model/answers.json",
                                    "model/conversion.json", "model/folds"})};
    AddTrial(space.final_trial.id, files.reads);
    for (const train::TrialResult& fold : space.chosen.folds) AddTrial(fold.id, files.reads);
    if (const auto& start = space.final_trial.spec.start) {
      files.reads.push_back(train::BackboneFile("trials", start->hash).lexically_normal().string());
    }
    return files;
  }
  static Result<void> Work(Workspace& space, const Options& options) {
    convert::Request request;
    request.method = options.quantization;
    request.strangers = StrangersOf(space.final_trial.spec, options.strangers);
    request.final_trial = space.At("trials") / space.final_trial.id;
    for (const train::TrialResult& fold : space.chosen.folds)
      request.fold_trials.push_back(space.At("trials") / fold.id);
    HL_ASSIGN(const dataset::PixelSet pixels, Pixels(space, space.chosen.candidate.size_px));
    request.data = {.dataset = &space.dataset, .split = &space.split, .pixels = &pixels};
    request.io = options.io;
    request.jobs = space.jobs;
    request.out = space.At("model");
    return convert::ConvertRun(request, *space.progress);
  }
  static Result<void> Load(Workspace&, const Options&) { return {}; }
};

// "sign_digits-phone" -> "Sign digits phone": a name that people can read on a phone.
std::string Readable(std::string name) {
  std::replace(name.begin(), name.end(), '_', ' ');
  std::replace(name.begin(), name.end(), '-', ' ');
  if (!name.empty() && name[0] >= 'a' && name[0] <= 'z') name[0] = static_cast<char>(name[0] - 'a' + 'A');
  return name;
}

// The name by which the model was first described stays, wherever the run's folder goes: it is in the shipped
// files. At first it is that of the pictures' folder; the run's folder is called "demo-run" or the like,
// which tells a user of the app nothing.
std::string NameOf(const Run& run) {
  const fs::path record = run.At("model/preprocess.json");
  if (const auto text = ReadText(record)) {
    if (const auto described = describe::DescriptionFromJson(*text, record.string())) return described->name;
  }
  const dataset::Dataset& data = run.space.dataset;
  const fs::path folder = data.inspected_root.empty() ? data.root : data.inspected_root;
  // Folders that say only that there are pictures in them.
  constexpr std::string_view kSayNothing[] = {"pictures", "images", "photos",  "data",
                                              "dataset",  "train",  "training"};
  const bool nothing = std::find(std::begin(kSayNothing), std::end(kSayNothing),
                                 folder.filename().string()) != std::end(kSayNothing);
  const std::string name = run.wanted().about.anonymous
                               ? ""
                               : Readable((nothing ? folder.parent_path() : folder).filename().string());
  return name.empty() ? "Picture classifier" : name;
}

constexpr const char* kNotes = "notes.txt";

// Those of --notes, else those that the run keeps.
Result<std::string> NotesOf(const Run& run) {
  constexpr size_t kMostBytes = 20'000;
  const fs::path& given = run.wanted().call.notes;
  if (given.empty()) {
    HL_ASSIGN(const bool kept, IsThere(run.At(kNotes)));
    return kept ? ReadText(run.At(kNotes)) : Result<std::string>(std::string());
  }
  HL_ASSIGN(std::string text, ReadText(given));
  if (dataset::IsUtf8(text) && text.size() <= kMostBytes) return text;
  return Fail(ErrorKind::kBadInput, "{}: notes are plain text in UTF-8 of at most {} bytes; this file {}",
              given.string(), kMostBytes,
              text.size() > kMostBytes ? fmt::format("has {}", text.size()) : "is not UTF-8");
}

Result<void> KeepNotes(const Workspace& space, const std::string& notes) {
  HL_ASSIGN(const bool kept, IsThere(space.At(kNotes)));
  if (notes.empty() && !kept) return {};
  return WriteFileAtomic(space.At(kNotes), notes);
}

struct Describe {
  static constexpr StepFacts kFacts{
      .name = kDescribeStep, .title = "describe", .command = kDescribeStep, .version = 5};
  struct Options {
    static constexpr std::string_view kNames[] = {"name", "version", "author",    "license", "notice",
                                                  "size", "fit",     "max_wrong", "notes",   "sensitivity"};
    std::string name, version, author, license, notice;
    int size_px = 0;
    image::Fit fit = image::Fit::kCrop;
    double max_wrong = 0;
    std::optional<std::string> notes;  // the text; empty: none
    std::optional<std::string> sensitivity;
  };
  static Result<Options> Read(const Run& run) {
    const Wanted::About& wanted = run.wanted().about;
    Options options{wanted.name.value_or(NameOf(run)),
                    wanted.version,
                    wanted.author,
                    wanted.license,
                    wanted.notice,
                    run.space.chosen.candidate.size_px,
                    run.fit(),
                    run.wanted().model.max_wrong,
                    {},
                    run.wanted().model.sensitivity};
    HL_ASSIGN(std::string notes, NotesOf(run));
    if (!notes.empty()) options.notes = std::move(notes);
    return options;
  }
  static Files Touches(const Workspace&, const Options&) {
    return {With(ModelFiles(), {"dataset.json", "model/conversion.json", "model/answers.json"}),
            With(ModelFiles(), {"model/labels.txt", "model/preprocess.json", "model/description.json",
                                "model/modelcard.md", "model/wrappers"})};
  }
  static Result<void> Work(Workspace& space, const Options& o) {
    describe::DescribeRequest request;
    request.model_folder = space.At("model");
    describe::Description& d = request.description;
    d.name = o.name;
    d.version = o.version;
    d.author = o.author;
    d.license = o.license;
    d.notice = o.notice;
    d.size_px = o.size_px;
    d.fit = image::FitName(o.fit);
    d.labels = space.dataset.labels;
    request.max_wrong = o.max_wrong;
    if (o.sensitivity) {
      HL_ASSIGN(request.sensitivity, describe::ParseSensitivity(*o.sensitivity));
    }
    HL_ASSIGN(request.answers, OutOfFold(space));
    request.data.groups = dataset::GroupsSentence(space.dataset);
    request.data.notes = o.notes.value_or("");
    HL_TRY(KeepNotes(space, request.data.notes));
    request.data.pictures_per_class.assign(space.dataset.labels.size(), 0);
    for (const dataset::Picture& picture : space.dataset.pictures)
      ++request.data.pictures_per_class[static_cast<size_t>(picture.label)];
    request.data.rejected = static_cast<int>(space.dataset.rejected.size());
    request.data.folds = static_cast<int>(space.split.folds.size());
    request.data.holdout = static_cast<int>(space.split.holdout.size());
    HL_ASSIGN(const dataset::PixelSet pixels, Pixels(space, o.size_px));
    request.pictures = ProofPictures(space, pixels);
    HL_ASSIGN(const bool judged, IsThere(space.At("verdict.json")));
    if (judged) {
      HL_ASSIGN(verify::VerdictRecord record, verify::ReadVerdict(space.folder));
      request.verdict = std::move(record.json);
    }
    HL_TRY(describe::DescribeRun(request, *space.progress));
    return {};
  }
  static Result<void> Load(Workspace&, const Options&) { return {}; }
};

struct Verify {
  static constexpr StepFacts kFacts{
      .name = kVerifyStep, .title = "verify", .command = kVerifyStep, .version = 7};
  struct Options {
    static constexpr std::string_view kNames[] = {"min_accuracy",    "min_agreement", "max_bytes", "for",
                                                  "max_camera_loss", "backgrounds",   "max_memory"};
    double min_accuracy = 0, min_agreement = 0;
    int64_t max_bytes = 0;
    verify::Purpose purpose = verify::Purpose::kBoth;
    double max_camera_loss = 0;
    fs::path backgrounds;
    std::optional<int64_t> max_memory;  // empty: no gate
  };
  static Result<Options> Read(const Run& run) {
    const Wanted::Gates& wanted = run.wanted().gates;
    const fs::path backgrounds = wanted.backgrounds.empty() ? fs::path() : fs::absolute(wanted.backgrounds);
    return Options{wanted.min_accuracy,
                   wanted.min_agreement,
                   wanted.max_bytes,
                   wanted.purpose,
                   wanted.max_camera_loss,
                   backgrounds,
                   wanted.max_memory > 0 ? std::optional(wanted.max_memory) : std::nullopt};
  }
  static Files Touches(const Workspace& space, const Options& o) {
    Files files{
        With(ModelFiles(), {"dataset.json", "split.json", "model/conversion.json", "model/description.json",
                            "model/engine_scores.json", "model/labels.txt", "model/folds"}),
        {"verdict.json", "predictions.csv", "model/modelcard.md"},
        {"memory.json"}};
    std::error_code error;
    if (fs::exists(space.At("phones"), error)) files.reads.emplace_back("phones");
    if (fs::exists(space.At("crossvalidation.json"), error)) files.reads.emplace_back("crossvalidation.json");
    if (!o.backgrounds.empty()) files.reads.push_back(o.backgrounds.string());
    return files;
  }
  static Result<void> Work(Workspace& space, const Options& o) {
    verify::VerifyRequest request{
        .run = space.folder, .rules = {}, .jobs = space.jobs, .backgrounds = o.backgrounds};
    request.rules.min_accuracy = o.min_accuracy;
    request.rules.min_agreement = o.min_agreement;
    request.rules.max_bytes = o.max_bytes;
    request.rules.purpose = o.purpose;
    request.rules.max_camera_loss = o.max_camera_loss;
    request.rules.max_memory = o.max_memory.value_or(0);
    HL_TRY(verify::VerifyRun(request, *space.progress));
    HL_ASSIGN(const verify::VerdictRecord record, verify::ReadVerdict(space.folder));
    return describe::WriteModelCard(space.At("model"), record.json);
  }
  static Result<void> Load(Workspace&, const Options&) { return {}; }
};

// The page shows timings and whatever records there are, so it is made anew each time; it takes a moment.
struct Report {
  static constexpr StepFacts kFacts{.name = kReportStep,
                                    .title = "report",
                                    .command = kReportStep,
                                    .redo = Redo::kUnrecorded,
                                    .advises = true};
  struct Options {
    static constexpr std::string_view kNames[] = {"anonymous"};
    bool anonymous = false;
  };
  static Result<Options> Read(const Run& run) { return Options{run.wanted().about.anonymous}; }
  static Files Touches(const Workspace&, const Options&) { return {{}, {"report.html"}}; }
  static Result<void> Work(Workspace& space, const Options& o) {
    HL_ASSIGN(const std::vector<Finding> findings, ChangedFiles(space.folder));
    std::vector<std::string> changed;
    for (const Finding& finding : findings) changed.push_back(finding.text + ".");
    report::FileNames names = o.anonymous ? report::FileNames::kHashed : report::FileNames::kShown;
    // A page without names does not get them back because something was added to it.
    if (!o.anonymous && !space.names_anew) names = report::NamesInReport(space.folder);
    HL_ASSIGN(const Json judged, RecordedOptions(space.folder, kVerifyStep));
    HL_ASSIGN(const std::string backgrounds, FromJson(judged, "chain.json", [](const Json& options) {
                return options.value("backgrounds", std::string());
              }));
    HL_TRY(report::WriteReport(space.folder, *space.progress, names, changed, backgrounds));
    space.written.emplace_back("report.html");
    return {};
  }
  static Result<void> Load(Workspace&, const Options&) { return {}; }
};

}  // namespace

Result<void> CheckOtherFiles(Run& run) {
  HL_TRY(NotesOf(run));
  HL_TRY(BackdropsOf(run.space, run.wanted().gates.backgrounds));
  return {};
}

Result<const image::Backdrops*> BackdropsOf(Workspace& space, const fs::path& folder) {
  if (folder.empty()) return nullptr;
  auto known = space.backdrops.find(folder);
  if (known == space.backdrops.end()) {
    HL_ASSIGN(image::Backdrops read, image::Backdrops::FromFolder(folder));
    known = space.backdrops.emplace(folder, std::move(read)).first;
  }
  return &known->second;
}

Step ConvertRow() { return StepOf<Convert>(); }
Step DescribeRow() { return StepOf<Describe>(); }
Step VerifyRow() { return StepOf<Verify>(); }
Step ReportRow() { return StepOf<Report>(); }

Result<verify::Verdict> VerdictByGates(const Run& run) {
  HL_ASSIGN(verify::VerdictRecord record, verify::ReadVerdict(run.space.folder));
  const Wanted::Gates& gates = run.wanted().gates;
  verify::Rules rules = record.rules;
  rules.min_accuracy = gates.min_accuracy;
  rules.min_agreement = gates.min_agreement;
  rules.max_bytes = gates.max_bytes;
  rules.max_memory = gates.max_memory;
  rules.max_camera_loss = gates.max_camera_loss;
  if (!(rules == record.rules)) verify::DecideGates(rules, record.verdict);
  return std::move(record.verdict);
}

}  // namespace handlens::pipeline
