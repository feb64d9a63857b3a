// Runs trials over threads and processes, see trial_pool.h.
#include "search/trial_pool.h"

#include <algorithm>
#include <chrono>
#include <thread>

#include "base/disk.h"
#include "base/parallel.h"
#include "dataset/prepare.h"
#include "train/camera_check.h"
#include "train/trial_ids.h"

namespace handlens::search {
namespace {

enum class JobState { kWaiting, kRunning, kElsewhere, kDone, kNotRun };

// What a look at others found; more is worth more.
enum class Found { kNothing, kFinished, kFree };

using Clock = std::chrono::steady_clock;

class Pool {
 public:
  Pool(const PoolData& data, const std::vector<TrialJob>& jobs, const PoolOptions& options)
      : dataset_(data.dataset),
        split_(data.split),
        jobs_(jobs),
        pixels_(data.pixels),
        options_(options),
        fingerprint_(train::DataFingerprint(data.dataset, data.split, options.fit)),
        states_(jobs.size(), JobState::kWaiting),
        shares_(jobs.size()),
        first_report_(jobs.size()),
        results_(jobs.size()) {}

  Result<std::vector<std::optional<train::TrialResult>>> Run(Progress& progress) {
    HL_TRY(Begin());
    const size_t threads = static_cast<size_t>(std::max(options_.jobs, 1)),
                 workers = std::min(jobs_.size(), threads);
    for (size_t i = workers; i < threads; ++i) spare_.Give();
    ParallelFor(workers, static_cast<int>(workers),
                [&](size_t) { options_.shared != nullptr ? WorkShared(progress) : Work(progress); });
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
  bool LacksCameraCheck(const train::TrialResult& done) const {
    return options_.camera_check && !train::HasCameraCheck(done, options_.backdrops);
  }
  bool Failed() const {
    const std::lock_guard lock(mutex_);
    return error_.has_value();
  }

 private:
  Result<void> Begin();
  std::filesystem::path FolderOf(size_t job) const { return options_.trials / ids_[job]; }
  void Work(Progress& progress);
  std::optional<size_t> Next();
  void Try(size_t job, Progress& progress);
  void WorkShared(Progress& progress);
  std::optional<size_t> NextShared();
  void TryShared(size_t job, Progress& progress);
  Result<Found> LookAtOthers();
  bool TakeFinished(size_t job);
  bool IsSettled() const;
  void SetState(size_t job, JobState state) {
    const std::lock_guard lock(mutex_);
    states_[job] = state;
  }
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
  std::vector<std::string> ids_;    // by job
  std::vector<std::string> names_;  // in the folder of trials at the beginning, sorted
  std::mutex look_;                 // held by the one thread that looks at others

  mutable std::mutex mutex_;  // guards all below
  std::vector<JobState> states_;
  std::vector<JobProgress> shares_;
  std::vector<std::optional<Clock::time_point>> first_report_;
  std::vector<std::optional<train::TrialResult>> results_;
  std::optional<Error> error_;
};

// Between two looks at what others do: longer the longer nothing happens, and a look takes a tenth of the
// time at most.
class Pause {
 public:
  void Begin() { begun_ = Clock::now(); }
  void End(Found found) {
    const auto took = std::chrono::duration_cast<std::chrono::milliseconds>(Clock::now() - begun_);
    next_ = std::max(found == Found::kNothing ? std::min(2 * next_, kOften) : kShortest, 10 * took);
  }
  void Wait(const Progress& progress) const {
    const auto end = Clock::now() + std::min(next_, kLongest);
    while (Clock::now() < end && !progress.StopRequested())
      std::this_thread::sleep_for(std::min<Clock::duration>(kSlice, end - Clock::now()));
  }

 private:
  static constexpr std::chrono::milliseconds kShortest{20}, kSlice{100}, kOften{1000}, kLongest{10000};
  std::chrono::milliseconds next_ = kShortest;
  Clock::time_point begun_;
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
  bool StopRequested() const override {
    return outer_.StopRequested() || pool_.Failed() || pool_.Expired(job_);
  }

