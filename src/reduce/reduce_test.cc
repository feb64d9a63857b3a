#include "reduce/reduce.h"

#include <gtest/gtest.h>

#include <cmath>
#include <filesystem>

#include "base/disk.h"
#include "nn/zoo.h"
#include "reduce/surface.h"
#include "train/synthetic_files.h"

namespace handlens::reduce {
namespace {

namespace fs = std::filesystem;

TEST(Sweep, ThePapersModelVariesFiltersAndNeurons) {
  const nn::ModelSpec m1 = *nn::NamedModel("m1", 50, 2);
  const auto sweep = SweepOf(m1);
  ASSERT_TRUE(sweep);
  EXPECT_EQ(sweep->filters, 32);
  EXPECT_EQ(sweep->neurons, 128);
  nn::ModelSpec expected = *nn::NamedModel("f4n8", 50, 2);
  EXPECT_EQ(Resized(m1, *sweep, 4, 8), expected);
  EXPECT_EQ(Resized(m1, *sweep, 32, 128), m1);
}

TEST(Sweep, OurFamilyVariesItsWidth) {
  const nn::ModelSpec nano = *nn::NamedModel("nano24", 64, 5);
  const auto sweep = SweepOf(nano);
  ASSERT_TRUE(sweep);
  EXPECT_TRUE(sweep->widths);
  EXPECT_EQ(sweep->filters, 24);
  EXPECT_EQ(Resized(nano, *sweep, 16, 0), *nn::NamedModel("nano16", 64, 5));
  EXPECT_EQ(Resized(nano, *sweep, 8, 0), *nn::NamedModel("nano8", 64, 5));
}

TEST(Sweep, AModelTiedByAdditionsHasNothingToSweep) {
  EXPECT_FALSE(SweepOf(*nn::NamedModel("mobilenetv2-0.35", 96, 5)));
}

// Twelve pixels, two folds, real files.
class ReduceTest : public train::SyntheticFiles {
 protected:
  void SetUp() override {
    Make(24, 2, 1);
    base_.model = "m1";
    base_.size_px = 30;
    base_.architecture = *nn::NamedModel("f6n12", 30, 2);
    base_.recipe = train::PaperRecipe();
    base_.recipe.epochs = 2;
  }

  ReduceOptions Options(const std::string& run, int jobs) const {
    ReduceOptions options;
    options.search.trials = root_ / run / "trials";
    options.search.cache = root_ / "cache";
    options.search.jobs = jobs;
    return options;
  }
  // 12 x 10 cells, more than are raced.
  ReduceOptions Large(const std::string& run, int jobs) const {
    ReduceOptions options = Options(run, jobs);
    options.filters = {1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12};
    options.neurons = {1, 2, 3, 4, 5, 6, 7, 8, 12, 16};
    options.search.exhaustive = false;
    return options;
  }
  std::string Record(const std::string& run, const ReduceResult& result) const {
    EXPECT_TRUE(WriteReduce(root_ / run, dataset_, result));
    return *ReadText(root_ / run / "reduce.json");
  }

