// MakeAndroidProject: the template's sources with the user's model and words, for those who go on in Android
// Studio.
#include "package/android/words.h"
#include "package/own_folder.h"
#include "package/package.h"
#include "package/targets.h"
#include "package/words.h"

namespace handlens::package {
namespace {

namespace fs = std::filesystem;

const std::string kMain = "app/src/main/";

// A string in Groovy's double quotes.
std::string GroovyEscaped(std::string_view text) {
  std::string out;
  for (const char c : text) {
    if (c == '\\' || c == '"' || c == '$') out += '\\';
    out += c;
  }
  return out;
}

Bytes WithUsersWords(const fs::path& file, Bytes bytes, const AndroidRequest& request) {
  const std::string name = file.filename().string();
  if (name != "AndroidManifest.xml" && name != "build.gradle") return bytes;
  std::string text(bytes.begin(), bytes.end());
  if (name == "AndroidManifest.xml") {
    ReplaceAll(text, kTemplateLabel, AndroidEscaped(request.bundle.name));
  } else {
    ReplaceAll(text, "versionCode 1\n", fmt::format("versionCode {}\n", request.version_code));
    ReplaceAll(text, kTemplateVersion, GroovyEscaped(request.version_name));
  }
  ReplaceAll(text, kTemplateId, request.application_id);
  return Bytes(text.begin(), text.end());
}

Result<void> AddLibraries(const AndroidRequest& request, std::vector<BundleFile>& files) {
  for (const fs::path& path : request.templates) {
    HL_ASSIGN(const Bytes archive, ReadFile(path));
    HL_ASSIGN(const std::vector<ZipEntry> entries, ReadZip(archive));
    for (const ZipEntry& entry : entries) {
      if (!entry.name.starts_with("lib/")) continue;
      HL_ASSIGN(Bytes bytes, EntryBytes(entry));
      files.push_back({kMain + "jniLibs/" + entry.name.substr(4), std::move(bytes)});
    }
  }
  return {};
}

}  // namespace

Result<std::vector<BundleFile>> MakeAndroidProject(const AndroidRequest& request, const fs::path& skeleton) {
  HL_TRY(CheckAndroidWords(request));
  HL_ASSIGN(std::vector<BundleFile> files, ReadBuilt(skeleton, "Android project"));
  HL_ASSIGN(std::vector<BundleFile> bundle, MakeBundle(request.bundle));
  for (BundleFile& file : files) {
    if (file.name.ends_with(kIconName)) file.bytes = AndroidIcon(request.icon, file.name);
    else file.bytes = WithUsersWords(file.name, std::move(file.bytes), request);
  }
  for (BundleFile& file : bundle)
    files.push_back({kMain + "assets/bundle/" + file.name, std::move(file.bytes)});
  HL_TRY(AddLibraries(request, files));
  Json names = Json::array();
  for (const BundleFile& file : files) names.push_back(file.name);
  const Json record = {
      {"target", FactsOf(Target::kAndroid).name}, {"name", request.bundle.name}, {"files", std::move(names)}};
  files.push_back({kProjectMarker, RecordBytes("handlens-project", record)});
  return files;
}

}  // namespace handlens::package
