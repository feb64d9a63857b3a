// Convolutions, forward and backward, as multiplications of matrices: blocks of pixels times panels of
// sixteen filters.
#include "nn/kernels/kernels.h"

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "nn/kernels/conv.cc"
#include <hwy/cache_control.h>
#include <hwy/foreach_target.h>
// After foreach_target.
#include "nn/kernels/simd-inl.h"

HWY_BEFORE_NAMESPACE();
namespace handlens::nn::kernels::HWY_NAMESPACE {

using Panel = hn::CappedTag<float, kLanes>;
constexpr size_t kPanelVectors = kLanes / hn::MaxLanes(Panel());

// How many registers of sums a block takes: panels x pixels (or taps) x vectors of a panel. Processors with
// 32 registers of 64 bytes: 24 and three for the weights; with 16 of 32 bytes 12; Neon's 32 of 16 bytes 24.
constexpr size_t kPanels = kPanelVectors == 1 ? 3 : 1;
constexpr size_t kBlock = kPanelVectors == 1 ? 8 : kPanelVectors == 2 || kManyRegisters ? 6 : 2;

// Calls run(Index<panels>, first panel) over all panels of so many channels, three at once where that leaves
// none alone.
template <class Run>
HWY_INLINE void ForPanels(size_t channels, const Run& run) {
  const size_t count = (channels + kLanes - 1) / kLanes;
  size_t at = 0;
  if constexpr (kPanels == 3) {
    for (; count - at >= 5 || count - at == 3; at += 3) run(Index<3>(), at);
    for (; count - at >= 2; at += 2) run(Index<2>(), at);
  }
  for (; at < count; ++at) run(Index<1>(), at);
}

// Calls run(vector, offset) for the vectors of Q panels.
template <size_t Q, class Run>
HWY_INLINE void ForVectors(const Run& run) {
  constexpr size_t kL = hn::MaxLanes(Panel());
  for (size_t n = 0; n < Q * kPanelVectors; ++n) run(n, n * kL);
}

// Stores what lies before `channels`, a multiple of eight.
template <class V>
HWY_INLINE void StorePart(V v, float* row, size_t at, size_t channels) {
  const Panel d;
  if (at + hn::MaxLanes(d) <= channels) {
    hn::StoreU(v, d, row + at);
  } else if constexpr (kPanelVectors == 1) {  // half of the panel
    const hn::Half<Panel> half;
    hn::StoreU(hn::LowerHalf(half, v), half, row + at);
  }
}

// P pixels x Q panels, kept in registers over all taps.
template <size_t P, size_t Q>
HWY_INLINE void ConvBlock(const ConvForwardArgs& a, const float* const* pixels, float* const* to,
                          size_t panel) {
  const Panel d;
  using V = hn::Vec<Panel>;
  constexpr size_t kL = hn::MaxLanes(Panel()), kV = Q * kPanelVectors;
  V acc[P][kV];
  ForVectors<Q>([&](size_t n, size_t at) HWY_ATTR {
    const V start = a.bias ? hn::LoadU(d, a.bias + panel * kLanes + at) : hn::Zero(d);
    for (size_t p = 0; p < P; ++p) acc[p][n] = start;
  });
  for (size_t p = 0; p < P; ++p) {
    for (size_t q = 0; q < Q; ++q) hwy::Prefetch(to[p] + (panel + q) * kLanes);
  }
  const size_t stride = a.taps.Count() * kLanes;
  const float* w = a.w + panel * stride;
  const float* from[P];
  for (size_t kh = 0; kh < a.taps.rows; ++kh) {
    for (size_t kw = 0; kw < a.taps.columns; ++kw) {
      for (size_t p = 0; p < P; ++p) from[p] = pixels[p] + kh * a.x.row + kw * a.x.pixel;
      for (size_t i = 0; i < a.taps.run; ++i, w += kLanes) {
        V k[kV];
        for (size_t n = 0; n < kV; ++n)
          k[n] = hn::LoadU(d, w + n / kPanelVectors * stride + n % kPanelVectors * kL);
        for (size_t p = 0; p < P; ++p) {
          const V s = hn::Set(d, from[p][i]);
          for (size_t n = 0; n < kV; ++n) acc[p][n] = FusedMulAdd(d, s, k[n], acc[p][n]);
        }
      }
    }
  }
  const V low = hn::Set(d, a.low), high = hn::Set(d, a.high);
  for (size_t p = 0; p < P; ++p) {
    ForVectors<Q>([&](size_t n, size_t at) HWY_ATTR {
      StorePart(hn::Min(hn::Max(acc[p][n], low), high), to[p], panel * kLanes + at, a.channels);
    });
  }
}

// The pixels of an output one after the other, and where their windows begin.
class Walk {
 public:
  Walk(const ConvForwardArgs& a, size_t first) : a_(a), x_(first % a.width), y_(first / a.width) {}
  HWY_INLINE void Next(const float** from, float** to) {
    *from = a_.x.at + a_.taps.stride * (y_ * a_.x.row + x_ * a_.x.pixel);
    *to = a_.y.at + y_ * a_.y.row + x_ * a_.y.pixel;
    if (++x_ == a_.width) {
      x_ = 0;
      ++y_;
    }
  }

