// MovePictures, and where ReadDataset looks for the pictures.
#include "dataset/moved.h"

#include "base/disk.h"
#include "base/json.h"

namespace handlens::dataset {
namespace {

namespace fs = std::filesystem;

constexpr const char* kMovedFormat = "handlens-pictures";
constexpr int kMovedVersion = 1;

fs::path PlaceRecord(const fs::path& dataset_json) { return dataset_json.parent_path() / "pictures.json"; }

// The place that the user names, as an inspection would have written it.
Result<void> PointTo(const fs::path& place, Dataset& dataset) {
  std::error_code error;
  const fs::path real = fs::canonical(place, error);
  if (error) return Fail(ErrorKind::kBadInput, "{}: {}", place.string(), error.message());
  if (dataset.labels_file.empty()) {
    if (!fs::is_directory(real, error)) return Fail(ErrorKind::kBadInput, "{}: not a folder", place.string());
    dataset.root = real.string();
    return {};
  }
  const fs::path file =
      fs::is_directory(real, error) ? real / fs::path(dataset.labels_file).filename() : real;
  if (!fs::is_regular_file(file, error)) {
    return Fail(ErrorKind::kBadInput, "{}: not there; this run's pictures are those of a labels file",
                file.string());
  }
  dataset.labels_file = file.string();
  dataset.root = file.parent_path().string();
  return {};
}

}  // namespace

Result<void> ApplyMove(const fs::path& dataset_json, Dataset& dataset) {
  dataset.inspected_root = dataset.root;
  const fs::path path = PlaceRecord(dataset_json);
  HL_ASSIGN(const bool there, IsThere(path));
  if (!there) return {};
  HL_ASSIGN(const Json record, ReadRecord(path, kMovedFormat, kMovedVersion));
  HL_ASSIGN(const auto place, FromJson(record, path.string(), [](const Json& json) {
              return std::pair(json.at("root").get<std::string>(), json.at("labels_file").get<std::string>());
            }));
  dataset.root = place.first;
  dataset.labels_file = place.second;
  return {};
}

Result<void> ForgetMove(const fs::path& dataset_json) {
  std::error_code error;
  fs::remove(PlaceRecord(dataset_json), error);
  return error ? Result<void>(SystemError(PlaceRecord(dataset_json), error.value())) : Result<void>();
}

Result<void> MovePictures(const fs::path& dataset_json, const fs::path& place, Progress& progress) {
  HL_ASSIGN(Dataset dataset, ReadDataset(dataset_json));
  HL_TRY(PointTo(place, dataset));
  if (const auto same = CheckUnchanged(dataset, progress); !same) {
    if (same.error().kind != ErrorKind::kBadInput) return same;
    return Fail(ErrorKind::kBadInput, "{}: not the pictures of this run; {}", place.string(),
                same.error().message);
  }
  if (dataset.root == dataset.inspected_root) return ForgetMove(dataset_json);
  return WriteRecord(PlaceRecord(dataset_json), kMovedFormat, kMovedVersion,
                     {{"root", dataset.root}, {"labels_file", dataset.labels_file}});
}

std::string NameOf(const Dataset& dataset) {
  return fs::path(dataset.inspected_root.empty() ? dataset.root : dataset.inspected_root).filename().string();
}

}  // namespace handlens::dataset
