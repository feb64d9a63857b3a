// When an app should answer and when it should say "not sure": the threshold on the top score, and what can
// be promised about the answers above it. Pure arithmetic on answers to pictures that the models had not
// seen.
#pragma once

#include <optional>
#include <span>
#include <string>
#include <vector>

#include "base/json.h"
#include "describe/label_sets.h"

namespace handlens::describe {

// What a model said of a picture that it had not seen.
struct JudgedPicture {
  double top = 0;  // the highest score
  bool right = false;
  int cluster = 0;  // pictures that belong together (of one patient, or near-duplicates) share it
  int fold = 0;     // which model was asked
  int truth = -1;   // its class and all its scores: for ChooseReferral (referral.h) and ChooseLabelSets
  std::vector<float> scores = {};
};

// One picture of each cluster, drawn by the cluster's number alone, in whatever order the pictures come.
std::vector<JudgedPicture> OneOfEach(std::span<const JudgedPicture> pictures);

// A statement about the answers at a threshold: of those on pictures like these at most `max_wrong` are
// wrong, with `confidence`.
//
// It rests on exact binomial tests of six thresholds, one picture a cluster (drawn by chance): those above
// which lie at most 95, 90, 80, 65 and 50 % of the pictures, and 0.95. Each has a sixth of 1 - confidence, so
// all that pass may be promised at once (Bonferroni; Geifman and El-Yaniv 2017 choose among thresholds in the
// same way). A threshold that is the next multiple of 0.01 above the m-th highest score tells nothing about
// the pictures above it but that they are above: they are as if drawn from all pictures that score so high,
// and their errors are binomial.
struct Promise {
  bool given = false;
  double max_wrong = 0.05, confidence = 0.95;
  size_t pictures = 0;             // that were counted: one a cluster
  size_t answered = 0, wrong = 0;  // of them, at the threshold
  // Honest about the rule itself: the threshold for each fold's pictures was set on the other folds'
  // pictures, all of them counted.
  size_t cross_pictures = 0, cross_answered = 0, cross_wrong = 0;
};

struct Answering {
  double not_sure_below = 0;  // a multiple of 0.01
  double familiar_from =
      0;  // the highest multiple of 0.01 that at least 95 % of the user's own pictures reach
  Promise promise;
  std::optional<LabelSets> sets;  // which classes are possible; empty in older files, and for few pictures
  std::string sentence;           // for people, whole, with the numbers
};

// The share of the user's own pictures that a threshold should leave answered.
inline constexpr double kAnswered = 0.95;

// The threshold is the lowest that may be promised. Where nothing can be promised: familiar_from, or what the
// old rule (ChooseNotSureBelow) wants where that is more.
Answering ChooseAnswering(std::span<const JudgedPicture> pictures, double max_wrong);

// How many pictures, all answered and all right, a promise needs at least.
size_t FewestForPromise(double max_wrong, double confidence);

// As in preprocess.json; from it, where it is there.
Json ToJson(const Answering& answering);
Result<Answering> AnsweringFromJson(const Json& json, std::string_view where);

}  // namespace handlens::describe
