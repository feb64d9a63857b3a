// Claims about phones' records: what is refused and why, how they are kept, what they do to the verdict. And
// about the routes that the computer itself runs for the phone.
#include "verify/phone.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "verify/sample_phone.h"
#include "verify/verify.h"
#include "verify/words.h"

namespace handlens::verify {
namespace {

using testing::Contains;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::SizeIs;
using testing::StartsWith;

#define SKIP_WITHOUT_RUNTIME() \
  if (const auto version = tflite::RuntimeVersion(); !version) GTEST_SKIP() << version.error().message

std::string Refusal(const sample::Run& run, const Json& record) {
  const auto read = ReadPhoneRecord(sample::Save(run, "record.json", record));
  if (read) return "accepted";
  EXPECT_EQ(read.error().kind, ErrorKind::kBadInput);
  EXPECT_THAT(read.error().message, HasSubstr("record.json"));
  return read.error().message;
}

Result<std::vector<Imported>> Import(const sample::Run& run, const std::filesystem::path& path) {
  return ImportPhoneRecords(run.folder, {&path, 1});
}

std::vector<std::string> Stored(const sample::Run& run) {
  const auto names = ListFolder(run.folder / "phones");
  return names ? *names : std::vector<std::string>();
}

const RuleResult* FindRule(const Verdict& verdict, const std::string& name) {
  for (const RuleResult& rule : verdict.rules) {
    if (rule.rule == name) return &rule;
  }
  return nullptr;
}

TEST(ReadPhoneRecord, TellsWhoSentWhat) {
  SKIP_WITHOUT_RUNTIME();
  const sample::Run run = sample::MakeRun("phone-read");
  const auto record = ReadPhoneRecord(sample::Save(run, "a.json", sample::SelfCheckRecord(run, "aaaa")));
  ASSERT_TRUE(record) << record.error().message;
  EXPECT_EQ(record->title, "Maker One");
  EXPECT_EQ(record->system, "Android 14 (B1)");
  EXPECT_EQ(record->app_version, "1.0");
  ASSERT_TRUE(record->check);
  EXPECT_THAT(record->check->pictures, SizeIs(6));
  EXPECT_FALSE(record->shots);
  const auto other = ReadPhoneRecord(sample::Save(run, "b.json", sample::SelfCheckRecord(run, "bbbb")));
  ASSERT_TRUE(other);
  EXPECT_NE(record->key, other->key);
}

// As apps/ios and apps/flutter write it: no fast kernels, the system in one word, no number of an
// installation.
TEST(ReadPhoneRecord, ReadsThoseOfProjects) {
  SKIP_WITHOUT_RUNTIME();
  const sample::Run run = sample::MakeRun("phone-project");
  Json json = sample::SelfCheckRecord(run, "");
  json["app"].update({{"target", "ios"}, {"path", "builtin"}, {"runtime", "handlens C inference"}});
  json["app"].erase("installation");
  json["phone"] = {{"manufacturer", "Apple"}, {"model", "iPhone16,2"}, {"system", "iOS 26.1"}, {"cores", 6}};
  json["self_check"]["delegate"] = "missing";
  for (Json& picture : json["self_check"]["pictures"]) {
    picture["xnnpack"] = nullptr;
    picture["xnnpack_ok"] = nullptr;
  }
  const auto record = ReadPhoneRecord(sample::Save(run, "ios.json", json));
  ASSERT_TRUE(record) << record.error().message;
  EXPECT_EQ(record->title, "Apple iPhone16,2");
  EXPECT_EQ(record->system, "iOS 26.1");
  EXPECT_EQ(record->kernels, "builtin");
  json["app"]["target"] = "c";  // sends none
  EXPECT_FALSE(ReadPhoneRecord(sample::Save(run, "c.json", json)));
}

TEST(ReadPhoneRecord, PutsNoControlCharactersIntoItsWords) {
  SKIP_WITHOUT_RUNTIME();
  const sample::Run run = sample::MakeRun("phone-words");
  Json record = sample::FieldTestRecord(run, "aaaa", 1, 1);
  std::string letters;
  for (int i = 0; i < 500; ++i) letters += "ä";
  record["phone"]["model"] = "One\x1b[31m\n" + letters;
  const auto read = ReadPhoneRecord(sample::Save(run, "words.json", record));
  ASSERT_TRUE(read) << read.error().message;
  EXPECT_THAT(read->title, StartsWith("Maker One [31m ä"));
  EXPECT_LT(read->title.size(), 200u);
  EXPECT_THAT(read->title, testing::EndsWith("ä..."));
}

TEST(ReadPhoneRecord, RefusesWhatIsNotARecordOrNewer) {
  SKIP_WITHOUT_RUNTIME();
  const sample::Run run = sample::MakeRun("phone-format");
  Json record = sample::SelfCheckRecord(run, "aaaa");
  record["version"] = 2;
  EXPECT_THAT(Refusal(run, record), HasSubstr("written by a newer handlens (version 2, this one reads 1)"));
  record["version"] = 1;
  record["format"] = "handlens-verdict";
  EXPECT_THAT(Refusal(run, record), HasSubstr("not a handlens-phone file"));
  const std::string whole = sample::FieldTestRecord(run, "aaaa", 4, 4).dump();
  const auto path = run.pictures.parent_path() / "cut.json";
  ASSERT_TRUE(WriteFileAtomic(path, whole.substr(0, whole.size() / 2)));
  const auto cut = ReadPhoneRecord(path);
  ASSERT_FALSE(cut);
  EXPECT_THAT(cut.error().message, HasSubstr("cut.json: not valid JSON"));
  Json bare = sample::Facts(run, "aaaa");
  EXPECT_THAT(Refusal(run, bare), HasSubstr("neither a self-check nor a field test"));
  bare.erase("labels");
  EXPECT_THAT(Refusal(run, bare), HasSubstr("labels"));
  EXPECT_THAT(Refusal(run, Json::array()), HasSubstr("not a handlens-phone file"));
}

TEST(ReadPhoneRecord, RefusesASelfCheckThatContradictsItself) {
  SKIP_WITHOUT_RUNTIME();
  const sample::Run run = sample::MakeRun("phone-contradiction");
  const Json good = sample::SelfCheckRecord(run, "aaaa");
  const auto changed = [&](auto change) {
    Json record = good;
    change(record["self_check"]);
    return Refusal(run, record);
  };
  EXPECT_EQ(Refusal(run, good), "accepted");
  const char* const green = "called green although something in it failed";
  EXPECT_THAT(changed([](Json& c) { c["pictures"][2]["xnnpack_ok"] = false; }), HasSubstr(green));
  EXPECT_THAT(changed([](Json& c) { c["model_intact"] = false; }), HasSubstr(green));
  EXPECT_THAT(changed([](Json& c) { c["golden"]["differing_bytes"] = 3; }), HasSubstr(green));
  EXPECT_THAT(changed([](Json& c) { c["golden"]["equal"] = 199; }), HasSubstr(green));
  EXPECT_THAT(changed([](Json& c) { c["golden"]["equal"] = 209; }), HasSubstr("do not add up"));
  EXPECT_THAT(changed([](Json& c) { c["pictures"][1] = c["pictures"][0]; }), HasSubstr("stands twice"));
  EXPECT_THAT(changed([](Json& c) {
                c["pictures"][1]["xnnpack"] = {0.5, 0.5};
              }),
              HasSubstr("not one score a label"));
  EXPECT_THAT(changed([](Json& c) {
                c["pictures"][1]["xnnpack"] = {0.5, 0.5, nullptr};
              }),
              HasSubstr("without scores"));
  EXPECT_THAT(changed([](Json& c) { c["pictures"][1]["label"] = "4 grey"; }),
              HasSubstr("none of the labels"));
  EXPECT_THAT(changed([](Json& c) { c["delegate"] = "perhaps"; }), HasSubstr("the delegate is 'perhaps'"));
}

TEST(ReadPhoneRecord, RefusesFactsThatNoPhoneHas) {
  SKIP_WITHOUT_RUNTIME();
  const sample::Run run = sample::MakeRun("phone-facts");
  const auto changed = [&](auto change) {
    Json record = sample::SelfCheckRecord(run, "aaaa");
    change(record);
    return Refusal(run, record);
  };
  EXPECT_THAT(changed([](Json& r) { r["phone"]["cores"] = -3; }),
              HasSubstr("phone.cores is -3, no number from 1 to 1024"));
  EXPECT_THAT(changed([](Json& r) { r["phone"]["cores"] = "many"; }), HasSubstr("phone.cores is \"many\""));
  EXPECT_THAT(changed([](Json& r) { r["app"]["version_code"] = int64_t{1} << 40; }),
              HasSubstr("app.version_code is 1099511627776"));
  EXPECT_THAT(changed([](Json& r) { r["phone"]["sdk"] = 1e308; }), HasSubstr("phone.sdk is 1e+308"));
  EXPECT_THAT(changed([](Json& r) { r["made_at"] = "9999-11-23T10:00:00Z"; }), HasSubstr("made_at is '9999"));
  EXPECT_EQ(changed([](Json& r) { r["phone"].erase("cores"); }), "accepted");
  EXPECT_EQ(changed([](Json& r) { r["phone"]["cores"] = nullptr; }), "accepted");
}

TEST(ReadPhoneRecord, RefusesImpossibleNumbersOfASelfCheck) {
  SKIP_WITHOUT_RUNTIME();
  const sample::Run run = sample::MakeRun("phone-impossible-check");
  const Json good = sample::SelfCheckRecord(run, "aaaa");
  const auto changed = [&](auto change) {
    Json record = good;
    change(record["self_check"]);
    return Refusal(run, record);
  };
  EXPECT_THAT(changed([](Json& c) { c["golden"]["differing_bytes"] = -1; }), HasSubstr("impossible"));
  EXPECT_THAT(changed([](Json& c) { c["golden"]["count"] = 1e308; }), HasSubstr("impossible"));
  EXPECT_THAT(changed([](Json& c) {
                c["golden"]["equal"] = 18446744073709551615u;  // with 209 it wraps round to the count
                c["golden"]["within_bound"] = 209;
              }),
              HasSubstr("impossible"));
  EXPECT_THAT(changed([](Json& c) { c["golden"]["largest_jpeg_difference"] = 256; }),
              HasSubstr("not 0 to 255 levels"));
  EXPECT_THAT(changed([](Json& c) { c["golden"]["largest_jpeg_difference"] = -3; }),
              HasSubstr("not 0 to 255 levels"));
  EXPECT_THAT(changed([](Json& c) { c["pictures"][1]["xnnpack"][0] = 1e308; }),
              HasSubstr("not between 0 and 1"));
  EXPECT_THAT(changed([](Json& c) { c["pictures"][1]["xnnpack"][0] = -5; }),
              HasSubstr("not between 0 and 1"));
  EXPECT_THAT(changed([](Json& c) { c["pictures"][1]["computer"][0] = 1e300; }),
              HasSubstr("score of the computer"));
  EXPECT_THAT(changed([](Json& c) { c["pictures"][1]["computer"][0] = nullptr; }),
              HasSubstr("score of the computer"));
  Json undated = good;
  undated["made_at"] = "2026-13-23T10:00:00Z";
  EXPECT_THAT(Refusal(run, undated), HasSubstr("no time such as"));
}

TEST(ImportPhoneRecords, RefusesAGreenSelfCheckOfNoPictures) {
  SKIP_WITHOUT_RUNTIME();
  const sample::Run run = sample::MakeRun("phone-no-pictures");
  Json record = sample::SelfCheckRecord(run, "aaaa");
  record["self_check"]["pictures"] = Json::array();
  const auto imported = Import(run, sample::Save(run, "empty.json", record));
  ASSERT_FALSE(imported);
  EXPECT_EQ(imported.error().kind, ErrorKind::kBadInput);
  EXPECT_THAT(imported.error().message,
              HasSubstr("empty.json: its self-check looked at no picture, but the run held out 6"));
  EXPECT_THAT(Stored(run), IsEmpty());
}

TEST(ReadPhoneRecord, RefusesAShotThatCannotBe) {
  SKIP_WITHOUT_RUNTIME();
  const sample::Run run = sample::MakeRun("phone-shot");
  const Json good = sample::FieldTestRecord(run, "aaaa", 4, 4);
  const auto changed = [&](auto change) {
    Json record = good;
    change(record["field_test"]["shots"][3]);
    return Refusal(run, record);
  };
  EXPECT_EQ(Refusal(run, good), "accepted");
  EXPECT_THAT(changed([](Json& s) { s["predicted"] = "1 red"; }),
              HasSubstr("shot 4: '1 red' has not the highest score"));
  EXPECT_THAT(changed([](Json& s) { s["label"] = "purple"; }), HasSubstr("'purple' is none of the labels"));
  EXPECT_THAT(changed([](Json& s) { s["distance"] = "far"; }), HasSubstr("the distance is 'far'"));
  EXPECT_THAT(changed([](Json& s) { s["place"] = "left"; }), HasSubstr("the place is 'left'"));
  EXPECT_THAT(changed([](Json& s) { s["background"] = "red"; }), HasSubstr("the background is 'red'"));
  EXPECT_THAT(changed([](Json& s) { s["scores"] = {0.1, nullptr, 0.2}; }), HasSubstr("not a number"));
  EXPECT_THAT(changed([](Json& s) { s["scores"] = {0.1, 7.5, 0.2}; }), HasSubstr("not between 0 and 1"));
  EXPECT_THAT(changed([](Json& s) { s["scores"] = {0.1, 1e308, 0.2}; }), HasSubstr("not a number"));
  EXPECT_THAT(changed([](Json& s) { s["milliseconds"] = 1e308; }),
              HasSubstr("not between 0 and ten minutes"));
  EXPECT_THAT(changed([](Json& s) { s["milliseconds"] = -1; }), HasSubstr("not between 0 and ten minutes"));
  EXPECT_THAT(changed([](Json& s) { s["series"] = 0; }), HasSubstr("not a number from 1"));
  EXPECT_THAT(changed([](Json& s) { s["series"] = 1e300; }), HasSubstr("not a number from 1"));
  EXPECT_THAT(changed([](Json& s) { s["at"] = "yesterday"; }), HasSubstr("'yesterday' is no time"));
  EXPECT_THAT(changed([](Json& s) { s["at"] = "2026-11-23T25:00:00Z"; }), HasSubstr("is no time"));
  EXPECT_THAT(changed([](Json& s) { s["series"] = 0; }), HasSubstr("not a number from 1"));
  EXPECT_THAT(changed([](Json& s) { s.erase("camera"); }), HasSubstr("camera"));
}

TEST(ImportPhoneRecords, RefusesAnotherRunsRecord) {
  SKIP_WITHOUT_RUNTIME();
  const sample::Run run = sample::MakeRun("phone-other");
  const auto refusal = [&](const Json& record) {
    const auto imported = Import(run, sample::Save(run, "other.json", record));
    return imported ? "accepted" : imported.error().message;
  };
  Json record = sample::SelfCheckRecord(run, "aaaa");
  record["app"]["model_sha256"] = std::string(64, 'a');
  EXPECT_THAT(refusal(record), HasSubstr("none of this run's models; is it another run's"));
  record = sample::SelfCheckRecord(run, "aaaa");
  record["self_check"]["pictures"][0]["sha256"] = std::string(64, 'b');
  EXPECT_THAT(refusal(record), HasSubstr("not among the run's held-out pictures"));
  record = sample::SelfCheckRecord(run, "aaaa");
  record["self_check"]["pictures"][0]["label"] = "2 green";
  EXPECT_THAT(refusal(record), HasSubstr("is called 2 green, but it is 1 red"));
  record = sample::FieldTestRecord(run, "aaaa", 2, 2);
  record["labels"] = {"2 green", "1 red", "3 blue, dark"};
  for (Json& shot : record["field_test"]["shots"]) shot["scores"] = {0.8, 0.1, 0.1};
  EXPECT_THAT(refusal(record), HasSubstr("its labels (2 green, 1 red, 3 blue, dark) are not the run's"));
  EXPECT_THAT(Stored(run), IsEmpty());
}

TEST(ImportPhoneRecords, RefusesAShotSentTwiceAndAFieldTestWithoutShots) {
  SKIP_WITHOUT_RUNTIME();
  const sample::Run run = sample::MakeRun("phone-twice");
  Json record = sample::FieldTestRecord(run, "aaaa", 2, 2);
  EXPECT_EQ(Refusal(run, record), "accepted");
  record["field_test"]["shots"].push_back(record["field_test"]["shots"][0]);
  EXPECT_THAT(Refusal(run, record), HasSubstr("one shot, sent twice"));
  record["field_test"]["shots"] = Json::array();
  EXPECT_THAT(Refusal(run, record), HasSubstr("neither a self-check nor a field test"));
}

TEST(ImportPhoneRecords, KeepsEachThingOnce) {
  SKIP_WITHOUT_RUNTIME();
  const sample::Run run = sample::MakeRun("phone-once");
  const auto what = [&](const Json& record) {
    const auto imported = Import(run, sample::Save(run, "once.json", record));
    return imported ? imported->at(0).what : imported.error().message;
  };
  Json check = sample::SelfCheckRecord(run, "aaaa");
  EXPECT_EQ(what(check), "new");
  EXPECT_EQ(what(check), "already there");
  check["made_at"] = "2026-11-23T09:00:00Z";
  EXPECT_EQ(what(check), "already there") << "an older one";
  check["made_at"] = "2026-11-24T09:00:00Z";
  EXPECT_THAT(what(check), StartsWith("in place of phones/self-check-"));
  EXPECT_EQ(what(sample::FieldTestRecord(run, "aaaa", 4, 4)), "new");
  EXPECT_THAT(what(sample::FieldTestRecord(run, "aaaa", 8, 8)), StartsWith("in place of phones/field-test-"))
      << "has the first four shots, too";
  EXPECT_EQ(what(sample::FieldTestRecord(run, "aaaa", 2, 2)), "already there");
  EXPECT_EQ(what(sample::SelfCheckRecord(run, "bbbb")), "new") << "another phone";
  EXPECT_THAT(Stored(run), SizeIs(3));
}

TEST(ImportPhoneRecords, TakesAFolderWhollyOrNotAtAll) {
  SKIP_WITHOUT_RUNTIME();
  const sample::Run run = sample::MakeRun("phone-folder");
  sample::Save(run, "a.json", sample::SelfCheckRecord(run, "aaaa"));
  Json bad = sample::FieldTestRecord(run, "aaaa", 4, 4);
  bad["app"]["target"] = "toaster";
  sample::Save(run, "b.json", bad);
  const auto folder = run.pictures.parent_path() / "sent";
  EXPECT_FALSE(Import(run, folder));
  EXPECT_THAT(Stored(run), IsEmpty());
  sample::Save(run, "b.json", sample::FieldTestRecord(run, "aaaa", 4, 4));
  const std::vector<std::filesystem::path> both = {folder / "a.json", folder / "missing.json"};
  EXPECT_FALSE(ImportPhoneRecords(run.folder, both));
  EXPECT_THAT(Stored(run), IsEmpty());
  EXPECT_THAT(*Import(run, folder), SizeIs(2));
  EXPECT_FALSE(Import(run, run.folder / "model" / "wrappers")) << "no .json in it";
}

TEST(VerifyRun, RunsTheGalleryAndTheSimulatedCamera) {
  SKIP_WITHOUT_RUNTIME();
  const sample::Run run = sample::MakeRun("phone-gallery");
  const auto verdict = VerifyRun({run.folder, {}, 2}, SilentProgress());
  ASSERT_TRUE(verdict) << verdict.error().message;
  const Route* gallery = FindRoute(*verdict, "gallery");
  ASSERT_EQ(gallery->status, "done");
  EXPECT_EQ(gallery->model, "model/quantizedmodel.tflite");
  EXPECT_EQ(gallery->n, 6u);
  EXPECT_EQ(gallery->differing_inputs, 0u);
  EXPECT_EQ(gallery->computer->n, 6u);
  EXPECT_EQ(gallery->computer->max_score_difference, 0);
  EXPECT_EQ(gallery->predicted, FindRoute(*verdict, "quantized-holdout")->predicted);
  const Route* camera = FindRoute(*verdict, "camera");
  ASSERT_EQ(camera->status, "done");
  EXPECT_EQ(camera->scope, "out-of-fold, simulated");
  EXPECT_THAT(verdict->notes, Contains(HasSubstr("simulated camera: ")));
  const RuleResult* rule = FindRule(*verdict, "gallery");
  ASSERT_NE(rule, nullptr);
  EXPECT_TRUE(rule->passed) << rule->text;
  EXPECT_EQ(FindRule(*verdict, "phone-self-check"), nullptr) << "no phone sent anything";
}

TEST(VerifyRun, DoesNotTryTheCameraWhenTheGalleryFailed) {
  SKIP_WITHOUT_RUNTIME();
  const sample::Run run = sample::MakeRun("phone-order");
  // The hold-out's pictures are labelled wrongly from here on: nothing that the model says of them is right.
  auto dataset = dataset::ReadDataset(run.folder / "dataset.json");
  ASSERT_TRUE(dataset);
  for (size_t i = 24; i < 30; ++i) dataset->pictures[i].label = (dataset->pictures[i].label + 1) % 3;
  ASSERT_TRUE(dataset::WriteDataset(run.folder / "dataset.json", *dataset));
  ASSERT_TRUE(split::WriteSplit(run.folder / "split.json", *dataset, sample::MakeFolds()));
  const auto verdict = VerifyRun({run.folder, {}, 2}, SilentProgress());
  ASSERT_TRUE(verdict) << verdict.error().message;
  EXPECT_EQ(FindRoute(*verdict, "gallery")->correct, 0u);
  EXPECT_FALSE(FindRule(*verdict, "gallery")->passed);
  EXPECT_EQ(FindRoute(*verdict, "camera")->status, "not run");
  EXPECT_THAT(verdict->notes, Contains(HasSubstr("because the gallery route failed")));
  EXPECT_THAT(verdict->reasons, Contains(StartsWith("gallery: ")));
}

TEST(VerifyRun, TakesPhonesIntoTheVerdict) {
  SKIP_WITHOUT_RUNTIME();
  const sample::Run run = sample::MakeRun("phone-verdict");
  ASSERT_TRUE(Import(run, sample::Save(run, "a.json", sample::SelfCheckRecord(run, "aaaa"))));
  ASSERT_TRUE(Import(run, sample::Save(run, "b.json", sample::FieldTestRecord(run, "aaaa", 20, 18))));
  Json web = sample::FieldTestRecord(run, "", 10, 9);
  web["app"]["target"] = "web";
  web["phone"] = {{"model", "Anna's phone"}, {"browser", "Safari 18"}, {"cores", 6}};
  ASSERT_TRUE(Import(run, sample::Save(run, "c.json", web)));
  const auto verdict = VerifyRun({run.folder, {}, 2}, SilentProgress());
  ASSERT_TRUE(verdict) << verdict.error().message;
  EXPECT_THAT(verdict->reasons, IsEmpty());
  ASSERT_THAT(verdict->phones, SizeIs(2));
  EXPECT_EQ(verdict->phones[0].title, "Anna's phone");
  EXPECT_EQ(verdict->phones[1].title, "Maker One");
  EXPECT_THAT(verdict->phones[1].files, SizeIs(2));
  const Route* check = FindRoute(*verdict, "phone-self-check-2");
  ASSERT_NE(check, nullptr);
  EXPECT_EQ(check->n, 6u);
  EXPECT_EQ(check->computer->max_score_difference, 0);
  EXPECT_EQ(RouteTitle(*verdict, *check), "Self-check on Maker One");
  const Route* field = FindRoute(*verdict, "phone-field-test-2");
  ASSERT_NE(field, nullptr);
  EXPECT_EQ(RouteTitle(*verdict, *field), "Field test with Maker One");
  EXPECT_EQ(field->correct, 18u);
  EXPECT_EQ(field->n, 20u);
  EXPECT_EQ(field->conditions[0].facts[0], (std::pair<std::string, std::string>("distance", "fills")));
  EXPECT_EQ(field->conditions[0].correct, 9u);
  EXPECT_EQ(field->conditions[1].correct, 9u);
  EXPECT_EQ(FindRoute(*verdict, "phone-field-test")->n, 10u);
  const auto record = ReadRecord(run.folder / "verdict.json", "handlens-verdict", 1);
  ASSERT_TRUE(record);
  EXPECT_EQ(record->at("phones").at(1).at("self_check").at("ok"), true);
  EXPECT_EQ(record->at("phones").at(1).at("field_test").at("shots"), 20);
}

TEST(VerifyRun, TakesOneInstallationForOnePhoneThoughItIsNamedInOneRecordOnly) {
  SKIP_WITHOUT_RUNTIME();
  const sample::Run run = sample::MakeRun("phone-named");
  Json check = sample::SelfCheckRecord(run, "aaaa"), field = sample::FieldTestRecord(run, "aaaa", 4, 4);
  for (Json* record : {&check, &field}) {
    (*record)["app"]["target"] = "web";
    (*record)["phone"] = {
        {"model", record == &check ? "" : "Anna's phone"}, {"browser", "Safari 18"}, {"cores", 6}};
  }
  ASSERT_TRUE(Import(run, sample::Save(run, "a.json", check)));
  ASSERT_TRUE(Import(run, sample::Save(run, "b.json", field)));
  const auto verdict = VerifyRun({run.folder, {}, 2}, SilentProgress());
  ASSERT_TRUE(verdict);
  ASSERT_THAT(verdict->phones, SizeIs(1));
  EXPECT_EQ(verdict->phones[0].title, "Anna's phone");
  EXPECT_TRUE(verdict->phones[0].self_check && verdict->phones[0].field_test);
}

TEST(VerifyRun, CountsAShotOnceThoughTwoRecordsHoldIt) {
  SKIP_WITHOUT_RUNTIME();
  const sample::Run run = sample::MakeRun("phone-twice");
  Json first = sample::FieldTestRecord(run, "aaaa", 10, 10),
       second = sample::FieldTestRecord(run, "aaaa", 14, 14);
  first["field_test"]["shots"][0]["at"] =
      "2026-11-22T09:00:00Z";  // only here, so that neither holds the other
  ASSERT_TRUE(Import(run, sample::Save(run, "a.json", first)));
  ASSERT_TRUE(Import(run, sample::Save(run, "b.json", second)));
  EXPECT_THAT(Stored(run), SizeIs(2));
  const auto verdict = VerifyRun({run.folder, {}, 2}, SilentProgress());
  ASSERT_TRUE(verdict);
  EXPECT_EQ(FindRoute(*verdict, "phone-field-test")->n, 15u);
}

TEST(VerifyRun, DoesNotDeployOnARedSelfCheckOrABadFieldTest) {
  SKIP_WITHOUT_RUNTIME();
  const sample::Run run = sample::MakeRun("phone-red");
  Json red = sample::SelfCheckRecord(run, "aaaa");
  red["self_check"]["ok"] = false;
  red["self_check"]["golden"]["equal"] = 198;
  red["self_check"]["golden"]["failed"] = {"yuv 7", "yuv 8"};
  ASSERT_TRUE(Import(run, sample::Save(run, "a.json", red)));
  ASSERT_TRUE(Import(run, sample::Save(run, "b.json", sample::FieldTestRecord(run, "aaaa", 20, 4))));
  const auto verdict = VerifyRun({run.folder, {}, 2}, SilentProgress());
  ASSERT_TRUE(verdict) << verdict.error().message;
  EXPECT_FALSE(verdict->deployable);
  EXPECT_THAT(verdict->reasons,
              ElementsAre(AllOf(StartsWith("phone-self-check: Maker One"),
                                HasSubstr("2 golden vectors failed"), HasSubstr("; try: ")),
                          AllOf(StartsWith("phone-field-test: "), HasSubstr("4 of 20 shots"),
                                HasSubstr("worst at"), HasSubstr("; try: "))));
}

TEST(VerifyRun, FindsAPhoneWhoseScoresAreNotTheComputers) {
  SKIP_WITHOUT_RUNTIME();
  const sample::Run run = sample::MakeRun("phone-scores");
  Json record = sample::SelfCheckRecord(run, "aaaa");
  record["self_check"]["pictures"][0]["computer"] = {0.0, 0.9,
                                                     0.1};  // a record may say anything of the computer
  record["self_check"]["pictures"][0]["xnnpack"] = {0.0, 0.9, 0.1};
  ASSERT_TRUE(Import(run, sample::Save(run, "a.json", record)));
  const auto verdict = VerifyRun({run.folder, {}, 2}, SilentProgress());
  ASSERT_TRUE(verdict) << verdict.error().message;
  EXPECT_EQ(FindRoute(*verdict, "phone-self-check")->computer->flips_beyond_ties, 1u);
  EXPECT_THAT(verdict->reasons, ElementsAre(StartsWith("phone-self-check: ")));
}

TEST(VerifyRun, LeavesARecordOfAnEarlierModelOut) {
  SKIP_WITHOUT_RUNTIME();
  const sample::Run run = sample::MakeRun("phone-earlier");
  Json record = sample::SelfCheckRecord(run, "aaaa");
  record["app"]["model_sha256"] = std::string(64, 'c');
  const std::string old = "phones/self-check-old-" + Sha256(record.dump()).substr(0, 8) + ".json";
  ASSERT_TRUE(WriteFileAtomic(run.folder / old, record.dump()));
  const auto verdict = VerifyRun({run.folder, {}, 2}, SilentProgress());
  ASSERT_TRUE(verdict) << verdict.error().message;
  EXPECT_THAT(verdict->phones, IsEmpty());
  EXPECT_THAT(verdict->notes, Contains(HasSubstr(old + " is about a model that this run no longer has")));
}

TEST(VerifyRun, RefusesAPhonesRecordThatWasEdited) {
  SKIP_WITHOUT_RUNTIME();
  const sample::Run run = sample::MakeRun("phone-edited");
  const auto imported = Import(run, sample::Save(run, "a.json", sample::FieldTestRecord(run, "aaaa", 20, 4)));
  ASSERT_TRUE(imported);
  ASSERT_TRUE(WriteFileAtomic(run.folder / imported->at(0).stored,
                              sample::FieldTestRecord(run, "aaaa", 20, 20).dump()));
  const auto verdict = VerifyRun({run.folder, {}, 2}, SilentProgress());
  ASSERT_FALSE(verdict) << "an edited record is no evidence";
  EXPECT_THAT(verdict.error().message, HasSubstr("not as it was imported"));
}

}  // namespace
}  // namespace handlens::verify
