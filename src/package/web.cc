// PackWeb: the built web app and a bundle become a folder that any static host serves.
#include <algorithm>

#include "base/hash.h"
#include "base/json.h"
#include "package/own_folder.h"
#include "package/package.h"
#include "tflite/tflite.h"

namespace handlens::package {
namespace {

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

// The service worker. Browsers look for a new version by comparing this file alone, so the version stands in
// it.
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
  const auto runs = [](tflite::Type type) {
    return type == tflite::Type::kFloat32 || type == tflite::Type::kUInt8;
  };
  if (runs(info.input_type) && runs(info.output_type)) return {};
  return Fail(ErrorKind::kBadInput,
              "{}: takes or gives int8 numbers, which browsers do not run; convert with --io uint8, or pack "
              "the float model",
              model.string());
}

}  // namespace

Result<std::vector<std::filesystem::path>> PackWeb(const FolderRequest& request) {
  HL_TRY(CheckOwnFolder(request.out, kWebMarker));
  HL_ASSIGN(std::vector<BundleFile> files, ReadBuilt(request.built, "web app"));
  HL_ASSIGN(std::vector<BundleFile> bundle, MakeBundle(request.bundle));
  HL_TRY(CheckBrowserTypes(request.bundle.model));
  for (BundleFile& file : bundle) files.push_back({"bundle/" + file.name, std::move(file.bytes)});
  for (const int side_px : {192, 512})
    files.push_back({fmt::format("icon-{}.png", side_px), IconPng(request.icon, side_px)});
  files.push_back(WebManifest(request.bundle.name));
  // The web app's own sources must not hide what is packed.
  std::stable_sort(files.begin(), files.end(),
                   [](const BundleFile& a, const BundleFile& b) { return a.name < b.name; });
  const auto twice = std::adjacent_find(
      files.begin(), files.end(), [](const BundleFile& a, const BundleFile& b) { return a.name == b.name; });
  if (twice != files.end())
    return Fail(ErrorKind::kInternal, "the built web app already has a file {}", twice->name);
  const BundleFile precache = AddPrecache(files);
  files.insert(files.begin(), {kWebMarker, precache.bytes});
  files.push_back(precache);
  return WriteOwnFolder(request.out, kWebMarker, files, Edited::kBeside);
}

}  // namespace handlens::package
