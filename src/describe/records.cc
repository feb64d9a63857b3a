// Writes description.json.
#include "describe/records.h"

namespace handlens::describe {
namespace {

Json FilesJson(const DescribeResult& result) {
  Json files = Json::array();
  for (const DescribedFile& f : result.files)
    files.push_back({{"file", f.file}, {"sha256", f.sha256}, {"bytes", f.bytes}});
  return files;
}

Json ProofJson(const DescribeResult& result) {
  Json rows = Json::array();
  for (const ProofRow& row : result.proof) {
    rows.push_back({{"file", row.file},
                    {"label", row.label},
                    {"pictures", row.pictures},
                    {"right", row.right},
                    {"most_taken_for", row.most_taken_for},
                    {"taken", row.taken}});
  }
  Json rivals = Json::array();
  for (const ProofRival& rival : result.rivals) {
    rivals.push_back({{"file", rival.file},
                      {"labels", rival.labels},
                      {"pictures", rival.pictures},
                      {"right", rival.right},
                      {"right_if_moved", rival.right_if_moved},
                      {"chance", rival.chance}});
  }
  Json proof = {{"passed", result.unproven.empty()},
                {"runtime", result.runtime_version},
                {"rows", rows},
                {"rivals", rivals},
                {"unproven", result.unproven}};
  if (result.contradicted) proof["contradicted"] = true;
  return proof;
}

}  // namespace

Result<void> WriteDescription(const std::filesystem::path& path, const DescribeResult& result,
                              const DataFacts& data) {
  const Description& d = result.description;
  Json record;
  // The paper's Table 2, by its own names where it has them.
  const Json preprocess = Json::parse(PreprocessJson(d));
  record["model"] = {{"name", d.name},
                     {"version", d.version},
                     {"image_width", d.size_px},
                     {"image_height", d.size_px},
                     {"image_min", preprocess["image_min"]},
                     {"image_max", preprocess["image_max"]},
                     {"mean", preprocess["mean"]},
                     {"std", preprocess["std"]},
                     {"num_classes", d.labels.size()},
                     {"author", d.author},
                     {"license", d.license},
                     {"notice", d.notice},
                     {"fit", d.fit},
                     {"labels", d.labels},
                     {"not_sure_below", d.not_sure_below}};
  if (d.answering) record["model"]["answering"] = ToJson(*d.answering);
  if (d.referral) record["model"]["refer"] = ToJson(*d.referral);
  if (!result.quantization.empty()) record["model"]["quantization"] = result.quantization;
  record["files"] = FilesJson(result);
  record["proof"] = ProofJson(result);
  record["data"] = {{"pictures_per_class", data.pictures_per_class},
                    {"rejected", data.rejected},
                    {"folds", data.folds},
                    {"holdout", data.holdout},
                    {"intended_use", data.intended_use}};
  if (!data.groups.empty()) record["data"]["groups"] = data.groups;
  if (!data.notes.empty()) record["data"]["notes"] = data.notes;
  return WriteRecord(path, "handlens-description", 1, record);
}

}  // namespace handlens::describe
