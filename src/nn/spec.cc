#include "nn/spec.h"

#include <algorithm>

namespace handlens::nn {
namespace {

constexpr int64_t kMaxElements = int64_t{1} << 28;  // of one picture at one layer: 1 GB, more is a mistake

template <class... Args>
tl::unexpected<Error> Wrong(int layer, LayerKind kind, fmt::format_string<Args...> format, Args&&... args) {
  return Fail(ErrorKind::kUsage, "layer {}, {}: {}", layer, KindName(kind),
              fmt::format(format, std::forward<Args>(args)...));
}

bool HasWindow(LayerKind kind) {
  return kind == LayerKind::kConv || kind == LayerKind::kDepthwise || kind == LayerKind::kMaxPool ||
         kind == LayerKind::kAvgPool;
}

Result<Shape> WindowShape(int index, const LayerSpec& layer, const Shape& in) {
  if (layer.kernel < 1 || layer.kernel > 64)
    return Wrong(index, layer.kind, "kernel {} is not in 1..64", layer.kernel);
  if (layer.stride < 1 || layer.stride > 64)
    return Wrong(index, layer.kind, "stride {} is not in 1..64", layer.stride);
  const auto along = [&](int n) {
    return layer.padding == Padding::kSame ? (n + layer.stride - 1) / layer.stride
           : n < layer.kernel              ? 0
                                           : (n - layer.kernel) / layer.stride + 1;
  };
  Shape out{along(in.height), along(in.width), in.channels};
  if (out.height < 1 || out.width < 1) {
    return Wrong(index, layer.kind, "a {} x {} input is too small", in.height, in.width);
  }
  if (layer.kind == LayerKind::kConv) out.channels = layer.units;
  return out;
}

Result<void> CheckGrid(int index, const LayerSpec& layer) {
  if (!(layer.step > 0 && layer.step < 1e30f))
    return Wrong(index, layer.kind, "step {} is not above zero", layer.step);
  if (layer.zero < -128 || layer.zero > 127)
    return Wrong(index, layer.kind, "zero {} is not in -128..127", layer.zero);
  return {};
}

Result<void> CheckNumbers(int index, const LayerSpec& layer) {
  if ((layer.kind == LayerKind::kConv || layer.kind == LayerKind::kDense) &&
      (layer.units < 1 || layer.units > 65536)) {
    return Wrong(index, layer.kind, "{} units are not in 1..65536", layer.units);
  }
  if (layer.kind == LayerKind::kDropout && !(layer.rate >= 0 && layer.rate < 1)) {
    return Wrong(index, layer.kind, "rate {} is not in 0..1", layer.rate);
  }
  if (layer.kind == LayerKind::kBatchNorm && !(layer.momentum >= 0 && layer.momentum < 1)) {
    return Wrong(index, layer.kind, "momentum {} is not in 0..1, 1 excluded", layer.momentum);
  }
  return layer.kind == LayerKind::kFakeQuantize ? CheckGrid(index, layer) : Result<void>();
}

Result<Shape> OutShape(int index, const LayerSpec& layer, const std::vector<Shape>& ins) {
  HL_TRY(CheckNumbers(index, layer));
  const Shape& in = ins.front();
  if (layer.kind == LayerKind::kAdd) {
    if (ins.size() < 2) return Wrong(index, layer.kind, "needs two inputs");
    if (std::any_of(ins.begin(), ins.end(), [&](const Shape& s) { return s != in; })) {
      return Wrong(index, layer.kind, "its inputs have different shapes");
    }
  } else if (ins.size() > 1) {
    return Wrong(index, layer.kind, "takes one input, not {}", ins.size());
  }
  if (HasWindow(layer.kind)) return WindowShape(index, layer, in);
  if (layer.kind == LayerKind::kDense) return Shape{1, 1, layer.units};
  if (layer.kind == LayerKind::kGlobalAvgPool) return Shape{1, 1, in.channels};
  return in;
}

void AddParams(int index, const Node& node, std::vector<ParamSpec>& params) {
  const auto add = [&](const char* what, std::vector<int> shape, ParamRole role) {
    params.push_back({index, what, std::move(shape),
                      node.layer.frozen && role != ParamRole::kStatistic ? ParamRole::kFrozen : role});
  };
  const LayerSpec& l = node.layer;
  const int in = node.in.channels, out = node.out.channels;
  switch (l.kind) {
    case LayerKind::kConv: add("kernel", {l.kernel, l.kernel, in, out}, ParamRole::kKernel); break;
    case LayerKind::kDepthwise: add("kernel", {l.kernel, l.kernel, in}, ParamRole::kKernel); break;
    case LayerKind::kDense:
      add("kernel", {static_cast<int>(Elements(node.in)), out}, ParamRole::kKernel);
      break;
    case LayerKind::kBatchNorm:
      add("gamma", {in}, ParamRole::kPlain);
      add("beta", {in}, ParamRole::kPlain);
      add("mean", {in}, ParamRole::kStatistic);
      add("variance", {in}, ParamRole::kStatistic);
      return;
    case LayerKind::kNormalize:
      add("mean", {in}, ParamRole::kStatistic);
      add("std", {in}, ParamRole::kStatistic);
      return;
    default: return;
  }
  if (l.int8_kernel) params.back().int8_steps = l.kind == LayerKind::kDense ? 1 : out;
  if (!l.bias) return;
  const int steps = params.back().int8_steps;
  add("bias", {out}, ParamRole::kPlain);
  if (l.input_step > 0) params.back().int8_steps = steps;
  params.back().input_step = l.input_step;
}

}  // namespace

std::string_view KindName(LayerKind kind) {
  switch (kind) {
    case LayerKind::kNormalize: return "normalize";
    case LayerKind::kConv: return "conv";
    case LayerKind::kDepthwise: return "depthwise";
    case LayerKind::kDense: return "dense";
    case LayerKind::kBatchNorm: return "batch norm";
    case LayerKind::kRelu: return "relu";
    case LayerKind::kRelu6: return "relu6";
    case LayerKind::kMaxPool: return "max pool";
    case LayerKind::kAvgPool: return "avg pool";
    case LayerKind::kGlobalAvgPool: return "global avg pool";
    case LayerKind::kDropout: return "dropout";
    case LayerKind::kAdd: return "add";
    case LayerKind::kFakeQuantize: return "fake quantize";
  }
  return "unknown";
}

size_t ParamSpec::Count() const {
  size_t n = 1;
  for (const int d : shape) n *= Size(d);
  return n;
}

Window WindowOf(const LayerSpec& layer, const Shape& in, const Shape& out) {
  Window w{in, out, layer.kernel, layer.stride, 0, 0};
  if (layer.padding == Padding::kSame) {
    // TensorFlow's rule: the total of the padding is what the last window lacks; the odd pixel goes to the
    // end.
    w.top = std::max((out.height - 1) * layer.stride + layer.kernel - in.height, 0) / 2;
    w.left = std::max((out.width - 1) * layer.stride + layer.kernel - in.width, 0) / 2;
  }
  return w;
}

// Whether a gradient has anything to do here or below: parameters from number `first` on are the node's own.
static bool Trains(const GraphSpec& graph, const Node& node, size_t first) {
  const auto below = [&](int input) { return input >= 0 && graph.nodes[Size(input)].trains; };
  return std::any_of(graph.params.begin() + static_cast<std::ptrdiff_t>(first), graph.params.end(),
                     [](const ParamSpec& p) { return p.Trained(); }) ||
         std::any_of(node.inputs.begin(), node.inputs.end(), below);
}

Result<GraphSpec> Resolve(const ModelSpec& spec) {
  if (spec.size_px < 1 || spec.size_px > 4096) {
    return Fail(ErrorKind::kUsage, "model {}: input size {} is not in 1..4096 px", spec.name, spec.size_px);
  }
  if (spec.classes < 2)
    return Fail(ErrorKind::kUsage, "model {}: {} classes; at least 2 are needed", spec.name, spec.classes);
  if (spec.layers.empty()) return Fail(ErrorKind::kUsage, "model {}: it has no layers", spec.name);
  GraphSpec graph{spec, {}, {}, std::vector<std::vector<int>>(spec.layers.size())};
  const Shape picture{spec.size_px, spec.size_px, 3};
  for (int i = 0; i < static_cast<int>(spec.layers.size()); ++i) {
    const LayerSpec& layer = spec.layers[Size(i)];
    Node node{layer, layer.inputs.empty() ? std::vector<int>{i - 1} : layer.inputs, {}, {}};
    std::vector<Shape> ins;
    for (const int input : node.inputs) {
      if (input < -1 || input >= i) return Wrong(i, layer.kind, "input {} is not an earlier layer", input);
      ins.push_back(input < 0 ? picture : graph.nodes[Size(input)].out);
      if (input >= 0) graph.readers[Size(input)].push_back(i);
    }
    node.in = ins.front();
    HL_ASSIGN(node.out, OutShape(i, layer, ins));
    if (Elements(node.out) > kMaxElements || Elements(node.in) * node.out.channels > int64_t{1} << 40) {
      return Wrong(i, layer.kind, "too large");
    }
    const size_t before = graph.params.size();
    AddParams(i, node, graph.params);
    node.trains = Trains(graph, node, before);
    graph.nodes.push_back(std::move(node));
  }
  if (Elements(graph.nodes.back().out) != spec.classes) {
    return Fail(ErrorKind::kUsage,
                "model {}: its last layer gives {} numbers, not one for each of {} classes", spec.name,
                Elements(graph.nodes.back().out), spec.classes);
  }
  return graph;
}

Result<std::vector<Shape>> InferShapes(const ModelSpec& spec) {
  HL_ASSIGN(const GraphSpec graph, Resolve(spec));
  std::vector<Shape> shapes;
  for (const Node& node : graph.nodes) shapes.push_back(node.out);
  return shapes;
}

Result<std::vector<WeightShape>> WeightShapes(const ModelSpec& spec) {
  HL_ASSIGN(const GraphSpec graph, Resolve(spec));
  std::vector<WeightShape> shapes;
  for (const ParamSpec& p : graph.params) shapes.push_back({p.Name(), p.shape});
  return shapes;
}

}  // namespace handlens::nn
