#include "search/race.h"

#include <gtest/gtest.h>

#include <cmath>

#include "search/choice.h"
#include "search/pace.h"
#include "train/synthetic.h"

namespace handlens::search {
namespace {

constexpr int kFolds = 5;
constexpr size_t kPictures = 60;  // validation pictures a fold

// Races over made-up results: a cell gets `right` of the pictures of each fold right. Nested sets of
// pictures, so that the paired tests see no more disagreement than the counts demand.
class RaceTest : public testing::Test {
 protected:
  void Add(const std::string& model, int size_px, size_t right) {
    CellResult& cell = cells_.emplace_back();
    cell.candidate.model = model;
    cell.candidate.size_px = size_px;
    cell.candidate.generator.name = "mild";
    right_.push_back(right);
  }
  // A backbone's probe, and what is tuned from it.
  void AddProbeAndTune(int size_px, const std::string& generator, size_t probe_right, size_t tune_right) {
    for (const auto method : {train::Method::kProbe, train::Method::kTune}) {
      const bool probe = method == train::Method::kProbe;
      Add(probe ? "lite0-probe" : "lite0-tune", size_px, probe ? probe_right : tune_right);
      cells_.back().candidate.generator.name = generator;
      cells_.back().candidate.start =
          train::Start{.backbone = "lite0", .hash = "00", .cut = 15, .method = method};
    }
  }
  train::TrialResult Trial(const RaceTrial& asked) const {
    train::TrialResult trial;
    trial.spec.fold = asked.fold;
    for (size_t i = 0; i < kPictures; ++i) {
      const size_t picture = (i + static_cast<size_t>(asked.fold) * 7) % made_.dataset.pictures.size();
      const int label = made_.dataset.pictures[picture].label;
      const bool hit = i < right_[asked.cell];
      trial.validation.pictures.push_back(static_cast<int>(picture));
      trial.validation.scores.push_back((hit ? label : 1 - label) == 0 ? 0.9f : 0.1f);
      trial.validation.scores.push_back((hit ? label : 1 - label) == 0 ? 0.1f : 0.9f);
    }
    return trial;
  }
  // Runs the whole race; the trials that it asked for, in their order.
  std::vector<RaceTrial> Run(std::optional<Standard> standard = {}) {
    Race race(made_.dataset, kFolds, cells_, standard);
    std::vector<RaceTrial> all;
    for (std::vector<RaceTrial> asked = race.Next(); !asked.empty(); asked = race.Next()) {
      for (const RaceTrial& trial : asked) {
        EXPECT_FALSE(cells_[trial.cell].eliminated);
        EXPECT_EQ(static_cast<int>(cells_[trial.cell].folds.size()), trial.fold);
        cells_[trial.cell].folds.push_back(Trial(trial));
        all.push_back(trial);
      }
    }
    return all;
  }
  size_t FoldsOf(size_t cell) const { return cells_[cell].folds.size(); }

