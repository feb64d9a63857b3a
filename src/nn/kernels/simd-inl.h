// What every kernel file includes once per instruction set: the exact fused multiply-add and the loop over
// channels.
#if defined(HANDLENS_NN_SIMD_INL_H_) == defined(HWY_TARGET_TOGGLE)
#ifdef HANDLENS_NN_SIMD_INL_H_
#undef HANDLENS_NN_SIMD_INL_H_
#else
#define HANDLENS_NN_SIMD_INL_H_
#endif

#include <hwy/highway.h>

#include <cmath>
#include <type_traits>

HWY_BEFORE_NAMESPACE();
namespace handlens::nn::kernels::HWY_NAMESPACE {

namespace hn = hwy::HWY_NAMESPACE;

using Wide = hn::ScalableTag<float>;
using Eight = hn::CappedTag<float, 8>;

// Registers that a block of accumulators may take.
constexpr size_t kManyRegisters = HWY_TARGET <= HWY_AVX3 || HWY_ARCH_ARM_A64 ? 1 : 0;

template <size_t N>
using Index = std::integral_constant<size_t, N>;

// a * b + c with one rounding. Processors without the instruction get the same bits the long way: the product
// of two floats is exact in double, the sum is rounded to odd there, and rounding that to float is then the
// one rounding.
template <class D, class V = hn::Vec<D>>
HWY_INLINE V FusedMulAdd(D d, V a, V b, V c) {
#if HWY_NATIVE_FMA
  (void)d;
  return hn::MulAdd(a, b, c);
#else
  HWY_ALIGN float x[HWY_MAX_BYTES / 4], y[HWY_MAX_BYTES / 4], z[HWY_MAX_BYTES / 4];
  hn::StoreU(a, d, x);
  hn::StoreU(b, d, y);
  hn::StoreU(c, d, z);
  for (size_t i = 0; i < hn::Lanes(d); ++i) {
    const double p = static_cast<double>(x[i]) * static_cast<double>(y[i]), q = static_cast<double>(z[i]);
    double s = p + q;
    const double t = s - p, error = (p - (s - t)) + (q - t);
    uint64_t bits = 0;
    __builtin_memcpy(&bits, &s, 8);
    // Infinities and NaN have no error to speak of.
    if (error != 0 && (bits & 1) == 0 && std::isfinite(s)) bits += (error > 0) == (s > 0) ? 1 : ~uint64_t{0};
    __builtin_memcpy(&s, &bits, 8);
    z[i] = static_cast<float>(s);
  }
  return hn::LoadU(d, z);
#endif
}

// Loads a vector that several operations read, once: the compiler would rather load it anew for each of them,
// and a processor multiplies as fast as it loads.
template <class D, class V = hn::Vec<D>>
HWY_INLINE V LoadOnce(D d, const float* from) {
  V v = hn::LoadU(d, from);
#if HWY_ARCH_X86 && HWY_COMPILER_GCC && HWY_TARGET != HWY_EMU128 && HWY_TARGET != HWY_SCALAR
  asm("" : "+v"(v.raw));
#endif
  return v;
}

// Calls block(tag, Index<vectors>, channel) over all padded channels: pairs of vectors, one vector, eight
// lanes.
template <class Block>
HWY_INLINE void ForChannels(size_t channels, const Block& block) {
  const Wide wide;
  const size_t n = hn::Lanes(wide);
  size_t c = 0;
  for (; c + 2 * n <= channels; c += 2 * n) block(wide, Index<2>(), c);
  for (; c + n <= channels; c += n) block(wide, Index<1>(), c);
  if (c < channels) block(Eight(), Index<1>(), c);
}

// Floats of a picture that are worked on at a time, so that they stay in the second cache.
constexpr size_t kNearFloats = size_t{48} << 10;

// Some of a picture's rows, and whether sums over the picture begin or end with them.
struct RowsOf {
  size_t begin, end;
  bool first, last;
};
template <class Run>
HWY_INLINE void ForRows(size_t height, size_t at_once, const Run& run) {
  const size_t step = HWY_MAX(at_once, size_t{1});
  for (size_t begin = 0; begin < height; begin += step) {
    run(RowsOf{begin, HWY_MIN(begin + step, height), begin == 0, begin + step >= height});
  }
}

}  // namespace handlens::nn::kernels::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();
#endif
