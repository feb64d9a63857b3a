// Network: parameters, a graph of one of the backends, the loss; and what a model costs.
#include <algorithm>

#include "nn/graph.h"
#include "nn/reference/layers.h"

namespace handlens::nn {
namespace {

// Everything that one network is made of, planned but not yet in memory.
struct Planned {
  Planned(GraphSpec graph_spec, int batch, const Optimizer& optimizer, Backend backend)
      : spec(std::move(graph_spec)), max_batch(batch), params(spec, optimizer) {
    graph = backend == Backend::kFast ? MakeFastGraph(spec, batch, arena, params)
                                      : MakeReferenceGraph(spec, batch, arena);
    params.Reserve(arena);
    logit_gradient = arena.Reserve(Size(batch) * Size(spec.model.classes));
  }
  GraphSpec spec;
  int max_batch;
  Arena arena;
  Params params;
  std::unique_ptr<Graph> graph;
  size_t logit_gradient = 0;
};

int64_t MultiplyAdds(const Node& n) {
  const int64_t out = Elements(n.out), taps = int64_t{1} * n.layer.kernel * n.layer.kernel;
  if (n.layer.kind == LayerKind::kConv) return out * taps * n.in.channels;
  if (n.layer.kind == LayerKind::kDepthwise) return out * taps;
  return n.layer.kind == LayerKind::kDense ? out * Elements(n.in) : 0;
}

int64_t MultiplyAddsOf(const GraphSpec& spec) {
  int64_t sum = 0;
  for (const Node& node : spec.nodes) sum += MultiplyAdds(node);
  return sum;
}

class PlannedNetwork final : public Network {
 public:
  explicit PlannedNetwork(std::unique_ptr<Planned> plan) : p_(std::move(plan)) {}

  void Initialize(uint64_t seed) override { p_->params.Initialize(p_->spec, seed); }

  StepResult TrainStep(const TrainBatch& batch, float learning_rate, StepKey key) override {
    const int count = static_cast<int>(batch.labels.size());
    CheckBatch(batch.inputs, count);
    HL_CHECK(batch.weights.empty() || batch.weights.size() == batch.labels.size());
    HL_CHECK(batch.taught.empty() ||
             batch.taught.size() == batch.labels.size() * static_cast<size_t>(p_->spec.model.classes));
    for (const int label : batch.labels) HL_CHECK(label >= 0 && label < p_->spec.model.classes);
    float* gradient = p_->arena.At(p_->logit_gradient);
    const float* logits = p_->graph->Forward({batch.inputs.data(), count, Mode::kTraining, key});
    const StepResult result = reference::SoftmaxLoss(p_->spec.model.classes, logits, batch, gradient);
    const Update update = p_->params.NextUpdate(learning_rate);
    p_->graph->Backward(gradient, update);
    p_->params.Apply(update);
    return result;
  }

  void Predict(std::span<const float> inputs, int count, std::span<float> scores) override {
    CheckBatch(inputs, count);
    const auto classes = Size(p_->spec.model.classes);
    HL_CHECK(scores.size() >= Size(count) * classes);
    const float* logits = p_->graph->Forward({inputs.data(), count, Mode::kInference, {}});
    for (size_t b = 0; b < Size(count); ++b) {
      reference::Softmax(p_->spec.model.classes, logits + b * classes, scores.data() + b * classes);
    }
  }

  void Features(std::span<const float> inputs, int count, std::span<const int> layers,
                std::span<float> means) override {
    CheckBatch(inputs, count);
    size_t floats = 0;
    for (const int layer : layers) {
      HL_CHECK(layer >= 0 && layer < static_cast<int>(p_->spec.nodes.size()));
      floats += Size(p_->spec.nodes[Size(layer)].out.channels);
    }
    HL_CHECK(means.size() >= Size(count) * floats);
    p_->graph->Forward({inputs.data(), count, Mode::kInference, {}, layers, means.data()});
  }

  int MostThreads() const override {
    // Of a picture; below it is a millisecond a batch.
    constexpr int64_t kLeastMultiplyAdds = 1 << 20;
    constexpr int kMost = 16;
    return p_->graph->SharesPictures() && MultiplyAddsOf(p_->spec) >= kLeastMultiplyAdds
               ? std::min(p_->max_batch, kMost)
               : 1;
  }
  Result<void> UseThreads(int threads) override {
    return p_->graph->UseThreads(std::clamp(threads, 1, MostThreads()));
  }

  Weights SaveWeights() const override { return p_->params.Save(); }
  Result<void> LoadWeights(const Weights& weights) override { return p_->params.Load(weights); }
  Weights SaveState() const override { return p_->params.SaveState(); }
  Result<void> LoadState(const Weights& state) override { return p_->params.LoadState(state); }

 private:
  void CheckBatch(std::span<const float> inputs, int count) const {
    const auto size = Size(p_->spec.model.size_px);
    HL_CHECK(count >= 1 && count <= p_->max_batch);
    HL_CHECK(inputs.size() >= Size(count) * size * size * 3);
  }

  std::unique_ptr<Planned> p_;  // on the heap: the graph and the parameters point into it
};

Result<void> CheckOptions(const ModelSpec& spec, int batch) {
  if (batch < 1 || batch > 65536)
    return Fail(ErrorKind::kUsage, "model {}: batch {} is not in 1..65536", spec.name, batch);
  return {};
}

}  // namespace

Result<std::unique_ptr<Network>> Network::Create(const ModelSpec& spec, int max_batch,
                                                 const Optimizer& optimizer, Backend backend) {
  HL_TRY(CheckOptions(spec, max_batch));
  HL_ASSIGN(GraphSpec graph, Resolve(spec));
  auto plan = std::make_unique<Planned>(std::move(graph), max_batch, optimizer, backend);
  HL_TRY(plan->arena.Allocate());
  HL_TRY(plan->graph->UseThreads(1));
  plan->params.Bind(plan->arena);
  plan->graph->Bind(plan->arena, plan->params);
  auto network = std::make_unique<PlannedNetwork>(std::move(plan));
  network->Initialize(0);
  return network;
}

Result<ModelCost> Cost(const ModelSpec& spec, int batch) {
  HL_TRY(CheckOptions(spec, batch));
  HL_ASSIGN(GraphSpec graph, Resolve(spec));
  ModelCost cost;
  for (const ParamSpec& p : graph.params) {
    if (p.role != ParamRole::kStatistic) cost.parameters += static_cast<int64_t>(p.Count());
  }
  cost.multiply_adds = MultiplyAddsOf(graph);
  const Planned plan(std::move(graph), batch, {.kind = OptimizerKind::kAdam}, Backend::kFast);
  cost.arena_bytes = static_cast<int64_t>(plan.arena.Bytes() + plan.graph->ThreadBytes());
  return cost;
}

}  // namespace handlens::nn
