// Claims about repeated and nested cross-validation: where the optimism of a choice is known, it is found;
// what is told apart stays apart; it is resumed, not repeated.
#include "search/resampling.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>
#include <set>

#include "base/rng.h"
#include "search/choice.h"
#include "search/tiny_search.h"

namespace handlens::search {
namespace {

using testing::HasSubstr;

// Two classes, three pictures a cluster.
dataset::Dataset Pictures(int count) {
  dataset::Dataset dataset;
  dataset.root = "/pictures";
  dataset.labels = {"a", "b"};
  for (int i = 0; i < count; ++i) {
    dataset::Picture picture;
    picture.id = fmt::format("{:064x}", i);
    picture.path = fmt::format("{}.png", i);
    picture.label = i / 3 % 2;
    picture.cluster = i / 3;
    dataset.pictures.push_back(picture);
  }
  return dataset;
}

// A searcher that trains nothing: candidate c is right about picture i where `right(c, i)`. All folds of all
// candidates, chosen by the real rule.
using Right = std::function<bool(size_t, int)>;
Searcher Simulated(const dataset::Dataset& dataset, const std::vector<Candidate>& all, const Right& right) {
  return [&dataset, &all, right](const split::Split& split,
                                 const std::vector<Candidate>& candidates) -> Result<SearchResult> {
    SearchResult result;
    for (const Candidate& candidate : candidates) {
      const auto at = std::find_if(all.begin(), all.end(),
                                   [&](const Candidate& c) { return c.model == candidate.model; });
      const auto number = static_cast<size_t>(at - all.begin());
      CellResult& cell = result.cells.emplace_back();
      cell.candidate = candidate;
      for (size_t k = 0; k < split.folds.size(); ++k) {
        train::TrialResult trial;
        trial.spec.fold = static_cast<int>(k);
        trial.parameters = 100;
        const auto judge = [&](const std::vector<int>& pictures, train::Predictions& predictions,
                               double& accuracy) {
          size_t hits = 0;
          for (const int picture : pictures) {
            const bool hit = right(number, picture);
            const int label = dataset.pictures[static_cast<size_t>(picture)].label;
            const int said = hit ? label : 1 - label;
            predictions.pictures.push_back(picture);
            predictions.scores.insert(predictions.scores.end(),
                                      {said == 0 ? 1.0f : 0.0f, said == 0 ? 0.0f : 1.0f});
            hits += hit ? 1 : 0;
          }
          accuracy = static_cast<double>(hits) / static_cast<double>(pictures.size());
        };
        judge(split.folds[k].validation, trial.validation, trial.validation_accuracy);
        judge(split.folds[k].test, trial.test, trial.test_accuracy);
        cell.folds.push_back(std::move(trial));
      }
      FillSummary(dataset, cell);
    }
    result.chosen = Choose(dataset, result.cells, kSearchMargin).chosen;
    return result;
  };
}

std::vector<Candidate> Named(size_t count) {
  std::vector<Candidate> candidates(count);
  for (size_t c = 0; c < count; ++c) candidates[c].model = fmt::format("model{}", c);
  return candidates;
}

split::Split Folds(const dataset::Dataset& dataset) {
  auto split = split::MakeSplit(dataset, {});
  EXPECT_TRUE(split.has_value());
  return *std::move(split);
}

std::vector<int> FoldOf(const dataset::Dataset& dataset, const split::Split& split) {
  std::vector<int> fold_of(dataset.pictures.size(), -1);
  for (size_t k = 0; k < split.folds.size(); ++k) {
    for (const int picture : split.folds[k].test) fold_of[static_cast<size_t>(picture)] = static_cast<int>(k);
  }
  return fold_of;
}

// Candidate k is wrong about fold k and right about all else: whoever chooses without fold k takes it.
TEST(Nested, FindsAnOptimismOfAllPoints) {
  const dataset::Dataset dataset = Pictures(300);
  const split::Split split = Folds(dataset);
  const std::vector<int> fold_of = FoldOf(dataset, split);
  const std::vector<Candidate> candidates = Named(5);
  const auto nested =
      RunNested(dataset, split, candidates, Simulated(dataset, candidates, [&](size_t c, int picture) {
                  return fold_of[static_cast<size_t>(picture)] != static_cast<int>(c);
                }));
  ASSERT_TRUE(nested.has_value()) << nested.error().message;
  ASSERT_EQ(nested->folds.size(), 5u);
  for (size_t k = 0; k < 5; ++k) {
    EXPECT_EQ(nested->folds[k].chosen, CandidateName(candidates[k]));
    EXPECT_EQ(nested->folds[k].inner.Accuracy(), 1);
    EXPECT_EQ(nested->folds[k].correct, 0u);
    EXPECT_EQ(nested->folds[k].n, split.folds[k].test.size());
    // No picture of the fold, and none that is held out, had a part in the inner loop.
    EXPECT_EQ(nested->folds[k].inner.n, split.folds[k].train.size() + split.folds[k].validation.size());
  }
  EXPECT_EQ(nested->optimism.mean, 1);
  EXPECT_EQ(nested->correct, 0u);
  EXPECT_EQ(nested->n, dataset.pictures.size() - split.holdout.size());
  EXPECT_THAT(nested->sentence, HasSubstr("flatters by 100.0 points"));
}

// One candidate that is right about three pictures of four, whatever the fold: nothing is chosen, so nothing
// flatters.
TEST(Nested, FindsNoneWhereThereIsNoChoice) {
  const dataset::Dataset dataset = Pictures(600);
  const split::Split split = Folds(dataset);
  const std::vector<Candidate> candidates = Named(1);
  const auto nested =
      RunNested(dataset, split, candidates,
                Simulated(dataset, candidates, [](size_t, int picture) { return picture % 4 != 0; }));
  ASSERT_TRUE(nested.has_value());
  EXPECT_NEAR(nested->optimism.mean, 0, 0.02);
  EXPECT_LT(nested->optimism.ci95.low, 0);
  EXPECT_GT(nested->optimism.ci95.high, 0);
}

// Thirty candidates that guess: the best of thirty looks better than half on the pictures it was chosen by,
// and is right about half of the others. The mean of the highest of thirty binomial shares of n pictures is
// 0.5 + 2.04 x 0.5 / sqrt(n) (Tippett 1925).
TEST(Nested, FindsWhatTheBestOfManyGuessersOwesToChance) {
  const dataset::Dataset dataset = Pictures(450);
  const split::Split split = Folds(dataset);
  const std::vector<Candidate> candidates = Named(30);
  double validation = 0, outer = 0, expected = 0;
  constexpr int kWorlds = 12;
  for (uint64_t world = 0; world < kWorlds; ++world) {
    const auto nested =
        RunNested(dataset, split, candidates, Simulated(dataset, candidates, [&](size_t c, int picture) {
                    return Rng(world, "guess", {c, static_cast<uint64_t>(picture)}).Below(2) == 0;
                  }));
    ASSERT_TRUE(nested.has_value());
    validation += (nested->chosen_by_optimism.mean) / kWorlds;
    outer += static_cast<double>(nested->correct) / static_cast<double>(nested->n) / kWorlds;
    // Distinct validation pictures of the five inner folds are about an eighth each of what is not tested.
    const double left = static_cast<double>(split.folds[0].train.size() + split.folds[0].validation.size());
    const double seen = left * (1 - std::pow(1 - 0.125 * 0.8, 5));
    expected += 2.04 * 0.5 / std::sqrt(seen) / kWorlds;
  }
  EXPECT_NEAR(outer, 0.5, 0.02);
  EXPECT_GT(validation, 0.5 * expected);
  EXPECT_LT(validation, 2 * expected);
}

TEST(Repeats, AreOverOtherFoldsOfTheSamePictures) {
  const dataset::Dataset dataset = Pictures(300);
  const split::Split split = Folds(dataset);
  const std::vector<Candidate> candidates = Named(1);
  const Right right = [](size_t, int picture) { return picture % 5 != 0; };
  std::vector<split::Split> dealt;
  const Searcher inner = Simulated(dataset, candidates, right);
  const Searcher search = [&](const split::Split& s, const std::vector<Candidate>& c) {
    dealt.push_back(s);
    return inner(s, c);
  };
  const auto own = inner(split, candidates);
  const auto repeats = RunRepeats(dataset, split, own->cells[0], 3, search);
  ASSERT_TRUE(repeats.has_value()) << repeats.error().message;
  ASSERT_EQ(repeats->runs.size(), 3u);
  ASSERT_EQ(dealt.size(), 2u);
  EXPECT_NE(FoldOf(dataset, dealt[0]), FoldOf(dataset, dealt[1]));
  for (const split::Split& other : dealt) {
    EXPECT_EQ(other.holdout, split.holdout);
    EXPECT_NE(FoldOf(dataset, other), FoldOf(dataset, split));
    const std::vector<int> fold_of = FoldOf(dataset, other);
    for (size_t i = 0; i < fold_of.size(); ++i)
      EXPECT_EQ(fold_of[i], fold_of[i / 3 * 3]) << "a cluster was divided";
  }
  for (const TestedFolds& run : repeats->runs) {  // the same pictures are right in whatever fold
    EXPECT_EQ(run.correct, repeats->runs[0].correct);
    EXPECT_EQ(run.n, dataset.pictures.size() - split.holdout.size());
  }
  EXPECT_NEAR(repeats->over.mean, 0.8, 0.02);
  EXPECT_NEAR(repeats->over.std, 0, 1e-12);
  EXPECT_LT(repeats->ci95.low, repeats->over.mean);
}

TEST(Repeats, GiveTheCorrectedInterval) {
  // Six folds of 0.7, 0.8, 0.9 twice: variance 0.008; tested / trained 1/4: (1/6 + 1/4) x 0.008 is 0.05774
  // squared; t of 5 degrees 2.5706.
  const Repeats repeats = SummarizeRepeats({{{0.7, 0.8, 0.9}, 8, 10}, {{0.9, 0.7, 0.8}, 9, 10}}, 25, 100);
  EXPECT_NEAR(repeats.over.mean, 0.85, 1e-12);
  EXPECT_NEAR(repeats.over.std, std::sqrt(0.005), 1e-12);
  EXPECT_NEAR(repeats.ci95.low, 0.8 - 2.5706 * std::sqrt(0.008 * (1.0 / 6 + 0.25)), 1e-4);
  EXPECT_THAT(repeats.sentence, HasSubstr("in 2 ways"));
}

// With real trainings: a second call trains nothing.
TEST_F(TinySearch, ResamplesByTrialsThatAreKept) {
  const SearchOptions options = Options("resampled", 1);
  int trained = 0;
  const auto search = [&](bool may_train) {
    return [&, may_train](const split::Split& split, const std::vector<Candidate>& candidates) {
      SearchOptions o = options;
      o.candidates = candidates;
      o.may_train = may_train;
      ++trained;
      return Search(dataset_, split, o, SilentProgress());
    };
  };
  const std::vector<Candidate> candidates = {options.candidates[0], options.candidates[1]};
  const auto first = RunNested(dataset_, split_, candidates, search(true));
  ASSERT_TRUE(first.has_value()) << first.error().message;
  const auto again = RunNested(dataset_, split_, candidates, search(false));
  ASSERT_TRUE(again.has_value()) << again.error().message;
  EXPECT_EQ(ToJson({{}, *first}), ToJson({{}, *again}));
  EXPECT_GE(trained, 2 * 3);
}

}  // namespace
}  // namespace handlens::search
