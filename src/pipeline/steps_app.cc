// The step from the described model to an app: what a target is given from the run and the settings, where the built
// templates lie, the signing key, the record (declared in steps.h). Packing itself is the room `package`.
#include <algorithm>
#include <chrono>
#include <cstdlib>

#include "base/hash.h"
#include "base/json.h"
#include "package/package.h"
#include "pipeline/app_parts.h"
#include "pipeline/steps.h"

namespace handlens::pipeline {
namespace fs = std::filesystem;
namespace {

constexpr size_t kIconPictures = 4;

Result<std::string> AppName(const Run& run) {
  if (run.settings.Has("name")) return run.settings.Text("name");
  const fs::path path = run.At("model/preprocess.json");
  HL_ASSIGN(const std::string text, ReadText(path));
  HL_ASSIGN(const Json json, ParseJson(text, path.string()));
  return FromJson(json, path.string(), [](const Json& j) { return j.at("name").get<std::string>(); });
}

fs::path PicturePath(const Run& run, int index) {
  return fs::path(run.dataset.root) / run.dataset.pictures[static_cast<size_t>(index)].path;
}

}  // namespace

Result<fs::path> BuiltApp(const fs::path& name) {
  std::error_code error;
  fs::path self = fs::read_symlink("/proc/self/exe", error);
  if (error) return Fail(ErrorKind::kInternal, "/proc/self/exe: {}; without it nobody knows where the apps lie", error.message());
  const fs::path places[] = {self.parent_path() / "apps" / name, self.parent_path() / "../share/handlens/apps" / name};
  for (const fs::path& place : places) {
    if (fs::exists(place, error)) return place.lexically_normal();
  }
  return Fail(ErrorKind::kInternal, "the built app is not there; make it with `./dev apps`, or install handlens with its apps. Looked at {} and {}",
              places[0].string(), places[1].lexically_normal().string());
}

std::string ModelName(const Run& run) { return run.settings.Text("model") == "float" ? "model/model.tflite" : "model/quantizedmodel.tflite"; }

Result<package::BundleRequest> BundleOf(Run& run) {
  HL_ASSIGN(run.split, split::ReadSplit(run.At("split.json"), run.dataset));
  package::BundleRequest bundle;
  bundle.model = run.At(ModelName(run));
  std::error_code error;
  if (fs::exists(run.At("model/modelcard.md"), error)) bundle.model_card = run.At("model/modelcard.md");
  HL_ASSIGN(bundle.name, AppName(run));
  for (const int index : run.split.holdout) {
    const dataset::Picture& picture = run.dataset.pictures[static_cast<size_t>(index)];
    bundle.check_pictures.push_back({PicturePath(run, index), run.dataset.labels[static_cast<size_t>(picture.label)]});
  }
  return bundle;
}

Result<image::Image> IconOf(const Run& run) {
  if (run.settings.Has("icon")) {
    HL_ASSIGN(image::Decoded decoded, image::DecodeFile(run.settings.Text("icon")));
    return std::move(decoded.image);
  }
  std::vector<fs::path> pictures;
  int next = 0;
  for (size_t i = 0; i < run.dataset.pictures.size() && pictures.size() < kIconPictures; ++i) {
    if (run.dataset.pictures[i].label < next) continue;
    pictures.push_back(PicturePath(run, static_cast<int>(i)));
    next = run.dataset.pictures[i].label + 1;
  }
  return package::DrawIcon(pictures);
}

namespace {

// "Blätter 2" -> "bl_tter_2": a part of an application id.
std::string IdPart(const std::string& name) {
  std::string part;
  for (const char c : name) {
    const char lower = c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
    const bool plain = (lower >= 'a' && lower <= 'z') || (lower >= '0' && lower <= '9');
    if (plain) part += lower;
    else if (!part.empty() && part.back() != '_') part += '_';
  }
  while (!part.empty() && part.back() == '_') part.pop_back();
  if (part.empty()) return "app";
  return part[0] >= '0' && part[0] <= '9' ? "app_" + part : part;
}

Result<std::vector<std::string>> AbisOf(const Run& run) {
  const std::string abi = run.settings.Text("abi");
  if (abi == "all") return std::vector<std::string>{"arm64-v8a", "armeabi-v7a", "x86_64"};
  return std::vector<std::string>{abi == "armv7" ? "armeabi-v7a" : abi == "x86_64" ? "x86_64" : "arm64-v8a"};
}


fs::path DefaultKey() {
  const char* const config = std::getenv("XDG_CONFIG_HOME");
  if (config != nullptr && *config != '\0') return fs::path(config) / "handlens/signing-key.pem";
  const char* const home = std::getenv("HOME");
  return fs::path(home != nullptr ? home : ".") / ".config/handlens/signing-key.pem";
}

struct KeyFile {
  fs::path path;
  bool made = false;
};

// The key of --key must be there; the default one is made on first use.
Result<package::SigningKey> KeyOf(const Run& run, KeyFile& file) {
  std::error_code error;
  file.path = run.settings.Has("key") ? fs::path(run.settings.Text("key")) : DefaultKey();
  if (run.settings.Has("key") || fs::exists(file.path, error)) return package::SigningKey::Read(file.path);
  HL_TRY(MakeFolder(file.path.parent_path()));
  const auto now = std::chrono::system_clock::now().time_since_epoch();
  file.made = true;
  return package::SigningKey::Create(file.path, std::chrono::duration_cast<std::chrono::seconds>(now).count());
}

Result<package::AndroidRequest> AndroidRequestOf(Run& run) {
  package::AndroidRequest request;
  HL_ASSIGN(request.bundle, BundleOf(run));
  HL_ASSIGN(const std::vector<std::string> abis, AbisOf(run));
  for (const std::string& abi : abis) {
    HL_ASSIGN(const fs::path path, BuiltApp("android/template-" + abi + ".apk"));
    request.templates.push_back(path);
  }
  const char* const id = run.settings.Has("id") ? "id" : "application-id";
  request.application_id = run.settings.Has(id) ? run.settings.Text(id) : "app.handlens." + IdPart(request.bundle.name);
  request.version_name = run.settings.Text("version-name");
  request.version_code = static_cast<int>(run.settings.Integer("version-code"));
  HL_ASSIGN(request.icon, IconOf(run));
  request.out = run.At("apps/android");
  return request;
}

// What earlier packings left, perhaps under another name, would be taken for part of this one.
Result<void> ClearFolder(const fs::path& folder) {
  HL_TRY(MakeFolder(folder));
  HL_ASSIGN(const std::vector<std::string> names, ListFolder(folder));
  std::error_code error;
  for (const std::string& name : names) {
    if (name.ends_with(".apk") || name == "project" || name == "android.json") fs::remove_all(folder / name, error);
  }
  return {};
}

Json AndroidRecord(const package::AndroidRequest& request, const AndroidResult& result, const std::string& model) {
  Json apps = Json::array();
  for (const package::AndroidApp& app : result.apps) {
    apps.push_back({{"file", app.apk.filename().string()}, {"abi", app.abi}, {"bytes", app.bytes}});
  }
  return {{"format", "handlens-android"},
          {"version", 1},
          {"name", request.bundle.name},
          {"application_id", request.application_id},
          {"version_name", request.version_name},
          {"version_code", request.version_code},
          {"model", model},
          {"certificate_sha256", result.fingerprint},
          {"check_pictures", request.bundle.check_pictures.size()},
          {"apps", apps}};
}

Result<void> PackInto(const Run& run, package::AndroidRequest& request, const package::SigningKey& key, AndroidResult& result) {
  HL_TRY(ClearFolder(request.out));
  HL_ASSIGN(result.apps, package::PackAndroid(request, key));
  if (run.settings.Flag("project")) {
    HL_ASSIGN(const fs::path skeleton, BuiltApp("android/project"));
    package::AndroidRequest project = request;
    project.out = request.out / "project";
    HL_TRY(package::WriteAndroidProject(project, skeleton));
    result.project = project.out;
  }
  const Json record = AndroidRecord(request, result, ModelName(run));
  return WriteFileAtomic(request.out / "android.json", record.dump(1, ' ', false, Json::error_handler_t::replace) + "\n");
}

}  // namespace

Result<AndroidResult> StepAppAndroid(Run& run) {
  HL_ASSIGN(package::AndroidRequest request, AndroidRequestOf(run));
  AndroidResult result;
  KeyFile file;
  HL_ASSIGN(const package::SigningKey key, KeyOf(run, file));
  result.key = file.path;
  result.key_made = file.made;
  result.fingerprint = key.Fingerprint();
  result.application_id = request.application_id;
  StepPlan plan{.name = "app-android", .options = {}, .inputs = {"dataset.json", "split.json", ModelName(run)}, .outputs = {"apps/android"}};
  plan.options = {{"name", request.bundle.name}, {"id", request.application_id}, {"version_name", request.version_name},
                  {"version_code", request.version_code}, {"abi", run.settings.Text("abi")}, {"key", result.fingerprint},
                  {"project", run.settings.Flag("project")}};
  // Packing takes a moment and depends on files outside the run (icon, templates), so it is done anew each time.
  const auto begun = std::chrono::steady_clock::now();
  HL_TRY(PackInto(run, request, key, result));
  result.seconds = std::chrono::duration<double>(std::chrono::steady_clock::now() - begun).count();
  HL_TRY(RecordStep(run, plan));
  for (const package::AndroidApp& app : result.apps) run.written.push_back("apps/android/" + app.apk.filename().string());
  run.written.emplace_back("apps/android/android.json");
  if (!result.project.empty()) run.written.emplace_back("apps/android/project");
  return result;
}

}  // namespace handlens::pipeline
