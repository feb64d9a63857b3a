// A class that must not be missed (a disease, a poisonous plant): from which score of that class on an app
// says "refer" instead of naming a class, and what that finds and costs. Pure arithmetic on answers to
// pictures that the models had not seen.
#pragma once

#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/json.h"
#include "describe/answering.h"

namespace handlens::describe {

// What the user wants: of the pictures of `label`, at least `share` are to be referred.
struct Sensitivity {
  std::string label;
  double share = 0.95;
};

// What may be wanted.
inline constexpr double kLeastSensitivity = 0.5, kMostSensitivity = 0.999;

// "melanoma=0.95", or "melanoma" for 0.95; a label may hold "=" itself where a share follows it. Kind kUsage:
// no label, or a share that is no number between 0.5 and 0.999.
Result<Sensitivity> ParseSensitivity(std::string_view text);

// Its place among the labels. Kind kBadInput when it is none of them.
Result<size_t> ClassOf(const Sensitivity& wanted, const std::vector<std::string>& labels);

// Pictures counted one a cluster, drawn by chance, and those of them that are referred.
struct Referred {
  size_t pictures = 0, referred = 0;       // of the class
  size_t others = 0, others_referred = 0;  // of all other classes
};

// The threshold is the k-th lowest score of the class's pictures, rounded down to thousandths, with the
// largest k for which P(Binomial(pictures, 1 - share) < k) <= 1 - confidence: the distribution-free tolerance
// bound of Wilks (1941). Then at least `share` of the class's pictures reach it, with that confidence,
// whatever their scores are like. Where even k = 1 does not do (at 0.95 below 59 pictures), nothing is shown,
// and it is the highest that `share` of the counted pictures reach.
struct Referral {
  Sensitivity wanted;
  size_t label = 0;  // its place among the labels
  double from = 0;   // scores of the class at or above this are referred; thousandths
  bool shown = false;
  double confidence = 0.95;
  Referred counted;      // by that threshold, which these pictures set
  Referred elsewhere;    // each fold's pictures, all of them, by the threshold that the other folds' set
  std::string sentence;  // for people, whole, with the numbers
};

// `pictures` carry their scores and their true class. Kind kBadInput: no class of that name, or no picture of
// it.
Result<Referral> ChooseReferral(std::span<const JudgedPicture> pictures,
                                const std::vector<std::string>& labels, const Sensitivity& wanted);

// What a threshold does with pictures, all of them counted.
Referred ReferredAt(double from, size_t label, std::span<const JudgedPicture> pictures);

// How many pictures of the class it takes to show anything.
size_t FewestToRefer(double share, double confidence);

// "98.2 % (56 of 57; 90.7 to 99.7)": a share with its 95 % interval (Wilson).
std::string ShareText(size_t k, size_t n);

// As in preprocess.json; from it.
Json ToJson(const Referral& referral);
Result<Referral> ReferralFromJson(const Json& json, std::string_view where);

}  // namespace handlens::describe
