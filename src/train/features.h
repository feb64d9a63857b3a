// What a backbone sees in pictures: the means of its layers' outputs, of each picture as it is and of some
// varied views, computed once for all folds and all cuts, and kept in the cache. Nothing is trained here.
#pragma once

#include <filesystem>
#include <map>
#include <memory>
#include <mutex>
#include <span>
#include <string>
#include <vector>

#include "backbone/backbone.h"
#include "base/progress.h"
#include "dataset/dataset.h"
#include "dataset/prepare.h"
#include "image/augment.h"
#include "image/camera/camera.h"

namespace handlens::train {

// Which features: everything that their numbers depend on besides the pictures.
struct FeatureKey {
  const backbone::Backbone* backbone = nullptr;
  image::GeneratorSpec generator;
  int views = 0;  // varied by the generator, besides the picture as it is
  uint64_t seed = 1;
  bool all_cuts = false;  // else the last cut alone
  // Above 0: instead of all that, so many photographs (camera_check.h) of the pictures `of`, which rise; the
  // others' features stay 0.
  int shots = 0;
  std::vector<int> of = {};
  const image::Backdrops* backdrops = nullptr;  // behind the photographs; null: the built-in ones

  int Rows() const { return shots > 0 ? shots : 1 + views; }  // of a picture
};

struct FeatureSet {
  std::vector<int> widths;  // channels of each cut of the backbone; 0 where it was not asked for
  int rows = 1;
  std::vector<float> values;  // (pictures, rows, sum of widths)

  // `view` 0 is the picture as it is; of photographs the first.
  std::span<const float> Of(size_t picture, int view, int cut) const;
};

// Features in memory while somebody holds them, and files under the cache. Thread-safe: threads that ask for
// the same features at the same time compute them together.
class FeatureStore {
 public:
  // Files go to `cache`/features/. `dataset` outlives the store. `begin`, from 0 to below 1, says at which
  // share of the pictures it begins: processes that fill one cache at once, each from another place on, find
  // the rest made when they get there.
  FeatureStore(const dataset::Dataset& dataset, std::filesystem::path cache, double begin = 0)
      : dataset_(dataset), cache_(std::move(cache)), begin_(begin) {}
  ~FeatureStore();
  FeatureStore(const FeatureStore&) = delete;
  FeatureStore& operator=(const FeatureStore&) = delete;

  // Of all pictures at pixels.size_px. Kind kUsage when the backbone does not fit the size, kInterrupted when
  // progress asks to stop (what was computed by then is kept, but for some seconds), else as the file
  // system's errors.
  Result<std::shared_ptr<const FeatureSet>> Get(const FeatureKey& key, const dataset::PixelSet& pixels,
                                                Progress& progress);

 private:
  struct Work;
  std::shared_ptr<Work> WorkOf(const FeatureKey& key, const dataset::PixelSet& pixels);

  const dataset::Dataset& dataset_;
  const std::filesystem::path cache_;
  const double begin_;
  std::mutex mutex_;
  std::map<std::string, std::weak_ptr<Work>> works_;  // by the name of their folder
};

}  // namespace handlens::train
