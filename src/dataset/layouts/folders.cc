// The layout with one folder per class.
#include <sys/stat.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>
#include <map>
#include <optional>
#include <set>

#include "base/disk.h"
#include "base/text.h"
#include "dataset/scan.h"
#include "dataset/unpack.h"

namespace handlens::dataset {
namespace {

namespace fs = std::filesystem;

constexpr std::string_view kExpected =
    "expected one folder per class (PICTURES/cat/1.jpg, PICTURES/dog/2.jpg) or a labels.csv with the columns "
    "path,label[,group]";

std::string TypeName(mode_t mode) {
  if (S_ISFIFO(mode)) return "a named pipe, not a file";
  if (S_ISSOCK(mode)) return "a socket, not a file";
  if (S_ISBLK(mode) || S_ISCHR(mode)) return "a device, not a file";
  return "neither a file nor a folder";
}

// Why a name has no status.
std::string Reason(int error) {
  return error == ENOENT ? "a link to nothing, or a file that vanished during the scan"
                         : std::strerror(error);
}

std::string Join(const std::vector<std::string>& names, size_t most) {
  std::string joined;
  for (size_t i = 0; i < names.size() && i < most; ++i) joined += (i > 0 ? ", " : "") + Printable(names[i]);
  if (names.size() > most) joined += fmt::format(" and {} more", names.size() - most);
  return joined;
}

struct Content {
  std::vector<std::string> folders, files;
};

struct ClassFolder {
  std::string path;  // relative to Listing::root
  std::string label;
};

// A folder's identity, whatever path or link leads to it.
using FolderId = std::pair<dev_t, ino_t>;

// Collects everything below a class's folder. A folder reached twice through links is entered once.
class ClassWalk {
 public:
  ClassWalk(Listing& listing, const Progress& progress) : listing_(listing), progress_(progress) {
    for (fs::path above = listing.root;; above = above.parent_path()) {
      if (const auto status = StatusOf(above.string())) above_.insert(IdOf(*status));
      if (above == above.parent_path()) break;
    }
  }

  // Depth first, without recursion: how deep the folders lie costs no stack.
  Result<void> Enter(const ClassFolder& of) {
    std::vector<std::string> waiting = {of.path};
    while (!waiting.empty()) {
      if (progress_.StopRequested()) return Interrupted();
      const std::string folder = std::move(waiting.back());
      waiting.pop_back();
      const auto status = StatusOf(listing_.root + "/" + folder);
      if (!status) {
        HL_TRY(RejectUnseen(folder, errno));
        continue;
      }
      if ((folder != of.path && LeadsBack(IdOf(*status))) || !entered_.insert(IdOf(*status)).second) {
        Reject(folder, "a link to a folder that is read anyway; not read twice");
        continue;
      }
      const auto names = ListFolder(listing_.root + "/" + folder);
      HL_TRY_MACHINE(names);
      if (!names) {
        Reject(folder, "the folder cannot be read: " + names.error().message);
        continue;
      }
      for (const std::string& name : *names) HL_TRY(Visit(folder, name, of, waiting));
    }
    return {};
  }

  // Sorts a folder's names into folders and files, each with the folder in front; everything else is counted
  // or rejected.
  Result<Content> Sort(const std::vector<std::string>& names, const std::string& folder = "") {
    Content content;
    for (const std::string& own : names) {
      const std::string name = folder.empty() ? own : folder + "/" + own;
      if (IsLitter(own)) {
        ++litter_;
        continue;
      }
      const auto status = StatusOf(listing_.root + "/" + name);
      if (!status) HL_TRY(RejectUnseen(name, errno));
      else if (S_ISDIR(status->st_mode)) content.folders.push_back(name);
      else if (S_ISREG(status->st_mode)) content.files.push_back(name);
      else Reject(name, TypeName(status->st_mode));
    }
    return content;
  }

  // Class folders belong to their own class, whatever links to them.
  void Reserve(const std::vector<ClassFolder>& folders) {
    for (const ClassFolder& folder : folders) {
      if (const auto status = StatusOf(listing_.root + "/" + folder.path)) classes_.insert(IdOf(*status));
    }
  }

  size_t litter() const { return litter_; }

 private:
  // Follows links; nullopt with errno.
  static std::optional<struct stat> StatusOf(const std::string& path) {
    struct stat status {};
    return ::stat(path.c_str(), &status) == 0 ? std::optional(status) : std::nullopt;
  }

  static FolderId IdOf(const struct stat& status) { return {status.st_dev, status.st_ino}; }

