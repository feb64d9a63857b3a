// Batch norm with its activation, in passes over one picture at a time, while the picture is in the cache.
// Pixels lie without gaps, so a row is one stream of numbers in which the channels come round again and
// again: lanes are never idle, whatever the number of channels.
#include "nn/kernels/kernels.h"

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "nn/kernels/norm.cc"
#include <hwy/foreach_target.h>
// After foreach_target.
#include "nn/kernels/simd-inl.h"

HWY_BEFORE_NAMESPACE();
namespace handlens::nn::kernels::HWY_NAMESPACE {

using Stream = hn::CappedTag<float, kLanes>;

// Sums over pixels run in four chains, column x in chain x mod 4, then (0 + 1) + (2 + 3). In the stream that
// is one chain for each place of four pixels ("span"), so vectors may begin anywhere. N vectors from place
// `at`, over all rows; the last pixels of a row fill a part of the span, and `keep` zeroes the lanes beyond.
// term(keep, row, place in row, n).
struct Streams {
  size_t height, floats, span;  // rows, floats of a row, floats of a span
};
template <size_t N, class D, class Term>
HWY_INLINE void SumChunk(D d, Streams streams, size_t at, const Term& term) {
  const auto [height, floats, span] = streams;
  using V = hn::Vec<D>;
  const size_t lanes = hn::Lanes(d);
  const auto all = [](V v) HWY_ATTR { return v; };
  for (size_t row = 0; row < height; ++row) {
    size_t from = at;
    for (; from + span <= floats + at; from += span) {
      for (size_t n = 0; n < N; ++n) term(all, row, from + n * lanes, n);
    }
    for (size_t n = 0; n < N; ++n, from += lanes) {
      if (from >= floats) break;
      const auto inside = hn::FirstN(d, HWY_MIN(floats - from, lanes));
      term([inside](V v) HWY_ATTR { return hn::IfThenElseZero(inside, v); }, row, from, n);
    }
  }
}

// Calls chunk(Index<vectors>, at) over the 4 x channels places of a span.
template <class D, class Chunk>
HWY_INLINE void ForSpan(D d, size_t channels, const Chunk& chunk) {
  const size_t n = hn::Lanes(d), span = 4 * channels;
  size_t at = 0;
  if constexpr (kManyRegisters) {
    for (; at + 4 * n <= span; at += 4 * n) chunk(Index<4>(), at);
  }
  for (; at + 2 * n <= span; at += 2 * n) chunk(Index<2>(), at);
}

// The four chains of each channel to one.
void Fold(const float* chains, size_t channels, float* sum) {
  const Eight d;
  for (size_t c = 0; c < channels; c += hn::Lanes(d)) {
    const auto chain = [&](size_t k) HWY_ATTR { return hn::LoadU(d, chains + k * channels + c); };
    hn::StoreU(hn::Add(hn::Add(chain(0), chain(1)), hn::Add(chain(2), chain(3))), d, sum + c);
  }
}

void MomentsImpl(const MomentsArgs& a) {
  const Stream d;
  using V = hn::Vec<Stream>;
  const size_t lanes = hn::Lanes(d), floats = a.width * a.channels, span = 4 * a.channels, stride = a.x.row;
  const float* const x = a.x.at;
  float *const chains = a.scratch, *const mean4 = a.scratch + span;
  ForSpan(d, a.channels, [&](auto vectors, size_t at) HWY_ATTR {
    constexpr size_t kN = decltype(vectors)::value;
    V sum[kN];
    for (size_t n = 0; n < kN; ++n) sum[n] = hn::Zero(d);
    SumChunk<kN>(d, {a.height, floats, span}, at,
                 [&](const auto& keep, size_t row, size_t from, size_t n)
                     HWY_ATTR { sum[n] = hn::Add(sum[n], keep(hn::LoadU(d, x + row * stride + from))); });
    for (size_t n = 0; n < kN; ++n) hn::StoreU(sum[n], d, chains + at + n * lanes);
  });
  Fold(chains, a.channels, a.mean);
  const auto pixels = static_cast<float>(a.height * a.width);
  for (size_t c = 0; c < a.channels; ++c) a.mean[c] /= pixels;
  for (size_t c = 0; c < span; ++c) mean4[c] = a.mean[c % a.channels];
  ForSpan(d, a.channels, [&](auto vectors, size_t at) HWY_ATTR {
    constexpr size_t kN = decltype(vectors)::value;
    V spread[kN], mean[kN];
    for (size_t n = 0; n < kN; ++n) spread[n] = hn::Zero(d);
    for (size_t n = 0; n < kN; ++n) mean[n] = hn::LoadU(d, mean4 + at + n * lanes);
    SumChunk<kN>(d, {a.height, floats, span}, at,
                 [&](const auto& keep, size_t row, size_t from, size_t n) HWY_ATTR {
                   const auto off = keep(hn::Sub(hn::LoadU(d, x + row * stride + from), mean[n]));
                   spread[n] = FusedMulAdd(d, off, off, spread[n]);
                 });
    for (size_t n = 0; n < kN; ++n) hn::StoreU(spread[n], d, chains + at + n * lanes);
  });
  Fold(chains, a.channels, a.spread);
}

template <size_t N, class D>
struct Coefficients {
  using V = hn::Vec<D>;
  HWY_INLINE Coefficients(D d, const NormArgs& a, size_t at)
      : low(hn::Set(d, a.low)), high(hn::Set(d, a.high)) {
    for (size_t n = 0; n < N; ++n) {
      mean[n] = hn::LoadU(d, a.mean + at + n * hn::Lanes(d));
      scale[n] = hn::LoadU(d, a.scale + at + n * hn::Lanes(d));
      beta[n] = hn::LoadU(d, a.beta + at + n * hn::Lanes(d));
    }
  }
  // The gradient that passes the activation, worked out again from x; `off` becomes x - mean.
  HWY_INLINE V Passed(D d, size_t n, V x, V dy, V& off) const {
    off = hn::Sub(x, mean[n]);
    const auto v = FusedMulAdd(d, off, scale[n], beta[n]);
    return hn::IfThenElseZero(hn::And(hn::Gt(v, low), hn::Lt(v, high)), dy);
  }
  V mean[N], scale[N], beta[N], low, high;
};

void NormSumsImpl(const NormSumsArgs& a) {
  const Stream d;
  using V = hn::Vec<Stream>;
  const NormArgs& f = a.forward;
  const size_t lanes = hn::Lanes(d), floats = f.width * f.channels, span = 4 * f.channels;
  const In x = f.x, dy = a.dy;
  float *const sums = a.scratch, *const hats = a.scratch + span;
  ForSpan(d, f.channels, [&](auto vectors, size_t at) HWY_ATTR {
    constexpr size_t kN = decltype(vectors)::value;
    const Coefficients<kN, Stream> k(d, f, at);
    V sum[kN], hat[kN];
    for (size_t n = 0; n < kN; ++n) sum[n] = hat[n] = hn::Zero(d);
    SumChunk<kN>(d, {f.height, floats, span}, at,
                 [&](const auto& keep, size_t row, size_t from, size_t n) HWY_ATTR {
                   V off;
                   const auto g = keep(k.Passed(d, n, hn::LoadU(d, x.at + row * x.row + from),
                                                hn::LoadU(d, dy.at + row * dy.row + from), off));
                   sum[n] = hn::Add(sum[n], g);
                   hat[n] = FusedMulAdd(d, g, keep(off), hat[n]);
                 });
    for (size_t n = 0; n < kN; ++n) {
      hn::StoreU(sum[n], d, sums + at + n * lanes);
      hn::StoreU(hat[n], d, hats + at + n * lanes);
    }
  });
  Fold(sums, f.channels, a.sum);
  Fold(hats, f.channels, a.sum_hat);
}

// Places begin, begin + step, ... below end of every row.
struct Places {
  size_t begin, end, step;
};

// Calls block(tag, Index<vectors>, at, places) so that all numbers of a row are met once: as many whole
// pixels as fill vectors make a step; the last pixel of an odd row of half vectors comes by itself.
template <class Block>
HWY_INLINE void ForStream(size_t channels, size_t floats, const Block& block) {
  const Stream wide;
  const size_t n = hn::Lanes(wide), step = channels % n == 0 ? channels : 2 * channels;
  const Places whole{0, floats / step * step, step}, rest{whole.end, floats, step};
  size_t at = 0;
  for (; at + 3 * n <= step; at += 3 * n) block(wide, Index<3>(), at, whole);
  for (; at + 2 * n <= step; at += 2 * n) block(wide, Index<2>(), at, whole);
  for (; at < step; at += n) block(wide, Index<1>(), at, whole);
  if (rest.begin == rest.end) return;
  for (at = 0; at + n <= channels; at += n) block(wide, Index<1>(), at, rest);
  if (at < channels) block(Eight(), Index<1>(), at, rest);
}

template <size_t N, class D>
HWY_INLINE void NormPlaces(D d, const NormArgs& a, size_t at, Places places) {
  const Coefficients<N, D> k(d, a, at);
  const size_t lanes = hn::Lanes(d), height = a.height;
  const In in = a.x;
  const Out out = a.y;
  for (size_t row = 0; row < height; ++row) {
    const float* HWY_RESTRICT x = in.at + row * in.row + at;
    float* HWY_RESTRICT y = out.at + row * out.row + at;
    for (size_t i = places.begin; i < places.end; i += places.step) {
      for (size_t n = 0; n < N; ++n) {
        const auto off = hn::Sub(hn::LoadU(d, x + i + n * lanes), k.mean[n]);
        const auto v = FusedMulAdd(d, off, k.scale[n], k.beta[n]);
        hn::StoreU(hn::Min(hn::Max(v, k.low), k.high), d, y + i + n * lanes);
      }
    }
  }
}

void NormImpl(const NormArgs& a) {
  ForStream(a.channels, a.width * a.channels, [&](auto d, auto vectors, size_t at, Places places) HWY_ATTR {
    NormPlaces<decltype(vectors)::value>(d, a, at, places);
  });
}

template <size_t N, class D>
HWY_INLINE void BackwardPlaces(D d, const NormBackwardArgs& a, size_t at, Places places) {
  const Coefficients<N, D> k(d, a.forward, at);
  const size_t lanes = hn::Lanes(d), height = a.forward.height;
  hn::Vec<D> first[N], second[N];
  for (size_t n = 0; n < N; ++n) first[n] = hn::LoadU(d, a.a + at + n * lanes);
  for (size_t n = 0; n < N; ++n) second[n] = hn::LoadU(d, a.b + at + n * lanes);
  const In in = a.forward.x, gradient = a.dy;
  const Out out = a.dx;
  for (size_t row = 0; row < height; ++row) {
    const float* HWY_RESTRICT x = in.at + row * in.row + at;
    const float* HWY_RESTRICT dy = gradient.at + row * gradient.row + at;
    float* HWY_RESTRICT dx = out.at + row * out.row + at;
    for (size_t i = places.begin; i < places.end; i += places.step) {
      for (size_t n = 0; n < N; ++n) {
        hn::Vec<D> off;
        const auto g = k.Passed(d, n, hn::LoadU(d, x + i + n * lanes), hn::LoadU(d, dy + i + n * lanes), off);
        const auto centred = hn::Sub(hn::Sub(g, first[n]), hn::Mul(off, second[n]));
        hn::StoreU(hn::Mul(k.scale[n], centred), d, dx + i + n * lanes);
      }
    }
  }
}

void NormBackwardImpl(const NormBackwardArgs& a) {
  const NormArgs& f = a.forward;
  ForStream(f.channels, f.width * f.channels, [&](auto d, auto vectors, size_t at, Places places) HWY_ATTR {
    BackwardPlaces<decltype(vectors)::value>(d, a, at, places);
  });
}

}  // namespace handlens::nn::kernels::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace handlens::nn::kernels {

HWY_EXPORT(MomentsImpl);
HWY_EXPORT(NormImpl);
HWY_EXPORT(NormSumsImpl);
HWY_EXPORT(NormBackwardImpl);

void Moments(const MomentsArgs& a) { HWY_DYNAMIC_DISPATCH(MomentsImpl)(a); }
void Norm(const NormArgs& a) { HWY_DYNAMIC_DISPATCH(NormImpl)(a); }
void NormSums(const NormSumsArgs& a) { HWY_DYNAMIC_DISPATCH(NormSumsImpl)(a); }
void NormBackward(const NormBackwardArgs& a) { HWY_DYNAMIC_DISPATCH(NormBackwardImpl)(a); }

}  // namespace handlens::nn::kernels
#endif
