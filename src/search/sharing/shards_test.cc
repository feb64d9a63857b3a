// Several processes on one search: whatever their number, and whoever dies, the record is that of one
// process.
#include <gtest/gtest.h>
#include <sys/wait.h>
#include <unistd.h>

#include <csignal>
#include <set>
#include <thread>

#include "base/disk.h"
#include "base/stop_after.h"
#include "search/shared_trials.h"
#include "search/tiny_search.h"
#include "search/trial_pool.h"

namespace handlens::search {
namespace {

namespace fs = std::filesystem;

class ShardsTest : public TinySearch {
 protected:
  SearchOptions Shard(const std::string& run, Share share, bool exhaustive) const {
    SearchOptions options = Options(run, 1);
    options.exhaustive = exhaustive;
    options.chooses = !exhaustive;
    options.share = share;
    options.claims = root_ / run / "shards" / "claims";
    return options;
  }
  // The exit code of a shard in a process of its own; 75 when it was stopped.
  pid_t Start(const SearchOptions& options, Progress& progress) const {
    const pid_t child = ::fork();
    if (child != 0) return child;
    const auto result = Search(dataset_, split_, options, progress);
    if (!result && result.error().kind != ErrorKind::kInterrupted)
      std::fprintf(stderr, "%s\n", result.error().message.c_str());
    ::_exit(result ? 0 : result.error().kind == ErrorKind::kInterrupted ? 75 : 1);
  }
  static int Wait(pid_t child) {
    int status = 0;
    return ::waitpid(child, &status, 0) == child && WIFEXITED(status) ? WEXITSTATUS(status) : -1;
  }
  // What a merge does: everything is read, nothing trained.
  SearchResult Merge(const std::string& run, bool exhaustive) {
    SearchOptions options = Options(run, 1);
    options.exhaustive = exhaustive;
    options.may_train = false;
    return Do(options);
  }
  std::string Alone(const std::string& run, bool exhaustive) {
    SearchOptions options = Options(run, 1);
    options.exhaustive = exhaustive;
    return Record(run, Do(options));
  }
  std::vector<std::string> Names(const std::string& run) const {
    return ListFolder(root_ / run / "trials").value_or(std::vector<std::string>());
  }
  // Weights, predictions and camera checks of all trials, and nothing else in the folder.
  std::string Trials(const std::string& run) const {
    std::string all;
    for (const std::string& id : Names(run)) {
      all += id + "\n";
      for (const char* file :
           {"weights.safetensors", "predictions.safetensors", "camera.json", "events.jsonl"}) {
        all += ReadText(root_ / run / "trials" / id / file).value_or("none") + "\n";
      }
    }
    return all;
  }
};

TEST_F(ShardsTest, ThreeProcessesEndInTheRecordOfOne) {
  for (const bool exhaustive : {true, false}) {
    const std::string alone = fmt::format("alone{}", exhaustive),
                      shared = fmt::format("shared{}", exhaustive);
    const std::string record = Alone(alone, exhaustive);
    std::vector<pid_t> children;
    for (int k = 1; k <= 3; ++k)
      children.push_back(Start(Shard(shared, {k, 3}, exhaustive), SilentProgress()));
    for (const pid_t child : children) EXPECT_EQ(Wait(child), 0);
    EXPECT_EQ(Record(shared, Merge(shared, exhaustive)), record);
    EXPECT_EQ(Trials(shared), Trials(alone));
  }
}

TEST_F(ShardsTest, OneShardOfManyDoesAllWhenTheOthersNeverCome) {
  const std::string record = Alone("alone", false);
  ASSERT_EQ(Wait(Start(Shard("shared", {7, 9}, false), SilentProgress())), 0);
  EXPECT_EQ(Record("shared", Merge("shared", false)), record);
}

// Some are stopped as SIGTERM stops them, some are killed, all come back, and at last nobody disturbs them.
TEST_F(ShardsTest, StoppedAndKilledTheyEndInTheRecordOfOne) {
  const std::string record = Alone("alone", false);
  Rng rng(11, "kills");
  int ends = 0;
  for (int round = 0; round < 60 && ends < 2; ++round) {
    std::vector<pid_t> children;
    for (int k = 1; k <= 2; ++k) {
      StopAfter stop(static_cast<int>(20 + rng.Below(150)));
      children.push_back(Start(Shard("shared", {k, 2}, false), stop));
    }
    if (round % 2 == 0) {
      std::this_thread::sleep_for(std::chrono::milliseconds(5 + rng.Below(40)));
      ::kill(children[rng.Below(2)], SIGKILL);
    }
    for (const pid_t child : children) {
      const int code = Wait(child);
      EXPECT_TRUE(code == 0 || code == 75 || code == -1) << code;
      ends += code == 0 ? 1 : 0;
    }
  }
  for (int k = 1; k <= 2; ++k) ASSERT_EQ(Wait(Start(Shard("shared", {k, 2}, false), SilentProgress())), 0);
  EXPECT_EQ(Record("shared", Merge("shared", false)), record);
  RemoveOwnedFolders(root_ / "shared" / "trials");
  EXPECT_EQ(Trials("shared"), Trials("alone"));
}

// A run that one process began and was stopped in goes on with shards, and the other way round; epochs that
// were saved are not trained again.
TEST_F(ShardsTest, ShardsAndOneProcessGoOnWhereTheOtherStopped) {
  const std::string record = Alone("alone", true);
  for (int stops = 20; stops <= 220; stops += 40) {
    const std::string run = fmt::format("mixed{}", stops);
    StopAfter first(stops), second(stops / 2);
    (void)Search(dataset_, split_, Options(run, 1), first);
    (void)Wait(Start(Shard(run, {1, 2}, true), second));
    if (stops % 80 == 20) {
      ASSERT_EQ(Wait(Start(Shard(run, {2, 2}, true), SilentProgress())), 0);
      EXPECT_EQ(Record(run, Merge(run, true)), record);
    } else {
      EXPECT_EQ(Record(run, Do(Options(run, 1))), record);
    }
    RemoveOwnedFolders(root_ / run / "trials");
    for (const std::string& id : Names(run))
      EXPECT_FALSE(fs::exists(root_ / run / "trials" / id / "state.bin"));
  }
}

TEST_F(ShardsTest, AMergeTrainsNothing) {
  SearchOptions options = Options("run", 1);
  options.may_train = false;
  const auto result = Search(dataset_, split_, options, SilentProgress());
  ASSERT_FALSE(result);
  EXPECT_EQ(result.error().kind, ErrorKind::kBadInput);
  EXPECT_NE(result.error().message.find("9 of 9 trials"), std::string::npos) << result.error().message;
}

TEST_F(ShardsTest, PixelsAreReadFromALocalCopy) {
  const std::string record = Alone("alone", true);
  SearchOptions options = Shard("shared", {1, 1}, true);
  options.local_cache = root_ / "local";
  ASSERT_EQ(Wait(Start(options, SilentProgress())), 0);
  EXPECT_EQ(Record("shared", Merge("shared", true)), record);
  const auto names = ListFolder(root_ / "local");
  ASSERT_TRUE(names);
  ASSERT_EQ(names->size(), 1u);
  EXPECT_EQ(*ReadFile(root_ / "local" / names->at(0)), *ReadFile(root_ / "cache" / names->at(0)));
}

TEST(Deal, GivesEachJobToOneAndAboutAsMuchToAll) {
  for (const int of : {1, 2, 3, 7}) {
    std::vector<double> costs(static_cast<size_t>(of), 0.0);
    for (size_t job = 0; job < 140; ++job) {
      int owners = 0;
      for (int k = 1; k <= of; ++k) {
        if (!IsDealtTo(job, {k, of})) continue;
        ++owners;
        costs[static_cast<size_t>(k - 1)] += 1000.0 - static_cast<double>(job);
      }
      EXPECT_EQ(owners, 1);
    }
    const auto [least, most] = std::minmax_element(costs.begin(), costs.end());
    EXPECT_LT(*most / *least, 1.03) << of;
  }
}

}  // namespace
}  // namespace handlens::search
