// The cache of sub-datasets. One file a size and fit, named by the Dataset's fingerprint:
//   offset  0  "HLPIXELS"                      8 bytes
//           8  version 1, size_px, fit, 0      4 x uint32, little endian
//          24  number of pictures              uint64, little endian
//          32  fingerprint of the Dataset      64 hexadecimal digits
//          96  SHA-256 of the pixels           64 hexadecimal digits
//         160  pixels (pictures, size, size, 3)
#include "dataset/prepare.h"

#include <algorithm>
#include <atomic>
#include <cstring>
#include <mutex>

#include "base/disk.h"
#include "base/hash.h"
#include "base/parallel.h"
#include "base/text.h"

namespace handlens::dataset {
namespace {

constexpr std::string_view kMagic = "HLPIXELS";
constexpr uint32_t kPixelsVersion = 1;
constexpr size_t kHeader_bytes = 160;
// Sizes are made together, so that each picture is decoded once, as long as they fit here; else in several
// rounds.
constexpr size_t kRound_bytes = size_t{2} << 30;

void PutNumber(Bytes& out, uint64_t value, int width_bytes) {
  for (int i = 0; i < width_bytes; ++i) out.push_back(static_cast<uint8_t>(value >> (8 * i)));
}

// Everything in the header but the hash of the pixels.
Bytes HeaderPrefix(const std::string& fingerprint, size_t pictures, int size_px, image::Fit fit) {
  Bytes header(kMagic.begin(), kMagic.end());
  PutNumber(header, kPixelsVersion, 4);
  PutNumber(header, static_cast<uint64_t>(size_px), 4);
  PutNumber(header, static_cast<uint64_t>(fit), 4);
  PutNumber(header, 0, 4);
  PutNumber(header, pictures, 8);
  header.insert(header.end(), fingerprint.begin(), fingerprint.end());
  return header;
}

size_t PictureBytes(int size_px) { return static_cast<size_t>(size_px) * static_cast<size_t>(size_px) * 3; }

std::filesystem::path CacheFile(const std::string& fingerprint, int size_px, image::Fit fit,
                                const std::filesystem::path& cache) {
  return cache / fmt::format("{}-{}-{}.pixels", fingerprint.substr(0, 16), size_px, image::FitName(fit));
}

// Sub-datasets in the making: files[s] is header and pixels of sizes[s].
struct Round {
  std::vector<int> sizes_px;
  std::vector<Bytes> files;
};

// Why a picture could not be prepared; empty when it was. Kind kResources when the machine is to blame.
Result<std::string> PrepareOne(const Dataset& dataset, size_t index, image::Fit fit,
                               image::DecodeMemory& memory, Round& round) {
  const Picture& picture = dataset.pictures[index];
  const auto bytes = ReadFile(std::filesystem::path(dataset.root) / picture.path);
  HL_TRY_MACHINE(bytes);
  if (!bytes) return "cannot be read any more";
  if (Sha256(std::span<const uint8_t>(*bytes)) != picture.id) return "has changed";
  image::DecodeShare share(memory);
  const auto decoded =
      image::Decode(*bytes, {.max_pixels = std::max<int64_t>(image::DecodeLimits{}.max_pixels,
                                                             int64_t{picture.width} * picture.height),
                             .share = &share});
  if (!decoded) return decoded.error().message;
  for (size_t s = 0; s < round.sizes_px.size(); ++s) {
    const std::vector<uint8_t> input = image::ModelInput(decoded->image, round.sizes_px[s], fit);
    HL_CHECK(input.size() == PictureBytes(round.sizes_px[s]));
    std::memcpy(round.files[s].data() + kHeader_bytes + index * input.size(), input.data(), input.size());
  }
  return "";
}

Result<void> MakeRound(const Dataset& dataset, image::Fit fit, Round& round, int jobs, Progress& progress) {
  std::vector<Result<std::string>> problems(dataset.pictures.size());
  std::atomic<size_t> done{0};
  image::DecodeMemory memory;
  ParallelFor(problems.size(), jobs, [&](size_t i) {
    if (progress.StopRequested()) return;
    problems[i] = PrepareOne(dataset, i, fit, memory, round);
    progress.Update(static_cast<double>(++done), "");
  });
  if (done != problems.size()) return Interrupted();
  std::string all;
  for (size_t i = 0; i < problems.size(); ++i) {
    if (!problems[i]) return tl::make_unexpected(problems[i].error());
    if (!problems[i]->empty())
      all += fmt::format("{}{} {}", all.empty() ? "" : ", ", dataset.pictures[i].path, *problems[i]);
  }
  if (!all.empty())
    return Fail(ErrorKind::kBadInput, "{}: {}; restore the pictures or start a new run", dataset.root, all);
  return {};
}

Result<void> MakeSizes(const Dataset& dataset, std::span<const int> sizes_px, image::Fit fit,
                       const std::filesystem::path& cache, const std::function<Result<void>(Round&)>& fill) {
  const std::string fingerprint = Fingerprint(dataset);
  const size_t count = dataset.pictures.size();
  for (size_t next = 0; next < sizes_px.size();) {
    Round round;
    size_t total = 0;
    while (next < sizes_px.size() &&
           (total == 0 || total + count * PictureBytes(sizes_px[next]) <= kRound_bytes)) {
      total += count * PictureBytes(sizes_px[next]);
      round.sizes_px.push_back(sizes_px[next++]);
    }
    for (const int size_px : round.sizes_px)
      round.files.emplace_back(kHeader_bytes + count * PictureBytes(size_px));
    HL_TRY(fill(round));
    for (size_t s = 0; s < round.files.size(); ++s) {
      Bytes header = HeaderPrefix(fingerprint, count, round.sizes_px[s], fit);
      const std::string hash = Sha256(std::span<const uint8_t>(round.files[s]).subspan(kHeader_bytes));
      header.insert(header.end(), hash.begin(), hash.end());
      HL_CHECK(header.size() == kHeader_bytes);
      std::copy(header.begin(), header.end(), round.files[s].begin());
      HL_TRY(WriteFileAtomic(CacheFile(fingerprint, round.sizes_px[s], fit, cache), round.files[s]));
    }
  }
  return {};
}

}  // namespace

Result<void> Prepare(const Dataset& dataset, std::span<const int> sizes_px, const PrepareOptions& options,
                     Progress& progress) {
  std::vector<int> missing;
  for (const int size_px : sizes_px) {
    if (size_px < 1 || size_px > 4096)
      return Fail(ErrorKind::kUsage, "size {}: give 1 to 4096 pixels", size_px);
    if (std::find(missing.begin(), missing.end(), size_px) != missing.end()) continue;
    if (!LoadPixels(dataset, size_px, options.fit, options.cache)) missing.push_back(size_px);
  }
  if (missing.empty()) return {};
  progress.Begin("prepare", static_cast<double>(dataset.pictures.size()), "pictures");
  HL_TRY(MakeSizes(dataset, missing, options.fit, options.cache, [&](Round& round) {
    return MakeRound(dataset, options.fit, round, options.jobs, progress);
  }));
  progress.End(fmt::format("{} at {}", Plural(dataset.pictures.size(), "picture", "pictures"),
                           Plural(missing.size(), "size", "sizes")));
  return {};
}

Result<void> CopyPrepared(const Dataset& dataset, std::span<const int> sizes_px, image::Fit fit,
                          const std::filesystem::path& from, const std::filesystem::path& to) {
  const std::string fingerprint = Fingerprint(dataset);
  std::error_code error;
  for (const int size_px : sizes_px) {
    const std::filesystem::path there = CacheFile(fingerprint, size_px, fit, from),
                                here = CacheFile(fingerprint, size_px, fit, to);
    if (std::filesystem::exists(here, error) || !std::filesystem::exists(there, error)) continue;
    HL_ASSIGN(const Bytes bytes, ReadFile(there));
    HL_TRY(WriteFileAtomic(here, bytes));
  }
  return {};
}

Result<PixelSet> LoadPixels(const Dataset& dataset, int size_px, image::Fit fit,
                            const std::filesystem::path& cache) {
  const std::string fingerprint = Fingerprint(dataset);
  const std::filesystem::path path = CacheFile(fingerprint, size_px, fit, cache);
  HL_ASSIGN(Bytes bytes, ReadFile(path));
  const Bytes expected = HeaderPrefix(fingerprint, dataset.pictures.size(), size_px, fit);
  const size_t size = kHeader_bytes + dataset.pictures.size() * PictureBytes(size_px);
  if (bytes.size() != size || !std::equal(expected.begin(), expected.end(), bytes.begin())) {
    return Fail(ErrorKind::kBadInput, "{}: not the prepared pictures of this dataset; run prepare again",
                path.string());
  }
  const std::string hash(bytes.begin() + 96, bytes.begin() + static_cast<std::ptrdiff_t>(kHeader_bytes));
  if (hash != Sha256(std::span<const uint8_t>(bytes).subspan(kHeader_bytes))) {
    return Fail(ErrorKind::kBadInput, "{}: damaged; run prepare again", path.string());
  }
  bytes.erase(bytes.begin(), bytes.begin() + static_cast<std::ptrdiff_t>(kHeader_bytes));
  return PixelSet{size_px, fit, std::move(bytes)};
}

}  // namespace handlens::dataset
