// The review on drawn features and on small pictures: planted mislabels are found, forecasts hold where the
// law is known.
#include "review/review.h"

#include <gtest/gtest.h>
#include <unistd.h>

#include <cmath>
#include <filesystem>

#include "base/disk.h"
#include "base/rng.h"
#include "train/features.h"
#include "train/synthetic_backbone.h"

namespace handlens::review {
namespace {
namespace fs = std::filesystem;

// Each class a colour of its own under noise: what a look at the picture tells without doubt.
train::Synthetic Colours(const std::vector<int>& counts, uint64_t seed) {
  train::Synthetic made = train::MakeSynthetic(counts, 16, seed);
  constexpr int kColours[3][3] = {{200, 60, 60}, {60, 190, 70}, {70, 80, 210}};
  const size_t stride = 16 * 16 * 3;
  for (size_t i = 0; i < made.dataset.pictures.size(); ++i) {
    Rng rng(seed, "colours", {i});
    for (size_t b = 0; b < stride; ++b) {
      const int colour = kColours[made.dataset.pictures[i].label][b % 3];
      made.pixels.bytes[i * stride + b] = static_cast<uint8_t>(colour + static_cast<int>(rng.Below(80)) - 40);
    }
  }
  return made;
}

class ReviewTest : public testing::Test {
 protected:
  ReviewTest() : backbone_(train::TinyBackbone(16, 7)) { fs::create_directories(folder_); }
  ~ReviewTest() override { fs::remove_all(folder_); }

  Result<Review> LookAt(const train::Synthetic& made, int threads = 1, const std::string& cache = "cache",
                        Progress& progress = SilentProgress()) {
    train::FeatureStore features(made.dataset, folder_ / cache);
    SpareThreads spare(threads - 1);
    train::TrialData data = made.Data(&spare);
    data.backbones = {&backbone_};
    data.features = &features;
    return Look(backbone_, data, 1, progress);
  }

