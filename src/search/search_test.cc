#include "search/search.h"

#include <gtest/gtest.h>
#include <sys/wait.h>
#include <unistd.h>

#include <filesystem>
#include <set>

#include "base/disk.h"
#include "base/quiet_progress.h"
#include "dataset/prepare.h"
#include "search/choice.h"
#include "search/cost.h"
#include "search/presets.h"
#include "search/tiny_search.h"
#include "search/trial_pool.h"
#include "train/camera_check.h"

namespace handlens::search {
namespace {

namespace fs = std::filesystem;
using train::Synthetic;

// A cell whose validation and test predictions are right exactly where `hits` says; two classes, one fold.
CellResult CellWith(const Synthetic& made, const std::string& name, int64_t parameters,
                    const std::vector<bool>& hits) {
  CellResult cell;
  cell.candidate.model = name;
  train::TrialResult fold;
  fold.parameters = parameters;
  for (size_t i = 0; i < hits.size(); ++i) {
    const int label = made.dataset.pictures[i].label;
    const int predicted = hits[i] ? label : 1 - label;
    fold.validation.pictures.push_back(static_cast<int>(i));
    fold.validation.scores.push_back(predicted == 0 ? 0.9f : 0.1f);
    fold.validation.scores.push_back(predicted == 0 ? 0.1f : 0.9f);
  }
  fold.test = fold.validation;
  const auto right = static_cast<double>(std::count(hits.begin(), hits.end(), true));
  fold.validation_accuracy = fold.test_accuracy = right / static_cast<double>(hits.size());
  cell.folds.push_back(fold);
  FillSummary(made.dataset, cell);
  return cell;
}

std::vector<bool> FirstRight(size_t right, size_t n) {
  std::vector<bool> hits(n, false);
  std::fill_n(hits.begin(), right, true);
  return hits;
}

class ChoiceTest : public testing::Test {
 protected:
  Synthetic made_ = train::MakeSynthetic({150, 150}, 2, 1);
};

TEST_F(ChoiceTest, TakesTheSmallestThatIsNotWorse) {
  const std::vector<CellResult> cells = {CellWith(made_, "big", 9000, FirstRight(270, 300)),
                                         CellWith(made_, "middle", 500, FirstRight(268, 300)),
                                         CellWith(made_, "tiny", 10, FirstRight(200, 300))};
  const Choice choice = Choose(made_.dataset, cells, kSearchMargin);
  EXPECT_EQ(choice.best, 0);
  EXPECT_EQ(choice.chosen, 1);
  EXPECT_NE(choice.rule.find("p = 0.500"), std::string::npos) << choice.rule;
  EXPECT_NE(choice.rule.find("300 predictions"), std::string::npos) << choice.rule;
}

TEST_F(ChoiceTest, AMarginWideEnoughStillNeedsThePairedTest) {
  const std::vector<CellResult> cells = {CellWith(made_, "big", 9000, FirstRight(270, 300)),
                                         CellWith(made_, "small", 10, FirstRight(260, 300))};
  EXPECT_EQ(Choose(made_.dataset, cells, 0.5).chosen, 0);  // ten right only in the one: p = 0.002
}

TEST_F(ChoiceTest, TakesTheSmallestThatPractisedOnCameraPicturesAmongThoseNotWorse) {
  std::vector<CellResult> cells = {CellWith(made_, "clean", 10, FirstRight(271, 300)),
                                   CellWith(made_, "camera", 20, FirstRight(270, 300)),
                                   CellWith(made_, "larger", 30, FirstRight(272, 300))};
  EXPECT_EQ(Choose(made_.dataset, cells, kSearchMargin).chosen, 0);
  for (const size_t i : {size_t{1}, size_t{2}}) cells[i].candidate.generator.camera_share = 0.5f;
  const Choice choice = Choose(made_.dataset, cells, kSearchMargin);
  EXPECT_EQ(choice.best, 2);
  EXPECT_EQ(choice.chosen, 1);
  EXPECT_NE(choice.rule.find("Smallest of those trained on simulated camera pictures that are at most"),
            std::string::npos)
      << choice.rule;
  cells.pop_back();
  cells[1] = CellWith(made_, "camera", 20, FirstRight(290, 300));
  cells[1].candidate.generator.camera_share = 0.5f;
  EXPECT_NE(Choose(made_.dataset, cells, kSearchMargin)
                .rule.find("Nothing smaller trained on simulated camera pictures is at most"),
            std::string::npos);
  cells[1] = CellWith(made_, "camera", 20, FirstRight(260, 300));
  cells[1].candidate.generator.camera_share = 0.5f;
  EXPECT_EQ(Choose(made_.dataset, cells, kSearchMargin).chosen, 0);  // accuracy before practice
}

// As a cell that was also seen by a camera: of the photographs of the first `both` pictures both are right,
// of the next `one` one.
CellResult Photographed(const Synthetic& made, CellResult cell, Yardstick yardstick,
                        std::pair<size_t, size_t> both_one) {
  train::TrialResult& fold = cell.folds[0];
  for (size_t i = 0; i < fold.validation.pictures.size(); ++i) {
    const int label = made.dataset.pictures[i].label;
    for (int shot = 0; shot < train::kCameraShots; ++shot) {
      const bool right = i < both_one.first || (i < both_one.first + both_one.second && shot == 0);
      fold.camera.pictures.push_back(static_cast<int>(i));
      fold.camera.scores.push_back(right == (label == 0) ? 0.9f : 0.1f);
      fold.camera.scores.push_back(right == (label == 0) ? 0.1f : 0.9f);
    }
  }
  cell.yardstick = yardstick;
  FillSummary(made.dataset, cell);
  return cell;
}

TEST_F(ChoiceTest, ForTheCameraTakesWhatPhotographsOfValidationPicturesShow) {
  const auto cells = [&](Yardstick yardstick) {
    return std::vector{
        Photographed(made_, CellWith(made_, "clean", 10, FirstRight(290, 300)), yardstick, {150, 20}),
        Photographed(made_, CellWith(made_, "sturdy", 20, FirstRight(280, 300)), yardstick, {260, 10})};
  };
  EXPECT_EQ(Choose(made_.dataset, cells(Yardstick::kPictures), kSearchMargin).chosen, 0);
  const std::vector<CellResult> camera = cells(Yardstick::kCamera);
  const Choice choice = Choose(made_.dataset, camera, kSearchMargin);
  EXPECT_EQ(choice.chosen, 1);
  EXPECT_NEAR(camera[0].standing.mean, 160.0 / 300,
              1e-9);  // half a picture where one of its two photographs is right
  EXPECT_NE(choice.rule.find("as a simulated camera shows them"), std::string::npos) << choice.rule;
  const std::vector<CellResult> both = cells(Yardstick::kBoth);
  EXPECT_NEAR(both[0].standing.mean, (290 + 160) / 600.0, 1e-9);
  EXPECT_EQ(Choose(made_.dataset, both, kSearchMargin).chosen, 1);
  // Pictures, not photographs, are what the test counts: two photographs of a picture are no two witnesses.
  const Paired paired = Compare(made_.dataset, camera[1], camera[0]);
  EXPECT_EQ(paired.n, 300u);
  EXPECT_EQ(paired.only_a, 120u);  // 150..269
  EXPECT_EQ(paired.only_b, 0u);
}

TEST_F(ChoiceTest, WhoWasSeenByTheCameraNeedsNoPreferenceForPractice) {
  std::vector<CellResult> cells = {
      Photographed(made_, CellWith(made_, "clean", 10, FirstRight(271, 300)), Yardstick::kBoth, {200, 0}),
      Photographed(made_, CellWith(made_, "practised", 20, FirstRight(271, 300)), Yardstick::kBoth,
                   {200, 0})};
  cells[1].candidate.generator.camera_share = 0.5f;
  EXPECT_EQ(Choose(made_.dataset, cells, kSearchMargin).chosen, 0);
}

// Paper defect X11: accuracies cut to whole numbers, cells keyed by the text of their parameters.
TEST_F(ChoiceTest, NeitherRoundsNorComparesAsText) {
  const std::vector<CellResult> cells = {
      CellWith(made_, "a", 100, FirstRight(271, 300)), CellWith(made_, "b", 9, FirstRight(272, 300)),
      CellWith(made_, "c", 9, FirstRight(272, 300)), CellWith(made_, "d", 20, FirstRight(272, 300))};
  const Choice choice = Choose(made_.dataset, cells, 0);
  EXPECT_EQ(choice.best, 1);  // 90.67 over 90.33, which int() would call a tie
  EXPECT_EQ(choice.chosen,
            1);  // of equals the fewest parameters (9 < 20 < 100, not "100" < "20" < "9"), then the first
}

TEST_F(ChoiceTest, TheRaceDropsTheWorseAndKeepsTwo) {
  std::vector<CellResult> cells;
  for (const size_t right : {270u, 180u, 269u, 266u, 150u}) {
    cells.push_back(CellWith(made_, fmt::format("m{}", right), 10, FirstRight(right, 300)));
  }
  Eliminate(made_.dataset, 1, {0, 1, 2, 3, 4}, cells);
  EXPECT_FALSE(cells[0].eliminated);
  EXPECT_TRUE(cells[1].eliminated);
  EXPECT_NE(cells[1].eliminated_because.find("McNemar"), std::string::npos);
  EXPECT_FALSE(cells[2].eliminated);
  EXPECT_FALSE(cells[3].eliminated);
  EXPECT_TRUE(cells[4].eliminated);
  Eliminate(made_.dataset, 2, {0, 1, 2, 3, 4}, cells);
  EXPECT_TRUE(cells[3].eliminated);
  Eliminate(made_.dataset, 3, {0, 1, 2, 3, 4}, cells);
  EXPECT_FALSE(cells[0].eliminated || cells[2].eliminated);
}

TEST_F(ChoiceTest, OfEqualsTheRaceKeepsThoseThatWouldBeChosen) {
  std::vector<CellResult> cells;
  for (const int64_t parameters : {30, 20, 10, 40, 50})
    cells.push_back(CellWith(made_, fmt::format("p{}", parameters), parameters, FirstRight(300, 300)));
  cells[3].candidate.generator.camera_share = 0.5f;
  Eliminate(made_.dataset, 1, {0, 1, 2, 3, 4}, cells);
  EXPECT_TRUE(cells[0].eliminated && cells[4].eliminated);
  EXPECT_FALSE(cells[1].eliminated || cells[2].eliminated || cells[3].eliminated);
  EXPECT_NE(cells[0].eliminated_because.find("level with p20"), std::string::npos)
      << cells[0].eliminated_because;
}

using SearchTest = TinySearch;

TEST_F(SearchTest, TheRecordIsTheSameForAnyNumberOfThreads) {
  const std::string one = Record("one", Do(Options("one", 1)));
  EXPECT_EQ(Record("two", Do(Options("two", 2))), one);
  const auto read = ReadSearch(root_ / "one");
  ASSERT_TRUE(read) << read.error().message;
  EXPECT_EQ(Record("one", *read), one);
  const std::string csv = *ReadText(root_ / "one" / "search.csv");
  EXPECT_EQ(csv.substr(0, csv.find('\n')),
            "model,size,augmentation,fold,accuracy,loss,parameters,epochs,seconds");
  EXPECT_EQ(std::count(csv.begin(), csv.end(), '\n'), 10);
}

TEST_F(SearchTest, StoppedAndContinuedItEndsInTheSameRecord) {
  const std::string whole = Record("whole", Do(Options("whole", 1)));
  Rng rng(5, "stops");
  while (true) {
    StopAfter progress(static_cast<int>(10 + rng.Below(80)));
    const auto result = Search(dataset_, split_, Options("stopped", 1), progress);
    if (!result) {
      ASSERT_EQ(result.error().kind, ErrorKind::kInterrupted);
      continue;
    }
    EXPECT_EQ(Record("stopped", *result), whole);
    break;
  }
}

TEST_F(SearchTest, ARaceThatIsStoppedAndContinuedEndsInTheSameRecord) {
  SearchOptions options = Options("whole", 1);
  options.exhaustive = false;
  const std::string whole = Record("whole", Do(options));
  Rng rng(7, "stops");
  int stops = 0;
  while (true) {
    StopAfter progress(static_cast<int>(10 + rng.Below(80)));
    options.trials = root_ / "stopped" / "trials";
    const auto result = Search(dataset_, split_, options, progress);
    if (!result) {
      ASSERT_EQ(result.error().kind, ErrorKind::kInterrupted);
      ++stops;
      continue;
    }
    EXPECT_EQ(Record("stopped", *result), whole);
    break;
  }
  EXPECT_GT(stops, 0);
}

TEST_F(SearchTest, TrialsThatExpireAreLeftOutWithoutAnError) {
  const SearchOptions options = Options("run", 2);
  ASSERT_TRUE(dataset::Prepare(dataset_, std::vector<int>{12}, {.fit = options.fit, .cache = options.cache},
                               SilentProgress()));
  PixelStore pixels(dataset_, options.fit, options.cache);
  std::vector<TrialJob> jobs;
  for (size_t c = 1; c < 3; ++c) {
    const Candidate& candidate = options.candidates[c];
    jobs.push_back({{candidate.model, candidate.architecture, candidate.generator, candidate.recipe,
                     candidate.size_px, 0, 1},
                    c,
                    1});
    jobs.back().spec.recipe.epochs = 2000;
  }
  PoolOptions pool;
  pool.trials = options.trials;
  pool.jobs = 2;
  pool.expired = [](const TrialJob& job) { return job.candidate == 1; };
  jobs[1].spec.recipe.epochs = 2;
  const auto results =
      RunTrials({.dataset = dataset_, .split = split_, .pixels = pixels}, jobs, pool, SilentProgress());
  ASSERT_TRUE(results) << results.error().message;
  EXPECT_FALSE(results->at(0));
  EXPECT_TRUE(results->at(1));
}

TEST_F(SearchTest, TwoProcessesShareAFolder) {
  const std::string alone = Record("alone", Do(Options("alone", 1)));
  const pid_t child = ::fork();
  if (child == 0) ::_exit(Search(dataset_, split_, Options("shared", 1), SilentProgress()) ? 0 : 1);
  ASSERT_GT(child, 0);
  const SearchResult result = Do(Options("shared", 1));
  int status = 0;
  ASSERT_EQ(::waitpid(child, &status, 0), child);
  EXPECT_EQ(status, 0);
  EXPECT_EQ(Record("shared", result), alone);
}

TEST_F(SearchTest, TheChoiceNeverSeesTestPictures) {
  const SearchResult before = Do(Options("run", 1));
  // Every prediction on test pictures turned round: whoever was best on them is now worst.
  std::vector<CellResult> cells = before.cells;
  for (CellResult& cell : cells) {
    for (train::TrialResult& fold : cell.folds) {
      for (size_t i = 0; i + 1 < fold.test.scores.size(); i += 2)
        std::swap(fold.test.scores[i], fold.test.scores[i + 1]);
      fold.test_accuracy = 1 - fold.test_accuracy;
    }
    FillSummary(dataset_, cell);
  }
  const Choice after = Choose(dataset_, cells, kSearchMargin);
  EXPECT_EQ(after.chosen, before.chosen);
  EXPECT_EQ(after.rule, before.rule);
}

TEST_F(SearchTest, TheRaceDoesNotDependOnThreads) {
  SearchOptions options = Options("one", 1);
  options.exhaustive = false;
  const SearchResult one = Do(options);
  SearchOptions two = Options("two", 2);
  two.exhaustive = false;
  EXPECT_EQ(Record("two", Do(two)), Record("one", one));
  EXPECT_EQ(one.cells[static_cast<size_t>(one.chosen)].folds.size(), 3u);
}

TEST_F(SearchTest, ABudgetTooSmallStillFinishesOneCandidateAndNamesTheRest) {
  SearchOptions options = Options("run", 1);
  options.budget_s = 1e-6;
  const SearchResult result = Do(options);
  EXPECT_EQ(result.chosen, 0);
  EXPECT_EQ(result.cells[0].folds.size(), 3u);
  for (size_t i = 1; i < 3; ++i) {
    EXPECT_TRUE(result.cells[i].folds.empty());
    EXPECT_EQ(result.cells[i].eliminated_because.substr(0, 7), "not run");
  }
}

// What a plan counts as left, and what tells a search that is finished from one that a budget ended.
TEST_F(SearchTest, ASearchCutShortSaysSoAndLeavesTheOtherCandidatesToTrain) {
  SearchOptions options = Options("run", 1);
  EXPECT_EQ(FinishedFolds(dataset_, split_, options), (std::vector<int>{0, 0, 0}));
  options.budget_s = 1e-6;
  Record("run", Do(options));
  EXPECT_TRUE(*SearchWasCutShort(root_ / "run"));
  const std::vector<int> finished = FinishedFolds(dataset_, split_, options);
  EXPECT_EQ(finished, (std::vector<int>{3, 0, 0}));
  const auto plan =
      Estimate(options.candidates, dataset_, {.folds = 3, .finished = finished}, SilentProgress());
  EXPECT_EQ(plan->trials, 6);
  EXPECT_EQ(plan->finished, 3);
  options.budget_s = 0;
  Record("run", Do(options));
  EXPECT_FALSE(*SearchWasCutShort(root_ / "run"));
  const auto nothing =
      Estimate(options.candidates, dataset_,
               {.folds = 3, .finished = FinishedFolds(dataset_, split_, options)}, SilentProgress());
  EXPECT_EQ(nothing->trials, 0);
  EXPECT_EQ(nothing->seconds, 0);
}

// Paper defect X13: the model of the last fold is shipped.
TEST_F(SearchTest, TheFinalTrialIsOfAllFolds) {
  const SearchResult result = Do(Options("run", 1));
  CellResult cell = result.cells[1];
  EXPECT_EQ(FinalTrial(cell, 1).fold, train::kAllFolds);
  EXPECT_EQ(FinalTrial(cell, 1).recipe.epochs, 6);
  cell.candidate.recipe.keep_best = true;
  for (size_t i = 0; i < 3; ++i) cell.folds[i].best_epoch = static_cast<int>(i) + 1;
  EXPECT_EQ(FinalTrial(cell, 1).recipe.epochs, 3);
  EXPECT_FALSE(FinalTrial(cell, 1).recipe.keep_best);
}

// docs/models.md: the longer of an epoch count and a number of steps; camera pictures 5/3 of both.
TEST_F(SearchTest, FewPicturesTrainAsManySteps) {
  const int pictures = static_cast<int>(dataset_.pictures.size()) * 7 / 10, steps = (pictures + 15) / 16;
  ASSERT_LT(60 * steps, 2000);
  const auto quick = PresetCandidates("quick", dataset_, {});
  ASSERT_TRUE(quick);
  ASSERT_EQ(quick->size(), 2u);
  for (const Candidate& candidate : *quick) {
    EXPECT_EQ(candidate.recipe.batch, 16);
    EXPECT_EQ(candidate.recipe.epochs,
              ((candidate.generator.camera_share > 0 ? 3333 : 2000) + steps - 1) / steps);
  }
}

TEST_F(SearchTest, PresetsFitTheDatasetAndTheUsersWords) {
  for (const char* preset : {"quick", "standard", "thorough", "paper"}) {
    const auto candidates = PresetCandidates(preset, dataset_, {});
    ASSERT_TRUE(candidates) << candidates.error().message;
    for (const Candidate& candidate : *candidates) EXPECT_TRUE(nn::InferShapes(candidate.architecture));
  }
  EXPECT_EQ(PresetCandidates("paper", dataset_, {})->size(), 2u * 5 * 4);
  GridChoice choice;
  choice.models = {"nano8"};
  choice.generators = {"mild"};
  choice.sizes_px = {32, 48};
  choice.epochs = 3;
  const auto own = PresetCandidates("quick", dataset_, choice);
  ASSERT_TRUE(own);
  ASSERT_EQ(own->size(), 2u);
  EXPECT_EQ(own->at(1).size_px, 48);
  EXPECT_EQ(own->at(1).recipe.epochs, 3);
  GridChoice changed = choice;
  changed.recipe_changes = {{"keep_best", true}, {"epochs", 7}};
  const auto changes = PresetCandidates("quick", dataset_, changed);
  ASSERT_TRUE(changes);
  train::Recipe expected = own->at(1).recipe;
  expected.keep_best = true;
  EXPECT_EQ(changes->at(1).recipe, expected);  // a number of epochs given by itself wins
  changed.epochs = 0;
  EXPECT_EQ(PresetCandidates("quick", dataset_, changed)->at(1).recipe.epochs, 7);
  choice.models = {"nano80"};
  EXPECT_EQ(PresetCandidates("quick", dataset_, choice).error().kind, ErrorKind::kUsage);
  EXPECT_EQ(PresetCandidates("fast", dataset_, {}).error().kind, ErrorKind::kUsage);
  const auto plan = Estimate(*own, dataset_, {.folds = 3, .jobs = 2}, SilentProgress());
  ASSERT_TRUE(plan);
  EXPECT_EQ(plan->trials, 6);
  EXPECT_GT(plan->seconds, 0);
  EXPECT_GT(plan->memory_bytes, 0);
}

// Asks to stop from the n-th question on, and counts them all.
class StopAndCount final : public QuietProgress {
 public:
  explicit StopAndCount(int after) : after_(after) {}
  bool StopRequested() const override { return ++asked_ > after_; }
  int asked() const { return asked_; }

