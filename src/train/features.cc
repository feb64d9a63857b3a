// Features, see features.h. Pictures are cut into chunks; a chunk is one file, computed by one thread.
#include "train/features.h"

#include <algorithm>
#include <condition_variable>
#include <numeric>
#include <optional>

#include "base/disk.h"
#include "base/hash.h"
#include "pixels/pixels.h"
#include "train/camera_check.h"
#include "train/feed.h"
#include "train/start.h"

namespace handlens::train {
namespace {

constexpr size_t kChunk = 32;  // pictures a file: seconds of work at 224 px and 8 views
// Raised whenever the same key would give other numbers.
constexpr int kFeaturesVersion = 2;

std::string FolderName(const FeatureKey& key, const dataset::PixelSet& pixels,
                       const dataset::Dataset& dataset) {
  std::string text = fmt::format("{}\n{}\n{}\n{}\n{}\n{}\n{}\nfeatures {}, {}", dataset::Fingerprint(dataset),
                                 key.backbone->hash, pixels.size_px, image::FitName(pixels.fit), key.views,
                                 key.views > 0 ? image::ToJson(key.generator).dump() : "", key.seed,
                                 kFeaturesVersion, key.all_cuts ? "all cuts" : "last cut");
  if (key.shots > 0) text += fmt::format("\nphotographs {} of {}", key.shots, fmt::join(key.of, " "));
  if (key.shots > 0 && key.backdrops != nullptr) text += "\nbefore " + key.backdrops->id();
  return Sha256(text).substr(0, 16);
}

// The layers whose means are asked for.
std::vector<int> LayersOf(const FeatureKey& key) {
  const std::vector<int> all = backbone::FeatureLayers(*key.backbone);
  return key.all_cuts ? all : std::vector<int>{all.back()};
}

// One thread's network.
class Extractor {
 public:
  static Result<Extractor> Create(const FeatureKey& key, int size_px) {
    Extractor made(key, size_px);
    const backbone::Backbone& backbone = *key.backbone;
    HL_ASSIGN(nn::ModelSpec spec,
              backbone::Classifier(backbone, static_cast<int>(backbone.cuts.size()) - 1, size_px, 2));
    FreezeUpTo(spec, static_cast<int>(spec.layers.size()) - 1);
    HL_ASSIGN(made.network_, nn::Network::Create(spec, 1, {}));
    nn::Weights weights = made.network_->SaveWeights();
    HL_TRY(Overlay(weights, backbone.weights));
    HL_TRY(made.network_->LoadWeights(weights));
    made.input_.resize(static_cast<size_t>(size_px) * static_cast<size_t>(size_px) * 3);
    return made;
  }
  // `picture` as it is and its views, or its photographs: (rows, sum of widths).
  void Extract(const dataset::PixelSet& pixels, size_t picture, std::span<float> features) {
    if (key_.shots > 0 && !std::binary_search(key_.of.begin(), key_.of.end(), static_cast<int>(picture)))
      return;
    const size_t width = features.size() / static_cast<size_t>(key_.Rows());
    for (int view = 0; view < key_.Rows(); ++view) {
      if (key_.shots > 0) {
        const std::vector<uint8_t> bytes = CameraShotOf(pixels, picture, view, key_.seed, key_.backdrops);
        hl_feed_float(bytes.data(), bytes.size(), input_.data());
      } else if (view == 0) {
        const int index[] = {static_cast<int>(picture)};
        FillPlain(pixels, index, input_);
      } else {
        const Rng rng(key_.seed, "feature view", {static_cast<uint64_t>(view), picture});
        image::Augment(pixels.Picture(picture), size_px_, key_.generator, rng, input_);
      }
      network_->Features(input_, 1, layers_, features.subspan(static_cast<size_t>(view) * width, width));
    }
  }

 private:
  Extractor(const FeatureKey& key, int size_px) : key_(key), layers_(LayersOf(key)), size_px_(size_px) {}
  FeatureKey key_;
  std::vector<int> layers_;
  int size_px_;
  std::unique_ptr<nn::Network> network_;
  std::vector<float> input_;
};

}  // namespace

std::span<const float> FeatureSet::Of(size_t picture, int view, int cut) const {
  const size_t width = static_cast<size_t>(std::accumulate(widths.begin(), widths.end(), 0));
  const size_t before = static_cast<size_t>(std::accumulate(widths.begin(), widths.begin() + cut, 0));
  const size_t row = picture * static_cast<size_t>(rows) + static_cast<size_t>(view);
  return std::span(values).subspan(row * width + before,
                                   static_cast<size_t>(widths[static_cast<size_t>(cut)]));
}

// One set of features on its way. Whoever asks takes the next chunk until there are none, then waits for the
// others.
struct FeatureStore::Work {
  FeatureKey key;
  std::filesystem::path folder;
  FeatureSet set;
  size_t pictures = 0, width = 0;
  double begin = 0;

  std::mutex mutex;  // guards all below
  std::condition_variable changed;
  size_t next = 0, done = 0;
  std::vector<size_t> again;  // chunks whose thread was stopped
  std::optional<Error> error;

