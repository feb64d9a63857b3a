// PackPi: the program for the Raspberry Pi (apps/pi) with the model within it, alone and as Debian packages.
#include "base/hash.h"
#include "base/json.h"
#include "base/text.h"
#include "inference/inference.h"
#include "package/deb.h"
#include "package/own_folder.h"
#include "package/package.h"
#include "package/targets.h"
#include "package/words.h"

namespace handlens::package {
namespace {

namespace fs = std::filesystem;

constexpr std::string_view kArchitectures[] = {"arm64",
                                               "armhf"};  // as Debian calls them; the built programs end so

// What stands in apps/pi/README.md and handlens.service where the user's words belong.
constexpr std::string_view kNamePlace = "HANDLENS_NAME", kProgramPlace = "HANDLENS_PROGRAM",
                           kVersionPlace = "HANDLENS_VERSION_NAME";

const BundleFile& FileNamed(const std::vector<BundleFile>& files, std::string_view name) {
  for (const BundleFile& file : files) {
    if (file.name == name) return file;
  }
  HL_CHECK(false && "a built file is missing");
  return files[0];
}

// Debian wants a version that begins with a digit (deb-version(7)).
Result<void> CheckVersion(std::string_view version) {
  constexpr std::string_view kSigns = ".+~";
  bool right = !version.empty() && version[0] >= '0' && version[0] <= '9';
  for (const char c : version)
    right = right && ((c >= '0' && c <= '9') || (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') ||
                      kSigns.find(c) != std::string_view::npos);
  if (right) return {};
  return Fail(ErrorKind::kUsage,
              "version name '{}': this target takes a digit, then letters, digits and . + ~, such as 1.2.3",
              version);
}

std::string Filled(const BundleFile& file, const FolderRequest& request, std::string_view name) {
  std::string text(file.bytes.begin(), file.bytes.end());
  ReplaceAll(text, kProgramPlace, ProgramName(request.application_id));
  ReplaceAll(text, kVersionPlace, request.version_name);
  ReplaceAll(text, kNamePlace, name);  // last: it may look like one of the others
  return text;
}

// A unit's description: one line, in which % means nothing.
std::string UnitName(std::string_view name) {
  std::string text = Visible(name);
  ReplaceAll(text, "%", "%%");
  return text;
}

// What the program finds at its own end (apps/pi/pack.cc): an archive, its length, its hash, a mark.
Result<Bytes> Appendix(const FolderRequest& request, const std::vector<BundleFile>& built,
                       const std::vector<BundleFile>& bundle) {
  std::vector<TarFile> files;
  for (const BundleFile& file : built) {
    if (file.name.starts_with("golden/")) files.push_back({file.name, file.bytes});
  }
  for (const BundleFile& file : bundle) {
    if (file.name != "model.tflite") files.push_back({file.name, file.bytes});
  }
  auto plan = inference::WritePlan(FileNamed(bundle, "model.tflite").bytes);
  if (!plan) return Fail(plan.error().kind, "{}: {}", request.bundle.model.string(), plan.error().message);
  files.push_back({"model.plan", *std::move(plan)});
  const Json own = {{"program", ProgramName(request.application_id)}, {"version_name", request.version_name}};
  files.push_back({"pi.json", TextBytes(own.dump())});
  Bytes appendix = WriteTar(files, TarFolders::kLeftOut);
  const std::string hash = Sha256(appendix);
  const uint64_t bytes = appendix.size();
  for (size_t i = 0; i < sizeof bytes; ++i) appendix.push_back(static_cast<uint8_t>(bytes >> (8 * i)));
  const Bytes end = TextBytes(hash + "HLPACK01");
  appendix.insert(appendix.end(), end.begin(), end.end());
  return appendix;
}

// systemd learns of the unit; an update goes on where the old version ran; what is removed stops first.
std::vector<TarFile> Scripts(const std::string& program) {
  constexpr std::string_view kHead = "#!/bin/sh\nset -e\n[ -d /run/systemd/system ] || exit 0\n";
  return {{"postinst",
           TextBytes(fmt::format("{}systemctl daemon-reload || true\nif [ -n \"$2\" ]; then systemctl "
                                 "try-restart {}.service || true; fi\n",
                                 kHead, program)),
           true},
          {"prerm",
           TextBytes(
               fmt::format("{}if [ \"$1\" = remove ]; then systemctl disable --now {}.service || true; fi\n",
                           kHead, program)),
           true},
          {"postrm", TextBytes(fmt::format("{}systemctl daemon-reload || true\n", kHead)), true}};
}

Bytes DebOf(const FolderRequest& request, std::string_view architecture, const Bytes& program,
            const std::vector<BundleFile>& built, const std::vector<BundleFile>& bundle) {
  const std::string name = ProgramName(request.application_id), docs = "usr/share/doc/" + name;
  std::vector<TarFile> files = {
      {"usr/bin/" + name, program, true},
      {fmt::format("usr/lib/systemd/system/{}.service", name),
       TextBytes(Filled(FileNamed(built, "handlens.service"), request, UnitName(request.bundle.name)))},
      {docs + "/README.md",
       TextBytes(Filled(FileNamed(built, "README.md"), request, PlistEscaped(request.bundle.name)))},
      {docs + "/copyright", FileNamed(built, "copyright").bytes}};
  for (const BundleFile& file : bundle) {
    if (file.name == "modelcard.md") files.push_back({docs + "/modelcard.md", file.bytes});
  }
  return WriteDeb(
      {.package = name,
       .version = request.version_name,
       .architecture = std::string(architecture),
       .synopsis = fmt::format("{}: names what a picture or a camera shows", Visible(request.bundle.name)),
       .description = " An image classifier with its model within, made by handlens: pictures, cameras,\n a "
                      "page in the local network, a self-check.\n",
       .scripts = Scripts(name)},
      files);
}

Result<void> MakeExecutable(const FolderRequest& request, const std::vector<fs::path>& files) {
  for (const fs::path& file : files) {
    const bool program = file.filename().string().starts_with(ProgramName(request.application_id) + "-") &&
                         file.extension() != ".deb";
    std::error_code error;
    if (program)
      fs::permissions(file, fs::perms::owner_exec | fs::perms::group_exec | fs::perms::others_exec,
                      fs::perm_options::add, error);
    if (error) return Fail(ErrorKind::kResources, "{}: {}", file.string(), error.message());
  }
  return {};
}

}  // namespace

Result<std::vector<fs::path>> PackPi(const FolderRequest& request) {
  HL_TRY(CheckApplicationId(request.application_id));
  HL_TRY(CheckAppName(request.bundle.name));
  HL_TRY(CheckVersion(request.version_name));
  HL_TRY(CheckOwnFolder(request.out, kPiMarker));
  HL_ASSIGN(const std::vector<BundleFile> built, ReadBuilt(request.built, FactsOf(Target::kPi).title));
  BundleRequest wanted = request.bundle;
  wanted.kernels = tflite::Kernels::kReference;  // which the plan follows to the bit
  HL_ASSIGN(const std::vector<BundleFile> bundle, MakeBundle(wanted));
  HL_ASSIGN(const Bytes appendix, Appendix(request, built, bundle));
  const std::string name = ProgramName(request.application_id);
  std::vector<BundleFile> files = {{"README.md", TextBytes(Filled(FileNamed(built, "README.md"), request,
                                                                  PlistEscaped(request.bundle.name)))}};
  Json programs = Json::array();
  for (const std::string_view architecture : kArchitectures) {
    Bytes program = FileNamed(built, fmt::format("program-{}", architecture)).bytes;
    program.insert(program.end(), appendix.begin(), appendix.end());
    const std::string deb = fmt::format("{}_{}_{}.deb", name, request.version_name, architecture);
    files.push_back({deb, DebOf(request, architecture, program, built, bundle)});
    programs.push_back({{"architecture", architecture},
                        {"file", fmt::format("{}-{}", name, architecture)},
                        {"bytes", program.size()},
                        {"deb", deb},
                        {"deb_bytes", files.back().bytes.size()}});
    files.push_back({fmt::format("{}-{}", name, architecture), std::move(program)});
  }
  const Json app = Json::parse(FileNamed(bundle, "app.json").bytes);
  Json names = Json::array();
  for (const BundleFile& file : files) names.push_back(file.name);
  const Json record = {{"name", request.bundle.name},
                       {"program", name},
                       {"version_name", request.version_name},
                       {"model_file", app.at("model_file")},
                       {"model_sha256", app.at("model_sha256")},
                       {"programs", programs},
                       {"files", names}};
  files.push_back({kPiMarker, RecordBytes("handlens-pi", record)});
  HL_ASSIGN(std::vector<fs::path> paths, WriteOwnFolder(request.out, kPiMarker, files, Edited::kBeside));
  HL_TRY(MakeExecutable(request, paths));
  return paths;
}

}  // namespace handlens::package
