// Runs trials over threads and processes, see trial_pool.h.
#include "search/trial_pool.h"

#include <algorithm>
#include <chrono>
#include <thread>

#include "base/disk.h"
#include "base/parallel.h"
#include "dataset/prepare.h"

namespace handlens::search {
namespace {

enum class JobState { kWaiting, kRunning, kElsewhere, kDone, kNotRun };

using Clock = std::chrono::steady_clock;

class Pool {
 public:
  Pool(const dataset::Dataset& dataset, const split::Split& split, const std::vector<TrialJob>& jobs, PixelStore& pixels,
       const PoolOptions& options)
      : dataset_(dataset), split_(split), jobs_(jobs), pixels_(pixels), options_(options),
        fingerprint_(train::DataFingerprint(dataset, split, options.fit)), states_(jobs.size(), JobState::kWaiting),
        shares_(jobs.size()), first_report_(jobs.size()), results_(jobs.size()) {}

  Result<std::vector<std::optional<train::TrialResult>>> Run(Progress& progress) {
    const size_t threads = static_cast<size_t>(std::max(options_.jobs, 1)), workers = std::min(jobs_.size(), threads);
    for (size_t i = workers; i < threads; ++i) spare_.Give();
    ParallelFor(workers, static_cast<int>(workers), [&](size_t) { Work(progress); });
    if (error_) return tl::make_unexpected(*error_);
    return std::move(results_);
  }

  void Report(size_t job, double done) {
    const std::lock_guard lock(mutex_);
    JobProgress& share = shares_[job];
    if (!first_report_[job]) {
      first_report_[job] = Clock::now();
      share.first_done = done;
    }
    share.done = done;
    share.seconds = std::chrono::duration<double>(Clock::now() - *first_report_[job]).count();
    if (options_.advanced) options_.advanced(shares_);
  }
  bool Expired(size_t job) const { return options_.expired && options_.expired(jobs_[job]); }
  bool Failed() const {
    const std::lock_guard lock(mutex_);
    return error_.has_value();
  }

 private:
  void Work(Progress& progress);
  std::optional<size_t> Next();
  void Try(size_t job, Progress& progress);
  Result<train::TrialResult> Train(size_t job, const std::filesystem::path& folder, Progress& progress);
  void Finish(size_t job, Result<train::TrialResult> result);
  void GiveUp(size_t job);
  void SetError(Error error) {
    const std::lock_guard lock(mutex_);
    if (!error_) error_ = std::move(error);
  }

  const dataset::Dataset& dataset_;
  const split::Split& split_;
  const std::vector<TrialJob>& jobs_;
  PixelStore& pixels_;
  const PoolOptions& options_;
  const std::string fingerprint_;
  SpareThreads spare_;

  mutable std::mutex mutex_;  // guards all below
  std::vector<JobState> states_;
  std::vector<JobProgress> shares_;
  std::vector<std::optional<Clock::time_point>> first_report_;
  std::vector<std::optional<train::TrialResult>> results_;
  std::optional<Error> error_;
};

// One trial's progress becomes a fraction of the pool's. A failure elsewhere stops this trial too.
class TrialProgress final : public Progress {
 public:
  TrialProgress(Pool& pool, size_t job, Progress& outer) : pool_(pool), job_(job), outer_(outer) {}
  void Begin(std::string_view, double total, std::string_view) override { total_ = total; }
  void Update(double done, std::string_view) override {
    if (total_ > 0) pool_.Report(job_, std::min(0.99, done / total_));
  }
  void End(std::string_view) override {}
  void Say(std::string_view line) override { outer_.Say(line); }
  void Warn(std::string_view line) override { outer_.Warn(line); }
  bool StopRequested() const override { return outer_.StopRequested() || pool_.Failed() || pool_.Expired(job_); }