  size_t Chunks() const { return (pictures + kChunk - 1) / kChunk; }
  size_t First(size_t chunk) const { return chunk * kChunk; }
  size_t Count(size_t chunk) const { return std::min(kChunk, pictures - First(chunk)); }
  std::span<float> Values(size_t chunk) {
    const size_t stride = static_cast<size_t>(key.Rows()) * width;
    return std::span(set.values).subspan(First(chunk) * stride, Count(chunk) * stride);
  }
  std::filesystem::path File(size_t chunk) const {
    return folder / fmt::format("{:06}.safetensors", First(chunk));
  }

  // Nothing when all chunks are taken.
  std::optional<size_t> Take() {
    const std::lock_guard lock(mutex);
    if (!again.empty()) {
      const size_t chunk = again.back();
      again.pop_back();
      return chunk;
    }
    if (next == Chunks()) return std::nullopt;
    return (static_cast<size_t>(begin * static_cast<double>(Chunks())) + next++) % Chunks();
  }
  bool Load(size_t chunk);
  Result<void> Compute(size_t chunk, std::optional<Extractor>& extractor, const dataset::PixelSet& pixels,
                       const Progress& progress);
  Result<void> Help(const dataset::PixelSet& pixels, Progress& progress);
};

// A file that is missing, damaged or of another shape is made again.
bool FeatureStore::Work::Load(size_t chunk) {
  const auto bytes = ReadFile(File(chunk));
  if (!bytes) return false;
  const auto tensors = nn::DecodeWeights(*bytes);
  const std::span<float> to = Values(chunk);
  if (!tensors || tensors->size() != 1 || tensors->front().values.size() != to.size()) return false;
  std::copy(tensors->front().values.begin(), tensors->front().values.end(), to.begin());
  return true;
}

Result<void> FeatureStore::Work::Compute(size_t chunk, std::optional<Extractor>& extractor,
                                         const dataset::PixelSet& pixels, const Progress& progress) {
  if (Load(chunk)) return {};
  if (!extractor) {
    HL_ASSIGN(extractor, Extractor::Create(key, pixels.size_px));
  }
  const std::span<float> values = Values(chunk);
  const size_t stride = values.size() / Count(chunk);
  for (size_t i = 0; i < Count(chunk); ++i) {
    if (progress.StopRequested()) return Interrupted();
    extractor->Extract(pixels, First(chunk) + i, values.subspan(i * stride, stride));
  }
  const nn::Tensor tensor{"features",
                          {static_cast<int>(Count(chunk)), key.Rows(), static_cast<int>(width)},
                          std::vector<float>(values.begin(), values.end())};
  return WriteFileAtomic(File(chunk), nn::EncodeWeights({tensor}));
}

Result<void> FeatureStore::Work::Help(const dataset::PixelSet& pixels, Progress& progress) {
  std::optional<Extractor> extractor;
  for (;;) {
    if (const std::optional<size_t> chunk = Take()) {
      const Result<void> computed = Compute(*chunk, extractor, pixels, progress);
      const std::lock_guard lock(mutex);
      changed.notify_all();
      if (computed) {
        ++done;
      } else {
        again.push_back(*chunk);
        if (computed.error().kind != ErrorKind::kInterrupted) error = computed.error();
        return computed;
      }
      continue;
    }
    std::unique_lock lock(mutex);
    if (done == Chunks()) return {};
    if (error) return tl::unexpected(*error);
    if (progress.StopRequested()) return Interrupted();
    changed.wait_for(lock, std::chrono::milliseconds(200),
                     [this] { return done == Chunks() || !again.empty() || error; });
  }
}

FeatureStore::~FeatureStore() = default;

std::shared_ptr<FeatureStore::Work> FeatureStore::WorkOf(const FeatureKey& key,
                                                         const dataset::PixelSet& pixels) {
  const std::string name = FolderName(key, pixels, dataset_);
  const std::lock_guard lock(mutex_);
  if (auto work = works_[name].lock()) return work;
  auto work = std::make_shared<Work>();
  work->key = key;
  work->folder = cache_ / "features" / name;
  work->set.rows = key.Rows();
  work->pictures = dataset_.pictures.size();
  work->begin = begin_;
  works_[name] = work;
  return work;
}

Result<std::shared_ptr<const FeatureSet>> FeatureStore::Get(const FeatureKey& key,
                                                            const dataset::PixelSet& pixels,
                                                            Progress& progress) {
  HL_ASSIGN(const nn::ModelSpec spec,
            backbone::Classifier(*key.backbone, static_cast<int>(key.backbone->cuts.size()) - 1,
                                 pixels.size_px, 2));
  HL_ASSIGN(const std::vector<nn::Shape> shapes, nn::InferShapes(spec));
  const std::shared_ptr<Work> work = WorkOf(key, pixels);
  {
    const std::lock_guard lock(work->mutex);
    if (work->width == 0) {
      for (const int layer : LayersOf(key))
        work->set.widths.push_back(shapes[static_cast<size_t>(layer)].channels);
      work->set.widths.insert(work->set.widths.begin(), key.backbone->cuts.size() - work->set.widths.size(),
                              0);
      work->width = static_cast<size_t>(std::accumulate(work->set.widths.begin(), work->set.widths.end(), 0));
      work->set.values.resize(work->pictures * static_cast<size_t>(key.Rows()) * work->width);
    }
  }
  HL_TRY(work->Help(pixels, progress));
  return std::shared_ptr<const FeatureSet>(work, &work->set);
}

}  // namespace handlens::train
