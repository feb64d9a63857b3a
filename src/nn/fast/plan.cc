#include "nn/fast/plan.h"

#include <algorithm>

namespace handlens::nn {

std::vector<Cut> Cutter::Cuts() const {
  std::vector<Cut> cuts;
  std::vector<bool> done(spec_.nodes.size(), false);
  for (int i = 0; i < static_cast<int>(spec_.nodes.size()); ++i) {
    if (done[Size(i)]) continue;
    const Cut cut = CutAt(i);
    // What a cut joins is a chain of sole readers, though not always of neighbours in the list.
    for (int j = i; j != cut.last; j = SoleReader(j)) done[Size(j)] = true;
    done[Size(cut.last)] = true;
    cuts.push_back(cut);
  }
  return cuts;
}

size_t Cutter::BorderOf(int i) const {
  int border = 0;
  for (size_t r = 0; r < spec_.nodes.size(); ++r) {
    const Node& n = spec_.nodes[r];
    const bool windowed = n.layer.kind == LayerKind::kConv || n.layer.kind == LayerKind::kDepthwise;
    if (!windowed || std::count(n.inputs.begin(), n.inputs.end(), i) == 0) continue;
    const Window w = WindowOf(n.layer, n.in, n.out);
    border = std::max({border, w.top, w.left, (n.out.height - 1) * w.stride + w.kernel - w.top - n.in.height,
                       (n.out.width - 1) * w.stride + w.kernel - w.left - n.in.width});
  }
  return Size(border);
}

bool Cutter::ReadBy(int i, LayerKind kind) const {
  return std::any_of(spec_.nodes.begin(), spec_.nodes.end(), [&](const Node& n) {
    return n.layer.kind == kind && std::count(n.inputs.begin(), n.inputs.end(), i) > 0;
  });
}

bool Cutter::OnlyConvolutionsRead(int i) const {
  return std::all_of(spec_.nodes.begin(), spec_.nodes.end(), [&](const Node& n) {
    return n.layer.kind == LayerKind::kConv || (n.layer.kind == LayerKind::kNormalize && i < 0) ||
           std::count(n.inputs.begin(), n.inputs.end(), i) == 0;
  });
}

Cut Cutter::CutAt(int i) const {
  using Kind = Cut::Kind;
  switch (Layer(i).kind) {
    case LayerKind::kConv: {
      const int pool = PoolAfter(i);
      return pool >= 0 ? Cut{i, pool, Kind::kConvPool}
                       : WithFollowers({.first = i, .last = i, .kind = Kind::kConv, .heavy = IsHeavy(i)});
    }
    case LayerKind::kDepthwise: {
      // A dense layer cannot read pixels with a border.
      const Cut all = WithFollowers({i, i, Kind::kDepthwise});
      return ReadBy(all.last, LayerKind::kDense) ? Cut{i, i, Kind::kDepthwise} : all;
    }
    case LayerKind::kDense: return {i, i, Kind::kDense};
    case LayerKind::kBatchNorm: {
      const int next = SoleReader(i);
      return {i, IsActivation(next) ? next : i,
              HasFixedStatistics(Layer(i)) ? Kind::kFixedNorm : Kind::kNorm};
    }
    default: return {i, i, Kind::kPlain};
  }
}

// Picture by picture such weights would come from a far cache each time, and their sums of gradients would go
// there.
bool Cutter::IsHeavy(int i) const {
  constexpr size_t kNearKernel = size_t{8} << 10;
  const Node& n = spec_.nodes[Size(i)];
  const size_t kernel = Size(n.layer.kernel * n.layer.kernel) * Size(n.in.channels) * Size(n.out.channels);
  return kernel > kNearKernel && 2 * kernel > Count(n.in) + Count(n.out);
}

bool Cutter::IsActivation(int i) const {
  return i >= 0 && (Layer(i).kind == LayerKind::kRelu || Layer(i).kind == LayerKind::kRelu6);
}

Cut Cutter::WithFollowers(const Cut& conv) const {
  Cut cut = conv;
  int next = SoleReader(cut.last);
  if (next >= 0 && Layer(next).kind == LayerKind::kBatchNorm && HasFixedStatistics(Layer(next))) {
    cut.norm = cut.last = next;
    next = SoleReader(next);
  }
  if (IsActivation(next)) cut.last = next;
  return cut;
}

bool Cutter::FitsConvPool(const LayerSpec& conv) const {
  return conv.kernel == 3 && conv.stride == 1 && conv.padding == Padding::kValid && conv.bias;
}

// The pool that ends convolution - ReLU - pool of the fused kernel's shape at i, or -1.
int Cutter::PoolAfter(int i) const {
  const LayerSpec& conv = Layer(i);
  const int relu = FitsConvPool(conv) ? SoleReader(i) : -1;
  if (relu < 0 || Layer(relu).kind != LayerKind::kRelu) return -1;
  const int pool = SoleReader(relu);
  if (pool < 0 || Layer(pool).kind != LayerKind::kMaxPool) return -1;
  const LayerSpec& p = Layer(pool);
  // Pools of an even picture are the same with either padding.
  const Shape& in = spec_.nodes[Size(pool)].in;
  const bool whole = p.padding == Padding::kValid || (in.height % 2 == 0 && in.width % 2 == 0);
  return p.kernel == 2 && p.stride == 2 && whole && BorderOf(pool) == 0 ? pool : -1;
}

bool IsUnusual(const GraphSpec& spec) {
  const Cutter cutter(spec);
  for (int i = -1; i < static_cast<int>(spec.nodes.size()); ++i) {
    if (i < 0) continue;
    const bool reaches = cutter.BorderOf(i) > 0 || spec.nodes[Size(i)].layer.kind == LayerKind::kDepthwise;
    if (reaches && cutter.ReadBy(i, LayerKind::kDense)) return true;
    std::vector<int> inputs = spec.nodes[Size(i)].inputs;
    std::sort(inputs.begin(), inputs.end());
    if (std::adjacent_find(inputs.begin(), inputs.end()) != inputs.end()) return true;
    if (!spec.readers[Size(i)].empty() && i + 1 == static_cast<int>(spec.nodes.size())) return true;
    if (spec.readers[Size(i)].empty() && i + 1 < static_cast<int>(spec.nodes.size())) return true;
  }
  return false;
}

std::vector<Group> GroupsOf(const std::vector<Reach>& order) {
  std::vector<Group> groups = {{0, 0}};
  for (size_t i = 0; i < order.size(); ++i) {
    const auto stands_alone = [&](size_t k) {
      return order[k] == Reach::kBatch || order[k] == Reach::kWeights;
    };
    const bool alone = stands_alone(i) || (i > 0 && stands_alone(i - 1));
    if (alone || order[i] == Reach::kGathers) groups.push_back({i, i});
    groups.back().end = i + 1;
  }
  return groups;
}

void SharedMemory::KeepOne(Arena& lane, Tensor4& tensor) {
  tensor.at += lane.Reserve(tensor.picture);
  tensor.picture = 0;
  tensor.of_lane = true;
}

bool SharedMemory::CanFollow(const Entry& before, const Entry& next) {
  const Tensor4 &a = *before.tensor, &b = *next.tensor;
  const bool alike = a.shape == b.shape && a.pixel == b.pixel && a.row == b.row && a.border == b.border;
  return before.life.read < next.life.written && before.bordered == next.bordered &&
         (alike || !next.bordered);
}

// First fit in the order of running.
void SharedMemory::Place() {
  struct Buffer {
    size_t floats = 0;
    std::vector<Entry> entries = {};
  };
  std::vector<Buffer> buffers;
  std::stable_sort(entries_.begin(), entries_.end(),
                   [](const Entry& a, const Entry& b) { return a.life.written < b.life.written; });
  for (const Entry& e : entries_) {
    auto free = std::find_if(buffers.begin(), buffers.end(),
                             [&](const Buffer& b) { return CanFollow(b.entries.back(), e); });
    if (free == buffers.end()) free = buffers.insert(free, Buffer{});
    free->floats = std::max(free->floats, batch_ * e.tensor->picture);
    free->entries.push_back(e);
  }
  for (const Buffer& buffer : buffers) {
    const size_t at = arena_.Reserve(buffer.floats);
    for (const Entry& e : buffer.entries) e.tensor->at += at;
  }
}

}  // namespace handlens::nn