  search::Candidate base_;
};

TEST_F(ReduceTest, SweepsAGridThatIsNotSquareAndKeepsTheBase) {
  ReduceOptions options = Options("run", 1);
  options.filters = {3, 1};
  options.neurons = {2, 4, 8};
  const auto result = Reduce(dataset_, split_, base_, options, SilentProgress());
  ASSERT_TRUE(result) << result.error().message;
  EXPECT_EQ(result->sweeping, Sweeping::kWhole);
  ASSERT_EQ(result->cells.size(), 7u);
  EXPECT_EQ(result->cells[0].filters, 1);
  EXPECT_EQ(result->cells[2].neurons, 8);
  EXPECT_EQ(result->cells[6].filters, 6);
  EXPECT_EQ(result->cells[6].neurons, 12);
  EXPECT_EQ(result->parameters_before, result->cells[6].cell.parameters);
  EXPECT_GT(result->bytes_before, 4 * result->parameters_before);
  EXPECT_LE(result->parameters_after, result->parameters_before);
  const std::string record = Record("run", *result);
  const auto read = ReadReduce(root_ / "run");
  ASSERT_TRUE(read) << read.error().message;
  EXPECT_EQ(Record("run", *read), record);
  const std::string csv = *ReadText(root_ / "run" / "reduce.csv");
  EXPECT_EQ(csv.substr(0, csv.find('\n')), "filters,neurons,fold,accuracy,parameters,bytes");
  EXPECT_EQ(std::count(csv.begin(), csv.end(), '\n'), 15);
}

TEST_F(ReduceTest, AFastSweepIsTheSameForAnyNumberOfThreadsAndChoosesOnlyWhatItTrained) {
  const auto one = Reduce(dataset_, split_, base_, Large("one", 1), SilentProgress());
  ASSERT_TRUE(one) << one.error().message;
  EXPECT_EQ(one->sweeping, Sweeping::kSurface);
  ASSERT_EQ(one->cells.size(), 120u);
  size_t trained = 0;
  for (const ReduceCell& cell : one->cells) {
    const bool ran = !cell.cell.folds.empty();
    EXPECT_EQ(ran, !cell.expected_test.has_value());
    EXPECT_EQ(ran, !cell.cell.eliminated);
    EXPECT_GT(cell.cell.parameters, 0);
    trained += ran ? 1 : 0;
    if (!ran) {
      EXPECT_TRUE(*cell.expected_validation >= 0 && *cell.expected_validation <= 1);
    }
  }
  EXPECT_GE(trained, 49u);
  EXPECT_LE(trained, 49u + 4 * 6);
  EXPECT_EQ(one->cells[static_cast<size_t>(one->chosen)].cell.folds.size(), 2u);
  const std::string record = Record("one", *one);
  const auto two = Reduce(dataset_, split_, base_, Large("two", 2), SilentProgress());
  ASSERT_TRUE(two);
  EXPECT_EQ(Record("two", *two), record);
  const auto read = ReadReduce(root_ / "one");
  ASSERT_TRUE(read) << read.error().message;
  EXPECT_EQ(Record("one", *read), record);
}

TEST_F(ReduceTest, AFastSweepThatIsStoppedAndContinuedEndsTheSame) {
  const std::string whole =
      Record("whole", *Reduce(dataset_, split_, base_, Large("whole", 1), SilentProgress()));
  Rng rng(6, "stops");
  int stops = 0;
  while (true) {
    StopAfter progress(static_cast<int>(100 + rng.Below(400)));
    const auto result = Reduce(dataset_, split_, base_, Large("stopped", 1), progress);
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

TEST_F(ReduceTest, RefusesAGridOfNothingAndARecordThatItDoesNotKnow) {
  ReduceOptions options = Options("run", 1);
  options.filters = {0};
  EXPECT_EQ(Reduce(dataset_, split_, base_, options, SilentProgress()).error().kind, ErrorKind::kUsage);
  EXPECT_EQ(ExpectReduction(base_, options, 30, 2, SilentProgress()).error().kind, ErrorKind::kUsage);
  options.filters = {2};
  options.neurons = {4};
  const auto result = Reduce(dataset_, split_, base_, options, SilentProgress());
  ASSERT_TRUE(result);
  std::string record = Record("run", *result);
  record.replace(record.find("\"whole\""), 7, "\"guess\"");
  ASSERT_TRUE(WriteFileAtomic(root_ / "run" / "reduce.json", record));
  EXPECT_EQ(ReadReduce(root_ / "run").error().kind, ErrorKind::kBadInput);
}

TEST_F(ReduceTest, ForeseesWhatASweepTrains) {
  const auto fast = ExpectReduction(base_, Large("run", 2), 30, 5, SilentProgress());
  ASSERT_TRUE(fast);
  EXPECT_EQ(fast->cells, 120);
  EXPECT_GE(fast->trials, 48 * 5);
  EXPECT_LT(fast->trials, 120 * 5);
  EXPECT_GT(fast->seconds, 0);
  ReduceOptions whole = Large("run", 2);
  whole.search.exhaustive = true;
  EXPECT_EQ(ExpectReduction(base_, whole, 30, 5, SilentProgress())->trials,
            119 * 5);  // the base's trials are the search's
  search::Candidate mobile = base_;
  mobile.architecture = *nn::NamedModel("mobilenetv2-0.35", 96, 2);
  EXPECT_EQ(ExpectReduction(mobile, whole, 30, 5, SilentProgress())->trials, 0);
}

TEST(Surface, IsExactOnAPlaneOverTheLogarithms) {
  std::vector<Sample> samples;
  for (const int filters : {1, 2, 4, 8, 16}) {
    for (const int neurons : {1, 2, 4, 8, 16}) {
      samples.push_back({filters, neurons, 0.5 + 0.02 * std::log2(filters) + 0.05 * std::log2(neurons)});
    }
  }
  // Slopes are pulled towards zero a little; in the middle of the samples that cancels.
  EXPECT_NEAR(EstimateAccuracy(samples, 4, 4, 1.6), 0.64, 1e-6);
  EXPECT_NEAR(EstimateAccuracy(samples, 3, 6, 1.6), 0.5 + 0.02 * std::log2(3) + 0.05 * std::log2(6), 0.01);
  EXPECT_NEAR(EstimateAccuracy(samples, 1, 16, 1.6), 0.7, 0.02);
}

TEST(Surface, OneSampleIsAFlatSurfaceAndNoneIsNothing) {
  EXPECT_NEAR(EstimateAccuracy({{4, 4, 0.7}}, 9, 1, 1.6), 0.7, 1e-9);
  EXPECT_EQ(EstimateAccuracy({}, 9, 1, 1.6), 0);
  EXPECT_LE(EstimateAccuracy({{1, 1, 0.2}, {2, 2, 0.9}}, 19, 19, 1.6), 1.0);
}

TEST(Surface, KnotsKeepTheEndsAndNeverRepeat) {
  std::vector<int> values;
  for (int i = 1; i <= 19; ++i) values.push_back(i);
  EXPECT_EQ(Knots(values, 6), (std::vector<int>{1, 2, 3, 6, 11, 19}));
  EXPECT_EQ(Knots({3, 5}, 6), (std::vector<int>{3, 5}));
  EXPECT_EQ(Knots({1, 200, 201, 202, 203}, 4), (std::vector<int>{1, 200, 201, 203}));  // 1 is nearest twice
  EXPECT_EQ(Knots({10, 11, 12, 13, 14, 15, 16}, 6).size(), 6u);
}

}  // namespace
}  // namespace handlens::reduce
