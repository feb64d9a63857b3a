#include "doctor/facts.h"

#include <algorithm>
#include <filesystem>

#include "describe/describe.h"
#include "doctor/words.h"

namespace handlens::doctor {
namespace {

using tflite::Type;

bool IsBytes(Type type) { return type == Type::kInt8 || type == Type::kUInt8; }
bool IsFloats(Type type) { return type == Type::kFloat32 || type == Type::kFloat16; }

// What the file's name promises: "mobilenet_quant.tflite", "lite0-int8.tflite", "model_float.tflite".
bool Promises(std::string_view name, std::initializer_list<std::string_view> words) {
  const std::string stem = Folded(std::filesystem::path(name).stem().string());
  return std::any_of(words.begin(), words.end(),
                     [&](std::string_view word) { return stem.find(word) != std::string::npos; });
}

void CheckType(const Patient& patient, std::string_view name, std::vector<Finding>& findings) {
  const tflite::ModelInfo& info = patient.info;
  const bool says_bytes = Promises(name, {"int8", "quant", "qat"});
  if (info.simulates_bytes) {
    findings.push_back(
        Fact("type",
             "it was trained for 8 bits, but converted without them: its weights are floats, so "
             "it is as large and as slow as a model that was not",
             "convert it again with the converter's optimizations on "
             "(tf.lite.Optimize.DEFAULT)",
             false));
  } else if (says_bytes && IsFloats(info.weights_type)) {
    findings.push_back(
        Fact("type",
             "its name says 8 bits, but its weights are floats and it takes floats; a tool that "
             "trusts the name feeds it other values than it learnt",
             "give the file another name, or convert it again with quantization", false));
  } else if (!says_bytes && IsBytes(info.input_type) && Promises(name, {"float", "fp32", "fp16"})) {
    findings.push_back(Fact("type", "its name says floats, but it takes bytes",
                            "give the file another name, or convert it again without quantization", false));
  }
}

// The metadata of a quantized input may speak of the bytes, of the integers that are stored, or of the
// numbers that they stand for.
void CheckNormalization(const Patient& patient, std::vector<Finding>& findings) {
  const tflite::ModelInfo& info = patient.info;
  if (!IsBytes(info.input_type) || info.norm_mean.empty() || info.norm_std.empty()) return;
  constexpr Normal kStored = {{128, 128, 128}, {1, 1, 1}};  // an int8 is its byte less 128
  const auto says = [&](const Normal& normal) { return Says(info.norm_mean, info.norm_std, normal); };
  if (says(NormalOf(patient, Scale::kBytes)) || says(NormalOf(patient, patient.declared)) ||
      (info.input_type == Type::kInt8 && says(kStored)))
    return;
  findings.push_back(
      Fact("metadata",
           fmt::format("the metadata says mean {:.4g} and deviation {:.4g}, but the input's own "
                       "steps say otherwise; some tools believe the one, some the other",
                       info.norm_mean[0], info.norm_std[0]),
           "--fix writes that the bytes go in as they are", true));
}

void CheckSize(const Patient& patient, std::vector<Finding>& findings) {
  const tflite::ModelInfo& info = patient.info;
  if (info.said_width_px == 0 && info.said_height_px == 0) return;
  if (info.said_width_px == patient.size_px && info.said_height_px == patient.size_px) return;
  findings.push_back(
      Fact("metadata",
           fmt::format("the metadata says pictures of {} x {} pixels, but the model takes {} x {}",
                       info.said_width_px, info.said_height_px, patient.size_px, patient.size_px),
           "--fix writes the model's own", true));
}

}  // namespace

Finding Fact(std::string what, std::string text, std::string advice, bool in_file) {
  return {std::move(what), std::move(text), std::move(advice), 0, 0, 0, 0, in_file};
}

Feed ReadDeclared(const Patient& patient, std::string_view name, std::vector<Finding>& findings) {
  Feed declared;
  declared.scale = patient.declared;
  CheckType(patient, name, findings);
  CheckNormalization(patient, findings);
  CheckSize(patient, findings);
  if (patient.info.preprocess_json.empty()) return declared;
  const auto description =
      describe::DescriptionFromJson(patient.info.preprocess_json, fmt::format("{}/preprocess.json", name));
  if (!description) {
    findings.push_back(Fact("metadata", description.error().message,
                            "--fix leaves preprocess.json out, or writes another", true));
    return declared;
  }
  declared.fit = image::ParseFit(description->fit).value_or(declared.fit);
  if (description->size_px != patient.size_px) {
    findings.push_back(Fact("metadata",
                            fmt::format("preprocess.json speaks of {} pixels, but the model takes {}",
                                        description->size_px, patient.size_px),
                            "--fix writes the model's own", true));
  }
  if (description->labels != patient.info.labels) {
    findings.push_back(Fact("metadata", "the labels of preprocess.json are not those of the metadata",
                            "--fix writes the same into both", true));
  }
  return declared;
}

}  // namespace handlens::doctor
