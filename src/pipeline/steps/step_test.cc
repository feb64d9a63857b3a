// Claims about the step table and about what makes a step fresh.
#include "pipeline/steps.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <set>

#include "pipeline/backbones.h"
#include "report/paper.h"

namespace handlens::pipeline {
namespace {

namespace fs = std::filesystem;

// A step that writes its option into a file.
struct WriteWord {
  static constexpr StepFacts kFacts{.name = "write", .title = "write", .version = 1};
  struct Options {
    static constexpr std::string_view kNames[] = {"word", "later"};
    std::string word;
    std::optional<int> later;
  };
  static Result<Options> Read(const Run& run) { return Options{run.wanted().about.author, {}}; }
  static Files Touches(const Workspace&, const Options&) { return {{}, {"word.txt"}}; }
  static Result<void> Work(Workspace& space, const Options& o) {
    return WriteFileAtomic(space.At("word.txt"), o.word);
  }
  static Result<void> Load(Workspace&, const Options&) { return {}; }
};
struct WriteAnew : WriteWord {
  static constexpr StepFacts kFacts{.name = "write", .title = "write", .version = 2};
};

Run RunFor(const std::string& name, const std::string& author) {
  Run run;
  run.space.folder = fs::path(testing::TempDir()) / ("handlens-step-" + name);
  run.space.progress = &SilentProgress();
  run.settings = Settings({.flags = {{"author", author}}, .environment = {}}, {});
  return run;
}

bool Fresh(const Run& run, const Step& step) { return step.freshness(run)->fresh; }

TEST(Step, IsFreshUntilItsOptionsOrItsVersionChange) {
  auto run = RunFor("fresh", "A");
  fs::remove_all(run.space.folder);
  const Step step = StepOf<WriteWord>();
  EXPECT_FALSE(Fresh(run, step));
  ASSERT_TRUE(step.perform(run));
  EXPECT_TRUE(Fresh(run, step));
  EXPECT_FALSE(Fresh(run, StepOf<WriteAnew>()));
  EXPECT_FALSE(Fresh(RunFor("fresh", "B"), step));
  EXPECT_EQ(run.space.written, std::vector<std::string>{"word.txt"});
}

TEST(OptionsJson, HoldsEveryFieldAndLeavesOutWhatCameLaterAndIsNotUsed) {
  EXPECT_EQ(OptionsJson(WriteWord::Options{"a", {}}).dump(), R"({"word":"a"})");
  EXPECT_EQ(OptionsJson(WriteWord::Options{"a", 3}).dump(), R"({"word":"a","later":3})");
}

TEST(StepTable, HasUniqueNames) {
  std::set<std::string_view> names;
  for (const Step& step : Steps()) EXPECT_TRUE(names.insert(step.facts.name).second) << step.facts.name;
}

// The report, which is below this room, puts the paper's times beside steps by their names.
TEST(StepTable, HasTheStepsThatTheReportTimes) {
  for (const report::PaperStep& paper : report::PaperSteps()) {
    for (const std::string_view name : paper.steps) {
      EXPECT_TRUE(std::ranges::any_of(Steps(), [&](const Step& step) {
        return name.ends_with('-') ? step.facts.name.starts_with(name)
                                   : step.facts.name == name || step.facts.command == name;
      })) << name;
    }
  }
}

TEST(StepTable, ATrainingHasAPlanAndACommandThatDoesIt) {
  for (const Step& step : Steps()) {
    EXPECT_EQ(step.facts.trains, step.facts.planned_s != nullptr) << step.facts.name;
    EXPECT_TRUE(!step.facts.shared || EndsWithTraining(step.facts.command)) << step.facts.name;
    EXPECT_FALSE(EndsWithTraining(step.facts.half_of)) << step.facts.name;
  }
  EXPECT_TRUE(EndsWithTraining(kReduceStep));
  EXPECT_FALSE(EndsWithTraining(kConvertStep));
  EXPECT_FALSE(EndsWithTraining(""));  // of steps without a command
}

TEST(StepTable, KnowsWhetherTheWayToACommandTrains) {
  pipeline::Run run;
  for (const auto& [goal, trains] : {std::pair(kSplitStep, false),
                                     {kReviewStep, false},
                                     {kSearchStep, true},
                                     {kVerifyStep, true},
                                     {kAppCommand, true}}) {
    run.goal = goal;
    EXPECT_EQ(GoalTrains(run), trains) << goal;
  }
}

TEST(StepTable, KnowsTheCommandAfterACommand) {
  EXPECT_EQ(CommandAfter("inspect"), "prepare");
  EXPECT_EQ(CommandAfter("reduce"), "convert");
  EXPECT_EQ(CommandAfter("verify"), "app");
  EXPECT_EQ(CommandAfter("app"), "");
  EXPECT_EQ(CommandAfter("report"), "");
}

TEST(OptionTable, ReachesFromItsStepToTheEnd) {
  EXPECT_THAT(CommandsOf(*FindOption("io")),
              testing::ElementsAre("convert", "describe", "verify", "app", "report", "run", "demo"));
  for (const Option& option : Options()) {
    EXPECT_TRUE(option.since.empty() || FindStep(option.since) != nullptr) << option.name;
  }
}

TEST(OptionTable, ReadsEveryChoiceIntoItsField) {
  for (const Option& option : Options()) {
    for (const std::string& choice : SplitList(option.choices, '|')) {
      Wanted wanted;
      option.into(wanted, choice);  // a word that its type does not know ends the program
    }
  }
  Wanted wanted;
  FindOption("reduce")->into(wanted, "never");
  EXPECT_EQ(wanted.search.reduce, Reduction::kNever);
  FindOption("order")->into(wanted, "paper");
  EXPECT_EQ(wanted.folds.order, split::Order::kPaper);
  FindOption("completion")->into(wanted, "fish");
  EXPECT_EQ(wanted.call.completion, Shell::kFish);
}

// The rooms ask neither the clock nor the environment: what they are not told is not in the records.
TEST(Surroundings, SayWhenAStepWasDone) {
  auto run = RunFor("when", "A");
  fs::remove_all(run.space.folder);
  fs::create_directories(run.space.folder);
  ASSERT_TRUE(AddSeconds(run.space, "search", 2));
  EXPECT_THAT(ReadText(run.space.At("timings.json")).value(), testing::Not(testing::HasSubstr("\"at\"")));
  run.space.around.now_s = [] { return int64_t{1764279000}; };
  ASSERT_TRUE(AddSeconds(run.space, "search", 2));
  EXPECT_THAT(ReadText(run.space.At("timings.json")).value(),
              testing::HasSubstr("\"at\": \"2025-11-27T21:30:00Z\""));
  EXPECT_EQ(SecondsOf(run.space.folder, "search"), 4.0);
  ASSERT_TRUE(SetSeconds(run.space, "app-web", 3));
  ASSERT_TRUE(SetSeconds(run.space, "app-web", 2));
  EXPECT_EQ(SecondsOf(run.space.folder, "app-web"), 2.0);
  fs::remove_all(run.space.folder);
}

TEST(Surroundings, SayWhereBackbonesOfOnesOwnAre) {
  Wanted wanted;
  EXPECT_EQ(OwnBackbones(wanted, {}), "");
  EXPECT_EQ(OwnBackbones(wanted, {.config = {}, .data = "home", .now_s = {}}), "home/handlens/backbones");
  EXPECT_THAT(BackboneFolders(wanted, {}), testing::Not(testing::Contains("")));
  wanted.search.backbones = "asked";
  EXPECT_EQ(OwnBackbones(wanted, {.config = {}, .data = "home", .now_s = {}}), "asked");
}

}  // namespace
}  // namespace handlens::pipeline
