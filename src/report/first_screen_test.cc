// The first screen: the verdict, one number, the weakest class, mistakes, what to do next, the files.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/disk.h"
#include "report/fixture.h"
#include "report/sections/sections.h"
#include "verify/words.h"

namespace handlens::report {
namespace {

using fixture::Folder;
using testing::HasSubstr;

TEST(FirstScreen, SaysTheVerdictOneNumberTheWeakestClassThreeMistakesAndWhatToDo) {
  Folder folder;
  Records records = fixture::MakeRecords({.labels = {"Ash", "Beech"}, .pictures_per_class = 40});
  records.run = folder.path();
  records.run_name = "leaves-run";
  fixture::WritePictures(folder.path(), records.dataset);
  records.verdict["summary"] = {
      {"headline", "Failed 1 of 2 checks: Right often enough with a simulated camera"},
      {"caveats", {"One.", "Two.", "Three."}},
      {"weakest", {{"label", "Beech"}, {"n", 40}, {"correct", 31}, {"taken_for", "Ash"}}}};
  const Summary first = MakeSummary(records);
  EXPECT_EQ(first.tone, Tone::kBad);
  EXPECT_EQ(first.headline, "Failed 1 of 2 checks: Right often enough with a simulated camera");
  EXPECT_EQ(first.number.value, "90.7 %") << "of the int8 file, which is what a phone runs";
  EXPECT_THAT(first.number.detail, HasSubstr("78 of 86. The true value plausibly lies between "));
  EXPECT_THAT(first.caveats, testing::SizeIs(3));
  EXPECT_EQ(
      first.weakest,
      "Weakest class: Beech. Of its 40 test pictures, 31 are recognised; it is most often taken for Ash.");
  EXPECT_EQ(first.weakest_pick, "1,");
  ASSERT_THAT(first.mistakes.pictures, testing::SizeIs(3));
  const std::vector<Mistake> mistakes = WorstMistakes(records);
  EXPECT_EQ(first.mistakes.pictures[0].picture, mistakes[0].picture);
  EXPECT_GE(mistakes[0].score, mistakes[1].score);
  EXPECT_EQ(first.next.back().command, "") << "no app of what failed";
  ASSERT_FALSE(first.files.empty());
  EXPECT_EQ(first.files[0].path, "model/quantizedmodel.tflite");
  EXPECT_EQ(first.files[0].size, "12.0 KB");
  records.verdict["deployable"] = true;
  records.run_name = "my leaves";
  EXPECT_EQ(MakeSummary(records).next.back().command, "handlens app 'my leaves'");
  EXPECT_EQ(MakeSummary(records).next.back().command, verify::CommandAfterPass("my leaves"))
      << "as `run` says at its end";
  records.run_name = "leaves-run";
  std::filesystem::create_directories(folder.path() / "apps" / "web");
  EXPECT_EQ(MakeSummary(records).next.back().command, "handlens verify leaves-run --import FILE");
}

TEST(FirstScreen, GivesTheTestFoldersOwnNumberBesideTheFirst) {
  Records records = fixture::MakeRecords({});
  EXPECT_THAT(MakeSummary(records).number.detail, testing::Not(HasSubstr("test folder")));
  records.dataset.test_folder = true;
  records.verdict["routes"].push_back({{"name", "quantized-holdout"},
                                       {"status", "done"},
                                       {"n", 80},
                                       {"correct", 74},
                                       {"accuracy", 0.925},
                                       {"ci95", {0.846, 0.965}}});
  EXPECT_THAT(
      MakeSummary(records).number.detail,
      HasSubstr("Of what your test folder held out: 74 of 80, 92.5 % (95 % interval 84.6 % to 96.5 %)."));
}

TEST(FirstScreen, GivesOneAdviceOnce) {
  Records records = fixture::MakeRecords({});
  records.verdict["rules"] = Json::array();
  for (const char* rule : {"camera", "camera-loss"})
    records.verdict["rules"].push_back({{"rule", rule}, {"passed", false}, {"advice", "more light"}});
  size_t given = 0;
  for (const Summary::Next& next : MakeSummary(records).next)
    given += next.text.find("more light") != std::string::npos ? 1 : 0;
  EXPECT_EQ(given, 1u);
}

TEST(FirstScreen, ShowsTheAnswersOfTheFileThatPhonesRun) {
  Records records = fixture::MakeRecords({.labels = {"Ash", "Beech"}});
  EXPECT_GT(TestAnswers(records).picture.size(), 3u) << "without predictions.csv those of the training";
  const std::string& path = records.dataset.pictures[0].path;
  records.predictions = *ParsePredictions(
      "picture,route,model,label,predicted,Ash,Beech\n" + path + ",computer,m,Ash,Ash,0.9,0.1\n" + path +
          ",quantized,m,Ash,Beech,0.25,0.75\n" + path + ",gallery,m,Ash,Ash,0.8,0.2\n",
      "", records.dataset);
  const Judged answers = TestAnswers(records);
  ASSERT_EQ(answers.picture.size(), 1u);
  EXPECT_EQ(answers.predicted[0], 1);
  EXPECT_FLOAT_EQ(answers.Score(0, 1), 0.75f);
}

}  // namespace
}  // namespace handlens::report
