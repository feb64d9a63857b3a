#include "field_log.h"

#include <algorithm>
#include <array>

#include "package/field_words.h"
#include "record.h"

namespace handlens::device {
namespace {

namespace fs = std::filesystem;
using package::kMostPhotographs;
using package::kRecordFormat;
using package::kRecordVersion;

constexpr size_t kMostWholeBytes = size_t{16} << 20;
constexpr int64_t kMostPixels = 20'000'000;
constexpr int kJpegQuality = 92;
constexpr std::string_view kRecordName = "record.json";

template <size_t N>
Result<void> CheckWord(const char* option, const std::string& word,
                       const std::array<std::string_view, N>& known) {
  if (std::find(known.begin(), known.end(), word) != known.end()) return {};
  return Fail(ErrorKind::kUsage, "{} {}: it is one of {}", option, word, fmt::join(known, ", "));
}

}  // namespace

Result<FieldZip> FieldZip::Open(const fs::path& path) {
  FieldZip zip;
  zip.path_ = path;
  std::error_code error;
  if (!fs::exists(path, error)) return zip;
  HL_ASSIGN(const Bytes bytes, ReadFile(path));
  auto entries = package::ReadZip(bytes);
  if (!entries) return Fail(entries.error().kind, "{}: {}", path.string(), entries.error().message);
  zip.entries_ = *std::move(entries);
  for (const package::ZipEntry& entry : zip.entries_) {
    zip.bytes_ += entry.data.size();
    zip.photographs_ += entry.name.starts_with("seen/") ? 1 : 0;
  }
  return zip;
}

Result<std::optional<Json>> FieldZip::Record() const {
  if (entries_.empty()) return std::optional<Json>();
  const std::string where = fmt::format("{}: {}", path_.string(), kRecordName);
  for (const package::ZipEntry& entry : entries_) {
    if (entry.name != kRecordName) continue;
    HL_ASSIGN(const Bytes text, package::EntryBytes(entry));
    HL_ASSIGN(Json record,
              ParseJson(std::string_view(reinterpret_cast<const char*>(text.data()), text.size()), where));
    HL_TRY(CheckRecordKind(record, where, kRecordFormat, kRecordVersion));
    return std::optional(std::move(record));
  }
  return Fail(ErrorKind::kBadInput, "{} is missing: this is no field test; name another file", where);
}

int FieldZip::Keep(const Answer& answer, int side, const image::Image& whole) {
  if (photographs_ >= kMostPhotographs || int64_t{whole.width} * whole.height > kMostPixels) return 0;
  const Bytes seen = image::EncodePng(answer.seen, side, side);
  const Bytes frame = image::EncodeJpeg(whole.rgb, whole.width, whole.height, kJpegQuality);
  if (frame.size() > kMostWholeBytes || bytes_ + seen.size() + frame.size() > kMostBytes) return 0;
  ++photographs_;
  bytes_ += seen.size() + frame.size();
  entries_.push_back(package::StoredEntry(fmt::format("seen/{:03}.png", photographs_), seen));
  entries_.push_back(package::StoredEntry(fmt::format("whole/{:03}.jpg", photographs_), frame));
  return photographs_;
}

Result<void> FieldZip::Write(const Json& record) {
  const std::string text = RecordText(kRecordFormat, kRecordVersion, record, 1);
  std::erase_if(entries_, [](const package::ZipEntry& entry) { return entry.name == kRecordName; });
  entries_.insert(entries_.begin(),
                  package::StoredEntry(std::string(kRecordName),
                                       {reinterpret_cast<const uint8_t*>(text.data()), text.size()}));
  return WriteFileAtomic(path_, package::WriteZip(entries_).bytes);
}

Result<FieldLog> FieldLog::Open(const fs::path& path, const Facts& facts, const Conditions& conditions) {
  if (std::find(facts.labels.begin(), facts.labels.end(), conditions.label) == facts.labels.end()) {
    return Fail(ErrorKind::kUsage, "--label {}: not a label of this model; they are {}", conditions.label,
                fmt::join(facts.labels, ", "));
  }
  HL_TRY(CheckWord("--distance", conditions.distance, package::kDistances));
  HL_TRY(CheckWord("--place", conditions.place, package::kPlaces));
  HL_TRY(CheckWord("--background", conditions.background, package::kBackgrounds));
  FieldLog log;
  log.path_ = path;
  log.facts_ = &facts;
  log.conditions_ = conditions;
  std::error_code error;
  if (path.extension() == ".zip") {
    HL_ASSIGN(log.zip_, FieldZip::Open(path));
    HL_ASSIGN(const std::optional<Json> record, log.zip_->Record());
    if (record) HL_TRY(log.GoOn(*record));
  } else if (fs::exists(path, error)) {
    HL_ASSIGN(const Json record, ReadRecord(path, kRecordFormat, kRecordVersion));
    HL_TRY(log.GoOn(record));
  }
  return log;
}

Result<void> FieldLog::GoOn(const Json& record) {
  HL_ASSIGN(const bool same, FromJson(record, path_.string(), [&](const Json& json) {
              shots_ = json.at("field_test").at("shots");
              if (!shots_.empty()) series_ = shots_.back().at("series").get<int>() + 1;
              return json.at("app").at("model_sha256").get<std::string>() == facts_->model_sha256;
            }));
  if (same) return {};
  return Fail(ErrorKind::kBadInput, "{}: the field test of another model; name another file", path_.string());
}

Json FieldLog::Record() const {
  Json record = BeginRecord(*facts_);
  record["field_test"] = {{"shots", shots_}};
  return record;
}

Result<void> FieldLog::Add(const Answer& answer, int side, const image::Image& picture) {
  const std::string& predicted = facts_->labels[answer.best];
  Json shot = {{"series", series_},
               {"at", Now()},
               {"camera", "unknown"},
               {"label", conditions_.label},
               {"distance", conditions_.distance},
               {"place", conditions_.place},
               {"background", conditions_.background},
               {"predicted", predicted},
               {"not_sure", !answer.sure},
               {"scores", Numbers(answer.scores)},
               {"milliseconds", answer.milliseconds}};
  if (zip_) {
    const int number = zip_->Keep(answer, side, picture);
    if (number > 0) shot["picture"] = number;
    else ++without_photograph_;
  }
  shots_.push_back(std::move(shot));
  if (!zip_) HL_TRY(WriteRecord(path_, kRecordFormat, kRecordVersion, Record()));
  ++taken_;
  right_ += predicted == conditions_.label ? 1 : 0;
  return {};
}

Result<void> FieldLog::End() { return zip_ && taken_ > 0 ? zip_->Write(Record()) : Result<void>(); }

}  // namespace handlens::device
