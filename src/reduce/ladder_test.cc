#include "reduce/ladder.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>

#include "base/disk.h"
#include "search/from_backbone.h"
#include "search/presets.h"
#include "train/start.h"
#include "train/synthetic_backbone.h"
#include "train/synthetic_files.h"

namespace handlens::reduce {
namespace {

using testing::ElementsAre;

TEST(Ladder, HasTheBasesSizeAndTheOneNextToHalfOfIt) {
  EXPECT_THAT(LadderSizes(224, "standard"), ElementsAre(128, 224));
  EXPECT_THAT(LadderSizes(160, "quick"), ElementsAre(96, 160));
  EXPECT_THAT(LadderSizes(96, "standard"), ElementsAre(96));
  EXPECT_THAT(LadderSizes(64, "thorough"), ElementsAre(64));
  EXPECT_THAT(LadderSizes(260, "thorough"), ElementsAre(96, 128, 176, 224, 260));
}

class LadderTest : public train::SyntheticFiles {
 protected:
  void SetUp() override { Make(24, 2, 1); }

  search::Candidate Base(search::BackboneModel::Training training) const {
    search::BackboneTraining how{.pictures = 4500 / 9, .classes = 2};  // eight views
    how.own = *search::PresetRecipe("quick", {}, dataset_.pictures.size(), false);
    return *search::BackboneCandidate({&backbone_, 2, training}, 128, *image::NamedGenerator("mild"), how);
  }
  Result<ReduceResult> Descend(const search::Candidate& base, const std::string& run, int jobs,
                               const std::string& preset = "quick", int64_t max_bytes = 0) const {
    ReduceOptions options;
    options.max_bytes = max_bytes;
    options.search.trials = root_ / run / "trials";
    options.search.cache = root_ / "cache";
    options.search.jobs = jobs;
    options.search.preset = preset;
    options.search.backbones = {&backbone_};
    return Reduce(dataset_, split_, base, options, SilentProgress());
  }
  backbone::Backbone backbone_ = train::TinyBackbone(128, 3);
};

TEST_F(LadderTest, ProbesEveryDepthAtBothSizesAndTrainsNothingWhereTheSmallestProbeIsRight) {
  const search::Candidate base = Base(search::BackboneModel::Training::kProbe);
  const auto result = Descend(base, "one", 1);
  ASSERT_TRUE(result) << result.error().message;
  EXPECT_EQ(result->sweeping, Sweeping::kLadder);
  ASSERT_EQ(result->cells.size(), 6u);
  for (size_t i = 0; i < result->cells.size(); ++i) {
    const search::Candidate& candidate = result->cells[i].cell.candidate;
    EXPECT_EQ(result->cells[i].cell.folds.size(), split_.folds.size()) << i;
    EXPECT_EQ(candidate.size_px, i < 3 ? 96 : 128);
    EXPECT_EQ(candidate.start->cut, static_cast<int>(i % 3));
    EXPECT_EQ(candidate.start->views, i == 5 ? 8 : 2) << "only the base's probe keeps its views";
  }
  EXPECT_LE(result->parameters_after, result->parameters_before);
  // The same for two threads in another folder.
  const auto two = Descend(base, "two", 2);
  ASSERT_TRUE(two) << two.error().message;
  ASSERT_TRUE(WriteReduce(root_ / "one", dataset_, *result));
  ASSERT_TRUE(WriteReduce(root_ / "two", dataset_, *two));
  EXPECT_EQ(*ReadText(root_ / "one" / "reduce.csv"), *ReadText(root_ / "two" / "reduce.csv"));
}

// A probe whose pictures are learnt half well: what is trained is a shallow network at 96 px, whose file is
// at most half of the one chosen before.
TEST_F(LadderTest, TrainsOneSmallerFileWithTheQuickPreset) {
  TearDown();
  Make(80, 2, 1);
  backbone_ = train::TinyBackbone(128, 1, 3, 512);
  const auto result = Descend(Base(search::BackboneModel::Training::kProbe), "run", 2);
  ASSERT_TRUE(result) << result.error().message;
  ASSERT_EQ(result->cells.size(), 7u);
  const ReduceCell &whole = result->cells[2], &trained = result->cells[6];
  EXPECT_EQ(trained.cell.candidate.start->method, train::Method::kTune);
  EXPECT_EQ(trained.cell.candidate.size_px, 96);
  EXPECT_FALSE(trained.cell.candidate.architecture.layers[1].fixed_statistics);
  EXPECT_LE(2 * trained.int8_bytes, whole.int8_bytes);
}

// The model that would be chosen freely does not fit: the largest that does is trained, and one that fits is
// chosen.
TEST_F(LadderTest, UnderALimitOfBytesOneThatFitsIsTrainedAndChosen) {
  TearDown();
  Make(80, 2, 1);
  backbone_ = train::TinyBackbone(128, 1, 3, 512);
  const search::Candidate base = Base(search::BackboneModel::Training::kProbe);
  const auto free = Descend(base, "free", 2);
  ASSERT_TRUE(free) << free.error().message;
  int64_t smallest = free->cells[0].int8_bytes;
  for (const ReduceCell& cell : free->cells) smallest = std::min(smallest, cell.int8_bytes);
  const int64_t limit = smallest * 110 / 100;
  const auto limited = Descend(base, "limited", 2, "quick", limit);
  ASSERT_TRUE(limited) << limited.error().message;
  EXPECT_LE(limited->cells[static_cast<size_t>(limited->chosen)].int8_bytes, limit);
  EXPECT_THAT(limited->rule, testing::HasSubstr("whose int8 file fits"));
  ASSERT_EQ(limited->cells.size(), 7u);
  EXPECT_LE(limited->cells[6].int8_bytes, limit);

  const auto none = Descend(base, "none", 2, "quick", 10);
  ASSERT_TRUE(none) << none.error().message;
  EXPECT_THAT(none->rule, testing::HasSubstr("No model that was trained on all folds fits 10 bytes"));
}

class ThinLadderTest : public LadderTest {
 protected:
  // A thorough descent of a backbone with so many channels inside its block. Its statistics leave every
  // feature at nothing: no probe learns, while training, which learns the statistics anew, does. So the base
  // is chosen, and tried with fewer channels.
  Result<ReduceResult> DescendThorough(int inside) {
    backbone_ = train::TinyBackbone(128, 3, inside);
    for (nn::Tensor& tensor : backbone_.weights) {
      if (tensor.name.ends_with(".mean")) std::fill(tensor.values.begin(), tensor.values.end(), 8.0f);
    }
    backbone_.hash = backbone::HashOf(backbone_);
    search::Candidate base = Base(search::BackboneModel::Training::kTrain);
    base.size_px = base.architecture.size_px = 32;  // no other size, and short
    return Descend(base, "thorough", 2, "thorough");
  }
  static std::vector<std::string> ThinOnes(const ReduceResult& result) {
    std::vector<std::string> thin;
    for (const ReduceCell& cell : result.cells) {
      const std::string& name = cell.cell.candidate.start->backbone;
      if (name.starts_with("tiny-thin")) thin.push_back(name);
    }
    return thin;
  }
};

TEST_F(ThinLadderTest, AThoroughRunTrainsTheChosenOneThinnerToo) {
  const auto result = DescendThorough(32);
  ASSERT_TRUE(result) << result.error().message;
  for (const ReduceCell& cell : result->cells) {
    const search::Candidate& made = cell.cell.candidate;
    if (!made.start->backbone.starts_with("tiny-thin")) continue;
    EXPECT_EQ(cell.cell.folds.size(), split_.folds.size());
    EXPECT_LT(cell.int8_bytes, result->bytes_before);
    // The run keeps what later steps begin with.
    EXPECT_TRUE(
        std::filesystem::exists(train::BackboneFile(root_ / "thorough" / "trials", made.start->hash)));
  }
  const search::Candidate& chosen = result->cells[static_cast<size_t>(result->chosen)].cell.candidate;
  EXPECT_EQ(chosen.start->method, train::Method::kTune);
  EXPECT_THAT(ThinOnes(*result), testing::Contains("tiny-thin75"));
}

// Three quarters of 16 channels are 16, since they go by eights; half of them are 8.
TEST_F(ThinLadderTest, AShareThatTakesNothingOutMakesRoomForTheNext) {
  const auto result = DescendThorough(16);
  ASSERT_TRUE(result) << result.error().message;
  EXPECT_THAT(ThinOnes(*result), ElementsAre("tiny-thin50"));
}

TEST_F(LadderTest, ATunedBaseStandsBesideItsProbe) {
  search::Candidate base = Base(search::BackboneModel::Training::kTune);
  base.recipe.epochs = 1;
  const auto result = Descend(base, "run", 2);
  ASSERT_TRUE(result) << result.error().message;
  ASSERT_GE(result->cells.size(), 7u);
  EXPECT_EQ(result->cells[6].cell.candidate.model, "tiny-tune");
  EXPECT_EQ(result->cells[6].cell.candidate.size_px, 128);
  EXPECT_EQ(result->parameters_before, result->cells[6].cell.parameters);
}

}  // namespace
}  // namespace handlens::reduce
