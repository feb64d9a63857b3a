// Presets: which candidates `--preset quick|standard|thorough|paper` means for a dataset, and what they will
// cost.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "base/json.h"
#include "base/progress.h"
#include "base/result.h"
#include "dataset/dataset.h"
#include "search/search.h"

namespace handlens::search {

// What the user may name instead of the preset's own; empty = the preset's.
struct GridChoice {
  std::vector<std::string> models, generators;
  std::vector<int> sizes_px;
  std::vector<nn::ModelSpec> own_models;             // from handlens.toml, sizes filled in here
  std::vector<image::GeneratorSpec> own_generators;  // from handlens.toml
  Json recipe_changes =
      Json::object();  // from handlens.toml: keys of train::ToJson(Recipe), for every candidate
  int epochs = 0;      // 0 = the recipe's
  std::vector<const backbone::Backbone*> backbones;  // that models may begin with; the presets use the first
  bool from_scratch = false;  // there are none because the user wants none: an error about them says so
};

// Kind kUsage for unknown names, with the nearest right one; of models whose backbone is not among
// choice.backbones, with what to do.
Result<std::vector<Candidate>> PresetCandidates(std::string_view preset, const dataset::Dataset& dataset,
                                                const GridChoice& choice);

// How a preset trains networks from scratch, of a dataset of so many pictures, whose classes are so unequal
// (or not) that they count alike in the loss.
Result<train::Recipe> PresetRecipe(std::string_view preset, const image::GeneratorSpec& generator,
                                   size_t pictures, bool unbalanced);

// Whether a preset trains every fold of every candidate: quick (too few to race) and paper (its tables are
// whole) do, standard and thorough race.
enum class Coverage { kExhaustive, kRace };
Result<Coverage> PresetCoverage(std::string_view preset);

// The plan that `--dry-run` prints, of what is left to train: trials, estimated seconds on `jobs` threads
// (measured by timing a few steps of each architecture for under a second in all), memory and disk in bytes.
struct Plan {
  int trials = 0, finished = 0;  // to train, and trained before
  double seconds = 0;
  size_t dearest = 0;          // the candidate whose trials take longest
  double dearest_trial_s = 0;  // one of its folds, on one thread
  int64_t memory_bytes = 0, disk_bytes = 0;
};
struct PlanOptions {
  int folds = 5;
  int jobs = 1;  // threads
  Coverage coverage = Coverage::kExhaustive;
  std::vector<int> finished = {};  // folds of each candidate that are trained already; empty: none
};
// Kind kInterrupted soon after progress asks to stop: between two steps that are timed.
Result<Plan> Estimate(const std::vector<Candidate>& candidates, const dataset::Dataset& dataset,
                      const PlanOptions& options, const Progress& progress);

// Its trials and seconds alone, for trials of so many pictures. A race is foreseen as one that halves after
// each fold and tries the next size once. Same error.
Result<Plan> PlanTrials(const std::vector<Candidate>& candidates, size_t training_pictures,
                        const PlanOptions& options, const Progress& progress);
// Pictures that one fold trains on: seven tenths of what the usual hold-out leaves.
size_t TrainingPictures(const dataset::Dataset& dataset);

}  // namespace handlens::search
