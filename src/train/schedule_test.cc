#include "train/schedule.h"

#include <gtest/gtest.h>

#include <cmath>

namespace handlens::train {
namespace {

TEST(Schedule, CosPiIsTheCosine) {
  for (int i = 0; i <= 1000; ++i) {
    const double x = i / 1000.0;
    EXPECT_NEAR(CosPi(x), std::cos(3.14159265358979323846 * x), 1e-14) << x;
  }
  EXPECT_EQ(CosPi(0), 1);
  EXPECT_EQ(CosPi(1), -1);
}

TEST(Schedule, WarmsUpThenFallsToZero) {
  Recipe recipe = ModernRecipe(10);
  recipe.learning_rate = 1;
  recipe.warmup_epochs = 2;
  EXPECT_FLOAT_EQ(LearningRate(recipe, 0, 4), 1.0f / 9);
  EXPECT_FLOAT_EQ(LearningRate(recipe, 7, 4), 8.0f / 9);
  EXPECT_FLOAT_EQ(LearningRate(recipe, 8, 4), 1.0f);
  EXPECT_FLOAT_EQ(LearningRate(recipe, 24, 4), 0.5f);
  for (int64_t step = 9; step < 40; ++step) {
    EXPECT_LT(LearningRate(recipe, step, 4), LearningRate(recipe, step - 1, 4));
  }
  EXPECT_GT(LearningRate(recipe, 39, 4), 0);
  EXPECT_LT(LearningRate(recipe, 39, 4), 0.01f);
}

TEST(Schedule, AConstantRateIsTheRate) {
  const Recipe recipe = PaperRecipe();
  EXPECT_EQ(LearningRate(recipe, 0, 7), 0.01f);
  EXPECT_EQ(LearningRate(recipe, 349, 7), 0.01f);
}

TEST(Recipe, ReadsBackAsItWasWritten) {
  for (const Recipe& recipe : {PaperRecipe(), PaperCodeRecipe(), ModernRecipe(60)}) {
    const auto read = RecipeFromJson(*ParseJson(ToJson(recipe).dump(), "recipe"));
    ASSERT_TRUE(read);
    EXPECT_EQ(*read, recipe);
  }
  EXPECT_EQ(ToJson(PaperRecipe())["learning_rate"].dump(), "0.01");
}

TEST(Recipe, AnUnknownWordIsRefusedWithThoseKnown) {
  Json json = ToJson(PaperRecipe());
  json["optimizer"] = "adamw";
  const auto read = RecipeFromJson(json);
  ASSERT_FALSE(read);
  EXPECT_EQ(read.error().message, "unknown optimizer \"adamw\"; one of: sgd, momentum, adam");
  json.erase("optimizer");
  EXPECT_FALSE(RecipeFromJson(json));
}

}  // namespace
}  // namespace handlens::train
