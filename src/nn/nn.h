// The training engine: small convolutional networks on the CPU. This header is all that other rooms know of
// it.
//
// A network is data (ModelSpec), so that searches can vary it and records can hold it. Activations are
// float32, (batch, height, width, channels). One Network belongs to one thread, which may call others for
// help; run several for several trials. Everything is bit-identical for the same inputs on every processor
// and instruction set: each element is one sequential chain of fused multiply-adds in a stated order, exp and
// log are our own (math.h of this room).
#pragma once

#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "base/disk.h"
#include "base/json.h"
#include "base/result.h"

namespace handlens::nn {

enum class LayerKind {
  kNormalize,  // (x - mean) / std a channel; fitted, not trained
  kConv,       // units filters of kernel x kernel, bias
  kDepthwise,  // kernel x kernel a channel, bias
  kDense,      // units neurons on the flattened input, bias
  kBatchNorm,  // epsilon 1e-3; momentum
  kRelu,
  kRelu6,
  kMaxPool,
  kAvgPool,  // kernel x kernel, stride
  kGlobalAvgPool,
  kDropout,  // rate; inverted; only in training
  kAdd,      // sum of two earlier layers' outputs
  // step * (round(x / step) within -128 - zero .. 127 - zero), half to even: what an int8 tensor of this
  // scale and zero point holds. The gradient passes where x lies in that range (straight through, Bengio et
  // al. 2013).
  kFakeQuantize,
};

// Keras' words: kSame pads as TensorFlow does (the odd pixel goes to the bottom and right).
enum class Padding { kValid, kSame };

struct LayerSpec {
  LayerKind kind = LayerKind::kRelu;
  int units = 0;
  int kernel = 0;
  int stride = 1;
  Padding padding = Padding::kValid;
  float rate = 0;
  // Batch norm, in 0..1, Keras' meaning and default: running <- momentum * running + (1 - momentum) * batch,
  // variances biased. It has a memory of 1 / (1 - momentum) steps; PyTorch's default of 0.1 is 0.9 here.
  float momentum = 0.99f;
  // Batch norm: computes with its running statistics in training too and keeps them; gamma and beta train.
  bool fixed_statistics = false;
  // Conv, depthwise, dense, batch norm: its numbers stay as they were loaded. A frozen batch norm has fixed
  // statistics too. Nothing is propagated below the lowest layer that trains.
  bool frozen = false;
  bool bias = true;  // conv, depthwise, dense; false before a batch norm
  // Conv, depthwise, dense: the network computes with the kernel rounded to -127..127 steps of largest / 127,
  // a step an output channel (dense: one), while every change of a training step goes to numbers kept in
  // float, which are what is saved and loaded (Jacob et al. 2018, section 3).
  bool int8_kernel = false;
  float input_step =
      0;  // above zero, with int8_kernel: so is the bias, to whole numbers of input_step x those steps
  float step = 0;                // fake quantize: above zero
  int zero = 0;                  // fake quantize: -128..127
  std::vector<int> inputs = {};  // indices of earlier layers; empty = the layer before; -1 = the picture

  bool operator==(const LayerSpec&) const = default;
};

// The last layer gives `classes` logits; softmax is part of the loss and of Predict.
struct ModelSpec {
  std::string name;
  int size_px = 0;  // input is (size_px, size_px, 3), values 0..1
  int classes = 0;
  std::vector<LayerSpec> layers;