 private:
  Pool& pool_;
  size_t job_;
  Progress& outer_;
  double total_ = 0;
};

// The first job that waits; else one that another process had when last looked at; nothing when neither is left.
std::optional<size_t> Pool::Next() {
  const std::lock_guard lock(mutex_);
  if (error_) return std::nullopt;
  for (const JobState wanted : {JobState::kWaiting, JobState::kElsewhere}) {
    for (size_t i = 0; i < jobs_.size(); ++i) {
      if (states_[i] != wanted) continue;
      if (wanted == JobState::kWaiting && options_.admit && !options_.admit(jobs_[i])) {
        states_[i] = JobState::kNotRun;
        shares_[i].done = 1;
        continue;
      }
      states_[i] = JobState::kRunning;
      return i;
    }
  }
  return std::nullopt;
}

void Pool::Work(Progress& progress) {
  while (const std::optional<size_t> job = Next()) {
    if (progress.StopRequested()) {
      SetError(Interrupted().value());
      return;
    }
    Try(*job, progress);
  }
  spare_.Give();   // no work left: who still trains may have this thread
}

void Pool::Try(size_t job, Progress& progress) {
  const std::filesystem::path folder = options_.trials / train::TrialId(jobs_[job].spec, fingerprint_);
  std::error_code ignored;
  if (std::filesystem::exists(folder / "trial.json", ignored)) {
    auto done = train::ReadTrial(folder);
    if (!done || !options_.camera_check || !done->camera.pictures.empty()) return Finish(job, std::move(done));
  }
  auto lock = FileLock::TryLock(folder / "lock");
  if (!lock) return SetError(std::move(lock).error());
  if (*lock == nullptr) {
    {
      const std::lock_guard guard(mutex_);
      states_[job] = JobState::kElsewhere;
    }
    std::this_thread::sleep_for(std::chrono::milliseconds(50));
    return;
  }
  TrialProgress inner(*this, job, progress);
  auto trained = Train(job, folder, inner);
  const bool stopped = !trained && trained.error().kind == ErrorKind::kInterrupted;
  if (stopped && !progress.StopRequested() && Expired(job)) return GiveUp(job);
  Finish(job, std::move(trained));
}

void Pool::GiveUp(size_t job) {
  const std::lock_guard lock(mutex_);
  states_[job] = JobState::kNotRun;
  shares_[job].done = 1;
}

Result<train::TrialResult> Pool::Train(size_t job, const std::filesystem::path& folder, Progress& progress) {
  HL_ASSIGN(const auto pixels, pixels_.Get(jobs_[job].spec.size_px));
  const train::TrialData data{&dataset_, &split_, pixels.get(), &spare_, options_.backbones, options_.features, options_.camera_check,
                              options_.all_cuts};
  return train::RunTrial(jobs_[job].spec, data, folder, progress);
}

void Pool::Finish(size_t job, Result<train::TrialResult> result) {
  if (!result) return SetError(std::move(result).error());
  const std::lock_guard lock(mutex_);
  states_[job] = JobState::kDone;
  shares_[job].done = 1;
  results_[job] = *std::move(result);
  if (options_.finished) options_.finished(jobs_[job], *results_[job]);
  if (options_.advanced) options_.advanced(shares_);
}

}  // namespace

Result<std::shared_ptr<const dataset::PixelSet>> PixelStore::Get(int size_px) {
  const std::lock_guard lock(mutex_);
  if (auto set = sets_[size_px].lock()) return set;
  HL_ASSIGN(dataset::PixelSet loaded, dataset::LoadPixels(dataset_, size_px, fit_, cache_));
  auto set = std::make_shared<const dataset::PixelSet>(std::move(loaded));
  sets_[size_px] = set;
  return set;
}

Result<std::vector<std::optional<train::TrialResult>>> RunTrials(const dataset::Dataset& dataset,
                                                                 const split::Split& split,
                                                                 const std::vector<TrialJob>& jobs, PixelStore& pixels,
                                                                 const PoolOptions& options, Progress& progress) {
  if (jobs.empty()) return std::vector<std::optional<train::TrialResult>>();
  return Pool(dataset, split, jobs, pixels, options).Run(progress);
}

}  // namespace handlens::search
