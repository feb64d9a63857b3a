// Dense layers over weights in blocks. The big one of the paper's models (39 MB at 100 px) is bound by
// memory: a training step reads the weights once forward and reads and writes them once backward.
#include <algorithm>
#include <cstring>

#include "nn/kernels/kernels.h"

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "nn/kernels/dense.cc"
#include <hwy/foreach_target.h>
// After foreach_target.
#include <hwy/cache_control.h>

#include "nn/kernels/simd-inl.h"

HWY_BEFORE_NAMESPACE();
namespace handlens::nn::kernels::HWY_NAMESPACE {

constexpr size_t kAheadFloats =
    16384;                          // prefetch distance, 64 KB: half of it costs a tenth on the 39 MB layer
constexpr size_t kPanelsAhead = 2;  // of the inputs and their gradients
constexpr size_t kPanels = kBlockInputs / kLanes;  // of sixteen inputs, in a block
constexpr size_t kNeurons = kManyRegisters && HWY_ARCH_X86 ? 4 : 2;
constexpr size_t kPictures = kManyRegisters && HWY_ARCH_X86 ? 6 : kManyRegisters ? 3 : 2;
constexpr size_t kDataPictures = kManyRegisters && HWY_ARCH_X86 ? 16 : 10;

// Blocks whose inputs stay in the first cache over all neurons; of many pictures they do not in any case, and
// more of them then save reading and writing the sums.
constexpr size_t BlocksAtOnce(size_t batch) { return batch <= 16 ? 1 : 2; }

// To the second cache: the first is smaller than the distance, and fetching there costs twice (2.8 ms
// against 2.4 forward at 76,832 x 128, batch 10; 5.2 against 4.3 backward).
HWY_INLINE void Fetch(const float* line) { __builtin_prefetch(line, 0, 2); }
// Where the lines of neighbouring neurons lie, one after the other, without the spare ones.
constexpr size_t Line(size_t i) { return (i + i / kPanels) * kLanes; }

// Weights from one neuron on, over some panels of its block and of those behind it; and those that are needed
// next but some. Memory answers too late for some fetches, which the processor then drops: other groups of
// pictures repeat them, and where these are few, so do fetches half as far (batch 5 at 76,832 x 128 1.8 ms
// to 1.4, batch 10 2.4 to 2.3; batch 32 6.5 to 6.9).
struct Piece {
  const float* at;
  size_t panels, block;
  const float *ahead, *again;  // null: not repeated
};

// A panel's share of the lines of F neurons.
template <size_t F>
HWY_INLINE void FetchLines(const Piece& w, size_t panel) {
  const size_t line = Line(panel * F);
  for (size_t f = 0; f < F; ++f) Fetch(w.ahead + line + f * kLanes);
  for (size_t f = 0; f < F && w.again; ++f) Fetch(w.again + line + f * kLanes);
}

// F neurons x B pictures, chains continued from and left in `partial`.
template <size_t F, size_t B, class D>
HWY_INLINE void ForwardBlock(D d, const DenseForwardArgs& a, Piece w, const float* x, float* partial) {
  const size_t lanes = hn::Lanes(d);
  constexpr size_t kParts = kLanes / hn::MaxLanes(D());  // vectors that hold the sixteen chains
  hn::Vec<D> acc[F][B][kParts];
  for (size_t f = 0; f < F; ++f) {
    for (size_t b = 0; b < B; ++b) {
      for (size_t s = 0; s < kParts; ++s)
        acc[f][b][s] = hn::LoadU(d, partial + (f * a.batch + b) * kLanes + s * lanes);
    }
  }
  for (; w.panels > 0; w.at += w.block, w.ahead += w.block) {
    const float* HWY_RESTRICT at = w.at;
    const size_t some = std::min(kPanels, w.panels);
    for (size_t k = 0; k < some; ++k, at += kLanes, x += kLanes) {
      FetchLines<F>(w, k);
      for (size_t s = 0; s < kParts; ++s) {
        hn::Vec<D> in[B];
        for (size_t b = 0; b < B; ++b) in[b] = hn::LoadU(d, x + b * a.x_stride + s * lanes);
        for (size_t f = 0; f < F; ++f) {
          const auto v = hn::LoadU(d, at + f * kNeuronStride + s * lanes);
          for (size_t b = 0; b < B; ++b) acc[f][b][s] = FusedMulAdd(d, in[b], v, acc[f][b][s]);
        }
      }
    }
    w.panels -= some;
  }
  for (size_t f = 0; f < F; ++f) {
    for (size_t b = 0; b < B; ++b) {
      for (size_t s = 0; s < kParts; ++s)
        hn::StoreU(acc[f][b][s], d, partial + (f * a.batch + b) * kLanes + s * lanes);
    }
  }
}

template <size_t B, class Block>
HWY_INLINE void Exactly(size_t count, const Block& block) {
  if (count == B) {
    block(Index<B>());
  } else if constexpr (B > 1) {
    Exactly<B - 1>(count, block);
  }
}

// Calls block(Index<some>, first) over all of them in groups of at most kMost, as equal as can be: a group of
// one or two takes as long as one of four.
template <size_t kMost, class Block>
HWY_INLINE void ForGroups(size_t count, const Block& block) {
  size_t first = 0;
  for (size_t groups = (count + kMost - 1) / kMost; groups > 0; --groups) {
    const size_t some = (count - first + groups - 1) / groups;
    Exactly<kMost>(some, [&](auto size) HWY_ATTR { block(size, first); });
    first += some;
  }
}

template <size_t F, class D>
HWY_INLINE void ForwardNeurons(D d, const DenseForwardArgs& a, const Piece& w, const float* x,
                               float* partial) {
  ForGroups<kPictures>(a.batch, [&](auto pictures, size_t b) HWY_ATTR {
    ForwardBlock<F, decltype(pictures)::value>(d, a, w, x + b * a.x_stride, partial + b * kLanes);
  });
}

// Sixteen chains to one number, halves added to halves.
inline float Fold(float* chains) {
  for (size_t half = kLanes / 2; half > 0; half /= 2) {
    for (size_t l = 0; l < half; ++l) chains[l] += chains[l + half];
  }
  return chains[0];
}

void DenseForwardImpl(const DenseForwardArgs& a) {
  const hn::CappedTag<float, kLanes> d;
  const size_t panels = WholeLanes(a.inputs) / kLanes, block = BlockStride(a.outputs);
  const size_t blocks = BlocksAtOnce(a.batch),
               lead = std::min(kAheadFloats / blocks / kNeuronStride, a.outputs);
  std::memset(a.partial, 0, a.batch * a.outputs * kLanes * sizeof(float));
  for (size_t k = 0; k < panels; k += blocks * kPanels) {
    const float *w = a.w + k / kPanels * block, *x = a.x + k * kLanes;
    const auto from =
        [&](size_t o) {  // ahead: `lead` neurons further, those behind the last in the next blocks
          const float *at = w + o * kNeuronStride, *ahead = at + lead * kNeuronStride;
          if (o + lead >= a.outputs) ahead += (blocks - 1) * block;
          return Piece{at, std::min(blocks * kPanels, panels - k), block, ahead,
                       blocks == 1 ? at + lead / 2 * kNeuronStride : nullptr};
        };
    size_t o = 0;
    for (; o + kNeurons <= a.outputs; o += kNeurons)
      ForwardNeurons<kNeurons>(d, a, from(o), x, a.partial + o * a.batch * kLanes);
    for (; o < a.outputs; ++o) ForwardNeurons<1>(d, a, from(o), x, a.partial + o * a.batch * kLanes);
  }
  for (size_t b = 0; b < a.batch; ++b) {
    for (size_t o = 0; o < a.outputs; ++o) {
      a.y[b * a.y_stride + o] = (a.bias ? a.bias[o] : 0.0f) + Fold(a.partial + (o * a.batch + b) * kLanes);
    }
  }
}

// A vector of inputs in the backward pass: where it lies in x, in the first neuron's weights, and where in
// these the one that is fetched meanwhile. The pieces of so many neurons are no streams that the processor
// foresees.
struct Column {
  size_t input, weights, ahead;
};

// Data gradient of B pictures.
template <size_t B, class D>
HWY_INLINE void DataBlock(D d, const DenseBackwardArgs& a, Column at, size_t b0) {
  hn::Vec<D> acc[B];
  for (size_t b = 0; b < B; ++b) acc[b] = hn::Zero(d);
  const float* HWY_RESTRICT dy = a.dy + b0;
  for (size_t j = 0; j < a.live; ++j, dy += a.batch) {
    const float* neuron = a.w + a.neurons[j] * kNeuronStride;
    Fetch(neuron + at.ahead);
    const auto v = hn::LoadU(d, neuron + at.weights);
    for (size_t b = 0; b < B; ++b) acc[b] = FusedMulAdd(d, v, hn::Set(d, dy[b]), acc[b]);
  }
  for (size_t b = 0; b < B; ++b) hn::StoreU(acc[b], d, a.dx + (b0 + b) * a.x_stride + at.input);
}

template <class D>
HWY_INLINE void DataColumn(D d, const DenseBackwardArgs& a, Column at) {
  ForGroups<kDataPictures>(
      a.batch, [&](auto pictures, size_t b) HWY_ATTR { DataBlock<decltype(pictures)::value>(d, a, at, b); });
}

// UpdateOne (params.h) in vectors: the same operations in the same order.
template <OptimizerKind kKind, class D, class V = hn::Vec<D>>
HWY_INLINE void UpdateVector(D d, const DenseBackwardArgs& a, const Update& u, V g, size_t at) {
  const auto rate = hn::Set(d, u.rate);
  auto w = hn::LoadU(d, a.w + at);
  if (a.decay != 0) g = hn::Add(g, hn::Mul(hn::Set(d, a.decay), w));
  if constexpr (kKind == OptimizerKind::kSgd) {
    w = hn::Sub(w, hn::Mul(rate, g));
  } else if constexpr (kKind == OptimizerKind::kMomentum) {
    const auto momentum = hn::Set(d, u.optimizer.momentum);
    const auto step = hn::Mul(rate, g);
    const auto m = hn::Sub(hn::Mul(momentum, hn::LoadU(d, a.moment1 + at)), step);
    hn::StoreU(m, d, a.moment1 + at);
    w = hn::Add(w, u.optimizer.nesterov ? hn::Sub(hn::Mul(momentum, m), step) : m);
  } else {
    auto m1 = hn::LoadU(d, a.moment1 + at), m2 = hn::LoadU(d, a.moment2 + at);
    m1 = hn::Add(m1, hn::Mul(hn::Sub(g, m1), hn::Set(d, 1 - u.optimizer.beta1)));
    m2 = hn::Add(m2, hn::Mul(hn::Sub(hn::Mul(g, g), m2), hn::Set(d, 1 - u.optimizer.beta2)));
    hn::StoreU(m1, d, a.moment1 + at);
    hn::StoreU(m2, d, a.moment2 + at);
    w = hn::Sub(w, hn::Div(hn::Mul(m1, rate), hn::Add(hn::Sqrt(m2), hn::Set(d, u.optimizer.epsilon))));
  }
  hn::StoreU(w, d, a.w + at);
}

// Adam, 76,832 x 128, batch 10: 17 ms to 10.5; with 33 neurons alive 14 to 6.
template <OptimizerKind kKind>
HWY_INLINE void FetchMoments(const DenseBackwardArgs& a, size_t at) {
  if constexpr (kKind != OptimizerKind::kSgd) Fetch(a.moment1 + at);
  if constexpr (kKind == OptimizerKind::kAdam) Fetch(a.moment2 + at);
}

// Weight gradient and update of F live neurons from the j-th on.
template <OptimizerKind kKind, size_t F, class D>
HWY_INLINE void UpdateBlock(D d, const DenseBackwardArgs& a, const Update& u, Column at, size_t j) {
  hn::Vec<D> g[F];
  for (size_t f = 0; f < F; ++f) g[f] = hn::Zero(d);
  const float* HWY_RESTRICT dy = a.dy_rows + j;
  for (size_t b = 0; b < a.batch; ++b, dy += a.live) {
    const auto x = hn::LoadU(d, a.x + b * a.x_stride + at.input);
    for (size_t f = 0; f < F; ++f) g[f] = FusedMulAdd(d, x, hn::Set(d, dy[f]), g[f]);
  }
  for (size_t f = 0; f < F; ++f) {
    const size_t neuron = a.neurons[j + f] * kNeuronStride;
    FetchMoments<kKind>(a, at.ahead + neuron);
    UpdateVector<kKind>(d, a, u, g[f], at.weights + neuron);
  }
}

template <OptimizerKind kKind>
void Backward(const DenseBackwardArgs& a, const Update& u) {
  const hn::CappedTag<float, kLanes> d;
  const bool all = kKind != OptimizerKind::kSgd || a.decay != 0;  // a step without a gradient is one still
  const size_t read = std::max<size_t>(all ? a.outputs : a.live, 1);
  const size_t lead = std::min(kAheadFloats / 2 / read / kLanes * kLanes, kBlockInputs);
  for (size_t input = 0; input < a.inputs; input += kLanes) {
    // As many streams as pictures: more than the processor foresees by itself.
    for (size_t b = 0; b < a.batch; ++b) {
      const size_t next = b * a.x_stride + input + kPanelsAhead * kLanes;
      hwy::Prefetch(a.x + next);
      if (a.dx) hwy::Prefetch(a.dx + next);
    }
    for (size_t s = input; s < input + kLanes; s += hn::Lanes(d)) {
      const Column at{s, BlockIndex(s, 0, a.outputs), BlockIndex(s + lead, 0, a.outputs)};
      if (a.dx) DataColumn(d, a, at);
      ForGroups<8>(a.live, [&](auto neurons, size_t j)
                               HWY_ATTR { UpdateBlock<kKind, decltype(neurons)::value>(d, a, u, at, j); });
      for (size_t j = a.live; all && j < a.outputs; ++j) {
        const size_t neuron = a.neurons[j] * kNeuronStride;
        Fetch(a.w + at.ahead + neuron);
        FetchMoments<kKind>(a, at.ahead + neuron);
        UpdateVector<kKind>(d, a, u, hn::Zero(d), at.weights + neuron);
      }
    }
  }
}

void DenseBackwardImpl(const DenseBackwardArgs& a, const Update& u) {
  switch (u.optimizer.kind) {
    case OptimizerKind::kSgd: return Backward<OptimizerKind::kSgd>(a, u);
    case OptimizerKind::kMomentum: return Backward<OptimizerKind::kMomentum>(a, u);
    case OptimizerKind::kAdam: return Backward<OptimizerKind::kAdam>(a, u);
  }
}

}  // namespace handlens::nn::kernels::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace handlens::nn::kernels {

HWY_EXPORT(DenseForwardImpl);
HWY_EXPORT(DenseBackwardImpl);

void DenseForward(const DenseForwardArgs& a) { HWY_DYNAMIC_DISPATCH(DenseForwardImpl)(a); }
void DenseBackward(const DenseBackwardArgs& a, const Update& u) {
  HWY_DYNAMIC_DISPATCH(DenseBackwardImpl)(a, u);
}

}  // namespace handlens::nn::kernels
#endif
