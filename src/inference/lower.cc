// The whole graph: its operators in order, its ends, and who shares memory with whom.
#include "inference/lower.h"

#include <algorithm>

namespace handlens::inference {
namespace {

using tflite::Graph;
using tflite::TensorDef;
using tflite::Type;

constexpr int64_t kAlignment = 16;
constexpr int64_t kBehind = 16;  // kernels read up to 15 bytes behind a pixel

// The copy of the picture has the number behind the last tensor.
int CopyOf(const Graph& graph) { return static_cast<int>(graph.tensors.size()); }

int64_t Elements(const Graph& graph, int tensor) {
  int64_t count = 1;
  for (const int side :
       graph.tensors[static_cast<size_t>(tensor == CopyOf(graph) ? graph.input : tensor)].shape)
    count *= side;
  return count;
}

int64_t BytesOf(const Graph& graph, int tensor) {
  return (Elements(graph, tensor) + kBehind + kAlignment - 1) / kAlignment * kAlignment;
}

// A stretch of the arena: the calls from `first` to `last` need it.
struct Block {
  int tensor;
  int64_t bytes, offset;
  size_t first, last;
};

// Large ones first, each at the lowest place where nothing lies that is needed at the same time.
int64_t PlaceBlocks(std::vector<Block>& blocks) {
  std::stable_sort(blocks.begin(), blocks.end(),
                   [](const Block& a, const Block& b) { return a.bytes > b.bytes; });
  int64_t total = 0;
  for (size_t i = 0; i < blocks.size(); ++i) {
    std::vector<Block> in_the_way;
    for (size_t j = 0; j < i; ++j) {
      if (blocks[j].first <= blocks[i].last && blocks[i].first <= blocks[j].last)
        in_the_way.push_back(blocks[j]);
    }
    std::sort(in_the_way.begin(), in_the_way.end(),
              [](const Block& a, const Block& b) { return a.offset < b.offset; });
    int64_t offset = 0;
    for (const Block& other : in_the_way) {
      if (offset + blocks[i].bytes <= other.offset) break;
      offset = std::max(offset, other.offset + other.bytes);
    }
    blocks[i].offset = offset;
    total = std::max(total, offset + blocks[i].bytes);
  }
  return total;
}

void PlaceTensors(const Graph& graph, const std::vector<int>& origin, Lowered& lowered) {
  std::vector<Block> blocks;
  const int picture = origin[static_cast<size_t>(graph.input)];
  for (size_t i = 0; i < lowered.calls.size(); ++i) {
    const int made = lowered.calls[i].output;
    Block block{made, BytesOf(graph, made), 0, i, i};
    for (size_t j = i + 1; j < lowered.calls.size(); ++j) {
      const auto& inputs = lowered.calls[j].inputs;
      if (std::find(inputs.begin(), inputs.end(), made) != inputs.end()) block.last = j;
    }
    if (made == origin[static_cast<size_t>(graph.output)]) block.last = lowered.calls.size();
    blocks.push_back(block);
  }
  lowered.tensor_bytes = PlaceBlocks(blocks);
  lowered.places.resize(graph.tensors.size() + 1);
  lowered.places[static_cast<size_t>(picture)].picture = true;
  for (const Block& block : blocks) lowered.places[static_cast<size_t>(block.tensor)].offset = block.offset;
}

Result<void> ReadEnds(const Graph& graph, Lowered& lowered) {
  const TensorDef &in = graph.tensors[static_cast<size_t>(graph.input)],
                  &out = graph.tensors[static_cast<size_t>(graph.output)];
  if (in.shape.size() != 4 || in.shape[0] != 1 || in.shape[1] != in.shape[2] || in.shape[3] != 3) {
    return Fail(ErrorKind::kBadInput, "its input is not one square RGB picture (1, n, n, 3)");
  }
  lowered.size_px = in.shape[1];
  lowered.classes = out.shape.empty() ? 0 : out.shape.back();
  int64_t outputs = 1;
  for (const int side : out.shape) outputs *= side;
  if (lowered.classes < 1 || outputs != lowered.classes)
    return Fail(ErrorKind::kBadInput, "its output is not one row of scores");
  return {};
}

// How the tensor that holds the scores is read. A float output is read where it was quantized last.
Result<void> ReadScores(const Graph& graph, int holder, Lowered& lowered) {
  const TensorDef& tensor = graph.tensors[static_cast<size_t>(holder)];
  if ((tensor.type != Type::kInt8 && tensor.type != Type::kUInt8) || tensor.quantization.scales.size() != 1) {
    return Fail(ErrorKind::kBadInput, "its output is not quantized; only models in full int8 become C");
  }
  lowered.output_scale = tensor.quantization.scales[0];
  lowered.output_zero =
      static_cast<int>(tensor.quantization.zero_points[0]) + (tensor.type == Type::kInt8 ? 128 : 0);
  return {};
}

// A depthwise convolution reads a few bytes behind a pixel; the caller's picture ends with its last.
void CopyPicture(const Graph& graph, Call& call, Lowered& lowered) {
  Call copy;
  copy.kernel = Kernel::kCopy;
  copy.fields = {{static_cast<int32_t>(Elements(graph, graph.input)), false}};
  copy.inputs = {graph.input};
  copy.output = CopyOf(graph);
  call.inputs[0] = copy.output;
  lowered.calls.push_back(std::move(copy));
}

constexpr KernelFacts kKernels[] = {
    {Kernel::kConv, "hl_conv_run", "hl_conv", {"conv.c", ""}, true, 14},
    {Kernel::kDepthwise, "hl_depthwise_run", "hl_depthwise", {"depthwise.c", ""}, true, 13},
    {Kernel::kMaxPool, "hl_max_pool_run", "hl_pool", {"pool.c", "max_pool.c"}},
    {Kernel::kAveragePool, "hl_average_pool_run", "hl_pool", {"pool.c", "average_pool.c"}},
    {Kernel::kMean, "hl_mean_run", "hl_mean", {"mean.c", ""}},
    {Kernel::kPad, "hl_pad_run", "hl_pad", {"pad.c", ""}},
    {Kernel::kAdd, "hl_add_run", "hl_add", {"add.c", ""}},
    {Kernel::kSoftmax, "hl_softmax_run", "hl_softmax", {"softmax.c", ""}},
    {Kernel::kMap, "hl_map_run", "", {"map.c", ""}},
    {Kernel::kChannelMap, "hl_channel_map_run", "", {"channel_map.c", ""}},
    {Kernel::kCopy, "hl_copy_run", "", {"copy.c", ""}}};

}  // namespace

const KernelFacts& FactsOf(Kernel kernel) { return kKernels[static_cast<size_t>(kernel)]; }

Result<Lowered> Lower(const Graph& graph) {
  Lowered lowered;
  HL_TRY(ReadEnds(graph, lowered));
  std::vector<int> origin(graph.tensors.size());
  for (size_t i = 0; i < origin.size(); ++i) origin[i] = static_cast<int>(i);
  int scores = graph.output;
  for (size_t i = 0; i < graph.ops.size(); ++i) {
    const tflite::OpDef& op = graph.ops[i];
    HL_ASSIGN(std::optional<Call> call, LowerOperator(graph, i));
    if (!call) {
      origin[static_cast<size_t>(op.outputs[0])] = origin[static_cast<size_t>(op.inputs[0])];
      // The scale of a reshaped tensor is its own; that of float scores is what they were made of.
      if (op.op == tflite::Op::kDequantize) scores = op.inputs[0];
      continue;
    }
    for (const int input : op.inputs) {
      if (input >= 0 && graph.tensors[static_cast<size_t>(input)].data.empty())
        call->inputs.push_back(origin[static_cast<size_t>(input)]);
    }
    call->output = op.outputs[0];
    if (call->kernel == Kernel::kDepthwise && call->inputs[0] == graph.input)
      CopyPicture(graph, *call, lowered);
    lowered.scratch_bytes = std::max(lowered.scratch_bytes, call->scratch_bytes);
    for (const Table& table : call->tables)
      lowered.constant_bytes += static_cast<int64_t>(table.bytes.size());
    lowered.calls.push_back(*std::move(call));
  }
  HL_TRY(ReadScores(graph, scores, lowered));
  lowered.output = origin[static_cast<size_t>(graph.output)];
  PlaceTensors(graph, origin, lowered);
  lowered.arena_bytes = lowered.tensor_bytes + lowered.scratch_bytes + kBehind;
  return lowered;
}

}  // namespace handlens::inference
