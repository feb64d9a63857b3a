// The verdict: the shipped files, judged by the official runtime on pictures decoded afresh from the user's
// files, and the rules that say whether they can be deployed. Nothing here knows how the models were trained
// or converted: this room never includes nn, train, search or convert. Single pictures are in predict.h.
#pragma once

#include <cstdint>
#include <filesystem>
#include <map>
#include <optional>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "base/progress.h"
#include "base/result.h"
#include "base/stats.h"
#include "dataset/dataset.h"
#include "describe/answering.h"
#include "describe/referral.h"
#include "package/why.h"

namespace handlens::verify {

// Two sets of scores of the same pictures compared.
struct Comparison {
  size_t n = 0;  // pictures that have both
  double max_score_difference = 0;
  size_t label_flips = 0;        // another top class
  size_t flips_beyond_ties = 0;  // flips where the first set's two classes differ by more than 2 * tolerance
  double tolerance = 0;
};
// Compares a[i] with b[i]; an empty b[i] is skipped. The first of equal top scores is the top class.
Comparison Compare(std::span<const std::vector<float>> a, std::span<const std::vector<float>> b,
                   double tolerance);

// How many answers were right under one written-down condition.
struct Condition {
  std::vector<std::pair<std::string, std::string>> facts;  // {"distance", "half"}, ...
  size_t n = 0, correct = 0;
  Interval ci95;  // Wilson
};

// What an app with the shipped threshold would have done with a route's pictures.
struct Answered {
  size_t answered = 0,
         wrong = 0;  // pictures with a top score at or above the threshold; those of them that are wrong
  Reliability reliability;  // of all top scores, in ten bins
  std::vector<std::pair<double, double>>
      risk;  // share answered and share wrong of these, the surest pictures first, at most 50 points
};

// What an app would have referred, of a file that names a class that must not be missed.
struct Refers {
  describe::Referred counts;
  // By rising threshold from "refer everything" on: share of the other pictures that is referred, share of
  // the class's; at most 50 points.
  std::vector<std::pair<double, double>> roc;
};

// What one model said on one set of pictures.
struct Route {
  std::string name;  // computer, quantized, computer-holdout, ..., gallery, camera, phone-self-check,
                     // phone-camera, ...
  std::string status = "not run";  // or "done"
  // "out-of-fold" (each picture by the fold model that never saw it), "hold-out", "hold-out, simulated",
  // "field test", "field test, judged here".
  std::string scope;
  std::string model;                  // file in the run folder; folds/fold*.tflite when several
  std::string kernels;                // of the scores below: "xnnpack"
  std::vector<int> pictures;          // indices into the data set, rising; empty for a field test's shots
  std::vector<int> truth, predicted;  // labels, in the order of `pictures`
  std::vector<std::vector<float>> scores;
  size_t n = 0, correct = 0;
  double accuracy = 0;
  Interval ci95;             // Wilson, or by groups
  size_t groups = 0;         // of pictures that belong together, which ci95 respects; 0 = it counts pictures
  double majority_rate = 0;  // the largest class's share: the accuracy of always guessing it
  Confusion confusion;
  std::vector<ClassScores> per_class;
  double auc = 0;                     // one class against the rest, mean over classes; NaN where undefined
  std::optional<Comparison> builtin;  // against the runtime's plain kernels
  // Only of the phone's routes: against the computer's scores by the same file and kernels; pictures of which
  // the model gets other bytes than on the computer; figures by condition; which of Verdict::phones.
  std::optional<Comparison> computer;
  size_t differing_inputs = 0;
  std::vector<Condition> conditions;
  int phone = -1;
  std::optional<Answered> answering;  // of a file that says when it is not sure
  std::optional<Refers> refers;       // of a file that refers a class
  // Against the baseline, the float model on the same pictures; 1, 0, 0, 1 for the baseline itself.
  double agreement = 1;                     // share of pictures with the same label
  size_t only_baseline = 0, only_this = 0;  // pictures that only one of the two gets right
  double mcnemar_p = 1;
};

// Fills n, correct, accuracy, ci95, majority_rate, confusion, per_class, auc, predicted from truth and
// scores. Pure.
void Score(Route& route, int classes);
// Where the user gave groups and some have several pictures of the route: ci95 by GroupedInterval95 and
// `groups`. Pure.
void RespectGroups(const dataset::Dataset& dataset, Route& route);
// Fills agreement, only_baseline, only_this, mcnemar_p; both routes have the same pictures. Pure.
void CompareWithBaseline(const Route& baseline, Route& route);

// Where the app's users will have their pictures from: which of the phone's routes decide.
enum class Purpose { kBoth, kCamera, kGallery };
const char* PurposeName(Purpose purpose);             // "both", "camera", "gallery"
Result<Purpose> ParsePurpose(std::string_view name);  // kind kUsage

// Thresholds of the rules (docs/verdict.md).
struct Rules {
  double min_accuracy = 0.70;
  double min_agreement = 0.95;  // quantized with float
  double max_engine_difference = 1e-3;
  int64_t max_bytes = 0;  // of quantizedmodel.tflite (of model.tflite where there is none); 0 = no gate
  Purpose purpose = Purpose::kBoth;
  double max_camera_loss = 0.15;  // of accuracy, from the same pictures and files without the camera
  int64_t max_memory = 0;         // of one answer by the packed file, bytes; 0 = no gate

