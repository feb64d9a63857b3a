// The data check from files to a Dataset: reads every file once, in parallel, then looks at all of them together.
#include <algorithm>
#include <atomic>
#include <map>
#include <optional>
#include <set>

#include "base/disk.h"
#include "base/hash.h"
#include "base/parallel.h"
#include "dataset/checks.h"
#include "dataset/dataset.h"
#include "dataset/duplicates.h"
#include "dataset/near.h"
#include "dataset/scan.h"

namespace handlens::dataset {
namespace {

constexpr int kThumbnailSide_px = 96;
constexpr uintmax_t kMaxFile_bytes = uintmax_t{1} << 30;

// What one file became: a candidate, a reason why not, or a failure of the disk that ends everything.
struct Examined {
  std::optional<Candidate> candidate;
  std::string reason;
  std::optional<Error> fatal;
};

std::string WithoutPath(const std::string& message, const std::filesystem::path& path) {
  const std::string prefix = path.string() + ": ";
  return message.starts_with(prefix) ? message.substr(prefix.size()) : message;
}

Examined Examine(const Entry& entry, const std::string& root, const InspectOptions& options) {
  Examined result;
  const std::filesystem::path path = std::filesystem::path(root) / entry.path;
  std::error_code error;
  if (const uintmax_t size = std::filesystem::file_size(path, error); !error && size > kMaxFile_bytes) {
    result.reason = fmt::format("{} bytes are too many for a picture (the limit is {})", size, kMaxFile_bytes);
    return result;
  }
  auto bytes = ReadFile(path);
  if (!bytes && bytes.error().kind == ErrorKind::kResources) {
    result.fatal = bytes.error();  // the machine's trouble, not the picture's: it would be missing for no reason of its own
    return result;
  }
  if (!bytes || bytes->empty()) {
    result.reason = bytes ? "the file is empty" : WithoutPath(bytes.error().message, path);
    return result;
  }
  auto decoded = image::Decode(*bytes, options.limits);
  if (!decoded) {
    result.reason = decoded.error().message;
    return result;
  }
  Candidate candidate;
  candidate.label = entry.label;
  candidate.picture = {.id = Sha256(std::span<const uint8_t>(*bytes)), .path = entry.path, .group = entry.group,
                       .width = decoded->image.width, .height = decoded->image.height, .format = decoded->facts.format,
                       .colour = decoded->facts.colour, .bytes = static_cast<int64_t>(bytes->size()),
                       .warnings = decoded->facts.warnings};
  candidate.look = LookAt(*decoded);
  if (!options.thumbnails.empty()) {
    const auto file = options.thumbnails / (candidate.picture.id + ".jpg");
    if (auto written = WriteFileAtomic(file, Thumbnail(decoded->image, kThumbnailSide_px)); !written) {
      result.fatal = written.error();
    }
  }
  result.candidate = std::move(candidate);
  return result;
}

Result<std::vector<Candidate>> ReadAll(const Listing& listing, const InspectOptions& options, Progress& progress,
                                       Dataset& dataset) {
  std::vector<Examined> examined(listing.entries.size());
  std::atomic<size_t> done{0};
  progress.Begin("inspect", static_cast<double>(examined.size()), "pictures");
  ParallelFor(examined.size(), options.jobs, [&](size_t i) {
    if (progress.StopRequested()) return;
    examined[i] = Examine(listing.entries[i], listing.root, options);
    progress.Update(static_cast<double>(++done), "");
  });
  if (done != examined.size()) return Interrupted();
  std::vector<Candidate> candidates;
  for (size_t i = 0; i < examined.size(); ++i) {
    if (examined[i].fatal) return tl::make_unexpected(*examined[i].fatal);
    if (examined[i].candidate) candidates.push_back(std::move(*examined[i].candidate));
    else dataset.rejected.push_back({listing.entries[i].path, examined[i].reason});
  }
  progress.End(fmt::format("{} pictures read, {} rejected", candidates.size(), dataset.rejected.size()));
  return candidates;
}

// Classes in model order; those without a single readable picture are named and left out.
void NumberLabels(const Listing& listing, std::vector<Candidate>& candidates, Dataset& dataset) {
  std::map<std::string, int> number;
  for (const Candidate& candidate : candidates) number[candidate.label] = 0;
  for (auto& [label, index] : number) {
    index = static_cast<int>(dataset.labels.size());
    dataset.labels.push_back(label);
  }
  for (Candidate& candidate : candidates) candidate.picture.label = number[candidate.label];
  std::map<std::string, std::string> folded;
  for (const std::string& name : listing.class_names) {
    if (!number.contains(name)) {
      dataset.warnings.push_back(fmt::format("Class {} has no usable picture and is left out.", Printable(name)));
      continue;
    }
    const auto [it, is_new] = folded.try_emplace(FoldedName(name), name);
    if (!is_new) {
      dataset.warnings.push_back(fmt::format(
          "The classes {} and {} differ only in case or in how accents are stored; if they are one class, put them into one folder.",
          it->second, name));
    }
  }
}

Result<void> CheckTrainable(const Dataset& dataset, Progress& progress) {
  if (dataset.labels.size() >= 2) return {};
  for (const Rejected& rejected : dataset.rejected) progress.Warn(fmt::format("{}: {}", rejected.path, rejected.reason));
  std::string seen = dataset.labels.empty() ? "no class has any" : fmt::format("only {} has any", dataset.labels[0]);
  return Fail(ErrorKind::kBadInput, "{}: at least two classes with readable pictures are needed; {} ({} pictures read, {} rejected{})",
              dataset.labels_file.empty() ? dataset.root : dataset.labels_file, seen, dataset.pictures.size(), dataset.rejected.size(),
              dataset.rejected.empty() ? "" : ", the first: " + dataset.rejected[0].path + ": " + dataset.rejected[0].reason);
}

void RecordNearPairs(const std::vector<NearPair>& pairs, Dataset& dataset) {
  for (const NearPair& pair : pairs) {
    const Picture& a = dataset.pictures[pair.a];
    const Picture& b = dataset.pictures[pair.b];
    dataset.duplicates.push_back({a.path, b.path, DuplicateKind::kNear, a.label != b.label, pair.similarity});
  }
}

}  // namespace

Result<Dataset> Inspect(const InspectOptions& options, Progress& progress) {
  HL_ASSIGN(Listing listing, ListPictures(options.pictures, options.groups));
  if (!options.thumbnails.empty()) HL_TRY(MakeFolder(options.thumbnails));
  Dataset dataset;
  dataset.root = listing.root;
  dataset.labels_file = listing.labels_file;
  dataset.groups_from = listing.groups_from;
  dataset.rejected = listing.rejected;
  dataset.warnings = listing.warnings;
  HL_ASSIGN(std::vector<Candidate> candidates, ReadAll(listing, options, progress, dataset));
  const auto tied_groups = RemoveExactCopies(candidates, dataset);
  NumberLabels(listing, candidates, dataset);
  std::vector<Look> looks;
  for (Candidate& candidate : candidates) {
    dataset.pictures.push_back(std::move(candidate.picture));
    looks.push_back(std::move(candidate.look));
  }
  std::stable_sort(dataset.rejected.begin(), dataset.rejected.end(),
                   [](const Rejected& a, const Rejected& b) { return a.path < b.path; });
  HL_TRY(CheckTrainable(dataset, progress));
  HL_ASSIGN(const std::vector<NearPair> pairs, FindNearDuplicates(looks, options.jobs, progress));
  RecordNearPairs(pairs, dataset);
  AssignClusters(pairs, tied_groups, dataset.pictures);
  dataset.shortcuts = FindShortcuts(dataset, looks);
  dataset.odd_ones_out = FindOddOnesOut(dataset, looks);
  dataset.recommended_sizes_px = RecommendSizes(dataset);
  dataset.recommended_fit = RecommendFit(dataset);
  const std::vector<std::string> advice = Advise(dataset);
  dataset.warnings.insert(dataset.warnings.end(), advice.begin(), advice.end());
  return dataset;
}

}  // namespace handlens::dataset
