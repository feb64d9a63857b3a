// The sizes of a cell's files, see files.h.
#include "reduce/files.h"

#include <numeric>
#include <set>

namespace handlens::reduce {
namespace {

// Of a .tflite: header and metadata; each operator with its tensors; and of int8 the steps of each tensor,
// each bias's three bytes more, and of each channel that is not a dense layer's the scales of its weights and
// bias; zero points once a width.
constexpr int64_t kFrameBytes = 1'800, kOperatorBytes = 290, kStepBytes = 100, kBiasBytes = 3,
                  kScaleBytes = 2 * 4, kZeroBytes = 8;

}  // namespace

// The files' sizes, estimated: activations, dropout and batch norms are no operators of their own, a norm's
// two numbers a channel become one bias.
void EstimateFiles(ReduceCell& cell) {
  const nn::ModelSpec& spec = cell.cell.candidate.architecture;
  const auto shapes = nn::InferShapes(spec);
  if (!shapes) return;  // impossible models have no trainings either
  int64_t numbers = cell.cell.parameters, channels = 0, scaled = 0, operators = 2;  // flatten, softmax
  std::set<int> widths;
  for (size_t i = 0; i < spec.layers.size(); ++i) {
    switch (spec.layers[i].kind) {
      case nn::LayerKind::kBatchNorm: numbers -= (*shapes)[i].channels; break;
      case nn::LayerKind::kConv:
      case nn::LayerKind::kDepthwise:
        scaled += (*shapes)[i].channels;
        widths.insert((*shapes)[i].channels);
        [[fallthrough]];
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
  cell.int8_bytes = numbers + kBiasBytes * channels + kScaleBytes * scaled +
                    kZeroBytes * std::accumulate(widths.begin(), widths.end(), 0) + kStepBytes * operators +
                    frame;
}

}  // namespace handlens::reduce
