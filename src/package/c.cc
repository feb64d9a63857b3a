// PackC: the model as plain C, with an example, a check picture and a Makefile.
#include "base/json.h"
#include "describe/describe.h"
#include "inference/inference.h"
#include "package/c_answers.h"
#include "package/c_files.h"
#include "package/own_folder.h"
#include "package/package.h"
#include "package/words.h"
#include "tflite/tflite.h"

namespace handlens::package {
namespace {

std::string_view FileText(std::string_view name) {
  for (const EmbeddedFile& file : CFiles()) {
    if (file.name == name) return file.text;
  }
  HL_CHECK(false && "an embedded file is missing");
  return {};
}

struct Check {
  std::vector<uint8_t> picture;
  std::vector<float> scores;
};

// The first held-out picture as the model sees it; without one a picture of slow changes, made here.
Result<Check> MakeCheck(const BundleRequest& request, std::span<const uint8_t> model,
                        const describe::Description& description) {
  Check check;
  if (request.check_pictures.empty()) {
    for (int i = 0; i < description.size_px * description.size_px * 3; ++i) {
      check.picture.push_back(
          static_cast<uint8_t>(i / (3 * description.size_px) * 2 + i % (3 * description.size_px)));
    }
  } else {
    const std::filesystem::path& path = request.check_pictures[0].path;
    auto decoded = image::DecodeFile(path);
    if (!decoded) return Fail(decoded.error().kind, "{}: {}", path.string(), decoded.error().message);
    HL_ASSIGN(const image::Fit fit, image::ParseFit(description.fit));
    check.picture = image::ModelInput(decoded->image, description.size_px, fit);
  }
  HL_ASSIGN(const auto judge, tflite::Judge::Load(model, tflite::Kernels::kReference));
  HL_ASSIGN(check.scores, judge->Classify(check.picture));
  return check;
}

std::string CheckHeader(const Check& check) {
  std::string text =
      "/* A picture as the model sees it, and the scores that TensorFlow Lite's reference kernels give it. "
      "*/\n#include \"model.h\"\n\n"
      "static const float check_scores[HANDLENS_CLASSES] = {";
  for (const float score : check.scores) text += fmt::format("{:a}f, ", score);
  text += "};\nstatic const uint8_t check_picture[HANDLENS_SIDE * HANDLENS_SIDE * 3] = {";
  for (size_t i = 0; i < check.picture.size(); ++i)
    text += fmt::format("{}{},", i % 30 == 0 ? "\n" : "", check.picture[i]);
  return text + "\n};\n";
}

std::string Readme(const BundleRequest& request, const inference::CModel& model, const Json& app,
                   size_t classes) {
  std::string text(FileText("README.md.in"));
  const std::pair<std::string_view, std::string> values[] = {
      {"@NAME@", request.name},
      {"@SIDE@", fmt::format("{}", model.size_px)},
      {"@CLASSES@", fmt::format("{}", classes)},
      {"@CONSTANTS@", fmt::format("{}", model.constant_bytes)},
      {"@ARENA@", fmt::format("{}", model.arena_bytes)},
      {"@MODEL@", app.at("model_file").get<std::string>()},
      {"@SHA256@", app.at("model_sha256").get<std::string>()}};
  for (const auto& [key, value] : values) ReplaceAll(text, key, value);
  return text;
}

const BundleFile* Find(const std::vector<BundleFile>& files, std::string_view name) {
  for (const BundleFile& file : files) {
    if (file.name == name) return &file;
  }
  return nullptr;
}

}  // namespace

Result<std::vector<BundleFile>> MakeC(const BundleRequest& request) {
  BundleRequest pixels = request;
  pixels.carry = Carry::kPixels;  // the check picture is what the model sees, never a file
  HL_ASSIGN(const std::vector<BundleFile> bundle, MakeBundle(pixels));
  const Bytes& bytes = Find(bundle, "model.tflite")->bytes;
  const Json app = Json::parse(Find(bundle, "app.json")->bytes);
  HL_ASSIGN(const describe::Description description,
            describe::DescriptionFromJson(app.at("preprocess").dump(), request.model.string()));
  const auto model = inference::WriteC({.model = bytes,
                                        .name = request.name,
                                        .labels = description.labels,
                                        .not_sure_below = description.not_sure_below,
                                        .possible_from = describe::PossibleFrom(description),
                                        .refer_class = ReferClass(description),
                                        .refer_from = ReferFrom(description),
                                        .fit = FitCode(description.fit)});
  if (!model) return Fail(model.error().kind, "{}: {}", request.model.string(), model.error().message);
  HL_ASSIGN(const Check check, MakeCheck(request, bytes, description));
  std::vector<BundleFile> files = {
      {"model.h", TextBytes(model->header)},
      {"model.c", TextBytes(model->source)},
      {"check.h", TextBytes(CheckHeader(check))},
      {"example.c", TextBytes(FileText("example.c"))},
      {"Makefile", TextBytes(FileText("Makefile"))},
      {"README.md", TextBytes(Readme(request, *model, app, description.labels.size()))}};
  if (const BundleFile* card = Find(bundle, "modelcard.md")) files.push_back(*card);
  Json names = Json::array();
  for (const BundleFile& file : files) names.push_back(file.name);
  const Json record = {{"name", request.name},
                       {"model_file", app.at("model_file")},
                       {"model_sha256", app.at("model_sha256")},
                       {"constant_bytes", model->constant_bytes},
                       {"arena_bytes", model->arena_bytes},
                       {"files", names}};
  files.push_back({kCMarker, RecordBytes("handlens-c", record)});
  return files;
}

Result<std::vector<std::filesystem::path>> PackC(const FolderRequest& request) {
  HL_TRY(CheckOwnFolder(request.out, kCMarker));
  HL_ASSIGN(const std::vector<BundleFile> files, MakeC(request.bundle));
  return WriteOwnFolder(request.out, kCMarker, files, Edited::kBeside);
}

}  // namespace handlens::package
