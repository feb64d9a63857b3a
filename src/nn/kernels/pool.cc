// The convolution of the paper's models: 3 x 3, bias, ReLU and max pool 2 in one pass, and its sparse
// backward pass.
#include <algorithm>
#include <cstring>

#include "nn/kernels/kernels.h"

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "nn/kernels/pool.cc"
#include <hwy/foreach_target.h>
// After foreach_target.
#include <hwy/cache_control.h>

#include "nn/kernels/simd-inl.h"

HWY_BEFORE_NAMESPACE();
namespace handlens::nn::kernels::HWY_NAMESPACE {

// Four accumulators to the largest, clipped at zero, and the code of its place.
template <class D, class V = hn::Vec<D>>
HWY_INLINE void StorePooled(D d, const V* four, float* y, uint8_t* best) {
  const hn::RebindToSigned<D> di;
  const hn::Rebind<uint8_t, D> db;
  V top = four[0];
  auto place = hn::Zero(di);
  for (int q = 1; q < 4; ++q) {
    const auto larger = hn::Gt(four[q], top);
    top = hn::IfThenElse(larger, four[q], top);
    place = hn::IfThenElse(hn::RebindMask(di, larger), hn::Set(di, kPlaces[q]), place);
  }
  const auto open = hn::Gt(top, hn::Zero(d));
  hn::StoreU(hn::IfThenElseZero(open, top), d, y);
  hn::StoreU(hn::DemoteTo(db, hn::IfThenElse(hn::RebindMask(di, open), place, hn::Set(di, kShut))), db, best);
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
      for (; ox + kP <= a.width; ox += kP)
        PoolBlock<kP, kN>(d, a, x + 2 * ox * a.x.pixel, row + ox * a.channels, c);
      for (; ox < a.width; ++ox) PoolBlock<1, kN>(d, a, x + 2 * ox * a.x.pixel, row + ox * a.channels, c);
    }
  });
}

// Gradients of the filters of a pooled pixel, zero where the ReLU is shut.
template <class D>
HWY_INLINE hn::Vec<D> OpenGradient(D d, hn::Vec<hn::RebindToSigned<D>> code, const float* dy) {
  const auto open = hn::Lt(code, hn::Set(hn::RebindToSigned<D>(), kShut));
  return hn::IfThenElseZero(hn::RebindMask(d, open), hn::LoadU(d, dy));
}

// Neighbouring pooled pixels of a row, few enough that what belongs to them stays in the first cache over all
// filters.
struct Stretch {
  size_t oy, ox, count;
};

// Of the pixels of a stretch, (count, channels): gradient (zero where the ReLU is shut) and where in x the
// window of the largest begins. `filters` lists those that are open anywhere: the others, a third of them on
// pictures that are not centred, have no gradient here.
struct LivePixels {
  float* gradient;
  int32_t* offset;
  int32_t* filters;
  size_t channels, count, live;
  size_t filter;  // floats of a filter's own gradient
};

// The gradients are added to the bias too.
void Prepare(const ConvPoolBackwardArgs& a, Stretch s, LivePixels& live) {
  live.live = 0;
  ForChannels(a.channels, [&](auto d, auto vectors, size_t c) HWY_ATTR {
    constexpr size_t kN = decltype(vectors)::value;
    const hn::RebindToSigned<decltype(d)> di;
    const hn::Rebind<uint8_t, decltype(d)> db;
    const auto right = hn::Set(di, static_cast<int32_t>(a.x.pixel)),
               down = hn::Set(di, static_cast<int32_t>(a.x.row));
    const size_t lanes = hn::Lanes(d), first = (s.oy * a.width + s.ox) * a.channels;
    hn::Vec<decltype(d)> bias[kN], seen[kN];
    for (size_t n = 0; n < kN; ++n) {
      bias[n] = hn::LoadU(d, a.bias + c + n * lanes);
      seen[n] = hn::Zero(d);
    }
    for (size_t p = 0; p < s.count; ++p) {
      const auto base = hn::Set(di, static_cast<int32_t>(2 * p * a.x.pixel));
      for (size_t n = 0; n < kN; ++n) {
        const size_t at = p * a.channels + c + n * lanes;
        hwy::Prefetch(a.dy + first + at + kStretch * a.channels);  // from the third cache: 2 % of m1's step
        const auto place = hn::PromoteTo(di, hn::LoadU(db, a.best + first + at));
        const auto gradient = OpenGradient(d, place, a.dy + first + at);
        const auto odd = hn::TestBit(place, hn::Set(di, kRight)),
                   low = hn::TestBit(place, hn::Set(di, kDown));
        bias[n] = hn::Add(bias[n], gradient);
        seen[n] = hn::Or(seen[n], gradient);
        hn::StoreU(gradient, d, live.gradient + at);
        hn::StoreU(hn::Add(base, hn::Add(hn::IfThenElseZero(odd, right), hn::IfThenElseZero(low, down))), di,
                   live.offset + at);
      }
    }
    for (size_t n = 0; n < kN; ++n) {
      hn::StoreU(bias[n], d, a.bias + c + n * lanes);
      const auto open = hn::RebindMask(di, hn::Ne(seen[n], hn::Zero(d)));
      live.live += hn::CompressStore(hn::Iota(di, static_cast<int32_t>(c + n * lanes)), open, di,
                                     live.filters + live.live);
    }
  });
}

