// The kernels of the fast backend: plain functions over strided buffers, each compiled for every instruction
// set and chosen at run time. Nothing here knows of layers, batches or memory.
//
// Buffers are (height, width, channels) with the channels padded to a multiple of 8 ("padded"); padding lanes
// hold zeros and stay zero. `row` and `pixel` are strides in floats. Output channels lie in the lanes of a
// vector; every output number is one chain of fused multiply-adds in an order that is stated per kernel and
// never depends on the width of a vector, so all instruction sets give the same bits.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <limits>

#include "nn/params.h"

namespace handlens::nn::kernels {

constexpr size_t Padded(size_t channels) { return (channels + 7) / 8 * 8; }

template <class T>
struct View {  // the first pixel that is used, borders before it
  T* at = nullptr;
  size_t row = 0, pixel = 0;
};
using In = View<const float>;
using Out = View<float>;

// A window's taps over `x` in the order (kh, kw, ci), as `rows` x `columns` runs of `run` neighbouring
// floats: where the pixels lie without gaps the columns of a row are one run.
struct Taps {
  size_t rows = 1, columns = 1, run = 1;
  size_t stride = 1;
  size_t Count() const { return rows * columns * run; }
};

// Weights in panels of sixteen output channels, in each tap after tap: (panels, taps, 16), zeros beyond the
// last channel.
constexpr size_t PanelFloats(size_t taps, size_t channels) { return WholeLanes(channels) * taps; }

// y[oy, ox, o] = bias[o] + sum over taps x w within low..high; chain from the bias over (kh, kw, ci). w in
// panels; bias of whole panels or null, for zeros.
constexpr float kUnlimited = std::numeric_limits<float>::infinity();
struct ConvForwardArgs {
  In x;
  Out y;
  size_t height = 0, width = 0, channels = 0;  // of y; padded
  Taps taps;
  const float* w = nullptr;
  const float* bias = nullptr;
  float low = -kUnlimited, high = kUnlimited;
};
void ConvForward(const ConvForwardArgs& a);

// total[tap, o] += sum over pixels x dy, one chain from zero over the picture's pixels. total (taps, padded).
struct ConvWeightsArgs {
  In x;
  In dy;
  size_t height = 0, width = 0, channels = 0;
  Taps taps;
  float* own = nullptr;  // scratch of the shape of total: large pictures go some rows at a time
  float* total = nullptr;
};
void ConvWeights(const ConvWeightsArgs& a);

// dx[tap] += sum over o w dy, pixel after pixel; dx's channels in the lanes. wt (o, taps of ci padded): run =
// all floats of a row of taps.
struct ConvScatterArgs {
  Out dx;
  In dy;
  size_t height = 0, width = 0, outputs = 0;
  Taps taps;
  const float* wt = nullptr;
};
void ConvScatter(const ConvScatterArgs& a);

// Depthwise k x k: w (k * k, padded). Forward chain from bias or zero over (kh, kw), then within low..high.
struct DepthwiseArgs {
  In x;
  Out y;
  size_t height = 0, width = 0, channels = 0;  // of y
  size_t kernel = 3, stride = 1;
  const float* w = nullptr;
  const float* bias = nullptr;
  float low = -kUnlimited, high = kUnlimited;
};
void Depthwise(const DepthwiseArgs& a);
// total[tap, c] += chain over the picture's pixels of x dy.
struct DepthwiseWeightsArgs {
  In x;
  In dy;
  size_t height = 0, width = 0, channels = 0;  // of dy
  size_t kernel = 3, stride = 1;
  float* own = nullptr;  // scratch of the shape of total
  float* total = nullptr;
};
void DepthwiseWeights(const DepthwiseWeightsArgs& a);
// dx = sum of w dy over the windows that hold the pixel; chain from zero over their pixels of dy.
struct DepthwiseDataArgs {
  Out dx;
  In dy;
  size_t height = 0, width = 0, channels = 0;  // of dx
  size_t dy_height = 0, dy_width = 0;
  size_t top = 0, left = 0;  // padding
  size_t kernel = 3, stride = 1;
  const float* w = nullptr;
};
void DepthwiseData(const DepthwiseDataArgs& a);

// Where low < y < high passes dy, which is zero elsewhere afterwards; then sum[o] += dy, one chain over the
// pixels. Without a limit all of dy passes and y is not read; sum may be null.
struct ActivationBackwardArgs {
  In y;
  Out dy;
  size_t height = 0, width = 0, channels = 0;
  float low = -kUnlimited, high = kUnlimited;
  float* sum = nullptr;
};
void ActivationBackward(const ActivationBackwardArgs& a);

// Codes of a pooled pixel's places, row by row: kRight and kDown added, so that of two columns of four
// values, one below the other, those of tap kh are at code + kh. kShut: the ReLU is shut.
constexpr int32_t kRight = 4, kDown = 1, kShut = 8;
constexpr int32_t kPlaces[4] = {0, kRight, kDown, kRight + kDown};
// 3 x 3 convolution of stride 1, bias, ReLU and max pool 2 in one: y is the pooled picture (height, width),
// `best` (height, width, channels) the code of the largest's place (the first of equals).
struct ConvPoolForwardArgs {
  In x;
  float* y = nullptr;
  uint8_t* best = nullptr;
  size_t height = 0, width = 0, channels = 0;
  Taps taps;
  const float* w = nullptr;
  const float* bias = nullptr;
};
void ConvPoolForward(const ConvPoolForwardArgs& a);

// Backward of the same, over the one place in four that has a gradient. dy, best (height, width, channels) as
// above. A sum of dx runs over stretches of pixels, in each over the windows' rows, its pixels and their
// filters.
struct ConvPoolBackwardArgs {
  In x;
  Out dx;  // at = null when nobody needs it; zeroed by the caller
  const float* dy = nullptr;
  const uint8_t* best = nullptr;
  size_t height = 0, width = 0, channels = 0, filters = 0;  // padded, real
  size_t run = 0;                                           // floats of three neighbouring pixels of x
  const float* wt = nullptr;                                // (filters, 3, RunStride(run))
  float* own = nullptr;                                     // PoolSums: scratch for this picture's sums
  float* total =
      nullptr;  // the same shape, += this picture's sums; what lies between the taps is of no meaning
  float* bias = nullptr;     // (padded) += sum of dy
  float* scratch = nullptr;  // PoolScratch
};
constexpr size_t kStretch = 24;  // pixels of a stretch
constexpr size_t RunStride(size_t run) { return WholeLanes(run); }
constexpr size_t kThreeChannels = 9;  // such a run
// Sums of the kernel's gradient: (27 taps, padded) of three channels, else (filters, 3, RunStride(run)).
constexpr size_t PoolSums(size_t run, size_t filters) {
  return run == kThreeChannels ? 3 * run * Padded(filters) : filters * 3 * RunStride(run);
}
// Four lists of filters and their gradients for each pixel of a stretch, a vector's room behind each: more
// than the weight gradient needs, but for the table of three channels.
constexpr size_t PoolScratch(size_t channels, size_t width) {
  return std::max(8 * (channels + kLanes) * kStretch, 3 * 4 * (2 * width + 2));
}
void ConvPoolBackward(const ConvPoolBackwardArgs& a);

// Dense layers with weights in blocks (params.h). x (batch, x_stride), zero from `inputs` to the next
// multiple of
// 16. y[b, o] = bias + sum: sixteen chains, input i in chain i mod 16, then halves added to halves.
struct DenseForwardArgs {
  const float* x = nullptr;
  size_t x_stride = 0, inputs = 0;
  const float* w = nullptr;
  const float* bias = nullptr;
  float* y = nullptr;  // (batch, y_stride)
  size_t y_stride = 0, outputs = 0, batch = 0;
  float* partial = nullptr;  // (outputs, batch, 16): the chains
};
void DenseForward(const DenseForwardArgs& a);
// One pass over the weights: dx[b, i] = chain over o of w dy; then the optimiser's step with gradient chain
// over b of x dy. Behind a ReLU many neurons are shut for a whole batch: their terms are zeros, which change
// no sum, and are left out; where the step is zero as well (plain SGD) their weights are not even read. dx
// may be null.
struct DenseBackwardArgs {
  const float* x = nullptr;
  size_t x_stride = 0, inputs = 0;
  float* dx = nullptr;             // (batch, x_stride)
  const float* dy_rows = nullptr;  // (batch, live)
  const float* dy = nullptr;  // the same as (live, batch): both orders are read one number after the other
  const uint32_t* neurons =
      nullptr;  // which neurons: those `live` with a gradient, then the others, each in their order
  size_t live = 0, outputs = 0, batch = 0;
  float *w = nullptr, *moment1 = nullptr, *moment2 = nullptr;
  float decay = 0;
};
void DenseBackward(const DenseBackwardArgs& a, const Update& update);

// Batch norm: x, y, dy and dx have pixels of exactly `channels` floats.
// Sums over the pixels of one picture, (padded) each: mean, and sum of squared distances from it (begun from
// zero).
struct MomentsArgs {
  In x;
  size_t height = 0, width = 0, channels = 0;
  float* mean = nullptr;
  float* spread = nullptr;
  float* scratch = nullptr;  // 8 x channels
};
void Moments(const MomentsArgs& a);

// y = min(max(fma(x - mean, scale, beta), low), high); per channel. ReLU by low = 0. What is per channel is
// given four times in a row (4, channels), so that vectors may begin at any channel.
struct NormArgs {
  In x;
  Out y;
  size_t height = 0, width = 0, channels = 0;
  const float *mean = nullptr, *scale = nullptr, *beta = nullptr;
  float low = 0, high = 0;
};
void Norm(const NormArgs& a);
// Where low < y < high passes dy. sum += dy, sum_hat += dy (x - mean), per picture from zero.
struct NormSumsArgs {
  NormArgs forward;
  In dy;
  float* sum = nullptr;  // (channels)
  float* sum_hat = nullptr;
  float* scratch = nullptr;  // 8 x channels
};
void NormSums(const NormSumsArgs& a);
// dx = scale (dy - a - (x - mean) b), per channel; a, b (4, channels).
struct NormBackwardArgs {
  NormArgs forward;
  In dy;
  Out dx;
  const float *a = nullptr, *b = nullptr;
};
void NormBackward(const NormBackwardArgs& a);

// y = step x (x / step within low .. high, rounded half to even); low and high whole numbers below 2^22. Rows
// of `floats` numbers, a multiple of 8. NaN stays NaN.
struct RoundArgs {
  In x;
  Out y;
  size_t height = 0, floats = 0;
  float step = 1, low = 0, high = 0;
};
void Round(const RoundArgs& a);
// dx = dy where low <= x / step <= high, else 0; y is not used.
struct RoundBackwardArgs {
  RoundArgs forward;
  In dy;
  Out dx;
};
void RoundBackward(const RoundBackwardArgs& a);

}  // namespace handlens::nn::kernels
