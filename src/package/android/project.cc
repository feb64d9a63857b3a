// WriteAndroidProject: the template's sources with the user's model and words, for those who go on in Android
// Studio.
#include <algorithm>

#include "package/android/words.h"
#include "package/package.h"
#include "package/words.h"

namespace handlens::package {
namespace {

namespace fs = std::filesystem;

// A string in Groovy's double quotes.
std::string GroovyEscaped(std::string_view text) {
  std::string out;
  for (const char c : text) {
    if (c == '\\' || c == '"' || c == '$') out += '\\';
    out += c;
  }
  return out;
}

Result<Bytes> WithUsersWords(const fs::path& file, Bytes bytes, const AndroidRequest& request) {
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

Result<std::vector<fs::path>> FilesBelow(const fs::path& folder) {
  std::vector<fs::path> files;
  std::error_code error;
  for (auto it = fs::recursive_directory_iterator(folder, error);
       !error && it != fs::recursive_directory_iterator(); it.increment(error)) {
    if (it->is_regular_file()) files.push_back(it->path().lexically_relative(folder));
  }
  if (error || files.empty()) {
    return Fail(ErrorKind::kInternal, "{}: the Android project is not there; build handlens with its apps",
                folder.string());
  }
  std::sort(files.begin(), files.end());
  return files;
}

Result<void> WriteLibraries(const AndroidRequest& request, const fs::path& main) {
  for (const fs::path& path : request.templates) {
    HL_ASSIGN(const Bytes archive, ReadFile(path));
    HL_ASSIGN(const std::vector<ZipEntry> entries, ReadZip(archive));
    for (const ZipEntry& entry : entries) {
      if (!entry.name.starts_with("lib/")) continue;
      HL_ASSIGN(const Bytes bytes, EntryBytes(entry));
      HL_TRY(WriteFileAtomic(main / "jniLibs" / entry.name.substr(4), bytes));
    }
  }
  return {};
}

}  // namespace

Result<void> WriteAndroidProject(const AndroidRequest& request, const fs::path& skeleton) {
  HL_TRY(CheckAndroidWords(request));
  HL_ASSIGN(const std::vector<fs::path> files, FilesBelow(skeleton));
  HL_ASSIGN(const std::vector<BundleFile> bundle, MakeBundle(request.bundle));
  const fs::path main = request.out / "app/src/main";
  for (const fs::path& file : files) {
    HL_ASSIGN(Bytes bytes, ReadFile(skeleton / file));
    if (file.filename() == kIconName) {
      bytes = AndroidIcon(request.icon, file.generic_string());
    } else {
      HL_ASSIGN(bytes, WithUsersWords(file, std::move(bytes), request));
    }
    HL_TRY(WriteFileAtomic(request.out / file, bytes));
  }
  for (const BundleFile& file : bundle)
    HL_TRY(WriteFileAtomic(main / "assets/bundle" / file.name, file.bytes));
  return WriteLibraries(request, main);
}

}  // namespace handlens::package
