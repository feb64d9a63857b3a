// RUN/dataset.json, format "handlens-dataset" version 1, and the two ways to ask whether the pictures are
// still the same.
#include <algorithm>
#include <fstream>
#include <map>
#include <optional>

#include "base/disk.h"
#include "base/file_writer.h"
#include "base/hash.h"
#include "base/json.h"
#include "dataset/dataset.h"
#include "dataset/moved.h"

namespace handlens::dataset {
namespace {

constexpr std::string_view kFormat = "handlens-dataset";
constexpr int kVersion = 1;

std::filesystem::path FolderOf(const std::filesystem::path& record) {
  return std::filesystem::absolute(record).lexically_normal().parent_path();
}

// What the paths of added pictures begin with ("added/" in docs/formats.md).
std::string AddedFront(const std::filesystem::path& record) { return FolderOf(record).string() + "/added/"; }

// A path as it stands in the record: that of an added picture is kept relative to it, so that a run and what
// was added to it can move together.
std::string InRecord(const std::string& path, const std::string& added_front) {
  const size_t folder_bytes = added_front.size() - std::string_view("added/").size();
  return path.starts_with(added_front) ? path.substr(folder_bytes) : path;
}

Json PictureJson(const Dataset& dataset, const Picture& picture, const std::string& added_front) {
  Json json = {{"id", picture.id},
               {"path", InRecord(picture.path, added_front)},
               {"label", dataset.labels[static_cast<size_t>(picture.label)]},
               {"group", picture.group},
               {"cluster", picture.cluster},
               {"width", picture.width},
               {"height", picture.height},
               {"format", picture.format},
               {"colour", picture.colour},
               {"bytes", picture.bytes}};
  if (!picture.warnings.empty()) json["warnings"] = picture.warnings;
  if (picture.path.starts_with(added_front)) json["in_run"] = true;
  return json;
}

Result<Picture> ReadPicture(const Json& json, const std::map<std::string, int>& labels,
                            const std::string& where) {
  Picture picture;
  picture.id = json.at("id").get<std::string>();
  picture.path = json.at("path").get<std::string>();
  const auto label = labels.find(json.at("label").get<std::string>());
  if (label == labels.end())
    return Fail(ErrorKind::kBadInput, "{}: the label of {} is not among the labels", where, picture.path);
  picture.label = label->second;
  picture.group = json.at("group").get<std::string>();
  picture.cluster = json.at("cluster").get<int>();
  picture.width = json.at("width").get<int>();
  picture.height = json.at("height").get<int>();
  picture.format = json.at("format").get<std::string>();
  picture.colour = json.at("colour").get<std::string>();
  picture.bytes = json.at("bytes").get<int64_t>();
  if (json.contains("warnings")) picture.warnings = json.at("warnings").get<std::vector<std::string>>();
  if (json.value("in_run", false)) picture.path = (FolderOf(where) / picture.path).string();
  return picture;
}

// Everything but labels and pictures, which were taken while the file was read.
Result<void> ReadOtherKeys(const Json& json, Dataset& dataset, const std::string& added_front) {
  std::map<std::string, std::string> added;  // as recorded -> as in dataset.pictures
  for (const Picture& picture : dataset.pictures) {
    if (picture.path.starts_with(added_front)) added[InRecord(picture.path, added_front)] = picture.path;
  }
  const auto path_of = [&](const Json& text) {
    const auto found = added.find(text.get<std::string>());
    return found == added.end() ? text.get<std::string>() : found->second;
  };
  dataset.root = json.at("root").get<std::string>();
  dataset.labels_file = json.at("labels_file").get<std::string>();
  dataset.groups_from = json.value("groups_from", "");
  dataset.test_folder = json.value("test_folder", false);
  for (const Json& entry : json.at("rejected")) {
    dataset.rejected.push_back({entry.at("path").get<std::string>(), entry.at("reason").get<std::string>()});
  }
  for (const Json& entry : json.at("duplicates")) {
    const bool exact = entry.at("kind").get<std::string>() == "exact";
    dataset.duplicates.push_back({path_of(entry.at("path_a")), path_of(entry.at("path_b")),
                                  exact ? DuplicateKind::kExact : DuplicateKind::kNear,
                                  entry.at("across_labels").get<bool>(),
                                  entry.at("similarity").get<double>()});
  }
  for (const Json& entry : json.at("shortcuts")) {
    dataset.shortcuts.push_back({entry.at("property").get<std::string>(), entry.at("accuracy").get<double>(),
                                 entry.at("chance").get<double>(),
                                 entry.at("explanation").get<std::string>()});
  }
  for (const Json& path : json.at("odd_ones_out")) dataset.odd_ones_out.push_back(path_of(path));
  dataset.warnings = json.at("warnings").get<std::vector<std::string>>();
  dataset.recommended_sizes_px = json.at("recommended_sizes_px").get<std::vector<int>>();
  HL_ASSIGN(dataset.recommended_fit, image::ParseFit(json.at("recommended_fit").get<std::string>()));
  return {};
}

// Takes pictures out of the record while it is parsed, so that a million of them never stand in memory as
// JSON.
class PictureTaker {
 public:
  PictureTaker(Dataset& dataset, std::string where) : dataset_(dataset), where_(std::move(where)) {}