// Kernel gradient of F live filters from the j-th on and N vectors of a run, over a stretch of pooled pixels.
// Where the ReLU is shut zero is added.
template <size_t F, size_t N, class D>
HWY_INLINE void LiveWeights(D d, const float* x, const LivePixels& live, size_t j, float* own) {
  const size_t lanes = hn::Lanes(d), filter = live.filter;
  size_t o[F];
  hn::Vec<D> acc[F][N];
  HWY_UNROLL(16)
  for (size_t f = 0; f < F; ++f) {
    o[f] = static_cast<size_t>(live.filters[j + f]);
    HWY_UNROLL(16)
    for (size_t n = 0; n < N; ++n) acc[f][n] = hn::LoadU(d, own + o[f] * filter + n * lanes);
  }
  const float* HWY_RESTRICT gradient = live.gradient;
  const int32_t* HWY_RESTRICT offset = live.offset;
  for (size_t p = 0; p < live.count; ++p, gradient += live.channels, offset += live.channels) {
    HWY_UNROLL(16)
    for (size_t f = 0; f < F; ++f) {
      const auto g = hn::Set(d, gradient[o[f]]);
      const float* HWY_RESTRICT from = x + offset[o[f]];
      HWY_UNROLL(16)
      for (size_t n = 0; n < N; ++n) acc[f][n] = FusedMulAdd(d, hn::LoadU(d, from + n * lanes), g, acc[f][n]);
    }
  }
  HWY_UNROLL(16)
  for (size_t f = 0; f < F; ++f) {
    HWY_UNROLL(16)
    for (size_t n = 0; n < N; ++n) hn::StoreU(acc[f][n], d, own + o[f] * filter + n * lanes);
  }
}

// Calls block(Index<vectors>, offset) over `run` floats rounded up to whole vectors, kMost at a time, the
// rest in one go.
template <size_t kMost, class Block>
HWY_INLINE void ForRun(size_t run, size_t lanes, const Block& block, size_t i = 0) {
  for (; i + (kMost - 1) * lanes < run; i += kMost * lanes) block(Index<kMost>(), i);
  if constexpr (kMost > 1) ForRun<kMost - 1>(run, lanes, block, i);
}

// All live filters for `run` floats of their taps, from x and own on.
void LiveRun(const float* x, size_t run, const LivePixels& live, float* own) {
  const Wide d;
  ForRun<6>(run, hn::Lanes(d), [&](auto vectors, size_t i) HWY_ATTR {
    constexpr size_t kN = decltype(vectors)::value, kF = kN > 4 ? 2 : 4;
    size_t j = 0;
    for (; j + kF <= live.live; j += kF) LiveWeights<kF, kN>(d, x + i, live, j, own + i);
    for (; j < live.live; ++j) LiveWeights<1, kN>(d, x + i, live, j, own + i);
  });
}

// Three channels: the four values that a tap has for the places of a pooled pixel are among eight that lie
// side by side, four rows of two columns, and each filter, the filters in the lanes, picks its own by the
// code of its place.