 private:
  const ConvForwardArgs& a_;
  size_t x_, y_;
};

void ConvForwardImpl(const ConvForwardArgs& a) {
  const size_t pixels = a.height * a.width;
  const size_t near = std::max(kNearFloats / 3 / (a.taps.Count() + a.channels) / kBlock, size_t{8}) * kBlock;
  for (size_t begin = 0; begin < pixels; begin += near) {
    const size_t end = std::min(begin + near, pixels);
    ForPanels(a.channels, [&](auto panels, size_t panel) HWY_ATTR {
      constexpr size_t kQ = decltype(panels)::value;
      Walk walk(a, begin);
      const float* from[kBlock];
      float* to[kBlock];
      size_t p = begin;
      for (; p + kBlock <= end; p += kBlock) {
        for (size_t k = 0; k < kBlock; ++k) walk.Next(from + k, to + k);
        ConvBlock<kBlock, kQ>(a, from, to, panel);
      }
      for (; p + 2 <= end; p += 2) {
        for (size_t k = 0; k < 2; ++k) walk.Next(from + k, to + k);
        ConvBlock<2, kQ>(a, from, to, panel);
      }
      for (; p < end; ++p) {
        walk.Next(from, to);
        ConvBlock<1, kQ>(a, from, to, panel);
      }
    });
  }
}

// Sums of R taps x Q panels of outputs, in registers.
template <size_t R, size_t Q>
struct Sums {
  HWY_INLINE Sums() {}  // an implicit one would not be for the instruction set
  hn::Vec<Panel> at[R][Q * kPanelVectors];
};

// From rows of `channels` floats.
template <size_t R, size_t Q>
HWY_INLINE void LoadSums(const float* from, size_t channels, Sums<R, Q>& sums) {
  const Panel d;
  for (size_t r = 0; r < R; ++r, from += channels) {
    for (size_t n = 0; n < Q * kPanelVectors; ++n) sums.at[r][n] = hn::LoadU(d, from + n * hn::MaxLanes(d));
  }
}

// Into such rows from `panel` on, which end at `channels`.
template <size_t R, size_t Q>
HWY_INLINE void StoreSums(const Sums<R, Q>& sums, float* rows, size_t panel, size_t channels) {
  const Panel d;
  for (size_t r = 0; r < R; ++r, rows += channels) {
    for (size_t n = 0; n < Q * kPanelVectors; ++n)
      StorePart(sums.at[r][n], rows, panel * kLanes + n * hn::MaxLanes(d), channels);
  }
}

// The same, added to what is there.
template <size_t R, size_t Q>
HWY_INLINE void AddTo(float* rows, size_t panel, size_t channels, Sums<R, Q>& sums) {
  const Panel d;
  const float* from = rows + panel * kLanes;
  for (size_t r = 0; r < R; ++r, from += channels) {
    for (size_t n = 0; n < Q * kPanelVectors; ++n)
      sums.at[r][n] = hn::Add(hn::LoadU(d, from + n * hn::MaxLanes(d)), sums.at[r][n]);
  }
  StoreSums(sums, rows, panel, channels);
}

// R taps x Q panels of outputs, kept in registers over some rows of the picture.
template <size_t R, size_t Q>
HWY_INLINE void WeightsBlock(const ConvWeightsArgs& a, const float* x, size_t tap, size_t panel,
                             const RowsOf& rows) {
  const Panel d;
  using V = hn::Vec<Panel>;
  constexpr size_t kTapsAhead = 16;  // sums come from a farther cache than pixels
  constexpr size_t kL = hn::MaxLanes(Panel()), kV = Q * kPanelVectors;
  Sums<R, Q> sums;
  if (rows.first) {
    for (size_t r = 0; r < R; ++r) {
      for (size_t n = 0; n < kV; ++n) sums.at[r][n] = hn::Zero(d);
    }
  } else {
    LoadSums(a.own + tap * a.channels + panel * kLanes, a.channels, sums);
  }
  for (size_t r = 0; r < R; ++r) {
    for (size_t q = 0; q < Q; ++q)
      hwy::Prefetch(a.total + (tap + r + kTapsAhead) * a.channels + (panel + q) * kLanes);
  }
  const size_t step = a.taps.stride * a.x.pixel, dy_pixel = a.dy.pixel;
  for (size_t oy = rows.begin; oy < rows.end; ++oy) {
    const float* HWY_RESTRICT from = x + oy * a.taps.stride * a.x.row;
    const float* HWY_RESTRICT dy = a.dy.at + oy * a.dy.row + panel * kLanes;
    for (size_t ox = 0; ox < a.width; ++ox, from += step, dy += dy_pixel) {
      V g[kV];
      for (size_t n = 0; n < kV; ++n) g[n] = hn::LoadU(d, dy + n * kL);
      for (size_t r = 0; r < R; ++r) {
        const V s = hn::Set(d, from[r]);
        for (size_t n = 0; n < kV; ++n) sums.at[r][n] = FusedMulAdd(d, s, g[n], sums.at[r][n]);
      }
    }
  }
  if (rows.last) {
    AddTo(a.total + tap * a.channels, panel, a.channels, sums);
  } else {
    StoreSums(sums, a.own + tap * a.channels, panel, a.channels);
  }
}

template <size_t Q>
HWY_INLINE void WeightsPanels(const ConvWeightsArgs& a, size_t panel, const RowsOf& rows) {
  size_t tap = 0;
  for (size_t kh = 0; kh < a.taps.rows; ++kh) {
    for (size_t kw = 0; kw < a.taps.columns; ++kw) {
      const float* x = a.x.at + kh * a.x.row + kw * a.x.pixel;
      size_t i = 0;
      for (; i + kBlock <= a.taps.run; i += kBlock) WeightsBlock<kBlock, Q>(a, x + i, tap + i, panel, rows);
      for (; i + 2 <= a.taps.run; i += 2) WeightsBlock<2, Q>(a, x + i, tap + i, panel, rows);
      for (; i < a.taps.run; ++i) WeightsBlock<1, Q>(a, x + i, tap + i, panel, rows);
      tap += a.taps.run;
    }
  }
}

void ConvWeightsImpl(const ConvWeightsArgs& a) {
  const size_t row = a.width * (a.taps.run * a.taps.rows + a.channels);
  ForRows(a.height, 2 * kNearFloats / row, [&](const RowsOf& rows) HWY_ATTR {
    ForPanels(a.channels, [&](auto panels, size_t panel)
                              HWY_ATTR { WeightsPanels<decltype(panels)::value>(a, panel, rows); });
  });
}

void ConvScatterImpl(const ConvScatterArgs& a) {
  const size_t taps = a.taps.Count();
  for (size_t oy = 0; oy < a.height; ++oy) {
    for (size_t ox = 0; ox < a.width; ++ox) {
      const float* dy = a.dy.at + oy * a.dy.row + ox * a.dy.pixel;
      float* corner = a.dx.at + oy * a.taps.stride * a.dx.row + ox * a.taps.stride * a.dx.pixel;
      for (size_t kh = 0; kh < a.taps.rows; ++kh) {
        const float* w = a.wt + kh * a.taps.run;
        float* to = corner + kh * a.dx.row;
        ForChannels(a.taps.run, [&](auto d, auto vectors, size_t c) HWY_ATTR {
          constexpr size_t kN = decltype(vectors)::value;
          const size_t lanes = hn::Lanes(d);
          for (size_t n = 0; n < kN; ++n) {
            auto acc = hn::LoadU(d, to + c + n * lanes);
            for (size_t o = 0; o < a.outputs; ++o) {
              acc = FusedMulAdd(d, hn::Set(d, dy[o]), hn::LoadU(d, w + o * taps + c + n * lanes), acc);
            }
            hn::StoreU(acc, d, to + c + n * lanes);
          }
        });
      }
    }
  }
}

}  // namespace handlens::nn::kernels::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace handlens::nn::kernels {

HWY_EXPORT(ConvForwardImpl);
HWY_EXPORT(ConvWeightsImpl);
HWY_EXPORT(ConvScatterImpl);

void ConvForward(const ConvForwardArgs& a) { HWY_DYNAMIC_DISPATCH(ConvForwardImpl)(a); }
void ConvWeights(const ConvWeightsArgs& a) { HWY_DYNAMIC_DISPATCH(ConvWeightsImpl)(a); }
void ConvScatter(const ConvScatterArgs& a) { HWY_DYNAMIC_DISPATCH(ConvScatterImpl)(a); }

}  // namespace handlens::nn::kernels
#endif