  Result<void> Visit(const std::string& folder, const std::string& name, const ClassFolder& of,
                     std::vector<std::string>& waiting) {
    if (IsLitter(name)) {
      ++litter_;
      return {};
    }
    std::string path = folder + "/" + name;
    const auto status = StatusOf(listing_.root + "/" + path);
    if (!status) return RejectUnseen(path, errno);
    if (S_ISDIR(status->st_mode)) {
      waiting.push_back(std::move(path));
    } else if (!S_ISREG(status->st_mode)) {
      Reject(path, TypeName(status->st_mode));
    } else if (!IsUtf8(path)) {
      Reject(path,
             "the name is not valid UTF-8 and could not be written down faithfully; rename the file or its "
             "folder");
    } else if (const std::string problem = LabelProblem(of.label); !problem.empty()) {
      Reject(path, problem);
    } else {
      listing_.entries.push_back({std::move(path), of.label, "", of.path.size() + 1});
    }
    return {};
  }

  // A folder inside a class that is really another class's folder, or lies above all of them.
  bool LeadsBack(const FolderId& id) const { return above_.contains(id) || classes_.contains(id); }

  // A name that has no status, for its own reasons; those of the machine are an error.
  Result<void> RejectUnseen(const std::string& path, int error) {
    auto failed = SystemError(listing_.root + "/" + path, error);
    if (failed.value().kind == ErrorKind::kResources) return failed;
    Reject(path, Reason(error));
    return {};
  }

  void Reject(const std::string& path, std::string reason) {
    listing_.rejected.push_back({Printable(path), std::move(reason)});
  }

