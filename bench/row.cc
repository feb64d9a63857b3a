#include "row.h"

#include <charconv>
#include <chrono>
#include <ctime>

#include "backbone/efficientnet_lite.h"
#include "base/rng.h"
#include "nn/zoo.h"

namespace handlens::nn {
namespace {

// The paper's tasks have two classes, those of its largest model nine; the others' benchmarks ten.
int ClassesOf(std::string_view model) {
  return model.starts_with("m4") ? 9 : model.starts_with("mobilenet") ? 10 : 2;
}

Result<ModelSpec> SpecOf(const Row& row) {
  if (row.model ==
      "lite0") {  // as it is tuned: batch norms keep their statistics; the weights are drawn like any other's
    nn::ModelSpec spec = backbone::LiteBackbone(backbone::Lite::kLite0).spec;
    spec.size_px = row.size_px;
    spec.classes = 5;
    spec.layers.push_back({.kind = LayerKind::kGlobalAvgPool});
    spec.layers.push_back({.kind = LayerKind::kDense, .units = spec.classes});
    return spec;
  }
  return NamedModel(row.model, row.size_px, ClassesOf(row.model));
}

}  // namespace

int Number(std::string_view text) {
  int value = 0;
  std::from_chars(text.data(), text.data() + text.size(), value);
  return value;
}

bool UsesMomentum(std::string_view model) { return model.starts_with("nano") || model.starts_with("lite"); }

double Now() { return static_cast<double>(std::clock()) / CLOCKS_PER_SEC; }
double WallNow() {
  return std::chrono::duration<double>(std::chrono::steady_clock::now().time_since_epoch()).count();
}

void Step(Row& row) {
  if (row.task == Task::kForward) return row.network->Predict(row.inputs, row.batch, row.scores);
  row.network->TrainStep({row.inputs, row.labels, {}, 0}, 0.01f, {1, row.step++});
}

void Round(Row& row, double (*clock)()) {
  const double start = clock();
  int steps = 0;
  while (steps == 0 || clock() - start < 0.1) {
    Step(row);
    ++steps;
  }
  row.seconds.push_back((clock() - start) / steps);
}

Result<Row> MakeRow(std::string_view text, Backend backend) {
  const bool forward = text.ends_with(":forward");
  if (forward) text.remove_suffix(std::string_view(":forward").size());
  const size_t a = text.find(':'), b = text.rfind(':');
  if (a == std::string_view::npos || a == b)
    return Fail(ErrorKind::kUsage, "{}: write model:size:batch, as in m1:100:10", text);
  Row row;
  row.task = forward ? Task::kForward : Task::kStep;
  row.model = text.substr(0, a);
  row.size_px = Number(text.substr(a + 1, b - a - 1));
  row.batch = Number(text.substr(b + 1));
  HL_ASSIGN(row.spec, SpecOf(row));
  if (forward) {  // as features are worked out: nothing is kept for a backward pass
    for (LayerSpec& layer : row.spec.layers) layer.frozen = true;
  }
  Optimizer optimizer;
  if (UsesMomentum(row.model))
    optimizer = {.kind = OptimizerKind::kMomentum, .nesterov = true, .weight_decay = 5e-4f};
  HL_ASSIGN(row.network, Network::Create(row.spec, row.batch, optimizer, backend));
  row.network->Initialize(1);
  Rng rng(1, "bench");
  row.inputs.resize(static_cast<size_t>(row.batch) * static_cast<size_t>(row.size_px) *
                    static_cast<size_t>(row.size_px) * 3);
  for (float& v : row.inputs) v = rng.Uniform();
  row.scores.resize(static_cast<size_t>(row.batch * row.spec.classes));
  for (int i = 0; i < row.batch; ++i) row.labels.push_back(i % row.spec.classes);
  return row;
}

}  // namespace handlens::nn
