// Claims about the chain: a step is fresh exactly as long as nothing it depends on changed, and nothing can
// be exchanged unnoticed.
#include "pipeline/chain.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "pipeline/run_folder.h"
#include "tflite/tflite.h"
#include "verify/phone.h"
#include "verify/sample_phone.h"
#include "verify/sample_run.h"

namespace handlens::pipeline {
namespace {

namespace sample = verify::sample;

namespace fs = std::filesystem;

fs::path FreshRun(const std::string& name) {
  const fs::path run = fs::path(testing::TempDir()) / ("handlens-chain-" + name);
  fs::remove_all(run);
  fs::create_directories(run);
  return run;
}

void Write(const fs::path& path, const std::string& text) { ASSERT_TRUE(WriteFileAtomic(path, text)); }

std::string Why(const fs::path& run, const ChainStep& step) {
  const auto freshness = StepIsFresh(run, step);
  if (!freshness) return freshness.error().message;
  EXPECT_EQ(freshness->fresh, freshness->why.empty());
  return freshness->why;
}

const ChainStep kConvert{"convert", {"weights"}, {"model"}, "options"};
const ChainStep kDescribe{
    "describe", {"model/m.tflite", "names"}, {"model/m.tflite", "model/card"}, "options"};

TEST(Timings, EntriesOfOtherTypesCountForNothing) {
  const fs::path run = FreshRun("timings");
  Write(run / "timings.json",
        R"({"format": "handlens-timings", "version": 1, "steps": [1, null, {"name": 1, "seconds": 2},
            {"name": "search", "seconds": "3"}, {"seconds": 4}, {"name": "search", "seconds": 5.5}]})");
  EXPECT_EQ(SecondsOf(run, "search").value(), 5.5);
  EXPECT_EQ(SecondsOf(run, "split").value(), 0);
}

std::vector<std::string> ChangedNow(const fs::path& run) {
  std::vector<std::string> paths;
  const std::vector<Finding> findings = ChangedFiles(run).value();
  for (const Finding& finding : findings) paths.push_back(finding.path);
  return paths;
}

TEST(Timings, ThatWereChangedByHandAreMarkedAndStaySo) {
  const fs::path run = FreshRun("timings-by-hand");
  Workspace space;
  space.folder = run;
  Write(run / "weights", "w");
  Write(run / "model/m.tflite", "bare");
  ASSERT_TRUE(RecordStep(run, kConvert));
  ASSERT_TRUE(SetSeconds(space, "search", 2));
  EXPECT_THAT(ChangedNow(run), testing::IsEmpty());
  const std::string text = ReadText(run / "timings.json").value();
  Write(run / "timings.json", std::string(text).replace(text.find("2.0"), 3, "1.0"));
  EXPECT_THAT(ChangedNow(run), testing::ElementsAre("timings.json"));
  ASSERT_TRUE(SetSeconds(space, "report", 1));
  EXPECT_THAT(ChangedNow(run), testing::ElementsAre("timings.json"));
  Write(run / "timings.json", "no record");
  EXPECT_THAT(ChangedNow(run), testing::ElementsAre("timings.json"));
}

TEST(RecordStep, HoldsWhatNeedNotComeAboutWhereItDid) {
  const fs::path run = FreshRun("maybe");
  ChainStep step = kConvert;
  step.maybe = {"memory.json"};
  Write(run / "weights", "w");
  Write(run / "model/m.tflite", "bare");
  ASSERT_TRUE(RecordStep(run, step));
  Write(run / "memory.json", "1");
  EXPECT_THAT(ChangedNow(run), testing::IsEmpty());
  ASSERT_TRUE(RecordStep(run, step));
  Write(run / "memory.json", "2");
  EXPECT_THAT(ChangedNow(run), testing::ElementsAre("memory.json"));
  EXPECT_FALSE(StepIsFresh(run, step)->fresh);
}

// weights -> convert -> model/m.tflite -> describe rewrites it.
fs::path TwoSteps(const std::string& name) {
  const fs::path run = FreshRun(name);
  Write(run / "weights", "w");
  Write(run / "names", "n");
  Write(run / "model/m.tflite", "bare");
  EXPECT_TRUE(RecordStep(run, kConvert));
  Write(run / "model/m.tflite", "described");
  Write(run / "model/card", "c");
  EXPECT_TRUE(RecordStep(run, kDescribe));
  return run;
}

TEST(StepIsFresh, WhileNothingChanged) {
  const fs::path run = TwoSteps("fresh");
  EXPECT_EQ(Why(run, kConvert), "");
  EXPECT_EQ(Why(run, kDescribe), "");
}

TEST(ChangedFiles, AreThoseThatNoStepLeftSo) {
  const fs::path run = TwoSteps("by-hand");
  Write(run / "notes.txt", "the user's own, and nobody's business");
  EXPECT_THAT(ChangedFiles(run).value(), testing::IsEmpty());
  Write(run / "model/card", "better");
  fs::remove(run / "names");
  const auto findings = ChangedFiles(run).value();
  ASSERT_EQ(findings.size(), 2u);
  EXPECT_EQ(findings[0].text, "model/card was changed by hand: it is not as handlens left it");
  EXPECT_EQ(findings[1].text, "names is gone");
  fs::remove(run / "chain.json");
  ASSERT_EQ(ChangedFiles(run).value().size(), 1u);
  EXPECT_THAT(ChangedFiles(run).value()[0].text, testing::HasSubstr("chain.json is gone"));
}

