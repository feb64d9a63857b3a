// The plain layers: one forward/backward pair of free functions a kind. They are the specification of the
// engine and the oracle of its kernels, so they are written to be read, and no faster than they come out.
//
// Shapes: x, y and their gradients dx, dy are one picture's (H, W, C), or (n, C) rows where said so. Backward
// functions add to dx (which may be null when nobody needs it) and to the parameters' gradients. Every sum is
// one chain of fused multiply-adds in the order of the loops.
#pragma once

#include <span>

#include "base/rng.h"
#include "nn/nn.h"
#include "nn/spec.h"

namespace handlens::nn::reference {

// y = (x - mean) / std a channel; mean, std (C). Gradient: dx += dy / std.
struct Normal {
  const float* mean;
  const float* std;
};
void NormalizeForward(const Shape& s, const float* x, Normal n, float* y);
void NormalizeBackward(const Shape& s, const float* dy, Normal n, float* dx);

// kernel (k, k, Ci, Co); bias (Co) or null. The chain of an output begins at the bias and runs over (kh, kw,
// ci).
void ConvForward(const Window& w, const float* x, const float* kernel, const float* bias, float* y);
struct ConvGradients {
  float* dx;
  float* dkernel;  // null where it is frozen, and so are its bias's
  float* dbias;    // null without bias
};
void ConvBackward(const Window& w, const float* x, const float* kernel, const float* dy, ConvGradients g);

// kernel (k, k, C); bias (C) or null.
void DepthwiseForward(const Window& w, const float* x, const float* kernel, const float* bias, float* y);
void DepthwiseBackward(const Window& w, const float* x, const float* kernel, const float* dy,
                       ConvGradients g);

// x (in), kernel (in, out), bias (out) or null, y (out).
struct DenseShape {
  size_t in, out;
};
void DenseForward(DenseShape s, const float* x, const float* kernel, const float* bias, float* y);
void DenseBackward(DenseShape s, const float* x, const float* kernel, const float* dy, ConvGradients g);

// Rows are all pixels of all pictures of the batch: x, y (rows, C).
struct BatchNormParams {  // (C) each
  const float* gamma;
  const float* beta;
  const float* mean;
  const float* variance;
};
struct Rows {
  size_t rows, channels;
};
// mean and inverse = 1 / sqrt(variance + 1e-3), (C) each: of these rows, biased variance, mean first.
void BatchStatistics(Rows r, const float* x, float* mean, float* variance);
void BatchNormForward(Rows r, const float* x, BatchNormParams p, float* y);
struct BatchNormGradients {
  float* dx;
  float* dgamma;
  float* dbeta;
};
// Through the batch's own statistics (Ioffe and Szegedy 2015).
struct BatchNormSaved {
  const float* gamma;
  const float* mean;
  const float* variance;
};
void BatchNormBackward(Rows r, const float* x, BatchNormSaved saved, const float* dy, BatchNormGradients g);
// The same with statistics that do not depend on x. dgamma and dbeta may be null.
void FixedNormBackward(Rows r, const float* x, BatchNormSaved saved, const float* dy, BatchNormGradients g);

// Clipped to 0..limit; ReLU is limit infinity. The gradient passes where 0 < y < limit.
void ReluForward(size_t n, const float* x, float limit, float* y);
void ReluBackward(size_t n, const float* y, const float* dy, float limit, float* dx);

// The first largest of a window in row order takes the gradient. Padding is never the largest.
void MaxPoolForward(const Window& w, const float* x, float* y);
void MaxPoolBackward(const Window& w, const float* x, const float* dy, float* dx);

// The mean of those pixels of a window that lie in the picture.
void AvgPoolForward(const Window& w, const float* x, float* y);
void AvgPoolBackward(const Window& w, const float* dy, float* dx);

// Mean over all pixels: x (H, W, C), y (C).
void GlobalAvgPoolForward(const Shape& s, const float* x, float* y);
void GlobalAvgPoolBackward(const Shape& s, const float* dy, float* dx);

// y = step * round(x / step), half to even, within -128 - zero .. 127 - zero steps; the gradient passes where
// x / step lies there. NaN stays NaN. Zero stays zero.
struct Int8Grid {
  float step;
  int zero;
};
void FakeQuantizeForward(size_t n, const float* x, Int8Grid grid, float* y);
void FakeQuantizeBackward(size_t n, const float* x, Int8Grid grid, const float* dy, float* dx);

// Keeps each of n numbers with probability 1 - rate and divides it by that; which, follows from (seed, step,
// layer) and the place alone, so backward draws the same again. Works forward and backward.
struct DropoutKey {
  StepKey step;
  int layer;
};
Rng DropoutStream(DropoutKey key);
void DropoutAdd(size_t n, const float* x, float rate, Rng& rng, float* y);  // y += dropped x; draws n numbers

// Mean over the batch of weight * cross-entropy of softmax(logits) against the smoothed labels; fills
// gradient and correct. logits, gradient (count, classes). Szegedy et al. 2016 for the smoothing.
StepResult SoftmaxLoss(int classes, const float* logits, const TrainBatch& batch, float* gradient);
void Softmax(int classes, const float* logits, float* scores);  // one picture

}  // namespace handlens::nn::reference
