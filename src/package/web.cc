// PackWeb: the built web app and a bundle become a folder that any static host serves.
#include <algorithm>
#include <set>

#include "base/hash.h"
#include "base/json.h"
#include "base/staged_folder.h"
#include "package/package.h"
#include "tflite/tflite.h"

namespace handlens::package {
namespace {

// Left in every folder that PackWeb made; only such a folder is ever replaced.
constexpr const char* kMarker = "handlens-web-app.json";

Result<std::vector<BundleFile>> ReadSite(const std::filesystem::path& site) {
  std::vector<BundleFile> files;
  std::error_code error;
  for (auto it = std::filesystem::recursive_directory_iterator(site, error);
       !error && it != std::filesystem::recursive_directory_iterator(); it.increment(error)) {
    if (!it->is_regular_file()) continue;
    HL_ASSIGN(Bytes bytes, ReadFile(it->path()));
    files.push_back({it->path().lexically_relative(site).generic_string(), std::move(bytes)});
  }
  if (error || files.empty()) {
    return Fail(ErrorKind::kInternal, "{}: the built web app is not there; build handlens with its apps", site.string());
  }
  std::sort(files.begin(), files.end(), [](const BundleFile& a, const BundleFile& b) { return a.name < b.name; });
  return files;
}

BundleFile IconFile(const image::Image& icon, int side_px) {
  return {fmt::format("icon-{}.png", side_px),
          image::EncodePng(image::ModelInput(icon, side_px, image::Fit::kCrop), side_px, side_px)};
}

Bytes TextBytes(const std::string& text) { return {text.begin(), text.end()}; }

// What a browser needs to install the app under its name.
BundleFile WebManifest(const std::string& name) {
  const Json manifest = {{"name", name},
                         {"short_name", name},
                         {"start_url", "./"},
                         {"id", "./"},
                         {"scope", "./"},
                         {"display", "standalone"},
                         {"background_color", "#ffffff"},
                         {"theme_color", "#14532d"},
                         {"icons",
                          {{{"src", "icon-192.png"}, {"sizes", "192x192"}, {"type", "image/png"}},
                           {{"src", "icon-512.png"}, {"sizes", "512x512"}, {"type", "image/png"}}}}};
  return {"app.webmanifest", TextBytes(manifest.dump(1, ' ', false, Json::error_handler_t::replace) + "\n")};
}

// The service worker. Browsers look for a new version by comparing this file alone, so the version stands in it.
constexpr const char* kWorker = "sw.js";

constexpr const char* kPrecache = "precache.json";

// The service worker keeps these files; the version changes whenever any of them does.
BundleFile AddPrecache(std::vector<BundleFile>& files) {
  std::string hashes;
  Json names = Json::array();
  for (const BundleFile& file : files) {
    hashes += file.name + Sha256(file.bytes);
    if (file.name != kWorker) names.push_back(file.name);
  }
  const std::string version = Sha256(hashes).substr(0, 16);
  for (BundleFile& file : files) {
    if (file.name != kWorker) continue;
    const Bytes line = TextBytes(fmt::format("\nself.handlensVersion = \"{}\";\n", version));
    file.bytes.insert(file.bytes.end(), line.begin(), line.end());
  }
  return {kPrecache, TextBytes(Json{{"version", version}, {"files", names}}.dump(1) + "\n")};
}

// Browsers' LiteRT takes float32 and uint8 numbers only; better to hear it now than on the phone.
Result<void> CheckBrowserTypes(const std::filesystem::path& model) {
  HL_ASSIGN(const Bytes bytes, ReadFile(model));
  HL_ASSIGN(const tflite::ModelInfo info, tflite::ReadModelInfo(bytes));
  const auto runs = [](tflite::Type type) { return type == tflite::Type::kFloat32 || type == tflite::Type::kUInt8; };
  if (runs(info.input_type) && runs(info.output_type)) return {};
  return Fail(ErrorKind::kBadInput, "{}: takes or gives int8 numbers, which browsers do not run; convert with --io uint8, or pack the float model",
              model.string());
}

// Only a folder of ours is replaced.
Result<void> CheckOwnFolder(const std::filesystem::path& out) {
  std::error_code error;
  if (!std::filesystem::exists(out, error) || std::filesystem::exists(out / kMarker, error)) return {};
  HL_ASSIGN(const std::vector<std::string> names, ListFolder(out));
  if (names.empty()) return {};
  return Fail(ErrorKind::kBadInput, "{}: holds files that handlens did not make; name an empty folder", out.string());
}

// What lies directly in a folder that we packed before and is ours, by its list of files.
std::set<std::string> OwnNames(const std::filesystem::path& out) {
  std::set<std::string> names = {kMarker, kPrecache};
  const auto text = ReadText(out / kMarker);
  const auto json = text ? ParseJson(*text, kMarker) : Result<Json>(Json());
  if (!json || !json->is_object() || !json->contains("files")) return names;
  for (const Json& file : (*json)["files"]) {
    if (file.is_string()) names.insert(file.get<std::string>().substr(0, file.get<std::string>().find('/')));
  }
  names.insert(kWorker);
  return names;
}

}  // namespace

Result<std::vector<std::filesystem::path>> PackWeb(const WebRequest& request) {
  HL_TRY(CheckOwnFolder(request.out));
  HL_ASSIGN(std::vector<BundleFile> files, ReadSite(request.site));
  HL_ASSIGN(std::vector<BundleFile> bundle, MakeBundle(request.bundle));
  HL_TRY(CheckBrowserTypes(request.bundle.model));
  for (BundleFile& file : bundle) files.push_back({"bundle/" + file.name, std::move(file.bytes)});
  files.push_back(IconFile(request.icon, 192));
  files.push_back(IconFile(request.icon, 512));
  files.push_back(WebManifest(request.bundle.name));
  // The web app's own sources must not hide what is packed.
  std::stable_sort(files.begin(), files.end(), [](const BundleFile& a, const BundleFile& b) { return a.name < b.name; });
  const auto twice = std::adjacent_find(files.begin(), files.end(),
                                        [](const BundleFile& a, const BundleFile& b) { return a.name == b.name; });
  if (twice != files.end()) return Fail(ErrorKind::kInternal, "the built web app already has a file {}", twice->name);
  const BundleFile precache = AddPrecache(files);
  files.insert(files.begin(), {kMarker, precache.bytes});
  files.push_back(precache);
  HL_ASSIGN(StagedFolder staged, StagedFolder::Begin(request.out));
  std::vector<std::filesystem::path> paths;
  for (const BundleFile& file : files) {
    paths.push_back(request.out / file.name);
    HL_TRY(WriteFileAtomic(staged.path() / file.name, file.bytes));
  }
  const std::set<std::string> own = OwnNames(request.out);
  // A file that the user put beside ours (a host's settings, say) stays; folders are ours.
  HL_TRY(staged.CarryOver([&](const std::string& name) {
    std::error_code error;
    return !own.contains(name) && !std::filesystem::is_directory(request.out / name, error);
  }));
  HL_TRY(staged.Commit());
  return paths;
}

}  // namespace handlens::package
