// The bundle that all targets share, and the icon.
#include <algorithm>

#include "base/hash.h"
#include "base/json.h"
#include "describe/describe.h"
#include "package/own_folder.h"
#include "package/package.h"
#include "package/why.h"
#include "tflite/tflite.h"

namespace handlens::package {
namespace {

constexpr size_t kCheckPicturesBytes = 12u << 20;

const char* TypeName(tflite::Type type) {
  switch (type) {
    case tflite::Type::kUInt8: return "uint8";
    case tflite::Type::kInt8: return "int8";
    default: return "float32";
  }
}

// How an output number becomes a score: (number - zero_point) * scale; null for floats.
Json OutputQuantization(const tflite::ModelInfo& info) {
  const tflite::Quantization& q = info.output_quantization;
  if (q.scales.size() != 1 || q.zero_points.size() != 1) return nullptr;
  return {{"scale", q.scales[0]}, {"zero_point", q.zero_points[0]}};
}

struct Model {
  Bytes bytes;
  tflite::ModelInfo info;
  describe::Description description;
};

// An app whose labels do not match its model's outputs starts without a complaint unless somebody checks: we
// do.
Result<Model> ReadModel(const std::filesystem::path& path) {
  Model model;
  HL_ASSIGN(model.bytes, ReadFile(path));
  auto info = tflite::ReadModelInfo(model.bytes);
  if (!info) return Fail(info.error().kind, "{}: {}", path.string(), info.error().message);
  model.info = *std::move(info);
  if (model.info.preprocess_json.empty()) {
    return Fail(ErrorKind::kBadInput,
                "{}: has no metadata of handlens; run `handlens describe` on its run folder first",
                path.string());
  }
  HL_ASSIGN(model.description, describe::DescriptionFromJson(model.info.preprocess_json, path.string()));
  const size_t labels = model.description.labels.size();
  const int outputs = model.info.output_shape.empty() ? 0 : model.info.output_shape.back();
  if (model.info.labels != model.description.labels || outputs != static_cast<int>(labels)) {
    return Fail(ErrorKind::kBadInput,
                "{}: {} outputs, {} labels in the label file, {} in preprocess.json; they must be the same",
                path.string(), outputs, model.info.labels.size(), labels);
  }
  return model;
}

// What of a picture goes into the app, and its file's extension.
struct Carried {
  Bytes bytes;
  std::string extension;
  bool lossless = true;
};

std::string Lower(std::string text) {
  std::transform(text.begin(), text.end(), text.begin(), [](unsigned char c) { return std::tolower(c); });
  return text;
}

// The pixels are encoded anew, so nothing of the file but what the model sees can come along. That a phone
// gets the model's very input from them is tried here: a square of the right size is left alone by every fit.
Result<Carried> PixelsOnly(std::span<const uint8_t> input, int size_px, image::Fit fit) {
  Carried carried{image::EncodePng(input, size_px, size_px), "png"};
  HL_ASSIGN(const image::Decoded again, image::Decode(carried.bytes));
  const auto seen = image::ModelInput(again.image, size_px, fit);
  if (!std::equal(seen.begin(), seen.end(), input.begin(), input.end())) {
    return Fail(ErrorKind::kInternal, "a picture's pixels do not come back from their PNG");
  }
  return carried;
}

Carried Original(Bytes file, const image::Decoded& decoded) {
  const std::string& format = decoded.facts.format;
  return {std::move(file), Lower(format),
          format == "PNG" || format == "GIF" || format == "BMP" || format == "TIFF"};
}

// Of each class the check picture with the highest score for it.
class Examples {
 public:
  explicit Examples(const std::vector<std::string>& labels) : labels_(labels), best_(labels.size()) {}

  // `file` names the picture's pixels where they are in the bundle already; else `pixels` go along.
  void Offer(const std::string& label, std::span<const float> scores, const std::string& file, Bytes pixels) {
    const auto at = std::find(labels_.begin(), labels_.end(), label) - labels_.begin();
    if (at == static_cast<ptrdiff_t>(labels_.size())) return;
    Best& best = best_[static_cast<size_t>(at)];
    const float score = scores[static_cast<size_t>(at)];
    if (score > best.score) best = {score, file, std::move(pixels)};
  }

  // A file a label in the model's order, null where a class has no check picture.
  Json Take(std::vector<BundleFile>& files) {
    Json names = Json::array();
    for (size_t i = 0; i < best_.size(); ++i) {
      Best& best = best_[i];
      if (!best.pixels.empty()) {
        best.file = fmt::format("examples/{}.png", i);
        files.push_back({best.file, std::move(best.pixels)});
      }
      names.push_back(best.file.empty() ? Json() : Json(best.file));
    }
    return names;
  }

