#include "pipeline/options/options.h"

#include <gtest/gtest.h>

#include <set>

namespace handlens::pipeline {
namespace {

TEST(OptionTable, HasUniqueNamesAndLetters) {
  std::set<std::string_view> names;
  std::set<char> letters;
  for (const Option& option : Options()) {
    EXPECT_TRUE(names.insert(option.name).second) << option.name;
    if (option.letter == 0) continue;
    EXPECT_TRUE(letters.insert(option.letter).second) << option.letter;
  }
}

TEST(OptionTable, DefaultsPassTheirOwnChecks) {
  for (const Option& option : Options()) {
    if (option.fallback.empty()) continue;
    EXPECT_TRUE(CheckValue(option, option.fallback, "default")) << option.name;
  }
}

TEST(CheckValue, NamesOptionValueAndRange) {
  const auto bad = CheckValue(*FindOption("folds"), "21", "--folds");
  ASSERT_FALSE(bad);
  EXPECT_EQ(bad.error().kind, ErrorKind::kUsage);
  EXPECT_EQ(bad.error().message, "--folds: 21 is out of range; it takes 2 to 20");
  EXPECT_FALSE(CheckValue(*FindOption("folds"), "5x", "--folds"));
  EXPECT_FALSE(CheckValue(*FindOption("folds"), "", "--folds"));
  EXPECT_FALSE(CheckValue(*FindOption("validation"), "nan", "--validation"));
}

TEST(CheckValue, ReadsDurationsAndSizesInTheirUnits) {
  EXPECT_EQ(*CheckValue(*FindOption("budget"), "30m", "b"), "1800");
  EXPECT_EQ(*CheckValue(*FindOption("budget"), "1.5h", "b"), "5400");
  EXPECT_EQ(*CheckValue(*FindOption("budget"), "90s", "b"), "90");
  EXPECT_EQ(*CheckValue(*FindOption("max-bytes"), "64K", "b"), "65536");
  EXPECT_FALSE(CheckValue(*FindOption("budget"), "30x", "b"));
  EXPECT_FALSE(CheckValue(*FindOption("budget"), "0s", "b"));
}

TEST(CheckValue, TakesNothingThatIsNoNumberForATimeOrASize) {
  for (const char* text : {"nan(1)", "-nan(1)", "nan", "inf", "-inf", "1e999"}) {
    EXPECT_FALSE(CheckValue(*FindOption("max-bytes"), text, "--max-bytes")) << text;
    EXPECT_FALSE(CheckValue(*FindOption("budget"), text, "--budget")) << text;
  }
}

// What is kept stands in handlens.toml, which is UTF-8.
TEST(CheckValue, RefusesTextThatCannotBeKept) {
  const auto refused = CheckValue(*FindOption("name"), "caf\xe9", "--name");
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().kind, ErrorKind::kUsage);
  EXPECT_EQ(refused.error().message, "--name: 'caf\\xE9' is not UTF-8");
  EXPECT_TRUE(CheckValue(*FindOption("name"), "caf\xc3\xa9", "--name"));
}

TEST(CheckValue, KeepsPathsThatMeanTheSameFromEverywhere) {
  EXPECT_EQ(*CheckValue(*FindOption("backgrounds"), "places", "here"),
            std::filesystem::absolute("places").string());
  EXPECT_EQ(*CheckValue(*FindOption("out"), "RUN", "here"), "RUN");  // of this call alone
}

TEST(CheckValue, ChecksEveryItemOfAList) {
  EXPECT_EQ(*CheckValue(*FindOption("sizes"), "30, 50,100", "s"), "30,50,100");
  EXPECT_EQ(CheckValue(*FindOption("sizes"), "30,5000", "s").error().message,
            "s: 5000 is out of range; it takes 30 to 500");
  EXPECT_FALSE(CheckValue(*FindOption("sizes"), "30,30", "s"));
  EXPECT_FALSE(CheckValue(*FindOption("sizes"), ",", "s"));
}

TEST(CheckValue, SuggestsTheNearestChoice) {
  const auto bad = CheckValue(*FindOption("preset"), "qiuck", "--preset");
  ASSERT_FALSE(bad);
  EXPECT_NE(bad.error().message.find("did you mean 'quick'?"), std::string::npos) << bad.error().message;
}

}  // namespace
}  // namespace handlens::pipeline
