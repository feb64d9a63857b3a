// A look at the pictures with a pre-trained backbone's eyes, before anything is trained: which pictures are
// perhaps mislabelled, what twice the pictures would bring, and a map of them. It advises; nothing that is
// trained depends on it.
#pragma once

#include <array>
#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include "base/progress.h"
#include "base/result.h"
#include "base/stats.h"
#include "dataset/dataset.h"
#include "split/split.h"
#include "train/train.h"

namespace handlens::review {

// A picture that classifiers which never saw it take for another class (Northcutt et al. 2021, Confident
// Learning).
struct Suspect {
  int picture = 0;  // index into Dataset::pictures
  int other = 0;    // the label that it would rather have
  double own_score = 0, other_score = 0;
};

// Accuracy on test pictures of classifiers that learnt from a share of their fold's training pictures.
struct CurvePoint {
  double pictures = 0;  // a fold learnt from, mean over the folds
  double right = 0;     // of n; a mean over draws, so not always whole
  size_t n = 0;         // test pictures of all folds
};

// What twice the training pictures would add to the accuracy, as a share.
struct Forecast {
  double gain = 0;
  Interval ci95;
};

struct Review {
  std::string backbone;  // its name
  std::string
      basis;  // hash of the backbone, size, pictures, folds and version: whether the review is of these
  int size_px = 0;
  size_t right = 0, n = 0;        // of all pictures, each by a classifier that never saw it
  std::vector<Suspect> suspects;  // the most suspect first
  std::vector<CurvePoint> curve;  // rising; empty where the pictures are too few
  std::optional<Forecast> twice;  // nothing where the curve has fewer than three points
  std::vector<std::array<float, 2>>
      map;  // of every picture: its place on the two widest axes of the features, -1 to 1
};

// What Look depends on, as one hash.
std::string BasisOf(const backbone::Backbone& backbone, const train::TrialData& data);

// data.pixels at a size that fits the backbone; data.features set. Features of plain pictures are computed
// where the cache has none. The same bits for any number of threads. Kind kInterrupted when progress asks to
// stop.
Result<Review> Look(const backbone::Backbone& backbone, const train::TrialData& data, uint64_t seed,
                    Progress& progress);

// A power law error(n) = a * n^-b through the last three points of the curve; its interval by 1,000 draws of
// test pictures. hits[p][i]: how often (0..1) test picture i was right at point p.
std::optional<Forecast> ForecastOf(const std::vector<double>& pictures,
                                   const std::vector<std::vector<double>>& hits, uint64_t seed);

// Places of `rows` vectors of `width` values on their two widest axes (principal components of the vectors,
// each scaled to length 1), scaled together so that the farthest is at -1 or 1.
std::vector<std::array<float, 2>> PrincipalMap(std::vector<std::vector<float>> rows, uint64_t seed);

// RUN/review.json and RUN/review.csv.
Result<void> WriteReview(const std::filesystem::path& run, const dataset::Dataset& dataset,
                         const Review& review);
// Nothing when there is none, or it is of other pictures. Kind kBadInput when it is damaged or newer.
Result<std::optional<Review>> ReadReview(const std::filesystem::path& run, const dataset::Dataset& dataset);

// "3 pictures look mislabelled (...)"; "twice the pictures would bring +1 to +4 points".
std::string SuspectsSentence(const Review& review);
std::string ForecastSentence(const Review& review);

}  // namespace handlens::review