 private:
  Pool& pool_;
  size_t job_;
  Progress& outer_;
  double total_ = 0;
};

// The first job that waits; else one that another process had when last looked at; nothing when neither is
// left.
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
  spare_.Give();  // no work left: who still trains may have this thread
}

Result<void> Pool::Begin() {
  train::TrialIds ids(fingerprint_);
  for (const TrialJob& job : jobs_) ids_.push_back(ids.Of(job.spec));
  if (options_.shared != nullptr) {
    for (size_t i = 0; i < jobs_.size(); ++i) {
      if (!IsDealtTo(i, options_.share)) states_[i] = JobState::kElsewhere;
    }
    return options_.shared->List();
  }
  if (auto names = ListFolder(options_.trials)) names_ = *std::move(names);
  if (options_.may_train) return {};
  size_t missing = 0;
  std::error_code error;
  for (size_t i = 0; i < jobs_.size(); ++i)
    missing += std::filesystem::exists(FolderOf(i) / "trial.json", error) ? 0 : 1;
  if (missing == 0) return {};
  return Fail(ErrorKind::kBadInput,
              "{}: {} of {} trials are not finished yet; run their shards again, or train them here by --yes",
              options_.trials.string(), missing, jobs_.size());
}

void Pool::Try(size_t job, Progress& progress) {
  const std::filesystem::path folder = FolderOf(job);
  std::error_code ignored;
  if (std::filesystem::exists(folder / "trial.json", ignored)) {
    auto done = train::ReadTrial(folder);
    if (!done || !LacksCameraCheck(*done)) return Finish(job, std::move(done));
  }
  auto lock = FileLock::TryLock(folder / "lock");
  if (!lock) return SetError(std::move(lock).error());
  if (*lock == nullptr) {
    SetState(job, JobState::kElsewhere);
    std::this_thread::sleep_for(std::chrono::milliseconds(50));
    return;
  }
  if (const auto taken = TakeOverState(options_.trials, names_, ids_[job], folder); !taken)
    return SetError(taken.error());
  TrialProgress inner(*this, job, progress);
  auto trained = Train(job, folder, inner);
  const bool stopped = !trained && trained.error().kind == ErrorKind::kInterrupted;
  if (stopped && !progress.StopRequested() && Expired(job)) return GiveUp(job);
  Finish(job, std::move(trained));
}

// Own jobs first, in their order; then those of others that are free, each process from another place on so
// that they rarely meet.
std::optional<size_t> Pool::NextShared() {
  const std::lock_guard lock(mutex_);
  if (error_) return std::nullopt;
  const size_t count = jobs_.size(), from = count * static_cast<size_t>(options_.share.number - 1) /
                                            static_cast<size_t>(options_.share.of);
  for (const bool own : {true, false}) {
    for (size_t i = 0; i < count; ++i) {
      const size_t job = own ? i : (from + i) % count;
      if (states_[job] != JobState::kWaiting || (own && !IsDealtTo(job, options_.share))) continue;
      states_[job] = JobState::kRunning;
      return job;
    }
  }
  return std::nullopt;
}

bool Pool::IsSettled() const {
  const std::lock_guard lock(mutex_);
  return error_ || std::none_of(states_.begin(), states_.end(), [](JobState s) {
           return s == JobState::kElsewhere || s == JobState::kWaiting;
         });
}

void Pool::WorkShared(Progress& progress) {
  bool lent = false;  // whoever still trains may have this thread while it waits
  for (Pause pause; !IsSettled();) {
    if (progress.StopRequested()) return SetError(Interrupted().value());
    if (const std::optional<size_t> job = NextShared()) {
      if (lent && spare_.Take()) lent = false;
      TryShared(*job, progress);
      pause = {};
      continue;
    }
    if (std::unique_lock looks(look_, std::try_to_lock); looks) {
      pause.Begin();
      const auto found = LookAtOthers();
      if (!found) return SetError(found.error());
      pause.End(*found);
      if (*found == Found::kFree || IsSettled()) continue;
    }
    if (!lent) spare_.Give();
    lent = true;
    pause.Wait(progress);
  }
  if (!lent) spare_.Give();
}

// What others finished is done, what nobody has is waiting.
Result<Found> Pool::LookAtOthers() {
  HL_TRY(options_.shared->List());
  Found most = Found::kNothing;
  for (size_t job = 0; job < jobs_.size(); ++job) {
    {
      const std::lock_guard lock(mutex_);
      if (states_[job] != JobState::kElsewhere) continue;
    }
    if (TakeFinished(job)) {
      most = std::max(most, Found::kFinished);
    } else if (options_.shared->IsFree(ids_[job])) {
      SetState(job, JobState::kWaiting);
      most = Found::kFree;
    }
  }
  return most;
}

// Whether the job is done because somebody finished it.
bool Pool::TakeFinished(size_t job) {
  if (!options_.shared->IsFinished(ids_[job])) return false;
  if (!options_.reads_others) {
    GiveUp(job);
    return true;
  }
  auto done = train::ReadTrial(FolderOf(job));
  if (done && LacksCameraCheck(*done)) return false;  // to be added, or not to be seen yet
  Finish(job, std::move(done));
  return true;
}

void Pool::TryShared(size_t job, Progress& progress) {
  if (TakeFinished(job)) return;
  const auto folder = options_.shared->Begin(ids_[job]);
  if (!folder) return SetError(folder.error());
  if (!*folder) return SetState(job, JobState::kElsewhere);
  TrialProgress inner(*this, job, progress);
  auto trained = Train(job, **folder, inner);
  if (!trained) {
    options_.shared->GiveBack(ids_[job]);
  } else if (const auto finished = options_.shared->Finish(ids_[job], **folder); !finished) {
    return SetError(finished.error());
  }
  Finish(job, std::move(trained));
}

void Pool::GiveUp(size_t job) {
  const std::lock_guard lock(mutex_);
  states_[job] = JobState::kNotRun;
  shares_[job].done = 1;
}

Result<train::TrialResult> Pool::Train(size_t job, const std::filesystem::path& folder, Progress& progress) {
  if (options_.train) return options_.train(jobs_[job], folder, progress);
  HL_ASSIGN(const auto pixels, pixels_.Get(jobs_[job].spec.size_px));
  const train::TrialData data{
      &dataset_,          &split_,           pixels.get(),          &spare_,
      options_.backbones, options_.features, options_.camera_check, options_.backdrops,
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

bool IsDealtTo(size_t place, const Share& share) {
  const auto of = static_cast<size_t>(share.of), row = place / of, column = place % of;
  return (row % 2 == 0 ? column : of - 1 - column) == static_cast<size_t>(share.number - 1);
}

Result<std::shared_ptr<const dataset::PixelSet>> PixelStore::Get(int size_px) {
  const std::lock_guard lock(mutex_);
  if (auto set = sets_[size_px].lock()) return set;
  HL_ASSIGN(dataset::PixelSet loaded, dataset::LoadPixels(dataset_, size_px, fit_, cache_));
  auto set = std::make_shared<const dataset::PixelSet>(std::move(loaded));
  sets_[size_px] = set;
  return set;
}

Result<std::vector<std::optional<train::TrialResult>>> RunTrials(const PoolData& data,
                                                                 const std::vector<TrialJob>& jobs,
                                                                 const PoolOptions& options,
                                                                 Progress& progress) {
  if (jobs.empty()) return std::vector<std::optional<train::TrialResult>>();
  return Pool(data, jobs, options).Run(progress);
}

}  // namespace handlens::search
