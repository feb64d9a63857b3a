// RUN/dataset.json, format "handlens-dataset" version 1, and the two ways to ask whether the pictures are still the same.
#include <map>
#include <set>

#include "base/disk.h"
#include "base/hash.h"
#include "base/json.h"
#include "dataset/dataset.h"
#include "dataset/moved.h"

namespace handlens::dataset {
namespace {

constexpr std::string_view kFormat = "handlens-dataset";
constexpr int kVersion = 1;

Json PictureJson(const Dataset& dataset, const Picture& picture) {
  Json json = {{"id", picture.id}, {"path", picture.path}, {"label", dataset.labels[static_cast<size_t>(picture.label)]},
               {"group", picture.group}, {"cluster", picture.cluster}, {"width", picture.width}, {"height", picture.height},
               {"format", picture.format}, {"colour", picture.colour}, {"bytes", picture.bytes}};
  if (!picture.warnings.empty()) json["warnings"] = picture.warnings;
  return json;
}

Result<Picture> ReadPicture(const Json& json, const std::map<std::string, int>& labels, std::string_view where) {
  Picture picture;
  picture.id = json.at("id").get<std::string>();
  picture.path = json.at("path").get<std::string>();
  const auto label = labels.find(json.at("label").get<std::string>());
  if (label == labels.end()) return Fail(ErrorKind::kBadInput, "{}: the label of {} is not among the labels", where, picture.path);
  picture.label = label->second;
  picture.group = json.at("group").get<std::string>();
  picture.cluster = json.at("cluster").get<int>();
  picture.width = json.at("width").get<int>();
  picture.height = json.at("height").get<int>();
  picture.format = json.at("format").get<std::string>();
  picture.colour = json.at("colour").get<std::string>();
  picture.bytes = json.at("bytes").get<int64_t>();
  if (json.contains("warnings")) picture.warnings = json.at("warnings").get<std::vector<std::string>>();
  return picture;
}

Result<Dataset> ReadAllKeys(const Json& json, std::string_view where) {
  Dataset dataset;
  dataset.root = json.at("root").get<std::string>();
  dataset.labels_file = json.at("labels_file").get<std::string>();
  dataset.groups_from = json.value("groups_from", "");
  dataset.labels = json.at("labels").get<std::vector<std::string>>();
  std::map<std::string, int> number;
  for (const std::string& label : dataset.labels) number.emplace(label, static_cast<int>(number.size()));
  std::set<std::string> ids;
  for (const Json& entry : json.at("pictures")) {
    HL_ASSIGN(Picture picture, ReadPicture(entry, number, where));
    if (!ids.insert(picture.id).second) return Fail(ErrorKind::kBadInput, "{}: the picture {} occurs twice", where, picture.id);
    dataset.pictures.push_back(std::move(picture));
  }
  for (const Json& entry : json.at("rejected")) {
    dataset.rejected.push_back({entry.at("path").get<std::string>(), entry.at("reason").get<std::string>()});
  }
  for (const Json& entry : json.at("duplicates")) {
    const bool exact = entry.at("kind").get<std::string>() == "exact";
    dataset.duplicates.push_back({entry.at("path_a").get<std::string>(), entry.at("path_b").get<std::string>(),
                                  exact ? DuplicateKind::kExact : DuplicateKind::kNear, entry.at("across_labels").get<bool>(),
                                  entry.at("similarity").get<double>()});
  }
  for (const Json& entry : json.at("shortcuts")) {
    dataset.shortcuts.push_back({entry.at("property").get<std::string>(), entry.at("accuracy").get<double>(),
                                 entry.at("chance").get<double>(), entry.at("explanation").get<std::string>()});
  }
  dataset.odd_ones_out = json.at("odd_ones_out").get<std::vector<std::string>>();
  dataset.warnings = json.at("warnings").get<std::vector<std::string>>();
  dataset.recommended_sizes_px = json.at("recommended_sizes_px").get<std::vector<int>>();
  HL_ASSIGN(dataset.recommended_fit, image::ParseFit(json.at("recommended_fit").get<std::string>()));
  return dataset;
}

}  // namespace

Result<void> WriteDataset(const std::filesystem::path& path, const Dataset& dataset) {
  Json json = {{"root", dataset.root}, {"labels_file", dataset.labels_file}, {"labels", dataset.labels},
               {"fingerprint", Fingerprint(dataset)}};
  if (!dataset.groups_from.empty()) json["groups_from"] = dataset.groups_from;
  json["pictures"] = Json::array();
  for (const Picture& picture : dataset.pictures) json["pictures"].push_back(PictureJson(dataset, picture));
  json["rejected"] = Json::array();
  for (const Rejected& rejected : dataset.rejected) json["rejected"].push_back({{"path", rejected.path}, {"reason", rejected.reason}});
  json["duplicates"] = Json::array();
  for (const DuplicatePair& pair : dataset.duplicates) {
    json["duplicates"].push_back({{"path_a", pair.path_a}, {"path_b", pair.path_b},
                                  {"kind", pair.kind == DuplicateKind::kExact ? "exact" : "near"},
                                  {"across_labels", pair.across_labels}, {"similarity", pair.similarity}});
  }
  json["shortcuts"] = Json::array();
  for (const Shortcut& shortcut : dataset.shortcuts) {
    json["shortcuts"].push_back({{"property", shortcut.property}, {"accuracy", shortcut.accuracy},
                                 {"chance", shortcut.chance}, {"explanation", shortcut.explanation}});
  }
  json["odd_ones_out"] = dataset.odd_ones_out;
  json["warnings"] = dataset.warnings;
  json["recommended_sizes_px"] = dataset.recommended_sizes_px;
  json["recommended_fit"] = image::FitName(dataset.recommended_fit);
  HL_TRY(WriteRecord(path, kFormat, kVersion, json));
  return ForgetMove(path);
}

Result<Dataset> ReadDataset(const std::filesystem::path& path) {
  HL_ASSIGN(const Json json, ReadRecord(path, kFormat, kVersion));
  HL_ASSIGN(Result<Dataset> read, FromJson(json, path.string(), [&](const Json& j) { return ReadAllKeys(j, path.string()); }));
  HL_ASSIGN(Dataset dataset, std::move(read));
  if (Fingerprint(dataset) != json.value("fingerprint", "")) {
    return Fail(ErrorKind::kBadInput, "{}: changed by hand (its fingerprint does not fit its pictures); run inspect again", path.string());
  }
  HL_TRY(ApplyMove(path, dataset));
  return dataset;
}

std::string Fingerprint(const Dataset& dataset) {
  std::string text = "handlens-dataset 1\n";
  for (const std::string& label : dataset.labels) text += fmt::format("{}:{}\n", label.size(), label);
  for (const Picture& picture : dataset.pictures) text += fmt::format("{} {} {}\n", picture.id, picture.label, picture.cluster);
  return Sha256(text);
}

Result<void> CheckUnchanged(const Dataset& dataset, Progress& progress) {
  std::vector<std::string> problems(dataset.pictures.size());
  for (size_t i = 0; i < dataset.pictures.size(); ++i) {
    if (progress.StopRequested()) return Interrupted();
    const Picture& picture = dataset.pictures[i];
    const auto bytes = ReadFile(std::filesystem::path(dataset.root) / picture.path);
    if (!bytes && bytes.error().kind == ErrorKind::kResources) return tl::make_unexpected(bytes.error());
    if (!bytes) problems[i] = "cannot be read any more";
    else if (Sha256(std::span<const uint8_t>(*bytes)) != picture.id) problems[i] = "has changed";
  }
  std::string all;
  size_t count = 0;
  for (size_t i = 0; i < problems.size(); ++i) {
    if (problems[i].empty()) continue;
    all += fmt::format("{}{} {}", count++ == 0 ? "" : ", ", dataset.pictures[i].path, problems[i]);
  }
  if (count == 0) return {};
  return Fail(ErrorKind::kBadInput, "{}: {} of {} pictures are not what was inspected: {}; restore them or start a new run",
              dataset.root, count, dataset.pictures.size(), all);
}

}  // namespace handlens::dataset
