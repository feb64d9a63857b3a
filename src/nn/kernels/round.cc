// Rounding to the steps of int8 and the gradient that passes it, row by row.
#include "nn/kernels/kernels.h"

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "nn/kernels/round.cc"
#include <hwy/foreach_target.h>
// After foreach_target.
#include "nn/kernels/simd-inl.h"

HWY_BEFORE_NAMESPACE();
namespace handlens::nn::kernels::HWY_NAMESPACE {

// Calls block(tag, place) over all numbers of a row.
template <class Block>
HWY_INLINE void ForRow(size_t floats, const Block& block) {
  const Wide wide;
  const Eight eight;
  size_t at = 0;
  for (; at + hn::Lanes(wide) <= floats; at += hn::Lanes(wide)) block(wide, at);
  for (; at < floats; at += hn::Lanes(eight)) block(eight, at);
}

void RoundImpl(const RoundArgs& a) {
  constexpr float kNoFraction = 12582912.0f;  // 1.5 x 2^23: the sum has no place for a fraction
  for (size_t row = 0; row < a.height; ++row) {
    const float* x = a.x.at + row * a.x.row;
    float* y = a.y.at + row * a.y.row;
    ForRow(a.floats, [&](auto d, size_t at) HWY_ATTR {
      const auto low = hn::Set(d, a.low), high = hn::Set(d, a.high), step = hn::Set(d, a.step),
                 no_fraction = hn::Set(d, kNoFraction);
      auto steps = hn::Div(hn::LoadU(d, x + at), step);
      steps = hn::IfThenElse(hn::Lt(steps, low), low, steps);  // not Max, which does as it likes with NaN
      steps = hn::IfThenElse(hn::Gt(steps, high), high, steps);
      hn::StoreU(hn::Mul(step, hn::Sub(hn::Add(steps, no_fraction), no_fraction)), d, y + at);
    });
  }
}

void RoundBackwardImpl(const RoundBackwardArgs& a) {
  const RoundArgs& f = a.forward;
  for (size_t row = 0; row < f.height; ++row) {
    const float *x = f.x.at + row * f.x.row, *dy = a.dy.at + row * a.dy.row;
    float* dx = a.dx.at + row * a.dx.row;
    ForRow(f.floats, [&](auto d, size_t at) HWY_ATTR {
      const auto steps = hn::Div(hn::LoadU(d, x + at), hn::Set(d, f.step));
      const auto shut = hn::Or(hn::Lt(steps, hn::Set(d, f.low)), hn::Gt(steps, hn::Set(d, f.high)));
      hn::StoreU(hn::IfThenZeroElse(shut, hn::LoadU(d, dy + at)), d, dx + at);
    });
  }
}

}  // namespace handlens::nn::kernels::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace handlens::nn::kernels {

HWY_EXPORT(RoundImpl);
HWY_EXPORT(RoundBackwardImpl);

void Round(const RoundArgs& a) { HWY_DYNAMIC_DISPATCH(RoundImpl)(a); }
void RoundBackward(const RoundBackwardArgs& a) { HWY_DYNAMIC_DISPATCH(RoundBackwardImpl)(a); }

}  // namespace handlens::nn::kernels
#endif
