#include "reduce/reduce.h"

#include <gtest/gtest.h>
#include <unistd.h>

#include <filesystem>

#include "base/disk.h"
#include "nn/zoo.h"
#include "train/synthetic.h"

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

TEST(Reduce, SweepsAGridThatIsNotSquareAndKeepsTheBase) {
  const fs::path root = fs::temp_directory_path() / fmt::format("handlens-reduce-{}", ::getpid());
  fs::remove_all(root);
  for (int label = 0; label < 2; ++label) {
    for (int i = 0; i < 24; ++i) {
      std::vector<uint8_t> rgb(16 * 16 * 3);
      train::PaintSynthetic(label, 16, Rng(3, "picture", {static_cast<uint64_t>(label), static_cast<uint64_t>(i)}), rgb.data());
      ASSERT_TRUE(WriteFileAtomic(root / "pictures" / fmt::format("class{}", label) / fmt::format("{:02}.png", i),
                                  image::EncodePng(rgb, 16, 16)));
    }
  }
  const dataset::Dataset dataset = *dataset::Inspect({root / "pictures", {}, {}, 1}, SilentProgress());
  split::SplitOptions split_options;
  split_options.folds = 2;
  split_options.holdout_per_class = 1;
  const split::Split split = *split::MakeSplit(dataset, split_options);
  search::Candidate base;
  base.model = "m1";
  base.size_px = 30;
  base.architecture = *nn::NamedModel("f6n12", 30, 2);
  base.recipe = train::PaperRecipe();
  base.recipe.epochs = 2;
  ReduceOptions options;
  options.filters = {3, 1};
  options.neurons = {2, 4, 8};
  options.search.trials = root / "trials";
  options.search.cache = root / "cache";
  const auto result = Reduce(dataset, split, base, options, SilentProgress());
  ASSERT_TRUE(result) << result.error().message;
  ASSERT_EQ(result->cells.size(), 7u);
  EXPECT_EQ(result->cells[0].filters, 1);
  EXPECT_EQ(result->cells[2].neurons, 8);
  EXPECT_EQ(result->cells[6].filters, 6);
  EXPECT_EQ(result->cells[6].neurons, 12);
  EXPECT_EQ(result->parameters_before, result->cells[6].cell.parameters);
  EXPECT_GT(result->bytes_before, 4 * result->parameters_before);
  EXPECT_LE(result->parameters_after, result->parameters_before);
  ASSERT_TRUE(WriteReduce(root, dataset, *result));
  const std::string record = *ReadText(root / "reduce.json");
  const auto read = ReadReduce(root);
  ASSERT_TRUE(read) << read.error().message;
  ASSERT_TRUE(WriteReduce(root, dataset, *read));
  EXPECT_EQ(*ReadText(root / "reduce.json"), record);
  const std::string csv = *ReadText(root / "reduce.csv");
  EXPECT_EQ(csv.substr(0, csv.find('\n')), "filters,neurons,fold,accuracy,parameters,bytes");
  EXPECT_EQ(std::count(csv.begin(), csv.end(), '\n'), 15);
  fs::remove_all(root);
}

}  // namespace
}  // namespace handlens::reduce
