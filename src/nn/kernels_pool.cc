// The convolution of the paper's models: 3 x 3, bias, ReLU and max pool 2 in one pass, and its sparse backward pass.
#include <cstring>

#include "nn/kernels.h"

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "nn/kernels_pool.cc"
#include <hwy/foreach_target.h>
// After foreach_target.
#include "nn/simd-inl.h"

HWY_BEFORE_NAMESPACE();
namespace handlens::nn::kernels::HWY_NAMESPACE {

// Four accumulators to the largest, clipped at zero, and its place.
template <class D, class V = hn::Vec<D>>
HWY_INLINE void StorePooled(D d, const V* four, float* y, uint8_t* best) {
  const hn::RebindToSigned<D> di;
  const hn::Rebind<uint8_t, D> db;
  V top = four[0];
  auto place = hn::Zero(di);
  for (int q = 1; q < 4; ++q) {
    const auto larger = hn::Gt(four[q], top);
    top = hn::IfThenElse(larger, four[q], top);
    place = hn::IfThenElse(hn::RebindMask(di, larger), hn::Set(di, q), place);
  }
  const auto open = hn::Gt(top, hn::Zero(d));
  hn::StoreU(hn::IfThenElseZero(open, top), d, y);
  hn::StoreU(hn::DemoteTo(db, hn::IfThenElse(hn::RebindMask(di, open), place, hn::Set(di, 4))), db, best);
}

// P pooled outputs x N vectors of filters.
template <size_t P, size_t N, class D>
HWY_INLINE void PoolBlock(D d, const ConvPoolForwardArgs& a, const float* x, size_t to, size_t c) {
  const size_t lanes = hn::Lanes(d);
  hn::Vec<D> acc[N][P][4];
  for (size_t n = 0; n < N; ++n) {
    const auto start = hn::LoadU(d, a.bias + c + n * lanes);
    for (size_t p = 0; p < P; ++p) {
      for (size_t q = 0; q < 4; ++q) acc[n][p][q] = start;
    }
  }
  const float* w = a.w + c;
  for (size_t kh = 0; kh < a.taps.rows; ++kh) {
    for (size_t kw = 0; kw < a.taps.columns; ++kw) {
      const float* HWY_RESTRICT from = x + kh * a.x.row + kw * a.x.pixel;
      for (size_t i = 0; i < a.taps.run; ++i, w += a.channels) {
        hn::Vec<D> k[N];
        for (size_t n = 0; n < N; ++n) k[n] = hn::LoadU(d, w + n * lanes);
        for (size_t p = 0; p < P; ++p) {
          for (size_t q = 0; q < 4; ++q) {
            const auto s = hn::Set(d, from[q / 2 * a.x.row + (2 * p + q % 2) * a.x.pixel + i]);
            for (size_t n = 0; n < N; ++n) acc[n][p][q] = FusedMulAdd(d, s, k[n], acc[n][p][q]);
          }
        }
      }
    }
  }
  for (size_t p = 0; p < P; ++p) {
    for (size_t n = 0; n < N; ++n) {
      const size_t at = to + p * a.channels + c + n * lanes;
      StorePooled(d, acc[n][p], a.y + at, a.best + at);
    }
  }
}

void ConvPoolForwardImpl(const ConvPoolForwardArgs& a) {
  ForChannels(a.channels, [&](auto d, auto vectors, size_t c) HWY_ATTR {
    constexpr size_t kN = decltype(vectors)::value;
    constexpr size_t kP = kManyRegisters ? 3 : kN == 2 ? 1 : 2;
    for (size_t oy = 0; oy < a.height; ++oy) {
      const float* x = a.x.at + 2 * oy * a.x.row;
      const size_t row = oy * a.width * a.channels;
      size_t ox = 0;
      for (; ox + kP <= a.width; ox += kP) PoolBlock<kP, kN>(d, a, x + 2 * ox * a.x.pixel, row + ox * a.channels, c);
      for (; ox < a.width; ++ox) PoolBlock<1, kN>(d, a, x + 2 * ox * a.x.pixel, row + ox * a.channels, c);
    }
  });
}

// One row of pooled pixels, (width, channels): gradient (zero where the ReLU is shut) and where in x the window of the
// largest begins.
struct LiveRow {
  float* gradient;
  int32_t* offset;
  size_t channels;
};

void Prepare(const ConvPoolBackwardArgs& a, size_t oy, LiveRow live) {
  const auto right = static_cast<int32_t>(a.x.pixel), down = static_cast<int32_t>(a.x.row);
  const float* HWY_RESTRICT dy = a.dy + oy * a.width * a.channels;
  const uint8_t* HWY_RESTRICT best = a.best + oy * a.width * a.channels;
  float* HWY_RESTRICT gradient = live.gradient;
  int32_t* HWY_RESTRICT offset = live.offset;
  for (size_t p = 0; p < a.width; ++p) {
    const auto base = static_cast<int32_t>(2 * p) * right;
    for (size_t i = p * a.channels; i < (p + 1) * a.channels; ++i) {
      const int32_t place = best[i];
      gradient[i] = place < 4 ? dy[i] : 0.0f;
      offset[i] = base + (place & 1) * right + (place >> 1 & 1) * down;
    }
  }
}

// Kernel gradient of F filters, K rows of taps and N vectors of a row, over one row of pooled pixels. Dead pixels add zero.
template <size_t F, size_t K, size_t N, class D>
HWY_INLINE void LiveWeights(D d, const ConvPoolBackwardArgs& a, const float* x, LiveRow live, float* own) {
  const size_t lanes = hn::Lanes(d), row = RunStride(a.run);
  hn::Vec<D> acc[F][K][N];
  HWY_UNROLL(16)
  for (size_t f = 0; f < F; ++f) {
    HWY_UNROLL(16)
    for (size_t k = 0; k < K; ++k) {
      HWY_UNROLL(16)
      for (size_t n = 0; n < N; ++n) acc[f][k][n] = hn::LoadU(d, own + (f * 3 + k) * row + n * lanes);
    }
  }
  for (size_t p = 0; p < a.width; ++p) {
    HWY_UNROLL(16)
    for (size_t f = 0; f < F; ++f) {
      const auto g = hn::Set(d, live.gradient[p * live.channels + f]);
      const float* HWY_RESTRICT from = x + live.offset[p * live.channels + f];
      HWY_UNROLL(16)
      for (size_t k = 0; k < K; ++k) {
        HWY_UNROLL(16)
        for (size_t n = 0; n < N; ++n) {
          acc[f][k][n] = FusedMulAdd(d, hn::LoadU(d, from + k * a.x.row + n * lanes), g, acc[f][k][n]);
        }
      }
    }
  }
  HWY_UNROLL(16)
  for (size_t f = 0; f < F; ++f) {
    HWY_UNROLL(16)
    for (size_t k = 0; k < K; ++k) {
      HWY_UNROLL(16)
      for (size_t n = 0; n < N; ++n) hn::StoreU(acc[f][k][n], d, own + (f * 3 + k) * row + n * lanes);
    }
  }
}

// Calls block(Index<vectors>, offset) over `run` floats rounded up to whole vectors: kMost, three, then single ones.
template <size_t kMost, class Block>
HWY_INLINE void ForRun(size_t run, size_t lanes, const Block& block) {
  size_t i = 0;
  for (; i + kMost * lanes <= run; i += kMost * lanes) block(Index<kMost>(), i);
  for (; i + 3 * lanes <= run; i += 3 * lanes) block(Index<3>(), i);
  for (; i < run; i += lanes) block(Index<1>(), i);
}

// All filters for K rows of taps from `kh` and N vectors from `i`.
template <size_t F, size_t K, size_t N, class D>
HWY_INLINE void LiveFilters(D d, const ConvPoolBackwardArgs& a, const float* x, LiveRow live, float* own) {
  const size_t stride = 3 * RunStride(a.run);
  size_t o = 0;
  const auto from = [&](size_t f) { return LiveRow{live.gradient + f, live.offset + f, live.channels}; };
  for (; o + F <= a.filters; o += F) LiveWeights<F, K, N>(d, a, x, from(o), own + o * stride);
  for (; o < a.filters; ++o) LiveWeights<1, K, N>(d, a, x, from(o), own + o * stride);
}

void WeightRow(const ConvPoolBackwardArgs& a, size_t oy, LiveRow live) {
  const Wide d;
  const float* x = a.x.at + 2 * oy * a.x.row;
  if (a.run <= hn::Lanes(d)) {   // three channels in one wide vector: all nine taps at once
    LiveFilters<4, 3, 1>(d, a, x, live, a.own);
    return;
  }
  for (size_t kh = 0; kh < 3; ++kh) {
    ForRun<6>(a.run, hn::Lanes(d), [&](auto vectors, size_t i) HWY_ATTR {
      constexpr size_t kN = decltype(vectors)::value;
      LiveFilters<kN == 1 ? 4 : 2, 1, kN>(d, a, x + kh * a.x.row + i, live, a.own + kh * RunStride(a.run) + i);
    });
  }
}

// The live filters of one pooled pixel at one of its four places.
struct LiveList {
  uint32_t weights[kMaxPoolFilters];
  float gradient[kMaxPoolFilters];
  size_t count;
};

template <size_t N, class D>
HWY_INLINE void ScatterLive(D d, const LiveList& list, const float* wt, float* to) {
  const size_t lanes = hn::Lanes(d);
  hn::Vec<D> acc[N];
  HWY_UNROLL(16)
  for (size_t n = 0; n < N; ++n) acc[n] = hn::LoadU(d, to + n * lanes);
  for (size_t k = 0; k < list.count; ++k) {
    const auto g = hn::Set(d, list.gradient[k]);
    const float* w = wt + list.weights[k];
    HWY_UNROLL(16)
    for (size_t n = 0; n < N; ++n) acc[n] = FusedMulAdd(d, hn::LoadU(d, w + n * lanes), g, acc[n]);
  }
  HWY_UNROLL(16)
  for (size_t n = 0; n < N; ++n) hn::StoreU(acc[n], d, to + n * lanes);
}

void DataPixel(const ConvPoolBackwardArgs& a, LiveList* lists, size_t oy, size_t ox) {
  const float* dy = a.dy + (oy * a.width + ox) * a.channels;
  const uint8_t* best = a.best + (oy * a.width + ox) * a.channels;
  for (int q = 0; q < 5; ++q) lists[q].count = 0;
  const auto stride = static_cast<uint32_t>(3 * RunStride(a.run));
  uint32_t at = 0;
  for (size_t o = 0; o < a.filters; ++o, at += stride) {
    LiveList& list = lists[best[o]];   // the fifth list takes the dead without a branch
    list.weights[list.count] = at;
    list.gradient[list.count++] = dy[o];
  }
  for (size_t q = 0; q < 4; ++q) {
    if (lists[q].count == 0) continue;
    float* corner = a.dx.at + (2 * oy + q / 2) * a.dx.row + (2 * ox + q % 2) * a.dx.pixel;
    for (size_t kh = 0; kh < 3; ++kh) {
      const float* wt = a.wt + kh * RunStride(a.run);
      float* to = corner + kh * a.dx.row;
      const Wide d;
      size_t end = a.run / hn::Lanes(d) * hn::Lanes(d);
      ForRun<6>(end, hn::Lanes(d), [&](auto vectors, size_t i) HWY_ATTR {
        ScatterLive<decltype(vectors)::value>(d, lists[q], wt + i, to + i);
      });
      if (end < a.run) ScatterLive<1>(Eight(), lists[q], wt + end, to + end);
    }
  }
}

void ConvPoolBackwardImpl(const ConvPoolBackwardArgs& a) {
  const LiveRow live{a.scratch, reinterpret_cast<int32_t*>(a.scratch + a.channels * a.width), a.channels};
  std::memset(a.own, 0, a.filters * 3 * RunStride(a.run) * sizeof(float));
  LiveList lists[5];
  for (size_t oy = 0; oy < a.height; ++oy) {
    Prepare(a, oy, live);
    for (size_t p = 0; p < a.width; ++p) {
      for (size_t o = 0; o < a.filters; ++o) a.bias[o] += live.gradient[p * a.channels + o];
    }
    WeightRow(a, oy, live);
    for (size_t ox = 0; a.dx.at && ox < a.width; ++ox) DataPixel(a, lists, oy, ox);
  }
}

}  // namespace handlens::nn::kernels::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace handlens::nn::kernels {

HWY_EXPORT(ConvPoolForwardImpl);
HWY_EXPORT(ConvPoolBackwardImpl);

void ConvPoolForward(const ConvPoolForwardArgs& a) { HWY_DYNAMIC_DISPATCH(ConvPoolForwardImpl)(a); }
void ConvPoolBackward(const ConvPoolBackwardArgs& a) { HWY_DYNAMIC_DISPATCH(ConvPoolBackwardImpl)(a); }

}  // namespace handlens::nn::kernels
#endif
