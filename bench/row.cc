#include "row.h"

#include <charconv>
#include <ctime>

#include "base/rng.h"
#include "nn/zoo.h"

namespace handlens::nn {
namespace {

// The paper's tasks have two classes, those of its largest model nine; the others' benchmarks ten.
int ClassesOf(std::string_view model) { return model.starts_with("m4") ? 9 : model.starts_with("mobilenet") ? 10 : 2; }

}  // namespace

int Number(std::string_view text) {
  int value = 0;
  std::from_chars(text.data(), text.data() + text.size(), value);
  return value;
}

bool UsesMomentum(std::string_view model) { return model.starts_with("nano"); }

double Now() { return static_cast<double>(std::clock()) / CLOCKS_PER_SEC; }

void Step(Row& row) { row.network->TrainStep({row.inputs, row.labels, {}, 0}, 0.01f, {1, row.step++}); }

void Round(Row& row) {
  const double start = Now();
  int steps = 0;
  while (steps == 0 || Now() - start < 0.1) {
    Step(row);
    ++steps;
  }
  row.seconds.push_back((Now() - start) / steps);
}

Result<Row> MakeRow(std::string_view text, Backend backend) {
  const size_t a = text.find(':'), b = text.rfind(':');
  if (a == std::string_view::npos || a == b) return Fail(ErrorKind::kUsage, "{}: write model:size:batch, as in m1:100:10", text);
  Row row;
  row.model = text.substr(0, a);
  row.size_px = Number(text.substr(a + 1, b - a - 1));
  row.batch = Number(text.substr(b + 1));
  HL_ASSIGN(row.spec, NamedModel(row.model, row.size_px, ClassesOf(row.model)));
  Optimizer optimizer;
  if (UsesMomentum(row.model)) optimizer = {.kind = OptimizerKind::kMomentum, .nesterov = true, .weight_decay = 5e-4f};
  HL_ASSIGN(row.network, Network::Create(row.spec, row.batch, optimizer, backend));
  row.network->Initialize(1);
  Rng rng(1, "bench");
  row.inputs.resize(static_cast<size_t>(row.batch) * static_cast<size_t>(row.size_px) * static_cast<size_t>(row.size_px) * 3);
  for (float& v : row.inputs) v = rng.Uniform();
  for (int i = 0; i < row.batch; ++i) row.labels.push_back(i % row.spec.classes);
  return row;
}

}  // namespace handlens::nn
