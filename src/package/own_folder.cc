#include "package/own_folder.h"

#include <algorithm>
#include <set>

#include "base/json.h"
#include "base/staged_folder.h"

namespace handlens::package {
namespace fs = std::filesystem;
namespace {

// What in a folder that we packed before is ours, by its list of files.
std::set<std::string> OwnFiles(const fs::path& out, const std::string& marker) {
  std::set<std::string> names = {marker};
  const auto text = ReadText(out / marker);
  const auto json = text ? ParseJson(*text, marker) : Result<Json>(Json());
  if (!json || !json->is_object() || !json->contains("files")) return names;
  for (const Json& file : (*json)["files"]) {
    if (file.is_string()) names.insert(file.get<std::string>());
  }
  return names;
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
                                             const std::vector<BundleFile>& files, UsersFiles users) {
  HL_ASSIGN(StagedFolder staged, StagedFolder::Begin(out));
  std::vector<fs::path> paths;
  for (const BundleFile& file : files) {
    paths.push_back(out / file.name);
    HL_TRY(WriteFileAtomic(staged.path() / file.name, file.bytes));
  }
  const std::set<std::string> own = OwnFiles(out, marker);
  if (users == UsersFiles::kWithin) {
    HL_TRY(staged.CarryOverFiles([&](const std::string& name) { return !own.contains(name); }));
  } else {
    std::set<std::string> first;
    for (const std::string& name : own) first.insert(name.substr(0, name.find('/')));
    HL_TRY(staged.CarryOver([&](const std::string& name) { return !first.contains(name); }));
  }
  HL_TRY(staged.Commit());
  return paths;
}

Result<std::vector<BundleFile>> ReadBuilt(const fs::path& folder, std::string_view what) {
  std::vector<BundleFile> files;
  std::error_code error;
  for (auto it = fs::recursive_directory_iterator(folder, error);
       !error && it != fs::recursive_directory_iterator(); it.increment(error)) {
    if (!it->is_regular_file()) continue;
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
