#include "package/own_folder.h"

#include <algorithm>
#include <map>
#include <set>

#include "base/file_writer.h"
#include "base/hash.h"
#include "base/json.h"
#include "base/staged_folder.h"

namespace handlens::package {
namespace fs = std::filesystem;
namespace {

bool IsMarker(const std::string& name) {
  return std::find(std::begin(kMarkers), std::end(kMarkers), name) != std::end(kMarkers);
}

// The files of a folder that we packed before, each with its SHA-256; empty where only its name is known.
using OwnFiles = std::map<std::string, std::string>;

OwnFiles ReadOwnFiles(const fs::path& out, const std::string& marker) {
  OwnFiles own = {{marker, ""}};
  const auto text = ReadText(out / marker);
  const auto json = text ? ParseJson(*text, marker) : Result<Json>(Json());
  if (!json || !json->is_object()) return own;
  const Json files = json->value("files", Json::array());
  for (const Json& file : files) {
    if (file.is_string()) own.emplace(file.get<std::string>(), "");
  }
  const Json hashes = json->value("sha256", Json::object());
  for (const auto& [name, hash] : hashes.items()) {
    if (hash.is_string()) own[name] = hash.get<std::string>();
  }
  return own;
}

std::set<std::string> ChangedOf(const fs::path& out, const OwnFiles& own) {
  std::set<std::string> changed;
  for (const auto& [name, hash] : own) {
    if (hash.empty()) continue;
    const auto on_disk = Sha256OfFile(out / name);
    if (on_disk && *on_disk != hash) changed.insert(name);
  }
  return changed;
}

// The marker's bytes with the hashes of all files but itself.
Bytes WithHashes(const BundleFile& marker, const std::vector<BundleFile>& files) {
  Json record = Json::parse(marker.bytes);
  record["sha256"] = Json::object();
  for (const BundleFile& file : files) {
    if (file.name != marker.name) record["sha256"][file.name] = Sha256(file.bytes);
  }
  return TextBytes(record.dump(1, ' ', false, Json::error_handler_t::replace) + "\n");
}

// NAME.yours, or NAME.yours2 and so on where there is one.
Result<void> KeepBeside(const fs::path& out, const std::string& name, const fs::path& staged) {
  HL_ASSIGN(const Bytes bytes, ReadFile(out / name));
  std::error_code error;
  std::string beside = name + ".yours";
  for (int i = 2; fs::exists(out / beside, error); ++i) beside = fmt::format("{}.yours{}", name, i);
  return WriteFileAtomic(staged / beside, bytes);
}

}  // namespace

Result<void> CheckOwnFolder(const fs::path& out, const std::string& marker) {
  std::error_code error;
  if (!fs::exists(out, error) || fs::exists(out / marker, error)) return {};
  HL_ASSIGN(const std::vector<std::string> names, ListFolder(out));
  if (names.empty()) return {};
  return Fail(ErrorKind::kBadInput, "{}: holds files that handlens did not make; name an empty folder",
              out.string());
}

Result<std::vector<fs::path>> WriteOwnFolder(const fs::path& out, const std::string& marker,
                                             const std::vector<BundleFile>& files, Edited edited) {
  HL_ASSIGN(StagedFolder staged, StagedFolder::Begin(out));
  const OwnFiles own = ReadOwnFiles(out, marker);
  const std::set<std::string> changed = ChangedOf(out, own);
  std::vector<fs::path> paths;
  for (const BundleFile& file : files) {
    paths.push_back(out / file.name);
    const bool users = changed.contains(file.name);
    if (users && edited == Edited::kStays) continue;
    if (users) HL_TRY(KeepBeside(out, file.name, staged.path()));
    HL_TRY(WriteFileAtomic(staged.path() / file.name,
                           file.name == marker ? WithHashes(file, files) : file.bytes));
  }
  HL_TRY(staged.CarryOverFiles(
      [&](const std::string& name) { return !own.contains(name) || changed.contains(name); }));
  HL_TRY(staged.Commit());
  return paths;
}

Result<std::vector<std::string>> ChangedFiles(const fs::path& folder) {
  HL_ASSIGN(const std::vector<std::string> names, ListFolder(folder));
  for (const std::string& name : names) {
    const std::set<std::string> changed =
        IsMarker(name) ? ChangedOf(folder, ReadOwnFiles(folder, name)) : std::set<std::string>();
    if (!changed.empty()) return std::vector<std::string>(changed.begin(), changed.end());
  }
  return std::vector<std::string>();
}

Result<std::vector<BundleFile>> ReadBuilt(const fs::path& folder, std::string_view what) {
  std::vector<BundleFile> files;
  std::error_code error;
  for (auto it = fs::recursive_directory_iterator(folder, error);
       !error && it != fs::recursive_directory_iterator(); it.increment(error)) {
    if (!it->is_regular_file(error)) continue;
    HL_ASSIGN(Bytes bytes, ReadFile(it->path()));
    files.push_back({it->path().lexically_relative(folder).generic_string(), std::move(bytes)});
  }
  if (error || files.empty()) {
    return Fail(ErrorKind::kInternal, "{}: the built {} is not there; build handlens with its apps",
                folder.string(), what);
  }
  std::sort(files.begin(), files.end(),
            [](const BundleFile& a, const BundleFile& b) { return a.name < b.name; });
  return files;
}

Bytes IconPng(const image::Image& icon, int side_px) {
  return image::EncodePng(image::ModelInput(icon, side_px, image::Fit::kCrop), side_px, side_px);
}

}  // namespace handlens::package
