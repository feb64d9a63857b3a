// One of many simulated workers: the real scheduling of trials (search/trial_pool.h) over a trainer that only
// waits. For the test with a hundred of them that die (many_workers.py) and for the study of what scheduling
// costs (studies/scheduling.py). usage: cluster_worker FOLDER K N TRIALS MILLISECONDS [full] Prints a line of
// JSON: the trials that it trained, its seconds outside of training, and with `full` a hash over all results.
// Exit code 75 after SIGTERM.
#include <unistd.h>

#include <atomic>
#include <chrono>
#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <string_view>
#include <thread>

#include "base/disk.h"
#include "base/hash.h"
#include "base/quiet_progress.h"
#include "search/trial_pool.h"
#include "train/record.h"
#include "train/synthetic.h"

namespace {

using namespace handlens;
using Clock = std::chrono::steady_clock;

std::atomic<bool> stopped{false};
extern "C" void Stop(int) { stopped = true; }

class UntilStopped final : public QuietProgress {
 public:
  bool StopRequested() const override { return stopped; }
};

// What a trial comes to: depends on nothing but its specification.
train::TrialResult ResultOf(const train::TrialSpec& spec, const std::string& id) {
  train::TrialResult result;
  result.id = id;
  result.spec = spec;
  result.trained = spec.architecture;
  result.epochs = {{0.5f, 0.5f, 0.5f, 0.5f}};
  Rng rng(5 * spec.seed + static_cast<uint64_t>(spec.fold), "a pretended trial");
  result.validation.pictures = {1, 2};
  for (int i = 0; i < 4; ++i) result.validation.scores.push_back(static_cast<float>(rng.Below(1000)) / 1000);
  return result;
}

struct Worker {
  std::filesystem::path folder;
  int milliseconds = 0;
  bool full = false;
  std::string fingerprint;
  std::atomic<int> trained{0};
  double training_s = 0;

  // Waits as if it trained, epoch by epoch: what an earlier worker had done of it is not done again.
  Result<train::TrialResult> Train(const search::TrialJob& job, const std::filesystem::path& place,
                                   const Progress& progress) {
    const auto begun = Clock::now();
    const std::string id = train::TrialId(job.spec, fingerprint);
    HL_TRY(MakeFolder(place));
    for (int epoch = 0; epoch < 4; ++epoch) {
      if (progress.StopRequested()) return Interrupted();
      std::this_thread::sleep_for(std::chrono::milliseconds(milliseconds) / 4);
    }
    train::TrialResult result = ResultOf(job.spec, id);
    if (full) {
      HL_TRY(train::WriteTrial(place, result, {}));
    } else if (std::FILE* const file = std::fopen((place / "trial.json").c_str(), "we")) {
      std::fclose(file);  // the study counts what scheduling costs, not what results cost
    }
    HL_TRY(MakeFolder(folder / "trained"));
    HL_TRY(MakeFileOnce(folder / "trained" / fmt::format("{}.{}", id, ::getpid()), ""));
    ++trained;
    training_s += std::chrono::duration<double>(Clock::now() - begun).count();
    return result;
  }
};

std::string HashOf(const std::vector<std::optional<train::TrialResult>>& results) {
  std::string all;
  for (const auto& result : results) {
    all += result ? result->id : "none";
    for (const float score : result ? result->validation.scores : std::vector<float>())
      all += fmt::format(" {}", score);
    all += "\n";
  }
  return Sha256(all);
}

int Run(Worker& worker, const search::Share& share, int trials) {
  const train::Synthetic made = train::MakeSynthetic({8, 8}, 8, 1);
  worker.fingerprint = train::DataFingerprint(made.dataset, made.split, image::Fit::kCrop);
  std::vector<search::TrialJob> jobs;
  train::TrialSpec spec = train::TinyTrial(made, 1);
  for (int i = 0; i < trials; ++i) {  // candidates of five folds
    spec.fold = i % 5;
    spec.seed = static_cast<uint64_t>(i / 5) + 1;
    jobs.push_back({spec, static_cast<size_t>(i / 5), static_cast<double>(trials - i)});
  }
  search::PixelStore pixels(made.dataset, image::Fit::kCrop, worker.folder / "cache");
  const char* const silent = std::getenv("WORKER_SILENT_S");
  const search::ClaimTimes times = silent == nullptr
                                       ? search::ClaimTimes{}
                                       : search::ClaimTimes{std::atof(silent) / 10, std::atof(silent)};
  search::SharedTrials shared(worker.folder / "trials", worker.folder / "claims", times);
  search::PoolOptions pool;
  pool.trials = worker.folder / "trials";
  pool.shared = &shared;
  pool.share = share;
  pool.reads_others = worker.full;
  pool.train = [&worker](const search::TrialJob& job, const std::filesystem::path& place,
                         Progress& progress) { return worker.Train(job, place, progress); };
  UntilStopped progress;
  const auto begun = Clock::now();
  const auto results = search::RunTrials({.dataset = made.dataset, .split = made.split, .pixels = pixels},
                                         jobs, pool, progress);
  const double seconds = std::chrono::duration<double>(Clock::now() - begun).count();
  if (!results) {
    std::fprintf(stderr, "%s\n", results.error().message.c_str());
    return results.error().kind == ErrorKind::kInterrupted ? 75 : 1;
  }
  const Json line = {{"trained", worker.trained.load()},
                     {"seconds", seconds},
                     {"outside_s", seconds - worker.training_s},
                     {"hash", worker.full ? HashOf(*results) : ""}};
  std::printf("%s\n", line.dump().c_str());
  return 0;
}

}  // namespace

int main(int argc, char** argv) {
  if (argc < 6) return 2;
  std::signal(SIGTERM, Stop);
  Worker worker;
  worker.folder = argv[1];
  worker.milliseconds = std::atoi(argv[5]);
  worker.full = argc > 6 && std::string_view(argv[6]) == "full";
  return Run(worker, {std::atoi(argv[2]), std::atoi(argv[3])}, std::atoi(argv[4]));
}
