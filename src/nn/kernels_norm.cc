// Batch norm with its activation, in passes over one picture at a time, while the picture is in the cache.
#include "nn/kernels.h"

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "nn/kernels_norm.cc"
#include <hwy/foreach_target.h>
// After foreach_target.
#include "nn/simd-inl.h"

HWY_BEFORE_NAMESPACE();
namespace handlens::nn::kernels::HWY_NAMESPACE {

// Every sum over pixels runs in four chains, column x in chain x mod 4, which hides the latency of an addition; then
// (0 + 1) + (2 + 3). Calls term(row, pixel column, accumulator).
template <class D, class Term>
HWY_INLINE hn::Vec<D> SumPixels(D d, size_t height, size_t width, const Term& term) {
  auto s0 = hn::Zero(d), s1 = s0, s2 = s0, s3 = s0;
  for (size_t y = 0; y < height; ++y) {
    size_t x = 0;
    for (; x + 4 <= width; x += 4) {
      s0 = term(y, x, s0);
      s1 = term(y, x + 1, s1);
      s2 = term(y, x + 2, s2);
      s3 = term(y, x + 3, s3);
    }
    if (x < width) s0 = term(y, x, s0);
    if (x + 1 < width) s1 = term(y, x + 1, s1);
    if (x + 2 < width) s2 = term(y, x + 2, s2);
  }
  return hn::Add(hn::Add(s0, s1), hn::Add(s2, s3));
}

template <class D>
HWY_INLINE void MomentsOf(D d, const MomentsArgs& a, size_t c) {
  using V = hn::Vec<D>;
  const float* x = a.x.at + c;
  const auto sum = SumPixels(d, a.height, a.width, [&](size_t row, size_t column, V s) HWY_ATTR {
    return hn::Add(s, hn::LoadU(d, x + row * a.x.row + column * a.x.pixel));
  });
  const auto mean = hn::Div(sum, hn::Set(d, static_cast<float>(a.height * a.width)));
  const auto spread = SumPixels(d, a.height, a.width, [&](size_t row, size_t column, V s) HWY_ATTR {
    const auto off = hn::Sub(hn::LoadU(d, x + row * a.x.row + column * a.x.pixel), mean);
    return FusedMulAdd(d, off, off, s);
  });
  hn::StoreU(mean, d, a.mean + c);
  hn::StoreU(spread, d, a.spread + c);
}

void MomentsImpl(const MomentsArgs& a) {
  ForChannels(a.channels, [&](auto d, auto vectors, size_t c) HWY_ATTR {
    for (size_t n = 0; n < decltype(vectors)::value; ++n, c += hn::Lanes(d)) MomentsOf(d, a, c);
  });
}

template <class D>
struct Coefficients {
  Coefficients(D d, const NormArgs& a, size_t c)
      : mean(hn::LoadU(d, a.mean + c)), scale(hn::LoadU(d, a.scale + c)), beta(hn::LoadU(d, a.beta + c)),
        low(hn::Set(d, a.low)), high(hn::Set(d, a.high)) {}
  hn::Vec<D> mean, scale, beta, low, high;
};

template <class D>
HWY_INLINE void NormOf(D d, const NormArgs& a, size_t c) {
  const Coefficients<D> k(d, a, c);
  for (size_t row = 0; row < a.height; ++row) {
    const float* x = a.x.at + row * a.x.row + c;
    float* y = a.y.at + row * a.y.row + c;
    for (size_t column = 0; column < a.width; ++column, x += a.x.pixel, y += a.y.pixel) {
      const auto v = FusedMulAdd(d, hn::Sub(hn::LoadU(d, x), k.mean), k.scale, k.beta);
      hn::StoreU(hn::Min(hn::Max(v, k.low), k.high), d, y);
    }
  }
}

void NormImpl(const NormArgs& a) {
  ForChannels(a.channels, [&](auto d, auto vectors, size_t c) HWY_ATTR {
    for (size_t n = 0; n < decltype(vectors)::value; ++n, c += hn::Lanes(d)) NormOf(d, a, c);
  });
}

// The gradient that passes the activation, worked out again from x; `off` becomes x - mean.
template <class D, class V = hn::Vec<D>>
HWY_INLINE V Passed(D d, const Coefficients<D>& k, V x, V dy, V& off) {
  off = hn::Sub(x, k.mean);
  const auto v = FusedMulAdd(d, off, k.scale, k.beta);
  return hn::IfThenElseZero(hn::And(hn::Gt(v, k.low), hn::Lt(v, k.high)), dy);
}

template <class D>
HWY_INLINE void NormSumsOf(D d, const NormSumsArgs& a, size_t c) {
  using V = hn::Vec<D>;
  const Coefficients<D> k(d, a.forward, c);
  const In& from = a.forward.x;
  V hat[4] = {hn::Zero(d), hn::Zero(d), hn::Zero(d), hn::Zero(d)};
  const auto sum = SumPixels(d, a.forward.height, a.forward.width, [&](size_t row, size_t column, V s) HWY_ATTR {
    V off;
    const auto g = Passed(d, k, hn::LoadU(d, from.at + row * from.row + column * from.pixel + c),
                          hn::LoadU(d, a.dy.at + row * a.dy.row + column * a.dy.pixel + c), off);
    hat[column % 4] = FusedMulAdd(d, g, off, hat[column % 4]);
    return hn::Add(s, g);
  });
  hn::StoreU(sum, d, a.sum + c);
  hn::StoreU(hn::Add(hn::Add(hat[0], hat[1]), hn::Add(hat[2], hat[3])), d, a.sum_hat + c);
}

void NormSumsImpl(const NormSumsArgs& a) {
  ForChannels(a.forward.channels, [&](auto d, auto vectors, size_t c) HWY_ATTR {
    for (size_t n = 0; n < decltype(vectors)::value; ++n, c += hn::Lanes(d)) NormSumsOf(d, a, c);
  });
}

template <class D>
HWY_INLINE void NormBackwardOf(D d, const NormBackwardArgs& a, size_t c) {
  const Coefficients<D> k(d, a.forward, c);
  const auto first = hn::LoadU(d, a.a + c), second = hn::LoadU(d, a.b + c);
  for (size_t row = 0; row < a.forward.height; ++row) {
    const float* x = a.forward.x.at + row * a.forward.x.row + c;
    const float* dy = a.dy.at + row * a.dy.row + c;
    float* dx = a.dx.at + row * a.dx.row + c;
    for (size_t column = 0; column < a.forward.width; ++column) {
      hn::Vec<D> off;
      const auto g = Passed(d, k, hn::LoadU(d, x), hn::LoadU(d, dy), off);
      const auto centred = hn::Sub(hn::Sub(g, first), hn::Mul(off, second));
      hn::StoreU(hn::Mul(k.scale, centred), d, dx);
      x += a.forward.x.pixel;
      dy += a.dy.pixel;
      dx += a.dx.pixel;
    }
  }
}

void NormBackwardImpl(const NormBackwardArgs& a) {
  ForChannels(a.forward.channels, [&](auto d, auto vectors, size_t c) HWY_ATTR {
    for (size_t n = 0; n < decltype(vectors)::value; ++n, c += hn::Lanes(d)) NormBackwardOf(d, a, c);
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
