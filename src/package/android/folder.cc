// PackAndroidFolder: RUN/apps/android as a whole.
#include <algorithm>
#include <set>

#include "base/json.h"
#include "base/staged_folder.h"
#include "package/own_folder.h"
#include "package/package.h"

namespace handlens::package {
namespace {

namespace fs = std::filesystem;

constexpr const char* kRecord = "android.json";
constexpr const char* kFormat = "handlens-android";
constexpr int kVersion = 1;
constexpr const char* kProject = "project";

// What is said of all APKs of one packing.
Json FactsOf(const AndroidRequest& request, const SigningKey& key, const std::string& model) {
  Json facts = {{"name", request.bundle.name},
                {"application_id", request.application_id},
                {"version_name", request.version_name},
                {"version_code", request.version_code},
                {"model", model},
                {"certificate_sha256", key.Fingerprint()},
                {"check_pictures", request.bundle.check_pictures.size()}};
  if (request.bundle.carry == Carry::kOriginals) facts["check_pictures_are"] = "originals";
  return facts;
}

// The APKs of earlier packings that stay: those of other ABIs and names than are packed now. What is said of
// them and is not said of the new ones stands beside each.
Result<Json> Staying(const fs::path& folder, const std::vector<AndroidApp>& packed, const Json& facts) {
  Json staying = Json::array();
  std::error_code error;
  if (!fs::exists(folder / kRecord, error)) return staying;
  HL_ASSIGN(const Json old, ReadRecord(folder / kRecord, kFormat, kVersion));
  return FromJson(old, (folder / kRecord).string(), [&](const Json& record) {
    for (Json app : record.at("apps")) {
      const auto file = app.at("file").get<std::string>(), abi = app.at("abi").get<std::string>();
      const bool replaced = std::any_of(packed.begin(), packed.end(), [&](const AndroidApp& each) {
        return each.abi == abi || each.apk.filename() == file;
      });
      if (replaced || !fs::exists(folder / file, error)) continue;
      for (const auto& [key, value] : facts.items()) {
        if (!app.contains(key) && record.contains(key) && record.at(key) != value) app[key] = record.at(key);
        if (app.contains(key) && app.at(key) == value) app.erase(key);
      }
      staying.push_back(std::move(app));
    }
    return staying;
  });
}

// Names in the old folder that this packing takes the place of.
Result<std::set<std::string>> Replaced(const fs::path& folder, const Json& staying) {
  std::set<std::string> names = {kRecord};
  std::error_code error;
  if (!fs::exists(folder / kRecord, error)) return names;
  HL_ASSIGN(const Json old, ReadRecord(folder / kRecord, kFormat, kVersion));
  return FromJson(old, (folder / kRecord).string(), [&](const Json& record) {
    for (const Json& app : record.at("apps")) names.insert(app.at("file").get<std::string>());
    for (const Json& app : staying) names.erase(app.at("file").get<std::string>());
    return names;
  });
}

}  // namespace

Result<AndroidFolder> PackAndroidFolder(const AndroidRequest& request, const SigningKey& key,
                                        const fs::path& skeleton, const std::string& model) {
  HL_TRY(RefuseNewerRecord(request.out / kRecord, kFormat, kVersion));
  HL_ASSIGN(StagedFolder staged, StagedFolder::Begin(request.out));
  AndroidRequest beside = request;
  beside.out = staged.path();
  AndroidFolder result;
  HL_ASSIGN(result.apps, PackAndroid(beside, key));
  const Json facts = FactsOf(request, key, model);
  HL_ASSIGN(const Json staying, Staying(request.out, result.apps, facts));
  HL_ASSIGN(const std::set<std::string> replaced, Replaced(request.out, staying));
  Json record = facts;
  record["apps"] = Json::array();
  for (AndroidApp& app : result.apps) {
    record["apps"].push_back({{"file", app.apk.filename().string()}, {"abi", app.abi}, {"bytes", app.bytes}});
    app.apk = request.out / app.apk.filename();
  }
  record["apps"].insert(record["apps"].end(), staying.begin(), staying.end());
  HL_TRY(WriteRecord(staged.path() / kRecord, kFormat, kVersion, record));
  HL_TRY(staged.CarryOver([&](const std::string& name) { return !replaced.contains(name); }));
  if (!skeleton.empty()) {
    HL_ASSIGN(const std::vector<BundleFile> files, MakeAndroidProject(request, skeleton));
    HL_TRY(WriteOwnFolder(staged.path() / kProject, kProjectMarker, files, Edited::kStays));
    result.project = request.out / kProject;
  }
  HL_TRY(staged.Commit());
  return result;
}

}  // namespace handlens::package
