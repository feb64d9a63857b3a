// The sizes of a cell's files, see files.h.
#include "reduce/files.h"

namespace handlens::reduce {
namespace {

// Of a .tflite: header and metadata; each operator with its tensors; and of int8 the steps of each tensor, and each channel's
// 4-byte bias with scale and zero point of its weights and bias. Within 3 % of finished files of nano4, nano24 and m1.
constexpr int64_t kFrameBytes = 1'800, kOperatorBytes = 290, kStepBytes = 100, kChannelBytes = 3 + 2 * 12;

}  // namespace

// The files' sizes, estimated: activations, dropout and batch norms are no operators of their own, a norm's two numbers a
// channel become one bias.
void EstimateFiles(ReduceCell& cell) {
  const nn::ModelSpec& spec = cell.cell.candidate.architecture;
  const auto shapes = nn::InferShapes(spec);
  if (!shapes) return;   // impossible models have no trainings either
  int64_t numbers = cell.cell.parameters, channels = 0, operators = 2;   // flatten, softmax
  for (size_t i = 0; i < spec.layers.size(); ++i) {
    switch (spec.layers[i].kind) {
      case nn::LayerKind::kBatchNorm: numbers -= (*shapes)[i].channels; break;
      case nn::LayerKind::kConv:
      case nn::LayerKind::kDepthwise:
      case nn::LayerKind::kDense: channels += (*shapes)[i].channels; [[fallthrough]];
      case nn::LayerKind::kMaxPool:
      case nn::LayerKind::kAvgPool:
      case nn::LayerKind::kGlobalAvgPool:
      case nn::LayerKind::kAdd: ++operators; break;
      default: break;
    }
  }
  const int64_t frame = kFrameBytes + kOperatorBytes * operators;
  cell.float_bytes = 4 * numbers + frame;
  cell.int8_bytes = numbers + kChannelBytes * channels + kStepBytes * operators + frame;
}

}  // namespace handlens::reduce