  bool operator==(const ModelSpec&) const = default;
};

struct Shape {
  int height = 0, width = 0, channels = 0;
  bool operator==(const Shape&) const = default;
};

// Output shape of every layer, or why the model is impossible ("layer 5, max pool: a 1 x 1 input is too
// small"). Kind kUsage.
Result<std::vector<Shape>> InferShapes(const ModelSpec& spec);

struct ModelCost {
  int64_t parameters =
      0;  // trained numbers, frozen ones too; fitted ones (normalisation, running statistics) do not count
  int64_t multiply_adds = 0;  // of one picture's forward pass
  int64_t arena_bytes = 0;    // memory of training at this batch with Adam, the largest optimiser
};
Result<ModelCost> Cost(const ModelSpec& spec, int batch);

Json ToJson(const ModelSpec& spec);
Result<ModelSpec> ModelFromJson(const Json& json);

// A named array of numbers, row after row. Names are "<layer index>.<what>": kernel (kh, kw, in, out) -
// depthwise (kh, kw, channels) - dense (in, out), bias, gamma, beta, mean, variance / std.
struct Tensor {
  std::string name;
  std::vector<int> shape;
  std::vector<float> values;
};
using Weights = std::vector<Tensor>;

// What SaveWeights of this model gives, in its order, without the numbers. Errors as InferShapes.
struct WeightShape {
  std::string name;
  std::vector<int> shape;
  bool operator==(const WeightShape&) const = default;
};
Result<std::vector<WeightShape>> WeightShapes(const ModelSpec& spec);

// The safetensors format (8-byte length, JSON header, little-endian data), so that other tools read the
// weights.
Bytes EncodeWeights(const Weights& weights);
Result<Weights> DecodeWeights(std::span<const uint8_t> bytes);  // float32 or half precision

// The same with notes for the reader (the format's "__metadata__"). A tensor whose numbers are all exact in
// half precision is written so, in half the bytes; the numbers read back are always the same.
struct WeightsFile {
  Weights weights;
  std::vector<std::pair<std::string, std::string>> metadata;
};
Bytes EncodeWeightsFile(const WeightsFile& file);
Result<WeightsFile> DecodeWeightsFile(std::span<const uint8_t> bytes);
float RoundToHalf(float value);  // the nearest number of half precision, half to even; from 65520 on infinity
float FromHalf(uint16_t half);   // of the bits of IEEE 754 binary16

enum class OptimizerKind { kSgd, kMomentum, kAdam };
struct Optimizer {
  OptimizerKind kind = OptimizerKind::kSgd;
  float momentum = 0.9f;
  bool nesterov = false;
  float beta1 = 0.9f, beta2 = 0.999f, epsilon = 1e-7f;  // Keras' defaults
  float weight_decay = 0;  // L2 into the gradient; kernels only, never biases or batch norm
  float start_decay = 0;   // the same towards the loaded weights instead of zero (L2-SP, Li et al. 2018)
  // Above zero: the gradients of all trained numbers together (without decay) are scaled down to this L2 norm
  // where theirs is larger.
  float clip_norm = 0;

  bool operator==(const Optimizer&) const = default;
};

// kReference: the plain layers, the specification and the oracle. kFast: the kernels, equal within rounding.
enum class Backend { kReference, kFast };

struct TrainBatch {
  std::span<const float> inputs = {};   // (count, size, size, 3)
  std::span<const int> labels = {};     // (count)
  std::span<const float> weights = {};  // (count) factor of each picture's loss; empty = all 1
  float label_smoothing = 0;
  // (count, classes) what a teacher says of each picture, summing to 1; empty: there is none. The target is
  // `teaching` of it and the rest of the label.
  std::span<const float> taught = {};
  float teaching = 0;
};

// Which random numbers a step draws (dropout): by trial seed and step, so that a resumed trial draws the
// same.
struct StepKey {
  uint64_t seed = 0;
  uint64_t step = 0;
};

struct StepResult {
  float mean_loss = 0;  // over the batch, weights applied, weight decay not included
  int correct = 0;      // pictures whose largest logit was their label, as seen in this step
};

class Network {
 public:
  // `max_batch` pictures at most a call. Kind kUsage for an impossible model, kResources when memory does not
  // suffice.
  static Result<std::unique_ptr<Network>> Create(const ModelSpec& spec, int max_batch,
                                                 const Optimizer& optimizer,
                                                 Backend backend = Backend::kFast);
  virtual ~Network() = default;

  // Fresh weights: Glorot uniform kernels and zero biases (Keras' defaults), He normal for convolutions that
  // a ReLU follows through a batch norm. Clears the optimiser's state.
  virtual void Initialize(uint64_t seed) = 0;

  // Forward, loss, backward, update. One step of the optimiser.
  virtual StepResult TrainStep(const TrainBatch& batch, float learning_rate, StepKey key) = 0;

  // Softmax scores (count, classes), inference mode (running batch-norm statistics, no dropout).
  virtual void Predict(std::span<const float> inputs, int count, std::span<float> scores) = 0;

  // Means over all pixels of the outputs of these layers, as a global average pool there would give them:
  // (count, the sum of the layers' channels), a picture's layers one after the other. Inference mode. A layer
  // whose only reader is a batch norm, an activation or a pool may be one operation with it and have no
  // output of its own: name the last of them.
  virtual void Features(std::span<const float> inputs, int count, std::span<const int> layers,
                        std::span<float> means) = 0;

  // How many threads can do pictures of one batch at the same time: 1 where they depend on each other, as
  // through batch norms that use the batch's statistics, or where there is too little to do.
  virtual int MostThreads() const = 0;
  // From the next call on; at first 1. The numbers are the same bits. Kind kResources when memory does not
  // suffice: it goes on with as many as before.
  virtual Result<void> UseThreads(int threads) = 0;

  virtual Weights SaveWeights() const = 0;
  // Kind kBadInput when names or shapes do not fit the model.
  virtual Result<void> LoadWeights(const Weights& weights) = 0;

  // Weights and the optimiser's moments: what a resumed trial needs to go on bit for bit.
  virtual Weights SaveState() const = 0;
  virtual Result<void> LoadState(const Weights& state) = 0;
};

}  // namespace handlens::nn