  train::Synthetic made_ = train::MakeSynthetic({50, 50}, 2, 1);
  std::vector<CellResult> cells_;
  std::vector<size_t> right_;
};

TEST_F(RaceTest, HalvesTheSmallestSizesAndStopsWhereSizeGainsNothing) {
  for (const int size : {30, 50, 100}) {
    for (size_t model = 0; model < 8; ++model) Add(fmt::format("m{}", model), size, 50 - 2 * model);
  }
  const std::vector<RaceTrial> trials = Run();
  // 8 + 4 + 3 folds of the last two at 30 px; the last two's 50 px gain nothing, which one fold does not
  // prove.
  EXPECT_EQ(FoldsOf(0), 5u);
  EXPECT_EQ(FoldsOf(1), 5u);
  EXPECT_EQ(FoldsOf(2), 2u);
  EXPECT_EQ(FoldsOf(4), 1u);
  for (size_t c = 10; c < 16; ++c) EXPECT_EQ(cells_[c].eliminated_because.substr(0, 9), "not begun") << c;
  for (size_t c = 16; c < 24; ++c) EXPECT_EQ(FoldsOf(c), 0u) << c;
  EXPECT_LT(trials.size(), 40u);
  for (size_t c = 2; c < 8; ++c) EXPECT_TRUE(cells_[c].eliminated);
  EXPECT_FALSE(cells_[0].eliminated);
}

// A model of five folds to come up to, and those a little and far below it.
TEST_F(RaceTest, OneThatCannotComeUpToItsStandardIsStoppedAfterTwoFolds) {
  Add("base", 224, 54);
  Run();
  const CellResult base = cells_[0];
  for (const auto& [right, folds] :
       {std::pair{size_t{54}, 5u}, {size_t{53}, 5u}, {size_t{56}, 5u}, {size_t{47}, 2u}}) {
    cells_.clear();
    right_.clear();
    Add("smaller", 224, right);
    EXPECT_EQ(Run(Standard{&base, 0.01}).size(), folds) << right;
    EXPECT_EQ(cells_[0].eliminated, folds == 2) << right;
    EXPECT_EQ(cells_[0].eliminated_because.starts_with("after 2 folds: -0.1"), folds == 2)
        << cells_[0].eliminated_because;
  }
}

TEST_F(RaceTest, ClimbsWhileSizeGains) {
  for (const auto& [size, right] : {std::pair{30, 35}, {50, 40}, {100, 46}, {200, 46}, {300, 46}})
    Add("m1", size, static_cast<size_t>(right));
  Run();
  EXPECT_EQ(FoldsOf(1), 5u);
  EXPECT_EQ(FoldsOf(2), 5u);
  EXPECT_FALSE(cells_[2].eliminated);
  EXPECT_EQ(FoldsOf(4), 0u);
  EXPECT_NE(cells_[4].eliminated_because.find("not begun"), std::string::npos)
      << cells_[4].eliminated_because;
}

// With each of two generators at each of two sizes; the camera leads at both, so its probes alone run all
// folds.
TEST_F(RaceTest, OnlyTheBetterGeneratorsProbeIsTunedAtEachSize) {
  for (const int size : {128, 224}) {
    AddProbeAndTune(size, "mild", 46, 50);
    AddProbeAndTune(size, "camera", 48, 52);
  }
  Run();
  EXPECT_EQ(FoldsOf(3), 5u);
  EXPECT_EQ(FoldsOf(7), 5u);
  for (const size_t mild : {1u, 5u}) {
    EXPECT_EQ(FoldsOf(mild), 0u);
    EXPECT_TRUE(cells_[mild].eliminated);
  }
}

TEST_F(RaceTest, ARivalsProbeThatFinishedTooIsNotTuned) {
  AddProbeAndTune(224, "mild", 46, 46);
  AddProbeAndTune(224, "camera", 48, 48);
  Run();
  EXPECT_EQ(FoldsOf(0), 5u);
  EXPECT_EQ(FoldsOf(2), 5u);
  EXPECT_EQ(FoldsOf(1), 0u);
  EXPECT_GT(FoldsOf(3), 0u);
  EXPECT_EQ(cells_[1].eliminated_because,
            "not begun: lite0-probe, 224 px, mild is right on 0.767 of its validation pictures, lite0-probe, "
            "224 px, camera on 0.800; only the better generator's probe is trained further");
}

TEST_F(RaceTest, NobodyClimbsWhereNothingIsLeftToGain) {
  for (const int size : {30, 50}) {
    for (const auto& [model, right] : {std::pair{"m1", 60}, {"m2", 58}})
      Add(model, size, static_cast<size_t>(right));
  }
  EXPECT_EQ(Run().size(), 10u);
  for (size_t c = 2; c < 4; ++c) {
    EXPECT_EQ(cells_[c].eliminated_because,
              "not begun: m1, 30 px, mild is right on 1.000 of its validation pictures, and the next step "
              "has to promise 0.010 more");
  }
}

TEST_F(RaceTest, ALargerSizeThatLosesIsStoppedAfterOneFold) {
  Add("m1", 30, 50);
  Add("m1", 50, 40);
  Run();
  EXPECT_EQ(FoldsOf(1), 1u);
  EXPECT_TRUE(cells_[1].eliminated);
  EXPECT_NE(cells_[1].eliminated_because.find("-0.167"), std::string::npos) << cells_[1].eliminated_because;
}

// A set of few pictures must not lose by chance what a large one would lose by proof.
TEST_F(RaceTest, TheErrorOfAGainCountsTheDisagreements) {
  Add("m1", 30, 40);
  Add("m1", 50, 43);
  for (size_t c = 0; c < 2; ++c) cells_[c].folds.push_back(Trial({c, 0}));
  const Gain gain = GainOver(made_.dataset, cells_[0], cells_[1]);
  EXPECT_EQ(gain.n, kPictures);
  EXPECT_NEAR(gain.mean, 0.05, 1e-12);
  EXPECT_NEAR(gain.error, std::sqrt((3.0 / 60 - 0.05 * 0.05) / 60), 1e-12);
  EXPECT_GT(GainOver(made_.dataset, cells_[0], cells_[0]).error, 0);
}

TEST_F(RaceTest, GoesOnWithoutACellThatTheBudgetLeftOut) {
  for (size_t model = 0; model < 4; ++model) Add(fmt::format("m{}", model), 30, 50 - 2 * model);
  Race race(made_.dataset, kFolds, cells_);
  for (const RaceTrial& trial : race.Next()) {
    if (trial.cell == 0) {
      cells_[0].eliminated = true;
      cells_[0].eliminated_because = "not run";
    } else {
      cells_[trial.cell].folds.push_back(Trial(trial));
    }
  }
  for (const RaceTrial& trial : race.Next()) EXPECT_NE(trial.cell, 0u);
  EXPECT_EQ(cells_[0].eliminated_because, "not run");
}

TEST_F(RaceTest, ForeseesLessThanTheWholeGrid) {
  for (const int size : {30, 50, 100}) {
    for (size_t model = 0; model < 8; ++model) Add(fmt::format("m{}", model), size, 30);
  }
  Race race(made_.dataset, kFolds, cells_);
  EXPECT_EQ(race.Next().size(), 8u);
  const double later = race.ExpectedLater(std::vector<double>(24, 1.0));
  EXPECT_GT(later, 4 + 2 + 2 + 2);
  EXPECT_LT(later, 24 * 5 - 8);
}

TEST_F(RaceTest, ForeseesThatTheLeadersGoOnAndThatHalfOfThoseThatClimbAreStopped) {
  for (const int size : {30, 50}) {
    for (const size_t right : {50u, 30u, 40u, 30u}) Add(fmt::format("m{}", cells_.size() % 4), size, right);
  }
  std::vector<double> cost = {10, 20, 30, 40, 100, 200, 300, 400};
  Race race(made_.dataset, kFolds, cells_);
  const auto run = [&] {
    for (const RaceTrial& trial : race.Next()) cells_[trial.cell].folds.push_back(Trial(trial));
  };
  run();
  // Nothing is known: two of four go on, four folds each, at (25 + 35) / 2; then their next size, 1 + 0.7 + 3
  // x 0.49 folds.
  EXPECT_NEAR(race.ExpectedLater(cost), 4 * 2 * 30 + 2 * 300 * 3.17, 1e-9);
  run();
  // The two that lead, m0 and m2, run all their folds; their next size follows.
  EXPECT_EQ(FoldsOf(0), 5u);
  EXPECT_EQ(FoldsOf(2), 5u);
  EXPECT_NEAR(race.ExpectedLater(cost), 2 * 200 * 3.17, 1e-9);
  run();
  EXPECT_NEAR(race.ExpectedLater(cost), (100 + 300) * (0.7 + 3 * 0.49), 1e-9);
}

TEST(Pace, LearnsFromTrialsThatRan) {
  std::vector<Candidate> candidates(3);
  candidates[0].architecture.name = candidates[1].architecture.name = "same";
  Pace pace(candidates, {1, 1, 10});
  EXPECT_EQ(pace.TrialSeconds({}, {}), (std::vector<double>{1, 1, 10}));
  pace.Finished(0, 3);
  EXPECT_EQ(pace.TrialSeconds({}, {}), (std::vector<double>{3, 3, 30}));
  // A quarter of the third took 20 s: 80 s in all; of the others their own trials know more.
  std::vector<TrialJob> jobs(1);
  jobs[0].candidate = 2;
  const std::vector<JobProgress> shares = {{.done = 0.5, .first_done = 0.25, .seconds = 20}};
  EXPECT_EQ(pace.TrialSeconds(jobs, shares), (std::vector<double>{3, 3, 80}));
  EXPECT_NEAR(SecondsLeft(jobs, shares, {3, 3, 80}, 4, 0), 40, 1e-9);
  EXPECT_NEAR(SecondsLeft(jobs, shares, {3, 3, 80}, 2, 200), 120, 1e-9);
}

TEST(Budget, BeginsWhatFitsAndFinishesTheFavourite) {
  Budget budget(MonotonicSeconds() + 100, 2, 5, 3);
  const std::vector<double> trial_s = {30, 30, 1};
  const auto job = [](size_t candidate) {
    TrialJob made;
    made.candidate = candidate;
    return made;
  };
  budget.BeginRound(0, 4, 1);
  EXPECT_TRUE(budget.Admit(job(0), trial_s));   // 30 and 120 later: 75 s on two threads and a wait of 15
  EXPECT_FALSE(budget.Admit(job(1), trial_s));  // 30 more: 90 s, and 15 of waiting for the last
  EXPECT_TRUE(budget.Admit(job(2), trial_s));
  Budget over(MonotonicSeconds() - 1, 2, 2, 2);
  over.BeginRound(1, 0, 2);
  EXPECT_TRUE(over.Admit(job(1), trial_s));
  EXPECT_FALSE(over.Admit(job(0), trial_s));
  EXPECT_FALSE(over.Expired(job(1)));
  EXPECT_TRUE(over.Expired(job(0)));
  over.Finished(job(1));
  over.Finished(job(1));
  EXPECT_TRUE(over.Expired(job(1)));  // it has all its folds now
}

}  // namespace
}  // namespace handlens::search
