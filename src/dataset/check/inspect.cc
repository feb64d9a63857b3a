// The data check from files to a Dataset: reads every file once, in parallel, then looks at all of them
// together.
#include <algorithm>
#include <atomic>
#include <map>
#include <optional>
#include <set>
#include <string_view>

#include "base/disk.h"
#include "base/file_writer.h"
#include "base/hash.h"
#include "base/parallel.h"
#include "base/text.h"
#include "dataset/added.h"
#include "dataset/check/checks.h"
#include "dataset/dataset.h"
#include "dataset/near/duplicates.h"
#include "dataset/near/near.h"
#include "dataset/rejected.h"
#include "dataset/scan.h"

namespace handlens::dataset {
namespace {

constexpr uintmax_t kMaxFile_bytes = uintmax_t{1} << 30;
// Read together; what they were read into is used again.
constexpr size_t kChunk = 2048;

// What one file became: a picture, a reason why not, or a failure of the machine that ends everything.
struct Examined {
  std::optional<Picture> picture;
  Look look;
  std::string reason;
  std::optional<Error> fatal;
};

std::string WithoutPath(const std::string& message, const std::filesystem::path& path) {
  const std::string prefix = path.string() + ": ";
  return message.starts_with(prefix) ? message.substr(prefix.size()) : message;
}

// Reads files of one listing, from any thread.
class Reader {
 public:
  Reader(const Listing& listing, const InspectOptions& options)
      : listing_(listing),
        options_(options),
        look_(listing.entries.size() > options.many_pictures ? Keep::kMarks : Keep::kGrey),
        thumbnails_(!options.thumbnails.empty() && listing.entries.size() <= kMostThumbnails),
        groups_of_files_(listing.groups_from.empty()) {
    for (size_t i = 0; i < listing.class_names.size(); ++i)
      classes_.emplace(listing.class_names[i], static_cast<int>(i));
  }

  bool many() const { return look_ == Keep::kMarks; }

  Examined Examine(const Entry& entry) {
    Examined result;
    const std::filesystem::path path = std::filesystem::path(listing_.root) / entry.path;
    std::error_code error;
    if (const uintmax_t size = std::filesystem::file_size(path, error); !error && size > kMaxFile_bytes) {
      result.reason =
          fmt::format("{} bytes are too many for a picture (the limit is {})", size, kMaxFile_bytes);
      return result;
    }
    auto bytes = ReadFile(path);
    if (!bytes && bytes.error().kind == ErrorKind::kResources) {
      result.fatal = bytes.error();
      return result;
    }
    if (!bytes || bytes->empty()) {
      result.reason = bytes ? "the file is empty" : WithoutPath(bytes.error().message, path);
      return result;
    }
    Decode(entry, *bytes, result);
    return result;
  }

  // A picture that was examined before, with its grey picture; nullopt when it is not the same any more.
  std::optional<Look> Again(const Picture& picture) {
    const auto bytes = ReadFile(std::filesystem::path(listing_.root) / picture.path);
    if (!bytes) return std::nullopt;
    image::DecodeShare share(memory_);
    const auto decoded = image::Decode(*bytes, Limits(share));
    if (!decoded) return std::nullopt;
    return LookAt(*decoded, Keep::kGrey);
  }

 private:
  image::DecodeLimits Limits(image::DecodeShare& share) const {
    image::DecodeLimits limits = options_.limits;
    limits.share = &share;
    return limits;
  }

  void Decode(const Entry& entry, const Bytes& bytes, Examined& result) {
    image::DecodeShare share(memory_);
    auto decoded = image::Decode(bytes, Limits(share));
    if (!decoded) {
      result.reason = decoded.error().message;
      return;
    }
    result.picture =
        Picture{.id = Sha256(std::span<const uint8_t>(bytes)),
                .path = entry.path,
                .label = classes_.at(entry.label),
                .group = groups_of_files_ && entry.group.empty() ? decoded->facts.group : entry.group,
                .width = decoded->image.width,
                .height = decoded->image.height,
                .format = decoded->facts.format,
                .colour = decoded->facts.colour,
                .bytes = static_cast<int64_t>(bytes.size()),
                .warnings = decoded->facts.warnings};
    result.look = LookAt(*decoded, look_);
    if (!thumbnails_) return;
    if (auto written = KeepThumbnail(Thumbnail(decoded->image, kThumbnailSide_px), result.picture->id);
        !written)
      result.fatal = written.error();
  }

  // A thumbnail can be made again, so nobody waits for the disk.
  Result<void> KeepThumbnail(const Bytes& thumbnail, const std::string& id) const {
    HL_ASSIGN(FileWriter file, FileWriter::Create(options_.thumbnails / (id + ".jpg")));
    HL_TRY(file.Append(std::string_view(reinterpret_cast<const char*>(thumbnail.data()), thumbnail.size())));
    return file.Finish(FileWriter::Flush::kLater);
  }