TEST(StepIsFresh, NotWhenNeverRunOrWithOtherOptionsOrInputs) {
  const fs::path run = TwoSteps("options");
  EXPECT_EQ(Why(run, {"verify", {}, {}, ""}), "never run");
  ChainStep other = kConvert;
  other.options_sha256 = "others";
  EXPECT_EQ(Why(run, other), "the options changed");
  other = kConvert;
  other.inputs.push_back("names");
  EXPECT_EQ(Why(run, other), "names is new");
  other.inputs = {"names"};
  EXPECT_EQ(Why(run, other), "names is new");
}

TEST(StepIsFresh, NotWhenAnInputOrOutputChanged) {
  const fs::path run = TwoSteps("changed");
  Write(run / "weights", "x");
  EXPECT_EQ(Why(run, kConvert), "weights changed");
  EXPECT_EQ(Why(run, kDescribe), "");
  Write(run / "model/card", "x");
  EXPECT_EQ(Why(run, kDescribe), "model/card changed");
  fs::remove(run / "model/card");
  EXPECT_EQ(Why(run, kDescribe), "model/card is missing");
}

TEST(StepIsFresh, NotWhenWhatItRewroteWasMadeAnew) {
  const fs::path run = TwoSteps("anew");
  Write(run / "model/m.tflite", "bare");  // convert ran again with the same result
  EXPECT_TRUE(RecordStep(run, kConvert));
  EXPECT_EQ(Why(run, kConvert), "");
  EXPECT_EQ(Why(run, kDescribe), "model/m.tflite changed");
}

TEST(RecordStep, RefusesAFileThatIsNotThere) {
  EXPECT_FALSE(RecordStep(FreshRun("gone"), {"s", {"nothing"}, {}, ""}));
}

#define SKIP_WITHOUT_RUNTIME() \
  if (const auto version = tflite::RuntimeVersion(); !version) GTEST_SKIP() << version.error().message

sample::Run RecordedRun(const std::string& name) {
  const sample::Run run = sample::MakeRun("chain-" + name);
  EXPECT_TRUE(RecordStep(run.folder, {"inspect", {}, {"dataset.json"}, ""}));
  EXPECT_TRUE(RecordStep(run.folder, {"split", {"dataset.json"}, {"split.json"}, ""}));
  EXPECT_TRUE(RecordStep(run.folder, {"convert", {"split.json"}, {"model"}, ""}));
  return run;
}

std::vector<std::string> Findings(const sample::Run& run) {
  const auto check = CheckRun(run.folder, 2, SilentProgress());
  EXPECT_TRUE(check) << check.error().message;
  std::vector<std::string> found;
  for (const Finding& f : check->findings) found.push_back(fmt::format("{} {}", FindingName(f.kind), f.path));
  return found;
}

TEST(CheckRun, FindsNothingInAnUntouchedRun) {
  SKIP_WITHOUT_RUNTIME();
  EXPECT_THAT(Findings(RecordedRun("untouched")), testing::ElementsAre());
}

TEST(CheckRun, FindsPicturesThatAreGoneOrChanged) {
  SKIP_WITHOUT_RUNTIME();
  const sample::Run run = RecordedRun("pictures");
  fs::remove(run.pictures / "p01.png");
  Write(run.pictures / "p02.png", "x");
  EXPECT_THAT(Findings(run), testing::ElementsAre("missing p01.png", "changed p02.png"));
}

TEST(CheckRun, FindsAnExchangedModelAnExtraFileAndAStaleStep) {
  SKIP_WITHOUT_RUNTIME();
  const sample::Run run = RecordedRun("models");
  Write(run.folder / "model/wrappers/handlens_classifier.h", "x");
  Write(run.folder / "model/other.tflite", "x");
  Write(run.folder / "split.json", *ReadText(run.folder / "split.json") + "\n");
  EXPECT_TRUE(RecordStep(run.folder, {"split", {"dataset.json"}, {"split.json"}, ""}));
  EXPECT_THAT(Findings(run),
              testing::ElementsAre("stale split.json", "changed model/wrappers/handlens_classifier.h",
                                   "extra model/other.tflite"));
}

// chain.json has the steps in the order in which they were first made; what reads what, the step table knows.
TEST(CheckRun, FollowsTheOrderOfTheStepTable) {
  SKIP_WITHOUT_RUNTIME();
  const sample::Run run = sample::MakeRun("chain-order");
  ASSERT_TRUE(RecordStep(run.folder, {"convert", {"split.json"}, {"model"}, ""}));
  ASSERT_TRUE(RecordStep(run.folder, {"inspect", {}, {"dataset.json"}, ""}));
  ASSERT_TRUE(RecordStep(run.folder, {"split", {"dataset.json"}, {"split.json"}, ""}));
  EXPECT_THAT(Findings(run), testing::IsEmpty());
  Write(run.folder / "split.json", ReadText(run.folder / "split.json").value() + "\n");
  ASSERT_TRUE(RecordStep(run.folder, {"split", {"dataset.json"}, {"split.json"}, ""}));
  EXPECT_THAT(Findings(run), testing::ElementsAre("stale split.json"));
}

