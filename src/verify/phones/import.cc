// Keeping phones' records in a run folder (phone.h).
#include <algorithm>
#include <set>

#include "base/disk.h"
#include "base/hash.h"
#include "dataset/dataset.h"
#include "split/split.h"
#include "verify/field_file.h"
#include "verify/phone.h"

namespace handlens::verify {
namespace {

namespace fs = std::filesystem;

constexpr const char* kFolder = "phones";

// One shot as its words: the same shot in two records is the same text.
std::string ShotText(const PhoneShot& shot) {
  std::string text = fmt::format("{}|{}|{}|{}|{}|{}|{}|{}", shot.series, shot.at, shot.camera, shot.label,
                                 shot.distance, shot.place, shot.background, shot.predicted);
  for (const float score : shot.scores) text += fmt::format("|{}", score);
  return text + fmt::format("|{}", shot.milliseconds);
}

std::multiset<std::string> ShotTexts(const PhoneRecord& record) {
  std::multiset<std::string> texts;
  for (const PhoneShot& shot : *record.shots) texts.insert(ShotText(shot));
  return texts;
}

bool Contains(const PhoneRecord& all, const PhoneRecord& some) {
  const auto a = ShotTexts(all), b = ShotTexts(some);
  return std::includes(a.begin(), a.end(), b.begin(), b.end());
}

// The shots whose photographs are in the file.
PhoneRecord Photographed(const PhoneRecord& record) {
  PhoneRecord part = record;
  std::erase_if(*part.shots, [&](const PhoneShot& s) { return !record.photographs || s.picture == 0; });
  return part;
}

// Whether `newer` makes `older` needless: of the same installation, saying at least as much.
bool Supersedes(const PhoneRecord& newer, const PhoneRecord& older) {
  if (newer.key != older.key) return false;
  if (older.check && (!newer.check || newer.made_at < older.made_at)) return false;
  if (older.shots && (!newer.shots || !Contains(newer, older))) return false;
  return !older.photographs || Contains(Photographed(newer), Photographed(older));
}

struct Source {
  fs::path path;
  Bytes bytes;
  PhoneRecord record;
};

Result<std::vector<fs::path>> FilesOf(const fs::path& path) {
  std::error_code error;
  if (!fs::is_directory(path, error)) return std::vector<fs::path>{path};
  HL_ASSIGN(const std::vector<std::string> names, ListFolder(path));
  std::vector<fs::path> files;
  for (const std::string& name : names) {
    if (name.ends_with(".json") || name.ends_with(".zip")) files.push_back(path / name);
  }
  if (files.empty())
    return Fail(ErrorKind::kBadInput, "{}: no .json or .zip file in this folder", path.string());
  return files;
}

// A model of another size would have seen other pixels.
Result<void> CheckSizes(const PhoneRun& run, const fs::path& path) {
  HL_ASSIGN(const FieldFile file, ReadFieldFile(path));
  for (const auto& [number, photograph] : file.photographs)
    HL_TRY(SeenPixels(photograph, run.size_px, fmt::format("{}: seen/{:03}.png", path.string(), number)));
  return {};
}

Result<Source> Open(const PhoneRun& run, const fs::path& path) {
  Source source{path, {}, {}};
  HL_ASSIGN(source.bytes, ReadFile(path));
  HL_ASSIGN(source.record, ReadPhoneRecord(path));
  HL_ASSIGN(const auto model, ModelOfRecord(run, source.record, path.string()));
  if (model && source.record.photographs) HL_TRY(CheckSizes(run, path));
  if (model) return source;
  return Fail(
      ErrorKind::kBadInput,
      "{}: its app carries {} with SHA-256 {}..., which is none of this run's models; is it another "
      "run's, or was the model made again after the app was packed? Then pack and install the app again",
      path.string(), source.record.model_file, source.record.model_sha256.substr(0, 12));
}

std::string NameEnd(const Bytes& bytes, bool photographs) {
  return fmt::format("-{}.{}", Sha256(bytes).substr(0, 8), photographs ? "zip" : "json");
}

std::string NameFor(const Source& source) {
  const char* const kind = source.record.check ? "self-check" : "field-test";
  return fmt::format("{}/{}-{}{}", kFolder, kind, source.record.key,
                     NameEnd(source.bytes, source.record.photographs));
}

Result<Imported> Store(const PhoneRun& run, const Source& source, std::vector<StoredRecord>& stored) {
  Imported imported{source.path.string(), NameFor(source), "new"};
  for (const StoredRecord& old : stored) {
    if (old.file != imported.stored && !Supersedes(old.record, source.record)) continue;
    imported.stored = old.file;
    imported.what = "already there";
    return imported;
  }
  HL_TRY(WriteFileAtomic(run.folder / imported.stored, source.bytes));
  for (auto old = stored.begin(); old != stored.end();) {
    if (!Supersedes(source.record, old->record)) {
      ++old;
      continue;
    }
    std::error_code error;
    fs::remove(run.folder / old->file, error);
    if (error)
      return Fail(ErrorKind::kBadInput, "{}: {}", (run.folder / old->file).string(), error.message());
    imported.what = "in place of " + old->file;
    old = stored.erase(old);
  }
  stored.push_back({imported.stored, source.record});
  return imported;
}

}  // namespace

Result<PhoneRun> ReadPhoneRun(const fs::path& folder) {
  PhoneRun run;
  run.folder = folder;
  HL_ASSIGN(const dataset::Dataset dataset, dataset::ReadDataset(folder / "dataset.json"));
  HL_ASSIGN(const split::Split split, split::ReadSplit(folder / "split.json", dataset));
  run.labels = dataset.labels;
  for (const int index : split.holdout) {
    const dataset::Picture& picture = dataset.pictures[static_cast<size_t>(index)];
    run.holdout.emplace_back(picture.id, dataset.labels[static_cast<size_t>(picture.label)]);
  }
  HL_ASSIGN(const std::vector<std::string> names, ListFolder(folder / "model"));
  const fs::path conversion_path = folder / "model/conversion.json";
  HL_ASSIGN(const Json conversion, ReadRecord(conversion_path, "handlens-conversion", 1));
  HL_ASSIGN(run.size_px, FromJson(conversion, conversion_path.string(),
                                  [](const Json& json) { return json.at("size_px").get<int>(); }));
  for (const std::string& name : names) {
    if (!name.ends_with(".tflite")) continue;
    HL_ASSIGN(const Bytes bytes, ReadFile(folder / "model" / name));
    run.models.emplace_back(name, Sha256(bytes));
  }
  return run;
}

Result<std::optional<std::string>> ModelOfRecord(const PhoneRun& run, const PhoneRecord& record,
                                                 const std::string& where) {
  const auto model = std::find_if(run.models.begin(), run.models.end(),
                                  [&](const auto& m) { return m.second == record.model_sha256; });
  if (model == run.models.end()) return std::optional<std::string>();
  if (record.labels != run.labels) {
    return Fail(ErrorKind::kBadInput, "{}: its labels ({}) are not the run's ({})", where,
                fmt::join(record.labels, ", "), fmt::join(run.labels, ", "));
  }
  if (record.check && record.check->pictures.empty() && !run.holdout.empty()) {
    return Fail(ErrorKind::kBadInput,
                "{}: its self-check looked at no picture, but the run held out {}; pack the app again and "
                "run the self-check anew",
                where, run.holdout.size());
  }
  for (const PhonePicture& picture : record.check ? record.check->pictures : std::vector<PhonePicture>()) {
    const auto held = std::find_if(run.holdout.begin(), run.holdout.end(),
                                   [&](const auto& h) { return h.first == picture.id; });
    if (held == run.holdout.end()) {
      return Fail(ErrorKind::kBadInput,
                  "{}: picture {}... is not among the run's held-out pictures; was the app packed from "
                  "another split?",
                  where, picture.id.substr(0, 12));
    }
    if (held->second != picture.label) {
      return Fail(ErrorKind::kBadInput, "{}: picture {}... is called {}, but it is {}", where,
                  picture.id.substr(0, 12), picture.label, held->second);
    }
  }
  return std::optional<std::string>(model->first);
}

Result<std::vector<StoredRecord>> ReadStoredRecords(const fs::path& run) {
  std::vector<StoredRecord> records;
  HL_ASSIGN(const fs::file_type kind, KindOfFile(run / kFolder));
  if (kind != fs::file_type::directory) return records;
  HL_ASSIGN(const std::vector<std::string> names, ListFolder(run / kFolder));
  for (const std::string& name : names) {
    if (!name.ends_with(".json") && !name.ends_with(".zip")) continue;
    StoredRecord stored{fmt::format("{}/{}", kFolder, name), {}};
    HL_ASSIGN(const Bytes bytes, ReadFile(run / stored.file));
    // Names end in the contents' hash, so that an edited record does not become evidence by a new `verify`.
    if (!name.ends_with(NameEnd(bytes, name.ends_with(".zip")))) {
      return Fail(ErrorKind::kBadInput,
                  "{}: not as it was imported, or not imported; delete it, and take the phone's own file in "
                  "by --import",
                  (run / stored.file).string());
    }
    HL_ASSIGN(stored.record, ReadPhoneRecord(run / stored.file));
    if (stored.record.photographs) {
      for (PhoneShot& shot : *stored.record.shots) {
        if (shot.picture > 0) shot.archive = stored.file;
      }
    }
    records.push_back(std::move(stored));
  }
  return records;
}

Result<std::vector<Imported>> ImportPhoneRecords(const fs::path& folder, std::span<const fs::path> paths) {
  HL_ASSIGN(const PhoneRun run, ReadPhoneRun(folder));
  HL_ASSIGN(std::vector<StoredRecord> stored, ReadStoredRecords(folder));
  std::vector<Source> sources;
  for (const fs::path& path : paths) {
    HL_ASSIGN(const std::vector<fs::path> files, FilesOf(path));
    for (const fs::path& file : files) {
      HL_ASSIGN(sources.emplace_back(), Open(run, file));
    }
  }
  std::vector<Imported> imported;
  for (const Source& source : sources) {
    HL_ASSIGN(imported.emplace_back(), Store(run, source, stored));
  }
  return imported;
}

}  // namespace handlens::verify