 private:
  struct Best {
    float score = -1;
    std::string file;
    Bytes pixels;
  };
  const std::vector<std::string>& labels_;
  std::vector<Best> best_;
};

// The pictures that the phone runs, with the scores that the computer gives them.
Result<void> AddCheck(const BundleRequest& request, const Model& model, Examples& examples,
                      std::vector<BundleFile>& files) {
  HL_ASSIGN(const auto judge, tflite::Judge::Load(model.bytes, request.kernels));
  HL_ASSIGN(const auto xnnpack, tflite::Judge::Load(model.bytes, tflite::Kernels::kXnnpack));
  HL_ASSIGN(const image::Fit fit, image::ParseFit(model.description.fit));
  Json rows = Json::array();
  size_t total_bytes = 0;
  for (const CheckPicture& picture : request.check_pictures) {
    HL_ASSIGN(Bytes bytes, ReadFile(picture.path));
    const std::string id = Sha256(bytes);
    auto decoded = image::Decode(bytes);
    if (!decoded) return Fail(decoded.error().kind, "{}: {}", picture.path.string(), decoded.error().message);
    const auto input = image::ModelInput(decoded->image, model.description.size_px, fit);
    Carried carried;
    if (request.carry == Carry::kOriginals) {
      if (decoded->facts.format == "DICOM") {
        return Fail(ErrorKind::kUsage,
                    "{} is a DICOM file: it says who the patient is, and no phone reads it; leave "
                    "--check-pictures at \"pixels\"",
                    picture.path.string());
      }
      carried = Original(std::move(bytes), *decoded);
    } else {
      HL_ASSIGN(carried, PixelsOnly(input, model.description.size_px, fit));
    }
    if (total_bytes + carried.bytes.size() > kCheckPicturesBytes) continue;
    total_bytes += carried.bytes.size();
    HL_ASSIGN(const std::vector<float> scores, judge->Classify(input));
    HL_ASSIGN(const std::vector<float> xnnpack_scores, xnnpack->Classify(input));
    const std::string name = fmt::format("{}.{}", rows.size(), carried.extension);
    rows.push_back({{"file", name},
                    {"label", picture.label},
                    {"sha256", id},
                    {"input_sha256", Sha256(input)},
                    {"lossless", carried.lossless},
                    {"scores", scores},
                    {"scores_xnnpack", xnnpack_scores}});
    if (request.examples) {
      Carried pixels;
      if (request.carry == Carry::kOriginals) {
        HL_ASSIGN(pixels, PixelsOnly(input, model.description.size_px, fit));
      }
      examples.Offer(picture.label, scores, "check/" + name, std::move(pixels.bytes));
    }
    files.push_back({"check/" + name, std::move(carried.bytes)});
  }
  Json record = {{"runtime", judge->RuntimeVersion()},
                 {"tolerance", model.info.output_type == tflite::Type::kFloat32 ? 1e-3 : 1.5 / 256},
                 {"left_out", request.check_pictures.size() - rows.size()},
                 {"pictures", rows}};
  if (request.carry == Carry::kOriginals) record["pictures_are"] = "originals";
  files.push_back({"check/check.json", RecordBytes("handlens-check", record)});
  return {};
}

}  // namespace

Result<std::vector<BundleFile>> MakeBundle(const BundleRequest& request) {
  HL_ASSIGN(const Model model, ReadModel(request.model));
  std::vector<BundleFile> files;
  Json app = {{"name", request.name},
              {"model", "model.tflite"},
              {"model_file", request.model.filename().string()},
              {"model_sha256", Sha256(model.bytes)},
              {"input_type", TypeName(model.info.input_type)},
              {"output_type", TypeName(model.info.output_type)},
              {"output_quantization", OutputQuantization(model.info)},
              {"preprocess", Json::parse(model.info.preprocess_json)}};
  if (request.verdict) app["verdict"] = {{"passed", request.verdict->passed}, {"of", request.verdict->of}};
  if (!request.guide.empty()) app["guide"] = request.guide;
  if (request.guide_number != 0) app["guide_number"] = request.guide_number;
  std::vector<BundleFile> check;
  Examples examples(model.description.labels);
  HL_TRY(AddCheck(request, model, examples, check));
  if (request.examples) app["examples"] = examples.Take(check);
  app["why"] = {{"cells", kWhyCells}, {"least_drop", kWhyLeastDrop}, {"most_red", kWhyMostRed}};
  files.push_back({"app.json", RecordBytes("handlens-app", app)});
  files.push_back({"model.tflite", model.bytes});
  if (!request.model_card.empty()) {
    HL_ASSIGN(Bytes card, ReadFile(request.model_card));
    files.push_back({"modelcard.md", std::move(card)});
  }
  for (BundleFile& file : check) files.push_back(std::move(file));
  return files;
}

Result<image::Image> DrawIcon(const std::vector<std::filesystem::path>& pictures, int size_px) {
  constexpr int kSide = 512;
  const size_t across = pictures.size() >= 4 ? 2 : 1;
  const int tile = kSide / static_cast<int>(across);
  image::Image icon{kSide, kSide, std::vector<uint8_t>(static_cast<size_t>(kSide) * kSide * 3, 255)};
  for (size_t i = 0; i < std::min(pictures.size(), across * across); ++i) {
    HL_ASSIGN(const image::Decoded decoded, image::DecodeFile(pictures[i]));
    const int seen_px = std::min(size_px, tile);
    const image::Image seen{seen_px, seen_px, image::ModelInput(decoded.image, seen_px, image::Fit::kCrop)};
    const auto pixels = image::ModelInput(seen, tile, image::Fit::kCrop);
    const size_t row_bytes = static_cast<size_t>(tile) * 3;
    for (size_t y = 0; y < static_cast<size_t>(tile); ++y) {
      const size_t to =
          ((i / across * static_cast<size_t>(tile) + y) * kSide + i % across * static_cast<size_t>(tile)) * 3;
      std::copy_n(pixels.begin() + static_cast<std::ptrdiff_t>(y * row_bytes), row_bytes,
                  icon.rgb.begin() + static_cast<std::ptrdiff_t>(to));
    }
  }
  return icon;
}

}  // namespace handlens::package