TEST(CheckRun, FindsAStepThatTheTableDoesNotHave) {
  SKIP_WITHOUT_RUNTIME();
  const sample::Run run = RecordedRun("strange-step");
  ASSERT_TRUE(RecordStep(run.folder, {"polish", {}, {"split.json"}, ""}));
  EXPECT_THAT(Findings(run), testing::ElementsAre("broken chain.json"));
}

TEST(CheckRun, FindsAModelThatItsOwnRecordDoesNotKnow) {
  SKIP_WITHOUT_RUNTIME();
  const sample::Run run = RecordedRun("forged");
  const auto quantized = ReadFile(run.folder / "model/quantizedmodel.tflite");
  ASSERT_TRUE(WriteFileAtomic(run.folder / "model/folds/fold0.tflite", *quantized));
  // Whoever exchanges a model may record it as if a step had made it; the conversion's record still knows
  // better.
  EXPECT_TRUE(RecordStep(run.folder, {"convert", {"split.json"}, {"model"}, ""}));
  EXPECT_THAT(Findings(run), testing::ElementsAre("broken model"));
}

// A model that is hardly ever right tells nothing of its labels' order: no reason to call an untouched run
// broken.
TEST(CheckRun, WhatIsNotShownIsNoBreak) {
  SKIP_WITHOUT_RUNTIME();
  const sample::Run run = sample::MakeRun("chain-weak");
  const fs::path path = run.folder / "model/description.json";
  Json record = ParseJson(ReadText(path).value(), "").value();
  const auto check_with = [&](bool contradicted) {
    record["proof"] = {{"passed", false}, {"unproven", {"it is not shown that a and b are in order"}}};
    if (contradicted) record["proof"]["contradicted"] = true;
    Write(path, record.dump());
    EXPECT_TRUE(RecordStep(run.folder, {"inspect", {}, {"dataset.json"}, ""}));
    EXPECT_TRUE(RecordStep(run.folder, {"convert", {"split.json"}, {"model"}, ""}));
    return CheckRun(run.folder, 2, SilentProgress()).value();
  };
  const ChainCheck weak = check_with(false);
  EXPECT_THAT(weak.findings, testing::IsEmpty());
  EXPECT_THAT(weak.not_shown, testing::ElementsAre("it is not shown that a and b are in order"));
  const ChainCheck wrong = check_with(true);
  ASSERT_EQ(wrong.findings.size(), 1u);
  EXPECT_EQ(wrong.findings[0].kind, FindingKind::kBroken);
  EXPECT_THAT(wrong.not_shown, testing::IsEmpty());
}

const ChainStep kVerify{"verify", {"dataset.json", "split.json", "model", "phones"}, {}, ""};

TEST(CheckRun, FindsAPhonesRecordOfAModelThatIsGone) {
  SKIP_WITHOUT_RUNTIME();
  const sample::Run run = sample::MakeRun("chain-phone-earlier");
  Json record = sample::SelfCheckRecord(run, "aaaa");
  record["app"]["model_sha256"] = std::string(64, 'c');
  const std::string old = "phones/self-check-old-" + Sha256(record.dump()).substr(0, 8) + ".json";
  ASSERT_TRUE(WriteFileAtomic(run.folder / old, record.dump()));
  ASSERT_TRUE(RecordStep(run.folder, kVerify));
  EXPECT_THAT(Findings(run), testing::ElementsAre("stale " + old));
}

TEST(CheckRun, FindsAPhonesRecordThatWasEditedOrSmuggledIn) {
  SKIP_WITHOUT_RUNTIME();
  const sample::Run run = sample::MakeRun("chain-phone-edited");
  const fs::path source = sample::Save(run, "a.json", sample::FieldTestRecord(run, "aaaa", 20, 4));
  const auto imported = verify::ImportPhoneRecords(run.folder, {&source, 1});
  ASSERT_TRUE(imported);
  ASSERT_TRUE(RecordStep(run.folder, kVerify));
  EXPECT_THAT(Findings(run), testing::IsEmpty());
  Write(run.folder / imported->at(0).stored, sample::FieldTestRecord(run, "aaaa", 20, 20).dump());
  Write(run.folder / "phones/more.json", sample::FieldTestRecord(run, "bbbb", 20, 20).dump());
  EXPECT_THAT(Findings(run), testing::ElementsAre(testing::StartsWith("changed "), "extra phones/more.json",
                                                  testing::StartsWith("broken ")));
}

TEST(CheckRun, RefusesAFolderWithoutAChain) { EXPECT_FALSE(CheckRun(FreshRun("none"), 1, SilentProgress())); }

}  // namespace
}  // namespace handlens::pipeline