  Listing& listing_;
  const Progress& progress_;
  std::set<FolderId> entered_, classes_, above_;
  size_t litter_ = 0;
};

// Refuses layouts in which the top folders are not classes.
Result<void> CheckTopFolders(const fs::path& folder, const Content& top) {
  const std::string shown = Printable(folder.string());
  if (top.folders.empty() && top.files.empty()) {
    return Fail(ErrorKind::kBadInput, "{}: the folder is empty; {}", shown, kExpected);
  }
  const bool has_table = std::find(top.files.begin(), top.files.end(), "labels.csv") != top.files.end();
  if (has_table && top.folders.size() < 2) {
    return Fail(ErrorKind::kBadInput, "{}: no class folders, but a labels.csv; give {}/labels.csv instead",
                shown, shown);
  }
  if (top.folders.empty()) {
    return Fail(ErrorKind::kBadInput, "{}: {} files ({}) and no class folders; {}", shown, top.files.size(),
                Join(top.files, 3), kExpected);
  }
  return {};
}

bool AreSplits(const Content& top) {
  return top.folders.size() >= 2 && std::all_of(top.folders.begin(), top.folders.end(), IsSplitName);
}

// The class folders inside folders such as train, val and test, and what is said of them.
Result<std::vector<ClassFolder>> ClassesOfSplits(const Content& top, Splits splits, ClassWalk& walk,
                                                 Listing& listing) {
  std::vector<ClassFolder> classes;
  std::map<std::string, std::vector<std::string>> where;
  std::string found;
  std::vector<std::string> warnings;
  for (const std::string& split : top.folders) {
    HL_ASSIGN(const std::vector<std::string> names, ListFolder(fs::path(listing.root) / split));
    HL_ASSIGN(const Content content, walk.Sort(names, split));
    for (const std::string& path : content.folders) {
      classes.push_back({path, path.substr(split.size() + 1)});
      where[classes.back().label].push_back(split);
    }
    const std::string files = Plural(content.files.size(), "file", "files");
    found += fmt::format("{}{} ({}{})", found.empty() ? "" : ", ", Printable(split),
                         Plural(content.folders.size(), "class folder", "class folders"),
                         content.files.empty() ? "" : ", " + files + " without a class");
    if (!content.files.empty())
      warnings.push_back(
          fmt::format("{} of {} {} in no class folder, so the class is unknown and they are not used.", files,
                      Printable(split), content.files.size() == 1 ? "lies" : "lie"));
  }
  const std::string shown = Printable(listing.root);
  if (classes.empty())
    return Fail(ErrorKind::kBadInput, "{}: {} look like splits, and hold no class folders; {}", shown, found,
                kExpected);
  const auto tests = std::count_if(top.folders.begin(), top.folders.end(), IsTestName);
  if (splits == Splits::kUse && tests == static_cast<std::ptrdiff_t>(top.folders.size()))
    return Fail(
        ErrorKind::kBadInput,
        "{}: {} are all called test, so nothing is left to train on; add a folder train, or use all of "
        "them by --merge-splits",
        shown, found);
  listing.test_folder = splits == Splits::kUse && tests > 0;
  listing.warnings.push_back(
      fmt::format("{}: {}, {}.", found, Plural(where.size(), "class", "classes"),
                  listing.test_folder
                      ? "used as they are: no training sees the test folder, and the others make the folds "
                        "(new folds of all of them: --merge-splits)"
                      : "used together; handlens makes its own folds"));
  for (const auto& [label, in] : where) {
    if (in.size() < top.folders.size())
      warnings.push_back(fmt::format("Class {} is only in {}.", Printable(label), Join(in, 5)));
  }
  listing.warnings.insert(listing.warnings.end(), warnings.begin(), warnings.end());
  return classes;
}

// One top folder that holds only folders: the classes are one level deeper.
Result<void> CheckNotOneTooHigh(const fs::path& folder, const Content& top) {
  if (top.folders.size() != 1) return {};
  const fs::path inner = folder / top.folders[0];
  auto names = ListFolder(inner);
  if (!names) return {};
  std::vector<std::string> folders;
  for (const std::string& name : *names) {
    std::error_code error;
    if (IsLitter(name)) continue;
    if (!fs::is_directory(inner / name, error)) return {};
    folders.push_back(name);
  }
  if (folders.empty()) return {};
  return Fail(
      ErrorKind::kBadInput,
      "{}: the only folder is {}, which holds the folders {}; if these are the classes, give {} instead; {}",
      Printable(folder.string()), Printable(top.folders[0]), Join(folders, 5), Printable(inner.string()),
      kExpected);
}

void ReportLooseFiles(const Content& top, Listing& listing) {
  std::vector<std::string> others;
  for (const std::string& name : top.files) {
    if (HasPictureExtension(name))
      listing.rejected.push_back({Printable(name), "lies beside the class folders, so its class is unknown"});
    else others.push_back(name);
  }
  if (!others.empty()) {
    listing.warnings.push_back(fmt::format("{} {} beside the class folders {} not pictures and ignored: {}.",
                                           others.size(), others.size() == 1 ? "file" : "files",
                                           others.size() == 1 ? "is" : "are", Join(others, 5)));
  }
}

}  // namespace

Result<Listing> ListClassFolders(const fs::path& folder, Splits splits, const Progress& progress) {
  Listing listing;
  listing.root = folder.string();
  HL_ASSIGN(const std::vector<std::string> names, ListFolder(folder));
  ClassWalk walk(listing, progress);
  HL_ASSIGN(const Content top, walk.Sort(names));
  HL_TRY(CheckTopFolders(folder, top));
  HL_TRY(CheckNotOneTooHigh(folder, top));
  std::vector<ClassFolder> classes;
  if (AreSplits(top)) {
    HL_ASSIGN(classes, ClassesOfSplits(top, splits, walk, listing));
  } else {
    for (const std::string& label : top.folders) classes.push_back({label, label});
  }
  walk.Reserve(classes);
  std::set<std::string> names_of_classes;
  for (const ClassFolder& of : classes) {
    names_of_classes.insert(of.label);
    HL_TRY(walk.Enter(of));
  }
  listing.class_names.assign(names_of_classes.begin(), names_of_classes.end());
  ReportLooseFiles(top, listing);
  if (walk.litter() > 0) {
    listing.warnings.push_back(
        fmt::format("{} hidden files and leftovers of operating systems were skipped.", walk.litter()));
  }
  const auto by_path = [](const Entry& a, const Entry& b) { return a.path < b.path; };
  std::sort(listing.entries.begin(), listing.entries.end(), by_path);
  return listing;
}

namespace {

Result<Listing> ListEither(const fs::path& pictures, Splits splits, const Progress& progress) {
  std::error_code error;
  const fs::path real = fs::canonical(pictures, error);
  if (error)
    return Fail(ErrorKind::kBadInput, "{}: {}; {}", Printable(pictures.string()), error.message(), kExpected);
  if (!IsUtf8(real.string())) {
    return Fail(ErrorKind::kBadInput, "{}: the path is not valid UTF-8; rename the folder",
                Printable(real.string()));
  }
  HL_ASSIGN(const fs::file_type kind, KindOfFile(real));
  if (kind == fs::file_type::directory) return ListClassFolders(real, splits, progress);
  if (kind == fs::file_type::regular && FoldedName(real.extension().string()) == ".csv")
    return ListLabelsFile(real, progress);
  return Fail(ErrorKind::kBadInput, "{}: neither a folder nor a .csv file{}; {}", Printable(real.string()),
              IsZip(real) ? " (unpack the archive first)" : "", kExpected);
}

}  // namespace

Result<Listing> ListPictures(const fs::path& pictures, const LayoutRules& rules, const Progress& progress) {
  HL_ASSIGN(Listing listing, ListEither(pictures, rules.splits, progress));
  HL_TRY(AssignGroups(rules.groups, progress, listing));
  return listing;
}

}  // namespace handlens::dataset
