#include "backbone/guarded.h"

#include <algorithm>

namespace handlens::backbone {
namespace {

using tflite::Op;
using tflite::OpDef;

// What the converter calls what the guard computes.
constexpr std::string_view kComputed[] = {"guard_familiar", "guard_strange", "guard_logits", "all_scores",
                                          "scores"};

const std::string& NameOf(const tflite::Graph& graph, int tensor) {
  return graph.tensors[static_cast<size_t>(tensor)].name;
}

// The op that computes a tensor of this name.
const OpDef* Computing(const tflite::Graph& graph, std::string_view name) {
  const auto op = std::find_if(graph.ops.begin(), graph.ops.end(),
                               [&](const OpDef& o) { return NameOf(graph, o.outputs[0]) == name; });
  return op == graph.ops.end() ? nullptr : &*op;
}

// Keeps the first half of a constant's rows, and of what it was unpacked from.
bool Halve(tflite::Graph& graph, int index) {
  tflite::TensorDef& tensor = graph.tensors[static_cast<size_t>(index)];
  if (tensor.shape.empty() || tensor.shape[0] % 2 != 0) return false;
  tensor.shape[0] /= 2;
  tensor.data.resize(tensor.data.size() / 2);
  for (const OpDef& op : graph.ops) {
    if (op.op == Op::kDequantize && op.outputs[0] == index) return Halve(graph, op.inputs[0]);
  }
  return true;
}

}  // namespace

bool HasGuard(const tflite::Graph& graph) {
  return !graph.ops.empty() && NameOf(graph, graph.output) == "scores" &&
         Computing(graph, "guard_logits") != nullptr && Computing(graph, "all_scores") != nullptr;
}

Result<tflite::Graph> WithoutGuard(tflite::Graph graph) {
  if (!HasGuard(graph)) return graph;
  const auto broken = [] {
    return Fail(ErrorKind::kBadInput,
                "its guard against strangers is not as handlens writes it; convert the model again");
  };
  const OpDef* const sum = Computing(graph, "guard_logits");
  const int logits = sum->inputs.empty() ? -1 : sum->inputs[0];
  if (sum->op != Op::kAdd || logits < 0) return broken();
  const OpDef* const head = Computing(graph, NameOf(graph, logits));
  if (head == nullptr || head->op != Op::kFullyConnected || head->inputs.size() != 3) return broken();
  const std::vector<int> constants = {head->inputs[1], head->inputs[2]};
  for (const int constant : constants) {
    if (!Halve(graph, constant)) return broken();
  }
  std::vector<int>& shape = graph.tensors[static_cast<size_t>(logits)].shape;
  if (shape.size() != 2) return broken();
  shape[1] /= 2;
  std::erase_if(graph.ops, [&](const OpDef& op) {
    return std::find(std::begin(kComputed), std::end(kComputed), NameOf(graph, op.outputs[0])) !=
           std::end(kComputed);
  });
  graph.ops.push_back({.op = Op::kSoftmax, .inputs = {logits}, .outputs = {graph.output}});
  return graph;
}

}  // namespace handlens::backbone