  // nlohmann's parser callback; false = what was parsed is thrown away.
  bool operator()(int depth, Json::parse_event_t event, Json& parsed) {
    if (depth > kMostJsonLevels) return false;
    if (depth == 1 && event == Json::parse_event_t::key) key_ = parsed.get<std::string>();
    // A newer record may hold other pictures; it is refused by name afterwards.
    if (key_ == "version" && depth == 1 && event == Json::parse_event_t::value)
      known_version_ = parsed == kVersion;
    if (key_ == "labels" && depth == 1 && event == Json::parse_event_t::array_end) TakeLabels(parsed);
    if (key_ != "pictures" || depth != 2 || event != Json::parse_event_t::object_end) return true;
    if (!error_ && known_version_) TakePicture(parsed);
    return false;
  }

  const std::optional<Error>& error() const { return error_; }

 private:
  void TakeLabels(const Json& labels) {
    const bool again = !number_.empty();
    dataset_.labels = labels.get<std::vector<std::string>>();
    for (const std::string& label : dataset_.labels) number_.emplace(label, static_cast<int>(number_.size()));
    if (again || number_.size() != dataset_.labels.size())
      error_ = Error{ErrorKind::kBadInput, where_ + ": a label stands twice; run inspect again"};
  }

  void TakePicture(const Json& json) {
    auto picture = ReadPicture(json, number_, where_);
    if (picture) dataset_.pictures.push_back(*std::move(picture));
    else error_ = picture.error();
  }

