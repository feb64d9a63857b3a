// Folds: which pictures train, validate and test, and which are held out for the phone. Stratified by class;
// a cluster (group or near-duplicates) is never divided. The same dataset and seed give the same folds on any
// machine.
#pragma once

#include <cstdint>
#include <filesystem>
#include <string>
#include <vector>

#include "base/result.h"
#include "dataset/dataset.h"
#include "dataset/prepare.h"

namespace handlens::split {

// kHonest: shuffled, clusters together. kPaper: the unshuffled stratified blocks of file names that the
// paper's code takes (scikit-learn's StratifiedKFold without shuffle), clusters ignored: for comparison only,
// reports say so.
enum class Order { kHonest, kPaper };

struct Fold {
  std::vector<int> train, validation, test;  // indices into Dataset::pictures, rising
};

struct Split {
  uint64_t seed = 0;
  Order order = Order::kHonest;
  std::vector<Fold> folds;
  std::vector<int> holdout;           // in no fold at all
  std::vector<std::string> warnings;  // "class fern: 4 clusters for 5 folds", with what was done about it
};

constexpr int kUsualHoldout = -1;  // 4 pictures a class; none in the paper's order, which had none

struct SplitOptions {
  int folds = 5;                          // 2..20
  double validation_share = 0.125;        // of what is not test: 70/10/20
  int holdout_per_class = kUsualHoldout;  // 0..; fewer where a class is small (never more than a fifth of it)
  Order order = Order::kHonest;
  uint64_t seed = 1;
};

// Kind kBadInput when a class cannot be divided ("class single has 1 picture; 5 folds need at least 5"). What
// the user's own test folder holds out (dataset::HeldByFolder) is the hold-out, whatever was asked for.
Result<Split> MakeSplit(const dataset::Dataset& dataset, const SplitOptions& options);

// RUN/split.json: picture ids, not indices, and the dataset's fingerprint; refused when the dataset changed.
Result<void> WriteSplit(const std::filesystem::path& path, const dataset::Dataset& dataset,
                        const Split& split);
Result<Split> ReadSplit(const std::filesystem::path& path, const dataset::Dataset& dataset);

// The directory tree of the paper's Fig. 3 for one size: foldK_SIZE/{train,validation,test}/label/name.png, K
// from 1, made from a sub-dataset's bytes. Held-out pictures are not in it. Kind kBadInput when `out` exists
// and is not empty.
Result<void> ExportTree(const dataset::Dataset& dataset, const Split& split, const dataset::PixelSet& pixels,
                        const std::filesystem::path& out);

}  // namespace handlens::split
