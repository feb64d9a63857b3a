// Claims about photographs that come home with a field test: what is refused, what they say of a model, and
// what they are as new pictures.
#include "verify/field_file.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>

#include "verify/sample_field.h"
#include "verify/verify.h"

namespace handlens::verify {
namespace {

namespace fs = std::filesystem;
using sample::Members;
using testing::AllOf;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::Not;
using testing::SizeIs;

#define SKIP_WITHOUT_RUNTIME() \
  if (const auto version = tflite::RuntimeVersion(); !version) GTEST_SKIP() << version.error().message

struct Sent {
  sample::Run run;
  Json record;
  Members members;
};

Sent MakeSent(const std::string& name, int count = 6) {
  Sent sent{sample::MakeRun(name), {}, {}};
  sent.record = sample::PhotographedRecord(sent.run, "aaaa", count, sent.members);
  return sent;
}

std::string Refusal(const Sent& sent, const Members& members) {
  const std::string path = sample::Pack(sent.run, "field.zip", members);
  const auto imported = ImportPhoneRecords(sent.run.folder, std::vector<fs::path>{path});
  if (imported) return "accepted";
  EXPECT_EQ(imported.error().kind, ErrorKind::kBadInput);
  EXPECT_THAT(imported.error().message, HasSubstr("field.zip"));
  EXPECT_FALSE(fs::exists(sent.run.folder / "phones"));
  return imported.error().message;
}

// The members of a good file, changed.
template <class Change>
std::string RefusalOf(const Sent& sent, const Change& change) {
  Members members = sent.members;
  members.insert(members.begin(), {"record.json", sent.record.dump()});
  change(members);
  return Refusal(sent, members);
}

TEST(FieldFile, RefusesWhatNoAppWrites) {
  SKIP_WITHOUT_RUNTIME();
  const Sent sent = MakeSent("field-hostile");
  const auto with = [&](const std::string& name, const std::string& text) {
    return RefusalOf(sent, [&](Members& m) { m.emplace_back(name, text); });
  };
  for (const char* name : {"../evil.jpg", "/etc/passwd", "whole/../../evil.jpg", "seen/1.png", "seen/007.jpg",
                           "whole/1000.jpg", "seen/000.png", "notes.txt"})
    EXPECT_THAT(with(name, "x"), HasSubstr("which no field test has")) << name;
  EXPECT_THAT(RefusalOf(sent, [](Members& m) { m.erase(m.begin()); }), HasSubstr("record.json is missing"));
  EXPECT_THAT(RefusalOf(sent, [](Members& m) { m.erase(m.begin() + 1); }),
              HasSubstr("seen/001.png is missing"));
  EXPECT_THAT(RefusalOf(sent, [](Members& m) { m.erase(m.begin() + 2); }),
              HasSubstr("whole/001.jpg is missing"));
  EXPECT_THAT(RefusalOf(sent, [](Members& m) { m.erase(m.begin() + 1, m.begin() + 3); }),
              HasSubstr("the photograph seen/001.png of the shot of 2026-11-23T08:00:00Z is missing"));
  EXPECT_THAT(with("seen/009.png", "x"), HasSubstr("whole/009.jpg is missing"));
  EXPECT_THAT(RefusalOf(sent,
                        [](Members& m) {
                          m.emplace_back("seen/009.png", m[1].second);
                          m.emplace_back("whole/009.jpg", m[2].second);
                        }),
              HasSubstr("no shot of record.json took the photograph 009"));
  EXPECT_THAT(RefusalOf(sent, [](Members& m) { m[1].second = "not a picture"; }),
              AllOf(HasSubstr("seen/001.png"), HasSubstr("not a PNG picture")));
  EXPECT_THAT(RefusalOf(sent, [](Members& m) { m[1].second = m[2].second; }), HasSubstr("not a PNG picture"));
  EXPECT_THAT(RefusalOf(sent, [](Members& m) { m[2].second = m[1].second; }),
              HasSubstr("whole/001.jpg: not a JPEG picture"));
  EXPECT_THAT(RefusalOf(sent, [](Members& m) { m[2].second.resize(40); }),
              HasSubstr("whole/001.jpg: not a JPEG picture"));
  EXPECT_THAT(RefusalOf(sent,
                        [](Members& m) {
                          const image::Image other = sample::Square(describe::sample::kSizePx + 1, 1, 0);
                          for (size_t i = 1; i < m.size(); i += 2)
                            m[i].second =
                                sample::TextOf(image::EncodePng(other.rgb, other.width, other.height));
                        }),
              HasSubstr("pixels, but the model sees"));
  EXPECT_THAT(RefusalOf(sent, [](Members&) {}), "accepted");
}

TEST(FieldFile, RefusesBombsPasswordsAndNoise) {
  SKIP_WITHOUT_RUNTIME();
  const Sent sent = MakeSent("field-bomb");
  // Many bytes of one kind become few in the archive.
  EXPECT_THAT(RefusalOf(sent, [](Members& m) { m[2].second = std::string(size_t{17} << 20, 'a'); }),
              HasSubstr("whole/001.jpg has 17825792 bytes, too many"));
  EXPECT_THAT(RefusalOf(sent,
                        [](Members& m) {
                          for (int i = 100; i < 109; ++i)
                            m.emplace_back(fmt::format("whole/{}.jpg", i),
                                           std::string(size_t{15} << 20, 'a'));
                        }),
              HasSubstr("too many for a field test"));
  EXPECT_THAT(RefusalOf(sent,
                        [](Members& m) {
                          for (int i = 100; i < 600; ++i) m.emplace_back(fmt::format("whole/{}.jpg", i), "a");
                        }),
              HasSubstr("at most 200 photographs"));
  Members all = sent.members;
  all.insert(all.begin(), {"record.json", sent.record.dump()});
  const std::string secret = sample::Pack(sent.run, "secret.zip", all, "key");
  EXPECT_THAT(ReadPhoneRecord(secret).error().message, HasSubstr("has a password"));
  // The archive says fewer bytes than the member holds: the size in the central directory is made smaller.
  const std::string good = sample::Pack(sent.run, "lies.zip", all);
  std::string bytes = *ReadText(good);
  const size_t directory = bytes.rfind("PK\1\2");
  ASSERT_NE(directory, std::string::npos);
  bytes[directory + 24] = static_cast<char>(bytes[directory + 24] - 1);
  ASSERT_TRUE(WriteFileAtomic(good, bytes));
  EXPECT_FALSE(ReadPhoneRecord(good));
  ASSERT_TRUE(WriteFileAtomic(good, bytes.substr(0, bytes.size() / 2)));
  EXPECT_THAT(ReadPhoneRecord(good).error().message, HasSubstr("cannot be read as a zip file"));
}

TEST(FieldFile, IsARealCamerasRouteWhoseIntervalRespectsSeries) {
  SKIP_WITHOUT_RUNTIME();
  const Sent sent = MakeSent("field-route", 10);
  const std::string zip = sample::PackField(sent.run, "field.zip", sent.record, sent.members);
  const auto imported = ImportPhoneRecords(sent.run.folder, std::vector<fs::path>{zip});
  ASSERT_TRUE(imported) << imported.error().message;
  EXPECT_EQ(imported->at(0).what, "new");
  EXPECT_THAT(imported->at(0).stored, testing::EndsWith(".zip"));
  const auto verdict = VerifyRun({.run = sent.run.folder, .rules = {}}, SilentProgress());
  ASSERT_TRUE(verdict) << verdict.error().message;
  const Route* route = FindRoute(*verdict, "phone-camera");
  ASSERT_NE(route, nullptr);
  EXPECT_EQ(route->status, "done");
  EXPECT_EQ(route->n, 10u);
  EXPECT_EQ(route->correct, 9u);
  EXPECT_EQ(route->groups, 2u);
  EXPECT_EQ(route->computer->max_score_difference, 0);
  EXPECT_EQ(route->computer->label_flips, 0u);
  const Interval plain = Wilson95(9, 10);
  EXPECT_LE(route->ci95.low, plain.low);
  EXPECT_GE(route->ci95.high, plain.high);
  ASSERT_TRUE(verdict->phones.at(0).photographs);
  EXPECT_EQ(verdict->phones[0].photographs->all_differing, 0u);
  const Json record = *ParseJson(*ReadText(sent.run.folder / "verdict.json"), "verdict.json");
  EXPECT_EQ(record["phones"][0]["photographs"]["judged"], 10);
  EXPECT_EQ(record["phones"][0]["photographs"]["series"], 2);
  const auto rule = std::find_if(verdict->rules.begin(), verdict->rules.end(),
                                 [](const RuleResult& r) { return r.rule == "phone-camera"; });
  ASSERT_NE(rule, verdict->rules.end());
  EXPECT_TRUE(rule->passed) << rule->text;
}

TEST(FieldFile, SaysWhereThePhoneComputedSomethingElse) {
  SKIP_WITHOUT_RUNTIME();
  Sent sent = MakeSent("field-differs");
  // The phone says blue of a picture that is plainly green here.
  Json& shot = sent.record["field_test"]["shots"][2];
  shot["scores"] = {0.1, 0.1, 0.8};
  shot["predicted"] = "3 blue, dark";
  const std::string zip = sample::PackField(sent.run, "field.zip", sent.record, sent.members);
  ASSERT_TRUE(ImportPhoneRecords(sent.run.folder, std::vector<fs::path>{zip}));
  const auto verdict = VerifyRun({.run = sent.run.folder, .rules = {}}, SilentProgress());
  ASSERT_TRUE(verdict) << verdict.error().message;
  ASSERT_TRUE(verdict->phones.at(0).photographs);
  const auto& facts = *verdict->phones[0].photographs;
  EXPECT_EQ(facts.all_differing, 1u);
  EXPECT_EQ(facts.differing.at(0).at, "2026-11-23T08:00:02Z");
  const auto rule = std::find_if(verdict->rules.begin(), verdict->rules.end(),
                                 [](const RuleResult& r) { return r.rule == "phone-camera"; });
  ASSERT_NE(rule, verdict->rules.end());
  EXPECT_FALSE(rule->passed);
  EXPECT_THAT(rule->text, HasSubstr("1 of 6 photographs"));
  EXPECT_FALSE(verdict->deployable);
}

TEST(FieldFile, IsNotReplacedByARecordWithoutItsPhotographs) {
  SKIP_WITHOUT_RUNTIME();
  const Sent sent = MakeSent("field-replace");
  const std::string zip = sample::PackField(sent.run, "field.zip", sent.record, sent.members);
  const std::string json = sample::Save(sent.run, "field.json", sent.record);
  const auto stored = [&] { return *ReadStoredRecords(sent.run.folder); };
  ASSERT_TRUE(ImportPhoneRecords(sent.run.folder, std::vector<fs::path>{json}));
  EXPECT_FALSE(stored().at(0).record.photographs);
  ASSERT_TRUE(ImportPhoneRecords(sent.run.folder, std::vector<fs::path>{zip}));
  ASSERT_THAT(stored(), SizeIs(1));  // says all that the other said, and more
  EXPECT_TRUE(stored()[0].record.photographs);
  const auto again = ImportPhoneRecords(sent.run.folder, std::vector<fs::path>{json});
  ASSERT_TRUE(again);
  EXPECT_EQ(again->at(0).what, "already there");
  // With a shot more but without photographs it cannot replace them.
  Json longer = sent.record;
  longer["field_test"]["shots"].push_back(
      sample::FieldTestRecord(sent.run, "aaaa", 1, 1)["field_test"]["shots"][0]);
  ASSERT_TRUE(ImportPhoneRecords(sent.run.folder,
                                 std::vector<fs::path>{sample::Save(sent.run, "longer.json", longer)}));
  EXPECT_THAT(stored(), SizeIs(2));
  const auto verdict = VerifyRun({.run = sent.run.folder, .rules = {}}, SilentProgress());
  ASSERT_TRUE(verdict) << verdict.error().message;
  EXPECT_EQ(verdict->phones.at(0).field_test->shots, 7u);
  EXPECT_EQ(verdict->phones.at(0).photographs->judged, 6u);
}

TEST(ShotSeries, AreOfOneLabelAndAShortTime) {
  const auto shot = [](const char* at, const char* label, int series) {
    PhoneShot s;
    s.at = std::string("2026-11-23T") + at + "Z";
    s.label = label;
    s.series = series;
    return s;
  };
  // Two series of one label within ten minutes; another label in between; the first label an hour later; a
  // long series that goes on after a pause.
  EXPECT_THAT(ShotSeries(std::vector<PhoneShot>{shot("10:00:00", "a", 1), shot("10:00:05", "a", 1),
                                                shot("10:01:00", "b", 2), shot("10:09:00", "a", 3),
                                                shot("11:00:00", "a", 4), shot("11:30:00", "a", 4),
                                                shot("11:30:30.5", "b", 5)}),
              ElementsAre(0, 0, 1, 0, 2, 2, 3));
}

TEST(KeepFieldTest, GivesLabelledPicturesWithAGroupASeries) {
  SKIP_WITHOUT_RUNTIME();
  const Sent sent = MakeSent("field-keep", 10);
  const fs::path folder = sent.run.folder / "added";
  const std::string zip = sample::PackField(sent.run, "my field.zip", sent.record, sent.members);
  const auto name = KeepFieldTest(zip, folder);
  ASSERT_TRUE(name) << name.error().message;
  EXPECT_THAT(*name, testing::StartsWith("my-field-"));
  EXPECT_EQ(*KeepFieldTest(zip, folder), *name);  // again: nothing to do
  const auto added = ReadKeptFieldTest(folder, *name);
  ASSERT_TRUE(added) << added.error().message;
  ASSERT_THAT(added->pictures, SizeIs(10));
  EXPECT_THAT(added->labels, ElementsAre("1 red", "2 green", "3 blue, dark"));
  EXPECT_EQ(added->pictures[0].label, "2 green");
  EXPECT_EQ(added->pictures[0].group, added->pictures[4].group);
  EXPECT_NE(added->pictures[4].group, added->pictures[5].group);
  EXPECT_EQ(*ReadText(added->pictures[3].path), sent.members[7].second);
  const std::string bare =
      sample::PackField(sent.run, "bare.zip", sample::FieldTestRecord(sent.run, "a", 2, 2), {});
  EXPECT_THAT(KeepFieldTest(bare, folder).error().message, HasSubstr("Keep the photographs"));
}

// Added pictures take part in folds as others do, and move with the run.
TEST(KeepFieldTest, IsInspectedWithTheUsersPictures) {
  SKIP_WITHOUT_RUNTIME();
  const Sent sent = MakeSent("field-inspect", 10);
  const fs::path base = sent.run.pictures.parent_path(), own = base / "own", home = base / "home";
  for (int i = 0; i < 12; ++i) {
    const image::Image picture = sample::Square(20 + i, i % 3, 3 * i);
    ASSERT_TRUE(WriteFileAtomic(
        own / std::string(sent.record["labels"][static_cast<size_t>(i % 3)]) / fmt::format("{}.png", i),
        image::EncodePng(picture.rgb, picture.width, picture.height)));
  }
  const std::string zip = sample::PackField(sent.run, "field.zip", sent.record, sent.members);
  const std::string name = *KeepFieldTest(zip, home / "added");
  dataset::InspectOptions options;
  options.pictures = own;
  const std::vector<dataset::AddedPictures> added = {*ReadKeptFieldTest(home / "added", name)};
  const auto inspected = dataset::InspectWith(options, added, SilentProgress());
  ASSERT_TRUE(inspected) << inspected.error().message;
  EXPECT_THAT(inspected->groups_from, HasSubstr("field tests"));
  ASSERT_TRUE(dataset::WriteDataset(home / "dataset.json", *inspected));
  const Json record = *ParseJson(*ReadText(home / "dataset.json"), "dataset.json");
  for (const char* list : {"pictures", "duplicates"}) {
    for (const Json& entry : record[list])
      EXPECT_THAT(entry.value("path", entry.value("path_a", "")), Not(testing::StartsWith("/")));
  }
  const fs::path moved = base / "moved";
  fs::remove_all(moved);
  fs::rename(home, moved);
  const auto read = dataset::ReadDataset(moved / "dataset.json");
  ASSERT_TRUE(read) << read.error().message;
  EXPECT_TRUE(dataset::CheckUnchanged(*read, SilentProgress()));
  size_t from_field = 0;
  for (const dataset::Picture& picture : read->pictures) {
    if (!picture.group.starts_with("field test ")) continue;
    ++from_field;
    EXPECT_THAT(picture.path, testing::StartsWith((moved / "added" / name).string()));
    EXPECT_EQ(read->labels[static_cast<size_t>(picture.label)], "2 green");
  }
  EXPECT_GT(from_field, 0u);
  // An app of other classes.
  std::vector<dataset::AddedPictures> other = {*ReadKeptFieldTest(moved / "added", name)};
  other[0].labels = {"1 red", "oak"};
  const auto refused = dataset::InspectWith(options, other, SilentProgress());
  ASSERT_FALSE(refused);
  EXPECT_THAT(
      refused.error().message,
      HasSubstr("made with an app of other classes: oak is no class here; 2 green, 3 blue, dark are no "
                "class there"));
}

}  // namespace
}  // namespace handlens::verify
