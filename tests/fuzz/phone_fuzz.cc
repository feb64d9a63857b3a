// Whatever text comes as a phone's record: a record that keeps the promises of verify/phone.h, or an error.
// An even first byte takes it as a record, an odd one as a field test's zip with it as record.json and the
// rest as members.
#include <cmath>

#include "fuzz.h"
#include "package/zip.h"
#include "verify/field_file.h"
#include "verify/phone.h"
#include "verify/sample_record.h"

namespace {

using namespace handlens;

const std::string kHash(64, 'a'), kPicture(64, 'b');

Json Facts(const char* target) {
  return verify::sample::RecordFacts(target, "aaaa", kHash, {"red", "green"});
}

std::string SelfCheck() {
  Json record = Facts("android");
  record["self_check"] = {{"ok", true},
                          {"model_intact", true},
                          {"golden", verify::sample::GoldenFacts()},
                          {"delegate", "used"},
                          {"pictures",
                           {{{"sha256", kPicture},
                             {"label", "red"},
                             {"input_equal", true},
                             {"computer", {0.9, 0.1}},
                             {"builtin", {0.9, 0.1}},
                             {"xnnpack", {0.9, 0.1}},
                             {"builtin_ok", true},
                             {"xnnpack_ok", true}}}}};
  return record.dump();
}

std::string FieldTest() {
  Json record = Facts("web");
  record["phone"] = {{"model", nullptr}, {"browser", "Firefox"}, {"system", "Android"}};
  for (int i = 1; i <= 2; ++i) {
    record["field_test"]["shots"].push_back({{"series", i},
                                             {"at", "2026-11-23T11:00:00.5Z"},
                                             {"camera", "back"},
                                             {"label", "green"},
                                             {"distance", "fills"},
                                             {"place", "centre"},
                                             {"background", "plain"},
                                             {"predicted", "green"},
                                             {"not_sure", false},
                                             {"scores", {0.2, 0.8}},
                                             {"milliseconds", 12.5},
                                             {"picture", i}});
  }
  return record.dump();
}

const fuzz::Seeds& SomeRecords() {
  static const fuzz::Seeds seeds = [] {
    fuzz::Seeds some;
    for (const std::string& text : {SelfCheck(), FieldTest()}) {
      for (const char first : {'0', '1'}) some.push_back(first + text);
    }
    return some;
  }();
  return seeds;
}

void CheckScores(const std::vector<float>& scores, size_t labels, bool may_be_nan) {
  HL_CHECK(scores.empty() || scores.size() == labels);
  for (const float score : scores)
    HL_CHECK((may_be_nan && std::isnan(score)) || (score > -0.1f && score < 1.1f));
}

void CheckRecord(const verify::PhoneRecord& record) {
  HL_CHECK(record.check || record.shots);
  HL_CHECK(record.key.size() == 16 && !record.title.empty() && record.title.size() < 200);
  if (record.check) {
    for (const verify::PhonePicture& picture : record.check->pictures) {
      CheckScores(picture.computer, record.labels.size(), false);
      CheckScores(picture.scores, record.labels.size(), true);
    }
  }
  if (!record.shots) return;
  for (const verify::PhoneShot& shot : *record.shots) {
    CheckScores(shot.scores, record.labels.size(), false);
    HL_CHECK(shot.milliseconds >= 0 && shot.milliseconds < 1e6 && shot.picture >= 0 && shot.picture < 1000);
  }
  HL_CHECK(verify::ShotSeries(*record.shots).size() == record.shots->size());
}

const std::string& Png() {
  static const std::string png = fuzz::SourceFile("src/image/testdata/camera/plain.png");
  return png;
}

const std::string& Jpeg() {
  static const std::string jpeg = [] {
    const Bytes bytes = image::EncodeJpeg(std::vector<uint8_t>(16 * 16 * 3, 90), 16, 16, 80);
    return fuzz::Text(bytes);
  }();
  return jpeg;
}

// Good members, or such as the last bytes of the input say.
std::string ZipOf(std::string_view text) {
  std::vector<package::ZipEntry> entries = {package::StoredEntry("record.json", fuzz::BytesOf(text))};
  const unsigned char last = text.empty() ? 0 : static_cast<unsigned char>(text.back());
  const auto add = [&](const std::string& name, std::string_view bytes) {
    entries.push_back(package::StoredEntry(name, fuzz::BytesOf(bytes)));
  };
  for (int i = 1; i <= 2; ++i) {
    add(fmt::format("seen/{:03}.png", i), Png());
    add(fmt::format("whole/{:03}.jpg", i), last % 4 == 1 ? std::string_view(Jpeg()).substr(0, last) : Jpeg());
  }
  if (last % 4 == 2) add(std::string(text.substr(0, last)), text);
  std::string zip = fuzz::Text(package::WriteZip(entries).bytes);
  if (last % 4 == 3) zip[zip.size() - 1 - last % zip.size()] ^= static_cast<char>(last);
  return zip;
}

}  // namespace

extern "C" size_t LLVMFuzzerCustomMutator(uint8_t* data, size_t size, size_t max_size, unsigned seed) {
  return fuzz::MutateJson({data, size, max_size, seed}, SomeRecords(), 1);
}

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  if (size == 0) return 0;
  const std::string_view text(reinterpret_cast<const char*>(data) + 1, size - 1);
  if (data[0] % 2 == 0) {
    if (const auto record = verify::ParsePhoneRecord(text, "sent.json")) CheckRecord(*record);
    return 0;
  }
  static fuzz::MemoryFile memory;
  memory.Set(ZipOf(text));
  const auto file = verify::ReadFieldFile(memory.path());
  if (!file) return 0;
  const auto record = verify::ParsePhoneRecord(fuzz::Text(file->record), "record.json");
  if (record) (void)verify::CheckPhotographs(*file, *record, "sent.zip");
  return 0;
}
