#include "pipeline/settings.h"

#include <gtest/gtest.h>

#include <filesystem>

#include "base/disk.h"
#include "train/train.h"

namespace handlens::pipeline {
namespace {

class TemporaryFile {
 public:
  explicit TemporaryFile(std::string_view text)
      : path_(std::filesystem::temp_directory_path() /
              ("handlens-settings-" + std::to_string(::getpid()) + ".toml")) {
    EXPECT_TRUE(WriteFileAtomic(path_, text));
  }
  ~TemporaryFile() { std::filesystem::remove(path_); }
  const std::filesystem::path& path() const { return path_; }

 private:
  std::filesystem::path path_;
};

Result<ConfigFile> Read(std::string_view text) { return ReadConfig(TemporaryFile(text).path()); }

// The message without the folder of the temporary file.
std::string ErrorOf(std::string_view text) {
  const auto config = Read(text);
  if (config) return "no error";
  EXPECT_EQ(config.error().kind, ErrorKind::kUsage);
  const std::string& message = config.error().message;
  return message.substr(message.find(".toml") + 5);
}

TEST(Settings, LettersBeyondAsciiAreForQuotesAndComments) {
  for (const char* text : {"author = \"M\xC3\xBCller\" # f\xC3\xBCr alle", "author = 'M\xC3\xBCller'",
                           "\xEF\xBB\xBF"
                           "author = \"\"\"M\xC3\xBCller\"\"\"\"\"\nname = \"a\"",
                           "author = \"\\\"\xC3\xBC\"", "author = \"\" # \xD1\xA2"}) {
    const auto read = Read(text);
    EXPECT_TRUE(read) << text << ": " << (read ? "" : read.error().message);
  }
  for (const char* text : {"author = M\xC3\xBCller", "name = \"a\" \xC3\xA4", "name = 1.\xD1\xA2",
                           "\xC3\xA4 = 1", "author = \"\\\xC3\xBC\""}) {
    const auto read = Read(fmt::format("# one\n\n{}\n", text));
    ASSERT_FALSE(read) << text;
    EXPECT_EQ(read.error().kind, ErrorKind::kUsage);
    EXPECT_NE(read.error().message.find(":3: letters beyond a to z belong in quotes"), std::string::npos);
  }
}

TEST(Config, ReadsEveryKindOfValue) {
  const auto config = Read(
      "preset = 'quick'\nsizes = [30, 50]\nmodels = ['m1', 'nano24']\nfolds = 3\nvalidation = "
      "0.2\nexhaustive = true\nbudget = '30m'\n");
  ASSERT_TRUE(config) << config.error().message;
  EXPECT_EQ(config->values.at("preset"), "quick");
  EXPECT_EQ(config->values.at("sizes"), "30,50");
  EXPECT_EQ(config->values.at("models"), "m1,nano24");
  EXPECT_EQ(config->values.at("folds"), "3");
  EXPECT_EQ(config->values.at("validation"), "0.2");
  EXPECT_EQ(config->values.at("exhaustive"), "true");
  EXPECT_EQ(config->values.at("budget"), "1800");
}

TEST(Config, NamesLineAndNearestKeyOfAnUnknownOne) {
  EXPECT_EQ(ErrorOf("seed = 1\nepoch = 3\n"), ":2: unknown key 'epoch'; did you mean 'epochs'?");
  EXPECT_EQ(ErrorOf("min-accuracy = 0.5\n"), ":1: unknown key 'min-accuracy'; did you mean 'min_accuracy'?");
}

TEST(Config, NamesLineAndRangeOfABadValue) {
  EXPECT_EQ(ErrorOf("\n\nfolds = 100\n"), ":3: folds: 100 is out of range; it takes 2 to 20");
  EXPECT_EQ(ErrorOf("folds = [3]\n"), ":1: folds: one value, not a list");
}

TEST(Config, RefusesBrokenToml) {
  EXPECT_TRUE(ErrorOf("folds = \n").starts_with(":1: ")) << ErrorOf("folds = \n");
  for (const char* text : {"[[", "[[\n", "[[ \n]]", "[[\nfolds = 3\n", "a.\n", "= 3"})
    EXPECT_NE(ErrorOf(text), "no error")
        << text;  // the library's parser gave up on the second: the program ended
}

TEST(Settings, FlagsPrecedeEnvironmentPrecedesConfigPrecedesDefault) {
  ConfigFile config;
  config.values = {{"folds", "3"}, {"seed", "3"}, {"epochs", "3"}};
  const Settings settings({.flags = {{"folds", "6"}}, .environment = {{"folds", "4"}, {"seed", "4"}}},
                          {.kept = config, .asked = {}});
  EXPECT_EQ(settings.wanted().folds.folds, 6);
  EXPECT_EQ(settings.wanted().seed, 4u);
  EXPECT_EQ(settings.wanted().search.epochs, 3);
  EXPECT_EQ(settings.wanted().search.preset, "standard");
}

TEST(Environment, RefusesUnknownNamesWithTheNearest) {
  const std::vector<std::pair<std::string, std::string>> variables = {{"PATH", "/"}, {"HANDLENS_EPOCH", "3"}};
  const auto read = ReadEnvironment(variables);
  ASSERT_FALSE(read);
  EXPECT_EQ(read.error().message,
            "unknown environment variable HANDLENS_EPOCH; did you mean 'HANDLENS_EPOCHS'?");
}

TEST(EffectiveToml, ReadsBackToTheSameSettings) {
  const auto config = Read(
      "preset = 'quick'\nname = 'a \"quoted\" \\\\ name'\nsizes = [30, 50]\nbudget = 90\nmin_accuracy = 1\n"
      "[[model]]\nname = 'mine'\nlayers = [{conv = 8, activation = 'relu'}, {pool = 2}, {dense = 16}]\n");
  ASSERT_TRUE(config) << config.error().message;
  const Settings settings({}, {.kept = *config, .asked = {}});
  const std::string text = EffectiveToml(settings);
  const auto again = Read(text);
  ASSERT_TRUE(again) << again.error().message << "\n" << text;
  const Settings same({}, {.kept = *again, .asked = {}});
  EXPECT_EQ(EffectiveToml(same), text);
  EXPECT_EQ(same.wanted().about.name, settings.wanted().about.name);
  EXPECT_EQ(same.wanted().search.budget_s, 90);
  EXPECT_EQ(same.own().models, settings.own().models);
}

TEST(EffectiveToml, HoldsEveryControlCharacter) {
  std::string name;
  for (char c = 1; c < 32; ++c) name += c;
  name += "\x7f\"\\";
  const std::string text = EffectiveToml(Settings({.flags = {{"name", name}}, .environment = {}}, {}));
  const auto again = Read(text);
  ASSERT_TRUE(again) << again.error().message;
  EXPECT_EQ(again->values.at("name"), name);
}

TEST(EffectiveToml, LeavesOutHowACallTalks) {
  const Asked asked{.flags = {{"jobs", "7"}, {"json", "true"}}, .environment = {}};
  EXPECT_EQ(EffectiveToml(Settings(asked, {})).find("jobs"), std::string::npos);
}

// The value of a key in the effective configuration, read back as the next call reads it.
ConfigFiles NextCall(const Settings& settings) {
  const auto kept = Read(EffectiveToml(settings));
  EXPECT_TRUE(kept) << kept.error().message;
  return {.kept = kept.value_or(ConfigFile{}), .asked = {}};
}

TEST(Settings, KeepWhatWasAskedForButGatesAndTheBudget) {
  const Settings first(
      {.flags = {{"epochs", "3"}, {"budget", "10"}, {"min-accuracy", "1"}, {"max-bytes", "100"}},
       .environment = {}},
      {});
  EXPECT_EQ(first.wanted().search.budget_s, 10);
  const Settings next({}, NextCall(first));
  EXPECT_EQ(next.wanted().search.epochs, 3);
  EXPECT_EQ(next.wanted().search.budget_s, 0);
  EXPECT_EQ(next.wanted().gates.min_accuracy, 0.7);
  EXPECT_EQ(next.wanted().gates.max_bytes, 0);
  EXPECT_EQ(next.Kept("run"), std::vector<std::string>{"epochs = 3"});
}

TEST(Settings, KeepAGateThatStandsInTheFileWhateverOneCallSays) {
  const auto file = Read("min_accuracy = 0.9\n");
  ASSERT_TRUE(file);
  const Settings once({.flags = {{"min-accuracy", "0.5"}}, .environment = {}}, {.kept = *file, .asked = {}});
  EXPECT_EQ(once.wanted().gates.min_accuracy, 0.5);
  EXPECT_EQ(Settings({}, NextCall(once)).wanted().gates.min_accuracy, 0.9);
}

TEST(Settings, AFileThatIsAskedForStandsAboveTheKeptOnesAndLeavesTheOthers) {
  const auto kept = Read("preset = 'quick'\nepochs = 3\n"), gates = Read("min_accuracy = 0.9\nepochs = 4\n");
  ASSERT_TRUE(kept && gates);
  const Settings settings({}, {.kept = *kept, .asked = *gates});
  EXPECT_EQ(settings.wanted().search.preset, "quick");
  EXPECT_EQ(settings.wanted().search.epochs, 4);
  EXPECT_EQ(settings.wanted().gates.min_accuracy, 0.9);
}

TEST(EffectiveToml, NamesEveryKeyOnce) {
  const std::string text = EffectiveToml(Settings({}, {}));
  for (const Option& option : Options()) {
    if (option.scope == Scope::kCommandLine || (option.group == "Common options" && option.name != "seed"))
      continue;
    const std::string key = TomlKey(option);
    EXPECT_TRUE(text.find("\n" + key + " = ") != std::string::npos ||
                text.find("\n# " + key + " = ") != std::string::npos)
        << key;
  }
}

TEST(OwnModels, BuildLayersWithActivationsAndNames) {
  const auto config = Read(
      "[[model]]\nname = 'mine'\nlayers = [\n"
      "  {conv = 8, kernel = 5, padding = 'same', activation = 'relu', name = 'a'},\n"
      "  {conv = 8, padding = 'same', bias = false},\n  {batch_norm = true, momentum = 0.5, name = 'b'},\n  "
      "{add = ['a', 'b'], activation = 'relu6'},\n"
      "  {pool = 2}, {global_average_pool = true}, {dropout = 0.2}]\n");
  ASSERT_TRUE(config) << config.error().message;
  ASSERT_EQ(config->own.models.size(), 1u);
  const nn::ModelSpec model = WithClasses(config->own.models, 3)[0];
  EXPECT_EQ(model.name, "mine");
  ASSERT_EQ(model.layers.size(), 10u);
  EXPECT_EQ(model.layers[0].kernel, 5);
  EXPECT_EQ(model.layers[1].kind, nn::LayerKind::kRelu);
  EXPECT_FALSE(model.layers[2].bias);
  EXPECT_EQ(model.layers[3].momentum, 0.5f);
  EXPECT_EQ(model.layers[4].inputs, (std::vector<int>{1, 3}));
  EXPECT_EQ(model.layers[6].stride, 2);
  EXPECT_EQ(model.layers.back().units, 3);
}

TEST(OwnModels, NameFileAndLineOfAMistake) {
  EXPECT_EQ(ErrorOf("[[model]]\nname = 'm'\nlayers = [\n  {conv = 8},\n  {dens = 3}]\n").substr(0, 37),
            ":5: model m: layer 2: no layer word (");
  EXPECT_EQ(ErrorOf("[[model]]\nname = 'm'\nlayers = [{conv = 8, kernle = 3}]\n"),
            ":3: model m: layer 1: unknown key 'kernle'; did you mean 'kernel'?");
  EXPECT_EQ(ErrorOf("[[model]]\nname = 'm'\nlayers = [{conv = 8, activation = 'rleu'}]\n"),
            ":3: model m: layer 1: activation 'rleu' is not relu, relu6 or none; did you mean 'relu'?");
  EXPECT_EQ(ErrorOf("[[generator]]\nname = 'g'\nrotaton = 3\n"),
            ":3: generator g: unknown key 'rotaton'; did you mean 'rotation'?");
  EXPECT_EQ(ErrorOf("[[generator]]\nname = 'g'\nrotation = 300\n"),
            ":3: generator 'g': rotation_deg = 300 is outside 0..180");
  EXPECT_EQ(ErrorOf("[[generator]]\nname = 'g'\nblur = 10\n"),
            ":3: generator 'g': blur_px = 10 is outside 0..2.5");
  EXPECT_EQ(ErrorOf("[[generator]]\nname = 'g'\nnoise = 'much'\n"), ":3: generator g: noise is not a number");
  EXPECT_EQ(ErrorOf("[[generator]]\nname = 'g'\nbrightness = [2, 1]\n"),
            ":3: generator 'g': a range has its low end above its high end");
  EXPECT_EQ(ErrorOf("[model]\nname = 'm'\n"), ":1: write [[model]] with two brackets");
  EXPECT_EQ(ErrorOf("[recipe]\nlearning_rat = 1\n"),
            ":2: recipe: unknown key 'learning_rat'; did you mean 'learning_rate'?");
  EXPECT_EQ(ErrorOf("[recipe]\noptimizer = 'adm'\n"),
            ":2: recipe: optimizer 'adm' is not one of sgd, momentum, adam; did you mean 'adam'?");
  EXPECT_EQ(ErrorOf("[recipe]\nlabel_smoothing = 0.6\n"),
            ":2: recipe: label_smoothing is not a number from 0 to 0.5");
  EXPECT_EQ(ErrorOf("[recipe]\nbatch = 2.5\n"), ":2: recipe: batch is not a whole number from 1 to 1024");
  EXPECT_EQ(ErrorOf("[recipe]\nlike = 'papr'\n"),
            ":2: recipe: like 'papr' is not one of paper, paper-code, modern; did you mean 'paper'?");
  EXPECT_EQ(ErrorOf("[[recipe]]\nbatch = 2\n"),
            ":1: write [recipe] with one bracket: there is one for all candidates");
}

TEST(OwnRecipe, ChangesTheKeysItNamesAndIsWrittenBack) {
  const auto config = Read("[recipe]\nbatch = 8\nlike = 'paper-code'\nkeep_best = true\n");
  ASSERT_TRUE(config) << config.error().message;
  auto recipe = train::RecipeFromJson(config->own.recipe);
  ASSERT_TRUE(recipe) << recipe.error().message;
  train::Recipe expected = train::PaperCodeRecipe();
  expected.batch = 8;
  expected.keep_best = true;
  EXPECT_EQ(*recipe, expected);
  const std::string written = EffectiveToml(Settings({}, {.kept = *config, .asked = {}}));
  EXPECT_NE(written.find("[recipe]"), std::string::npos);
  EXPECT_NE(written.find("keep_best = true"), std::string::npos);
  EXPECT_EQ(Read("[recipe]\nnesterov = false\n")->own.recipe.dump(), "{\"nesterov\":false}");
}

}  // namespace
}  // namespace handlens::pipeline
