// The directory tree of the paper's Fig. 3, for people who train elsewhere.
#include <set>

#include "base/disk.h"
#include "split/split.h"

namespace handlens::split {
namespace {

// A class's folder: its name unchanged where the file system can hold it; '/' and leading dots cannot stand
// there.
std::string FolderOf(const std::string& label) {
  std::string folder = label;
  for (char& c : folder) c = c == '/' ? '_' : c;
  if (folder.starts_with('.')) folder[0] = '_';
  return folder;
}

// The picture's stem; with the start of its id where another picture of the class has the same one.
std::string NameOf(const dataset::Picture& picture, std::set<std::string>& taken) {
  std::string stem = std::filesystem::path(picture.path).stem().string();
  if (stem.size() > 200) stem = picture.id;
  std::string name = stem + ".png";
  if (!taken.insert(name).second) {
    name = stem.substr(0, 180) + "-" + picture.id.substr(0, 12) + ".png";
    taken.insert(name);
  }
  return name;
}

Result<void> CheckEmpty(const std::filesystem::path& out) {
  std::error_code error;
  if (!std::filesystem::exists(out, error)) return {};
  HL_ASSIGN(const std::vector<std::string> names, ListFolder(out));
  if (names.empty()) return {};
  return Fail(ErrorKind::kBadInput, "{}: not empty (it holds {}); give a new folder", out.string(), names[0]);
}

std::vector<std::string> FoldersOf(const std::vector<std::string>& labels) {
  std::vector<std::string> folders;
  std::set<std::string> taken;
  for (const std::string& label : labels) {
    std::string folder = FolderOf(label);
    while (!taken.insert(folder).second) folder += "_";
    folders.push_back(folder);
  }
  return folders;
}

}  // namespace

Result<void> ExportTree(const dataset::Dataset& dataset, const Split& split, const dataset::PixelSet& pixels,
                        const std::filesystem::path& out) {
  HL_TRY(CheckEmpty(out));
  const int size_px = pixels.size_px;
  const std::vector<std::string> folders = FoldersOf(dataset.labels);
  std::vector<std::set<std::string>> taken(dataset.labels.size());
  std::vector<std::string> names;
  for (const dataset::Picture& picture : dataset.pictures)
    names.push_back(NameOf(picture, taken[static_cast<size_t>(picture.label)]));
  for (size_t f = 0; f < split.folds.size(); ++f) {
    const Fold& fold = split.folds[f];
    const std::filesystem::path folder = out / fmt::format("fold{}_{}", f + 1, size_px);
    const std::pair<std::string, const std::vector<int>*> parts[] = {
        {"train", &fold.train}, {"validation", &fold.validation}, {"test", &fold.test}};
    for (const auto& [part, pictures] : parts) {
      for (const std::string& label : folders) HL_TRY(MakeFolder(folder / part / label));
      for (const int i : *pictures) {
        const auto index = static_cast<size_t>(i);
        const auto file =
            folder / part / folders[static_cast<size_t>(dataset.pictures[index].label)] / names[index];
        HL_TRY(WriteFileAtomic(file, image::EncodePng(pixels.Picture(index), size_px, size_px)));
      }
    }
  }
  return {};
}

}  // namespace handlens::split
