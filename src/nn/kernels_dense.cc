// Dense layers over weights in panels. The big one of the paper's models (39 MB at 100 px) is bound by memory: a training
// step reads the weights once forward and reads and writes them once backward.
#include <algorithm>
#include <cstring>

#include "nn/kernels.h"

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "nn/kernels_dense.cc"
#include <hwy/foreach_target.h>
// After foreach_target.
#include <hwy/cache_control.h>

#include "nn/simd-inl.h"

HWY_BEFORE_NAMESPACE();
namespace handlens::nn::kernels::HWY_NAMESPACE {

constexpr size_t kAheadFloats = 16384;   // prefetch distance, 64 KB: half of it costs a tenth on the 39 MB layer
constexpr size_t kPanelsAhead = 2;       // of the inputs and their gradients
constexpr size_t kNeurons = kManyRegisters && HWY_ARCH_X86 ? 4 : 2;
constexpr size_t kPictures = kManyRegisters && HWY_ARCH_X86 ? 6 : kManyRegisters ? 3 : 2;
constexpr size_t kDataPictures = kManyRegisters && HWY_ARCH_X86 ? 16 : 10;

// Panels whose inputs stay in the first cache over all neurons; of many pictures they do not in any case, and longer
// blocks then save reading and writing the sums.
constexpr size_t BlockPanels(size_t batch) { return batch <= 16 ? 32 : 64; }

// To the second cache: the first is smaller than the distance, and fetching there costs twice (2.8 ms against 2.4 forward
// at 76,832 x 128, batch 10; 5.2 against 4.3 backward).
HWY_INLINE void Fetch(const float* line) { __builtin_prefetch(line, 0, 2); }

// Some panels from one neuron on, and how far ahead of a float the one lies that is needed next but some.
struct Panels {
  const float* at;
  size_t count, ahead;
};

// F neurons x B pictures over up to kBlockPanels panels, chains continued from and left in `partial`.
template <size_t F, size_t B, class D>
HWY_INLINE void ForwardBlock(D d, const DenseForwardArgs& a, Panels w, const float* x, float* partial) {
  const size_t lanes = hn::Lanes(d);
  constexpr size_t kParts = kLanes / hn::MaxLanes(D());   // vectors that hold the sixteen chains
  const size_t stride = PanelStride(a.outputs);
  hn::Vec<D> acc[F][B][kParts];
  for (size_t f = 0; f < F; ++f) {
    for (size_t b = 0; b < B; ++b) {
      for (size_t s = 0; s < kParts; ++s) acc[f][b][s] = hn::LoadU(d, partial + b * stride + f * kLanes + s * lanes);
    }
  }
  const float* HWY_RESTRICT at = w.at;
  for (size_t k = 0; k < w.count; ++k, at += stride, x += kLanes) {
    for (size_t f = 0; f < F; ++f) Fetch(at + w.ahead + f * kLanes);
    for (size_t s = 0; s < kParts; ++s) {
      hn::Vec<D> in[B];
      for (size_t b = 0; b < B; ++b) in[b] = hn::LoadU(d, x + b * a.x_stride + s * lanes);
      for (size_t f = 0; f < F; ++f) {
        const auto v = hn::LoadU(d, at + f * kLanes + s * lanes);
        for (size_t b = 0; b < B; ++b) acc[f][b][s] = FusedMulAdd(d, in[b], v, acc[f][b][s]);
      }
    }
  }
  for (size_t f = 0; f < F; ++f) {
    for (size_t b = 0; b < B; ++b) {
      for (size_t s = 0; s < kParts; ++s) hn::StoreU(acc[f][b][s], d, partial + b * stride + f * kLanes + s * lanes);
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

// Calls block(Index<some>, first) over all of them in groups of at most kMost, as equal as can be: a group of one or two
// takes as long as one of four.
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
HWY_INLINE void ForwardNeurons(D d, const DenseForwardArgs& a, Panels w, const float* x, float* partial) {
  ForGroups<kPictures>(a.batch, [&](auto pictures, size_t b) HWY_ATTR {
    ForwardBlock<F, decltype(pictures)::value>(d, a, w, x + b * a.x_stride, partial + b * PanelStride(a.outputs));
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
  const size_t panels = (a.inputs + kLanes - 1) / kLanes, stride = PanelStride(a.outputs);
  std::memset(a.partial, 0, a.batch * stride * sizeof(float));
  const size_t block = BlockPanels(a.batch), all = a.outputs * kLanes, lead = std::min(kAheadFloats / block, all);
  for (size_t k = 0; k < panels; k += block) {
    const size_t some = std::min(block, panels - k);
    const float *w = a.w + k * stride, *x = a.x + k * kLanes;
    const auto from = [&](size_t o) {   // `lead` further in the same panels, or from the first neuron on in the next ones
      const bool same = o * kLanes + lead < all;
      return Panels{w + o * kLanes, some, same ? lead : block * stride + lead - all};
    };
    size_t o = 0;
    for (; o + kNeurons <= a.outputs; o += kNeurons) ForwardNeurons<kNeurons>(d, a, from(o), x, a.partial + o * kLanes);
    for (; o < a.outputs; ++o) ForwardNeurons<1>(d, a, from(o), x, a.partial + o * kLanes);
  }
  for (size_t b = 0; b < a.batch; ++b) {
    for (size_t o = 0; o < a.outputs; ++o) {
      a.y[b * a.y_stride + o] = (a.bias ? a.bias[o] : 0.0f) + Fold(a.partial + b * stride + o * kLanes);
    }
  }
}

// Data gradient of B pictures for one vector of inputs; `ahead` floats further lie the weights needed soon.
template <size_t B, class D>
HWY_INLINE void DataBlock(D d, const DenseBackwardArgs& a, const float* w, size_t ahead, size_t at, size_t b0) {
  hn::Vec<D> acc[B];
  for (size_t b = 0; b < B; ++b) acc[b] = hn::Zero(d);
  const float* HWY_RESTRICT dy = a.dy + b0;
  for (size_t j = 0; j < a.live; ++j, dy += a.batch) {
    Fetch(w + ahead + a.neurons[j] * kLanes);
    const auto v = hn::LoadU(d, w + a.neurons[j] * kLanes);
    for (size_t b = 0; b < B; ++b) acc[b] = FusedMulAdd(d, v, hn::Set(d, dy[b]), acc[b]);
  }
  for (size_t b = 0; b < B; ++b) hn::StoreU(acc[b], d, a.dx + (b0 + b) * a.x_stride + at);
}

template <class D>
HWY_INLINE void DataColumn(D d, const DenseBackwardArgs& a, const float* w, size_t ahead, size_t at) {
  ForGroups<kDataPictures>(a.batch, [&](auto pictures, size_t b) HWY_ATTR {
    DataBlock<decltype(pictures)::value>(d, a, w, ahead, at, b);
  });
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

// Weight gradient and update of F live neurons from the j-th on, for one vector of inputs.
template <OptimizerKind kKind, size_t F, class D>
HWY_INLINE void UpdateBlock(D d, const DenseBackwardArgs& a, const Update& u, size_t from, size_t j, size_t to) {
  hn::Vec<D> g[F];
  for (size_t f = 0; f < F; ++f) g[f] = hn::Zero(d);
  const float* HWY_RESTRICT dy = a.dy_rows + j;
  for (size_t b = 0; b < a.batch; ++b, dy += a.live) {
    const auto x = hn::LoadU(d, a.x + b * a.x_stride + from);
    for (size_t f = 0; f < F; ++f) g[f] = FusedMulAdd(d, x, hn::Set(d, dy[f]), g[f]);
  }
  for (size_t f = 0; f < F; ++f) UpdateVector<kKind>(d, a, u, g[f], to + a.neurons[j + f] * kLanes);
}

template <OptimizerKind kKind>
void Backward(const DenseBackwardArgs& a, const Update& u) {
  const hn::CappedTag<float, kLanes> d;
  const size_t panels = (a.inputs + kLanes - 1) / kLanes, stride = PanelStride(a.outputs);
  const size_t ahead = (kAheadFloats + stride - 1) / stride * stride;
  const bool all = kKind != OptimizerKind::kSgd || a.decay != 0;   // a step without a gradient is one still
  const size_t shut = a.outputs - a.live;
  for (size_t k = 0; k < panels; ++k) {
    // As many streams as pictures: more than the processor foresees by itself.
    for (size_t b = 0; b < a.batch; ++b) {
      const size_t next = b * a.x_stride + (k + kPanelsAhead) * kLanes;
      hwy::Prefetch(a.x + next);
      if (a.dx) hwy::Prefetch(a.dx + next);
    }
    for (size_t s = 0; s < kLanes; s += hn::Lanes(d)) {
      const size_t from = k * kLanes + s, to = k * stride + s;
      if (a.dx) DataColumn(d, a, a.w + to, ahead, from);
      ForGroups<8>(a.live, [&](auto neurons, size_t j) HWY_ATTR {
        // The data pass has fetched the living neurons' weights of a later panel. As many of the shut ones' come with them:
        // lines with gaps take longer than lines without (15.8 ms to 9.6 at 313,632 x 128, batch 10, 71 alive).
        for (size_t i = j; i < std::min(j + neurons, shut); ++i) Fetch(a.w + to + ahead + a.neurons[a.live + i] * kLanes);
        UpdateBlock<kKind, decltype(neurons)::value>(d, a, u, from, j, to);
      });
      for (size_t j = a.live; all && j < a.outputs; ++j) {
        Fetch(a.w + to + ahead + a.neurons[j] * kLanes);
        UpdateVector<kKind>(d, a, u, hn::Zero(d), to + a.neurons[j] * kLanes);
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
void DenseBackward(const DenseBackwardArgs& a, const Update& u) { HWY_DYNAMIC_DISPATCH(DenseBackwardImpl)(a, u); }

}  // namespace handlens::nn::kernels
#endif
