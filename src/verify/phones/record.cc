// Reading a phone's record (phone.h): from JSON, then the checks that need nothing but the record itself.
#include <algorithm>
#include <array>
#include <cmath>
#include <limits>
#include <set>
#include <span>

#include "base/hash.h"
#include "dataset/unpack.h"
#include "package/field_words.h"
#include "package/targets.h"
#include "verify/field_file.h"
#include "verify/phone.h"

namespace handlens::verify {
namespace {

using package::kBackgrounds;
using package::kDistances;
using package::kPlaces;
using package::kRecordFormat;
using package::kRecordVersion;
constexpr std::array<std::string_view, 3> kCameras = {"back", "front", "unknown"};
constexpr std::array<std::string_view, 3> kDelegates = {"used", "disagrees", "missing"};

// Beyond these a record is not believed. Ten minutes are more than any phone takes for a picture; the apps
// stop far below a million of anything.
constexpr double kMostMilliseconds = 600'000;
constexpr uint64_t kMostCount = 1'000'000;
constexpr size_t kImpossible = SIZE_MAX;
constexpr uintmax_t kMostRecordBytes = uintmax_t{256} << 20;
// Scores are shares; a quantized output's last step may reach a little beyond.
constexpr float kScoreSlack = 0.01F;

bool Known(std::span<const std::string_view> words, std::string_view word) {
  return std::find(words.begin(), words.end(), word) != words.end();
}

// null stands for what is not a number.
std::vector<float> Floats(const Json& list) {
  std::vector<float> values;
  for (const Json& value : list)
    values.push_back(value.is_null() ? std::numeric_limits<float>::quiet_NaN() : value.get<float>());
  return values;
}

// A number of things; kImpossible for what is none.
size_t CountOf(const Json& json) {
  return json.is_number_unsigned() && json.get<uint64_t>() <= kMostCount ? json.get<size_t>() : kImpossible;
}

bool IsShare(float score) { return score >= -kScoreSlack && score <= 1 + kScoreSlack; }

// "2026-11-23T10:00:00Z", perhaps with fractions of a second.
bool IsTime(std::string_view text) {
  constexpr std::string_view kForm = "dddd-dd-ddTdd:dd:dd";
  if (text.size() < kForm.size() + 1 || text.size() > 40 || text.back() != 'Z') return false;
  for (size_t i = 0; i < kForm.size(); ++i) {
    const bool digit = text[i] >= '0' && text[i] <= '9';
    if (kForm[i] == 'd' ? !digit : text[i] != kForm[i]) return false;
  }
  const auto two = [&](size_t at) { return (text[at] - '0') * 10 + text[at + 1] - '0'; };
  return two(0) == 20 && two(5) >= 1 && two(5) <= 12 && two(8) >= 1 && two(8) <= 31 && two(11) < 24 &&
         two(14) < 60 && two(17) <= 60;
}

std::string Optional(const Json& json, const char* key) {
  const auto found = json.find(key);
  if (found == json.end() || found->is_null()) return "";
  return found->is_string() ? found->get<std::string>() : found->dump();
}

// Words of a stranger's file on one line of ours: no control characters, no endless text, no half of a UTF-8
// letter.
std::string Plain(std::string text) {
  constexpr size_t kMostBytes = 160;
  if (text.size() > kMostBytes) {
    size_t end = kMostBytes;
    while (end > 0 && (static_cast<unsigned char>(text[end]) & 0xc0) == 0x80) --end;
    text = text.substr(0, end) + "...";
  }
  std::replace_if(
      text.begin(), text.end(), [](char c) { return static_cast<unsigned char>(c) < 0x20 || c == 0x7f; },
      ' ');
  return text;
}

PhoneGolden GoldenOf(const Json& json) {
  const size_t largest = CountOf(json.at("largest_jpeg_difference"));
  return {CountOf(json.at("count")),
          CountOf(json.at("equal")),
          CountOf(json.at("within_bound")),
          CountOf(json.at("differing_bytes")),
          largest > 255 ? -1 : static_cast<int>(largest),
          json.at("failed").get<std::vector<std::string>>()};
}

PhonePicture PictureOf(const Json& json, const std::string& kernels) {
  PhonePicture picture;
  picture.id = json.at("sha256").get<std::string>();
  picture.label = json.at("label").get<std::string>();
  if (const Json& equal = json.at("input_equal"); !equal.is_null()) picture.input_equal = equal.get<bool>();
  picture.computer = Floats(json.at("computer"));
  const Json& scores = json.at(kernels);
  if (!scores.is_null()) picture.scores = Floats(scores);
  const Json& ok = json.at(kernels + "_ok");
  picture.ok = ok.is_boolean() && ok.get<bool>();
  return picture;
}

PhoneCheck CheckOf(const Json& json, const std::string& kernels) {
  PhoneCheck check;
  check.ok = json.at("ok").get<bool>();
  check.model_intact = json.at("model_intact").get<bool>();
  check.delegate = json.at("delegate").get<std::string>();
  check.golden = GoldenOf(json.at("golden"));
  for (const Json& picture : json.at("pictures")) check.pictures.push_back(PictureOf(picture, kernels));
  return check;
}

// -1 for what is none.
int PictureNumber(const Json& json) {
  const size_t number = CountOf(json);
  return number == kImpossible || number == 0 || number > 999 ? -1 : static_cast<int>(number);
}

PhoneShot ShotOf(const Json& json) {
  const size_t series = CountOf(json.at("series"));
  return {.series = series == kImpossible ? 0 : static_cast<int>(series),
          .at = json.at("at").get<std::string>(),
          .camera = json.at("camera").get<std::string>(),
          .label = json.at("label").get<std::string>(),
          .distance = json.at("distance").get<std::string>(),
          .place = json.at("place").get<std::string>(),
          .background = json.at("background").get<std::string>(),
          .predicted = json.at("predicted").get<std::string>(),
          .not_sure = json.at("not_sure").get<bool>(),
          .scores = Floats(json.at("scores")),
          .milliseconds = json.at("milliseconds").get<double>(),
          .picture = json.contains("picture") ? PictureNumber(json.at("picture")) : 0,
          .archive = {}};
}

// Who sent it. An installation names itself by a random number; records of apps without one are told apart by
// the phone's facts.
void ReadPhone(const Json& json, PhoneRecord& record) {
  const Json& app = json.at("app");
  const Json& phone = json.at("phone");
  const std::string maker = Optional(phone, "manufacturer"), model = Optional(phone, "model");
  const std::string browser = Optional(phone, "browser"), android = Optional(phone, "android"),
                    build = Optional(phone, "build");
  // Some makers put their name into the model's.
  record.title = maker.empty() || model.starts_with(maker) ? model : maker + " " + model;
  record.title = record.title.empty() ? kNamelessPhone : Plain(record.title);
  const std::string system = Optional(phone, "system");
  record.system = Plain(!system.empty()              ? system
                        : record.target == "android" ? fmt::format("Android {} ({})", android, build)
                                                     : browser);
  const std::string installation = Optional(app, "installation");
  const std::string identity =
      installation.empty() ? maker + "\n" + model + "\n" + browser + "\n" + android + "\n" + build + system
                           : installation;
  record.key =
      Sha256(record.target + "\n" + Optional(app, "id") + "\n" + record.model_sha256 + "\n" + identity)
          .substr(0, 16);
}

PhoneRecord RecordOf(const Json& json) {
  PhoneRecord record;
  record.made_at = json.at("made_at").get<std::string>();
  const Json& app = json.at("app");
  record.app = Plain(app.at("name").get<std::string>());
  record.target = app.at("target").get<std::string>();
  record.app_version = Plain(app.at("version_name").get<std::string>());
  record.runtime = Plain(app.at("runtime").get<std::string>());
  record.kernels = app.at("path").get<std::string>();
  record.model_file = Plain(app.at("model_file").get<std::string>());
  record.model_sha256 = app.at("model_sha256").get<std::string>();
  record.labels = json.at("labels").get<std::vector<std::string>>();
  ReadPhone(json, record);
  if (json.contains("self_check")) record.check = CheckOf(json.at("self_check"), record.kernels);
  if (json.contains("field_test")) {
    record.shots.emplace();
    for (const Json& shot : json.at("field_test").at("shots")) record.shots->push_back(ShotOf(shot));
  }
  return record;
}

bool Is(const std::vector<std::string>& labels, const std::string& label) {
  return std::find(labels.begin(), labels.end(), label) != labels.end();
}

// The sentence of what is wrong; empty = nothing.
std::string WrongPicture(const PhonePicture& picture, const PhoneRecord& record) {
  const std::string which = fmt::format("picture {}", picture.id.substr(0, 12));
  if (picture.id.size() != 64) return "a picture without a SHA-256";
  if (!Is(record.labels, picture.label))
    return fmt::format("{}: '{}' is none of the labels", which, picture.label);
  const size_t n = record.labels.size();
  if (picture.computer.size() != n || (!picture.scores.empty() && picture.scores.size() != n))
    return fmt::format("{}: not one score a label", which);
  const bool number = !picture.scores.empty() && std::none_of(picture.scores.begin(), picture.scores.end(),
                                                              [](float s) { return std::isnan(s); });
  if (!std::all_of(picture.computer.begin(), picture.computer.end(), IsShare))
    return fmt::format("{}: a score of the computer is not between 0 and 1", which);
  if (!std::all_of(picture.scores.begin(), picture.scores.end(),
                   [](float s) { return std::isnan(s) || IsShare(s); })) {
    return fmt::format("{}: a score is not between 0 and 1", which);
  }
  if (picture.ok && !number) return fmt::format("{}: called right without scores", which);
  return "";
}

std::string WrongGolden(const PhoneGolden& golden) {
  for (const size_t count : {golden.count, golden.equal, golden.within_bound, golden.differing_bytes}) {
    if (count == kImpossible) return "a number of golden vectors or bytes is impossible";
  }
  if (golden.largest_jpeg_difference < 0)
    return "the largest difference of a golden JPEG is not 0 to 255 levels";
  if (golden.equal + golden.within_bound > golden.count) return "the golden vectors do not add up";
  return "";
}

bool GoldenRight(const PhoneGolden& golden) {
  return golden.failed.empty() && golden.count > 0 && golden.equal + golden.within_bound == golden.count &&
         golden.differing_bytes == 0;
}

std::string WrongCheck(const PhoneCheck& check, const PhoneRecord& record) {
  if (!Known(kDelegates, check.delegate)) return fmt::format("the delegate is '{}'", check.delegate);
  std::set<std::string> seen;
  bool all_ok = true;
  for (const PhonePicture& picture : check.pictures) {
    if (std::string wrong = WrongPicture(picture, record); !wrong.empty()) return wrong;
    if (!seen.insert(picture.id).second)
      return fmt::format("picture {} stands twice", picture.id.substr(0, 12));
    all_ok = all_ok && picture.ok;
  }
  if (std::string wrong = WrongGolden(check.golden); !wrong.empty()) return wrong;
  const bool right = check.model_intact && GoldenRight(check.golden);
  if (check.ok && !(right && all_ok)) return "the self-check is called green although something in it failed";
  return "";
}

std::string WrongScores(const PhoneShot& shot, const PhoneRecord& record) {
  if (shot.scores.size() != record.labels.size()) return "not one score a label";
  for (const float score : shot.scores) {
    if (!std::isfinite(score)) return "a score is not a number";
    if (!IsShare(score)) return "a score is not between 0 and 1";
  }
  const auto best = std::max_element(shot.scores.begin(), shot.scores.end()) - shot.scores.begin();
  if (record.labels[static_cast<size_t>(best)] != shot.predicted)
    return fmt::format("'{}' has not the highest score", shot.predicted);
  return "";
}

std::string WrongShot(const PhoneShot& shot, const PhoneRecord& record) {
  if (shot.series < 1) return "the series is not a number from 1";
  if (!IsTime(shot.at)) return fmt::format("'{}' is no time such as 2026-11-23T10:00:00Z", Plain(shot.at));
  if (!(shot.milliseconds >= 0 && shot.milliseconds <= kMostMilliseconds))
    return "the milliseconds are not between 0 and ten minutes";
  if (!Is(record.labels, shot.label)) return fmt::format("'{}' is none of the labels", shot.label);
  if (!Is(record.labels, shot.predicted)) return fmt::format("'{}' is none of the labels", shot.predicted);
  if (!Known(kDistances, shot.distance)) return fmt::format("the distance is '{}'", shot.distance);
  if (!Known(kPlaces, shot.place)) return fmt::format("the place is '{}'", shot.place);
  if (!Known(kBackgrounds, shot.background)) return fmt::format("the background is '{}'", shot.background);
  if (!Known(kCameras, shot.camera)) return fmt::format("the camera is '{}'", shot.camera);
  return WrongScores(shot, record);
}

std::string WrongShots(const std::vector<PhoneShot>& shots, const PhoneRecord& record) {
  std::set<int> pictures;
  std::set<std::tuple<std::string, std::string, std::vector<float>>> seen;
  for (size_t i = 0; i < shots.size(); ++i) {
    std::string wrong = WrongShot(shots[i], record);
    if (shots[i].picture < 0) wrong = "the photograph's number is not between 1 and 999";
    if (shots[i].picture > 0 && !pictures.insert(shots[i].picture).second)
      wrong = fmt::format("the photograph {:03} is another shot's", shots[i].picture);
    if (wrong.empty() && !seen.insert({shots[i].at, shots[i].label, shots[i].scores}).second)
      wrong = "the same time, label and scores as a shot before it: one shot, sent twice";
    if (!wrong.empty()) return fmt::format("shot {}: {}", i + 1, wrong);
  }
  return "";
}

std::string Wrong(const PhoneRecord& record) {
  const package::TargetFacts* const target = package::FindTarget(record.target);
  if (target == nullptr || !target->sends_records) return fmt::format("the target is '{}'", record.target);
  if (record.kernels != "builtin" && record.kernels != "xnnpack")
    return fmt::format("the path is '{}'", record.kernels);
  if (record.model_sha256.size() != 64) return "no SHA-256 of the model";
  if (!IsTime(record.made_at))
    return fmt::format("made_at is '{}', no time such as 2026-11-23T10:00:00Z", Plain(record.made_at));
  if (std::set<std::string>(record.labels.begin(), record.labels.end()).size() != record.labels.size())
    return "a label stands twice";
  if (!record.check && (!record.shots || record.shots->empty()))
    return "neither a self-check nor a field test";
  if (record.check) {
    if (std::string wrong = WrongCheck(*record.check, record); !wrong.empty()) return wrong;
  }
  return record.shots ? WrongShots(*record.shots, record) : "";
}

// Facts of app and phone that nothing is computed from, yet which are shown and kept: a number that is there
// is one that can be. The version code's end is Android's.
struct Fact {
  const char *part, *key;
  int64_t least, most;
};
constexpr Fact kFacts[] = {
    {"app", "version_code", 1, 2'100'000'000}, {"phone", "cores", 1, 1024}, {"phone", "sdk", 1, 1000}};

std::string WrongFacts(const Json& json) {
  for (const Fact& fact : kFacts) {
    const Json value = json.at(fact.part).value(fact.key, Json());
    if (value.is_null()) continue;
    const bool counts = value.is_number_unsigned() && value.get<uint64_t>() <= uint64_t{INT64_MAX};
    const int64_t number = counts ? value.get<int64_t>() : 0;
    if (number < fact.least || number > fact.most)
      return fmt::format("{}.{} is {}, no number from {} to {}", fact.part, fact.key, Plain(value.dump()),
                         fact.least, fact.most);
  }
  return "";
}

// A record comes from a phone, so "make it again with the step that wrote it" would be the wrong advice.
Result<PhoneRecord> Checked(const Json& json, const std::string& where) {
  try {
    PhoneRecord record = RecordOf(json);
    std::string wrong = WrongFacts(json);
    if (wrong.empty()) wrong = Wrong(record);
    if (wrong.empty()) return record;
    return Fail(ErrorKind::kBadInput, "{}: damaged or changed: {}; share it from the phone again", where,
                wrong);
  } catch (const nlohmann::json::exception& e) {
    return Fail(ErrorKind::kBadInput, "{}: damaged or changed: {}; share it from the phone again", where,
                e.what());
  }
}

Result<PhoneRecord> ReadWithPhotographs(const std::filesystem::path& path) {
  HL_ASSIGN(const FieldFile file, ReadFieldFile(path));
  const std::string_view text(reinterpret_cast<const char*>(file.record.data()), file.record.size());
  HL_ASSIGN(PhoneRecord record, ParsePhoneRecord(text, path.string() + ": record.json"));
  HL_TRY(CheckPhotographs(file, record, path.string()));
  record.photographs = true;
  return record;
}

}  // namespace

Result<PhoneRecord> ParsePhoneRecord(std::string_view text, const std::string& where) {
  HL_ASSIGN(const Json json, ParseJson(text, where));
  HL_TRY(CheckRecordKind(json, where, kRecordFormat, kRecordVersion));
  return Checked(json, where);
}

Result<PhoneRecord> ReadPhoneRecord(const std::filesystem::path& path) {
  if (dataset::IsZip(path)) return ReadWithPhotographs(path);
  std::error_code error;
  if (const uintmax_t bytes = std::filesystem::file_size(path, error); !error && bytes > kMostRecordBytes) {
    return Fail(ErrorKind::kBadInput, "{}: {} bytes are too many for a phone's record", path.string(), bytes);
  }
  HL_ASSIGN(const Json json, ReadRecord(path, kRecordFormat, kRecordVersion));
  return Checked(json, path.string());
}

}  // namespace handlens::verify
