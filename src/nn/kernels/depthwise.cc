// Depthwise convolutions, forward and backward: a vector holds channels, so a tap is one multiplication.
#include "nn/kernels/kernels.h"

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "nn/kernels/depthwise.cc"
#include <hwy/cache_control.h>
#include <hwy/foreach_target.h>
// After foreach_target.
#include "nn/kernels/simd-inl.h"

HWY_BEFORE_NAMESPACE();
namespace handlens::nn::kernels::HWY_NAMESPACE {

// Pixels that a block takes at once: they share the columns of x between them.
constexpr size_t kColumns = kManyRegisters ? 4 : 2;
constexpr size_t Span(size_t outputs, size_t stride, size_t kernel) {
  return (outputs - 1) * stride + kernel;
}

// Rows of outputs whose inputs of one vector of channels, a line a pixel, lie in the first cache.
HWY_INLINE size_t Band(size_t width, size_t kernel, size_t stride) {
  constexpr size_t kLines = 320;
  const size_t rows = kLines / Span(width, stride, kernel);
  return rows > kernel ? (rows - kernel) / stride + 1 : 1;
}

// Calls run(tag, channel) for every vector of channels.
template <class Run>
HWY_INLINE void ForEachVector(size_t channels, const Run& run) {
  ForChannels(channels, [&](auto d, auto vectors, size_t c) HWY_ATTR {
    for (size_t n = 0; n < decltype(vectors)::value; ++n, c += hn::Lanes(d)) run(d, c);
  });
}

// Calls run(Index<kernel>, Index<stride>) for the common windows; kernel 0 stands for all others.
template <class Run>
HWY_INLINE void ForWindow(size_t kernel, size_t stride, const Run& run) {
  if (kernel == 3 && stride == 1) return run(Index<3>(), Index<1>());
  if (kernel == 3 && stride == 2) return run(Index<3>(), Index<2>());
  if (kernel == 5 && stride == 1) return run(Index<5>(), Index<1>());
  if (kernel == 5 && stride == 2) return run(Index<5>(), Index<2>());
  run(Index<0>(), Index<0>());
}

// P neighbouring outputs of one vector of channels.
template <size_t P, size_t K, size_t S, class D>
HWY_INLINE void Block(D d, const DepthwiseArgs& a, const float* HWY_RESTRICT x, float* HWY_RESTRICT y,
                      size_t c) {
  using V = hn::Vec<D>;
  V acc[P];
  const V start = a.bias ? hn::LoadU(d, a.bias + c) : hn::Zero(d);
  for (size_t p = 0; p < P; ++p) acc[p] = start;
  const float* w = a.w + c;
  const size_t channels = a.channels, row = a.x.row, pixel = a.x.pixel;
  for (size_t p = 0; p < P; ++p) hwy::Prefetch(y + p * a.y.pixel + 2 * kLanes);
  for (size_t kh = 0; kh < K; ++kh, x += row) {
    V column[Span(P, S, K)];
    for (size_t k = 0; k < Span(P, S, K); ++k) column[k] = hn::LoadU(d, x + k * pixel);
    for (size_t kw = 0; kw < K; ++kw, w += channels) {
      const V tap = LoadOnce(d, w);
      for (size_t p = 0; p < P; ++p) acc[p] = FusedMulAdd(d, column[p * S + kw], tap, acc[p]);
    }
  }
  const V low = hn::Set(d, a.low), high = hn::Set(d, a.high);
  for (size_t p = 0; p < P; ++p) hn::StoreU(hn::Min(hn::Max(acc[p], low), high), d, y + p * a.y.pixel);
}

template <size_t K, size_t S, class D>
HWY_INLINE void Row(D d, const DepthwiseArgs& a, size_t oy, size_t c) {
  const float* x = a.x.at + S * oy * a.x.row + c;
  float* y = a.y.at + oy * a.y.row + c;
  const size_t step = S * a.x.pixel, pixel = a.y.pixel;
  size_t ox = 0;
  for (; ox + kColumns <= a.width; ox += kColumns)
    Block<kColumns, K, S>(d, a, x + ox * step, y + ox * pixel, c);
  for (; ox + 2 <= a.width; ox += 2) Block<2, K, S>(d, a, x + ox * step, y + ox * pixel, c);
  for (; ox < a.width; ++ox) Block<1, K, S>(d, a, x + ox * step, y + ox * pixel, c);
}

template <class D>
HWY_INLINE void AnyRow(D d, const DepthwiseArgs& a, size_t oy, size_t c) {
  const auto low = hn::Set(d, a.low), high = hn::Set(d, a.high);
  for (size_t ox = 0; ox < a.width; ++ox) {
    const float* x = a.x.at + a.stride * (oy * a.x.row + ox * a.x.pixel) + c;
    auto acc = a.bias ? hn::LoadU(d, a.bias + c) : hn::Zero(d);
    for (size_t kh = 0; kh < a.kernel; ++kh) {
      for (size_t kw = 0; kw < a.kernel; ++kw) {
        acc = FusedMulAdd(d, hn::LoadU(d, x + kh * a.x.row + kw * a.x.pixel),
                          hn::LoadU(d, a.w + (kh * a.kernel + kw) * a.channels + c), acc);
      }
    }
    hn::StoreU(hn::Min(hn::Max(acc, low), high), d, a.y.at + oy * a.y.row + ox * a.y.pixel + c);
  }
}

// Row after row over all channels: the rows of x that a row of y reads are then in a near cache.
void DepthwiseImpl(const DepthwiseArgs& a) {
  ForWindow(a.kernel, a.stride, [&](auto kernel, auto stride) HWY_ATTR {
    for (size_t oy = 0; oy < a.height; ++oy) {
      ForEachVector(a.channels, [&](auto d, size_t c) HWY_ATTR {
        constexpr size_t kK = decltype(kernel)::value;
        if constexpr (kK == 0) {
          AnyRow(d, a, oy, c);
        } else {
          Row<kK, decltype(stride)::value>(d, a, oy, c);
        }
      });
    }
  });
}

// P neighbouring pixels of dy onto the taps of R of the kernel's rows.
template <size_t P, size_t R, size_t K, size_t S, class D>
HWY_INLINE void Taps(D d, In x, const float* HWY_RESTRICT dy, size_t dy_pixel, hn::Vec<D>* acc) {
  hn::Vec<D> g[P];
  for (size_t p = 0; p < P; ++p) g[p] = LoadOnce(d, dy + p * dy_pixel);
  for (size_t kh = 0; kh < R; ++kh) {
    hn::Vec<D> column[Span(P, S, K)];
    for (size_t k = 0; k < Span(P, S, K); ++k) column[k] = LoadOnce(d, x.at + kh * x.row + k * x.pixel);
    for (size_t p = 0; p < P; ++p) {
      for (size_t kw = 0; kw < K; ++kw)
        acc[kh * K + kw] = FusedMulAdd(d, column[p * S + kw], g[p], acc[kh * K + kw]);
    }
  }
}

HWY_INLINE void FetchRow(const float* row, size_t pixels, size_t pixel) {
  for (size_t x = 0; x < pixels; ++x) hwy::Prefetch(row + x * pixel);
}

// Sums of R x K taps of one vector of channels, from row `kh` of the kernel on, in registers over some rows
// of the picture.
template <size_t R, size_t K, size_t S, class D>
HWY_INLINE void TapRows(D d, const DepthwiseWeightsArgs& a, const RowsOf& rows, size_t kh, size_t c) {
  hn::Vec<D> acc[R * K];
  float* own = a.own + kh * K * a.channels + c;
  for (size_t k = 0; k < R * K; ++k) acc[k] = rows.first ? hn::Zero(d) : hn::LoadU(d, own + k * a.channels);
  const size_t x_row = a.x.row, x_pixel = a.x.pixel, dy_pixel = a.dy.pixel;
  for (size_t oy = rows.begin; oy < rows.end; ++oy) {
    if (kh == 0) {  // what the next vector of channels reads
      for (size_t k = 0; k < S; ++k)
        FetchRow(a.x.at + (oy * S + k) * x_row + c + kLanes, S * a.width, x_pixel);
    }
    const float* x = a.x.at + (oy * S + kh) * x_row + c;
    const float* dy = a.dy.at + oy * a.dy.row + c;
    size_t ox = 0;
    for (; ox + kColumns <= a.width; ox += kColumns) {
      Taps<kColumns, R, K, S>(d, {x + ox * S * x_pixel, x_row, x_pixel}, dy + ox * dy_pixel, dy_pixel, acc);
    }
    for (; ox < a.width; ++ox)
      Taps<1, R, K, S>(d, {x + ox * S * x_pixel, x_row, x_pixel}, dy + ox * dy_pixel, dy_pixel, acc);
  }
  float* total = a.total + kh * K * a.channels + c;
  for (size_t k = 0; k < R * K; ++k) {
    const size_t at = k * a.channels;
    if (rows.last) {
      hn::StoreU(hn::Add(hn::LoadU(d, total + at), acc[k]), d, total + at);
    } else {
      hn::StoreU(acc[k], d, own + at);
    }
  }
}

template <class D>
HWY_INLINE void AnyTap(D d, const DepthwiseWeightsArgs& a, size_t tap, size_t c) {
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

void AnyWeights(const DepthwiseWeightsArgs& a) {
  ForEachVector(a.channels, [&](auto d, size_t c) HWY_ATTR {
    for (size_t tap = 0; tap < a.kernel * a.kernel; ++tap) AnyTap(d, a, tap, c);
  });
}

template <size_t K, size_t S>
void Weights(const DepthwiseWeightsArgs& a) {
  constexpr size_t kRows = K == 3 ? 3 : 1;  // what the registers hold
  ForRows(a.height, Band(a.width, K, S), [&](const RowsOf& rows) HWY_ATTR {
    ForEachVector(a.channels, [&](auto d, size_t c) HWY_ATTR {
      for (size_t kh = 0; kh < K; kh += kRows) TapRows<kRows, K, S>(d, a, rows, kh, c);
    });
  });
}

void DepthwiseWeightsImpl(const DepthwiseWeightsArgs& a) {
  ForWindow(a.kernel, a.stride, [&](auto kernel, auto stride) HWY_ATTR {
    if constexpr (decltype(kernel)::value == 0) {
      AnyWeights(a);
    } else {
      Weights<decltype(kernel)::value, decltype(stride)::value>(a);
    }
  });
}

// The outputs 0..count - 1 whose windows hold place `at`, counted from the first window's begin.
struct Readers {
  HWY_INLINE Readers(size_t at, size_t kernel, size_t stride, size_t count)
      : begin(at < kernel ? 0 : (at - kernel) / stride + 1), end(std::min(at / stride + 1, count)) {}
  size_t begin, end;
};

// A row of dx, and the rows of dy that read it.
struct DataRow {
  const DepthwiseDataArgs& args;
  Readers rows;
  size_t y;
};

// One pixel of dx.
template <class D>
HWY_INLINE void DataPixel(D d, const DataRow& row, size_t x, size_t c) {
  const DepthwiseDataArgs& a = row.args;
  const Readers rows = row.rows;
  const size_t y = row.y;
  const Readers columns(x + a.left, a.kernel, a.stride, a.dy_width);
  auto acc = hn::Zero(d);
  for (size_t oy = rows.begin; oy < rows.end; ++oy) {
    const float *dy = a.dy.at + oy * a.dy.row + c,
                *w = a.w + (y + a.top - oy * a.stride) * a.kernel * a.channels + c;
    for (size_t ox = columns.begin; ox < columns.end; ++ox) {
      const size_t kw = x + a.left - ox * a.stride;
      acc = FusedMulAdd(d, hn::LoadU(d, dy + ox * a.dy.pixel), hn::LoadU(d, w + kw * a.channels), acc);
    }
  }
  hn::StoreU(acc, d, a.dx.at + y * a.dx.row + x * a.dx.pixel + c);
}

// Every second one of 2 P pixels at stride 2, whose J columns of dy all exist: they share columns and taps.
template <size_t P, size_t J, class D>
HWY_INLINE void DataBlock(D d, const DataRow& row, size_t x, size_t c) {
  using V = hn::Vec<D>;
  const DepthwiseDataArgs& a = row.args;
  const Readers rows = row.rows;
  const size_t y = row.y;
  V acc[P];
  for (size_t p = 0; p < P; ++p) acc[p] = hn::Zero(d);
  float* dx = a.dx.at + y * a.dx.row + x * a.dx.pixel + c;
  const size_t dx_step = 2 * a.dx.pixel, channels = a.channels, dy_pixel = a.dy.pixel;
  for (size_t p = 0; p < P; ++p) hwy::Prefetch(dx + p * dx_step + 2 * kLanes);
  const size_t begin = (x + a.left) / 2 + 1 - J, kw = x + a.left - 2 * begin;
  for (size_t oy = rows.begin; oy < rows.end; ++oy) {
    const float *dy = a.dy.at + oy * a.dy.row + begin * dy_pixel + c,
                *w = a.w + ((y + a.top - 2 * oy) * a.kernel + kw) * channels + c;
    V column[P + J - 1];
    for (size_t k = 0; k < P + J - 1; ++k) column[k] = LoadOnce(d, dy + k * dy_pixel);
    for (size_t j = 0; j < J; ++j) {
      const V tap = LoadOnce(d, w - 2 * j * channels);
      for (size_t p = 0; p < P; ++p) acc[p] = FusedMulAdd(d, column[j + p], tap, acc[p]);
    }
  }
  for (size_t p = 0; p < P; ++p) hn::StoreU(acc[p], d, dx + p * dx_step);
}

// Pixels at an even place of the windows are held by one column more than those at an odd one.
template <size_t K, class D>
HWY_INLINE void DataAtStride2(D d, const DataRow& row, size_t c) {
  const DepthwiseDataArgs& a = row.args;
  const size_t begin = std::min(K - 1 - std::min(a.left, K - 1), a.width),
               end = std::min(2 * a.dy_width - a.left, a.width);
  size_t x = 0;
  for (; x < begin; ++x) DataPixel(d, row, x, c);
  for (; x + 2 * kColumns <= end; x += 2 * kColumns) {
    DataBlock<kColumns, (K + 1) / 2>(d, row, x, c);
    DataBlock<kColumns, K / 2>(d, row, x + 1, c);
  }
  for (; x + 2 <= end; x += 2) {
    DataBlock<1, (K + 1) / 2>(d, row, x, c);
    DataBlock<1, K / 2>(d, row, x + 1, c);
  }
  for (; x < a.width; ++x) DataPixel(d, row, x, c);
}

void DepthwiseDataImpl(const DepthwiseDataArgs& a) {
  ForWindow(a.kernel, a.stride, [&](auto kernel, auto stride) HWY_ATTR {
    constexpr size_t kK = decltype(kernel)::value;
    for (size_t y = 0; y < a.height; ++y) {
      const DataRow row{a, Readers(y + a.top, a.kernel, a.stride, a.dy_height), y};
      ForEachVector(a.channels, [&](auto d, size_t c) HWY_ATTR {
        if constexpr (decltype(stride)::value == 2) {
          DataAtStride2<kK>(d, row, c);
        } else {
          for (size_t x = 0; x < a.width; ++x) DataPixel(d, row, x, c);
        }
      });
    }
  });
}

// One pixel of N vectors of channels. Masked where there are limits.
template <bool kLimited, size_t N, class D>
HWY_INLINE void GradientPixel(D d, const ActivationBackwardArgs& a, const float* HWY_RESTRICT y,
                              float* HWY_RESTRICT dy, size_t c) {
  const size_t lanes = hn::Lanes(d);
  for (size_t n = 0; n < N; ++n, c += lanes) {
    auto g = hn::LoadU(d, dy + c);
    if constexpr (kLimited) {
      const auto v = hn::LoadU(d, y + c);
      g = hn::IfThenElseZero(hn::And(hn::Gt(v, hn::Set(d, a.low)), hn::Lt(v, hn::Set(d, a.high))), g);
      hn::StoreU(g, d, dy + c);
    }
    if (a.sum) hn::StoreU(hn::Add(hn::LoadU(d, a.sum + c), g), d, a.sum + c);
  }
}

template <bool kLimited>
void AllGradients(const ActivationBackwardArgs& a) {
  for (size_t row = 0; row < a.height; ++row) {
    const float* y = a.y.at + row * a.y.row;
    float* dy = a.dy.at + row * a.dy.row;
    for (size_t x = 0; x < a.width; ++x, y += a.y.pixel, dy += a.dy.pixel) {
      ForChannels(a.channels, [&](auto d, auto vectors, size_t c) HWY_ATTR {
        GradientPixel<kLimited, decltype(vectors)::value>(d, a, y, dy, c);
      });
    }
  }
}

void ActivationBackwardImpl(const ActivationBackwardArgs& a) {
  a.low > -kUnlimited || a.high < kUnlimited ? AllGradients<true>(a) : AllGradients<false>(a);
}

}  // namespace handlens::nn::kernels::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace handlens::nn::kernels {

HWY_EXPORT(DepthwiseImpl);
HWY_EXPORT(DepthwiseWeightsImpl);
HWY_EXPORT(DepthwiseDataImpl);
HWY_EXPORT(ActivationBackwardImpl);

void Depthwise(const DepthwiseArgs& a) { HWY_DYNAMIC_DISPATCH(DepthwiseImpl)(a); }
void DepthwiseWeights(const DepthwiseWeightsArgs& a) { HWY_DYNAMIC_DISPATCH(DepthwiseWeightsImpl)(a); }
void DepthwiseData(const DepthwiseDataArgs& a) { HWY_DYNAMIC_DISPATCH(DepthwiseDataImpl)(a); }
void ActivationBackward(const ActivationBackwardArgs& a) { HWY_DYNAMIC_DISPATCH(ActivationBackwardImpl)(a); }

}  // namespace handlens::nn::kernels
#endif
