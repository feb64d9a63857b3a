// PackIos, PackFlutter: the projects for iPhone and Flutter (apps/ios, apps/flutter) with the user's model as
// C, words and icon.
#include <array>

#include "base/hash.h"
#include "base/json.h"
#include "base/text.h"
#include "describe/describe.h"
#include "inference/inference.h"
#include "package/c_answers.h"
#include "package/own_folder.h"
#include "package/package.h"
#include "package/targets.h"
#include "package/words.h"
#include "tflite/tflite.h"

namespace handlens::package {
namespace {

// What stands in the projects where the user's words belong.
constexpr std::string_view kName = "HANDLENS_NAME", kId = "HANDLENS_APPLICATION_ID",
                           kVersionName = "HANDLENS_VERSION_NAME", kVersionCode = "HANDLENS_VERSION_CODE",
                           kOrganisation = "HANDLENS_ORGANISATION", kPackage = "HANDLENS_PACKAGE";

// What of a project is filled in, and where its parts lie.
struct Project {
  Target target;
  std::string code, bundle;  // folders of the C files and of the bundle
  std::string version;       // "1.0.0"
};

// The words in a file's own language, by its name; other files are left as they are.
void FillWords(const FolderRequest& request, const Project& project, BundleFile& file) {
  using Escape = std::string (*)(std::string_view);
  struct Row {
    std::string_view ending;
    Escape name;
  };
  static constexpr Row kRows[] = {{"Info.plist", PlistEscaped}, {"AndroidManifest.xml", AndroidEscaped},
                                  {"pubspec.yaml", YamlQuoted}, {"project.pbxproj", PlistEscaped},
                                  {"words.dart", YamlQuoted},   {"README.md", PlistEscaped}};
  for (const Row& row : kRows) {
    if (!file.name.ends_with(row.ending)) continue;
    const size_t dot = request.application_id.rfind('.');
    std::string text(file.bytes.begin(), file.bytes.end());
    // The name comes last: it may look like one of the others.
    ReplaceAll(text, kId, AppleId(request.application_id));
    ReplaceAll(text, kPackage, DartPackage(request.application_id));
    ReplaceAll(text, kOrganisation, request.application_id.substr(0, dot));
    ReplaceAll(text, kVersionName, project.version);
    ReplaceAll(text, kVersionCode, fmt::format("{}", request.version_code));
    ReplaceAll(text, kName, row.name(request.bundle.name));
    file.bytes = TextBytes(text);
  }
}

// The model as C, and what ties it to the bundle.
Result<void> AddModel(const FolderRequest& request, const Project& project, std::vector<BundleFile>& files) {
  HL_ASSIGN(const Bytes model, ReadFile(request.bundle.model));
  HL_ASSIGN(const tflite::ModelInfo info, tflite::ReadModelInfo(model));
  HL_ASSIGN(const describe::Description description,
            describe::DescriptionFromJson(info.preprocess_json, request.bundle.model.string()));
  auto code = inference::WriteC({.model = model,
                                 .name = Visible(description.name),
                                 .labels = description.labels,
                                 .not_sure_below = description.not_sure_below,
                                 .possible_from = describe::PossibleFrom(description),
                                 .refer_class = ReferClass(description),
                                 .refer_from = ReferFrom(description),
                                 .fit = FitCode(description.fit)});
  if (!code) return Fail(code.error().kind, "{}: {}", request.bundle.model.string(), code.error().message);
  files.push_back({project.code + "/model.c", TextBytes(code->source)});
  files.push_back({project.code + "/model.h", TextBytes(code->header)});
  files.push_back(
      {project.code + "/handlens_packed.h",
       TextBytes(fmt::format(
           "/* Written by `handlens app` together with model.c. */\n#define HANDLENS_MODEL_SHA256 \"{}\"\n",
           Sha256(model)))});
  return {};
}

// The files of the bundle but the model: it is in the code.
Result<void> AddBundle(const FolderRequest& request, const Project& project, std::vector<BundleFile>& files) {
  BundleRequest wanted = request.bundle;
  wanted.kernels = tflite::Kernels::kReference;  // which the C inference follows to the bit
  HL_ASSIGN(std::vector<BundleFile> bundle, MakeBundle(wanted));
  for (BundleFile& file : bundle) {
    if (file.name != "model.tflite")
      files.push_back({project.bundle + "/" + file.name, std::move(file.bytes)});
  }
  return {};
}

BundleFile Marker(const FolderRequest& request, const Project& project,
                  const std::vector<BundleFile>& files) {
  Json names = Json::array();
  for (const BundleFile& file : files) names.push_back(file.name);
  const Json record = {
      {"target", FactsOf(project.target).name}, {"name", request.bundle.name}, {"files", std::move(names)}};
  return {kProjectMarker, RecordBytes("handlens-project", record)};
}

Result<void> CheckWords(const FolderRequest& request) {
  HL_TRY(CheckApplicationId(request.application_id));
  HL_TRY(CheckAppName(request.bundle.name));
  if (request.version_code < 1)
    return Fail(ErrorKind::kUsage, "version code {}: must be 1 or more", request.version_code);
  return {};
}

Result<std::vector<std::filesystem::path>> Pack(const FolderRequest& request, Project project,
                                                std::vector<BundleFile> icons) {
  HL_TRY(CheckWords(request));
  HL_ASSIGN(project.version, NumericVersion(request.version_name));
  HL_TRY(CheckOwnFolder(request.out, kProjectMarker));
  HL_ASSIGN(std::vector<BundleFile> files, ReadBuilt(request.built, FactsOf(project.target).title));
  for (BundleFile& file : files) FillWords(request, project, file);
  HL_TRY(AddModel(request, project, files));
  HL_TRY(AddBundle(request, project, files));
  std::move(icons.begin(), icons.end(), std::back_inserter(files));
  files.push_back(Marker(request, project, files));
  return WriteOwnFolder(request.out, kProjectMarker, files, Edited::kStays);
}

}  // namespace

Result<std::vector<std::filesystem::path>> PackIos(const FolderRequest& request) {
  return Pack(request, {.target = Target::kIos, .code = "native", .bundle = "bundle", .version = {}},
              {{"App/Assets.xcassets/AppIcon.appiconset/icon-1024.png", IconPng(request.icon, 1024)}});
}

Result<std::vector<std::filesystem::path>> PackFlutter(const FolderRequest& request) {
  struct Density {
    const char* name;
    int side_px;
  };
  std::vector<BundleFile> icons = {
      {"ios/Runner/Assets.xcassets/AppIcon.appiconset/icon-1024.png", IconPng(request.icon, 1024)}};
  for (const Density& d : std::array<Density, 5>{
           {{"mdpi", 48}, {"hdpi", 72}, {"xhdpi", 96}, {"xxhdpi", 144}, {"xxxhdpi", 192}}}) {
    icons.push_back({fmt::format("android/app/src/main/res/mipmap-{}/ic_launcher.png", d.name),
                     IconPng(request.icon, d.side_px)});
  }
  for (const int side_px : {16, 32, 64, 128, 256, 512, 1024}) {
    icons.push_back({fmt::format("macos/Runner/Assets.xcassets/AppIcon.appiconset/app_icon_{}.png", side_px),
                     IconPng(request.icon, side_px)});
  }
  return Pack(
      request,
      {.target = Target::kFlutter, .code = "native_model/src", .bundle = "assets/bundle", .version = {}},
      std::move(icons));
}

}  // namespace handlens::package
