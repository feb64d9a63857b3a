// The cells of a sweep, see grid.h.
#include "reduce/grid.h"

#include <algorithm>

#include "reduce/surface.h"

namespace handlens::reduce {
namespace {

// More cells than this are not raced but estimated: a race trains one fold of every cell, a fifth of the grid
// at least.
constexpr size_t kLargestRace = 50;
constexpr size_t kKnots = 7;

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

// Powers of two, since accuracy goes with the logarithm of the size; the paper's own grid is 1..19 x 1..19.
Grid GridOf(const Sweep& sweep, const ReduceOptions& options) {
  Grid grid{options.filters, options.neurons};
  const bool paper = options.search.preset == "paper", quick = options.search.preset == "quick";
  if (grid.filters.empty()) {
    if (sweep.widths) {
      grid.filters = UpTo(sweep.filters, quick ? std::vector{8} : std::vector{4, 8, 12, 16, 24});
    } else {
      grid.filters =
          paper ? OneTo(19) : UpTo(sweep.filters, quick ? std::vector{4} : std::vector{1, 2, 4, 8, 16});
    }
  }
  if (grid.neurons.empty() && !sweep.widths) {
    grid.neurons =
        paper ? OneTo(19) : UpTo(sweep.neurons, quick ? std::vector{16} : std::vector{4, 8, 16, 32, 64});
  }
  if (sweep.widths) grid.neurons = {0};
  for (std::vector<int>* axis : {&grid.filters, &grid.neurons}) {
    std::sort(axis->begin(), axis->end());
    axis->erase(std::unique(axis->begin(), axis->end()), axis->end());
  }
  return grid;
}

// Scaling by whole numbers, half up: exact on every machine.
int Scaled(int units, int to, int from) { return std::max(1, (2 * units * to + from) / (2 * from)); }

ReduceCell CellAt(int filters, int neurons) {
  ReduceCell cell;
  cell.filters = filters;
  cell.neurons = neurons;
  return cell;
}

}  // namespace

Result<void> CheckGrid(const ReduceOptions& options) {
  for (const std::vector<int>* axis : {&options.filters, &options.neurons}) {
    for (const int value : *axis) {
      if (value < 1 || value > 4096)
        return Fail(ErrorKind::kUsage, "filters and neurons go from 1 to 4096, not {}", value);
    }
  }
  return {};
}

std::optional<Sweep> SweepOf(const nn::ModelSpec& base) {
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

Cells CellsOf(const search::Candidate& base, const ReduceOptions& options) {
  const std::optional<Sweep> sweep = SweepOf(base.architecture);
  Cells made;
  made.grid = sweep ? GridOf(*sweep, options) : Grid{{0}, {0}};
  bool has_base = false;
  for (const int filters : made.grid.filters) {
    for (const int neurons : made.grid.neurons) {
      search::Candidate candidate = base;
      const bool itself = !sweep || (filters == sweep->filters && neurons == sweep->neurons);
      if (itself) {
        has_base = true;
        made.base = made.cells.size();
      } else {
        candidate.architecture = Resized(base.architecture, *sweep, filters, neurons);
        candidate.model = candidate.architecture.name;
      }
      made.cells.push_back(CellAt(filters, neurons));
      made.candidates.push_back(std::move(candidate));
    }
  }
  // The model before reduction is a cell too: its trials exist already, and the comparison needs it.
  if (!has_base) {
    made.base = made.cells.size();
    made.cells.push_back(CellAt(sweep->filters, sweep->neurons));
    made.candidates.push_back(base);
  }
  return made;
}

std::vector<size_t> KnotCells(const Cells& cells) {
  const std::vector<int> filters = Knots(cells.grid.filters, kKnots),
                         neurons = Knots(cells.grid.neurons, kKnots);
  const auto among = [](const std::vector<int>& values, int value) {
    return std::find(values.begin(), values.end(), value) != values.end();
  };
  std::vector<size_t> knots;
  for (size_t i = 0; i < cells.cells.size(); ++i) {
    const ReduceCell& cell = cells.cells[i];
    if (i == cells.base || (among(filters, cell.filters) && among(neurons, cell.neurons))) knots.push_back(i);
  }
  return knots;
}

Sweeping SweepingOf(const Cells& cells, const ReduceOptions& options) {
  if (options.search.exhaustive) return Sweeping::kWhole;
  return cells.cells.size() <= kLargestRace ? Sweeping::kRace : Sweeping::kSurface;
}

}  // namespace handlens::reduce
