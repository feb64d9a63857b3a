#include "cli/options.h"

#include <gtest/gtest.h>

#include <set>

#include "cli/command.h"
#include "cli/settings.h"
#include "cli/suggest.h"

namespace handlens::cli {
namespace {

const std::vector<std::string> kNames = {"run", "search", "help"};

Result<CommandLine> Parse(std::vector<std::string> words) { return ParseCommandLine(words, CommandNames()); }

TEST(OptionTable, HasUniqueNamesAndLetters) {
  std::set<std::string_view> names;
  std::set<char> letters;
  for (const Option& option : Options()) {
    EXPECT_TRUE(names.insert(option.name).second) << option.name;
    if (option.letter == 0) continue;
    EXPECT_TRUE(letters.insert(option.letter).second) << option.letter;
  }
}

TEST(OptionTable, NamesOnlyCommandsThatExist) {
  for (const Option& option : Options()) {
    if (option.commands == "*") continue;
    for (const std::string& command : SplitList(option.commands, ' ')) EXPECT_NE(FindCommand(command), nullptr) << option.name << " " << command;
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

TEST(CheckValue, ChecksEveryItemOfAList) {
  EXPECT_EQ(*CheckValue(*FindOption("sizes"), "30, 50,100", "s"), "30,50,100");
  EXPECT_EQ(CheckValue(*FindOption("sizes"), "30,5000", "s").error().message, "s: 5000 is out of range; it takes 30 to 500");
  EXPECT_FALSE(CheckValue(*FindOption("sizes"), "30,30", "s"));
  EXPECT_FALSE(CheckValue(*FindOption("sizes"), ",", "s"));
}

TEST(CheckValue, SuggestsTheNearestChoice) {
  const auto bad = CheckValue(*FindOption("preset"), "qiuck", "--preset");
  ASSERT_FALSE(bad);
  EXPECT_NE(bad.error().message.find("did you mean 'quick'?"), std::string::npos) << bad.error().message;
}

TEST(Parser, ReadsEveryWayToWriteAnOption) {
  const auto line = Parse({"run", "--folds=3", "--seed", "7", "-qv", "-j4", "-o", "R", "--", "-odd"});
  ASSERT_TRUE(line) << line.error().message;
  EXPECT_EQ(line->values.at("folds"), "3");
  EXPECT_EQ(line->values.at("seed"), "7");
  EXPECT_EQ(line->values.at("quiet"), "true");
  EXPECT_EQ(line->values.at("verbose"), "true");
  EXPECT_EQ(line->values.at("jobs"), "4");
  EXPECT_EQ(line->values.at("out"), "R");
  EXPECT_EQ(line->arguments, std::vector<std::string>{"-odd"});
}

TEST(Parser, KeepsEveryPathOfAnOptionThatMayBeRepeated) {
  const std::vector<std::string> words = {"verify", "RUN", "--import", "a, b.json", "--import=c.json"}, commands = {"verify"};
  const auto line = ParseCommandLine(words, commands);
  ASSERT_TRUE(line) << line.error().message;
  EXPECT_EQ(line->values.at("import"), "a, b.json\nc.json");
}

TEST(Parser, RefusesUnknownWordsWithTheNearestRightOne) {
  EXPECT_NE(Parse({"serach", "R"}).error().message.find("did you mean 'search'?"), std::string::npos);
  EXPECT_NE(Parse({"search", "--epoch", "3"}).error().message.find("did you mean '--epochs'?"), std::string::npos);
  EXPECT_NE(Parse({"search", "-z"}).error().message.find("unknown option '-z'"), std::string::npos);
}

TEST(Parser, RefusesAnOptionOfAnotherCommand) {
  const auto bad = Parse({"inspect", "P", "--epochs", "3"});
  ASSERT_FALSE(bad);
  EXPECT_NE(bad.error().message.find("--epochs is no option of `inspect`"), std::string::npos) << bad.error().message;
}

TEST(Parser, SaysThatAValueIsMissing) {
  EXPECT_NE(Parse({"run", "P", "--folds"}).error().message.find("--folds needs a value (K)"), std::string::npos);
}

TEST(EditDistance, CountsASwapOnce) {
  EXPECT_EQ(EditDistance("serach", "search"), 1);
  EXPECT_EQ(EditDistance("kitten", "sitting"), 3);
  EXPECT_EQ(EditDistance("", "abc"), 3);
}

TEST(Nearest, IsSilentWhenNothingIsNear) { EXPECT_EQ(Nearest("xyzzy", kNames), ""); }

}  // namespace
}  // namespace handlens::cli
