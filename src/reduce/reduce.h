// Parameter reduction: filters x neurons (or widths of our own family), accuracy against parameters, and the smallest
// model that is not statistically worse than the best. Chooses on validation pictures.
#pragma once

#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include "search/search.h"

namespace handlens::reduce {

struct ReduceCell {
  int filters = 0;                 // first convolution's filters; for our own family its width
  int neurons = 0;                 // first dense layer's neurons; 0 for our own family
  search::CellResult cell;
  int64_t float_bytes = 0;         // of the float32 .tflite: 4 a parameter and the file's frame, estimated
  int64_t int8_bytes = 0;          // of the int8 .tflite: 1 a parameter and the frame, estimated
};

struct ReduceResult {
  std::vector<ReduceCell> cells;
  int best = 0;                    // highest mean validation accuracy
  int chosen = 0;                  // the smallest that is not worse (paired test over the folds' validation pictures)
  std::string rule;
  int64_t parameters_before = 0, parameters_after = 0;
  int64_t bytes_before = 0, bytes_after = 0;
};

struct ReduceOptions {
  std::vector<int> filters, neurons;  // the grid; empty = chosen from the model
  search::SearchOptions search;       // everything but the candidates
};

// One model of the sweep, named "f8n16" or "nano12" (the base keeps its name). Filters: units of the first convolution;
// neurons: of the first dense layer that is not the last. Without such a dense layer and without additions, `filters` is
// a width: all convolutions scale with it (the first one never below 8), neurons is 0. Nothing when neither applies.
struct Sweep {
  int filters = 0, neurons = 0;    // of the base itself
  bool widths = false;             // scales all convolutions instead
};
std::optional<Sweep> SweepOf(const nn::ModelSpec& base);
nn::ModelSpec Resized(const nn::ModelSpec& base, const Sweep& sweep, int filters, int neurons);

// Sweeps around `base`, the search's choice. A model without a first convolution and a dense layer (MobileNet) has
// nothing to sweep: the result then holds the one cell and says why in `rule`.
Result<ReduceResult> Reduce(const dataset::Dataset& dataset, const split::Split& split, const search::Candidate& base,
                            const ReduceOptions& options, Progress& progress);

// RUN/reduce.json and RUN/reduce.csv (filters,neurons,fold,accuracy,parameters,bytes).
Result<void> WriteReduce(const std::filesystem::path& run, const dataset::Dataset& dataset, const ReduceResult& result);
Result<ReduceResult> ReadReduce(const std::filesystem::path& run);

}  // namespace handlens::reduce