  const Listing& listing_;
  const InspectOptions& options_;
  const Keep look_;
  const bool thumbnails_;
  const bool groups_of_files_;  // nobody named others
  std::map<std::string_view, int> classes_;
  image::DecodeMemory memory_;
};

Result<Candidates> ReadAll(Listing& listing, Reader& reader, int jobs, Progress& progress, Dataset& dataset) {
  std::vector<Examined> examined;
  Candidates candidates;
  std::atomic<size_t> done{0};
  const size_t count = listing.entries.size();
  candidates.pictures.reserve(count);
  candidates.looks.reserve(count);
  progress.Begin("inspect", static_cast<double>(count), "pictures");
  for (size_t begin = 0; begin < count; begin += kChunk) {
    const size_t end = std::min(count, begin + kChunk);
    examined.assign(end - begin, {});
    ParallelFor(end - begin, jobs, [&](size_t i) {
      if (progress.StopRequested()) return;
      examined[i] = reader.Examine(listing.entries[begin + i]);
      progress.Update(static_cast<double>(++done), "");
    });
    if (done != end) return Interrupted();
    for (size_t i = 0; i < examined.size(); ++i) {
      Entry& entry = listing.entries[begin + i];
      if (examined[i].fatal) return tl::make_unexpected(*examined[i].fatal);
      if (examined[i].picture) {
        candidates.pictures.push_back(std::move(*examined[i].picture));
        candidates.looks.push_back(std::move(examined[i].look));
      } else {
        dataset.rejected.push_back({entry.path, examined[i].reason});
      }
      entry = {};
    }
  }
  listing.entries = std::vector<Entry>();
  progress.End(
      fmt::format("{} pictures read, {} rejected", candidates.pictures.size(), dataset.rejected.size()));
  return candidates;
}

// Classes in model order; those without a single readable picture are named and left out.
void NumberLabels(const Listing& listing, Dataset& dataset) {
  std::vector<bool> used(listing.class_names.size());
  for (const Picture& picture : dataset.pictures) used[static_cast<size_t>(picture.label)] = true;
  for (size_t i = 0; i < used.size(); ++i) {
    if (used[i]) dataset.labels.push_back(listing.class_names[i]);
  }
  std::sort(dataset.labels.begin(), dataset.labels.end());
  std::vector<int> number(used.size());
  for (size_t i = 0; i < used.size(); ++i) {
    number[i] = static_cast<int>(
        std::lower_bound(dataset.labels.begin(), dataset.labels.end(), listing.class_names[i]) -
        dataset.labels.begin());
  }
  for (Picture& picture : dataset.pictures) picture.label = number[static_cast<size_t>(picture.label)];
  std::map<std::string, std::string> folded;
  for (size_t i = 0; i < used.size(); ++i) {
    const std::string& name = listing.class_names[i];
    if (!used[i]) {
      dataset.warnings.push_back(
          fmt::format("Class {} has no usable picture and is left out.", Printable(name)));
      continue;
    }
    const auto [it, is_new] = folded.try_emplace(FoldedName(name), name);
    if (!is_new) {
      dataset.warnings.push_back(
          fmt::format("The classes {} and {} differ only in case or in how accents are stored; if they are "
                      "one class, put them into one folder.",
                      it->second, name));
    }
  }
}

Result<void> CheckTrainable(const Dataset& dataset, Progress& progress) {
  if (dataset.labels.size() >= 2) return {};
  for (const std::string& line : RejectedLines(dataset.rejected)) progress.Warn(line);
  std::string seen =
      dataset.labels.empty() ? "no class has any" : fmt::format("only {} has any", dataset.labels[0]);
  return Fail(
      ErrorKind::kBadInput,
      "{}: at least two classes with readable pictures are needed; {} ({} pictures read, {} rejected{})",
      dataset.labels_file.empty() ? dataset.root : dataset.labels_file, seen, dataset.pictures.size(),
      dataset.rejected.size(),
      dataset.rejected.empty()
          ? ""
          : ", the first: " + dataset.rejected[0].path + ": " + dataset.rejected[0].reason);
}

void RecordNearPairs(const std::vector<NearPair>& pairs, Dataset& dataset) {
  for (const NearPair& pair : pairs) {
    const Picture& a = dataset.pictures[pair.a];
    const Picture& b = dataset.pictures[pair.b];
    dataset.duplicates.push_back({a.path, b.path, DuplicateKind::kNear, a.label != b.label, pair.similarity});
  }
}

// Labels that one list has and the other has not; empty where they are the same.
std::string OtherLabels(std::vector<std::string> ours, std::vector<std::string> theirs) {
  std::sort(ours.begin(), ours.end());
  std::sort(theirs.begin(), theirs.end());
  std::vector<std::string> only_ours, only_theirs;
  std::set_difference(ours.begin(), ours.end(), theirs.begin(), theirs.end(), std::back_inserter(only_ours));
  std::set_difference(theirs.begin(), theirs.end(), ours.begin(), ours.end(),
                      std::back_inserter(only_theirs));
  std::string text;
  if (!only_theirs.empty())
    text = fmt::format("{} {} no class here", fmt::join(only_theirs, ", "),
                       only_theirs.size() == 1 ? "is" : "are");
  if (!only_ours.empty())
    text += fmt::format("{}{} {} no class there", text.empty() ? "" : "; ", fmt::join(only_ours, ", "),
                        only_ours.size() == 1 ? "is" : "are");
  return text;
}

size_t Photographs(std::span<const AddedPictures> all) {
  size_t count = 0;
  for (const AddedPictures& added : all) count += added.pictures.size();
  return count;
}

// Adds them to the listing. Kind kBadInput where they were labelled with other classes than the folder has.
Result<void> AddPictures(std::span<const AddedPictures> all, Listing& listing) {
  std::set<std::string> classes;
  if (!all.empty()) {
    for (const Entry& entry : listing.entries) classes.insert(entry.label);
  }
  for (const AddedPictures& added : all) {
    const std::string other = OtherLabels({classes.begin(), classes.end()}, added.labels);
    if (!other.empty())
      return Fail(ErrorKind::kBadInput,
                  "{}: made with an app of other classes: {}; add it to the pictures of that app, or rename "
                  "the folders",
                  Printable(added.from), other);
    for (const AddedPictures::One& one : added.pictures)
      listing.entries.push_back({one.path, one.label, one.group, 0});
  }
  const size_t count = Photographs(all);
  if (count == 0) return {};
  std::stable_sort(listing.entries.begin(), listing.entries.end(),
                   [](const Entry& a, const Entry& b) { return a.path < b.path; });
  listing.warnings.push_back(fmt::format("{} of field tests are added; a series of shots is one group.",
                                         Plural(count, "photograph", "photographs")));
  return {};
}

}  // namespace

Result<Dataset> Inspect(const InspectOptions& options, Progress& progress) {
  return InspectWith(options, {}, progress);
}

Result<Dataset> InspectWith(const InspectOptions& options, std::span<const AddedPictures> added,
                            Progress& progress) {
  HL_ASSIGN(Listing listing, ListPictures(options.pictures, options.layout, progress));
  HL_TRY(AddPictures(added, listing));
  if (!options.thumbnails.empty()) HL_TRY(MakeFolder(options.thumbnails));
  Dataset dataset;
  dataset.root = listing.root;
  dataset.labels_file = listing.labels_file;
  dataset.groups_from = listing.groups_from;
  dataset.test_folder = listing.test_folder;
  dataset.rejected = std::move(listing.rejected);
  dataset.warnings = std::move(listing.warnings);
  Reader reader(listing, options);
  HL_ASSIGN(Candidates candidates, ReadAll(listing, reader, options.jobs, progress, dataset));
  if (dataset.groups_from.empty()) TakeGroupsOfFiles(candidates.pictures, dataset);
  if (Photographs(added) > 0)
    dataset.groups_from += dataset.groups_from.empty() ? "field tests" : " and field tests";
  const auto tied_groups = RemoveExactCopies(candidates, listing.class_names, dataset);
  dataset.pictures = std::move(candidates.pictures);
  const std::vector<Look> looks = std::move(candidates.looks);
  NumberLabels(listing, dataset);
  std::stable_sort(dataset.rejected.begin(), dataset.rejected.end(),
                   [](const Rejected& a, const Rejected& b) { return a.path < b.path; });
  HL_TRY(CheckTrainable(dataset, progress));
  const auto again = [&](size_t i) { return reader.Again(dataset.pictures[i]); };
  HL_ASSIGN(const std::vector<NearPair> pairs,
            reader.many() ? FindNearDuplicatesAmongMany(looks, again, options.jobs, progress)
                          : FindNearDuplicates(looks, options.jobs, progress));
  RecordNearPairs(pairs, dataset);
  AssignClusters(pairs, tied_groups, dataset.pictures);
  dataset.shortcuts = FindShortcuts(dataset, looks);
  dataset.odd_ones_out = FindOddOnesOut(dataset, looks);
  dataset.recommended_sizes_px = RecommendSizes(dataset);
  dataset.recommended_fit = RecommendFit(dataset);
  const std::vector<std::string> advice = Advise(dataset);
  dataset.warnings.insert(dataset.warnings.end(), advice.begin(), advice.end());
  if (reader.many()) {
    dataset.warnings.push_back(fmt::format(
        "Of more than {} pictures, near-duplicates are searched more coarsely: the same picture saved again, "
        "resized, brightened, mirrored or turned by quarters is found; one that was cropped or tilted may "
        "not be.",
        Thousands(static_cast<int64_t>(options.many_pictures))));
  }
  return dataset;
}

}  // namespace handlens::dataset
