// Fix: a model's metadata written anew from a diagnosis.
#include <algorithm>

#include "describe/describe.h"
#include "doctor/words.h"

namespace handlens::doctor {

Result<Bytes> Fix(std::span<const uint8_t> model, const Diagnosis& diagnosis) {
  const bool any = std::any_of(diagnosis.findings.begin(), diagnosis.findings.end(),
                               [](const Finding& f) { return f.in_file; });
  if (!any)
    return Fail(ErrorKind::kBadInput,
                "{}: nothing was found that the file itself can say, so there is nothing to write",
                diagnosis.model);
  HL_ASSIGN(const Patient patient, Admit(model, diagnosis.model));
  tflite::Metadata metadata;
  metadata.name = patient.info.description.empty() ? diagnosis.model : patient.info.description;
  metadata.description = fmt::format(
      "Classifies a picture as one of {} classes. Metadata by handlens doctor.", diagnosis.labels.size());
  metadata.version = "1";
  metadata.input_description = fmt::format("{0} x {0} RGB; {1}", patient.size_px, Words(diagnosis.repaired));
  metadata.output_description = "A score a class, in the order of labels.txt.";
  metadata.labels = diagnosis.labels;
  if (patient.info.input_type == tflite::Type::kFloat32) {
    const Normal normal = NormalOf(patient, diagnosis.repaired.scale);
    metadata.mean.assign(normal.mean, normal.mean + 3);
    metadata.std.assign(normal.std, normal.std + 3);
    for (size_t c = 0; c < 3; ++c) {
      metadata.min.push_back((0 - normal.mean[c]) / normal.std[c]);
      metadata.max.push_back((255 - normal.mean[c]) / normal.std[c]);
    }
  } else {
    HL_ASSIGN(const describe::Normalization n,
              describe::NormalizationOf(patient.info.input_type == tflite::Type::kInt8 ? "int8" : "uint8"));
    metadata.mean = {n.mean};
    metadata.std = {n.std};
    metadata.min = {n.min};
    metadata.max = {n.max};
  }
  if (SaysFit(diagnosis.repaired, patient)) {
    describe::Description description;
    // What handlens itself had written stays, but for what was found.
    const auto old = describe::DescriptionFromJson(patient.info.preprocess_json, diagnosis.model);
    if (old) description = *old;
    description.size_px = patient.size_px;
    description.fit = image::FitName(diagnosis.repaired.fit);
    description.labels = diagnosis.labels;
    metadata.preprocess_json = describe::PreprocessJson(description);
  }
  auto fixed = tflite::AddMetadataToAny(model, metadata);
  if (!fixed) return Fail(fixed.error().kind, "{}: {}", diagnosis.model, fixed.error().message);
  return fixed;
}

}  // namespace handlens::doctor