  const fs::path folder_ =
      fs::temp_directory_path() / fmt::format("handlens-review-{}-{}", ::getpid(),
                                              testing::UnitTest::GetInstance()->current_test_info()->name());
  backbone::Backbone backbone_;
};

TEST_F(ReviewTest, PlantedMislabelsLeadTheList) {
  train::Synthetic made = Colours({40, 40, 40}, 3);
  const std::vector<int> planted = {5, 17, 50, 63, 90};
  for (const int picture : planted)
    made.dataset.pictures[static_cast<size_t>(picture)].label =
        (made.dataset.pictures[static_cast<size_t>(picture)].label + 1) % 3;
  const auto review = LookAt(made);
  ASSERT_TRUE(review) << review.error().message;
  EXPECT_EQ(review->n, 120u);  // the hold-out too
  ASSERT_GE(review->suspects.size(), planted.size());
  size_t found = 0;
  for (size_t i = 0; i < planted.size(); ++i)
    found += std::count(planted.begin(), planted.end(), review->suspects[i].picture);
  EXPECT_EQ(found, planted.size());
  for (const Suspect& suspect : review->suspects) {
    EXPECT_NE(suspect.other, made.dataset.pictures[static_cast<size_t>(suspect.picture)].label);
    EXPECT_GT(suspect.other_score, suspect.own_score);
  }
}

TEST_F(ReviewTest, HoldOutPicturesAreReviewedToo) {
  train::Synthetic made = Colours({40, 40}, 3);
  const int held = made.split.holdout[0];
  made.dataset.pictures[static_cast<size_t>(held)].label = 1;
  const auto review = LookAt(made);
  ASSERT_TRUE(review) << review.error().message;
  ASSERT_FALSE(review->suspects.empty());
  EXPECT_EQ(review->suspects[0].picture, held);
}

TEST_F(ReviewTest, ThreadsChangeNothing) {
  const train::Synthetic made = train::MakeSynthetic({20, 20, 20}, 16, 4);
  const auto one = LookAt(made, 1, "one"), three = LookAt(made, 3, "three");
  ASSERT_TRUE(one && three);
  ASSERT_TRUE(WriteReview(folder_ / "one", made.dataset, *one));
  ASSERT_TRUE(WriteReview(folder_ / "three", made.dataset, *three));
  EXPECT_EQ(*ReadText(folder_ / "one/review.json"), *ReadText(folder_ / "three/review.json"));
}

TEST_F(ReviewTest, IsReadBackAsWritten) {
  train::Synthetic made = Colours({30, 30}, 5);
  made.dataset.pictures[3].label = 1;
  made.dataset.pictures[3].path = "=evil,\"name\".png";
  const auto review = LookAt(made);
  ASSERT_TRUE(review) << review.error().message;
  ASSERT_TRUE(WriteReview(folder_, made.dataset, *review));
  const auto read = ReadReview(folder_, made.dataset);
  ASSERT_TRUE(read && *read) << read.error().message;
  EXPECT_EQ((*read)->basis, review->basis);
  EXPECT_EQ((*read)->right, review->right);
  ASSERT_EQ((*read)->suspects.size(), review->suspects.size());
  EXPECT_EQ((*read)->suspects[0].picture, review->suspects[0].picture);
  EXPECT_EQ((*read)->curve.size(), review->curve.size());
  EXPECT_EQ((*read)->map, review->map);
  EXPECT_EQ((*read)->twice.has_value(), review->twice.has_value());
  EXPECT_NE(ReadText(folder_ / "review.csv")->find("\"'=evil,\"\"name\"\".png\""), std::string::npos);
}

TEST_F(ReviewTest, OfOtherPicturesItIsNone) {
  const train::Synthetic made = train::MakeSynthetic({20, 20}, 16, 5);
  const auto review = LookAt(made);
  ASSERT_TRUE(review && WriteReview(folder_, made.dataset, *review));
  dataset::Dataset other = made.dataset;
  other.pictures[0].label = 1;
  const auto read = ReadReview(folder_, other);
  ASSERT_TRUE(read);
  EXPECT_FALSE(read->has_value());
}

TEST_F(ReviewTest, ForgedRecordsAreRefused) {
  const train::Synthetic made = train::MakeSynthetic({20, 20}, 16, 5);
  const auto review = LookAt(made);
  ASSERT_TRUE(review && WriteReview(folder_, made.dataset, *review));
  Json json = *ParseJson(*ReadText(folder_ / "review.json"), "review.json");
  json["map"][0][0] = "nobody";
  ASSERT_TRUE(WriteFileAtomic(folder_ / "review.json", json.dump()));
  const auto read = ReadReview(folder_, made.dataset);
  ASSERT_FALSE(read);
  EXPECT_NE(read.error().message.find("does not hold"), std::string::npos) << read.error().message;
}

TEST_F(ReviewTest, APlaceOnTheMapOfNoPicturesIsRefused) {
  train::Synthetic made = train::MakeSynthetic({20, 20}, 16, 5);
  made.dataset.pictures.clear();
  ASSERT_TRUE(WriteReview(folder_, made.dataset, Review()));
  Json json = *ParseJson(*ReadText(folder_ / "review.json"), "review.json");
  json["map"].push_back({"nobody", 0.5, 0.5});
  ASSERT_TRUE(WriteFileAtomic(folder_ / "review.json", json.dump()));
  const auto read = ReadReview(folder_, made.dataset);
  ASSERT_FALSE(read);
  EXPECT_NE(read.error().message.find("does not hold"), std::string::npos) << read.error().message;
}

TEST_F(ReviewTest, StopsWhenAsked) {
  const train::Synthetic made = train::MakeSynthetic({20, 20}, 16, 5);
  StopAfter stop(3);
  const auto review = LookAt(made, 1, "cache", stop);
  ASSERT_FALSE(review);
  EXPECT_EQ(review.error().kind, ErrorKind::kInterrupted);
}

// error = 0.8 n^-0.5: 0.08 at 100, 0.0566 at 200.
TEST(Forecast, ContinuesAPowerLaw) {
  constexpr size_t kTests = 4000;
  std::vector<double> pictures;
  std::vector<std::vector<double>> hits;
  for (const double n : {12.5, 25.0, 50.0, 100.0}) {
    pictures.push_back(n);
    std::vector<double> row(kTests, 1.0);
    std::fill_n(row.begin(), static_cast<size_t>(std::lround(kTests * 0.8 / std::sqrt(n))), 0.0);
    hits.push_back(row);
  }
  const auto forecast = ForecastOf(pictures, hits, 1);
  ASSERT_TRUE(forecast);
  EXPECT_NEAR(forecast->gain, 0.08 - 0.8 / std::sqrt(200.0), 0.001);
  EXPECT_LT(forecast->ci95.low, forecast->gain);
  EXPECT_GT(forecast->ci95.high, forecast->gain);
  EXPECT_FALSE(ForecastOf({50, 100}, {hits[2], hits[3]}, 1));
}

TEST(Forecast, PromisesNothingWhereNothingGrew) {
  const std::vector<double> row = {1, 1, 0, 1, 0, 1, 1, 1};
  const auto forecast = ForecastOf({10, 20, 40}, {row, row, row}, 1);
  ASSERT_TRUE(forecast);
  EXPECT_NEAR(forecast->gain, 0, 1e-12);
  EXPECT_NEAR(forecast->ci95.high, 0, 1e-12);
}

// Whatever a curve did by chance: more pictures do not harm.
TEST(Forecast, PromisesNoLossWhereACurveFalls) {
  const std::vector<double> best = {1, 1, 1, 1, 1, 1, 1, 0}, worse = {1, 1, 1, 0, 1, 1, 0, 0},
                            worst = {1, 0, 1, 0, 1, 1, 0, 0};
  const auto forecast = ForecastOf({10, 20, 40}, {best, worse, worst}, 1);
  ASSERT_TRUE(forecast);
  EXPECT_EQ(forecast->gain, 0);
  EXPECT_GE(forecast->ci95.low, 0);
}

// Two heaps far apart: the first axis tells them, whatever the order and the length of the vectors.
TEST(PrincipalMap, TellsHeapsApart) {
  std::vector<std::vector<float>> rows;
  Rng rng(3, "heaps");
  for (int i = 0; i < 60; ++i) {
    std::vector<float> row(30);
    for (float& value : row) value = 0.2f * rng.Normal();
    row[i % 2 == 0 ? 4 : 9] += 3;
    for (float& value : row) value *= 1 + 5 * rng.Uniform();
    rows.push_back(row);
  }
  const auto places = PrincipalMap(rows, 1);
  for (size_t i = 2; i < rows.size(); ++i) EXPECT_GT(places[i][0] * places[i % 2][0], 0) << i;
  float farthest = 0;
  for (const auto& place : places) farthest = std::max({farthest, std::abs(place[0]), std::abs(place[1])});
  EXPECT_FLOAT_EQ(farthest, 1);
  EXPECT_TRUE(PrincipalMap({}, 1).empty());
  EXPECT_EQ(PrincipalMap({{0, 0}, {0, 0}}, 1)[1], (std::array<float, 2>{0, 0}));
}

}  // namespace
}  // namespace handlens::review
