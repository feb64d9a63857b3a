#include "cli/commands/picture_arguments.h"

#include <algorithm>
#include <iostream>
#include <set>

#include "base/disk.h"
#include "base/file_writer.h"
#include "base/text.h"
#include "dataset/scan.h"
#include "dataset/unpack.h"
#include "pipeline/record_versions.h"
#include "split/split.h"

namespace handlens::cli {
namespace fs = std::filesystem;
namespace {

bool IsUrl(std::string_view text) {
  const size_t colon = text.find("://");
  return colon != std::string_view::npos && colon > 1 &&
         std::all_of(text.begin(), text.begin() + static_cast<ptrdiff_t>(colon),
                     [](char c) { return std::isalpha(static_cast<unsigned char>(c)) != 0; });
}

tl::unexpected<Error> NoNetwork(const std::string& argument) {
  return Fail(ErrorKind::kUsage, "{}: an address; handlens uses no network, so download it and give the file",
              argument);
}

// What lies directly in a folder; hidden files are no pictures of the user's.
struct Content {
  std::vector<std::string> files, folders;
};

Result<Content> ContentOf(const fs::path& folder) {
  HL_ASSIGN(const std::vector<std::string> names, ListFolder(folder));
  Content content;
  for (const std::string& name : names) {
    std::error_code error;
    if (dataset::IsLitter(name)) continue;
    if (fs::is_regular_file(folder / name, error)) content.files.push_back(name);
    else if (fs::is_directory(folder / name, error)) content.folders.push_back(name);
  }
  return content;
}

std::string Inside(const std::string& folder, const std::string& name) {
  return folder + (folder.ends_with('/') ? "" : "/") + name;
}

class Finder {
 public:
  explicit Finder(Progress& progress) : progress_(progress) {}

  Result<void> Add(const std::string& argument) {
    std::error_code error;
    if (argument == "-") return AddList();
    if (IsUrl(argument)) return NoNetwork(argument);
    const fs::path path = argument;
    if (dataset::IsZip(path)) return AddArchive(path);
    if (fs::is_directory(path, error)) return AddFolder(path, argument);
    if (path.extension() == ".csv") return AddLabelled(path, argument);
    found_.files.push_back({path, argument, ""});
    return {};
  }

  PictureFiles Take() { return std::move(found_); }

 private:
  Result<void> AddList() {
    if (listed_) return Fail(ErrorKind::kUsage, "-: standard input can be read once only");
    listed_ = true;
    std::string line;
    while (std::getline(std::cin, line)) {
      if (line.ends_with('\r')) line.pop_back();
      if (line.empty()) continue;
      if (IsUrl(line)) return NoNetwork(line);
      found_.files.push_back({line, line, ""});
    }
    return {};
  }

  Result<void> AddArchive(const fs::path& archive) {
    HL_ASSIGN(StagedFolder place, StagedFolder::Begin(fs::temp_directory_path() / "handlens-pictures"));
    found_.unpacked.push_back(std::move(place));
    const fs::path folder = found_.unpacked.back().path();
    HL_TRY(dataset::UnpackInto(archive, folder, progress_));
    return AddFolder(folder, archive.string());
  }

  Result<void> AddFolder(const fs::path& folder, const std::string& shown) {
    HL_ASSIGN(const bool is_run, pipeline::IsRunFolder(folder));
    std::error_code error;
    if (is_run && fs::exists(folder / "dataset.json", error)) return AddHoldout(folder);
    HL_ASSIGN(const Content content, ContentOf(folder));
    for (const std::string& name : content.files) {
      if (content.folders.empty() || dataset::HasPictureExtension(name))
        found_.files.push_back({folder / name, Inside(shown, name), ""});
    }
    if (content.folders.empty() && !content.files.empty()) return {};
    return AddLabelled(InnermostOf(folder, content), shown);
  }

  // Past folders around the class folders ("photos" of a zip).
  static fs::path InnermostOf(fs::path folder, Content content) {
    while (content.folders.size() == 1) {
      auto inner = ContentOf(folder / content.folders[0]);
      if (!inner || !inner->files.empty() || inner->folders.empty()) break;
      folder /= content.folders[0];
      content = *std::move(inner);
    }
    return folder;
  }

