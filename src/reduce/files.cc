// The sizes of a cell's files, see files.h.
#include "reduce/files.h"

#include <algorithm>
#include <cmath>
#include <numeric>
#include <set>

#include "base/text.h"

namespace handlens::reduce {
namespace {

// Of a .tflite: header and metadata; each operator with its tensors; and of int8 the steps of each tensor,
// each bias's three bytes more, and of each channel that is not a dense layer's the scales of its weights and
// bias; zero points once a width.
constexpr int64_t kFrameBytes = 1'800, kOperatorBytes = 290, kStepBytes = 100, kBiasBytes = 3,
                  kScaleBytes = 2 * 4, kZeroBytes = 8;
// What the estimates may be wrong by, of finished files (files.h).
constexpr double kEstimateError = 0.03;

int64_t WithRoom(int64_t estimate) {
  return static_cast<int64_t>(std::ceil(static_cast<double>(estimate) * (1 + kEstimateError)));
}

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

bool Fits(const ReduceCell& cell, int64_t max_bytes) { return WithRoom(cell.int8_bytes) <= max_bytes; }

int64_t MostInt8Bytes(const nn::ModelSpec& architecture) {
  const auto cost = nn::Cost(architecture, 1);
  if (!cost) return 0;
  ReduceCell cell;
  cell.cell.candidate.architecture = architecture;
  cell.cell.parameters = cost->parameters;
  EstimateFiles(cell);
  return WithRoom(cell.int8_bytes);
}

search::Choice ChooseCell(const dataset::Dataset& dataset, const std::vector<ReduceCell>& cells,
                          double margin, int64_t max_bytes) {
  size_t folds = 0;
  for (const ReduceCell& cell : cells) folds = std::max(folds, cell.cell.folds.size());
  std::vector<size_t> among;
  for (size_t i = 0; i < cells.size(); ++i) {
    if (max_bytes > 0 && cells[i].cell.folds.size() == folds && Fits(cells[i], max_bytes)) among.push_back(i);
  }
  const bool some_fit = !among.empty();
  if (!some_fit) {
    among.resize(cells.size());
    std::iota(among.begin(), among.end(), size_t{0});
  }
  std::vector<search::CellResult> results;
  for (const size_t i : among) results.push_back(cells[i].cell);
  search::Choice choice = search::Choose(dataset, results, margin);
  choice.best = static_cast<int>(among[static_cast<size_t>(choice.best)]);
  choice.chosen = static_cast<int>(among[static_cast<size_t>(choice.chosen)]);
  if (max_bytes == 0) return choice;
  const std::string size = ByteCount(static_cast<double>(max_bytes));
  choice.rule =
      (some_fit ? fmt::format("Among the {} whose int8 file fits {}: ",
                              Count(static_cast<int64_t>(among.size()), "model"), size)
                : fmt::format("No model that was trained on all folds fits {} as an int8 file. ", size)) +
      choice.rule;
  return choice;
}

}  // namespace handlens::reduce