 private:
  const int after_;
  mutable int asked_ = 0;
};

// Timing candidates is the longest work before the first training; there is a question before each step.
TEST_F(SearchTest, StopsTimingCandidatesAtTheNextStep) {
  std::vector<Candidate> candidates = Options("timing", 1).candidates;
  const StopAndCount never(1 << 20);
  ASSERT_TRUE(MeasureTrials(candidates, 30, never));
  EXPECT_GE(never.asked(), 3);
  for (const int after : {0, 1, 2}) {
    const StopAndCount progress(after);
    const auto stopped = MeasureTrials(candidates, 30, progress);
    ASSERT_FALSE(stopped);
    EXPECT_EQ(stopped.error().kind, ErrorKind::kInterrupted);
    EXPECT_EQ(progress.asked(), after + 1);  // nothing was begun after the answer
  }
}

// A step of a large network would take longer than a stop may wait: a few of its pictures are timed.
TEST(PicturesToTime, TakeAQuarterOfASecond) {
  EXPECT_EQ(PicturesToTime(0.001, 32), 32);
  EXPECT_EQ(PicturesToTime(0.05, 32), 5);
  EXPECT_EQ(PicturesToTime(2.0, 32), 1);
  EXPECT_EQ(PicturesToTime(0, 8), 8);
}

}  // namespace
}  // namespace handlens::search
