// DescribeRun: metadata into the finished files, and the proof that label i is output i.
#include "base/hash.h"
#include "describe/describe.h"
#include "describe/proof.h"
#include "describe/records.h"
#include "describe/sample.h"
#include "tflite/tflite.h"

namespace handlens::describe {
namespace {

namespace fs = std::filesystem;

std::string TypeName(tflite::Type type) {
  switch (type) {
    case tflite::Type::kFloat32: return "float32";
    case tflite::Type::kUInt8: return "uint8";
    case tflite::Type::kInt8: return "int8";
    case tflite::Type::kFloat16: return "float16";
    case tflite::Type::kInt32: return "int32";
  }
  return "unknown";
}

struct Conversion {
  int size_px = 0;
  std::string fit;
  std::vector<std::string> labels;
  std::string quantization;        // the method in words; empty in old records
  std::vector<std::string> files;  // names of the final files, in the record's order
};

Result<Conversion> ReadConversion(const fs::path& folder) {
  const fs::path path = folder / "conversion.json";
  HL_ASSIGN(const Json json, ReadRecord(path, "handlens-conversion", 1));
  return FromJson(json, path.string(), [](const Json& j) {
    Conversion c;
    c.size_px = j.at("size_px").get<int>();
    c.fit = j.at("fit").get<std::string>();
    c.labels = j.at("labels").get<std::vector<std::string>>();
    c.quantization = j.value("method", "");
    for (const Json& model : j.at("models")) {
      if (model.at("role").get<std::string>() != "final") continue;
      c.files.push_back(fs::path(model.at("file").get<std::string>()).filename().string());
    }
    return c;
  });
}

std::string Lines(const std::vector<std::string>& labels) {
  std::string text;
  for (const std::string& label : labels) text += label + "\n";
  return text;
}

Result<Description> Complete(Description d, const Conversion& conversion, const fs::path& folder) {
  if (d.size_px == 0) d.size_px = conversion.size_px;
  if (d.labels.empty()) {
    d.labels = conversion.labels;
    d.fit = conversion.fit;
  }
  if (d.size_px != conversion.size_px || d.fit != conversion.fit || d.labels != conversion.labels) {
    return Fail(ErrorKind::kBadInput,
                "{}: the model was converted for {} px, fit {}, labels {}, but is described for {} px, fit "
                "{}, labels {}; convert again",
                folder.string(), conversion.size_px, conversion.fit, Json(conversion.labels).dump(),
                d.size_px, d.fit, Json(d.labels).dump());
  }
  const fs::path file = folder / "labels.txt";
  if (std::error_code ignored; fs::exists(file, ignored)) {
    HL_ASSIGN(const std::string text, ReadText(file));
    std::string expected = Lines(d.labels);
    if (text != expected && text + "\n" != expected) {
      return Fail(ErrorKind::kBadInput, "{}: not the labels of the data set in its order; convert again",
                  file.string());
    }
  }
  // What is written is read back, so that nothing leaves here that a reader would refuse.
  return DescriptionFromJson(PreprocessJson(d), folder.string());
}

Result<Bytes> Describe(const fs::path& file, const Description& d) {
  HL_ASSIGN(const Bytes model, ReadFile(file));
  const auto info = tflite::ReadModelInfo(model);
  if (!info) return Fail(info.error().kind, "{}: {}", file.string(), info.error().message);
  const int outputs = info->output_shape.empty() ? 0 : info->output_shape.back();
  if (outputs != static_cast<int>(d.labels.size())) {
    return Fail(ErrorKind::kBadInput, "{}: {} outputs for {} labels; convert again", file.string(), outputs,
                d.labels.size());
  }
  HL_ASSIGN(const Normalization n, NormalizationOf(TypeName(info->input_type)));
  tflite::Metadata m;
  m.name = d.name;
  m.version = d.version;
  m.author = d.author;
  m.license = d.license;
  m.description = fmt::format("Classifies a picture as one of {} classes.{}{}", d.labels.size(),
                              d.notice.empty() ? "" : " ", d.notice);
  m.input_description =
      fmt::format("{0} x {0} RGB, fit {1}, resized as preprocess.json says", d.size_px, d.fit);
  m.output_description = "A score a class, in the order of labels.txt; they sum to 1 or less.";
  m.mean = {n.mean};
  m.std = {n.std};
  m.min = {n.min};
  m.max = {n.max};
  m.labels = d.labels;
  m.preprocess_json = PreprocessJson(d);
  const auto described = tflite::AddMetadata(model, m);
  if (!described) return Fail(described.error().kind, "{}: {}", file.string(), described.error().message);
  const auto again = tflite::ReadModelInfo(*described);
  if (!again || again->labels != d.labels || again->preprocess_json != m.preprocess_json) {
    return Fail(ErrorKind::kInternal, "{}: the metadata does not read back as written", file.string());
  }
  HL_TRY(WriteFileAtomic(file, *described));
  return *described;
}

Result<std::unique_ptr<tflite::Judge>> LoadJudge(const std::string& file, const Bytes& model) {
  auto judge = tflite::Judge::Load(model, tflite::Kernels::kBuiltin);
  if (!judge) return Fail(judge.error().kind, "{}: {}", file, judge.error().message);
  return judge;
}

Result<void> Prove(const DescribeRequest& request, const std::vector<Bytes>& models, DescribeResult& result) {
  const auto bytes =
      static_cast<size_t>(result.description.size_px) * static_cast<size_t>(result.description.size_px) * 3;
  for (const ProofPicture& picture : request.pictures) HL_CHECK(picture.pixels.size() == bytes);
  for (size_t i = 0; i < models.size(); ++i) {
    HL_ASSIGN(const auto judge, LoadJudge(result.files[i].file, models[i]));
    result.runtime_version = judge->RuntimeVersion();
    HL_TRY(ProveFile(result.files[i].file, *judge, request.pictures, result));
    HL_TRY(WriteSampleScores(request.model_folder / "wrappers/sample", result.files[i].file, *judge,
                             result.description.size_px));
  }
  return {};
}

Result<void> WriteAll(const DescribeRequest& request, const DescribeResult& result) {
  const fs::path& folder = request.model_folder;
  HL_TRY(WriteFileAtomic(folder / "labels.txt", Lines(result.description.labels)));
  HL_TRY(WriteFileAtomic(folder / "preprocess.json", PreprocessJson(result.description)));
  for (const Wrapper& wrapper : Wrappers(result.description)) {
    HL_TRY(WriteFileAtomic(folder / "wrappers" / wrapper.file_name, wrapper.text));
  }
  HL_TRY(WriteSamplePicture(folder / "wrappers/sample", result.description.size_px));
  HL_TRY(WriteDescription(folder / "description.json", result, request.data));
  return WriteModelCard(folder, request.verdict);
}

}  // namespace

Result<Normalization> NormalizationOf(std::string_view input_type) {
  if (input_type == "float32") return Normalization{0, 255, 0, 1};
  if (input_type == "uint8") return Normalization{0, 1, 0, 255};
  if (input_type == "int8") return Normalization{128, 1, -128, 127};
  return Fail(ErrorKind::kBadInput,
              "a model with {} input cannot be described; convert with --io uint8|int8|float32", input_type);
}

Result<DescribeResult> DescribeRun(const DescribeRequest& request, Progress& progress) {
  HL_ASSIGN(Conversion conversion, ReadConversion(request.model_folder));
  if (conversion.files.empty()) {
    return Fail(ErrorKind::kBadInput, "{}: names no final model; convert again",
                request.model_folder.string());
  }
  // The proof's pictures are chosen with model.tflite, whatever the record's order.
  std::stable_partition(conversion.files.begin(), conversion.files.end(),
                        [](const std::string& file) { return file == "model.tflite"; });
  DescribeResult result;
  Description wanted = request.description;
  if (!request.answers.empty()) {
    wanted.answering = ChooseAnswering(request.answers, request.max_wrong);
    wanted.not_sure_below = wanted.answering->not_sure_below;
  }
  if (request.sensitivity) {
    HL_ASSIGN(wanted.referral, ChooseReferral(request.answers, conversion.labels, *request.sensitivity));
  }
  HL_ASSIGN(result.description, Complete(std::move(wanted), conversion, request.model_folder));
  result.quantization = conversion.quantization;
  progress.Begin("describe", static_cast<double>(conversion.files.size()), "files");
  std::vector<Bytes> models;
  for (const std::string& file : conversion.files) {
    if (progress.StopRequested()) return Interrupted();
    HL_ASSIGN(Bytes model, Describe(request.model_folder / file, result.description));
    result.files.push_back({file, Sha256(model), static_cast<int64_t>(model.size())});
    models.push_back(std::move(model));
    progress.Update(static_cast<double>(models.size()), file);
  }
  HL_TRY(Prove(request, models, result));
  HL_TRY(WriteAll(request, result));
  for (const std::string& sentence : result.unproven) progress.Warn(fmt::format("label order: {}", sentence));
  progress.End(result.unproven.empty() ? fmt::format("label order proven on {} files", models.size())
                                       : "label order not proven");
  return result;
}

}  // namespace handlens::describe
