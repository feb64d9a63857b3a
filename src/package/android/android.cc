// PackAndroid: a template APK becomes the user's app.
#include <algorithm>

#include "package/android/words.h"
#include "package/package.h"
#include "package/words.h"

namespace handlens::package {
namespace {

constexpr uint32_t kVersionCodeAttribute = 0x0101021b;  // android.R.attr.versionCode
constexpr int kMinSdk = 24;
constexpr const char* kIconPrefix = "res/";

// A file name that every system takes: letters and digits of the name, '-' for the rest.
std::string FileStem(const std::string& name) {
  std::string stem;
  for (const char c : name) {
    const bool plain = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9');
    if (plain) stem += c;
    else if (!stem.empty() && stem.back() != '-') stem += '-';
  }
  while (!stem.empty() && stem.back() == '-') stem.pop_back();
  return stem.empty() ? "app" : stem;
}

// The ABI is the folder of the template's libraries: lib/<abi>/.
std::string AbisOf(const std::vector<ZipEntry>& entries) {
  std::vector<std::string> abis;
  for (const ZipEntry& entry : entries) {
    if (!entry.name.starts_with("lib/")) continue;
    const std::string abi = entry.name.substr(4, entry.name.find('/', 4) - 4);
    if (std::find(abis.begin(), abis.end(), abi) == abis.end()) abis.push_back(abi);
  }
  return abis.size() == 1 ? abis[0] : "all";
}

Result<std::vector<ZipEntry>> Inject(std::vector<ZipEntry> entries, const AndroidRequest& request,
                                     const std::vector<BundleFile>& bundle) {
  for (ZipEntry& entry : entries) {
    if (entry.name == "AndroidManifest.xml") {
      HL_ASSIGN(const Bytes manifest, EntryBytes(entry));
      HL_ASSIGN(const Bytes edited, EditBinaryXml(manifest, AndroidEdit(request)));
      entry = StoredEntry(entry.name, edited);
    } else if (entry.name.starts_with(kIconPrefix) && entry.name.ends_with(kIconName)) {
      entry = StoredEntry(entry.name, AndroidIcon(request.icon, entry.name));
    }
  }
  for (const BundleFile& file : bundle)
    entries.push_back(StoredEntry("assets/bundle/" + file.name, file.bytes));
  return entries;
}

// Folders of icons by density; sizes in pixels of a 48 dp icon. A density that the name does not tell gets
// 192 px.
int IconSide(const std::string& name) {
  static constexpr std::pair<const char*, int> kDensities[] = {
      {"xxxhdpi", 192}, {"xxhdpi", 144}, {"xhdpi", 96}, {"hdpi", 72}, {"mdpi", 48}};
  for (const auto& [density, side_px] : kDensities) {
    if (name.find(density) != std::string::npos) return side_px;
  }
  return 192;
}

}  // namespace

Result<void> CheckAndroidWords(const AndroidRequest& request) {
  HL_TRY(CheckApplicationId(request.application_id));
  HL_TRY(CheckAppName(request.bundle.name));
  if (request.version_code < 1 || request.version_code > 2'100'000'000) {
    return Fail(ErrorKind::kUsage, "version code {}: Android takes 1 to 2100000000", request.version_code);
  }
  if (request.version_name.empty()) return Fail(ErrorKind::kUsage, "version name: is empty");
  return {};
}

ManifestEdit AndroidEdit(const AndroidRequest& request) {
  return {{{kTemplateId, request.application_id},
           {kTemplateLabel, request.bundle.name},
           {kTemplateVersion, request.version_name}},
          {{kVersionCodeAttribute, static_cast<uint32_t>(request.version_code)}}};
}

Bytes AndroidIcon(const image::Image& icon, const std::string& path) {
  const int side_px = IconSide(path);
  const auto pixels = image::ModelInput(icon, side_px, image::Fit::kCrop);
  return image::EncodePng(pixels, side_px, side_px);
}

Result<std::vector<AndroidApp>> PackAndroid(const AndroidRequest& request, const SigningKey& key) {
  HL_TRY(CheckAndroidWords(request));
  HL_ASSIGN(const std::vector<BundleFile> bundle, MakeBundle(request.bundle));
  std::vector<AndroidApp> apps;
  for (const std::filesystem::path& path : request.templates) {
    HL_ASSIGN(const Bytes archive, ReadFile(path));
    auto entries = ReadZip(archive);
    if (!entries) return Fail(ErrorKind::kInternal, "{}: {}", path.string(), entries.error().message);
    const std::string abi = AbisOf(*entries);
    HL_ASSIGN(const std::vector<ZipEntry> injected, Inject(*std::move(entries), request, bundle));
    HL_ASSIGN(const Bytes apk, SignApk(WriteZip(injected), key, kMinSdk));
    const std::filesystem::path out =
        request.out / fmt::format("{}-{}.apk", FileStem(request.bundle.name), abi);
    HL_TRY(WriteFileAtomic(out, apk));
    apps.push_back({out, abi, static_cast<int64_t>(apk.size())});
  }
  if (!request.bundle_resources.empty()) {
    HL_ASSIGN(const Bytes aab, MakeAppBundle(request, key, bundle));
    const std::filesystem::path out = request.out / fmt::format("{}.aab", FileStem(request.bundle.name));
    HL_TRY(WriteFileAtomic(out, aab));
    apps.push_back({out, "aab", static_cast<int64_t>(aab.size())});
  }
  return apps;
}

}  // namespace handlens::package
