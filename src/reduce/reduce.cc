// Parameter reduction: the grid, the search over it, the smallest good enough.
#include "reduce/reduce.h"

#include <algorithm>

#include "search/choice.h"

namespace handlens::reduce {
namespace {

// Looser than the search's: giving up to two points for a smaller model is what this step is for.
constexpr double kReduceMargin = 0.02;

// Flatbuffer frame of a .tflite: header and metadata, and each operator with its tensors.
constexpr int64_t kFrameBytes = 2'000, kLayerBytes = 300;

std::vector<int> UpTo(int largest, const std::vector<int>& steps) {
  std::vector<int> values;
  for (const int step : steps) {
    if (step < largest) values.push_back(step);
  }
  values.push_back(largest);
  return values;
}

std::vector<int> OneTo(int last) {
  std::vector<int> values;
  for (int i = 1; i <= last; ++i) values.push_back(i);
  return values;
}

struct Grid {
  std::vector<int> filters, neurons;
};

// Powers of two, since accuracy goes with the logarithm of the size; the paper's own grid is 1..19 x 1..19.
Grid GridFor(const Sweep& sweep, const ReduceOptions& options) {
  Grid grid{options.filters, options.neurons};
  const bool paper = options.search.preset == "paper", quick = options.search.preset == "quick";
  if (grid.filters.empty()) {
    if (sweep.widths) {
      grid.filters = UpTo(sweep.filters, quick ? std::vector{8} : std::vector{4, 8, 12, 16, 24});
    } else {
      grid.filters = paper ? OneTo(19) : UpTo(sweep.filters, quick ? std::vector{4} : std::vector{1, 2, 4, 8, 16});
    }
  }
  if (grid.neurons.empty() && !sweep.widths) {
    grid.neurons = paper ? OneTo(19) : UpTo(sweep.neurons, quick ? std::vector{16} : std::vector{4, 8, 16, 32, 64});
  }
  if (sweep.widths) grid.neurons = {0};
  for (std::vector<int>* axis : {&grid.filters, &grid.neurons}) {
    std::sort(axis->begin(), axis->end());
    axis->erase(std::unique(axis->begin(), axis->end()), axis->end());
  }
  return grid;
}

int64_t FrameBytes(const nn::ModelSpec& spec) {
  return kFrameBytes + kLayerBytes * static_cast<int64_t>(spec.layers.size());
}

// Scaling by whole numbers, half up: exact on every machine.
int Scaled(int units, int to, int from) { return std::max(1, (2 * units * to + from) / (2 * from)); }

Result<void> CheckGrid(const ReduceOptions& options) {
  for (const std::vector<int>* axis : {&options.filters, &options.neurons}) {
    for (const int value : *axis) {
      if (value < 1 || value > 4096) return Fail(ErrorKind::kUsage, "filters and neurons go from 1 to 4096, not {}", value);
    }
  }
  return {};
}

}  // namespace

std::optional<Sweep> SweepOf(const nn::ModelSpec& base) {
  Sweep sweep;
  std::vector<int> convolutions, dense;
  for (const nn::LayerSpec& layer : base.layers) {
    if (layer.kind == nn::LayerKind::kAdd) return std::nullopt;
    if (layer.kind == nn::LayerKind::kConv) convolutions.push_back(layer.units);
    if (layer.kind == nn::LayerKind::kDense) dense.push_back(layer.units);
  }
  if (convolutions.empty()) return std::nullopt;
  if (dense.size() >= 2) return Sweep{convolutions[0], dense[0], false};
  // Our own family: the stem has half the width, the convolution after it the width itself.
  return Sweep{convolutions[std::min<size_t>(1, convolutions.size() - 1)], 0, true};
}

nn::ModelSpec Resized(const nn::ModelSpec& base, const Sweep& sweep, int filters, int neurons) {
  nn::ModelSpec model = base;
  if (filters == sweep.filters && neurons == sweep.neurons) return model;
  bool first_conv = true, first_dense = true;
  for (nn::LayerSpec& layer : model.layers) {
    if (layer.kind == nn::LayerKind::kConv) {
      if (sweep.widths) {
        const int scaled = Scaled(layer.units, filters, sweep.filters);
        layer.units = first_conv ? std::max(std::min(8, layer.units), scaled) : scaled;
      } else if (first_conv) {
        layer.units = filters;
      }
      first_conv = false;
    }
    if (layer.kind == nn::LayerKind::kDense && first_dense) {
      if (!sweep.widths) layer.units = neurons;
      first_dense = false;
    }
  }
  const bool nano = base.name.starts_with("nano");
  model.name = sweep.widths ? fmt::format("{}{}", nano ? "nano" : base.name + "-w", filters)
                            : fmt::format("f{}n{}", filters, neurons);
  return model;
}

Result<ReduceResult> Reduce(const dataset::Dataset& dataset, const split::Split& split, const search::Candidate& base,
                            const ReduceOptions& options, Progress& progress) {
  HL_TRY(CheckGrid(options));
  const std::optional<Sweep> sweep = SweepOf(base.architecture);
  const Grid grid = sweep ? GridFor(*sweep, options) : Grid{{0}, {0}};
  ReduceResult result;
  search::SearchOptions search = options.search;
  search.step = "reduce";
  search.candidates.clear();
  const auto add = [&](int filters, int neurons, search::Candidate candidate) {
    result.cells.push_back({filters, neurons, {}, 0, 0});
    search.candidates.push_back(std::move(candidate));
  };
  for (const int filters : grid.filters) {
    for (const int neurons : grid.neurons) {
      search::Candidate candidate = base;
      const bool itself = !sweep || (filters == sweep->filters && neurons == sweep->neurons);
      if (!itself) {
        candidate.architecture = Resized(base.architecture, *sweep, filters, neurons);
        candidate.model = candidate.architecture.name;
      }
      add(filters, neurons, std::move(candidate));
    }
  }
  // The model before reduction is a cell too: its trials exist already, and the comparison needs it.
  const bool has_base = std::any_of(search.candidates.begin(), search.candidates.end(),
                                    [&](const search::Candidate& c) { return c.architecture == base.architecture; });
  if (!has_base) add(sweep->filters, sweep->neurons, base);

  HL_ASSIGN(search::SearchResult searched, search::Search(dataset, split, search, progress));
  for (size_t i = 0; i < result.cells.size(); ++i) {
    ReduceCell& cell = result.cells[i];
    cell.cell = std::move(searched.cells[i]);
    const int64_t frame = FrameBytes(cell.cell.candidate.architecture);
    cell.float_bytes = 4 * cell.cell.parameters + frame;
    cell.int8_bytes = cell.cell.parameters + frame;
    if (cell.cell.candidate.architecture == base.architecture) {
      result.parameters_before = cell.cell.parameters;
      result.bytes_before = cell.float_bytes;
    }
    searched.cells[i] = cell.cell;
  }
  const search::Choice choice = search::Choose(dataset, searched.cells, kReduceMargin);
  result.best = choice.best;
  result.chosen = choice.chosen;
  result.rule = choice.rule;
  if (!sweep) {
    result.rule = fmt::format("{} has no hidden dense layer and its convolutions are tied by additions: nothing to sweep, "
                              "the model stays as it is.", base.model);
  }
  const ReduceCell& chosen = result.cells[static_cast<size_t>(choice.chosen)];
  result.parameters_after = chosen.cell.parameters;
  result.bytes_after = chosen.float_bytes;
  return result;
}

}  // namespace handlens::reduce
