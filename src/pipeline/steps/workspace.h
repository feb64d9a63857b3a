// What a step works on: the run folder, the records that earlier steps left, whom to tell. Nothing of the
// settings is in here: a step knows only its own options (step.h).
#pragma once

#include <filesystem>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "backbone/backbone.h"
#include "base/progress.h"
#include "dataset/dataset.h"
#include "image/camera/camera.h"
#include "package/package.h"
#include "pipeline/steps/budget.h"
#include "pipeline/surroundings.h"
#include "search/search.h"
#include "split/split.h"
#include "train/train.h"

namespace handlens::pipeline {

// The described model packed into RUN/apps/android.
struct AndroidResult {
  std::vector<package::AndroidApp> apps;
  std::string application_id, fingerprint;
  std::filesystem::path key;      // the signing key's file
  bool key_made = false;          // made by this call
  std::filesystem::path project;  // empty without --project
  double seconds = 0;
};

// The same for the other targets: the folder RUN/apps/TARGET.
struct FolderResult {
  std::filesystem::path folder;
  size_t files = 0;
  int64_t bytes = 0;
  double seconds = 0;
};

struct Workspace {
  std::filesystem::path folder;  // as the user wrote it
  Progress* progress = nullptr;
  int jobs = 1;                        // threads; the results are the same for any number
  std::optional<search::Share> share;  // of the step's trials; then only they are made, and no record
  std::filesystem::path local_cache;
  Surroundings around;
  bool may_train = true;    // false: a missing trial is an error
  bool names_anew = false;  // the report shows names again, where one without names lies there
  // For the time budget: what of it is left, what trains after the search in this call, and how long what
  // comes after the last training takes.
  Budget* budget = nullptr;
  bool reduces_after = false, finishes_after = false;
  double after_s = 0;

  // Filled as the steps come by; each stands in a record of the run folder.
  dataset::Dataset dataset;
  split::Split split;
  image::Fit fit = image::Fit::kCrop;  // of the searched trials
  std::vector<std::shared_ptr<const backbone::Backbone>>
      backbones;              // that models may begin with, see backbones.h
  search::CellResult chosen;  // of the search, then of the reduction
  train::TrialResult final_trial;
  AndroidResult android;
  FolderResult app_folder;
  std::filesystem::path pictures;  // as this call named them; empty when it named the run alone
  std::map<std::filesystem::path, image::Backdrops> backdrops;  // that BackdropsOf has read
  std::vector<std::string> written;  // files that this call wrote, for its last words

  std::filesystem::path At(std::string_view name) const { return folder / name; }
};

}  // namespace handlens::pipeline
