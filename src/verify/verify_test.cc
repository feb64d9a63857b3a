// Claims about verdicts: each rule passes and fails for its own reason, and a whole small run is judged
// rightly with real models in the official runtime.
#include "verify/verify.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>

#include "base/json.h"
#include "verify/sample_run.h"

namespace handlens::verify {
namespace {

using testing::Contains;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::StartsWith;

#define SKIP_WITHOUT_RUNTIME() \
  if (const auto version = tflite::RuntimeVersion(); !version) GTEST_SKIP() << version.error().message

// Two classes; picture i is of class i % 2; the answers are right where `wrong` does not name i.
Route MadeRoute(const std::string& name, int n, const std::vector<int>& wrong) {
  Route route;
  route.name = name;
  route.scope = "out-of-fold";
  for (int i = 0; i < n; ++i) {
    const bool right = std::find(wrong.begin(), wrong.end(), i) == wrong.end();
    route.pictures.push_back(i);
    route.truth.push_back(i % 2);
    const bool first = (i % 2 == 0) == right;
    route.scores.push_back(first ? std::vector<float>{0.9f, 0.1f} : std::vector<float>{0.1f, 0.9f});
  }
  Score(route, 2);
  route.builtin = Compare(route.scores, route.scores, 1e-3);
  return route;
}

std::vector<int> Range(int first, int last, int step = 1) {
  std::vector<int> values;
  for (int i = first; i < last; i += step) values.push_back(i);
  return values;
}

Verdict GoodVerdict() {
  Verdict v;
  v.labels = {"cat", "dog"};
  v.routes = {MadeRoute("computer", 100, Range(0, 10)), MadeRoute("quantized", 100, Range(0, 11))};
  CompareWithBaseline(v.routes[0], v.routes[1]);
  v.engine["folds/fold0.tflite"] = {.n = 100, .max_score_difference = 1e-6};
  v.shipped_bytes = 1000;
  return v;
}

std::vector<std::string> FailedRules(Verdict v, const Rules& rules = {}) {
  Decide(rules, v);
  std::vector<std::string> failed;
  for (const RuleResult& r : v.rules) {
    if (!r.passed) failed.push_back(r.rule);
  }
  EXPECT_EQ(v.deployable, failed.empty());
  EXPECT_EQ(v.reasons.size(), failed.size());
  for (const std::string& reason : v.reasons) EXPECT_THAT(reason, HasSubstr("; try: "));
  return failed;
}

TEST(Decide, DeploysWhatPassesEveryRule) {
  Rules rules;
  rules.max_bytes = 1000;
  EXPECT_THAT(FailedRules(GoodVerdict(), rules), ElementsAre());
}

// The gate is on the file that apps carry, not on the float file.
TEST(Decide, AsksTheShippedFileForTheAccuracy) {
  Rules rules;
  rules.min_accuracy = 0.75;
  EXPECT_THAT(FailedRules(GoodVerdict(), rules), ElementsAre());
  Verdict v = GoodVerdict();
  v.routes[1] = MadeRoute("quantized", 100, Range(0, 18));  // the lower end is 73 %
  EXPECT_THAT(FailedRules(v, rules), Contains("accuracy"));
}

TEST(Decide, RefusesAModelThatTakesMoreMemoryThanAllowed) {
  Rules rules;
  rules.max_memory = 20'000'000;
  Verdict v = GoodVerdict();
  EXPECT_THAT(FailedRules(v, rules), ElementsAre("memory"));  // not measured
  v.memory = Memory{.model = "model/quantizedmodel.tflite", .answer_bytes = 20'000'000};
  EXPECT_THAT(FailedRules(v, rules), ElementsAre());
  v.memory->answer_bytes = 20'000'001;
  EXPECT_THAT(FailedRules(v, rules), ElementsAre("memory"));
  Decide({}, v);
  DecideGates(rules, v);
  EXPECT_FALSE(v.deployable);
}

TEST(Decide, SaysThatPhoneRoutesWereNotRun) {
  Verdict v = GoodVerdict();
  Decide({}, v);
  EXPECT_THAT(v.notes, Contains(HasSubstr("gallery route was not run")));
  EXPECT_THAT(v.notes, Contains(HasSubstr("camera route was not run")));
}

TEST(Decide, AsksForBetterThanGuessing) {
  Verdict v = GoodVerdict();
  v.routes = {MadeRoute("computer", 20, Range(0, 6)),
              MadeRoute("quantized", 20, Range(0, 6))};  // 14 of 20: 48 to 85 %
  EXPECT_THAT(FailedRules(v), ElementsAre("better-than-guessing", "accuracy"));
  Rules rules;
  rules.min_accuracy = 0.4;
  EXPECT_THAT(FailedRules(v, rules), ElementsAre("better-than-guessing"));
}

TEST(Decide, DoesNotTakeLuckWithFewPicturesForAccuracy) {
  Verdict v = GoodVerdict();
  v.routes = {MadeRoute("computer", 20, Range(0, 3)),
              MadeRoute("quantized", 20, Range(0, 3))};  // 17 of 20: 85 %, 64 to 95 %
  EXPECT_THAT(FailedRules(v), ElementsAre("accuracy"));
  v.routes = {MadeRoute("computer", 100, Range(0, 15)),
              MadeRoute("quantized", 100, Range(0, 15))};  // the same share: 77 to 91 %
  EXPECT_THAT(FailedRules(v), ElementsAre());
}

TEST(Decide, AsksForTheMinimumAccuracyAndNamesTheWeakestClass) {
  Verdict v = GoodVerdict();
  v.routes = {MadeRoute("computer", 200, Range(1, 130, 2)), MadeRoute("quantized", 200, Range(1, 130, 2))};
  EXPECT_THAT(FailedRules(v), ElementsAre("accuracy"));
  Decide({}, v);
  EXPECT_THAT(v.reasons[0], HasSubstr("class dog (recall 0.35, n=100)"));
  Rules rules;
  rules.min_accuracy = 0.6;
  EXPECT_THAT(FailedRules(v, rules), ElementsAre());
}

TEST(Decide, NamesAClassThatIsNeverRecognised) {
  Verdict v = GoodVerdict();
  Route route = MadeRoute("computer", 100, {});
  for (size_t i = 0; i < 100; ++i) {
    if (i > 15) route.truth[i] = 0;
    route.scores[i] = {0.9f, 0.1f};
  }
  for (const char* name : {"computer", "quantized"}) {
    route.name = name;
    Score(route, 2);
    v.routes[name == std::string("computer") ? 0 : 1] = route;
  }
  EXPECT_THAT(FailedRules(v), ElementsAre("better-than-guessing", "every-class"));
}

TEST(Decide, AllowsQuantizationToLoseOnlyWhatChanceCould) {
  Verdict v = GoodVerdict();
  Rules rules;
  rules.min_agreement = 0.5;
  v.routes[1] = MadeRoute("quantized", 100, Range(0, 13));  // 3 lost of 100: p = 0.25
  CompareWithBaseline(v.routes[0], v.routes[1]);
  EXPECT_THAT(FailedRules(v, rules), ElementsAre());
  v.routes[1] = MadeRoute("quantized", 100, Range(0, 20));  // 10 lost, none won: p = 0.002
  CompareWithBaseline(v.routes[0], v.routes[1]);
  EXPECT_THAT(FailedRules(v, rules), ElementsAre("quantized"));
  for (const char* method : {"post-training quantization", "quantization-aware training"}) {
    v.quantization = method;
    Decide(rules, v);
    EXPECT_EQ(v.reasons.at(0).find("--quantization aware") != std::string::npos,
              method[0] == 'p');  // what is not yet done
  }
}

TEST(Decide, AsksForAgreementOfQuantizedWithFloat) {
  Verdict v = GoodVerdict();
  v.routes[1] = MadeRoute("quantized", 100, Range(4, 14));  // 4 won, 4 lost: same accuracy, 92 % agreement
  CompareWithBaseline(v.routes[0], v.routes[1]);
  EXPECT_THAT(FailedRules(v), ElementsAre("agreement"));
}

TEST(Decide, AsksThatTheRuntimeEqualsTheEngine) {
  Verdict v = GoodVerdict();
  v.engine["folds/fold0.tflite"].max_score_difference = 0.01;
  EXPECT_THAT(FailedRules(v), ElementsAre("engine"));
  v = GoodVerdict();
  v.engine["folds/fold0.tflite"].flips_beyond_ties = 1;
  EXPECT_THAT(FailedRules(v), ElementsAre("engine"));
  v.engine.clear();
  EXPECT_THAT(FailedRules(v), ElementsAre("engine"));
}

TEST(Decide, AsksThatKernelsAgree) {
  Verdict v = GoodVerdict();
  v.routes[1].builtin->max_score_difference =
      0.2;  // the quantized model's scores may stray, and one answer in a hundred may turn
  EXPECT_TRUE(FailedRules(v).empty());
  v.routes[1].builtin->n = 476;
  v.routes[1].builtin->flips_beyond_ties = 4;
  EXPECT_TRUE(FailedRules(v).empty());
  v.routes[1].builtin->flips_beyond_ties = 5;
  EXPECT_THAT(FailedRules(v), ElementsAre("kernels"));
  v.routes[1].builtin->n = 90;  // of few, one
  v.routes[1].builtin->flips_beyond_ties = 1;
  EXPECT_TRUE(FailedRules(v).empty());
  v.routes[1].builtin->flips_beyond_ties = 2;
  EXPECT_THAT(FailedRules(v), ElementsAre("kernels"));
  v = GoodVerdict();
  v.routes[0].builtin->n = 476;
  v.routes[0].builtin->flips_beyond_ties = 1;
  EXPECT_THAT(FailedRules(v), ElementsAre("kernels"));
  v = GoodVerdict();
  v.routes[0].builtin->max_score_difference = 0.2;
  EXPECT_THAT(FailedRules(v), ElementsAre("kernels"));
}

TEST(Decide, AsksForTheLabelProofTheFilesAndTheSize) {
  Verdict v = GoodVerdict();
  v.label_order_problems = {"class cat: not recognised"};
  v.shipped_file_problems = {"model.tflite is another"};
  Rules rules;
  rules.max_bytes = 999;
  EXPECT_THAT(FailedRules(v, rules), ElementsAre("label-order", "shipped-files", "size"));
  v.label_order_problems = {"model.tflite: a, b", "quantizedmodel.tflite: a, b", "model_fp16.tflite: a, b"};
  Decide(rules, v);
  EXPECT_THAT(v.reasons, Contains(HasSubstr("model.tflite: a, b; and 2 more, which handlens check lists")));
  EXPECT_THAT(v.reasons, Not(Contains(HasSubstr("quantizedmodel"))));
}

TEST(Decide, NeverDeploysWhatWasNotJudged) {
  Verdict v;
  v.labels = {"cat", "dog"};
  EXPECT_THAT(FailedRules(v), Contains("accuracy"));
}

TEST(Compare, CountsAFlipWithinTheToleranceAsATie) {
  const std::vector<std::vector<float>> a = {{0.5f, 0.4999f}, {0.6f, 0.4f}, {}},
                                        b = {{0.4999f, 0.5f}, {0.4f, 0.6f}, {1, 0}};
  const Comparison c = Compare(a, b, 1e-3);
  EXPECT_EQ(c.n, 2u);
  EXPECT_EQ(c.label_flips, 2u);
  EXPECT_EQ(c.flips_beyond_ties, 1u);
  EXPECT_NEAR(c.max_score_difference, 0.2, 1e-6);
}

TEST(Compare, TakesWhatIsNotANumberForADifference) {
  EXPECT_EQ(
      Compare(std::vector<std::vector<float>>{{0.5f, 0.5f}}, std::vector<std::vector<float>>{{0.5f, NAN}}, 1)
          .max_score_difference,
      1);
}

TEST(AddPhoneRoute, RefusesTheCameraBeforeTheGallery) {
  Verdict v = GoodVerdict();
  const auto refused = AddPhoneRoute(MadeRoute("camera", 10, {}), v);
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().kind, ErrorKind::kUsage);
  EXPECT_TRUE(AddPhoneRoute(MadeRoute("gallery", 10, {}), v));
  EXPECT_TRUE(AddPhoneRoute(MadeRoute("camera", 10, {}), v));
  EXPECT_FALSE(AddPhoneRoute(MadeRoute("computer", 10, {}), v));
  EXPECT_EQ(v.routes.size(), 4u);
}

TEST(PredictionsCsv, QuotesWhatACsvReaderWouldSplit) {
  Verdict v;
  v.labels = {"a,b", "say \"x\""};
  v.routes = {MadeRoute("computer", 1, {})};
  v.routes[0].model = "m";
  const std::vector<std::string> paths = {"one, \"two\".png"};
  EXPECT_EQ(PredictionsCsv(v, paths),
            "picture,route,model,label,predicted,\"a,b\",\"say \"\"x\"\"\"\n"
            "\"one, \"\"two\"\".png\",computer,m,\"a,b\",\"a,b\",0.9,0.1\n");
}

TEST(VerifyRun, JudgesAWholeRun) {
  SKIP_WITHOUT_RUNTIME();
  const sample::Run run = sample::MakeRun("whole");
  const auto verdict = VerifyRun({run.folder, {}, 2}, SilentProgress());
  ASSERT_TRUE(verdict) << verdict.error().message;
  EXPECT_THAT(verdict->reasons, ElementsAre());
  EXPECT_TRUE(verdict->deployable);
  const Route* computer = FindRoute(*verdict, "computer");
  ASSERT_NE(computer, nullptr);
  EXPECT_EQ(computer->n, 24u);
  EXPECT_EQ(computer->correct, 23u);  // one green picture is more blue than green
  EXPECT_EQ(FindRoute(*verdict, "quantized-holdout")->n, 6u);
  EXPECT_EQ(FindRoute(*verdict, "gallery")->n, 6u);
  const auto record = ReadRecord(run.folder / "verdict.json", "handlens-verdict", 1);
  ASSERT_TRUE(record);
  EXPECT_EQ(record->at("routes").at(0).at("name"), "computer");
  EXPECT_EQ(record->at("routes").at(0).at("title"), "Float file on the computer");
  EXPECT_EQ(record->at("routes").at(0).at("correct"), 23);
  EXPECT_EQ(record->at("deployable"), true);
  EXPECT_EQ(record->at("quantization"), "post-training quantization");
  const auto read = ReadVerdict(run.folder);
  ASSERT_TRUE(read) << read.error().message;
  EXPECT_EQ(read->json, *record);
  ASSERT_TRUE(describe::WriteModelCard(run.folder / "model", read->json));
  EXPECT_THAT(*ReadText(run.folder / "model" / "modelcard.md"), HasSubstr("23 of 24"));
  const std::string csv = *ReadText(run.folder / "predictions.csv");
  EXPECT_THAT(csv, StartsWith("picture,route,model,label,predicted,1 red,2 green,\"3 blue, dark\"\n"));
  EXPECT_EQ(std::count(csv.begin(), csv.end(), '\n'),
            1 + 2 * 24 + 2 * 6 + 6 + 2 * 24 + 2 * 6);  // by the folds, the finals, the gallery, two cameras
}

TEST(VerifyRun, GivesTheSameRecordsForAnyNumberOfThreads) {
  SKIP_WITHOUT_RUNTIME();
  const sample::Run run = sample::MakeRun("jobs");
  ASSERT_TRUE(VerifyRun({run.folder, {}, 1}, SilentProgress()));
  const std::string verdict = *ReadText(run.folder / "verdict.json"),
                    csv = *ReadText(run.folder / "predictions.csv");
  ASSERT_TRUE(VerifyRun({run.folder, {}, 5}, SilentProgress()));
  EXPECT_EQ(*ReadText(run.folder / "verdict.json"), verdict);
  EXPECT_EQ(*ReadText(run.folder / "predictions.csv"), csv);
}

TEST(VerifyRun, NamesEveryPictureThatChanged) {
  SKIP_WITHOUT_RUNTIME();
  const sample::Run run = sample::MakeRun("changed");
  ASSERT_TRUE(WriteFileAtomic(run.pictures / "p03.png", "not the same"));
  std::filesystem::remove(run.pictures / "p29.png");
  const auto verdict = VerifyRun({run.folder, {}, 2}, SilentProgress());
  ASSERT_FALSE(verdict);
  EXPECT_EQ(verdict.error().kind, ErrorKind::kBadInput);
  EXPECT_THAT(verdict.error().message, HasSubstr("p03.png: changed since it was inspected"));
  EXPECT_THAT(verdict.error().message, HasSubstr("p29.png"));
}

TEST(VerifyRun, DoesNotDeployAFileThatWasExchanged) {
  SKIP_WITHOUT_RUNTIME();
  const sample::Run run = sample::MakeRun("exchanged");
  const auto quantized = ReadFile(run.folder / "model" / "quantizedmodel.tflite");
  ASSERT_TRUE(WriteFileAtomic(run.folder / "model" / "model.tflite", *quantized));
  const auto verdict = VerifyRun({run.folder, {}, 2}, SilentProgress());
  ASSERT_TRUE(verdict) << verdict.error().message;
  EXPECT_FALSE(verdict->deployable);
  EXPECT_THAT(verdict->reasons, Contains(HasSubstr("model.tflite is not the file that was recorded")));
}

TEST(VerifyRun, FindsAFoldModelThatWasScoredOnOtherPictures) {
  SKIP_WITHOUT_RUNTIME();
  const sample::Run run = sample::MakeRun("leak");
  auto record = ReadRecord(run.folder / "model" / "conversion.json", "handlens-conversion", 1);
  ASSERT_TRUE(record);
  for (Json& model : record->at("models")) {
    if (model.at("role") == "fold") model["fold"] = 1 - model.at("fold").get<int>();
  }
  ASSERT_TRUE(WriteRecord(run.folder / "model" / "conversion.json", "handlens-conversion", 1, *record));
  const auto verdict = VerifyRun({run.folder, {}, 2}, SilentProgress());
  ASSERT_TRUE(verdict) << verdict.error().message;
  EXPECT_THAT(verdict->reasons, Contains(HasSubstr("was not scored on the test pictures of its fold")));
}

// Two patients with ten pictures each: one always right, one never.
TEST(Groups, MakeTheIntervalAsWideAsTheyAreFew) {
  dataset::Dataset dataset;
  Route route;
  for (int i = 0; i < 20; ++i) {
    dataset::Picture picture;
    picture.cluster = i / 10;
    dataset.pictures.push_back(picture);
    route.pictures.push_back(i);
    route.truth.push_back(0);
    route.scores.push_back(i < 10 ? std::vector<float>{1, 0} : std::vector<float>{0, 1});
  }
  Score(route, 2);
  const Interval pictures = route.ci95;
  RespectGroups(dataset, route);
  EXPECT_EQ(route.groups, 0u);  // nobody gave groups
  dataset.groups_from = "folders";
  for (dataset::Picture& picture : dataset.pictures)
    picture.group = fmt::format("patient {}", picture.cluster);
  RespectGroups(dataset, route);
  EXPECT_EQ(route.groups, 2u);
  EXPECT_EQ(route.ci95.low, 0);  // both draws may be the same patient
  EXPECT_EQ(route.ci95.high, 1);
  EXPECT_GT(pictures.low, 0.25);
}

}  // namespace
}  // namespace handlens::verify
