#include "cli/command_line.h"

#include <gtest/gtest.h>

#include "cli/commands/command.h"
#include "pipeline/steps.h"

namespace handlens::cli {
using namespace pipeline;
namespace {

Result<CommandLine> Parse(std::vector<std::string> words) { return ParseCommandLine(words, CommandNames()); }

TEST(OptionTable, NamesOnlyCommandsThatExist) {
  for (const Option& option : Options()) {
    if (option.commands == "*") continue;
    for (const std::string& command : CommandsOf(option))
      EXPECT_NE(FindCommand(command), nullptr) << option.name << " " << command;
  }
}

// Help lists the commands in the order of the table of commands, and the steps in theirs.
TEST(CommandTable, HasTheStepsCommandsInTheOrderOfTheSteps) {
  std::vector<std::string_view> of_steps, of_commands;
  for (const Step& step : Steps()) {
    const std::string_view name = step.facts.command;
    if (!name.empty() && (of_steps.empty() || of_steps.back() != name)) of_steps.push_back(name);
  }
  for (const Command& command : Commands()) {
    if (command.group == "Steps") of_commands.push_back(command.name);
  }
  EXPECT_EQ(of_commands, of_steps);
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
  const std::vector<std::string> words = {"verify", "RUN", "--import", "a, b.json", "--import=c.json"},
                                 commands = {"verify"};
  const auto line = ParseCommandLine(words, commands);
  ASSERT_TRUE(line) << line.error().message;
  EXPECT_EQ(line->values.at("import"), "a, b.json\nc.json");
}

TEST(Parser, RefusesUnknownWordsWithTheNearestRightOne) {
  EXPECT_NE(Parse({"serach", "R"}).error().message.find("did you mean 'search'?"), std::string::npos);
  EXPECT_NE(Parse({"search", "--epoch", "3"}).error().message.find("did you mean '--epochs'?"),
            std::string::npos);
  EXPECT_NE(Parse({"search", "-z"}).error().message.find("unknown option '-z'"), std::string::npos);
}

TEST(Parser, RefusesAnOptionOfAnotherCommand) {
  const auto bad = Parse({"inspect", "P", "--epochs", "3"});
  ASSERT_FALSE(bad);
  EXPECT_NE(bad.error().message.find("--epochs is no option of `inspect`"), std::string::npos)
      << bad.error().message;
}

TEST(Parser, SaysThatAValueIsMissing) {
  EXPECT_NE(Parse({"run", "P", "--folds"}).error().message.find("--folds needs a value (K)"),
            std::string::npos);
}

}  // namespace
}  // namespace handlens::cli
