// The search: models x sizes x generators x folds, the tables of the paper's layout, and the choice by a
// stated rule. Chooses on validation pictures only; test accuracies are reported, never looked at to choose.
#pragma once

#include <filesystem>
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "base/progress.h"
#include "base/result.h"
#include "base/stats.h"
#include "dataset/dataset.h"
#include "split/split.h"
#include "train/train.h"

namespace handlens::search {

// What candidates are compared by: validation pictures as they are, as a phone's camera shows them
// (train/camera_check.h), or both, each with half the weight.
enum class Yardstick { kPictures, kCamera, kBoth };
const char* YardstickName(Yardstick yardstick);              // "pictures", "camera", "both"
Result<Yardstick> YardstickFromName(std::string_view name);  // kind kBadInput
// For people: "validation pictures as a simulated camera shows them".
const char* YardstickWords(Yardstick yardstick);

// One cell of the tables: everything but the fold.
struct Candidate {
  std::string model;
  int size_px = 0;
  image::GeneratorSpec generator;
  train::Recipe recipe;
  nn::ModelSpec architecture;
  std::optional<train::Start> start = {};  // of a model that begins with a backbone
};

struct CellResult {
  Candidate candidate;
  std::vector<train::TrialResult> folds;  // those that ran, by fold
  MeanStd validation_accuracy, test_accuracy;
  Yardstick yardstick = Yardstick::kPictures;
  MeanStd camera_accuracy;  // of validation pictures before the simulated camera; zeros with kPictures
  MeanStd standing;         // by the yardstick: what the cells are compared by
  size_t test_correct = 0, test_n = 0;  // pooled over folds
  Interval test_ci95;                   // Wilson, pooled
  int64_t parameters = 0;
  bool eliminated = false;  // stopped early by the race
  std::string eliminated_because;
};

struct SearchResult {
  std::vector<CellResult> cells;  // in the order of the candidates
  int chosen = 0;                 // index into cells
  std::string rule;               // a sentence a reader can check
  std::string preset;
  bool exhaustive = true;
  bool cut_short = false;  // the time budget left trials out, so that a longer one finds more to do
};

// One of several processes that run the same search on one folder at once.
struct Share {
  int number = 1, of = 1;  // 1..of
};

// What a single candidate has to come up to: after two folds it is stopped where it is further below `cell`
// than `margin` and a standard error, on the validation pictures that both predicted.
struct Standard {
  const CellResult* cell = nullptr;  // outlives the search
  double margin = 0;
};

struct SearchOptions {
  std::vector<Candidate> candidates;
  std::filesystem::path trials;  // RUN/trials
  std::filesystem::path cache;   // RUN/cache, see dataset/prepare.h
  std::vector<const backbone::Backbone*>
      backbones;  // that candidates may begin with; they outlive the search
  image::Fit fit = image::Fit::kCrop;
  uint64_t seed = 1;
  int jobs = 1;
  Yardstick yardstick = Yardstick::kPictures;
  const image::Backdrops* backdrops = nullptr;  // of the simulated camera; null: the built-in ones
  bool exhaustive = true;  // false: race (successive halving over folds with statistical elimination)
  std::optional<Standard> standard = {};  // with a race of one candidate; nothing is chosen then
  double budget_s = 0;                    // 0 = none
  std::string preset;
  std::string step = "search";  // what progress calls it; `reduce` searches too
  // Set where other processes, on any machines, run the same search. Each decides the same from the same
  // finished trials.
  std::optional<Share> share = {};
  std::filesystem::path claims = {};       // with a share: the folder of claims that they have in common
  std::filesystem::path local_cache = {};  // for the pixels, where `cache` is far away; empty = there
  bool may_train = true;                   // false: kind kBadInput where a trial is missing
  // False with `exhaustive`: the whole grid is trained and nothing is chosen, cells stay without folds. For
  // shares, which need not have the memory for what all others found.
  bool chooses = true;
};

// Runs or reads every trial. The result does not depend on jobs, interruptions or other processes that work
// on the same folder (trials are claimed). With a budget, candidates are begun in their order while the
// estimate says that they fit, and the first is always finished: which ones ran then depends on the machine;
// those that did not are `eliminated` and say so. Kind kUsage: no candidates.
Result<SearchResult> Search(const dataset::Dataset& dataset, const split::Split& split,
                            const SearchOptions& options, Progress& progress);

// The trial that makes the shipped model of a cell: all folds' pictures but the hold-out, and as many epochs
// as the folds' kept weights had on average when the recipe stops early or keeps the best (a final trial has
// no validation pictures to do so).
train::TrialSpec FinalTrial(const CellResult& cell, uint64_t seed);

// How many folds of each candidate are trained already: of options.candidates, trials, fit and seed. None
// where the split has no folds.
std::vector<int> FinishedFolds(const dataset::Dataset& dataset, const split::Split& split,
                               const SearchOptions& options);

// RUN/search.json and RUN/search.csv (model,size,augmentation,fold,accuracy,loss,parameters,epochs,seconds).
Result<void> WriteSearch(const std::filesystem::path& run, const dataset::Dataset& dataset,
                         const SearchResult& result);
// Trials' predictions are read from RUN/trials.
Result<SearchResult> ReadSearch(const std::filesystem::path& run);
// SearchResult::cut_short of the record, without the trials. False where there is none.
Result<bool> SearchWasCutShort(const std::filesystem::path& run);

}  // namespace handlens::search
