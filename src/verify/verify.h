// The verdict: the shipped files, judged by the official runtime on pictures decoded afresh from the user's files, and
// the rules that say whether they can be deployed. Nothing here knows how the models were trained or converted: this
// room never includes nn, train, search or convert. The chain of hashes is in chain.h, single pictures in predict.h.
#pragma once

#include <cstdint>
#include <filesystem>
#include <map>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "base/progress.h"
#include "base/result.h"
#include "base/stats.h"

namespace handlens::verify {

// Two sets of scores of the same pictures compared.
struct Comparison {
  size_t n = 0;                       // pictures that have both
  double max_score_difference = 0;
  size_t label_flips = 0;             // another top class
  size_t flips_beyond_ties = 0;       // flips where the first set's two classes differ by more than 2 * tolerance
  double tolerance = 0;
};
// Compares a[i] with b[i]; an empty b[i] is skipped. The first of equal top scores is the top class.
Comparison Compare(std::span<const std::vector<float>> a, std::span<const std::vector<float>> b, double tolerance);

// What one model said on one set of pictures.
struct Route {
  std::string name;                   // computer, quantized, computer-holdout, quantized-holdout, float16-holdout, ...
  std::string status = "not run";     // or "done"
  std::string scope;                  // "out-of-fold" (each picture by the fold model that never saw it) or "hold-out"
  std::string model;                  // file in the run folder; folds/fold*.tflite when several
  std::string kernels;                // of the scores below: "xnnpack"
  std::vector<int> pictures;          // indices into the data set, rising
  std::vector<int> truth, predicted;  // labels, in the order of `pictures`
  std::vector<std::vector<float>> scores;
  size_t n = 0, correct = 0;
  double accuracy = 0;
  Interval ci95;                      // Wilson
  double majority_rate = 0;           // the largest class's share: the accuracy of always guessing it
  Confusion confusion;
  std::vector<ClassScores> per_class;
  double auc = 0;                     // one class against the rest, mean over classes; NaN where undefined
  std::optional<Comparison> builtin;  // against the runtime's plain kernels
  // Against the baseline, the float model on the same pictures; 1, 0, 0, 1 for the baseline itself.
  double agreement = 1;               // share of pictures with the same label
  size_t only_baseline = 0, only_this = 0;  // pictures that only one of the two gets right
  double mcnemar_p = 1;
};

// Fills n, correct, accuracy, ci95, majority_rate, confusion, per_class, auc, predicted from truth and scores. Pure.
void Score(Route& route, int classes);
// Fills agreement, only_baseline, only_this, mcnemar_p; both routes have the same pictures. Pure.
void CompareWithBaseline(const Route& baseline, Route& route);

// Thresholds of the rules (docs/verdict.md).
struct Rules {
  double min_accuracy = 0.70;
  double min_agreement = 0.95;        // quantized with float
  double max_engine_difference = 1e-3;
  int64_t max_bytes = 0;              // of quantizedmodel.tflite (of model.tflite where there is none); 0 = no gate
};

// One rule's outcome: a whole sentence with the numbers, and what to try when it failed.
struct RuleResult {
  std::string rule;                   // accuracy, better-than-guessing, every-class, quantized, agreement, engine, kernels,
  bool passed = false;                // label-order, shipped-files, size
  std::string text, advice;
};

struct Verdict {
  std::string runtime_version;
  std::vector<std::string> labels;
  std::vector<Route> routes;          // computer, quantized, hold-out ones, then gallery, camera
  std::map<std::string, Comparison> engine;  // a model file against the training engine's own scores
  std::vector<std::string> label_order_problems;
  std::vector<std::string> shipped_file_problems;
  int64_t shipped_bytes = 0;          // of the file that the size gate is about
  std::map<std::string, std::string> files;  // SHA-256 of each finished file judged: what this verdict is about
  std::vector<RuleResult> rules;
  bool deployable = false;
  std::vector<std::string> reasons;   // one a failed rule: "text; try: advice"
  std::vector<std::string> notes;
};

const Route* FindRoute(const Verdict& verdict, std::string_view name);

// Applies every rule to the routes and facts of `verdict`; fills rules, deployable, reasons, notes. Pure.
void Decide(const Rules& rules, Verdict& verdict);

// Adds what a phone route ("gallery" or "camera") found and is "done". The order is the paper's (2.7): camera before
// gallery is refused. Kind kUsage. Call Decide again after it.
Result<void> AddPhoneRoute(Route route, Verdict& verdict);

struct VerifyRequest {
  std::filesystem::path run;
  Rules rules;
  int jobs = 1;
};

// Judges the run's models and writes RUN/verdict.json ("handlens-verdict" version 1) and RUN/predictions.csv. All
// pictures are read anew from the user's files and checked against their ids. The result does not depend on `jobs`.
// A bad verdict is not an error. Kind kBadInput: records are missing, pictures are gone or changed (all of them named),
// a model file is not the one that was recorded; kInternal: no runtime library.
Result<Verdict> VerifyRun(const VerifyRequest& request, Progress& progress);

// The records' text.
std::string PredictionsCsv(const Verdict& verdict, std::span<const std::string> picture_paths);
Result<void> WriteVerdict(const std::filesystem::path& path, const Verdict& verdict, const Rules& rules);

}  // namespace handlens::verify