  // A folder of class folders, or a labels file.
  Result<void> AddLabelled(const fs::path& place, const std::string& shown) {
    HL_ASSIGN(const dataset::Listing listing,
              dataset::ListPictures(place,
                                    {.groups = {.subfolders = dataset::Subfolders::kIgnore, .pattern = ""},
                                     .splits = dataset::Splits::kMerge},
                                    progress_));
    if (listing.entries.empty()) return Fail(ErrorKind::kBadInput, "{}: no pictures in it", shown);
    const fs::path shown_root = listing.labels_file.empty() ? fs::path(shown) : fs::path(shown).parent_path();
    for (const dataset::Entry& entry : listing.entries) {
      found_.files.push_back(
          {fs::path(listing.root) / entry.path, (shown_root / entry.path).generic_string(), entry.label});
    }
    for (const std::string& warning : listing.warnings) found_.notes.push_back(warning);
    for (const dataset::Rejected& rejected : listing.rejected) {
      if (!IsTaken(fs::path(listing.root) / rejected.path))
        found_.notes.push_back(fmt::format("{}: left out: {}", rejected.path, rejected.reason));
    }
    return {};
  }

  // A picture beside the class folders has no label, and is looked at all the same.
  bool IsTaken(const fs::path& path) const {
    std::error_code error;
    return std::any_of(found_.files.begin(), found_.files.end(),
                       [&](const PictureFile& file) { return fs::equivalent(file.path, path, error); });
  }

  Result<void> AddHoldout(const fs::path& run) {
    std::error_code error;
    if (!fs::exists(run / "split.json", error))
      return Fail(ErrorKind::kBadInput, "{}: a run without folds yet; `handlens run` goes on with it",
                  run.string());
    HL_ASSIGN(const dataset::Dataset data, dataset::ReadDataset(run / "dataset.json"));
    HL_ASSIGN(const split::Split split, split::ReadSplit(run / "split.json", data));
    if (split.holdout.empty())
      return Fail(ErrorKind::kBadInput,
                  "{}: a run that holds no pictures out; give pictures that it has not seen", run.string());
    for (const int index : split.holdout) {
      const dataset::Picture& picture = data.pictures[static_cast<size_t>(index)];
      const fs::path path = fs::path(data.root) / picture.path;
      found_.files.push_back({path, path.string(), data.labels[static_cast<size_t>(picture.label)]});
    }
    found_.notes.push_back(
        fmt::format("{} is a run: its {} are used, which no training saw", run.string(),
                    Plural(split.holdout.size(), "held-out picture", "held-out pictures")));
    return {};
  }

  Progress& progress_;
  PictureFiles found_;
  bool listed_ = false;
};

}  // namespace

Result<PictureFiles> FindPictures(const std::vector<std::string>& arguments, Progress& progress) {
  Finder finder(progress);
  for (const std::string& argument : arguments) HL_TRY(finder.Add(argument));
  PictureFiles found = finder.Take();
  if (found.files.empty()) return Fail(ErrorKind::kBadInput, "no pictures were given");
  return found;
}

Result<fs::path> FindModel(const std::string& argument, const std::string& which) {
  if (IsUrl(argument)) return NoNetwork(argument);
  std::error_code error;
  const fs::path path = argument;
  if (!fs::exists(path, error))
    return Fail(ErrorKind::kBadInput, "{}: no such model file or run folder", argument);
  if (!fs::is_directory(path, error)) return path;
  const std::string name = which == "float" ? "model.tflite" : "quantizedmodel.tflite";
  for (const fs::path& file : {path / "model" / name, path / name}) {  // of a run, of its folder `model`
    if (fs::exists(file, error)) return file;
  }
  HL_ASSIGN(const bool is_run, pipeline::IsRunFolder(path));
  if (is_run && fs::exists(path / "dataset.json", error))
    return Fail(ErrorKind::kBadInput, "{}: no model there yet ({} is missing); `handlens run` makes it",
                argument, (path / "model" / name).string());
  return Fail(ErrorKind::kBadInput, "{}: a folder without {}; give a run folder or a .tflite file", argument,
              name);
}

Result<size_t> SeenInTraining(const fs::path& model, const std::vector<fs::path>& pictures) {
  std::error_code error;
  const fs::path run = fs::canonical(model, error).parent_path().parent_path();
  if (error || !fs::exists(run / "split.json", error)) return 0;
  HL_ASSIGN(const dataset::Dataset data, dataset::ReadDataset(run / "dataset.json"));
  HL_ASSIGN(const split::Split split, split::ReadSplit(run / "split.json", data));
  std::set<std::string> trained;
  for (const dataset::Picture& picture : data.pictures) trained.insert(picture.id);
  for (const int index : split.holdout) trained.erase(data.pictures[static_cast<size_t>(index)].id);
  size_t seen = 0;
  for (const fs::path& picture : pictures) {
    const auto id = Sha256OfFile(picture);
    seen += id && trained.contains(*id) ? 1 : 0;
  }
  return seen;
}

std::string SeenSentence(size_t seen) {
  if (seen == 0) return "";
  return fmt::format(
      "{} of these pictures: the run trained with {}, so this is not how it does on new ones\n", seen,
      seen == 1 ? "it" : "them");
}

}  // namespace handlens::cli
