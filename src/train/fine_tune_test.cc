// Claims about fine-tuning: it is the trial's own training from other weights, repeatable, stoppable, honest
// when it breaks.
#include <gtest/gtest.h>

#include <filesystem>
#include <limits>

#include "base/rng.h"
#include "train/synthetic.h"
#include "train/train.h"

namespace handlens::train {
namespace {

nn::Weights FreshWeights(const TrialSpec& spec) {
  auto network = *nn::Network::Create(spec.architecture, 1, {});
  network->Initialize(Rng(spec.seed, "trial weights", {static_cast<uint64_t>(spec.fold + 1)}).Next());
  return network->SaveWeights();
}

TEST(FineTune, FromFreshWeightsIsTheTrialItself) {
  const Synthetic made = MakeSynthetic({12, 14}, 12, 3);
  for (const int fold : {0, kAllFolds}) {
    TrialSpec spec = TinyTrial(made, 3);
    spec.fold = fold;
    spec.recipe.schedule = Schedule::kCosine;
    spec.recipe.class_weights = true;
    const auto folder =
        std::filesystem::path(testing::TempDir()) / fmt::format("handlens-fine-tune-{}", fold);
    std::filesystem::remove_all(folder);
    ASSERT_TRUE(RunTrial(spec, made.Data(), folder, SilentProgress()));
    const auto tuned = FineTune(spec, FreshWeights(spec), made.Data(), SilentProgress());
    ASSERT_TRUE(tuned) << tuned.error().message;
    EXPECT_EQ(nn::EncodeWeights(*tuned), nn::EncodeWeights(*ReadTrialWeights(folder)));
    EXPECT_NE(nn::EncodeWeights(*tuned), nn::EncodeWeights(FreshWeights(spec)));
  }
}

TEST(FineTune, LearnsFromATeacherInsteadOfTheLabels) {
  const Synthetic made = MakeSynthetic({12, 14}, 12, 3);
  TrialSpec spec = TinyTrial(made, 30);
  const nn::Weights start = FreshWeights(spec);
  nn::Weights says_second = start;
  for (float& v : says_second.back().values) v = &v == &says_second.back().values[1] ? 4.0f : -4.0f;
  const auto tuned =
      FineTune(spec, start, made.Data(), SilentProgress(), Teacher{&spec.architecture, &says_second});
  ASSERT_TRUE(tuned) << tuned.error().message;
  auto network = *nn::Network::Create(spec.architecture, 1, {});
  ASSERT_TRUE(network->LoadWeights(*tuned));
  for (size_t i = 0; i < 26; ++i) {
    std::vector<float> input, scores(2);
    for (const uint8_t level : made.pixels.Picture(i)) input.push_back(static_cast<float>(level) / 255.0f);
    network->Predict(input, 1, scores);
    EXPECT_GT(scores[1], 0.9f) << i;
  }
}

TEST(FineTune, StopsWhenAsked) {
  const Synthetic made = MakeSynthetic({12, 14}, 12, 3);
  const TrialSpec spec = TinyTrial(made, 3);
  StopAfter progress(2);
  const auto tuned = FineTune(spec, FreshWeights(spec), made.Data(), progress);
  ASSERT_FALSE(tuned);
  EXPECT_EQ(tuned.error().kind, ErrorKind::kInterrupted);
}

TEST(FineTune, RefusesAnotherModelsWeightsAndALossThatBroke) {
  const Synthetic made = MakeSynthetic({12, 14}, 12, 3);
  TrialSpec spec = TinyTrial(made, 2);
  nn::Weights weights = FreshWeights(spec);
  weights.pop_back();
  EXPECT_EQ(FineTune(spec, weights, made.Data(), SilentProgress()).error().kind, ErrorKind::kBadInput);
  weights = FreshWeights(spec);
  weights.back().values[0] = std::numeric_limits<float>::quiet_NaN();
  const auto broken = FineTune(spec, weights, made.Data(), SilentProgress());
  ASSERT_FALSE(broken);
  EXPECT_EQ(broken.error().kind, ErrorKind::kBadInput);
  EXPECT_NE(broken.error().message.find("loss grew"), std::string::npos);
}

}  // namespace
}  // namespace handlens::train
