// A network's arithmetic without its book-keeping: what each backend implements. A graph reserves its buffers
// when it is made and touches nothing but them, the parameters and the caller's inputs afterwards.
#pragma once

#include <memory>

#include "nn/arena.h"
#include "nn/nn.h"
#include "nn/params.h"
#include "nn/spec.h"

namespace handlens::nn {

enum class Mode { kTraining, kInference };

struct Pass {
  const float* inputs = nullptr;  // (count, size, size, 3)
  int count = 0;
  Mode mode = Mode::kInference;
  StepKey key;
  std::span<const int> features = {};  // layers whose outputs' means over all pixels are wanted
  float* means = nullptr;              // (count, their channels)
};

class Graph {
 public:
  virtual ~Graph() = default;
  // Memory besides the arena's: of each thread. Kind kResources when there is none for `threads`.
  virtual size_t ThreadBytes() const { return 0; }
  virtual bool SharesPictures() const { return false; }  // whether several threads can do a batch's pictures
  virtual Result<void> UseThreads(int /*threads*/) { return {}; }
  virtual void Bind(const Arena& arena, Params& params) = 0;
  // Logits (count, classes), in the graph's memory until the next call.
  virtual const float* Forward(const Pass& pass) = 0;
  // After a training Forward, whose inputs must still be there: leaves gradients of all trained parameters,
  // and applies `update` to those that are updated_in_backward. logit_gradient (count, classes).
  virtual void Backward(const float* logit_gradient, const Update& update) = 0;
};

std::unique_ptr<Graph> MakeReferenceGraph(const GraphSpec& spec, int max_batch, Arena& arena);
// Changes layouts in `params`; call before Params::Reserve.
std::unique_ptr<Graph> MakeFastGraph(const GraphSpec& spec, int max_batch, Arena& arena, Params& params);

}  // namespace handlens::nn