// Rows 2 oy to 2 oy + 3 of x by channels, (3, columns, 4), `lanes` columns at a time; the last ones again
// where they do not divide.
template <class D>
HWY_INLINE void TableRows(D d, const In& x, size_t columns, float* table) {
  const size_t lanes = hn::Lanes(d);
  for (size_t i = 0; i < columns; i += lanes) {
    const size_t column = std::min(i, columns - lanes);
    hn::Vec<D> v[3][4];
    for (size_t r = 0; r < 4; ++r)
      hn::LoadInterleaved3(d, x.at + r * x.row + 3 * column, v[0][r], v[1][r], v[2][r]);
    for (size_t r = 4; r < 6; ++r) {  // the next table's
      for (size_t j = 0; j < 3 * lanes; j += kLanes) hwy::Prefetch(x.at + r * x.row + 3 * column + j);
    }
    for (size_t c = 0; c < 3; ++c) {
      hn::StoreInterleaved4(v[c][0], v[c][1], v[c][2], v[c][3], d, table + 4 * (c * columns + column));
    }
  }
}

HWY_INLINE hn::Vec<Eight> LoadEight(Eight d, const float* table) { return hn::LoadU(d, table); }
#if HWY_TARGET <= HWY_AVX3
HWY_INLINE hn::Vec<Wide> LoadEight(Wide d, const float* table) {
  return hn::ZeroExtendVector(d, hn::LoadU(Eight(), table));
}
#endif

template <class D>
HWY_INLINE hn::Vec<D> PickOfEight(D d, const float* table, hn::Vec<hn::RebindToSigned<D>> code) {
  if constexpr (hn::MaxLanes(D()) == 1) {
    return hn::Set(d, table[hn::GetLane(code)]);
  } else if constexpr (hn::MaxLanes(D()) == 4) {
    const hn::RebindToSigned<D> di;
    const auto row = hn::IndicesFromVec(d, hn::AndNot(hn::Set(di, kRight), code));
    const auto right = hn::RebindMask(d, hn::TestBit(code, hn::Set(di, kRight)));
    return hn::IfThenElse(right, hn::TableLookupLanes(hn::LoadU(d, table + 4), row),
                          hn::TableLookupLanes(hn::LoadU(d, table), row));
  } else {
    return hn::TableLookupLanes(LoadEight(d, table), hn::IndicesFromVec(d, code));
  }
}

// Kernel gradient of a vector of filters for the taps of C channels over a row of pooled pixels, from the
// tables of TableRows in the scratch.
template <size_t C, class D>
HWY_INLINE void TableWeights(D d, const ConvPoolBackwardArgs& a, size_t oy, size_t channel, size_t filter) {
  const hn::RebindToSigned<D> di;
  const hn::Rebind<uint8_t, D> db;
  const size_t next = 4 * (2 * a.width + 2), channels = a.channels;
  float* const own = a.own + channel * channels + filter;
  hn::Vec<D> acc[9][C];
  HWY_UNROLL(9)
  for (size_t t = 0; t < 9; ++t) {
    HWY_UNROLL(3)
    for (size_t c = 0; c < C; ++c) acc[t][c] = hn::LoadU(d, own + (3 * t + c) * channels);
  }
  const float* HWY_RESTRICT dy = a.dy + oy * a.width * channels + filter;
  const uint8_t* HWY_RESTRICT best = a.best + oy * a.width * channels + filter;
  const float* table = a.scratch + channel * next;
  for (size_t p = 0; p < a.width; ++p, dy += channels, best += channels, table += 8) {
    hwy::Prefetch(dy + kStretch * channels);  // from the third cache
    auto code = hn::PromoteTo(di, hn::LoadU(db, best));
    const auto gradient = OpenGradient(d, code, dy);
    code = hn::And(code, hn::Set(di, kShut - 1));
    HWY_UNROLL(3)
    for (size_t kh = 0; kh < 3; ++kh) {
      HWY_UNROLL(3)
      for (size_t kw = 0; kw < 3; ++kw) {
        HWY_UNROLL(3)
        for (size_t c = 0; c < C; ++c) {
          const auto x = PickOfEight(d, table + c * next + 4 * kw, code);
          acc[3 * kh + kw][c] = FusedMulAdd(d, x, gradient, acc[3 * kh + kw][c]);
        }
      }
      code = hn::Add(code, hn::Set(di, kDown));
    }
  }
  HWY_UNROLL(9)
  for (size_t t = 0; t < 9; ++t) {
    HWY_UNROLL(3)
    for (size_t c = 0; c < C; ++c) hn::StoreU(acc[t][c], d, own + (3 * t + c) * channels);
  }
}