  Dataset& dataset_;
  std::string where_, key_;
  std::map<std::string, int> number_;
  std::optional<Error> error_;
  bool known_version_ = false;
};

Result<void> CheckNoneTwice(const Dataset& dataset, std::string_view where) {
  std::vector<std::string_view> ids;
  ids.reserve(dataset.pictures.size());
  for (const Picture& picture : dataset.pictures) ids.push_back(picture.id);
  std::sort(ids.begin(), ids.end());
  const auto twice = std::adjacent_find(ids.begin(), ids.end());
  if (twice == ids.end()) return {};
  return Fail(ErrorKind::kBadInput, "{}: the picture {} occurs twice", where, *twice);
}

Json OtherKeys(const Dataset& dataset, const std::string& added_front) {
  const auto in_record = [&](const std::string& path) { return InRecord(path, added_front); };
  Json json;
  json["rejected"] = Json::array();
  for (const Rejected& rejected : dataset.rejected)
    json["rejected"].push_back({{"path", in_record(rejected.path)}, {"reason", rejected.reason}});
  json["duplicates"] = Json::array();
  for (const DuplicatePair& pair : dataset.duplicates) {
    json["duplicates"].push_back({{"path_a", in_record(pair.path_a)},
                                  {"path_b", in_record(pair.path_b)},
                                  {"kind", pair.kind == DuplicateKind::kExact ? "exact" : "near"},
                                  {"across_labels", pair.across_labels},
                                  {"similarity", pair.similarity}});
  }
  json["shortcuts"] = Json::array();
  for (const Shortcut& shortcut : dataset.shortcuts) {
    json["shortcuts"].push_back({{"property", shortcut.property},
                                 {"accuracy", shortcut.accuracy},
                                 {"chance", shortcut.chance},
                                 {"explanation", shortcut.explanation}});
  }
  json["odd_ones_out"] = Json::array();
  for (const std::string& path : dataset.odd_ones_out) json["odd_ones_out"].push_back(in_record(path));
  json["warnings"] = dataset.warnings;
  json["recommended_sizes_px"] = dataset.recommended_sizes_px;
  json["recommended_fit"] = image::FitName(dataset.recommended_fit);
  return json;
}

std::string Text(const Json& json) { return json.dump(2, ' ', false, Json::error_handler_t::replace); }

// The picture as it stands inside the record: indented by four blanks more.
void AppendPicture(const Dataset& dataset, const Picture& picture, const std::string& added_front,
                   std::string& text) {
  text += "\n    ";
  for (const char c : Text(PictureJson(dataset, picture, added_front))) {
    text += c;
    if (c == '\n') text += "    ";
  }
}

}  // namespace

// The same bytes as WriteRecord of the whole, written picture by picture.
Result<void> WriteDataset(const std::filesystem::path& path, const Dataset& dataset) {
  constexpr size_t kPiece_bytes = size_t{1} << 20;
  Json head = {{"format", kFormat},        {"version", kVersion},
               {"root", dataset.root},     {"labels_file", dataset.labels_file},
               {"labels", dataset.labels}, {"fingerprint", Fingerprint(dataset)}};
  if (!dataset.groups_from.empty()) head["groups_from"] = dataset.groups_from;
  if (dataset.test_folder) head["test_folder"] = true;
  HL_TRY(RefuseNewerRecord(path, kFormat, kVersion));
  HL_ASSIGN(FileWriter file, FileWriter::Create(path));
  const std::string added_front = AddedFront(path);
  std::string text = Text(head);
  text.resize(text.size() - 2);  // less "\n}"
  text += ",\n  \"pictures\": [";
  for (size_t i = 0; i < dataset.pictures.size(); ++i) {
    if (i > 0) text += ',';
    AppendPicture(dataset, dataset.pictures[i], added_front, text);
    if (text.size() < kPiece_bytes) continue;
    HL_TRY(file.Append(text));
    text.clear();
  }
  text +=
      (dataset.pictures.empty() ? "]," : "\n  ],") + Text(OtherKeys(dataset, added_front)).substr(1) + "\n";
  HL_TRY(file.Append(text));
  HL_TRY(file.Finish());
  return ForgetMove(path);
}

Result<Dataset> ReadDataset(const std::filesystem::path& path) {
  std::ifstream file(path, std::ios::binary);
  if (!file) {
    HL_TRY(ReadFile(path));  // for the system's reason
    return Fail(ErrorKind::kBadInput, "{}: cannot be read", path.string());
  }
  Dataset dataset;
  PictureTaker taker(dataset, path.string());
  Json json;
  try {
    json = Json::parse(file, [&](int depth, Json::parse_event_t event, Json& parsed) {
      return taker(depth, event, parsed);
    });
  } catch (const std::ios_base::failure& e) {
    return SystemError(path, e.code().value());
  } catch (const nlohmann::json::parse_error& e) {
    return Fail(ErrorKind::kBadInput, "{}: not valid JSON ({})", path.string(), e.what());
  } catch (const nlohmann::json::exception& e) {
    return Fail(ErrorKind::kBadInput, "{}: not as expected ({}); make it again with the step that wrote it",
                path.string(), e.what());
  }
  HL_TRY(CheckRecordKind(json, path.string(), kFormat, kVersion));
  if (taker.error()) return tl::make_unexpected(*taker.error());
  HL_ASSIGN(const Result<void> others, FromJson(json, path.string(), [&](const Json& j) {
              return ReadOtherKeys(j, dataset, AddedFront(path));
            }));
  HL_TRY(others);
  HL_TRY(CheckNoneTwice(dataset, path.string()));
  if (Fingerprint(dataset) != json.value("fingerprint", "")) {
    return Fail(ErrorKind::kBadInput,
                "{}: changed by hand (its fingerprint does not fit its pictures); run inspect again",
                path.string());
  }
  HL_TRY(ApplyMove(path, dataset));
  return dataset;
}

std::string Fingerprint(const Dataset& dataset) {
  std::string text = "handlens-dataset 1\n";
  for (const std::string& label : dataset.labels) text += fmt::format("{}:{}\n", label.size(), label);
  for (const Picture& picture : dataset.pictures)
    text += fmt::format("{} {} {}\n", picture.id, picture.label, picture.cluster);
  for (const int held : HeldByFolder(dataset).held) text += fmt::format("held {}\n", held);
  return Sha256(text);
}

Result<void> CheckUnchanged(const Dataset& dataset, Progress& progress) {
  std::vector<std::string> problems(dataset.pictures.size());
  for (size_t i = 0; i < dataset.pictures.size(); ++i) {
    if (progress.StopRequested()) return Interrupted();
    const Picture& picture = dataset.pictures[i];
    const auto bytes = ReadFile(std::filesystem::path(dataset.root) / picture.path);
    HL_TRY_MACHINE(bytes);
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
  return Fail(ErrorKind::kBadInput,
              "{}: {} of {} pictures are not what was inspected: {}; restore them or start a new run",
              dataset.root, count, dataset.pictures.size(), all);
}

}  // namespace handlens::dataset
