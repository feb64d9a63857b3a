// Photographs of field tests as new labelled pictures (field_file.h).
#include <algorithm>
#include <ctime>
#include <map>

#include "base/hash.h"
#include "base/staged_folder.h"
#include "base/text.h"
#include "verify/field_file.h"

namespace handlens::verify {
namespace {

namespace fs = std::filesystem;

constexpr std::time_t kSameSeries_s = 10 * 60;

// Of "2026-11-23T10:00:00Z", which ReadPhoneRecord has checked; fractions of a second are dropped.
std::time_t Seconds(const std::string& at) {
  std::tm time{};
  strptime(at.substr(0, 19).c_str(), "%Y-%m-%dT%H:%M:%S", &time);
  return timegm(&time);
}

// The file's name without what names of folders should not have.
std::string PlainStem(const fs::path& path) {
  std::string stem = path.stem().string();
  for (char& c : stem) {
    if (std::isalnum(static_cast<unsigned char>(c)) == 0 && c != '-' && c != '_') c = '-';
  }
  return stem.substr(0, 60);
}

}  // namespace

std::vector<int> ShotSeries(std::span<const PhoneShot> shots) {
  std::vector<size_t> order(shots.size());
  for (size_t i = 0; i < order.size(); ++i) order[i] = i;
  std::stable_sort(order.begin(), order.end(), [&](size_t a, size_t b) { return shots[a].at < shots[b].at; });
  struct Last {
    int number, series;
    std::time_t at;
  };
  std::map<std::string, Last> last;  // by label
  std::vector<int> numbers(shots.size());
  int next = 0;
  for (const size_t i : order) {
    const PhoneShot& shot = shots[i];
    const std::time_t at = Seconds(shot.at);
    const auto before = last.find(shot.label);
    const bool same = before != last.end() &&
                      (before->second.series == shot.series || at - before->second.at <= kSameSeries_s);
    numbers[i] = same ? before->second.number : next++;
    last[shot.label] = {numbers[i], shot.series, at};
  }
  return numbers;
}

Result<std::string> KeepFieldTest(const fs::path& zip, const fs::path& folder) {
  HL_ASSIGN(const FieldFile file, ReadFieldFile(zip));
  const std::string where = Visible(zip.string());
  const std::string_view text(reinterpret_cast<const char*>(file.record.data()), file.record.size());
  HL_ASSIGN(const PhoneRecord record, ParsePhoneRecord(text, where + ": record.json"));
  HL_TRY(CheckPhotographs(file, record, where));
  if (file.photographs.empty())
    return Fail(ErrorKind::kBadInput,
                "{}: no shot has its photograph; turn on \"Keep the photographs\" in the app's field test",
                where);
  HL_ASSIGN(const Bytes bytes, ReadFile(zip));
  std::string name = fmt::format("{}-{}", PlainStem(zip), Sha256(bytes).substr(0, 8));
  std::error_code error;
  if (fs::exists(folder / name, error)) return name;
  HL_TRY(MakeFolder(folder));
  HL_ASSIGN(StagedFolder staged, StagedFolder::Begin(folder / name));
  HL_TRY(WriteFileAtomic(staged.path() / "record.json", file.record));
  for (const auto& [number, photograph] : file.photographs)
    HL_TRY(WriteFileAtomic(staged.path() / fmt::format("whole/{:03}.jpg", number), photograph.whole));
  HL_TRY(staged.Commit());
  return name;
}

Result<dataset::AddedPictures> ReadKeptFieldTest(const fs::path& folder, const std::string& name) {
  HL_ASSIGN(const PhoneRecord record, ReadPhoneRecord(folder / name / "record.json"));
  dataset::AddedPictures added{.from = name, .labels = record.labels, .pictures = {}};
  if (!record.shots) return Fail(ErrorKind::kBadInput, "{}: no field test", added.from);
  const std::vector<int> series = ShotSeries(*record.shots);
  std::map<int, std::string> begun;  // a series is called by its first shot
  for (size_t i = 0; i < series.size(); ++i) {
    const PhoneShot& shot = (*record.shots)[i];
    const auto [place, fresh] = begun.emplace(series[i], shot.at);
    if (!fresh) place->second = std::min(place->second, shot.at);
  }
  for (size_t i = 0; i < series.size(); ++i) {
    const PhoneShot& shot = (*record.shots)[i];
    if (shot.picture == 0) continue;
    added.pictures.push_back({.path = (folder / name / fmt::format("whole/{:03}.jpg", shot.picture)).string(),
                              .label = shot.label,
                              .group = fmt::format("field test {}, {}, {}", record.key.substr(0, 8),
                                                   begun.at(series[i]), shot.label)});
  }
  return added;
}

}  // namespace handlens::verify