// A row's gradients added to those of the bias.
void AddBias(const ConvPoolBackwardArgs& a, size_t oy) {
  ForChannels(a.channels, [&](auto d, auto vectors, size_t c) HWY_ATTR {
    constexpr size_t kN = decltype(vectors)::value;
    const hn::RebindToSigned<decltype(d)> di;
    const hn::Rebind<uint8_t, decltype(d)> db;
    const size_t lanes = hn::Lanes(d);
    hn::Vec<decltype(d)> bias[kN];
    for (size_t n = 0; n < kN; ++n) bias[n] = hn::LoadU(d, a.bias + c + n * lanes);
    for (size_t p = oy * a.width; p < (oy + 1) * a.width; ++p) {
      for (size_t n = 0; n < kN; ++n) {
        const size_t at = p * a.channels + c + n * lanes;
        bias[n] = hn::Add(bias[n], OpenGradient(d, hn::PromoteTo(di, hn::LoadU(db, a.best + at)), a.dy + at));
      }
    }
    for (size_t n = 0; n < kN; ++n) hn::StoreU(bias[n], d, a.bias + c + n * lanes);
  });
}

void WeightRow(const ConvPoolBackwardArgs& a, size_t oy) {
  const Wide wide;
  const hn::CappedTag<float, 4> four;
  const size_t columns = 2 * a.width + 2;
  const In x{a.x.at + 2 * oy * a.x.row, a.x.row, a.x.pixel};
  if (columns >= hn::Lanes(wide)) {
    TableRows(wide, x, columns, a.scratch);
  } else {
    TableRows(four, x, columns, a.scratch);
  }
  ForChannels(a.channels, [&](auto d, auto vectors, size_t begin) HWY_ATTR {
    constexpr size_t kC = kManyRegisters && HWY_ARCH_X86 ? 3 : 1;
    for (size_t c = begin; c < begin + decltype(vectors)::value * hn::Lanes(d); c += hn::Lanes(d)) {
      for (size_t channel = 0; channel < 3; channel += kC) TableWeights<kC>(d, a, oy, channel, c);
    }
  });
  AddBias(a, oy);
}

void WeightStretch(const ConvPoolBackwardArgs& a, Stretch s) {
  const size_t numbers = a.channels * s.count;
  int32_t* const offsets = reinterpret_cast<int32_t*>(a.scratch + numbers);
  LivePixels live{a.scratch, offsets, offsets + numbers, a.channels, s.count, 0, 3 * RunStride(a.run)};
  Prepare(a, s, live);
  const float* x = a.x.at + 2 * s.oy * a.x.row + 2 * s.ox * a.x.pixel;
  for (size_t kh = 0; kh < 3; ++kh) LiveRun(x + kh * a.x.row, a.run, live, a.own + kh * RunStride(a.run));
}

// The filters whose largest lies at one of a pooled pixel's four places: where their weights begin, and their
// gradients.
struct Live {
  int32_t* weights;
  float* gradient;
};

template <size_t N, class D>
HWY_INLINE void ScatterLive(D d, Live live, size_t count, const float* wt, float* to) {
  const size_t lanes = hn::Lanes(d);
  hn::Vec<D> acc[N];
  HWY_UNROLL(16)
  for (size_t n = 0; n < N; ++n) acc[n] = hn::LoadU(d, to + n * lanes);
  for (size_t k = 0; k < count; ++k) {
    const auto g = hn::Set(d, live.gradient[k]);
    const float* w = wt + live.weights[k];
    HWY_UNROLL(16)
    for (size_t n = 0; n < N; ++n) acc[n] = FusedMulAdd(d, hn::LoadU(d, w + n * lanes), g, acc[n]);
  }
  HWY_UNROLL(16)
  for (size_t n = 0; n < N; ++n) hn::StoreU(acc[n], d, to + n * lanes);
}