  bool operator==(const Rules&) const = default;
};

// Right answers at one severity of one fault of the simulated camera (image/camera/camera.h).
struct CameraPoint {
  double severity = 0, value = 0;  // 0..5; in the axis's unit
  size_t n = 0, correct = 0;
  Interval ci95;        // Wilson
  double smoothed = 0;  // accuracy, never rising with severity
};
struct CameraCurve {
  std::string axis, unit, what;     // "tilt", "degrees", "tilted against the camera"
  std::vector<CameraPoint> points;  // by rising severity
};
// What the simulated camera showed, fault by fault, out of fold.
struct CameraFindings {
  size_t pictures = 0;      // that every point was tried on
  std::string backgrounds;  // "built in", or the name of the folder of the user's own
  std::vector<CameraCurve> curves;
  std::string worst_axis;  // with the lowest accuracy at the severity of a hard photograph
  double worst_value = 0, worst_accuracy = 0;
  std::vector<std::string> advice;  // sentences with numbers, what does harm earliest first
  struct Advised {
    std::string axis;
    double value = 0;  // in the axis's unit: from there on the accuracy is below what is asked for
  };
  std::vector<Advised> advised = {};  // what each sentence is about
};

// One phone that sent records back (phone.h), as far as they are about a model file of the run.
struct PhoneResult {
  std::string title;   // "Google Pixel 7"; what the user typed or the browser's words on the web
  std::string system;  // "Android 14 (build ...)" or the browser
  std::string app, target, app_version, runtime, kernels, model_file;
  std::vector<std::string> files;  // relative to the run folder, sorted
  struct SelfCheck {
    std::string made_at;
    bool ok = false;
    std::vector<std::string> problems;  // why it is not
    size_t golden = 0, golden_equal = 0, differing_bytes = 0, differing_inputs = 0;
    int largest_jpeg_difference = 0;
    std::string delegate;  // "used", "disagrees", "missing"
  };
  std::optional<SelfCheck> self_check;  // the latest
  struct FieldTest {
    std::string first_at, last_at;
    size_t shots = 0, not_sure = 0;
    double median_ms = 0;
  };
  std::optional<FieldTest> field_test;  // all shots, each once
  // Those whose photographs came with them, judged again here from the pixels that the model saw there.
  struct Photographs {
    struct Difference {
      std::string at, label;  // of the shot
      double difference = 0;  // of its scores, the largest
    };
    size_t judged = 0, series = 0;
    std::vector<Difference> differing;  // beyond the tolerance, the largest first, at most ten
    size_t all_differing = 0;
  };
  std::optional<Photographs> photographs;
};

// One answer on a class of phones: between these times, estimated (verify/routes/phone_time.h).
struct PhoneTime {
  std::string phone;
  double low_ms = 0, high_ms = 0;
};

// What one answer of the packed file takes (tflite/footprint.h).
struct Memory {
  std::string model;  // "model/quantizedmodel.tflite"
  int64_t answer_bytes = 0, process_bytes = 0;
  double median_ms = 0;
  double reference_ms = 0;             // of the reference network, likewise; 0: not measured
  std::vector<PhoneTime> phones = {};  // empty: not estimated
};

// Where an answer comes from: how much of its score is lost when a place of the picture is covered
// (verify/routes/occlusion.h).
inline constexpr int kWhyCells = package::kWhyCells;
struct Explained {
  std::string picture;  // its id
  int truth = 0, called = 0;
  double score = 0;           // of `called`
  std::vector<double> drops;  // (kWhyCells, kWhyCells), below 0 where covering helps the answer
};

// One rule's outcome: a whole sentence with the numbers, and what to try when it failed.
struct RuleResult {
  // accuracy, better-than-guessing, every-class, quantized, agreement, engine, kernels, label-order,
  // shipped-files, size; not-sure where the file makes a statement; sensitivity where it refers a class;
  // gallery, camera, camera-loss, phone-self-check, phone-field-test, phone-camera where there is evidence.
  std::string rule;
  bool passed = false;
  std::string text, advice;
};

struct Verdict {
  std::string runtime_version;
  std::string
      quantization;  // how the int8 files came about: "post-training quantization"; empty when not recorded
  bool camera_taught = false;  // training photographed pictures by a simulated camera; false in old records
  std::vector<std::string> labels;
  std::string test_folder;    // what the user's own test folder holds out (dataset::TestFolderSentence)
  std::string groups;         // what is known of which pictures belong together (dataset::GroupsSentence)
  std::vector<Route> routes;  // computer, quantized, hold-out ones, then gallery, camera ones, then phones
  std::optional<CameraFindings> camera;
  std::vector<PhoneResult> phones;           // sorted by title
  std::vector<std::string> phone_notes;      // what was sent back and could not be judged
  std::map<std::string, Comparison> engine;  // a model file against the training engine's own scores
  std::vector<std::string> label_order_problems;
  std::optional<describe::Answering>
      answering;  // what the shipped file says of its threshold; empty in older files
  std::vector<std::string> answering_problems;  // where these pictures say otherwise
  std::optional<describe::Referral>
      referral;  // what the shipped file says of a class that must not be missed
  std::vector<std::string> referral_problems;
  // The packed file's highest score for frames of the simulated camera that show a background alone; empty
  // where they were not asked about.
  std::vector<double> strangers;
  std::vector<std::string> shipped_file_problems;
  std::optional<Memory> memory;      // empty: not measured
  Json crossvalidation;              // crossvalidation.json's statements, without the folds; null: none
  std::vector<Explained> explained;  // the most confident mistakes, then right answers
  int64_t shipped_bytes = 0;         // of the file that the size gate is about
  std::map<std::string, std::string>
      files;  // SHA-256 of each finished file judged: what this verdict is about
  std::vector<RuleResult> rules;
  bool deployable = false;
  std::vector<std::string> reasons;  // one a failed rule: "text; try: advice"
  std::vector<std::string> notes;
};

const Route* FindRoute(const Verdict& verdict, std::string_view name);

// Whether there is such a route and it has seen a picture.
inline bool IsJudged(const Route* route) {
  return route != nullptr && route->status == "done" && route->n > 0;
}

// Applies every rule to the routes and facts of `verdict`; fills rules, deployable, reasons, notes. Pure.
void Decide(const Rules& rules, Verdict& verdict);

// Applies the rules that a user sets anew (accuracy, agreement, size) to a verdict that has been decided; the
// others stay.
void DecideGates(const Rules& rules, Verdict& verdict);

// Puts a phone's route ("gallery" or "camera") into its place. The order is the paper's (2.7): camera before
// a gallery that is "done" is refused. Kind kUsage. Call Decide again after it.
Result<void> AddPhoneRoute(Route route, Verdict& verdict);

struct VerifyRequest {
  std::filesystem::path run;
  Rules rules;
  int jobs = 1;
  std::filesystem::path backgrounds =
      {};  // a folder of photographs to put behind the subject; empty = the built-in ones
};

// Judges the run's models and writes RUN/verdict.json ("handlens-verdict" version 1) and RUN/predictions.csv.
// All pictures are read anew from the user's files and checked against their ids; what phones sent back is
// read from RUN/phones. The result does not depend on `jobs`. A bad verdict is not an error. Kind kBadInput:
// records are missing or damaged, pictures are gone or changed (all of them named); kInternal: no runtime
// library.
Result<Verdict> VerifyRun(const VerifyRequest& request, Progress& progress);

// RUN/memory.json ("handlens-memory" version 1), which differs a little from call to call and is therefore no
// part of the verdict's record. Nothing where it is not there or cannot be read.
std::optional<Memory> ReadMemory(const std::filesystem::path& run);

// Of the main route: the class of which the smallest share is recognised, the first of several.
struct WeakestClass {
  std::string label, taken_for;  // the class it is mostly called instead; empty = every picture was right
  size_t n = 0, correct = 0;
  Interval ci95;  // Wilson
};

// What verdict.json keeps of a verdict: figures of the routes, rules, reasons, notes, not the pictures and
// their scores, nor the phones. `rules` are those it was decided by.
struct VerdictRecord {
  Verdict verdict;
  Rules rules;
  std::string guide;     // the camera's fault that users should mind first, as GuideOf (words.h); empty: none
  int guide_number = 0;  // how much of it; 0: none
  std::optional<WeakestClass> weakest;  // as Weakest (words.h) found it
  Json json;                            // the record as it stands, for who shows more of it
};
// Of RUN/verdict.json, which nothing else reads; the size gate's bytes are those of the model file as it lies
// there. Kind kBadInput.
Result<VerdictRecord> ReadVerdict(const std::filesystem::path& run);

// What contradicts itself among the shipped files, one sentence each: a model that its record or its metadata
// does not know, labels in another order; and what of the labels' order is not shown, as of a model that is
// hardly ever right. Kind kBadInput: a record is missing or damaged.
struct ShippedFindings {
  std::vector<std::string> problems, not_shown;
};
Result<ShippedFindings> ShippedProblems(const std::filesystem::path& run);

// The records' text.
std::string PredictionsCsv(const Verdict& verdict, std::span<const std::string> picture_paths);
Result<void> WriteVerdict(const std::filesystem::path& path, const Verdict& verdict, const Rules& rules);

}  // namespace handlens::verify
