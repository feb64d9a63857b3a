// A guard against pictures of something else: inside the file, every score is multiplied by how familiar the
// picture looks: by 0.993 for nine in ten of the user's own, by 0.08 at the least. The answer stays the same.
// It learns from the user's own pictures alone, and is made of dense layers and an addition.
//
// A network that ends in a global average pool describes a picture by how much each of its channels lights
// up. Familiarity of these features f (never negative) to a class is sum f_i log p_i / sum f_i, where p is
// the class's mean over its training pictures, scaled to a sum of 1: minus the cross-entropy between what
// lights up and what lights up in pictures of the class. The size of f cancels out; logits, which grow with
// it, say little about strangers.
#pragma once

#include <optional>
#include <span>
#include <vector>

#include "convert/convert.h"
#include "convert/folded.h"

namespace handlens::convert {

struct Guard {
  int classes = 0;
  std::vector<float> weights;  // (classes, features): log p - the least familiarity
  float enough = 1;            // of the sum of what is above zero: that familiar, nothing is taken off
};

// The factor is 1 / (1 + e^v) with v from -5 (0.993) for a familiar picture to 2.5 (0.08) for one that is not
// at all: not lower, so that in 256 steps of a score the order of the classes can still be told; at 1.5 more
// strangers pass (docs/studies/abstain.md).
inline constexpr double kFamiliar = -5, kStrange = 2.5;

// Features of pictures of known class.
struct Seen {
  std::vector<std::vector<float>> features;
  std::vector<int> labels;
};

// The layer whose means over all pixels are the features; nothing when the model is no dense layer on a
// global average pool of what a ReLU gave: then there is no guard.
std::optional<int> FeatureLayer(const nn::ModelSpec& spec);

// log p of each class, (classes, features), by the pictures that the model trained on.
std::vector<float> LogMeans(const Seen& trained, int classes);

// Familiarity of each picture to each class, (pictures, classes), see above.
std::vector<std::vector<double>> Familiarities(const std::vector<float>& log_means, const Seen& pictures);

inline constexpr size_t kFewestOthers = 10;

// What is familiar, by pictures of the same kind that the models asked did not train on: what one in a
// hundred of them falls below is not at all, what nine in ten reach is enough; so nine in ten keep their
// scores, and these stay as honest as they were. Nothing when there are fewer than kFewestOthers.
struct Bounds {
  double least = 0;   // familiarity to the nearest class
  double enough = 1;  // sum over the classes of what is above `least`
};
std::optional<Bounds> FitBounds(std::vector<std::vector<double>> familiarities);

// `trained`: pictures of the model at hand, which say how large its features are.
Guard MakeGuard(const std::vector<float>& log_means, const Bounds& bounds, const Seen& trained);

// What a picture's scores are multiplied by.
double FactorOf(const Guard& guard, std::span<const float> features);

// Puts the guard into the model, after whatever was done to its numbers, and what it computes into the
// calibration. The model then gives twice as many logits: the classes', and beside each the same plus a
// number that says how strange the picture is; after softmax the first half is what the classes' scores were,
// times the factor.
void AddGuard(const Guard& guard, FoldedModel& model);
void AddGuard(const Guard& guard, Calibration& calibration);

}  // namespace handlens::convert
