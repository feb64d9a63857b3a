// Channels taken out of blocks, see thin.h.
#include "backbone/thin.h"

#include <algorithm>
#include <charconv>
#include <cmath>
#include <numeric>
#include <optional>

namespace handlens::backbone {
namespace {

using nn::LayerKind;

constexpr size_t kMultiple = 8;  // channels that kernels work on at once

// The layers of one block: first convolution, depthwise convolution, last convolution.
struct Inside {
  int first = 0, depthwise = 0, last = 0;
};

bool PassesOn(const nn::LayerSpec& layer) {
  const bool plain = layer.kind == LayerKind::kBatchNorm || layer.kind == LayerKind::kRelu ||
                     layer.kind == LayerKind::kRelu6;
  return plain && layer.inputs.empty();
}

// Around the depthwise convolution `at`; nothing when other layers read what lies between, or there is no
// convolution on one side.
std::optional<Inside> InsideAround(const std::vector<nn::LayerSpec>& layers, int at) {
  const auto layer = [&](int i) -> const nn::LayerSpec& { return layers[static_cast<size_t>(i)]; };
  Inside inside{at - 1, at, at + 1};
  while (inside.first >= 0 && PassesOn(layer(inside.first))) --inside.first;
  while (inside.last < static_cast<int>(layers.size()) && PassesOn(layer(inside.last))) ++inside.last;
  const bool between = inside.first >= 0 && inside.last < static_cast<int>(layers.size()) &&
                       layer(inside.first).kind == LayerKind::kConv && layer(at).inputs.empty() &&
                       layer(inside.last).kind == LayerKind::kConv && layer(inside.last).inputs.empty();
  if (!between) return std::nullopt;
  for (const nn::LayerSpec& reader : layers) {
    for (const int input : reader.inputs)
      if (input >= inside.first && input < inside.last) return std::nullopt;
  }
  return inside;
}

class Thinner {
 public:
  explicit Thinner(const Backbone& backbone) : made_(backbone) {}

  // Whether any channel was taken out.
  bool Run(int percent) {
    bool thinned = false;
    for (int at = 0; at < static_cast<int>(made_.spec.layers.size()); ++at) {
      if (made_.spec.layers[static_cast<size_t>(at)].kind != LayerKind::kDepthwise) continue;
      const auto inside = InsideAround(made_.spec.layers, at);
      if (!inside) continue;
      const std::vector<double> scores = Scores(*inside);
      const std::vector<size_t> kept = Best(scores, percent);
      thinned |= kept.size() < scores.size();
      Keep(*inside, kept);
    }
    return thinned;
  }
  Backbone Take() { return std::move(made_); }

 private:
  nn::Tensor* Find(int layer, std::string_view what) {
    const std::string name = fmt::format("{}.{}", layer, what);
    const auto found = std::find_if(made_.weights.begin(), made_.weights.end(),
                                    [&](const nn::Tensor& t) { return t.name == name; });
    return found == made_.weights.end() ? nullptr : &*found;
  }

  // One a channel inside the block.
  std::vector<double> Scores(const Inside& inside) {
    const nn::Tensor& kernel = *Find(inside.depthwise, "kernel");
    const auto channels = static_cast<size_t>(kernel.shape.back());
    std::vector<double> own(channels), read(channels);
    for (size_t i = 0; i < kernel.values.size(); ++i)
      own[i % channels] += kernel.values[i] * static_cast<double>(kernel.values[i]);
    if (const nn::Tensor* gamma = Find(inside.depthwise + 1, "gamma")) {
      for (size_t c = 0; c < channels; ++c) own[c] = gamma->values[c] * static_cast<double>(gamma->values[c]);
    }
    const nn::Tensor& reader = *Find(inside.last, "kernel");  // (kh, kw, channels, out)
    const auto out = static_cast<size_t>(reader.shape.back());
    for (size_t i = 0; i < reader.values.size(); ++i)
      read[i / out % channels] += reader.values[i] * static_cast<double>(reader.values[i]);
    for (size_t c = 0; c < channels; ++c) own[c] = std::sqrt(own[c] * read[c]);
    return own;
  }

  // The channels of the highest scores, rising.
  static std::vector<size_t> Best(const std::vector<double>& scores, int percent) {
    const auto wanted =
        static_cast<size_t>(std::lround(static_cast<double>(scores.size()) * percent / (100.0 * kMultiple)));
    const size_t count = std::min(scores.size(), std::max<size_t>(1, wanted) * kMultiple);
    std::vector<size_t> order(scores.size());
    std::iota(order.begin(), order.end(), size_t{0});
    std::stable_sort(order.begin(), order.end(), [&](size_t a, size_t b) { return scores[a] > scores[b]; });
    order.resize(count);
    std::sort(order.begin(), order.end());
    return order;
  }

  // Only the entries `kept` of one axis.
  static void Select(nn::Tensor& tensor, size_t axis, const std::vector<size_t>& kept) {
    size_t inner = 1, outer = 1;
    for (size_t i = 0; i < tensor.shape.size(); ++i)
      (i < axis ? outer : inner) *= i == axis ? 1 : static_cast<size_t>(tensor.shape[i]);
    const auto extent = static_cast<size_t>(tensor.shape[axis]);
    std::vector<float> values;
    for (size_t o = 0; o < outer; ++o) {
      for (const size_t k : kept) {
        const auto begin = tensor.values.begin() + static_cast<ptrdiff_t>((o * extent + k) * inner);
        values.insert(values.end(), begin, begin + static_cast<ptrdiff_t>(inner));
      }
    }
    tensor.shape[axis] = static_cast<int>(kept.size());
    tensor.values = std::move(values);
  }

  void Keep(const Inside& inside, const std::vector<size_t>& kept) {
    made_.spec.layers[static_cast<size_t>(inside.first)].units = static_cast<int>(kept.size());
    for (nn::Tensor& tensor : made_.weights) {
      const int layer = std::atoi(tensor.name.c_str());
      if (layer >= inside.first && layer < inside.last) Select(tensor, tensor.shape.size() - 1, kept);
    }
    Select(*Find(inside.last, "kernel"), 2, kept);
  }

  Backbone made_;
};

}  // namespace

Result<Backbone> Thin(const Backbone& backbone, int percent) {
  if (percent < 1 || percent > 99) {
    return Fail(ErrorKind::kUsage, "{}-thin{}: a thinner backbone keeps 1 to 99 % of its channels",
                backbone.name, percent);
  }
  Thinner thinner(backbone);
  if (!thinner.Run(percent)) {
    return Fail(ErrorKind::kUsage,
                "{} has no channels inside its blocks to take out, so there is no {}-thin{}", backbone.name,
                backbone.name, percent);
  }
  Backbone made = thinner.Take();
  made.name = made.spec.name = fmt::format("{}-thin{}", backbone.name, percent);
  made.notice += fmt::format(" Thinned: {} % of the channels inside its blocks are kept.", percent);
  made.hash = HashOf(made);
  return made;
}

int ThinPercent(std::string_view name, std::string_view backbone) {
  constexpr std::string_view kWord = "-thin";
  if (!name.starts_with(backbone)) return 0;
  name.remove_prefix(backbone.size());
  if (!name.starts_with(kWord)) return 0;
  name.remove_prefix(kWord.size());
  int percent = 0;
  const auto [end, error] = std::from_chars(name.data(), name.data() + name.size(), percent);
  const bool whole = error == std::errc() && (end == name.data() + name.size() || *end == '-');
  return whole && percent > 0 ? percent : 0;
}

}  // namespace handlens::backbone
