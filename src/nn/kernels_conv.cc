// Convolutions and depthwise convolutions, forward and backward.
#include "nn/kernels.h"

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "nn/kernels_conv.cc"
#include <hwy/foreach_target.h>
// After foreach_target.
#include "nn/simd-inl.h"

HWY_BEFORE_NAMESPACE();
namespace handlens::nn::kernels::HWY_NAMESPACE {

// P pixels x N vectors of outputs, kept in registers over all taps.
template <size_t P, size_t N, class D>
HWY_INLINE void ConvBlock(D d, const ConvForwardArgs& a, const float* x, float* y, size_t c) {
  const size_t lanes = hn::Lanes(d), step = a.taps.stride * a.x.pixel;
  hn::Vec<D> acc[P][N];
  for (size_t n = 0; n < N; ++n) {
    const auto start = a.bias ? hn::LoadU(d, a.bias + c + n * lanes) : hn::Zero(d);
    for (size_t p = 0; p < P; ++p) acc[p][n] = start;
  }
  const float* w = a.w + c;
  for (size_t kh = 0; kh < a.taps.rows; ++kh) {
    for (size_t kw = 0; kw < a.taps.columns; ++kw) {
      const float* HWY_RESTRICT from = x + kh * a.x.row + kw * a.x.pixel;
      for (size_t i = 0; i < a.taps.run; ++i, w += a.channels) {
        hn::Vec<D> k[N];
        for (size_t n = 0; n < N; ++n) k[n] = hn::LoadU(d, w + n * lanes);
        for (size_t p = 0; p < P; ++p) {
          const auto s = hn::Set(d, from[p * step + i]);
          for (size_t n = 0; n < N; ++n) acc[p][n] = FusedMulAdd(d, s, k[n], acc[p][n]);
        }
      }
    }
  }
  for (size_t p = 0; p < P; ++p) {
    for (size_t n = 0; n < N; ++n) hn::StoreU(acc[p][n], d, y + p * a.y.pixel + c + n * lanes);
  }
}

void ConvForwardImpl(const ConvForwardArgs& a) {
  ForChannels(a.channels, [&](auto d, auto vectors, size_t c) HWY_ATTR {
    constexpr size_t kN = decltype(vectors)::value;
    constexpr size_t kP = kManyRegisters ? 8 : kN == 2 ? 4 : 8;
    for (size_t oy = 0; oy < a.height; ++oy) {
      const float* x = a.x.at + oy * a.taps.stride * a.x.row;
      float* y = a.y.at + oy * a.y.row;
      const size_t step = a.taps.stride * a.x.pixel;
      size_t ox = 0;
      for (; ox + kP <= a.width; ox += kP) ConvBlock<kP, kN>(d, a, x + ox * step, y + ox * a.y.pixel, c);
      for (; ox + 2 <= a.width; ox += 2) ConvBlock<2, kN>(d, a, x + ox * step, y + ox * a.y.pixel, c);
      for (; ox < a.width; ++ox) ConvBlock<1, kN>(d, a, x + ox * step, y + ox * a.y.pixel, c);
    }
  });
}

// R taps x N vectors of outputs, kept in registers over all pixels of the picture.
template <size_t R, size_t N, class D>
HWY_INLINE void WeightsBlock(D d, const ConvWeightsArgs& a, const float* x, float* total, size_t c) {
  const size_t lanes = hn::Lanes(d), step = a.taps.stride * a.x.pixel;
  hn::Vec<D> acc[R][N];
  for (size_t r = 0; r < R; ++r) {
    for (size_t n = 0; n < N; ++n) acc[r][n] = hn::Zero(d);
  }
  for (size_t oy = 0; oy < a.height; ++oy) {
    const float* HWY_RESTRICT from = x + oy * a.taps.stride * a.x.row;
    const float* HWY_RESTRICT dy = a.dy.at + oy * a.dy.row + c;
    for (size_t ox = 0; ox < a.width; ++ox, from += step, dy += a.dy.pixel) {
      hn::Vec<D> g[N];
      for (size_t n = 0; n < N; ++n) g[n] = hn::LoadU(d, dy + n * lanes);
      for (size_t r = 0; r < R; ++r) {
        const auto s = hn::Set(d, from[r]);
        for (size_t n = 0; n < N; ++n) acc[r][n] = FusedMulAdd(d, s, g[n], acc[r][n]);
      }
    }
  }
  for (size_t r = 0; r < R; ++r) {
    for (size_t n = 0; n < N; ++n) {
      float* to = total + r * a.channels + c + n * lanes;
      hn::StoreU(hn::Add(hn::LoadU(d, to), acc[r][n]), d, to);
    }
  }
}

void ConvWeightsImpl(const ConvWeightsArgs& a) {
  ForChannels(a.channels, [&](auto d, auto vectors, size_t c) HWY_ATTR {
    constexpr size_t kN = decltype(vectors)::value;
    constexpr size_t kR = kManyRegisters ? 9 : kN == 2 ? 4 : 9;
    float* total = a.total;
    for (size_t kh = 0; kh < a.taps.rows; ++kh) {
      for (size_t kw = 0; kw < a.taps.columns; ++kw) {
        const float* x = a.x.at + kh * a.x.row + kw * a.x.pixel;
        size_t i = 0;
        for (; i + kR <= a.taps.run; i += kR) WeightsBlock<kR, kN>(d, a, x + i, total + i * a.channels, c);
        for (; i + 3 <= a.taps.run; i += 3) WeightsBlock<3, kN>(d, a, x + i, total + i * a.channels, c);
        for (; i < a.taps.run; ++i) WeightsBlock<1, kN>(d, a, x + i, total + i * a.channels, c);
        total += a.taps.run * a.channels;
      }
    }
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

// Pixels that a depthwise block takes at once: they share the columns of x between them.
constexpr size_t kColumns = kManyRegisters ? 4 : 2;
constexpr size_t Span(size_t outputs, size_t stride) { return (outputs - 1) * stride + 3; }

// P neighbouring outputs of one vector of channels at stride S, 3 x 3 weights in registers.
template <size_t P, size_t S, class D>
HWY_INLINE void DepthwiseBlock(D d, const hn::Vec<D>* w, hn::Vec<D> start, In x, float* HWY_RESTRICT y, size_t y_pixel) {
  hn::Vec<D> acc[P];
  for (size_t p = 0; p < P; ++p) acc[p] = start;
  for (size_t kh = 0; kh < 3; ++kh) {
    hn::Vec<D> column[Span(P, S)];
    for (size_t k = 0; k < Span(P, S); ++k) column[k] = hn::LoadU(d, x.at + kh * x.row + k * x.pixel);
    for (size_t kw = 0; kw < 3; ++kw) {
      for (size_t p = 0; p < P; ++p) acc[p] = FusedMulAdd(d, column[p * S + kw], w[kh * 3 + kw], acc[p]);
    }
  }
  for (size_t p = 0; p < P; ++p) hn::StoreU(acc[p], d, y + p * y_pixel);
}

template <size_t S, class D>
HWY_INLINE void Depthwise3(D d, const DepthwiseArgs& a, size_t c) {
  hn::Vec<D> w[9];
  for (size_t k = 0; k < 9; ++k) w[k] = hn::LoadU(d, a.w + k * a.channels + c);
  const auto start = a.bias ? hn::LoadU(d, a.bias + c) : hn::Zero(d);
  const size_t height = a.height, width = a.width, x_row = a.x.row, x_pixel = a.x.pixel, y_pixel = a.y.pixel, y_row = a.y.row;
  const float* const x = a.x.at + c;
  float* const y = a.y.at + c;
  for (size_t oy = 0; oy < height; ++oy) {
    const auto from = [&](size_t ox) { return In{x + S * (oy * x_row + ox * x_pixel), x_row, x_pixel}; };
    float* to = y + oy * y_row;
    size_t ox = 0;
    for (; ox + kColumns <= width; ox += kColumns) DepthwiseBlock<kColumns, S>(d, w, start, from(ox), to + ox * y_pixel, y_pixel);
    for (; ox < width; ++ox) DepthwiseBlock<1, S>(d, w, start, from(ox), to + ox * y_pixel, y_pixel);
  }
}

template <class D>
HWY_INLINE void DepthwiseAny(D d, const DepthwiseArgs& a, size_t c) {
  for (size_t oy = 0; oy < a.height; ++oy) {
    for (size_t ox = 0; ox < a.width; ++ox) {
      const float* x = a.x.at + a.stride * (oy * a.x.row + ox * a.x.pixel) + c;
      auto acc = a.bias ? hn::LoadU(d, a.bias + c) : hn::Zero(d);
      for (size_t kh = 0; kh < a.kernel; ++kh) {
        for (size_t kw = 0; kw < a.kernel; ++kw) {
          acc = FusedMulAdd(d, hn::LoadU(d, x + kh * a.x.row + kw * a.x.pixel),
                            hn::LoadU(d, a.w + (kh * a.kernel + kw) * a.channels + c), acc);
        }
      }
      hn::StoreU(acc, d, a.y.at + oy * a.y.row + ox * a.y.pixel + c);
    }
  }
}

void DepthwiseImpl(const DepthwiseArgs& a) {
  ForChannels(a.channels, [&](auto d, auto vectors, size_t c) HWY_ATTR {
    for (size_t n = 0; n < decltype(vectors)::value; ++n, c += hn::Lanes(d)) {
      if (a.kernel == 3 && a.stride == 1) {
        Depthwise3<1>(d, a, c);
      } else if (a.kernel == 3 && a.stride == 2) {
        Depthwise3<2>(d, a, c);
      } else {
        DepthwiseAny(d, a, c);
      }
    }
  });
}

// P neighbouring pixels of dy at stride S onto the nine taps.
template <size_t P, size_t S, class D>
HWY_INLINE void DepthwiseTaps(D d, In x, const float* HWY_RESTRICT dy, size_t dy_pixel, hn::Vec<D>* acc) {
  hn::Vec<D> g[P];
  for (size_t p = 0; p < P; ++p) g[p] = hn::LoadU(d, dy + p * dy_pixel);
  for (size_t kh = 0; kh < 3; ++kh) {
    hn::Vec<D> column[Span(P, S)];
    for (size_t k = 0; k < Span(P, S); ++k) column[k] = hn::LoadU(d, x.at + kh * x.row + k * x.pixel);
    for (size_t p = 0; p < P; ++p) {
      for (size_t kw = 0; kw < 3; ++kw) acc[kh * 3 + kw] = FusedMulAdd(d, column[p * S + kw], g[p], acc[kh * 3 + kw]);
    }
  }
}

// All nine taps of one vector of channels, kept in registers over all pixels.
template <size_t S, class D>
HWY_INLINE void DepthwiseWeights3(D d, const DepthwiseWeightsArgs& a, size_t c) {
  hn::Vec<D> acc[9];
  for (size_t k = 0; k < 9; ++k) acc[k] = hn::Zero(d);
  const size_t height = a.height, width = a.width, x_row = a.x.row, x_pixel = a.x.pixel, dy_pixel = a.dy.pixel;
  for (size_t oy = 0; oy < height; ++oy) {
    const float* x = a.x.at + oy * S * x_row + c;
    const float* dy = a.dy.at + oy * a.dy.row + c;
    size_t ox = 0;
    for (; ox + kColumns <= width; ox += kColumns) {
      DepthwiseTaps<kColumns, S>(d, {x + ox * S * x_pixel, x_row, x_pixel}, dy + ox * dy_pixel, dy_pixel, acc);
    }
    for (; ox < width; ++ox) DepthwiseTaps<1, S>(d, {x + ox * S * x_pixel, x_row, x_pixel}, dy + ox * dy_pixel, dy_pixel, acc);
  }
  for (size_t k = 0; k < 9; ++k) {
    float* to = a.total + k * a.channels + c;
    hn::StoreU(hn::Add(hn::LoadU(d, to), acc[k]), d, to);
  }
}

template <class D>
HWY_INLINE void DepthwiseTap(D d, const DepthwiseWeightsArgs& a, size_t tap, size_t c) {
  auto acc = hn::Zero(d);
  for (size_t oy = 0; oy < a.height; ++oy) {
    for (size_t ox = 0; ox < a.width; ++ox) {
      const size_t row = oy * a.stride + tap / a.kernel, column = ox * a.stride + tap % a.kernel;
      acc = FusedMulAdd(d, hn::LoadU(d, a.x.at + row * a.x.row + column * a.x.pixel + c),
                        hn::LoadU(d, a.dy.at + oy * a.dy.row + ox * a.dy.pixel + c), acc);
    }
  }
  float* to = a.total + tap * a.channels + c;
  hn::StoreU(hn::Add(hn::LoadU(d, to), acc), d, to);
}

void DepthwiseWeightsImpl(const DepthwiseWeightsArgs& a) {
  ForChannels(a.channels, [&](auto d, auto vectors, size_t c) HWY_ATTR {
    for (size_t n = 0; n < decltype(vectors)::value; ++n, c += hn::Lanes(d)) {
      if (a.kernel == 3 && a.stride == 1) {
        DepthwiseWeights3<1>(d, a, c);
      } else if (a.kernel == 3 && a.stride == 2) {
        DepthwiseWeights3<2>(d, a, c);
      } else {
        for (size_t tap = 0; tap < a.kernel * a.kernel; ++tap) DepthwiseTap(d, a, tap, c);
      }
    }
  });
}

void DepthwiseScatterImpl(const DepthwiseScatterArgs& a) {
  ForChannels(a.channels, [&](auto d, auto vectors, size_t c) HWY_ATTR {
    for (size_t n = 0; n < decltype(vectors)::value; ++n, c += hn::Lanes(d)) {
      for (size_t oy = 0; oy < a.height; ++oy) {
        for (size_t ox = 0; ox < a.width; ++ox) {
          const auto g = hn::LoadU(d, a.dy.at + oy * a.dy.row + ox * a.dy.pixel + c);
          float* corner = a.dx.at + a.stride * (oy * a.dx.row + ox * a.dx.pixel) + c;
          for (size_t tap = 0; tap < a.kernel * a.kernel; ++tap) {
            float* to = corner + tap / a.kernel * a.dx.row + tap % a.kernel * a.dx.pixel;
            hn::StoreU(FusedMulAdd(d, g, hn::LoadU(d, a.w + tap * a.channels + c), hn::LoadU(d, to)), d, to);
          }
        }
      }
    }
  });
}

}  // namespace handlens::nn::kernels::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace handlens::nn::kernels {

HWY_EXPORT(ConvForwardImpl);
HWY_EXPORT(ConvWeightsImpl);
HWY_EXPORT(ConvScatterImpl);
HWY_EXPORT(DepthwiseImpl);
HWY_EXPORT(DepthwiseWeightsImpl);
HWY_EXPORT(DepthwiseScatterImpl);

void ConvForward(const ConvForwardArgs& a) { HWY_DYNAMIC_DISPATCH(ConvForwardImpl)(a); }
void ConvWeights(const ConvWeightsArgs& a) { HWY_DYNAMIC_DISPATCH(ConvWeightsImpl)(a); }
void ConvScatter(const ConvScatterArgs& a) { HWY_DYNAMIC_DISPATCH(ConvScatterImpl)(a); }
void Depthwise(const DepthwiseArgs& a) { HWY_DYNAMIC_DISPATCH(DepthwiseImpl)(a); }
void DepthwiseWeights(const DepthwiseWeightsArgs& a) { HWY_DYNAMIC_DISPATCH(DepthwiseWeightsImpl)(a); }
void DepthwiseScatter(const DepthwiseScatterArgs& a) { HWY_DYNAMIC_DISPATCH(DepthwiseScatterImpl)(a); }

}  // namespace handlens::nn::kernels
#endif
