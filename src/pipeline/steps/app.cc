// The steps from the described model to an app: what each target is given from the run and its options, where
// the built templates lie, the signing key, the records. Packing itself is the room `package`.
#include <algorithm>
#include <chrono>

#include "base/hash.h"
#include "base/json.h"
#include "base/program.h"
#include "describe/describe.h"
#include "package/package.h"
#include "pipeline/steps.h"
#include "split/usual.h"
#include "verify/words.h"

namespace handlens::pipeline {
namespace fs = std::filesystem;
namespace {

constexpr size_t kIconPictures = 4;

fs::path PicturePath(const Workspace& space, int index) {
  return fs::path(space.dataset.root) / space.dataset.pictures[static_cast<size_t>(index)].path;
}

// A built app ("web/site"), beside the program while it lies in its build folder, else in the installed share
// folder. Kind kInternal when it is in neither.
Result<fs::path> BuiltApp(const fs::path& name) {
  std::error_code error;
  const fs::path places[] = {ProgramFolder() / "apps" / name,
                             ProgramFolder() / "../share/handlens/apps" / name};
  for (const fs::path& place : places) {
    if (fs::exists(place, error)) return place.lexically_normal();
  }
  return Fail(ErrorKind::kInternal,
              "the built app is not there; make it with `./dev apps`, or install handlens with its apps. "
              "Looked at {} and {}",
              places[0].string(), places[1].lexically_normal().string());
}

Result<describe::Description> DescriptionOf(const Workspace& space) {
  const fs::path path = space.At("model/preprocess.json");
  HL_ASSIGN(const std::string text, ReadText(path));
  return describe::DescriptionFromJson(text, path.string());
}

// The name asked for, else the one that the model was described with.
Result<std::string> AppName(const Run& run) {
  if (run.wanted().about.name) return *run.wanted().about.name;
  HL_ASSIGN(const describe::Description description, DescriptionOf(run.space));
  return description.name;
}

// Runs from before there was a choice stay fresh.
std::optional<std::string> CarryName(const Run& run) {
  if (run.wanted().app.check_pictures == package::Carry::kPixels) return std::nullopt;
  return "originals";
}

std::optional<bool> OnlyTrue(bool asked) { return asked ? std::optional(true) : std::nullopt; }

std::string ModelFile(const Run& run) {
  return run.wanted().app.model == "float" ? "model/model.tflite" : "model/quantizedmodel.tflite";
}

package::BundleRequest::Checks CountChecks(const verify::Verdict& verdict) {
  const size_t all = verdict.rules.size();
  return {static_cast<int>(all - verify::FailedChecks(verdict)), static_cast<int>(all)};
}

Result<package::BundleRequest> BundleOf(Workspace& space, const std::string& model, const std::string& name,
                                        const std::optional<std::string>& carry) {
  HL_ASSIGN(space.split, split::ReadSplit(space.At("split.json"), space.dataset));
  package::BundleRequest bundle;
  bundle.model = space.At(model);
  std::error_code error;
  if (fs::exists(space.At("model/modelcard.md"), error)) bundle.model_card = space.At("model/modelcard.md");
  bundle.name = name;
  for (const int index : PicturesForApps(space)) {
    const dataset::Picture& picture = space.dataset.pictures[static_cast<size_t>(index)];
    bundle.check_pictures.push_back(
        {PicturePath(space, index), space.dataset.labels[static_cast<size_t>(picture.label)]});
  }
  if (carry) bundle.carry = package::Carry::kOriginals;
  const auto judged = verify::ReadVerdict(space.folder);
  if (!judged) return bundle;  // a run that was not judged has nothing to say
  // What the verdict found to harm most becomes the app's advice.
  bundle.guide = judged->guide;
  bundle.guide_number = judged->guide_number;
  HL_ASSIGN(const Bytes bytes, ReadFile(bundle.model));
  const auto file = judged->verdict.files.find(bundle.model.filename().string());
  if (file != judged->verdict.files.end() && file->second == Sha256(bytes))
    bundle.verdict = CountChecks(judged->verdict);
  return bundle;
}

// That of --icon, or a mosaic of the first pictures of up to four classes.
Result<image::Image> IconOf(const Workspace& space, const fs::path& file) {
  if (!file.empty()) {
    HL_ASSIGN(image::Decoded decoded, image::DecodeFile(file));
    return std::move(decoded.image);
  }
  std::vector<fs::path> pictures;
  int next = 0;
  for (size_t i = 0; i < space.dataset.pictures.size() && pictures.size() < kIconPictures; ++i) {
    if (space.dataset.pictures[i].label < next) continue;
    pictures.push_back(PicturePath(space, static_cast<int>(i)));
    next = space.dataset.pictures[i].label + 1;
  }
  HL_ASSIGN(const describe::Description description, DescriptionOf(space));
  return package::DrawIcon(pictures, description.size_px);
}

double SecondsSince(std::chrono::steady_clock::time_point begun) {
  return std::chrono::duration<double>(std::chrono::steady_clock::now() - begun).count();
}

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

std::vector<std::string> AbisOf(const std::string& abi) {
  if (abi == "all") return {"arm64-v8a", "armeabi-v7a", "x86_64"};
  return {abi == "armv7" ? "armeabi-v7a" : abi == "x86_64" ? "x86_64" : "arm64-v8a"};
}

// The key of --key must be there; the default one is made on first use.
Result<package::SigningKey> KeyOf(const fs::path& asked, const Surroundings& around, AndroidResult& result) {
  result.key = asked.empty() ? around.config / "handlens/signing-key.pem" : asked;
  if (!asked.empty()) return package::SigningKey::Read(result.key);
  HL_ASSIGN(auto own, package::SigningKey::ReadOrCreate(result.key, around.now_s ? around.now_s() : 0));
  result.key_made = own.made;
  return std::move(own.key);
}

// Files of a packed folder that the user changed; none where there is no folder yet.
Result<std::vector<std::string>> ChangedIn(const fs::path& folder) {
  std::error_code error;
  if (!fs::is_directory(folder, error)) return std::vector<std::string>();
  return package::ChangedFiles(folder);
}

// "a.txt, b.txt and 3 more"
std::string SomeOf(const std::vector<std::string>& names) {
  constexpr size_t kMostNamed = 3;
  const size_t named = std::min(names.size(), kMostNamed);
  std::string text =
      fmt::format("{}", fmt::join(names.begin(), names.begin() + static_cast<std::ptrdiff_t>(named), ", "));
  if (names.size() > named) text += fmt::format(" and {} more", names.size() - named);
  return text;
}

void SayStay(const Workspace& space, const fs::path& folder, const std::vector<std::string>& changed) {
  if (changed.empty()) return;
  space.progress->Warn(
      fmt::format("{}: files that you changed stay as they are: {}; what is new in them is not in the "
                  "project. Delete one "
                  "and pack again to have it made anew",
                  folder.string(), SomeOf(changed)));
}

void SayBeside(const Workspace& space, const fs::path& folder, const std::vector<std::string>& changed) {
  if (changed.empty()) return;
  space.progress->Warn(
      fmt::format("{}: files that you changed were made anew, and yours lie beside them under NAME.yours: {}",
                  folder.string(), SomeOf(changed)));
}

// Packing takes a moment and depends on files outside the run (icon, templates), so it is done anew each
// time.
struct AppAndroid {
  static constexpr const package::TargetFacts& kTargetFacts = package::FactsOf(package::Target::kAndroid);
  static constexpr StepFacts kFacts{
      .name = kTargetFacts.step, .title = kTargetFacts.title, .command = kAppCommand, .redo = Redo::kAlways};
  struct Options {
    static constexpr std::string_view kNames[] = {
        "name",    "id",    "version_name", "version_code",   "abi", "key",
        "project", "model", "icon",         "check_pictures", "aab", "examples"};
    std::string name, application_id, version_name;
    int version_code = 0;
    std::string abi;
    fs::path key;
    bool project = false;
    std::string model;
    fs::path icon;
    std::optional<std::string> check_pictures;  // empty: pixels
    std::optional<bool> aab, examples;          // empty: no
  };
  static Result<Options> Read(const Run& run) {
    const Wanted::App& wanted = run.wanted().app;
    HL_ASSIGN(std::string name, AppName(run));
    std::string id = wanted.application_id.value_or("app.handlens." + IdPart(name));
    return Options{std::move(name), std::move(id),  wanted.version_name,  wanted.version_code,
                   wanted.abi,      wanted.key,     wanted.project,       ModelFile(run),
                   wanted.icon,     CarryName(run), OnlyTrue(wanted.aab), OnlyTrue(wanted.examples)};
  }
  static Files Touches(const Workspace&, const Options& o) {
    return {{"dataset.json", "split.json", o.model}, {"apps/android"}};
  }
  static Result<package::AndroidRequest> RequestOf(Workspace& space, const Options& o) {
    package::AndroidRequest request;
    HL_ASSIGN(request.bundle, BundleOf(space, o.model, o.name, o.check_pictures));
    request.bundle.examples = o.examples.value_or(false);
    for (const std::string& abi : AbisOf(o.abi)) {
      HL_ASSIGN(const fs::path path, BuiltApp("android/template-" + abi + ".apk"));
      request.templates.push_back(path);
    }
    if (o.aab) {
      HL_ASSIGN(request.bundle_resources, BuiltApp("android/template-bundle.zip"));
      // The processors that handlens was installed with: at least arm64, which stores ask for.
      for (const std::string& abi : AbisOf("all")) {
        if (auto path = BuiltApp("android/template-" + abi + ".apk"))
          request.bundle_templates.push_back(*std::move(path));
      }
    }
    request.application_id = o.application_id;
    request.version_name = o.version_name;
    request.version_code = o.version_code;
    HL_ASSIGN(request.icon, IconOf(space, o.icon));
    request.out = space.At("apps/android");
    return request;
  }
  static Result<void> Work(Workspace& space, const Options& o) {
    HL_ASSIGN(const package::AndroidRequest request, RequestOf(space, o));
    fs::path skeleton;
    if (o.project) {
      HL_ASSIGN(skeleton, BuiltApp("android/project"));
    }
    AndroidResult& result = space.android = {};
    HL_ASSIGN(const package::SigningKey key, KeyOf(o.key, space.around, result));
    result.fingerprint = key.Fingerprint();
    result.application_id = o.application_id;
    HL_ASSIGN(const std::vector<std::string> changed, ChangedIn(request.out / "project"));
    const auto begun = std::chrono::steady_clock::now();
    HL_ASSIGN(package::AndroidFolder packed, package::PackAndroidFolder(request, key, skeleton, o.model));
    result.apps = std::move(packed.apps);
    result.project = std::move(packed.project);
    if (o.project) SayStay(space, result.project, changed);
    result.seconds = SecondsSince(begun);
    for (const package::AndroidApp& app : result.apps)
      space.written.push_back("apps/android/" + app.apk.filename().string());
    space.written.emplace_back("apps/android/android.json");
    if (!result.project.empty()) space.written.emplace_back("apps/android/project");
    return {};
  }
  static Result<void> Load(Workspace&, const Options&) { return {}; }
};

using PackFunction = Result<std::vector<fs::path>> (*)(const package::FolderRequest& request);

// Every target but Android: a folder of files. `built` is the name of the app as built (BuiltApp); empty =
// nothing is.
template <package::Target kTarget, PackFunction kPack, const char* kBuilt>
struct AppFolder {
  static constexpr const package::TargetFacts& kTargetFacts = package::FactsOf(kTarget);
  static constexpr StepFacts kFacts{
      .name = kTargetFacts.step, .title = kTargetFacts.title, .command = kAppCommand, .redo = Redo::kAlways};
  struct Options {
    static constexpr std::string_view kNames[] = {"name", "model",        "icon",         "check_pictures",
                                                  "id",   "version_name", "version_code", "examples"};
    std::string name, model;
    fs::path icon;
    std::optional<std::string> check_pictures;                // empty: pixels
    std::optional<std::string> application_id, version_name;  // empty: the target has none
    std::optional<int> version_code;
    std::optional<bool> examples;  // empty: no
  };
  static Result<Options> Read(const Run& run) {
    const Wanted::App& wanted = run.wanted().app;
    HL_ASSIGN(std::string name, AppName(run));
    Options options{std::move(name), ModelFile(run), wanted.icon,  CarryName(run),
                    std::nullopt,    std::nullopt,   std::nullopt, OnlyTrue(wanted.examples)};
    if (kTargetFacts.has_id) {
      options.application_id = wanted.application_id.value_or("app.handlens." + IdPart(options.name));
      options.version_name = wanted.version_name;
      options.version_code = wanted.version_code;
    }
    return options;
  }
  static std::string Folder() { return fmt::format("apps/{}", kTargetFacts.name); }
  static Files Touches(const Workspace&, const Options& o) {
    return {{"dataset.json", "split.json", o.model}, {Folder()}};
  }
  static Result<void> Work(Workspace& space, const Options& o) {
    package::FolderRequest request;
    HL_ASSIGN(request.bundle, BundleOf(space, o.model, o.name, o.check_pictures));
    request.bundle.examples = o.examples.value_or(false);
    if (*kBuilt != '\0') {
      HL_ASSIGN(request.built, BuiltApp(kBuilt));
    }
    HL_ASSIGN(request.icon, IconOf(space, o.icon));
    request.application_id = o.application_id.value_or("");
    request.version_name = o.version_name.value_or("");
    request.version_code = o.version_code.value_or(0);
    request.out = space.At(Folder());
    HL_ASSIGN(const std::vector<std::string> changed, ChangedIn(request.out));
    const auto begun = std::chrono::steady_clock::now();
    HL_ASSIGN(const std::vector<fs::path> files, kPack(request));
    if (kTarget == package::Target::kIos || kTarget == package::Target::kFlutter)
      SayStay(space, request.out, changed);
    else SayBeside(space, request.out, changed);
    FolderResult& result = space.app_folder = {.folder = request.out, .files = files.size()};
    for (const fs::path& file : files) {
      std::error_code error;
      const uintmax_t bytes = fs::file_size(file, error);
      if (!error) result.bytes += static_cast<int64_t>(bytes);
    }
    result.seconds = SecondsSince(begun);
    space.written.push_back(Folder());
    return {};
  }
  static Result<void> Load(Workspace&, const Options&) { return {}; }
};

constexpr char kBuiltWeb[] = "web/site", kNothingBuilt[] = "", kBuiltIos[] = "ios",
               kBuiltFlutter[] = "flutter", kBuiltPi[] = "pi";

template <package::Target kTarget>
bool Wants(const Run& run) {
  return run.goal == kAppCommand && run.wanted().app.target == kTarget;
}

}  // namespace

// An app is made by its command alone, never by `run`.
std::vector<Step> AppRows() {
  using enum package::Target;
  return {StepOf<AppAndroid>(Wants<kAndroid>),
          StepOf<AppFolder<kWeb, package::PackWeb, kBuiltWeb>>(Wants<kWeb>),
          StepOf<AppFolder<kC, package::PackC, kNothingBuilt>>(Wants<kC>),
          StepOf<AppFolder<kIos, package::PackIos, kBuiltIos>>(Wants<kIos>),
          StepOf<AppFolder<kFlutter, package::PackFlutter, kBuiltFlutter>>(Wants<kFlutter>),
          StepOf<AppFolder<kPi, package::PackPi, kBuiltPi>>(Wants<kPi>)};
}

std::vector<int> PicturesForApps(const Workspace& space) {
  if (!space.dataset.test_folder) return space.split.holdout;
  std::vector<int> taken(space.dataset.labels.size()), pictures;
  for (const int index : space.split.holdout) {
    const auto label = static_cast<size_t>(space.dataset.pictures[static_cast<size_t>(index)].label);
    if (++taken[label] <= split::kHoldoutPerClass) pictures.push_back(index);
  }
  return pictures;
}

}  // namespace handlens::pipeline
