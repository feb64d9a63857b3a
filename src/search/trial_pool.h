// Runs trials over threads, and over processes that share the folder: each trial is claimed, whoever gets it
// trains it, everyone else reads it. Claimed by a lock on its folder, or where processes on other machines
// take part by a file (claims.h). Knows nothing of choosing.
#pragma once

#include <condition_variable>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <vector>

#include "search/search.h"
#include "search/shared_trials.h"

namespace handlens::search {

struct TrialJob {
  train::TrialSpec spec;
  size_t candidate = 0;
  double cost = 0;  // any unit: orders the work, biggest first
};

// Sub-datasets in memory, each loaded once and freed when no trial holds it any more.
class PixelStore {
 public:
  PixelStore(const dataset::Dataset& dataset, image::Fit fit, std::filesystem::path cache)
      : dataset_(dataset), fit_(fit), cache_(std::move(cache)) {}
  // shared_ptr, because the last of several threads to finish is the one that frees. Thread-safe.
  Result<std::shared_ptr<const dataset::PixelSet>> Get(int size_px);

 private:
  const dataset::Dataset& dataset_;
  image::Fit fit_;
  std::filesystem::path cache_;
  std::mutex mutex_;
  std::map<int, std::weak_ptr<const dataset::PixelSet>> sets_;
};

// How far a job is. What it did before the first report (loading, or epochs of an earlier process) says
// nothing about its pace, so pace is (done - first_done) / seconds.
struct JobProgress {
  double done = 0;                     // share of its epochs, 1 = finished or not to be run
  double first_done = 0, seconds = 0;  // share at the first report, and seconds since then
};

struct PoolOptions {
  std::filesystem::path trials;
  // Where others work on the same jobs, dealt by `share`: each process begins with its own, then takes
  // whatever is free.
  SharedTrials* shared = nullptr;
  Share share = {};
  bool reads_others = true;  // false: what others finished gives no result
  bool may_train = true;     // false: kind kBadInput where a trial is missing
  image::Fit fit = image::Fit::kCrop;
  int jobs = 1;
  std::vector<const backbone::Backbone*> backbones = {};  // as train::TrialData wants them
  train::FeatureStore* features = nullptr;
  bool camera_check = false, all_cuts = false;  // likewise
  const image::Backdrops* backdrops = nullptr;  // likewise
  // In place of train::RunTrial: tests of the order of things need no real training.
  std::function<Result<train::TrialResult>(const TrialJob&, const std::filesystem::path& folder, Progress&)>
      train = {};
  std::function<bool(const TrialJob&)> admit;    // asked before a trial starts; may say no for good
  std::function<bool(const TrialJob&)> expired;  // asked while it runs, by any thread; stops it for good
  std::function<void(const TrialJob&, const train::TrialResult&)> finished;
  std::function<void(const std::vector<JobProgress>&)> advanced;  // in the order of the jobs
};

// Whether the job at `place` of a list is that process' own: dealt like cards, and back again in every second
// row (1 2 3, 3 2 1, ...), so that in a list from dear to cheap all get about as much.
bool IsDealtTo(size_t place, const Share& share);

// What trials are trained on. All of it outlives the call.
struct PoolData {
  const dataset::Dataset& dataset;
  const split::Split& split;
  PixelStore& pixels;
};

// Runs all jobs in their order (sort them first). A result for each, nothing for those not admitted or
// expired. `admit`, `finished` and `advanced` are called one at a time. The first error stops the others;
// kInterrupted when progress asks to stop.
Result<std::vector<std::optional<train::TrialResult>>> RunTrials(const PoolData& data,
                                                                 const std::vector<TrialJob>& jobs,
                                                                 const PoolOptions& options,
                                                                 Progress& progress);

}  // namespace handlens::search
