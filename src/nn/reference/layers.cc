#include "nn/reference/layers.h"

#include <algorithm>

#include "base/rng.h"
#include "nn/math.h"

namespace handlens::nn::reference {
namespace {

// Calls visit(output pixel, input pixel, tap) for every tap of every window that lies inside the picture;
// pixels are row * width + column, taps kh * kernel + kw.
template <class Visit>
void ForEachTap(const Window& w, Visit visit) {
  for (int oy = 0; oy < w.out.height; ++oy) {
    for (int ox = 0; ox < w.out.width; ++ox) {
      for (int kh = 0; kh < w.kernel; ++kh) {
        for (int kw = 0; kw < w.kernel; ++kw) {
          const int iy = oy * w.stride + kh - w.top, ix = ox * w.stride + kw - w.left;
          if (iy < 0 || iy >= w.in.height || ix < 0 || ix >= w.in.width) continue;
          visit(Size(oy * w.out.width + ox), Size(iy * w.in.width + ix), Size(kh * w.kernel + kw));
        }
      }
    }
  }
}

void FillRows(size_t rows, size_t channels, const float* row, float* y) {
  for (size_t r = 0; r < rows; ++r) {
    for (size_t c = 0; c < channels; ++c) y[r * channels + c] = row ? row[c] : 0.0f;
  }
}

void SumRows(size_t rows, size_t channels, const float* dy, float* sum) {
  for (size_t r = 0; r < rows; ++r) {
    for (size_t c = 0; c < channels; ++c) sum[c] += dy[r * channels + c];
  }
}

size_t Pixels(const Shape& s) { return Size(s.height) * Size(s.width); }

}  // namespace

void NormalizeForward(const Shape& s, const float* x, Normal n, float* y) {
  const size_t channels = Size(s.channels);
  for (size_t i = 0; i < Count(s); ++i) y[i] = (x[i] - n.mean[i % channels]) / n.std[i % channels];
}

void NormalizeBackward(const Shape& s, const float* dy, Normal n, float* dx) {
  if (!dx) return;
  for (size_t i = 0; i < Count(s); ++i) dx[i] += dy[i] / n.std[i % Size(s.channels)];
}

void ConvForward(const Window& w, const float* x, const float* kernel, const float* bias, float* y) {
  const size_t in = Size(w.in.channels), out = Size(w.out.channels);
  FillRows(Pixels(w.out), out, bias, y);
  ForEachTap(w, [&](size_t to, size_t from, size_t tap) {
    for (size_t i = 0; i < in; ++i) {
      for (size_t o = 0; o < out; ++o) {
        y[to * out + o] = Fma(x[from * in + i], kernel[(tap * in + i) * out + o], y[to * out + o]);
      }
    }
  });
}

void ConvBackward(const Window& w, const float* x, const float* kernel, const float* dy, ConvGradients g) {
  const size_t in = Size(w.in.channels), out = Size(w.out.channels);
  if (g.dbias) SumRows(Pixels(w.out), out, dy, g.dbias);
  ForEachTap(w, [&](size_t to, size_t from, size_t tap) {
    for (size_t i = 0; i < in; ++i) {
      for (size_t o = 0; o < out; ++o) {
        const float d = dy[to * out + o];
        if (g.dkernel) {
          float& dk = g.dkernel[(tap * in + i) * out + o];
          dk = Fma(x[from * in + i], d, dk);
        }
        if (g.dx) g.dx[from * in + i] = Fma(kernel[(tap * in + i) * out + o], d, g.dx[from * in + i]);
      }
    }
  });
}

void DepthwiseForward(const Window& w, const float* x, const float* kernel, const float* bias, float* y) {
  const size_t channels = Size(w.in.channels);
  FillRows(Pixels(w.out), channels, bias, y);
  ForEachTap(w, [&](size_t to, size_t from, size_t tap) {
    for (size_t c = 0; c < channels; ++c) {
      y[to * channels + c] = Fma(x[from * channels + c], kernel[tap * channels + c], y[to * channels + c]);
    }
  });
}

void DepthwiseBackward(const Window& w, const float* x, const float* kernel, const float* dy,
                       ConvGradients g) {
  const size_t channels = Size(w.in.channels);
  if (g.dbias) SumRows(Pixels(w.out), channels, dy, g.dbias);
  ForEachTap(w, [&](size_t to, size_t from, size_t tap) {
    for (size_t c = 0; c < channels; ++c) {
      const float d = dy[to * channels + c];
      if (g.dkernel)
        g.dkernel[tap * channels + c] = Fma(x[from * channels + c], d, g.dkernel[tap * channels + c]);
      if (g.dx) g.dx[from * channels + c] = Fma(kernel[tap * channels + c], d, g.dx[from * channels + c]);
    }
  });
}

void DenseForward(DenseShape s, const float* x, const float* kernel, const float* bias, float* y) {
  FillRows(1, s.out, bias, y);
  for (size_t i = 0; i < s.in; ++i) {
    for (size_t o = 0; o < s.out; ++o) y[o] = Fma(x[i], kernel[i * s.out + o], y[o]);
  }
}

void DenseBackward(DenseShape s, const float* x, const float* kernel, const float* dy, ConvGradients g) {
  if (g.dbias) SumRows(1, s.out, dy, g.dbias);
  for (size_t i = 0; i < s.in; ++i) {
    for (size_t o = 0; o < s.out; ++o) {
      if (g.dkernel) g.dkernel[i * s.out + o] = Fma(x[i], dy[o], g.dkernel[i * s.out + o]);
      if (g.dx) g.dx[i] = Fma(kernel[i * s.out + o], dy[o], g.dx[i]);
    }
  }
}

void BatchStatistics(Rows r, const float* x, float* mean, float* variance) {
  const auto n = static_cast<float>(r.rows);
  std::fill(mean, mean + r.channels, 0.0f);
  std::fill(variance, variance + r.channels, 0.0f);
  SumRows(r.rows, r.channels, x, mean);
  for (size_t c = 0; c < r.channels; ++c) mean[c] /= n;
  for (size_t i = 0; i < r.rows * r.channels; ++i) {
    const size_t c = i % r.channels;
    variance[c] = Fma(x[i] - mean[c], x[i] - mean[c], variance[c]);
  }
  for (size_t c = 0; c < r.channels; ++c) variance[c] /= n;
}

void BatchNormForward(Rows r, const float* x, BatchNormParams p, float* y) {
  for (size_t c = 0; c < r.channels; ++c) {
    const float scale = p.gamma[c] / std::sqrt(p.variance[c] + kBatchNormEpsilon);
    for (size_t i = c; i < r.rows * r.channels; i += r.channels)
      y[i] = Fma(x[i] - p.mean[c], scale, p.beta[c]);
  }
}

void BatchNormBackward(Rows r, const float* x, BatchNormSaved saved, const float* dy, BatchNormGradients g) {
  const auto n = static_cast<float>(r.rows);
  for (size_t c = 0; c < r.channels; ++c) {
    const float inverse = 1 / std::sqrt(saved.variance[c] + kBatchNormEpsilon), mean = saved.mean[c];
    float sum = 0, sum_hat = 0;
    for (size_t i = c; i < r.rows * r.channels; i += r.channels) {
      sum += dy[i];
      sum_hat = Fma(dy[i], (x[i] - mean) * inverse, sum_hat);
    }
    g.dbeta[c] += sum;
    g.dgamma[c] += sum_hat;
    const float scale = saved.gamma[c] * inverse;
    for (size_t i = c; g.dx && i < r.rows * r.channels; i += r.channels) {
      g.dx[i] += scale * (dy[i] - sum / n - (x[i] - mean) * inverse * (sum_hat / n));
    }
  }
}

void FixedNormBackward(Rows r, const float* x, BatchNormSaved saved, const float* dy, BatchNormGradients g) {
  for (size_t c = 0; c < r.channels; ++c) {
    const float inverse = 1 / std::sqrt(saved.variance[c] + kBatchNormEpsilon), mean = saved.mean[c];
    float sum = 0, sum_hat = 0;
    for (size_t i = c; i < r.rows * r.channels; i += r.channels) {
      sum += dy[i];
      sum_hat = Fma(dy[i], (x[i] - mean) * inverse, sum_hat);
      if (g.dx) g.dx[i] += saved.gamma[c] * inverse * dy[i];
    }
    if (g.dbeta) g.dbeta[c] += sum;
    if (g.dgamma) g.dgamma[c] += sum_hat;
  }
}

void ReluForward(size_t n, const float* x, float limit, float* y) {
  for (size_t i = 0; i < n; ++i) y[i] = std::min(std::max(x[i], 0.0f), limit);
}

void ReluBackward(size_t n, const float* y, const float* dy, float limit, float* dx) {
  for (size_t i = 0; dx && i < n; ++i) dx[i] += y[i] > 0 && y[i] < limit ? dy[i] : 0.0f;
}

void MaxPoolForward(const Window& w, const float* x, float* y) {
  const size_t channels = Size(w.in.channels);
  std::fill(y, y + Count(w.out), -std::numeric_limits<float>::infinity());
  ForEachTap(w, [&](size_t to, size_t from, size_t) {
    for (size_t c = 0; c < channels; ++c)
      y[to * channels + c] = std::max(y[to * channels + c], x[from * channels + c]);
  });
}

void MaxPoolBackward(const Window& w, const float* x, const float* dy, float* dx) {
  if (!dx) return;
  const size_t channels = Size(w.in.channels), none = Count(w.in);
  std::vector<size_t> best(Count(w.out), none);  // input place of each output's first largest
  ForEachTap(w, [&](size_t to, size_t from, size_t) {
    for (size_t c = 0; c < channels; ++c) {
      size_t& b = best[to * channels + c];
      if (b == none || x[from * channels + c] > x[b]) b = from * channels + c;
    }
  });
  for (size_t i = 0; i < best.size(); ++i) dx[best[i]] += dy[i];
}

void AvgPoolForward(const Window& w, const float* x, float* y) {
  const size_t channels = Size(w.in.channels);
  std::vector<float> taps(Pixels(w.out), 0.0f);
  std::fill(y, y + Count(w.out), 0.0f);
  ForEachTap(w, [&](size_t to, size_t from, size_t) {
    taps[to] += 1;
    for (size_t c = 0; c < channels; ++c) y[to * channels + c] += x[from * channels + c];
  });
  for (size_t i = 0; i < Count(w.out); ++i) y[i] /= taps[i / channels];
}

void AvgPoolBackward(const Window& w, const float* dy, float* dx) {
  if (!dx) return;
  const size_t channels = Size(w.in.channels);
  std::vector<float> taps(Pixels(w.out), 0.0f);
  ForEachTap(w, [&](size_t to, size_t, size_t) { taps[to] += 1; });
  ForEachTap(w, [&](size_t to, size_t from, size_t) {
    for (size_t c = 0; c < channels; ++c) dx[from * channels + c] += dy[to * channels + c] / taps[to];
  });
}

void GlobalAvgPoolForward(const Shape& s, const float* x, float* y) {
  std::fill(y, y + s.channels, 0.0f);
  SumRows(Pixels(s), Size(s.channels), x, y);
  for (int c = 0; c < s.channels; ++c) y[c] /= static_cast<float>(Pixels(s));
}

void GlobalAvgPoolBackward(const Shape& s, const float* dy, float* dx) {
  const auto pixels = static_cast<float>(Pixels(s));
  for (size_t p = 0; dx && p < Pixels(s); ++p, dx += s.channels) {
    for (int c = 0; c < s.channels; ++c) dx[c] += dy[c] / pixels;
  }
}

void FakeQuantizeForward(size_t n, const float* x, Int8Grid grid, float* y) {
  const auto low = static_cast<float>(-128 - grid.zero), high = static_cast<float>(127 - grid.zero);
  for (size_t i = 0; i < n; ++i) {
    const float steps = x[i] / grid.step, inside = steps < low ? low : steps > high ? high : steps;
    y[i] = grid.step * static_cast<float>(RoundHalfEven(static_cast<double>(inside)));
  }
}

void FakeQuantizeBackward(size_t n, const float* x, Int8Grid grid, const float* dy, float* dx) {
  const auto low = static_cast<float>(-128 - grid.zero), high = static_cast<float>(127 - grid.zero);
  for (size_t i = 0; dx && i < n; ++i) {
    const float steps = x[i] / grid.step;
    dx[i] += steps < low || steps > high ? 0.0f : dy[i];
  }
}

Rng DropoutStream(DropoutKey key) {
  return Rng(key.step.seed, "dropout", {key.step.step, static_cast<uint64_t>(key.layer)});
}

void DropoutAdd(size_t n, const float* x, float rate, Rng& rng, float* y) {
  const float scale = 1 / (1 - rate);
  for (size_t i = 0; i < n; ++i) y[i] += rng.Uniform() >= rate ? x[i] * scale : 0.0f;
}

void Softmax(int classes, const float* logits, float* scores) {
  const float top = *std::max_element(logits, logits + classes);
  float sum = 0;
  for (int c = 0; c < classes; ++c) sum += scores[c] = Exp(logits[c] - top);
  for (int c = 0; c < classes; ++c) scores[c] /= sum;
}

StepResult SoftmaxLoss(int classes, const float* logits, const TrainBatch& batch, float* gradient) {
  const auto count = static_cast<float>(batch.labels.size());
  const float floor = batch.label_smoothing / static_cast<float>(classes);
  StepResult result;
  float total = 0;
  for (size_t n = 0; n < batch.labels.size(); ++n, logits += classes, gradient += classes) {
    const float* top = std::max_element(logits, logits + classes);
    if (top - logits == batch.labels[n]) ++result.correct;
    float sum = 0;
    for (int c = 0; c < classes; ++c) sum += gradient[c] = Exp(logits[c] - *top);
    const float log_sum = Log(sum), weight = batch.weights.empty() ? 1.0f : batch.weights[n];
    float loss = 0;
    for (int c = 0; c < classes; ++c) {
      float target = floor + (c == batch.labels[n] ? 1 - batch.label_smoothing : 0.0f);
      if (!batch.taught.empty()) {
        const float taught = batch.taught[n * static_cast<size_t>(classes) + static_cast<size_t>(c)];
        target += batch.teaching * (taught - target);
      }
      loss += target * (log_sum - (logits[c] - *top));
      gradient[c] = (gradient[c] / sum - target) * (weight / count);
    }
    total += weight * loss;
  }
  result.mean_loss = total / count;
  return result;
}

}  // namespace handlens::nn::reference
