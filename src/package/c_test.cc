// Claims about the packed C: it builds as it stands, and its check can pass and fail.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstdlib>

#include "base/json.h"
#include "describe/describe.h"
#include "describe/sample_models.h"
#include "package/labelled_model.h"
#include "package/package.h"
#include "tflite/tflite.h"

namespace handlens::package {
namespace {

namespace fs = std::filesystem;
using testing::HasSubstr;

FolderRequest MakeRequest(const std::string& name, const Bytes& model,
                          const describe::Description& description = {}) {
  const fs::path folder = fs::path(testing::TempDir()) / ("handlens-c-" + name);
  fs::remove_all(folder);
  EXPECT_TRUE(WriteFileAtomic(folder / "model.tflite",
                              WithLabels(model, {"red", "green \"x\"", "Bl\xc3\xa4u"}, description)));
  const auto rgb = describe::sample::Flat(200, 30, 40, 9);
  EXPECT_TRUE(WriteFileAtomic(folder / "red.png", image::EncodePng(rgb, 9, 9)));
  FolderRequest request;
  request.bundle = {folder / "model.tflite", {}, "Bär @SIDE@", {{folder / "red.png", "red"}}};
  request.out = folder / "out";
  return request;
}

int Make(const fs::path& folder) {
  return std::system(
      fmt::format("CFLAGS='-O1 -Werror' make -s -C {0} check >{0}/log 2>&1", folder.string()).c_str());
}

TEST(PackC, BuildsAsItStandsAndPassesItsCheck) {
  if (std::system("make --version >/dev/null 2>&1 && cc --version >/dev/null 2>&1") != 0)
    GTEST_SKIP() << "no make or no cc";
  const FolderRequest request = MakeRequest("builds", describe::sample::QuantizedModel());
  const auto files = PackC(request);
  ASSERT_TRUE(files) << files.error().message;
  EXPECT_EQ(Make(request.out), 0) << *ReadText(request.out / "log");
  EXPECT_THAT(*ReadText(request.out / "log"), HasSubstr("check passed"));
  // A wrong weight must not pass: another expected score is as good.
  std::string header = *ReadText(request.out / "check.h");
  header.insert(header.find("{0x") + 1, "0.5f + ");
  ASSERT_TRUE(WriteFileAtomic(request.out / "check.h", header));
  EXPECT_NE(Make(request.out), 0);
  EXPECT_THAT(*ReadText(request.out / "log"), HasSubstr("CHECK FAILED"));
}

// The check picture is red, with a score of 200/255.
TEST(PackC, RefersTheClassThatMustNotBeMissed) {
  if (std::system("make --version >/dev/null 2>&1 && cc --version >/dev/null 2>&1") != 0)
    GTEST_SKIP() << "no make or no cc";
  for (const double from : {0.7, 0.9}) {
    describe::Description description;
    description.referral.emplace();
    description.referral->from = from;
    const FolderRequest request =
        MakeRequest(fmt::format("refers-{}", from), describe::sample::QuantizedModel(), description);
    ASSERT_TRUE(PackC(request));
    EXPECT_EQ(Make(request.out), 0) << *ReadText(request.out / "log");
    const std::string said = *ReadText(request.out / "log");
    EXPECT_EQ(said.find("refer to an expert") != std::string::npos, from < 0.78) << said;
  }
}

// The check picture scores 200/255 red, 40/255 blue, 30/255 green.
TEST(PackC, NamesThePossibleClassesWhereItIsNotSure) {
  if (std::system("make --version >/dev/null 2>&1 && cc --version >/dev/null 2>&1") != 0)
    GTEST_SKIP() << "no make or no cc";
  const auto said = [](double from) {
    describe::Description description;
    description.not_sure_below = 0.99;
    description.answering.emplace();
    description.answering->sets.emplace();
    description.answering->sets->from = from;
    const FolderRequest request =
        MakeRequest(fmt::format("possible-{}", from), describe::sample::QuantizedModel(), description);
    EXPECT_TRUE(PackC(request));
    EXPECT_EQ(Make(request.out), 0);
    return *ReadText(request.out / "log");
  };
  EXPECT_THAT(said(0.98), HasSubstr("\nnot sure\n"));
  EXPECT_THAT(said(0.14), HasSubstr("\nnot sure: perhaps red or Bl\xc3\xa4u\n"));
}

TEST(PackC, SaysWhatItTakes) {
  const FolderRequest request = MakeRequest("says", describe::sample::QuantizedModel());
  ASSERT_TRUE(PackC(request));
  const auto record = ReadRecord(request.out / "handlens-c.json", "handlens-c", 1);
  ASSERT_TRUE(record) << record.error().message;
  EXPECT_GT(record->at("arena_bytes").get<int>(), 0);
  EXPECT_THAT(*ReadText(request.out / "README.md"), HasSubstr("| 5 x 5 pixels, RGB"));
}

TEST(PackC, RefusesTheFloatModelByItsOperator) {
  const auto files = PackC(MakeRequest("float", describe::sample::FloatModel()));
  ASSERT_FALSE(files);
  EXPECT_EQ(files.error().kind, ErrorKind::kBadInput);
  EXPECT_THAT(files.error().message, HasSubstr("operator 0, MEAN: works on float32 numbers"));
}

TEST(PackC, NeverReplacesAFolderThatItDidNotMake) {
  const FolderRequest request = MakeRequest("foreign", describe::sample::QuantizedModel());
  ASSERT_TRUE(WriteFileAtomic(request.out / "mine.txt", std::string_view("mine")));
  EXPECT_FALSE(PackC(request));
}

}  // namespace
}  // namespace handlens::package
