// Pictures on their way into the engine, see feed.h.
#include "train/feed.h"

#include <algorithm>
#include <cmath>

#include "base/rng.h"
#include "pixels/pixels.h"

namespace handlens::train {
namespace {

// Folds as random-number ids: kAllFolds is 0.
uint64_t FoldId(int fold) { return static_cast<uint64_t>(fold + 1); }

}  // namespace

Result<split::Fold> PicturesOf(int fold, const TrialData& data) {
  if (fold == kAllFolds) {
    split::Fold all;
    std::vector<bool> held(data.dataset->pictures.size(), false);
    for (const int picture : data.split->holdout) held[static_cast<size_t>(picture)] = true;
    for (size_t i = 0; i < held.size(); ++i) {
      if (!held[i]) all.train.push_back(static_cast<int>(i));
    }
    return all;
  }
  if (fold < 0 || static_cast<size_t>(fold) >= data.split->folds.size()) {
    return Fail(ErrorKind::kUsage, "there is no fold {}; the split has {}", fold + 1,
                data.split->folds.size());
  }
  return data.split->folds[static_cast<size_t>(fold)];
}

ChannelStatistics FitNormalization(const dataset::PixelSet& pixels, std::span<const int> pictures) {
  uint64_t sum[3] = {0, 0, 0};
  uint64_t squares[3] = {0, 0, 0};
  uint64_t count = 0;
  for (const int picture : pictures) {
    const auto bytes = pixels.Picture(static_cast<size_t>(picture));
    for (size_t i = 0; i + 2 < bytes.size(); i += 3) {
      for (size_t c = 0; c < 3; ++c) {
        const uint64_t value = bytes[i + c];
        sum[c] += value;
        squares[c] += value * value;
      }
    }
    count += bytes.size() / 3;
  }
  ChannelStatistics result;
  if (count == 0) return result;
  const auto n = static_cast<double>(count);
  for (size_t c = 0; c < 3; ++c) {
    const double mean = static_cast<double>(sum[c]) / n;
    const double variance = std::max(0.0, static_cast<double>(squares[c]) / n - mean * mean);
    result.mean[c] = static_cast<float>(mean / 255);
    result.std[c] = static_cast<float>(std::sqrt(variance) / 255 + 1e-6);
  }
  return result;
}

nn::ModelSpec WithNormalization(const nn::ModelSpec& spec) {
  nn::ModelSpec result = spec;
  for (nn::LayerSpec& layer : result.layers) {
    for (int& input : layer.inputs) ++input;  // -1, the picture, becomes 0, the normalised picture
  }
  nn::LayerSpec normalize;
  normalize.kind = nn::LayerKind::kNormalize;
  result.layers.insert(result.layers.begin(), normalize);
  return result;
}

std::vector<int> EpochOrder(std::span<const int> pictures, const TrialSpec& spec, int epoch) {
  std::vector<int> order(pictures.begin(), pictures.end());
  Rng rng(spec.seed, "trial shuffle", {FoldId(spec.fold), static_cast<uint64_t>(epoch)});
  rng.Shuffle(std::span<int>(order));
  return order;
}

std::vector<float> ClassWeights(const dataset::Dataset& dataset, std::span<const int> pictures) {
  std::vector<size_t> counts(dataset.labels.size(), 0);
  for (const int picture : pictures) {
    ++counts[static_cast<size_t>(dataset.pictures[static_cast<size_t>(picture)].label)];
  }
  std::vector<float> weights(counts.size(), 0.0f);
  for (size_t c = 0; c < counts.size(); ++c) {
    if (counts[c] == 0) continue;
    weights[c] = static_cast<float>(static_cast<double>(pictures.size()) /
                                    static_cast<double>(counts.size() * counts[c]));
  }
  return weights;
}

void FillVaried(const TrialSpec& spec, const TrialData& data, int epoch, std::span<const int> pictures,
                std::span<float> inputs) {
  const size_t stride = inputs.size() / std::max<size_t>(pictures.size(), 1);
  for (size_t i = 0; i < pictures.size(); ++i) {
    const auto picture = static_cast<size_t>(pictures[i]);
    const Rng rng(spec.seed, "trial augment", {FoldId(spec.fold), static_cast<uint64_t>(epoch), picture});
    image::Augment(data.pixels->Picture(picture), spec.size_px, spec.generator, rng,
                   inputs.subspan(i * stride, stride));
  }
}

void FillPlain(const dataset::PixelSet& pixels, std::span<const int> pictures, std::span<float> inputs) {
  const size_t stride = inputs.size() / std::max<size_t>(pictures.size(), 1);
  for (size_t i = 0; i < pictures.size(); ++i) {
    const auto bytes = pixels.Picture(static_cast<size_t>(pictures[i]));
    hl_feed_float(bytes.data(), stride, inputs.data() + i * stride);
  }
}

}  // namespace handlens::train