// Of the pixels of a stretch, for each of the four places, its filters; room for a vector behind each list.
struct Places {
  float* scratch;
  size_t channels;
  uint32_t counts[kStretch][4] = {};
  Live At(size_t p, size_t q) const {
    float* const list = scratch + 2 * (4 * p + q) * (channels + kLanes);
    return {reinterpret_cast<int32_t*>(list), list + channels + kLanes};
  }
};

void ListPlaces(const ConvPoolBackwardArgs& a, Stretch s, Places& places) {
  const auto stride = static_cast<int32_t>(3 * RunStride(a.run));
  for (size_t p = 0; p < s.count; ++p) {
    const size_t first = (s.oy * a.width + s.ox + p) * a.channels;
    ForChannels(a.channels, [&](auto d, auto vectors, size_t begin) HWY_ATTR {
      const hn::RebindToSigned<decltype(d)> di;
      const hn::Rebind<uint8_t, decltype(d)> db;
      const auto along = hn::Mul(hn::Iota(di, 0), hn::Set(di, stride));
      for (size_t c = begin; c < begin + decltype(vectors)::value * hn::Lanes(d); c += hn::Lanes(d)) {
        const auto place = hn::PromoteTo(di, hn::LoadU(db, a.best + first + c));
        const auto weights = hn::Add(along, hn::Set(di, static_cast<int32_t>(c) * stride));
        const auto gradient = hn::LoadU(d, a.dy + first + c);
        for (size_t q = 0; q < 4; ++q) {
          const auto here = hn::Eq(place, hn::Set(di, kPlaces[q]));
          const Live live = places.At(p, q);
          uint32_t& count = places.counts[p][q];
          hn::StoreU(hn::Compress(weights, here), di, live.weights + count);
          hn::StoreU(hn::Compress(gradient, hn::RebindMask(d, here)), d, live.gradient + count);
          count += static_cast<uint32_t>(hn::CountTrue(di, here));
        }
      }
    });
  }
}

// Row after row of the windows, so that a third of the weights is at work at a time and stays in the first
// cache.
void DataStretch(const ConvPoolBackwardArgs& a, Stretch s) {
  const Wide d;
  Places places{a.scratch, a.channels};
  ListPlaces(a, s, places);
  const size_t end = a.run / hn::Lanes(d) * hn::Lanes(d);
  for (size_t kh = 0; kh < 3; ++kh) {
    const float* wt = a.wt + kh * RunStride(a.run);
    for (size_t p = 0; p < s.count; ++p) {
      for (size_t q = 0; q < 4; ++q) {
        const size_t count = places.counts[p][q];
        if (count == 0) continue;
        const Live live = places.At(p, q);
        float* to = a.dx.at + (2 * s.oy + q / 2 + kh) * a.dx.row + (2 * (s.ox + p) + q % 2) * a.dx.pixel;
        ForRun<6>(end, hn::Lanes(d), [&](auto vectors, size_t i) HWY_ATTR {
          ScatterLive<decltype(vectors)::value>(d, live, count, wt + i, to + i);
        });
        if (end < a.run) ScatterLive<1>(Eight(), live, count, wt + end, to + end);
      }
    }
  }
}

void ConvPoolBackwardImpl(const ConvPoolBackwardArgs& a) {
  const bool by_table = a.run == kThreeChannels;
  const size_t numbers = PoolSums(a.run, a.filters);
  std::memset(a.own, 0, numbers * sizeof(float));
  for (size_t oy = 0; oy < a.height; ++oy) {
    if (by_table) WeightRow(a, oy);
    for (size_t ox = 0; ox < a.width; ox += kStretch) {
      const Stretch s{oy, ox, std::min(kStretch, a.width - ox)};
      if (!by_table) WeightStretch(a, s);
      if (a.dx.at) DataStretch(a, s);
    }
  }
  const Wide d;
  for (size_t i = 0; i < numbers; i += hn::Lanes(d)) {
    hn::StoreU(hn::Add(hn::LoadU(d, a.total + i), hn::LoadU(d, a.own + i)), d, a.total + i);
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
